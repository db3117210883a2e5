using Dapper;
using Npgsql;

namespace MetaAdsJobs.Core.People;

/// <summary>Which users to list.</summary>
/// <param name="Search">A part of the name or the mail.</param>
/// <param name="AccountId">Those who may look at it; who is disabled looks at nothing.</param>
/// <param name="ChangedSince">The user itself, what it is given included.</param>
/// <param name="Since">A day in UTC on which they were added, or a later one.</param>
public sealed record UserFilter(string? Search = null, string? Role = null, Guid? AccountId = null, DateTimeOffset? ChangedSince = null, DateOnly? Since = null, DateOnly? Until = null);

/// <summary>Reads users, with what they may see.</summary>
public sealed class UserStore(NpgsqlDataSource dataSource)
{
    private static readonly string ReadSql = $"""
        SELECT u.id, u.name, u.mail, u.role, u.all_accounts, u.disabled_at, u.created_by, u.created_at, u.updated_at, {GrantStore.Columns("u.id")} FROM users u
        """;

    private const string SeesSql = """
        u.disabled_at IS NULL AND EXISTS (SELECT 1 FROM social_accounts a WHERE a.id = @AccountId)
        AND (u.all_accounts OR EXISTS (SELECT 1 FROM granted_accounts g WHERE g.holder = u.id AND g.social_account_id = @AccountId))
        """;

    /// <param name="after">The last id of the page before; ids are in the order in which users were made.</param>
    public async Task<IReadOnlyList<User>> ListAsync(UserFilter filter, Guid? after, int limit, CancellationToken ct)
    {
        List<string> conditions = ["true"];
        if (after is not null) conditions.Add("u.id > @After");
        if (filter.Search is not null) conditions.Add("(strpos(lower(u.name), lower(@Search)) > 0 OR strpos(u.mail, lower(@Search)) > 0)");
        if (filter.Role is not null) conditions.Add("u.role = @Role");
        if (filter.AccountId is not null) conditions.Add(SeesSql);
        if (filter.ChangedSince is not null) conditions.Add("u.updated_at >= @ChangedSince");
        if (filter.Since is not null) conditions.Add("u.created_at >= @Since::date::timestamp AT TIME ZONE 'UTC'");
        if (filter.Until is not null) conditions.Add("u.created_at < (@Until::date + 1)::timestamp AT TIME ZONE 'UTC'");
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return [.. (await connection.QueryAsync<Row>(new($"{ReadSql} WHERE {string.Join(" AND ", conditions)} ORDER BY u.id LIMIT @Limit",
            new { filter.Search, filter.Role, filter.AccountId, filter.ChangedSince, filter.Since, filter.Until, After = after, Limit = limit }, cancellationToken: ct))).Select(row => row.ToUser())];
    }

    public async Task<User?> FindAsync(Guid id, CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QuerySingleOrDefaultAsync<Row>(new($"{ReadSql} WHERE u.id = @Id", new { Id = id }, cancellationToken: ct)))?.ToUser();
    }

    public async Task<User?> FindByMailAsync(string mail, CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QuerySingleOrDefaultAsync<Row>(new($"{ReadSql} WHERE lower(u.mail) = lower(@Mail)", new { Mail = mail }, cancellationToken: ct)))?.ToUser();
    }

    /// <summary>Held before it is read: what a statement has waited for it shows of the row itself, and not of what hangs on it.</summary>
    internal static async Task<User?> HoldAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid id, CancellationToken ct)
    {
        await connection.ExecuteAsync(new("SELECT 1 FROM users WHERE id = @Id FOR UPDATE", new { Id = id }, transaction, cancellationToken: ct));
        return (await connection.QuerySingleOrDefaultAsync<Row>(new($"{ReadSql} WHERE u.id = @Id", new { Id = id }, transaction, cancellationToken: ct)))?.ToUser();
    }

    private sealed record Row
    {
        public Guid Id { get; init; }
        public string Name { get; init; } = "";
        public string Mail { get; init; } = "";
        public string Role { get; init; } = "";
        public bool AllAccounts { get; init; }
        public DateTimeOffset? DisabledAt { get; init; }
        public string CreatedBy { get; init; } = "";
        public DateTimeOffset CreatedAt { get; init; }
        public DateTimeOffset UpdatedAt { get; init; }
        public Guid[] AccountIds { get; init; } = [];
        public Guid[] AccountSpends { get; init; } = [];
        public Guid[] GroupIds { get; init; } = [];
        public Guid[] GroupSpends { get; init; } = [];

        public User ToUser() => new()
        {
            Id = Id, Name = Name, Mail = Mail, Role = Role, AllAccounts = AllAccounts, DisabledAt = DisabledAt, CreatedBy = CreatedBy, CreatedAt = CreatedAt, UpdatedAt = UpdatedAt,
            Accounts = GrantStore.Of(AccountIds, AccountSpends), Groups = GrantStore.Of(GroupIds, GroupSpends),
        };
    }
}
