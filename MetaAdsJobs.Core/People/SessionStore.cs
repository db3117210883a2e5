using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Validation;
using Npgsql;

namespace MetaAdsJobs.Core.People;

/// <summary>Somebody at a browser.</summary>
public sealed record Session
{
    public required Guid Id { get; init; }

    /// <summary>A key's, when it was opened with one.</summary>
    public string? KeyName { get; init; }

    /// <summary>As the browser calls itself.</summary>
    public string? Browser { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset LastSeenAt { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
}

/// <summary>Sessions of browsers: they end at their time, at sign-out, and with what they rest on; a cookie holds nothing but a session's sealed id.</summary>
public sealed class SessionStore(NpgsqlDataSource dataSource, TimeProvider time)
{
    public static readonly TimeSpan Longest = TimeSpan.FromHours(12);

    private const int LongestBrowser = 300;
    private const string OfUser = "s.user_id = @UserId";

    /// <summary>So long after its time a session is still known; then the next that are opened take such rows away.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromDays(30);

    /// <param name="by">What it is opened with: key, token, link or issuer.</param>
    /// <param name="until">When what it is opened with ends; null: it does not.</param>
    /// <param name="confirmedAt">When whoever it is has shown so; null: now.</param>
    public async Task<CallerSession> OpenAsync(Caller caller, string by, DateTimeOffset? until, DateTimeOffset? confirmedAt, string? browser, CancellationToken ct)
    {
        const string OpenSql = $"""
            INSERT INTO sessions (id, user_id, key_id, name, role, accounts, vouched_by, browser, created_at, confirmed_at, expires_at, last_seen_at)
            VALUES (@Id, @UserId, @KeyId, @Name, @Role, @Accounts::uuid[], @VouchedBy, @Browser, @Now, @ConfirmedAt, @ExpiresAt, @Now);
            {ActLog.InsertSql};
            DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at < @Old ORDER BY expires_at LIMIT 100)
            """;
        var now = time.GetUtcNow();
        var session = new CallerSession(Guid.CreateVersion7(now), confirmedAt < now ? confirmedAt.Value.ToUniversalTime() : now, until < now + Longest ? until.Value : now + Longest);
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var act = new Act("session", $"{session.Id}", caller.Name, "opened", null, ActLog.Differences(null, new { By = by })) { By = caller };
        await connection.ExecuteAsync(new(OpenSql, ActLog.With(new
        {
            session.Id, caller.UserId, caller.KeyId, caller.Name, caller.Role, Accounts = caller.UserId is null ? caller.Sees?.ToArray() : null, VouchedBy = caller.VouchedBy.ToArray(), session.ConfirmedAt, Browser = browser?.Cut(LongestBrowser), Now = now, Old = now - Kept, session.ExpiresAt,
        }, act, now), cancellationToken: ct));
        return session;
    }

    /// <param name="after">The last one of the page before; null: from the beginning.</param>
    /// <returns>Those of the caller that have not ended, the oldest first, so that no new one hides one that idles; of who comes by a key, that one alone.</returns>
    public Task<IReadOnlyList<Session>> ListAsync(Caller caller, Guid? after, int count, CancellationToken ct) => ListAsync(Whose(caller), caller, caller.UserId, after, count, ct);

    /// <summary>The same of a user, for admins.</summary>
    public Task<IReadOnlyList<Session>> ListOfAsync(Guid userId, Guid? after, int count, CancellationToken ct) => ListAsync(OfUser, null, userId, after, count, ct);

    private async Task<IReadOnlyList<Session>> ListAsync(string whose, Caller? caller, Guid? userId, Guid? after, int count, CancellationToken ct)
    {
        var listSql = $"""
            SELECT s.id, k.name AS key_name, s.browser, s.created_at, s.last_seen_at, s.expires_at FROM sessions s LEFT JOIN api_keys k ON k.id = s.key_id
            WHERE {whose} AND s.ended_at IS NULL AND s.expires_at > @Now AND (@After::uuid IS NULL OR s.id > @After::uuid) ORDER BY s.id LIMIT @Count
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<Session>(new(listSql, new { UserId = userId, caller?.Name, Own = caller?.Session?.Id, Now = time.GetUtcNow(), After = after, Count = count }, cancellationToken: ct))).AsList();
    }

    /// <returns>False when there is no such session of the caller's; one that has ended is one.</returns>
    public Task<bool> EndAsync(Caller caller, Guid id, string why, CancellationToken ct) => EndAsync(Whose(caller), caller, caller.UserId, id, why, ct);

    /// <summary>One of a user, by an admin.</summary>
    /// <returns>False when the user has no such session.</returns>
    public Task<bool> EndOfAsync(Guid userId, Guid id, Caller admin, CancellationToken ct) => EndAsync(OfUser, admin, userId, id, "ended by an admin", ct);

    private async Task<bool> EndAsync(string whose, Caller by, Guid? userId, Guid id, string why, CancellationToken ct)
    {
        // Seen as before the statement: whether there is one, ended or not.
        var endSql = $"""
            WITH ended AS (UPDATE sessions s SET ended_at = @Now, ended_why = @Why WHERE s.id = @Id AND {whose} AND ended_at IS NULL RETURNING id, name),
            act AS ({ActLog.InsertFrom("ended", name: "ended.name")})
            SELECT EXISTS (SELECT 1 FROM sessions s WHERE s.id = @Id AND {whose})
            """;
        var now = time.GetUtcNow();
        var act = Ended(why) with { Object = $"{id}", By = by };
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<bool>(new(endSql, ActLog.With(new { Id = id, Why = why, UserId = userId, by.Name, Own = by.Session?.Id, Now = now }, act, now), cancellationToken: ct));
    }

    /// <summary>Of a user, or of a key.</summary>
    internal static Task EndAllAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid? userId, Guid? keyId, string why, DateTimeOffset now, CancellationToken ct) =>
        EndAsync(connection, transaction, "user_id = @UserId OR key_id = @KeyId", new { UserId = userId, KeyId = keyId, Why = why, Now = now }, why, now, ct);

    /// <summary>Those of others that were opened by a link, or with a key, of somebody who may have kept it; not the caller's own, who is the one to end it.</summary>
    internal static Task EndVouchedAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, string mail, string why, DateTimeOffset now, CancellationToken ct) =>
        EndAsync(connection, transaction, "id IS DISTINCT FROM @Own::uuid AND EXISTS (SELECT 1 FROM unnest(vouched_by) v WHERE lower(v) = lower(@Mail))", new { Mail = mail, Own = AccountScope.Caller?.Session?.Id, Why = why, Now = now }, why, now, ct);

    private static Task<int> EndAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, string whose, object parameters, string why, DateTimeOffset now, CancellationToken ct)
    {
        var endSql = $"""
            WITH ended AS (UPDATE sessions SET ended_at = @Now, ended_why = @Why WHERE ended_at IS NULL AND expires_at > @Now AND ({whose}) RETURNING id, name)
            {ActLog.InsertFrom("ended", name: "ended.name", id: "ended.id::text")}
            """;
        return connection.ExecuteAsync(new(endSql, ActLog.With(parameters, Ended(why), now), transaction, cancellationToken: ct));
    }

    private static Act Ended(string why) => new("session", "", null, "ended", null, ActLog.Differences(null, new { Why = why }));

    // Tokens are told apart by their subject alone: no user's session is among theirs.
    // A key that was lost ends nobody else's: what was opened by it ends itself.
    private static string Whose(Caller caller) => caller.KeyId is not null ? "s.id = @Own" : caller.UserId is null ? "s.user_id IS NULL AND s.name = @Name" : OfUser;
}
