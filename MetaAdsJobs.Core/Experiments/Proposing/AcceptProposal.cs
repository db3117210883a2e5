using System.Data.Common;
using System.Transactions;
using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Database;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace MetaAdsJobs.Core.Experiments.Proposing;

/// <summary>What became of a person's word on a proposal.</summary>
public enum ProposalAnswer
{
    Accepted,

    /// <summary>There is none, it was accepted or taken back before, or another has taken its place.</summary>
    NotOpen,

    /// <summary>Its numbers are old, are being read again, or were since it was judged: within a minute of that it is known whether it still holds.</summary>
    NotFresh,
    Unknown,
}

/// <summary>A person lets a proposal be carried out. That it may be is one commit; then each change is asked for, here or, if this process dies, by the job that looks every minute.</summary>
public sealed class AcceptProposal
{
    private readonly NpgsqlDataSource _dataSource;
    private readonly CarryOutProposal _carryOut;
    private readonly TimeProvider _time;
    private readonly ILogger<AcceptProposal> _logger;

    internal AcceptProposal(NpgsqlDataSource dataSource, CarryOutProposal carryOut, TimeProvider time, ILogger<AcceptProposal> logger) => (_dataSource, _carryOut, _time, _logger) = (dataSource, carryOut, time, logger);

    /// <param name="proposalId">The one that the person was shown; null: whichever is open.</param>
    /// <param name="moveBudget">The winner gets what all variants had; else its budget stays.</param>
    public async Task<ProposalAnswer> ExecuteAsync(Guid experimentId, Guid? proposalId, bool moveBudget, string by, CancellationToken ct)
    {
        // The experiment's row first, as a verdict holds it: one that takes the proposal back comes before or after.
        const string HoldSql = "SELECT name, social_account_id FROM experiments WHERE id = @ExperimentId FOR NO KEY UPDATE";
        // Of the days that a night reads none is older than yesterday: somebody who has one old day read again makes nothing fresh. Looked at once it is held: whoever judges has then said what newer numbers say, or comes later.
        const string BehindSql = """
            SELECT EXISTS (SELECT 1 FROM experiment_proposals p WHERE p.experiment_id = e.id AND p.state = 'open') AND (EXISTS (SELECT 1 FROM insight_syncs s WHERE s.social_account_id = e.social_account_id AND (s.holding OR ((s.state = 'succeeded' OR s.state = 'failed' AND s.stored_until IS NOT NULL) AND s.completed_at > COALESCE(e.judged_at, e.created_at))))
                OR NOT EXISTS (SELECT 1 FROM insight_syncs s WHERE s.social_account_id = e.social_account_id AND s.state = 'succeeded' AND (s.completed_at AT TIME ZONE a.timezone_name)::date >= (@Now AT TIME ZONE a.timezone_name)::date - 1)
                OR (SELECT COALESCE(min((COALESCE(d.seen_at, d.first_at, d.synced_at) AT TIME ZONE a.timezone_name)::date), '-infinity') FROM insight_days d
                    WHERE d.social_account_id = e.social_account_id AND d.date_start >= (@Now AT TIME ZONE a.timezone_name)::date - e.attribution_days - 2) < (@Now AT TIME ZONE a.timezone_name)::date - 1)
            FROM experiments e JOIN social_accounts a ON a.id = e.social_account_id WHERE e.id = @ExperimentId
            """;
        const string AcceptSql = """
            WITH accepted AS (
                UPDATE experiment_proposals SET state = 'accepted', accepted_by = @By, accepted_key = @ByKey, accepted_at = @Now
                WHERE experiment_id = @ExperimentId AND (@ProposalId::uuid IS NULL OR id = @ProposalId) AND state = 'open' RETURNING id),
            left_out AS (UPDATE experiment_changes c SET state = 'left' FROM accepted a WHERE c.proposal_id = a.id AND c.action = 'budget' AND NOT @MoveBudget)
            SELECT id FROM accepted
            """;
        Guid? proposal;
        await using (var connection = await _dataSource.OpenConnectionAsync(ct))
        await using (var transaction = await connection.BeginTransactionAsync(ct))
        {
            if (await connection.QuerySingleOrDefaultAsync<(string Name, Guid AccountId)?>(new(HoldSql, new { ExperimentId = experimentId }, transaction, cancellationToken: ct)) is not { } experiment) return ProposalAnswer.Unknown;
            var now = _time.GetUtcNow();
            if (await connection.ExecuteScalarAsync<bool>(new(BehindSql, new { ExperimentId = experimentId, Now = now }, transaction, cancellationToken: ct))) return ProposalAnswer.NotFresh;
            proposal = await connection.ExecuteScalarAsync<Guid?>(new(AcceptSql, new { ExperimentId = experimentId, ProposalId = proposalId, MoveBudget = moveBudget, By = by, ByKey = AccountScope.Caller?.KeyName, Now = now }, transaction, cancellationToken: ct));
            if (proposal is { } accepted)
            {
                var told = ActLog.Differences(new { ProposalId = (Guid?)null, State = "open", MoveBudget = (bool?)null }, new { ProposalId = (Guid?)accepted, State = "accepted", MoveBudget = (bool?)moveBudget });
                await ActLog.WriteAsync(connection, transaction, new("experiment", $"{experimentId}", experiment.Name, "proposal accepted", experiment.AccountId, told), now, ct);
            }

            await transaction.CommitAsync(ct);
        }

        if (proposal is not { } id) return ProposalAnswer.NotOpen;
        try
        {
            await _carryOut.ExecuteAsync(id, ct);
        }
        catch (Exception exception) when (exception is DbException or NothingWrittenException or TransactionException)
        {
            // It is accepted all the same: the job goes on within a minute.
            ExperimentLog.NotCarriedOut(_logger, exception, experimentId);
        }

        return ProposalAnswer.Accepted;
    }
}
