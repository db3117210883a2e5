using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Jobs.Storage;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace MetaAdsJobs.Core.Campaigns.Holding;

/// <summary>What became of a person's answer.</summary>
public abstract record Decided
{
    private Decided() { }

    public sealed record Done(ApprovalRequest Approval) : Decided;

    public sealed record Unknown : Decided;

    /// <summary>Whoever answers has asked for it, or for something of it.</summary>
    public sealed record Own(string Reason) : Decided;

    /// <summary>Not as it is now.</summary>
    public sealed record Refused(string Reason) : Decided;
}

/// <summary>Approves or rejects. An approval and the job that goes on with its edit commit together; of two answers at once one counts.</summary>
public sealed class DecideApproval
{
    // Whether one of @Names has asked for something of it: for the edit, for the run that asked for it or the campaign's own, or since it was last approved for a run that added to it or for what it was changed to.
    // What a clip became was asked for by whose template it was, by whoever took it from the log, and by whoever was shown its publisher's secret. What a row of a batch became
    // also by whoever has resumed that last.
    private const string OwnSql = """
        EXISTS (
            WITH since AS (SELECT COALESCE(max(q.decided_at), '-infinity') AS at FROM approvals q JOIN campaign_edits w USING (edit_id) WHERE q.request_id = e.request_id AND q.state = 'approved' AND w.state = 'succeeded'),
            runs AS (
                SELECT o.request_id, o.requested_by, o.ordered_by FROM orchestrations o WHERE o.request_id IN (e.made_by, e.request_id)
                UNION
                SELECT o.request_id, o.requested_by, o.ordered_by FROM since, meta_campaigns c JOIN orchestrations o ON o.request ? 'campaign_id' AND o.request ->> 'campaign_id' = c.meta_id
                WHERE c.request_id = e.request_id AND o.status = 'succeeded' AND o.completed_at > since.at)
            SELECT 1 FROM (
                SELECT e.asked_by
                UNION ALL SELECT unnest(ARRAY[r.requested_by, r.ordered_by]) FROM runs r
                UNION ALL SELECT unnest(p.known_by || ARRAY[p.created_by, k.template_by, k.taken_by]) FROM runs r JOIN clip_runs k USING (request_id) JOIN publishers p ON p.id = k.publisher_id
                UNION ALL SELECT b.resumed_by FROM runs r JOIN batch_rows w USING (request_id) JOIN batches b USING (batch_id)
                UNION ALL SELECT unnest(ARRAY[l.created_by, l.mode_by]) FROM budget_moves m JOIN budget_proposals q ON q.id = m.proposal_id JOIN budget_pools l ON l.id = q.pool_id WHERE m.edit_id = e.edit_id
                UNION ALL SELECT x.asked_by FROM since, campaign_edits x WHERE x.request_id = e.request_id AND x.kind = 'update' AND x.state = 'succeeded' AND x.completed_at > since.at) n (name)
            WHERE lower(n.name) IN (SELECT lower(b) FROM unnest(@Names::text[]) b))
        """;

    private readonly NpgsqlDataSource _dataSource;
    private readonly ApprovalStore _store;
    private readonly ApprovalReader _reader;
    private readonly IJobQueue _queue;
    private readonly TimeProvider _time;
    private readonly ILogger<DecideApproval> _logger;

    internal DecideApproval(NpgsqlDataSource dataSource, ApprovalStore store, ApprovalReader reader, IJobQueue queue, TimeProvider time, ILogger<DecideApproval> logger) =>
        (_dataSource, _store, _reader, _queue, _time, _logger) = (dataSource, store, reader, queue, time, logger);

    /// <param name="seen">The content_hash that was shown to whoever approves; null: whatever is there.</param>
    public Task<Decided> ApproveAsync(Guid id, string by, string? seen, CancellationToken ct) => DecideAsync(id, by, seen, "approved", null, $"""
        WITH p AS (SELECT edit_id, content_hash FROM approvals WHERE id = @Id AND state = 'approved' AND decided_at = @Now)
        UPDATE campaign_edits e SET state = 'waiting', wait_reason = CASE WHEN e.due_at > @Now THEN 'its time has not come yet' ELSE 'approved' END, next_attempt_at = CASE WHEN e.due_at > @Now THEN e.due_at END, job_id = @JobId
        FROM p WHERE e.edit_id = p.edit_id AND e.state IN ('queued', 'waiting') AND {ClaimTable.Free("e")}
        """, ct);

    public Task<Decided> RejectAsync(Guid id, string by, string? reason, CancellationToken ct) => DecideAsync(id, by, null, "rejected", reason, $"""
        UPDATE campaign_edits e SET {Voiding.TakeBack("cancelled")}, error = concat('rejected by ', @By::text, ': ' || @Reason::text) FROM approvals p
        WHERE p.id = @Id AND p.state = 'rejected' AND p.decided_at = @Now AND e.edit_id = p.edit_id AND e.state IN ('queued', 'waiting') AND e.ending IS NULL
        """, ct);

    private async Task<Decided> DecideAsync(Guid id, string by, string? seen, string decision, string? reason, string thenSql, CancellationToken ct)
    {
        var decideSql = $"""
            SELECT 1 FROM meta_campaigns WHERE request_id = (SELECT request_id FROM approvals WHERE id = @Id) FOR NO KEY UPDATE;
            WITH decided AS (
                UPDATE approvals p SET state = @Decision, decided_by = @By, decided_at = @Now, reason = @Reason FROM campaign_edits e
                WHERE p.id = @Id AND p.state = 'asked' AND p.expires_at > @Now AND e.edit_id = p.edit_id AND e.state IN ('queued', 'waiting') AND e.ending IS NULL
                  AND (@Decision = 'rejected' OR NOT {OwnSql} AND p.content_hash = content_hash(edit_content(p.edit_id)) AND p.content_hash = COALESCE(@Seen, p.content_hash)) RETURNING p.*)
            {ApprovalStore.Note(decision, "@By", "decided", "@ByKey")};
            {thenSql};
            SELECT count(*) FROM approvals WHERE id = @Id AND state = @Decision AND decided_by = @By AND decided_at = @Now
            """;
        if (await _reader.FindAsync(id, ct) is not { } asked) return new Decided.Unknown();
        var (now, isDone) = (_time.GetUtcNow(), false);
        using (var transaction = JobTransaction.Begin())
        {
            var jobId = _queue.EnqueueEdit(asked.EditId, goesFirst: false);
            await using var connection = await _dataSource.OpenConnectionAsync(ct);
            await using var answers = await connection.QueryMultipleAsync(new(decideSql, new { Id = id, By = by, ByKey = AccountScope.Caller?.KeyName, Names = NamesOf(by), Seen = seen, Decision = decision, Reason = reason, JobId = jobId, Now = now }, cancellationToken: ct));
            await answers.ReadAsync<int>();
            isDone = await answers.ReadSingleAsync<long>() == 1;
            if (isDone) transaction.Complete();
        }

        if (!isDone) return await WhyNotAsync(id, by, ct);
        HoldLog.Decided(_logger, by, decision, asked.EditId);
        return new Decided.Done((await _reader.FindAsync(id, ct))!);
    }

    // Of who comes by a key or link, also whoever has made that: it may be the same person.
    private static string[] NamesOf(string by) => [by, .. AccountScope.Caller?.VouchedBy ?? []];

    private async Task<Decided> WhyNotAsync(Guid id, string by, CancellationToken ct)
    {
        var isOwnSql = $"SELECT {OwnSql} FROM approvals p JOIN campaign_edits e USING (edit_id) WHERE p.id = @Id";
        var now = (await _reader.FindAsync(id, ct))!;
        await using (var connection = await _dataSource.OpenConnectionAsync(ct))
        {
            if (now.Status == "asked" && await connection.ExecuteScalarAsync<bool>(new(isOwnSql, new { Id = id, Names = NamesOf(by) }, cancellationToken: ct)))
                return new Decided.Own("Somebody else has to approve it: you have asked for it, or for something of it, or whoever made the key or link that you came by has");
        }

        await _store.SettleAsync(now.EditId, ct);
        now = (await _reader.FindAsync(id, ct))!;
        return new Decided.Refused(now.Status switch
        {
            "approved" or "rejected" => $"It was {now.Status} by {now.DecidedBy} already",
            "voided" => "What it is for has changed since: it is void, and asked for anew",
            "expired" => "Nobody has answered in time: it has expired",
            "withdrawn" => $"It is asked for no more: {now.Reason}",
            _ => "What it is for is not what was shown, or is being carried out: look again",
        });
    }
}
