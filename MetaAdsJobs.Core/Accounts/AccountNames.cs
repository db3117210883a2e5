using Dapper;
using MetaAdsJobs.Core.Access;
using Npgsql;

namespace MetaAdsJobs.Core.Accounts;

/// <summary>An account to choose, and what its amounts and times are in.</summary>
public sealed record AccountName(Guid Id, string Name, string Currency, string TimezoneName);

/// <summary>The accounts to choose from, by name: none that is retired, unless it is chosen.</summary>
public sealed class AccountNames(NpgsqlDataSource dataSource)
{
    public const int Most = 2000;

    /// <param name="asked">Chosen already: it is among them, however many there are.</param>
    public Task<IReadOnlyList<AccountName>> ListAsync(Guid? asked, CancellationToken ct) => ListAsync(asked, withRetired: false, ct);

    /// <param name="withRetired">For what is told of the past, and for who may look into it.</param>
    /// <inheritdoc cref="ListAsync(Guid?, CancellationToken)"/>
    public Task<IReadOnlyList<AccountName>> ListAsync(Guid? asked, bool withRetired, CancellationToken ct) => ListWithAsync(asked is { } one ? [one] : [], withRetired, ct);

    /// <inheritdoc cref="ListAsync(Guid?, bool, CancellationToken)"/>
    public async Task<IReadOnlyList<AccountName>> ListWithAsync(IReadOnlyCollection<Guid> asked, bool withRetired, CancellationToken ct)
    {
        var namesSql = $"""
            SELECT id, name, currency, timezone_name FROM (SELECT id, name, currency, timezone_name FROM social_accounts WHERE (@WithRetired OR retired_at IS NULL) AND {AccountScope.Is("id")} ORDER BY name, id LIMIT @Most) first
            UNION SELECT id, name, currency, timezone_name FROM social_accounts WHERE id = ANY (@Asked){AccountScope.And("id")}
            ORDER BY name, id
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<AccountName>(new(namesSql, new { Most, WithRetired = withRetired, Asked = asked.ToArray(), Scope = AccountScope.Accounts }, cancellationToken: ct))).AsList();
    }

    /// <summary>Those, and no others.</summary>
    public async Task<IReadOnlyList<AccountName>> FindAsync(IReadOnlyCollection<Guid> ids, CancellationToken ct)
    {
        var namesSql = $"SELECT id, name, currency, timezone_name FROM social_accounts WHERE id = ANY (@Ids){AccountScope.And("id")} ORDER BY name, id";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<AccountName>(new(namesSql, new { Ids = ids.ToArray(), Scope = AccountScope.Accounts }, cancellationToken: ct))).AsList();
    }
}
