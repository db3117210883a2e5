using Dapper;
using Npgsql;

namespace MetaAdsJobs.Core.Accounts;

/// <summary>The accounts to choose from, by name.</summary>
public sealed class AccountNames(NpgsqlDataSource dataSource)
{
    private const int Most = 2000;

    public async Task<IReadOnlyList<(Guid Id, string Name)>> ListAsync(CancellationToken ct)
    {
        const string NamesSql = "SELECT id, name FROM social_accounts ORDER BY name, id LIMIT @Most";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<(Guid, string)>(new(NamesSql, new { Most }, cancellationToken: ct))).AsList();
    }
}
