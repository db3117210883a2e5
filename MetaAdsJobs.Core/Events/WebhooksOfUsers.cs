using Dapper;
using MetaAdsJobs.Core.Access;
using Npgsql;

namespace MetaAdsJobs.Core.Events;

/// <summary>
/// A webhook tells no more than whose it is may see: whoever gave it its address, or made it. What is beyond that is switched off in the transaction that takes something from that user, or that ends the key, and in that which
/// has it tell more, whoever writes that. Who wants to keep one gives it its address anew.
/// </summary>
internal static class WebhooksOfUsers
{
    /// <param name="userIds">As they are now; of those who have lost nothing none is switched off.</param>
    public static Task SwitchOffAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, IReadOnlyCollection<Guid> userIds, DateTimeOffset now, CancellationToken ct)
    {
        var offSql = Off("u.mail || ' may no longer see all that it tells of'", "FROM users u", """
            u.id = ANY (@UserIds) AND lower(COALESCE(w.address_by, w.created_by)) = lower(u.mail) AND (u.disabled_at IS NOT NULL
                OR (NOT u.all_accounts AND (w.account_ids IS NULL OR NOT w.account_ids <@ ARRAY(SELECT g.social_account_id FROM granted_accounts g WHERE g.holder = u.id))))
            """);
        return connection.ExecuteAsync(new(offSql, With(userIds.ToArray(), null, now), transaction, cancellationToken: ct));
    }

    /// <summary>Those whose address was given by the key, which has ended: it may be that of somebody who has found the key.</summary>
    public static Task SwitchOffOfKeyAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid keyId, DateTimeOffset now, CancellationToken ct) =>
        connection.ExecuteAsync(new(Off($"'the key by which it was given its address ' || {Maker.EndOfKeySql}", "", "w.address_key = @KeyId"), With([], keyId, now), transaction, cancellationToken: ct));

    private static string Off(string reason, string from, string whose) => $"""
        WITH gone AS (
            UPDATE webhooks w SET state = 'off', off_reason = {reason}, off_at = @Now, updated_at = GREATEST(@Now, w.updated_at + interval '1 microsecond')
            {from} WHERE w.state = 'on' AND {whose}
            RETURNING w.id, w.shown_url, w.description, w.off_reason, w.failing_since),
        held AS (
            UPDATE event_deliveries d SET state = 'held', lease_until = NULL FROM gone WHERE d.webhook_id = gone.id AND d.state = 'pending'),
        told AS (
            INSERT INTO recorded_acts (at, person, key_name, kind, object, object_name, action, fields)
            SELECT @Now, @Person, @Key, 'webhook', id::text, COALESCE(description, shown_url), 'switched off', jsonb_build_object('off_reason', jsonb_build_object('old', NULL, 'new', off_reason)) FROM gone)
        SELECT count(tell_event('webhook.switched_off', NULL, id::text, @Now, jsonb_build_object('webhook_id', id, 'url', shown_url, 'reason', off_reason, 'failing_since', failing_since))) FROM gone
        """;

    private static object With(Guid[] userIds, Guid? keyId, DateTimeOffset now) => new { UserIds = userIds, KeyId = keyId, Now = now, Person = AccountScope.Caller?.Name ?? "service", Key = AccountScope.Caller?.KeyName };
}
