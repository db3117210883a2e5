using Dapper;
using Npgsql;

namespace MetaAdsJobs.Core.Accounts.Listing;

/// <summary>How much of one of Meta's limits an ad account has used, and whether it keeps calls out.</summary>
public sealed record AccountPace
{
    /// <summary>ads_management or ads_insights: Meta counts them apart.</summary>
    public required string UseCase { get; init; }

    /// <summary>As Meta told last; null when it has not.</summary>
    public double? UsagePct { get; init; }
    public DateTimeOffset? UsageAt { get; init; }

    /// <summary>In the past when the block is over.</summary>
    public DateTimeOffset? BlockedUntil { get; init; }
    public string? Reason { get; init; }
}

/// <summary>Reads what workers tell each other of Meta's limits.</summary>
public sealed class AccountPaces(NpgsqlDataSource dataSource)
{
    public async Task<IReadOnlyList<AccountPace>> ListAsync(string adAccountId, CancellationToken ct)
    {
        const string ListSql = "SELECT use_case, usage_pct, usage_at, blocked_until, reason FROM account_pacing WHERE ad_account_id = @AdAccountId ORDER BY use_case";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<AccountPace>(new(ListSql, new { AdAccountId = adAccountId }, cancellationToken: ct))).AsList();
    }
}
