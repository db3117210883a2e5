using Dapper;
using MetaAdsJobs.Core.Access;
using Npgsql;

namespace MetaAdsJobs.Core.Accounts;

/// <summary>Another account of the same ad account.</summary>
/// <param name="Name">Null: the caller does not look into that one.</param>
public sealed record AccountTwin(Guid? Id, string? Name);

/// <summary>
/// Accounts of one ad account. Two of them would have caps and stops of their own for the same money, so there is one that is not retired; those of which a database has two from before that rule
/// are marked, and wait for somebody to retire one.
/// </summary>
public sealed class AccountPairs(NpgsqlDataSource dataSource)
{
    /// <summary>The unique index by which an ad account has one account.</summary>
    internal const string OneOfEach = "social_accounts_of_meta";

    /// <summary>By which an ad account is known, in SQL: zeros in front, which old rows may have, make no other one.</summary>
    /// <param name="adAccountId">A column, or a parameter.</param>
    internal static string AtMeta(string adAccountId) => $"ltrim(substr({adAccountId}, 5), '0')";

    /// <summary>Those that are not retired, but the one itself.</summary>
    public async Task<IReadOnlyList<AccountTwin>> ListAsync(Guid? but, string adAccountId, CancellationToken ct)
    {
        var twinsSql = $"""
            SELECT CASE WHEN {AccountScope.Is("id")} THEN id END AS id, CASE WHEN {AccountScope.Is("id")} THEN name END AS name FROM social_accounts
            WHERE retired_at IS NULL AND {AtMeta("ad_account_id")} = {AtMeta("@AdAccountId")} AND id IS DISTINCT FROM @But::uuid ORDER BY double_of IS NOT NULL, created_at, social_accounts.id
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<AccountTwin>(new(twinsSql, new { AdAccountId = adAccountId, But = but, Scope = AccountScope.Accounts }, cancellationToken: ct))).AsList();
    }

    /// <summary>For one who was refused: whose the ad account is.</summary>
    public static string Tell(string adAccountId, AccountTwin? holder) => holder is { Id: { } id }
        ? $"is the ad account of {id}, {holder.Name}, already: two accounts of {adAccountId} would have caps and a stop each of their own. Retire that one first, or change it"
        : $"is the ad account of an account that you do not look into: two accounts of {adAccountId} would have caps and a stop each of their own";
}
