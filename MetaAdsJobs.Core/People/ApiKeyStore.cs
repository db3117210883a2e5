using System.Globalization;
using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Validation;
using Npgsql;

namespace MetaAdsJobs.Core.People;

/// <summary>Which keys to list.</summary>
/// <param name="Person">The mail of their user.</param>
/// <param name="Since">A day in UTC on which they were made, or a later one.</param>
/// <param name="ChangedSince">Made or revoked since, or past their time since; that one was used is no change.</param>
public sealed record KeyFilter(string? Person = null, KeyState? State = null, DateOnly? Since = null, DateOnly? Until = null, DateTimeOffset? ChangedSince = null);

/// <summary>Keys: made for a user, listed, and revoked at once. A key is shown when it is made and never again; kept is its hash.</summary>
public sealed class ApiKeyStore(NpgsqlDataSource dataSource, UserStore users, TimeProvider time)
{
    /// <summary>Of one user, not revoked.</summary>
    public const int MostOfUser = 100;

    public const string ExpiresAtField = "expires_at";

    private const int MostDays = 36_500;

    private static readonly string ReadSql = $"""
        SELECT k.id, k.user_id, u.mail, k.name, k.shown, k.role, k.all_accounts, k.created_by, k.created_at, k.expires_at, k.last_used_at, k.revoked_at, k.revoked_by, {GrantStore.Columns("k.id")}
        FROM api_keys k JOIN users u ON u.id = k.user_id
        """;

    /// <param name="userId">Null: of all users.</param>
    /// <returns>The newest first.</returns>
    public Task<IReadOnlyList<ApiKey>> ListAsync(Guid? userId, KeyFilter filter, Guid? before, int limit, CancellationToken ct) => ListAsync(userId, only: null, filter, before, limit, ct);

    private async Task<IReadOnlyList<ApiKey>> ListAsync(Guid? userId, Guid? only, KeyFilter filter, Guid? before, int limit, CancellationToken ct)
    {
        List<string> conditions = ["true"];
        if (userId is not null) conditions.Add("k.user_id = @UserId");
        if (only is not null) conditions.Add("k.id = @Only");
        if (before is not null) conditions.Add("k.id < @Before");
        if (filter.Person is not null) conditions.Add("lower(u.mail) = lower(@Person)");
        if (filter.Since is not null) conditions.Add("k.created_at >= @Since::date::timestamp AT TIME ZONE 'UTC'");
        if (filter.Until is not null) conditions.Add("k.created_at < (@Until::date + 1)::timestamp AT TIME ZONE 'UTC'");
        if (filter.ChangedSince is not null) conditions.Add("(GREATEST(k.created_at, k.revoked_at) >= @ChangedSince OR k.expires_at BETWEEN @ChangedSince AND @Now)");
        if (filter.State is { } state)
        {
            conditions.Add(state switch
            {
                KeyState.Live => "k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > @Now)",
                KeyState.Expired => "k.revoked_at IS NULL AND k.expires_at <= @Now",
                _ => "k.revoked_at IS NOT NULL",
            });
        }

        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return [.. (await connection.QueryAsync<Row>(new($"{ReadSql} WHERE {string.Join(" AND ", conditions)} ORDER BY k.id DESC LIMIT @Limit",
            new { UserId = userId, Only = only, Before = before, Limit = limit, filter.Person, filter.Since, filter.Until, filter.ChangedSince, Now = time.GetUtcNow() }, cancellationToken: ct))).Select(row => row.ToKey())];
    }

    /// <returns>All that are live, all that have expired and could be revoked, and the newest of those that were.</returns>
    public async Task<IReadOnlyList<ApiKey>> ListForPageAsync(Guid userId, CancellationToken ct)
    {
        List<ApiKey> keys = [];
        foreach (var state in Enum.GetValues<KeyState>()) keys.AddRange(await ListAsync(userId, new(State: state), null, MostOfUser, ct));
        return keys;
    }

    /// <returns>Keys of others that are good, and that the user has made, or stands behind: he may know them. The newest, at most <see cref="MostOfUser"/>.</returns>
    public async Task<IReadOnlyList<ApiKey>> ListKnownToAsync(User user, CancellationToken ct)
    {
        var knownSql = $"""
            {ReadSql} WHERE k.user_id <> @Id AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > @Now) AND u.disabled_at IS NULL
                AND in_small_letters(k.vouched_by || k.created_by) @> ARRAY[lower(@Mail)] ORDER BY k.id DESC LIMIT @MostOfUser
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return [.. (await connection.QueryAsync<Row>(new(knownSql, new { user.Id, user.Mail, Now = time.GetUtcNow(), MostOfUser }, cancellationToken: ct))).Select(row => row.ToKey())];
    }

    /// <returns>Those of the caller, the newest first; who comes by a key sees that one alone.</returns>
    public async Task<IReadOnlyList<ApiKey>> ListOfAsync(Caller caller, KeyFilter filter, Guid? before, int limit, CancellationToken ct) =>
        caller.UserId is { } user ? await ListAsync(user, caller.KeyId, filter, before, limit, ct) : [];

    /// <summary>One of the caller's; who comes by a key revokes that one alone.</summary>
    public async Task<PeopleSaved<ApiKey>> RevokeOfAsync(Caller caller, Guid id, CancellationToken ct) =>
        caller.UserId is { } user && (caller.KeyId is null || caller.KeyId == id) ? await RevokeAsync(id, user, caller.Name, ct) : new PeopleSaved<ApiKey>.Unknown();

    /// <returns>So many days from now on, as expires_at has it; null of what is no whole number of 1 to 36,500.</returns>
    public string? ExpiresAfter(string days) => int.TryParse(days, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= MostDays
        ? time.GetUtcNow().AddDays(number).UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture) : null;

    /// <param name="body">name; role, all_accounts, accounts and groups as far as it is to open less than its user may; expires_at.</param>
    public async Task<PeopleSaved<ApiKey>> CreateAsync(Guid userId, JsonElement body, string by, CancellationToken ct)
    {
        const string InsertSql = """
            INSERT INTO api_keys (id, user_id, name, hash, shown, role, all_accounts, created_by, vouched_by, created_at, expires_at)
            SELECT @Id, @UserId, @Name, @Hash, @Shown, @Role, @AllAccounts, @By, @VouchedBy, @Now, @ExpiresAt WHERE (SELECT count(*) FROM api_keys WHERE user_id = @UserId AND revoked_at IS NULL) < @MostOfUser
            """;
        if (await users.FindAsync(userId, ct) is not { } user) return new PeopleSaved<ApiKey>.Unknown();
        var (errors, now) = (new FieldErrors(), time.GetUtcNow());
        var fields = new JsonFields(body, errors);
        var (name, role, access) = (fields.Text("name", required: true, max: 100), SaveUser.ReadRole(fields, required: false), GivenAccess.Read(fields));
        var expiresAt = fields.Moment(ExpiresAtField)?.ToUniversalTime();
        if (expiresAt <= now) fields.Refuse(ExpiresAtField, "must be in the future");
        fields.RefuseUnknown();
        if (errors.Any) return new PeopleSaved<ApiKey>.Invalid(errors);
        var (id, secret) = (Guid.CreateVersion7(now), Secret.MakeKey());
        var all = access.AllAccounts ?? access is { Accounts: null, Groups: null };
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await GrantStore.CheckAsync(connection, transaction, access, errors, ct);
        if (errors.Any) return new PeopleSaved<ApiKey>.Invalid(errors);
        if (await connection.ExecuteAsync(new(InsertSql, new
        {
            Id = id, UserId = userId, Name = name, secret.Hash, secret.Shown, Role = role ?? user.Role, AllAccounts = all, By = by, VouchedBy = AccountScope.Caller?.VouchedBy.ToArray() ?? [], Now = now, ExpiresAt = expiresAt, MostOfUser,
        }, transaction, cancellationToken: ct)) == 0) return new PeopleSaved<ApiKey>.Refused($"{user.Mail} has {MostOfUser} keys, and there can be no more: revoke one first.");
        await GrantStore.WriteAsync(connection, transaction, id, access.Accounts ?? [], access.Groups ?? [], ct);
        var made = (await connection.QuerySingleAsync<Row>(new($"{ReadSql} WHERE k.id = @Id", new { Id = id }, transaction, cancellationToken: ct))).ToKey();
        var told = new { made.Name, made.Mail, made.Shown, made.Role, made.AllAccounts, made.Accounts, made.Groups, made.ExpiresAt };
        await ActLog.WriteAsync(connection, transaction, new Act("key", $"{id}", name, "made", null, ActLog.Differences(null, told)), now, ct);
        await transaction.CommitAsync(ct);
        return new PeopleSaved<ApiKey>.Done(made, secret.Text);
    }

    /// <summary>From its commit on it opens nothing, and what was opened by it is shut.</summary>
    /// <param name="userId">Whose it has to be; null: anybody's.</param>
    public async Task<PeopleSaved<ApiKey>> RevokeAsync(Guid id, Guid? userId, string by, CancellationToken ct)
    {
        const string RevokeSql = "UPDATE api_keys SET revoked_at = @Now, revoked_by = @By WHERE id = @Id AND (@UserId::uuid IS NULL OR user_id = @UserId) AND revoked_at IS NULL";
        var now = time.GetUtcNow();
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var isNew = await connection.ExecuteAsync(new(RevokeSql, new { Id = id, UserId = userId, By = by, Now = now }, transaction, cancellationToken: ct)) == 1;
        var found = (await connection.QuerySingleOrDefaultAsync<Row>(new($"{ReadSql} WHERE k.id = @Id AND (@UserId::uuid IS NULL OR k.user_id = @UserId)", new { Id = id, UserId = userId }, transaction, cancellationToken: ct)))?.ToKey();
        if (found is null) return new PeopleSaved<ApiKey>.Unknown();
        if (isNew)
        {
            await SessionStore.EndAllAsync(connection, transaction, userId: null, id, "the key was revoked", now, ct);
            await InTheirName.EndOfKeyAsync(connection, transaction, id, now, ct);
            await ActLog.WriteAsync(connection, transaction, new Act("key", $"{id}", found.Name, "revoked", null, ActLog.Differences(null, new { found.Mail, found.Shown })), now, ct);
            await transaction.CommitAsync(ct);
        }

        return new PeopleSaved<ApiKey>.Done(found);
    }

    /// <summary>What was made by keys whose time is over ends, of each once. Their sessions end with that time by themselves.</summary>
    internal async Task EndExpiredAsync(CancellationToken ct)
    {
        const string DueSql = "SELECT id FROM api_keys WHERE expires_at <= @Now AND expired_at IS NULL AND revoked_at IS NULL ORDER BY expires_at LIMIT 500";
        const string MarkSql = "UPDATE api_keys k SET expired_at = @Now FROM users u WHERE k.id = @Id AND k.expired_at IS NULL AND k.revoked_at IS NULL AND u.id = k.user_id RETURNING k.name, u.mail, k.shown";
        var now = time.GetUtcNow();
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        foreach (var id in (await connection.QueryAsync<Guid>(new(DueSql, new { Now = now }, cancellationToken: ct))).AsList())
        {
            await using var transaction = await connection.BeginTransactionAsync(ct);
            // Another process has done so, or somebody has revoked it.
            if (await connection.QuerySingleOrDefaultAsync<(string Name, string Mail, string Shown)?>(new(MarkSql, new { Id = id, Now = now }, transaction, cancellationToken: ct)) is not { } key) continue;
            await InTheirName.EndOfKeyAsync(connection, transaction, id, now, ct);
            await ActLog.WriteAsync(connection, transaction, new Act("key", $"{id}", key.Name, "expired", null, ActLog.Differences(null, new { key.Mail, key.Shown })), now, ct);
            await transaction.CommitAsync(ct);
        }
    }

    private sealed record Row
    {
        public Guid Id { get; init; }
        public Guid UserId { get; init; }
        public string Mail { get; init; } = "";
        public string Name { get; init; } = "";
        public string Shown { get; init; } = "";
        public string Role { get; init; } = "";
        public bool AllAccounts { get; init; }
        public string CreatedBy { get; init; } = "";
        public DateTimeOffset CreatedAt { get; init; }
        public DateTimeOffset? ExpiresAt { get; init; }
        public DateTimeOffset? LastUsedAt { get; init; }
        public DateTimeOffset? RevokedAt { get; init; }
        public string? RevokedBy { get; init; }
        public Guid[] AccountIds { get; init; } = [];
        public Guid[] AccountSpends { get; init; } = [];
        public Guid[] GroupIds { get; init; } = [];
        public Guid[] GroupSpends { get; init; } = [];

        public ApiKey ToKey() => new()
        {
            Id = Id, UserId = UserId, Mail = Mail, Name = Name, Shown = Shown, Role = Role, AllAccounts = AllAccounts, CreatedBy = CreatedBy, CreatedAt = CreatedAt, ExpiresAt = ExpiresAt, LastUsedAt = LastUsedAt,
            RevokedAt = RevokedAt, RevokedBy = RevokedBy, Accounts = GrantStore.Of(AccountIds, AccountSpends), Groups = GrantStore.Of(GroupIds, GroupSpends),
        };
    }
}
