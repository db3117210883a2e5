using Dapper;
using MetaAdsJobs.Core.Accounts.Tokens;
using MetaAdsJobs.Core.Database;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace MetaAdsJobs.Core.Accounts;

/// <summary>Counts of what a person has to see to; no names, since health is open to everybody.</summary>
public sealed class AccountHealth([FromKeyedServices(Connections.OfHealth)] NpgsqlDataSource dataSource, TimeProvider time)
{
    /// <summary>For the tokens and for the accounts: "ok", or how many need somebody.</summary>
    public async Task<(string Tokens, string Accounts)> ReadAsync(CancellationToken ct)
    {
        const string CountSql = """
            SELECT count(*) FILTER (WHERE token_rejected_at IS NOT NULL) AS rejected,
                   count(*) FILTER (WHERE token_rejected_at IS NULL AND token_expires_at < @Soon) AS expiring,
                   count(*) FILTER (WHERE blocked_at IS NOT NULL) AS blocked
            FROM social_accounts WHERE retired_at IS NULL
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var (rejected, expiring, blocked) = await connection.QuerySingleAsync<(long, long, long)>(
            new(CountSql, new { Soon = time.GetUtcNow() + CheckTokens.WarnBefore }, cancellationToken: ct));
        var tokens = string.Join(", ", new[] { rejected == 0 ? null : $"{rejected} rejected", expiring == 0 ? null : $"{expiring} expire within {CheckTokens.WarnBefore.Days} days" }.OfType<string>());
        return (tokens.Length == 0 ? "ok" : tokens, blocked == 0 ? "ok" : $"{blocked} blocked by Meta");
    }
}
