using Dapper;
using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Jobs;
using Npgsql;

namespace MetaAdsJobs.Core.Accounts;

/// <summary>Sends an account's waiting orchestrations and edits on at once, when what they waited for has come about; what is on the queue already stays there.</summary>
public sealed class ResumeAccount(NpgsqlDataSource dataSource, IJobQueue queue, TimeProvider time)
{
    // A second job for an orchestration that is snoozing already is harmless: the claim lets one of them run.
    public async Task ExecuteAsync(Guid id, CancellationToken ct)
    {
        var waitingSql = $"WITH {TakenOf(ClaimTable.Orchestrations)} SELECT request_id, {Queues.IsRow("taken")} FROM taken ORDER BY request_id";
        var editsSql = $"WITH {TakenOf(ClaimTable.Edits)} SELECT edit_id, kind = 'pause' FROM taken ORDER BY number";
        List<(Guid RequestId, bool IsRow)> waiting;
        List<(Guid EditId, bool IsPause)> edits;
        await using (var connection = await dataSource.OpenConnectionAsync(ct))
        {
            var account = new { Id = id, Now = time.GetUtcNow() };
            edits = (await connection.QueryAsync<(Guid, bool)>(new(editsSql, account, cancellationToken: ct))).AsList();
            waiting = (await connection.QueryAsync<(Guid, bool)>(new(waitingSql, account, cancellationToken: ct))).AsList();
        }

        foreach (var (requestId, isRow) in waiting) _ = isRow ? queue.EnqueueRow(requestId) : queue.EnqueueOrchestration(requestId);
        foreach (var (editId, isPause) in edits) queue.EnqueueEdit(editId, isPause);
    }

    // What is due has its job on the queue, and is due until somebody has looked at it: an account may be changed as often as one likes. The job that each has comes at its time all the same,
    // should this process die before it has put others on the queue.
    private static string TakenOf(ClaimTable table) => $"""
        due AS (
            SELECT r.{table.Key} FROM {table.Name} r
            WHERE r.social_account_id = @Id AND r.{table.State} = 'waiting' AND {ClaimTable.Free("r")} AND COALESCE(r.next_attempt_at, 'infinity') > @Now
            ORDER BY r.{table.Key} FOR NO KEY UPDATE),
        taken AS (UPDATE {table.Name} r SET next_attempt_at = @Now FROM due WHERE r.{table.Key} = due.{table.Key} RETURNING r.*)
        """;
}
