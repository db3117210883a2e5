using Dapper;
using MetaAdsJobs.Core.Jobs;
using Npgsql;

namespace MetaAdsJobs.Core.Orchestrations.Listing;

/// <summary>What is under way, as one short text per kind: another text means that something has moved.</summary>
public sealed class Pulse(NpgsqlDataSource dataSource, JobReader jobs)
{
    /// <summary>Reads only what has not ended, of it the latest thousand: the price does not grow with history.</summary>
    public async Task<IReadOnlyDictionary<string, string>> ReadAsync(CancellationToken ct)
    {
        const string PulseSql = """
            WITH unfinished AS (
                SELECT request_id, status, attempt, wait_reason FROM orchestrations WHERE status IN ('queued', 'running', 'waiting') ORDER BY request_id DESC LIMIT 1000),
            newest AS (SELECT request_id FROM orchestrations ORDER BY request_id DESC LIMIT 1)
            SELECT 'runs' AS kind, md5(concat((SELECT request_id FROM newest), (SELECT string_agg(concat(u.request_id, u.status, u.attempt, u.wait_reason, s.steps), ',' ORDER BY u.request_id)
                FROM unfinished u CROSS JOIN LATERAL (SELECT string_agg(concat(s.step, s.state), ',' ORDER BY s.step) AS steps FROM orchestration_steps s WHERE s.request_id = u.request_id) s))) AS mark
            UNION ALL
            -- Between two pages only what Meta tells of its own progress moves.
            SELECT 'syncs', md5(concat((SELECT string_agg(concat(sync_id, state, pages_read, days_synced, wait_reason, r.percent), ',' ORDER BY sync_id)
                FROM (SELECT * FROM insight_syncs WHERE state IN ('queued', 'running', 'waiting') ORDER BY sync_id DESC LIMIT 1000) s
                CROSS JOIN LATERAL (SELECT sum(percent) AS percent FROM insight_reports r WHERE r.sync_id = s.sync_id) r)))
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
