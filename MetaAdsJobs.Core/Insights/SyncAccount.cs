using Dapper;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Graph;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace MetaAdsJobs.Core.Insights;

/// <summary>What a sync of a night, or of days that may not be over at Meta, asks about its account before it asks for numbers.</summary>
internal sealed class SyncAccount(NpgsqlDataSource dataSource, MetaAds ads, TimeProvider time, ILogger<SyncAccount> logger)
{
    /// <summary>
    /// Takes over what Meta says of the account: its currency, its least daily budget, and its time zone, by which Meta cuts the days. The sync
    /// under way keeps the days it was asked for; its account's next night begins when the zone says.
    /// </summary>
    /// <returns>The sync with the account's time zone, and the currency in which Meta tells its numbers.</returns>
    public async Task<SyncClaim> RefreshAsync(SyncClaim claim, CancellationToken ct)
    {
        const string SaveSql = """
            UPDATE social_accounts SET min_daily_budget = @MinDailyBudget, timezone_name = COALESCE(@TimezoneName, timezone_name),
                meta_currency = COALESCE(@Currency, meta_currency), meta_currency_at = CASE WHEN @Currency IS NULL THEN meta_currency_at ELSE @Now END,
                -- The zone alone is written by people too: whoever has read the old one reads anew, and does not write it back.
                updated_at = CASE WHEN COALESCE(@TimezoneName, timezone_name) = timezone_name THEN updated_at ELSE GREATEST(@Now, updated_at + interval '1 microsecond') END
            WHERE id = @AccountId AND (min_daily_budget, timezone_name, meta_currency)
                IS DISTINCT FROM (@MinDailyBudget, COALESCE(@TimezoneName, timezone_name), COALESCE(@Currency, meta_currency));
            SELECT currency, EXISTS (SELECT 1 FROM budget_pools WHERE social_account_id = @AccountId) FROM social_accounts WHERE id = @AccountId
            """;
        var facts = await ads.ReadAccountAsync(claim.Credential, ct);
        var zone = facts.TimezoneName is { } name && TimeZoneInfo.TryFindSystemTimeZoneById(name, out _) ? name : null;
        string registered;
        bool hasPools;
        await using (var connection = await dataSource.OpenConnectionAsync(ct))
        {
            (registered, hasPools) = await connection.QuerySingleAsync<(string, bool)>(new(SaveSql, new { claim.AccountId, facts.MinDailyBudget, TimezoneName = zone, facts.Currency, Now = time.GetUtcNow() }, cancellationToken: ct));
        }

        if (AccountCurrency.Difference(claim.AdAccountId, registered, facts.Currency) is { } difference) AccountLog.CurrencyDiffers(logger, claim.AccountId, difference);
        if (zone is not null && zone != claim.TimezoneName) InsightLog.ZoneDiffers(logger, claim.AccountId, claim.TimezoneName, zone);
        claim = claim with { TimezoneName = zone ?? claim.TimezoneName, Currency = facts.Currency ?? claim.Currency };
        // Whoever moves no budgets does not have to know.
        if (hasPools) await ReadMinimumsAsync(claim, ct);
        return claim;
    }

    private async Task ReadMinimumsAsync(SyncClaim claim, CancellationToken ct)
    {
        const string SaveSql = """
            UPDATE social_accounts SET min_impressions = @Impressions, min_frequent = @Frequent, min_rare = @Rare, min_video_views = @VideoViews
            WHERE id = @AccountId AND (min_impressions, min_frequent, min_rare, min_video_views) IS DISTINCT FROM (@Impressions, @Frequent, @Rare, @VideoViews)
            """;
        try
        {
            if (await ads.ReadMinimumBudgetsAsync(claim.Credential.Patient(), claim.Currency, ct) is not { } least) return;
            await using var connection = await dataSource.OpenConnectionAsync(ct);
            await connection.ExecuteAsync(new(SaveSql, new { claim.AccountId, least.Impressions, least.Frequent, least.Rare, least.VideoViews }, cancellationToken: ct));
        }
        catch (MetaException exception) when (exception.IsRequestRefused || exception.IsMissingObject)
        {
            // No reason to go without the night's numbers: what was known stays, and the account's own minimum holds.
            InsightLog.MinimumsNotTold(logger, exception, claim.AccountId);
        }
    }
}
