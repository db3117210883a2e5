using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Jobs.Storage;
using MetaAdsJobs.Core.Validation;
using Npgsql;

namespace MetaAdsJobs.Core.Experiments.Proposing;

/// <summary>
/// Does what was accepted, by edits like any other. Each change is marked in the commit that makes its edit: died before, it is still planned and the next minute goes on; died after, it has its edit and is not asked for
/// again.
/// </summary>
internal sealed class CarryOutProposal(NpgsqlDataSource dataSource, RequestEdit edits)
{
    /// <summary>What was accepted, and not all asked for.</summary>
    public async Task<IReadOnlyList<(Guid Proposal, Guid Experiment)>> UnfinishedAsync(CancellationToken ct)
    {
        const string UnfinishedSql = "SELECT DISTINCT p.id, p.experiment_id FROM experiment_changes c JOIN experiment_proposals p ON p.id = c.proposal_id WHERE c.state = 'planned' AND p.state = 'accepted'";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<(Guid, Guid)>(new(UnfinishedSql, cancellationToken: ct))).AsList();
    }

    public async Task ExecuteAsync(Guid proposalId, CancellationToken ct)
    {
        while (await NextAsync(proposalId, ct))
        {
        }
    }

    /// <returns>False when nothing is left, or somebody else is at it.</returns>
    private async Task<bool> NextAsync(Guid proposalId, CancellationToken ct)
    {
        // Pauses first: money is freed before it is given.
        const string TakeSql = """
            SELECT c.meta_id, c.action, c.daily_budget_cents AS cents, p.accepted_by FROM experiment_changes c JOIN experiment_proposals p ON p.id = c.proposal_id
            WHERE c.proposal_id = @ProposalId AND c.state = 'planned' AND p.state = 'accepted' ORDER BY c.action DESC, c.meta_id LIMIT 1 FOR UPDATE OF c SKIP LOCKED
            """;
        const string DoneSql = "UPDATE experiment_changes SET state = @State, edit_id = @EditId, refusal = @Refusal WHERE proposal_id = @ProposalId AND meta_id = @MetaId AND state = 'planned'";
        using var transaction = JobTransaction.Begin();
        (string MetaId, string Action, long? Cents, string By)? next;
        await using (var connection = await dataSource.OpenConnectionAsync(ct))
        {
            next = await connection.QuerySingleOrDefaultAsync<(string, string, long?, string)?>(new(TakeSql, new { ProposalId = proposalId }, cancellationToken: ct));
        }

        if (next is not { } change) return false;
        var requested = change.Action == ProposedChange.Pause
            ? await edits.ExecuteAsync(EditLevel.Adset, change.MetaId, EditKind.Pause, body: null, change.By, ct)
            : await edits.ExecuteAsync(EditLevel.Adset, change.MetaId, EditKind.Update, JsonSerializer.SerializeToElement(new { daily_budget_cents = change.Cents }), change.By, ct);
        var (editId, refusal) = requested switch
        {
            EditRequested.Queued queued => (queued.EditId, (string?)null),
            EditRequested.Refused refused => ((Guid?)null, refused.Reason),
            EditRequested.Invalid invalid => (null, Told(invalid.Errors)),
            _ => (null, "It is not known here any more"),
        };
        await using (var connection = await dataSource.OpenConnectionAsync(ct))
        {
            var parameters = new { ProposalId = proposalId, change.MetaId, State = editId is null ? "refused" : "asked", EditId = editId, Refusal = refusal };
            if (await connection.ExecuteAsync(new(DoneSql, parameters, cancellationToken: ct)) != 1) throw new InvalidOperationException($"The change of {change.MetaId} was made by somebody else");
        }

        transaction.Complete();
        return true;
    }

    private static string Told(FieldErrors errors) => string.Join("; ", errors.ToDictionary().SelectMany(one => one.Value.Select(message => $"{one.Key} {message}")));
}
