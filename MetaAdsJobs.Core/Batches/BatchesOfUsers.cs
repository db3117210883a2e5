using Dapper;
using MetaAdsJobs.Core.Access;
using Npgsql;

namespace MetaAdsJobs.Core.Batches;

/// <summary>
/// A batch lets rows in for as long as whoever sent it may: it is paused in the transaction that takes something of its accounts from that user, or that revokes the key it came by. Somebody who may resumes it.
/// </summary>
internal static class BatchesOfUsers
{
    /// <param name="userIds">As they are now; of those who have lost nothing none is paused.</param>
    /// <param name="resumed">The batch that they resume, whoever has sent it; null: none.</param>
    public static Task PauseAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, IReadOnlyCollection<Guid> userIds, Guid? resumed, DateTimeOffset now, CancellationToken ct)
    {
        // Tokens that name the same person are no user: what they have sent is theirs. Rows that another batch was sent first wait again when that is cancelled.
        var pauseSql = Pause("u.mail || ' may no longer do all of it'", "FROM users u", """
            u.id = ANY (@UserIds) AND (lower(b.requested_by) = lower(u.mail) OR b.batch_id = @Resumed) AND (u.disabled_at IS NOT NULL OR u.role = 'viewer' OR (NOT u.all_accounts AND EXISTS (
                SELECT 1 FROM batch_rows r WHERE r.batch_id = b.batch_id AND r.state IN ('waiting', 'again') AND r.social_account_id <> ALL (ARRAY(SELECT g.social_account_id FROM granted_accounts g WHERE g.holder = u.id AND g.may_spend)))))
            """);
        return connection.ExecuteAsync(new(pauseSql, With(userIds.ToArray(), null, resumed, now), transaction, cancellationToken: ct));
    }

    /// <param name="resumed">The batch that is resumed by it, by whatever key it was sent; null: none.</param>
    public static Task PauseOfKeyAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, Guid keyId, Guid? resumed, DateTimeOffset now, CancellationToken ct) =>
        connection.ExecuteAsync(new(Pause("CASE WHEN b.requested_key = @KeyId THEN 'the key that it was sent by was revoked' ELSE 'the key that it was resumed by was revoked' END", "", "(b.requested_key = @KeyId OR b.batch_id = @Resumed)"),
            With([], keyId, resumed, now), transaction, cancellationToken: ct));

    private static string Pause(string why, string from, string whose) => $"""
        WITH paused AS (
            UPDATE batches b SET state = 'paused', ordered_by = @Person {from} WHERE b.state = 'running' AND b.completed_at IS NULL AND {whose}
            RETURNING b.batch_id, b.name, {why} AS why, (SELECT (array_agg(DISTINCT r.social_account_id))[1] FROM batch_rows r WHERE r.batch_id = b.batch_id HAVING count(DISTINCT r.social_account_id) = 1) AS account)
        INSERT INTO recorded_acts (at, person, key_name, kind, object, object_name, action, social_account_id, fields)
        SELECT @Now, @Person, @Key, 'batch', batch_id::text, name, 'paused', account, jsonb_build_object('order', jsonb_build_object('old', NULL, 'new', 'paused'), 'why', jsonb_build_object('old', NULL, 'new', why)) FROM paused
        """;

    private static object With(Guid[] userIds, Guid? keyId, Guid? resumed, DateTimeOffset now) => new { UserIds = userIds, KeyId = keyId, Resumed = resumed, Now = now, Person = AccountScope.Caller?.Name ?? "service", Key = AccountScope.Caller?.KeyName };
}
