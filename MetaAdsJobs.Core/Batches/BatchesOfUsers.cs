using Dapper;
using MetaAdsJobs.Core.Access;
using Npgsql;

namespace MetaAdsJobs.Core.Batches;

/// <summary>
/// A batch lets rows in for as long as whoever sent it may, or who has resumed it last: it is paused in the transaction that takes something of its accounts from that user, or that ends the key it came by. Somebody who may resumes it.
/// </summary>
internal static class BatchesOfUsers
{
    /// <param name="userIds">As they are now; of those who have lost nothing none is paused.</param>
    public static Task PauseAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, IReadOnlyCollection<Guid> userIds, DateTimeOffset now, CancellationToken ct)
    {
        // Tokens that name the same person are no user: what they have sent is theirs. Rows that another batch was sent first wait again when that is cancelled.
        var pauseSql = Pause("u.mail || ' may no longer do all of it'", "FROM users u", """
            u.id = ANY (@UserIds) AND lower(COALESCE(b.resumed_by, b.requested_by)) = lower(u.mail) AND (u.disabled_at IS NOT NULL OR u.role = 'viewer' OR (NOT u.all_accounts AND EXISTS (
                SELECT 1 FROM batch_rows r WHERE r.batch_id = b.batch_id AND r.state IN ('waiting', 'again') AND r.social_account_id <> ALL (ARRAY(SELECT g.social_account_id FROM granted_accounts g WHERE g.holder = u.id AND g.may_spend)))))
            """);
        return connection.ExecuteAsync(new(pauseSql, With(userIds.ToArray(), null, now), transaction, cancellationToken: ct));
    }

    public static Task PauseOfKeyAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, Guid keyId, DateTimeOffset now, CancellationToken ct) =>
        connection.ExecuteAsync(new(Pause($"concat('the key that it was ', CASE WHEN b.resumed_by IS NULL THEN 'sent' ELSE 'resumed' END, ' by ', {Maker.EndOfKeySql})", "", "CASE WHEN b.resumed_by IS NULL THEN b.requested_key ELSE b.resumed_key END = @KeyId"),
            With([], keyId, now), transaction, cancellationToken: ct));

    private static string Pause(string why, string from, string whose) => $"""
        WITH paused AS (
            UPDATE batches b SET state = 'paused', paused_by_itself = true, ordered_by = @Person {from} WHERE b.state = 'running' AND b.completed_at IS NULL AND {whose}
            RETURNING b.batch_id, b.name, {why} AS why, (SELECT (array_agg(DISTINCT r.social_account_id))[1] FROM batch_rows r WHERE r.batch_id = b.batch_id HAVING count(DISTINCT r.social_account_id) = 1) AS account)
        INSERT INTO recorded_acts (at, person, key_name, kind, object, object_name, action, social_account_id, fields)
        SELECT @Now, @Person, @Key, 'batch', batch_id::text, name, 'paused', account, jsonb_build_object('order', jsonb_build_object('old', NULL, 'new', 'paused'), 'why', jsonb_build_object('old', NULL, 'new', why)) FROM paused
        """;

    private static object With(Guid[] userIds, Guid? keyId, DateTimeOffset now) => new { UserIds = userIds, KeyId = keyId, Now = now, Person = AccountScope.Caller?.Name ?? "service", Key = AccountScope.Caller?.KeyName };
}
