using Dapper;
using MetaAdsJobs.Core.Jobs;
using Npgsql;

namespace MetaAdsJobs.Core.Accounts;

/// <summary>Sends an account's waiting orchestrations on at once, when what they waited for has come about.</summary>
public sealed class ResumeAccount(NpgsqlDataSource dataSource, IJobQueue queue)
{
    // A second job for an orchestration that is snoozing already is harmless: the claim lets one of them run.
    public async Task ExecuteAsync(Guid id, CancellationToken ct)
    {
        const string WaitingSql = "SELECT request_id FROM orchestrations WHERE social_account_id = @Id AND status = 'waiting' ORDER BY request_id";
        const string EditsSql = "SELECT edit_id, kind = 'pause' FROM campaign_edits WHERE social_account_id = @Id AND state = 'waiting' ORDER BY number";
        List<Guid> waiting;
        List<(Guid EditId, bool IsPause)> edits;
        await using (var connection = await dataSource.OpenConnectionAsync(ct))
        {
            edits = (await connection.QueryAsync<(Guid, bool)>(new(EditsSql, new { Id = id }, cancellationToken: ct))).AsList();
            waiting = (await connection.QueryAsync<Guid>(new(WaitingSql, new { Id = id }, cancellationToken: ct))).AsList();
        }

        foreach (var requestId in waiting) queue.EnqueueOrchestration(requestId);
        foreach (var (editId, isPause) in edits) queue.EnqueueEdit(editId, isPause);
    }
}
