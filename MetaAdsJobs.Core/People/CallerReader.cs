using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Database;
using Npgsql;

namespace MetaAdsJobs.Core.People;

/// <summary>
/// Resolves who calls, with the accounts of that moment: one statement for each request, and no cache. What is revoked is so with the commit that does it, in all
/// processes.
/// </summary>
public sealed class CallerReader(NpgsqlDataSource dataSource, TimeProvider time)
{
    /// <summary>When it was last used, or seen, is written this often.</summary>
    private static readonly TimeSpan Told = TimeSpan.FromMinutes(1);

    private const string Columns = """
        u.id AS user_id, u.mail, u.role AS user_role, u.all_accounts AS user_has_all, k.id AS key_id, k.name AS key_name, k.role AS key_role, COALESCE(k.all_accounts, true) AS key_has_all, k.vouched_by || k.created_by AS key_vouched_by,
        CASE WHEN NOT u.all_accounts THEN ARRAY(SELECT g.social_account_id FROM granted_accounts g WHERE g.holder = u.id) END AS user_sees,
        CASE WHEN NOT u.all_accounts THEN ARRAY(SELECT g.social_account_id FROM granted_accounts g WHERE g.holder = u.id AND g.may_spend) END AS user_spends,
        CASE WHEN NOT k.all_accounts THEN ARRAY(SELECT g.social_account_id FROM granted_accounts g WHERE g.holder = k.id) END AS key_sees,
        CASE WHEN NOT k.all_accounts THEN ARRAY(SELECT g.social_account_id FROM granted_accounts g WHERE g.holder = k.id AND g.may_spend) END AS key_spends
        """;

    private const string KeyIsGood = "k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > @Now)";

    private const string KeySql = $"SELECT {Columns}, k.last_used_at AS told_at FROM api_keys k JOIN users u ON u.id = k.user_id WHERE {KeyIsGood} AND u.disabled_at IS NULL";

    /// <returns>Null: there is no such key, or no longer.</returns>
    public Task<Caller?> FindByKeyAsync(byte[] hash, CancellationToken ct) => FindByKeyAsync($"{KeySql} AND k.hash = @Hash", hash, id: null, ct);

    /// <summary>The same of one that was known before.</summary>
    /// <inheritdoc cref="FindByKeyAsync(byte[], CancellationToken)"/>
    public Task<Caller?> FindByKeyAsync(Guid id, CancellationToken ct) => FindByKeyAsync($"{KeySql} AND k.id = @Id", hash: null, id, ct);

    private async Task<Caller?> FindByKeyAsync(string keySql, byte[]? hash, Guid? id, CancellationToken ct)
    {
        // Whoever holds the key until his own write is over keeps nobody from being known by it: a stop least of all.
        const string UsedSql = "UPDATE api_keys SET last_used_at = @Now WHERE id = (SELECT id FROM api_keys WHERE id = @Id AND (last_used_at IS NULL OR last_used_at <= @Before) FOR NO KEY UPDATE SKIP LOCKED)";
        var now = time.GetUtcNow();
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        if (await connection.QuerySingleOrDefaultAsync<Row>(new(keySql, new { Hash = hash, Id = id, Now = now }, cancellationToken: ct)) is not { } row) return null;
        if (!(row.ToldAt > now - Told)) await TellAsync(connection, UsedSql, row.KeyId!.Value, now, ct);
        return row.ToCaller(null);
    }

    /// <returns>Null: it has ended, or what it rests on has.</returns>
    public async Task<Caller?> FindBySessionAsync(Guid id, CancellationToken ct)
    {
        const string SessionSql = $"""
            SELECT {Columns}, s.name, s.role, s.accounts, s.vouched_by, s.confirmed_at, s.expires_at, s.last_seen_at AS told_at
            FROM sessions s LEFT JOIN users u ON u.id = s.user_id LEFT JOIN api_keys k ON k.id = s.key_id
            WHERE s.id = @Id AND s.ended_at IS NULL AND s.expires_at > @Now AND (s.user_id IS NULL OR u.disabled_at IS NULL) AND (s.key_id IS NULL OR ({KeyIsGood}))
            """;
        const string SeenSql = "UPDATE sessions SET last_seen_at = @Now WHERE id = (SELECT id FROM sessions WHERE id = @Id AND last_seen_at <= @Before FOR NO KEY UPDATE SKIP LOCKED)";
        var now = time.GetUtcNow();
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        if (await connection.QuerySingleOrDefaultAsync<Row>(new(SessionSql, new { Id = id, Now = now }, cancellationToken: ct)) is not { } row) return null;
        if (!(row.ToldAt > now - Told)) await TellAsync(connection, SeenSql, id, now, ct);
        return row.ToCaller(new(id, row.ConfirmedAt, row.ExpiresAt));
    }

    private static async Task TellAsync(NpgsqlConnection connection, string sql, Guid id, DateTimeOffset now, CancellationToken ct)
    {
        try
        {
            await connection.ExecuteAsync(new(sql, new { Id = id, Now = now, Before = now - Told }, cancellationToken: ct));
        }
        catch (PostgresException exception) when (DatabaseErrors.TakesNoWrites(exception))
        {
            // Who it is, is known all the same: on a full disk reading goes on, and this is told a minute later, or once there is room.
        }
    }

    private sealed record Row
    {
        public Guid? UserId { get; init; }
        public string? Mail { get; init; }
        public string? UserRole { get; init; }
        public Guid? KeyId { get; init; }
        public string? KeyName { get; init; }
        public string? KeyRole { get; init; }
        public string[]? KeyVouchedBy { get; init; }
        public Guid[]? UserSees { get; init; }
        public Guid[]? UserSpends { get; init; }
        public Guid[]? KeySees { get; init; }
        public Guid[]? KeySpends { get; init; }
        public DateTimeOffset? ToldAt { get; init; }

        // Of sessions.
        public string? Name { get; init; }
        public string? Role { get; init; }
        public Guid[]? Accounts { get; init; }
        public string[]? VouchedBy { get; init; }
        public DateTimeOffset ConfirmedAt { get; init; }
        public DateTimeOffset ExpiresAt { get; init; }

        public Caller ToCaller(CallerSession? session)
        {
            // Of a token that was signed elsewhere there is no user: it sees what its role sees, or the accounts that its issuer named.
            if (UserId is null) return new(Name!, Role!, Accounts?.ToHashSet(), Accounts?.ToHashSet()) { Session = session };
            return new(Mail!, KeyRole is null ? UserRole! : Roles.Lesser(UserRole!, KeyRole), Both(UserSees, KeySees), Both(UserSpends, KeySpends))
            {
                UserId = UserId, KeyId = KeyId, KeyName = KeyName, Session = session, VouchedBy = [.. (KeyVouchedBy ?? []).Concat(VouchedBy ?? []).Distinct()],
            };
        }

        private static HashSet<Guid>? Both(Guid[]? mine, Guid[]? ofKey)
        {
            if (mine is null) return ofKey?.ToHashSet();
            var both = mine.ToHashSet();
            if (ofKey is not null) both.IntersectWith(ofKey);
            return both;
        }
    }
}
