using Dapper;
using MetaAdsJobs.Core.Access;
using Npgsql;

namespace MetaAdsJobs.Core.Budgets.Pools;

/// <summary>
/// A pool acts by itself for as long as whoever has it act may: in the transaction that takes its account from that user, or that ends the key by which it was said, it asks instead. Nothing is lost by that: somebody who may
/// says yes, or gives it its mode anew. What has begun goes on: what was taken is given.
/// </summary>
internal static class PoolsOfUsers
{
    /// <param name="userIds">As they are now; of those who have lost nothing none asks.</param>
    public static Task AskAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, IReadOnlyCollection<Guid> userIds, DateTimeOffset now, CancellationToken ct) =>
        AskAsync(connection, transaction, "u.mail || ' may no longer do what it does'", "JOIN users u ON lower(p.mode_by) = lower(u.mail)", """
            u.id = ANY (@UserIds) AND (u.disabled_at IS NOT NULL OR u.role = 'viewer'
                OR (NOT u.all_accounts AND NOT EXISTS (SELECT 1 FROM granted_accounts g WHERE g.holder = u.id AND g.may_spend AND g.social_account_id = p.social_account_id)))
            """, userIds.ToArray(), null, now, ct);

    /// <summary>Those that were made to act by the key, which has ended: it may have been somebody who has found it.</summary>
    public static Task AskOfKeyAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid keyId, DateTimeOffset now, CancellationToken ct) =>
        AskAsync(connection, transaction, $"'the key by which it was made to act ' || {Maker.EndOfKeySql}", "", "p.mode_key = @KeyId", [], keyId, now, ct);

    private static async Task AskAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, string why, string join, string whose, Guid[] userIds, Guid? keyId, DateTimeOffset now, CancellationToken ct)
    {
        var askSql = $"""
            WITH acting AS MATERIALIZED (SELECT p.id, {why} AS why FROM budget_pools p {join} WHERE p.mode = 'act' AND {whose} ORDER BY p.id FOR UPDATE OF p),
            asking AS (
                UPDATE budget_pools p SET mode = 'ask', mode_why = a.why, updated_at = GREATEST(@Now, p.updated_at + interval '1 microsecond') FROM acting a WHERE p.id = a.id RETURNING p.id, p.name, p.social_account_id, p.mode_why),
            told AS (
                INSERT INTO recorded_acts (at, person, key_name, kind, object, object_name, action, social_account_id, fields)
                SELECT @Now, @Person, @Key, 'budget pool', id::text, name, 'changed', social_account_id,
                    jsonb_build_object('mode', jsonb_build_object('old', 'act', 'new', 'ask'), 'mode_why', jsonb_build_object('old', NULL, 'new', mode_why)) FROM asking)
            SELECT id FROM asking
            """;
        var asking = (await connection.QueryAsync<Guid>(new(askSql, new { UserIds = userIds, KeyId = keyId, Now = now, Person = AccountScope.Caller?.Name ?? "service", Key = AccountScope.Caller?.KeyName }, transaction, cancellationToken: ct))).ToArray();
        if (asking.Length > 0) await SaveBudgetPool.VoidAsync(connection, transaction, asking, "it no longer acts by itself: whoever had it act may not", now, ct);
    }
}
