using Dapper;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>What is told of how things ended: every end once, and none that never was.</summary>
internal static class EventJudge
{
    /// <summary>One who listens to all, for as long as the database is there; nothing is sent to him.</summary>
    public const string ListenSql = """
        INSERT INTO webhooks (id, url, shown_url, format, secret, state, created_by, created_at, updated_at)
        VALUES ('00000000-0000-4000-8000-000000000001', 'sealed', 'https://receiver.example', 'cloudevents', 'sealed', 'off', 'the judge', 'epoch', 'epoch');
        """;

    public static async Task EndAsync(History history, Npgsql.NpgsqlConnection connection, Guid accountId)
    {
        // A campaign that was adopted is no end of a run. Of a sync that was opened again the row tells its last end alone; nobody here opens an edit again.
        var wrong = await connection.QueryAsync<string>("""
            WITH runs AS (
                SELECT 'orchestration.' || status AS type, request_id::text AS subject, completed_at AS at FROM orchestrations
                WHERE social_account_id = @accountId AND status IN ('succeeded', 'failed', 'cancelled') AND request -> 'ad_sets' IS DISTINCT FROM '[]'
                UNION ALL SELECT 'orchestration.failed', request_id::text, completed_at FROM reopened_failures WHERE social_account_id = @accountId),
            ends AS (
                SELECT * FROM runs
                UNION ALL SELECT 'edit.' || state, edit_id::text, completed_at FROM campaign_edits WHERE social_account_id = @accountId AND state IN ('succeeded', 'failed', 'cancelled', 'missed', 'expired')
                UNION ALL SELECT 'sync.' || state, sync_id::text, completed_at FROM insight_syncs WHERE social_account_id = @accountId AND state IN ('succeeded', 'failed')),
            told AS (
                SELECT e.type, e.subject, e.occurred_at AS at, (SELECT count(*) FROM event_deliveries d WHERE d.event_id = e.id AND d.webhook_id = '00000000-0000-4000-8000-000000000001') AS deliveries FROM events e WHERE e.social_account_id = @accountId)
            SELECT concat(type, ' of ', subject, ' at ', at, ' is told ', (SELECT count(*) FROM told t WHERE (t.type, t.subject, t.at) = (ends.type, ends.subject, ends.at)), ' times') FROM ends
            WHERE (SELECT count(*) FROM told t WHERE (t.type, t.subject, t.at) = (ends.type, ends.subject, ends.at)) <> 1
            UNION ALL SELECT concat(type, ' of ', subject, ' at ', at, ' is told, and never was') FROM told t
            WHERE (type LIKE 'orchestration.%' OR type IN ('edit.succeeded', 'edit.failed', 'edit.cancelled')) AND NOT EXISTS (SELECT 1 FROM ends e WHERE (t.type, t.subject, t.at) = (e.type, e.subject, e.at))
            UNION ALL SELECT concat(type, ' of ', subject, ' goes ', deliveries, ' times to one who listens') FROM told WHERE deliveries <> 1
            """, new { accountId });
        foreach (var one in wrong) history.Judge.Condemn(one);
    }
}
