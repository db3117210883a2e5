using Dapper;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Meta.Ads;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace MetaAdsJobs.Core.Insights;

/// <summary>What a nightly sync asks Meta about its account before it asks for numbers.</summary>
internal sealed class SyncAccount(NpgsqlDataSource dataSource, MetaAds ads, TimeProvider time, ILogger<SyncAccount> logger)
{
    /// <summary>
    /// Takes over what Meta says of the account: its currency, its least daily budget, and its time zone, by which Meta cuts the days. The sync
    /// under way keeps the days it was asked for; its account's next night begins when the zone says.
    /// </summary>
    /// <returns>The account's time zone.</returns>
    public async Task<string> RefreshAsync(SyncClaim claim, CancellationToken ct)
    {
        const string SaveSql = """
            UPDATE social_accounts SET min_daily_budget = @MinDailyBudget, timezone_name = COALESCE(@TimezoneName, timezone_name),
                meta_currency = COALESCE(@Currency, meta_currency), meta_currency_at = CASE WHEN @Currency IS NULL THEN meta_currency_at ELSE @Now END
            WHERE id = @AccountId AND (min_daily_budget, timezone_name, meta_currency)
                IS DISTINCT FROM (@MinDailyBudget, COALESCE(@TimezoneName, timezone_name), COALESCE(@Currency, meta_currency))
            """;
        var facts = await ads.ReadAccountAsync(claim.Credential, ct);
        var zone = facts.TimezoneName is { } name && TimeZoneInfo.TryFindSystemTimeZoneById(name, out _) ? name : null;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new(SaveSql, new { claim.AccountId, facts.MinDailyBudget, TimezoneName = zone, facts.Currency, Now = time.GetUtcNow() }, cancellationToken: ct));
        if (AccountCurrency.Difference(claim.AdAccountId, claim.Currency, facts.Currency) is { } difference) AccountLog.CurrencyDiffers(logger, claim.AccountId, difference);
        if (zone is not null && zone != claim.TimezoneName) InsightLog.ZoneDiffers(logger, claim.AccountId, claim.TimezoneName, zone);
        return zone ?? claim.TimezoneName;
    }
}
