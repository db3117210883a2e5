using Dapper;
using MetaAdsJobs.Core.Jobs.Watching;
using Npgsql;

namespace MetaAdsJobs.Core.Orchestrations.Listing;

/// <summary>What is under way, as one short text per kind: another text means that something has moved.</summary>
public sealed class Pulse(NpgsqlDataSource dataSource, JobReader jobs)
{
    /// <summary>
    /// Work goes oldest first, people look at the newest: read is what runs or waits, where the queue begins, what came last and what ended
    /// last. Each by an index and bounded, so that the price grows neither with history nor with the queue.
    /// </summary>
    public async Task<IReadOnlyDictionary<string, string>> ReadAsync(CancellationToken ct)
    {
        const string PulseSql = """
            SELECT 'runs' AS kind, md5(concat_ws(' ',
                (SELECT request_id FROM orchestrations ORDER BY request_id DESC LIMIT 1),
                (SELECT request_id FROM orchestrations WHERE status = 'queued' ORDER BY request_id LIMIT 1),
                (SELECT count(*) FROM (SELECT 1 FROM orchestrations WHERE status = 'queued' LIMIT 1000) q),
                (SELECT string_agg(concat(request_id, attempt, wait_reason), ',' ORDER BY request_id)
                    FROM (SELECT request_id, attempt, wait_reason FROM orchestrations WHERE status = 'waiting' ORDER BY request_id DESC LIMIT 500) w),
                (SELECT string_agg(concat(r.request_id, r.attempt, r.wait_reason, s.steps), ',' ORDER BY r.request_id)
                    FROM (SELECT request_id, attempt, wait_reason FROM orchestrations WHERE status = 'running' ORDER BY request_id DESC LIMIT 1000) r
                    CROSS JOIN LATERAL (SELECT string_agg(concat(step, state), ',' ORDER BY step) AS steps FROM orchestration_steps WHERE request_id = r.request_id) s),
                -- Several, not one: clocks of workers differ, so the last to end is not always the last by its time.
                (SELECT string_agg(concat(request_id, status), ',' ORDER BY request_id)
                    FROM (SELECT request_id, status FROM orchestrations WHERE completed_at IS NOT NULL ORDER BY completed_at DESC LIMIT 50) e))) AS mark
            UNION ALL
            -- A sync holds its account from its first run to its end: these are no more than there are accounts. Between two pages only what Meta tells of its own progress moves.
            SELECT 'syncs', md5(concat_ws(' ',
                (SELECT sync_id FROM insight_syncs ORDER BY sync_id DESC LIMIT 1),
                (SELECT sync_id FROM insight_syncs WHERE state IN ('queued', 'running', 'waiting') ORDER BY sync_id LIMIT 1),
                (SELECT string_agg(concat(sync_id, state, pages_read, days_synced, wait_reason, r.percent), ',' ORDER BY sync_id)
                    FROM (SELECT sync_id, state, pages_read, days_synced, wait_reason FROM insight_syncs WHERE holding ORDER BY sync_id DESC LIMIT 1000) s
                    CROSS JOIN LATERAL (SELECT sum(percent) AS percent FROM insight_reports WHERE sync_id = s.sync_id) r),
                (SELECT string_agg(concat(sync_id, state), ',' ORDER BY sync_id)
                    FROM (SELECT sync_id, state FROM insight_syncs WHERE completed_at IS NOT NULL ORDER BY completed_at DESC LIMIT 50) e)))
            UNION ALL
            -- Edits are few: what has ended is no longer among those that have not.
            SELECT 'campaigns', md5(concat_ws(' ',
                (SELECT id FROM meta_campaigns ORDER BY id DESC LIMIT 1), (SELECT id FROM meta_ads ORDER BY id DESC LIMIT 1),
                (SELECT edit_id FROM campaign_edits ORDER BY edit_id DESC LIMIT 1), (SELECT id FROM outside_changes ORDER BY id DESC LIMIT 1),
                (SELECT string_agg(concat(edit_id, state, attempt, wait_reason), ',' ORDER BY edit_id)
                    FROM (SELECT edit_id, state, attempt, wait_reason FROM campaign_edits WHERE state IN ('queued', 'running', 'waiting') ORDER BY request_id DESC, number DESC LIMIT 1000) e)))
            UNION ALL
            -- Of a batch what is ordered of it, and its end; its rows move as runs do.
            SELECT 'batches', md5(concat_ws(' ', (SELECT batch_id FROM batches ORDER BY batch_id DESC LIMIT 1),
                (SELECT string_agg(concat(batch_id, state), ',' ORDER BY batch_id) FROM (SELECT batch_id, state FROM batches WHERE completed_at IS NULL ORDER BY batch_id DESC LIMIT 200) b)))
            UNION ALL
            -- What is active is counted only while a stop or its lifting is being carried out.
            SELECT 'spending', md5(concat((SELECT string_agg(concat(id, lifted_at, job_id), ',' ORDER BY id) FROM stops WHERE lifted_at IS NULL OR job_id IS NOT NULL),
                CASE WHEN EXISTS (SELECT 1 FROM stops WHERE job_id IS NOT NULL) THEN (SELECT count(*) FROM activations WHERE state IN ('activating', 'active')) END))
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var marks = (await connection.QueryAsync<(string Kind, string Mark)>(new(PulseSql, cancellationToken: ct))).ToDictionary(one => one.Kind, one => one.Mark);
        marks["jobs"] = await jobs.MarkAsync(ct);
        return marks;
    }
}
