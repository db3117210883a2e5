using System.Data.Common;
using System.Transactions;
using Dapper;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Experiments.Proposing;
using MetaAdsJobs.Core.Jobs;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace MetaAdsJobs.Core.Experiments.Evaluating;

/// <summary>
/// Judges the experiments of accounts whose numbers are newer than the last verdict: all of an account by a few statements and one commit, from one look at its numbers. A death leaves all of it or nothing, and the next
/// look finds what this one would have found. Then it goes on with what was accepted and not yet asked for.
/// </summary>
internal sealed class JudgeExperiments(NpgsqlDataSource dataSource, CarryOutProposal carryOut, TimeProvider time, ILogger<JudgeExperiments> logger)
{
    // Of a row e; takes @Now and @RestatedFor. What has failed may have put some of its days in place.
    private const string IsDue = """
        e.state <> 'stopped' AND (e.state = 'running' OR e.decided_at > @Now - @RestatedFor * interval '1 day') AND EXISTS (
            SELECT 1 FROM insight_syncs s WHERE s.social_account_id = e.social_account_id AND (s.state = 'succeeded' OR s.state = 'failed' AND s.stored_until IS NOT NULL) AND s.completed_at > COALESCE(e.judged_at, e.created_at))
        """;

    /// <returns>Completed; an account that cannot be judged keeps no other from it, and is thrown at the end.</returns>
    public async Task<JobOutcome> ExecuteAsync(CancellationToken ct)
    {
        await StopAsync(ct);
        var failures = new List<Exception>();
        foreach (var account in await DueAsync(ct))
        {
            try
            {
                await JudgeAsync(account, ct);
            }
            catch (DbException exception)
            {
                ExperimentLog.NotJudged(logger, exception, account);
                failures.Add(exception);
            }
        }

        foreach (var (proposal, experiment) in await carryOut.UnfinishedAsync(ct))
        {
            try
            {
                await carryOut.ExecuteAsync(proposal, ct);
            }
            catch (Exception exception) when (exception is DbException or NothingWrittenException or TransactionException)
            {
                ExperimentLog.NotCarriedOut(logger, exception, experiment);
                failures.Add(exception);
            }
        }

        return failures.Count == 0 ? new JobOutcome.Completed() : throw new AggregateException(failures);
    }

    /// <summary>Those whose ads were never made: there is nothing to judge, and nobody has had the run tried again for a week.</summary>
    private async Task StopAsync(CancellationToken ct)
    {
        const string StopSql = """
            WITH stopped AS (
                UPDATE experiments e SET state = 'stopped', stopped_at = @Now, stopped_by = 'its run, which has ended as ' || o.status FROM orchestrations o
                WHERE o.request_id = e.request_id AND e.state = 'running' AND o.status IN ('failed', 'cancelled') AND o.completed_at < @Now - interval '7 days' AND NOT EXISTS (SELECT 1 FROM meta_adsets s WHERE s.request_id = e.request_id)
                RETURNING e.id, e.name, e.social_account_id, e.stopped_by)
            INSERT INTO recorded_acts (at, person, kind, object, object_name, action, social_account_id, fields)
            SELECT @Now, 'service', 'experiment', id::text, name, 'stopped', social_account_id,
                jsonb_build_object('state', jsonb_build_object('old', 'running', 'new', 'stopped'), 'stopped_by', jsonb_build_object('old', NULL, 'new', stopped_by)) FROM stopped
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new(StopSql, new { Now = time.GetUtcNow() }, cancellationToken: ct));
    }

    private async Task<IReadOnlyList<Guid>> DueAsync(CancellationToken ct)
    {
        // Of what PostgreSQL does not know the zone there are no days to judge; asked of each account once.
        const string DueSql = $"""
            SELECT d.account FROM (SELECT DISTINCT e.social_account_id AS account FROM experiments e WHERE {IsDue} OFFSET 0) d
            WHERE known_zone((SELECT a.timezone_name FROM social_accounts a WHERE a.id = d.account)) IS NOT NULL
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<Guid>(new(DueSql, new { Now = time.GetUtcNow(), RestatedFor = ExperimentReading.RestatedForDays }, cancellationToken: ct))).AsList();
    }

    /// <returns>How many were judged.</returns>
    internal async Task<int> JudgeAsync(Guid accountId, CancellationToken ct)
    {
        // A sync under way has put some of its days in place and others not: the next minute is soon enough. Another process may have judged them since they were listed.
        const string IsNowSql = $"""
            SELECT NOT EXISTS (SELECT 1 FROM insight_syncs WHERE social_account_id = @AccountId AND holding) AND EXISTS (SELECT 1 FROM experiments e WHERE e.social_account_id = @AccountId AND {IsDue})
            """;
        var now = time.GetUtcNow();
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        // All is read as of one moment: what is written after it is newer than this verdict, and judged by the next.
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, ct);
        if (!await connection.ExecuteScalarAsync<bool>(new(IsNowSql, new { AccountId = accountId, Now = now, RestatedFor = ExperimentReading.RestatedForDays }, transaction, cancellationToken: ct))) return 0;
        try
        {
            var experiments = await ExperimentReading.TakeAsync(connection, transaction, accountId, now, ct);
            if (experiments.Count == 0) return 0;
            var numbers = await ExperimentReading.NumbersAsync(connection, transaction, accountId, experiments, now, ct);
            var nights = experiments.Select(one => (one, numbers.TryGetValue(one.Id, out var known) ? ExperimentNight.Of(one, known) : ExperimentNight.Nothing)).ToList();
            await VerdictStore.WriteAsync(connection, transaction, nights, now, ct);
            await transaction.CommitAsync(ct);
            foreach (var (one, night) in nights)
            {
                if (night.Decides is { } end) ExperimentLog.Decided(logger, one.Id, end.Verdict.Ending!, end.Verdict.Days);
                if (night.Reopens) ExperimentLog.Reopened(logger, one.Id);
            }

            return experiments.Count;
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.SerializationFailure)
        {
            // Somebody judged, stopped or accepted one of them in this moment. The next minute knows of it.
            return 0;
        }
    }
}
