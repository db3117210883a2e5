using Dapper;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Meta.Insights;
using Microsoft.Extensions.Logging;
using Npgsql;
using Polly;
using Polly.Timeout;

namespace MetaAdsJobs.Core.Insights.Storing;

/// <summary>What Meta says the account has spent, by day; one of which it did not tell is missing.</summary>
/// <param name="LeftOut">Of which days it did not tell, and why; null: it told of all.</param>
internal sealed record AccountSpend(IReadOnlyDictionary<DateOnly, decimal> ByDay, string? LeftOut)
{
    /// <summary>With which the latter begins.</summary>
    public const string LeftOutOf = "the account's own spend on";
}

/// <summary>A day on which Meta's own sum for the account is not what its ads add up to.</summary>
internal sealed record DifferingDay(DateOnly Date, decimal AccountSpend, decimal AdsSpend);

/// <summary>
/// Holds the account's spend, as Meta tells it for the whole, against the sum of its ads, day by day. A difference means ads that the
/// report did not show; it is kept in insight_days and warned of.
/// </summary>
internal sealed class Reconciliation(MetaInsights meta, InsightsOptions options, TimeProvider time, ILogger<Reconciliation> logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);
    private readonly ResiliencePipeline _patience = new ResiliencePipelineBuilder { TimeProvider = time }.AddTimeout(Patience).Build();

    // Each row is rounded to Meta's smallest unit, up or down: what that adds up to grows with the root of their number, and twice the
    // root is far beyond what it ever comes to.
    public static decimal Rounding(string currency, long rows) => (1 + (2 * (decimal)Math.Sqrt(rows))) * Unit(currency);

    // A currency of Meta's that is not known here keeps nobody's numbers away.
    private static decimal Unit(string currency) => 1m / (Currency.IsKnown(currency) ? Currency.Offset(currency) : 100);

    /// <param name="since">The first day that Meta still keeps.</param>
    /// <returns>As far as Meta tells it: a sync does not fail for that.</returns>
    public async Task<AccountSpend> ReadAsync(SyncClaim claim, DateOnly since, CancellationToken ct)
    {
        var (told, why) = await TryReadAsync(claim, since, ct);
        // Of fewer days Meta may tell it: decisions rest on the last ones.
        var recent = claim.Range.Until.AddDays(1 - options.LookbackDays);
        if (told is null && since < recent) (told, _) = await TryReadAsync(claim, recent, ct);
        told ??= new Dictionary<DateOnly, decimal>();
        var untold = Enumerable.Range(0, claim.Range.Until.DayNumber - since.DayNumber + 1).Select(since.AddDays).Where(day => !told.ContainsKey(day)).ToList();
        if (untold.Count == 0) return new(told, null);
        why ??= "Meta's rows lack it";
        InsightLog.NotReconciled(logger, claim.AccountId, why);
        return new(told, $"{AccountSpend.LeftOutOf} {untold.Count} of the days from {untold[0]:yyyy-MM-dd} to {untold[^1]:yyyy-MM-dd}: {why}");
    }

    /// <returns>Null, and why, when Meta does not tell it.</returns>
    private async Task<(IReadOnlyDictionary<DateOnly, decimal>? Told, string? Why)> TryReadAsync(SyncClaim claim, DateOnly since, CancellationToken ct)
    {
        try
        {
            return (await _patience.ExecuteAsync(async token => await meta.ReadAccountSpendAsync(claim.Credential, claim.AdAccountId, since, claim.Range.Until, token), ct), null);
        }
        catch (TimeoutRejectedException)
        {
            return (null, $"Meta did not answer within {Patience.TotalSeconds} s");
        }
        catch (MetaException exception) when (exception.Proof is Proof.Rejected or Proof.OutcomeUnknown)
        {
            return (null, exception.ForUser);
        }
    }

    /// <summary>Writes the days' sums in the caller's transaction, from those of the campaigns. They are as old as when reading them began: what is stored may have been read days before.</summary>
    /// <param name="unanswered">Of the ads: days that lack some have not been seen whole yet.</param>
    /// <param name="told">The account's spend by Meta. Of a day that it does not tell stays what it told before, once the day was over.</param>
    public async Task<IReadOnlyList<DifferingDay>> StoreAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, SyncClaim claim, DayRange days, DateOnly today, UnansweredParts unanswered,
        IReadOnlyDictionary<DateOnly, decimal> told, CancellationToken ct)
    {
        // Rounding as above. Vanished ads may or may not be in Meta's own sum.
        var daysSql = $"""
            WITH sums AS (
                SELECT {CampaignDays.DaySums}
                FROM insight_campaign_days WHERE social_account_id = @AccountId AND date_start BETWEEN @Since AND @Until
                GROUP BY date_start),
            days AS (
                SELECT day.date_start, COALESCE(s.campaigns, 0) AS campaigns, COALESCE(s.rows, 0) AS rows, COALESCE(s.spend, 0) AS spend, COALESCE(s.vanished_rows, 0) AS vanished_rows, COALESCE(s.untold_rows, 0) AS untold_rows,
                    COALESCE(s.vanished_spend, 0) AS vanished_spend, COALESCE(day.account_spend, CASE WHEN NOT k.is_partial THEN k.account_spend END) AS account_spend, day.account_spend IS NULL AS is_kept, k.difference AS known_difference, @Unit * (1 + 2 * sqrt(COALESCE(s.rows + s.vanished_rows, 0)::numeric)) AS rounding,
                    -- Told of nothing the day is one of zeros; told of something, what is null stays so.
                    CASE WHEN s.campaigns IS NULL THEN 0 ELSE s.total_spend END AS total_spend, CASE WHEN s.campaigns IS NULL THEN 0 ELSE s.impressions END AS impressions,
                    CASE WHEN s.campaigns IS NULL THEN 0 ELSE s.clicks END AS clicks, CASE WHEN s.campaigns IS NULL THEN 0 ELSE s.link_clicks END AS link_clicks,
                    CASE WHEN s.campaigns IS NULL THEN 0 ELSE s.results END AS results, s.result_type, day.date_start < @Today AS is_over,
                    day.date_start < @Today AND NOT day.date_start = ANY(@Untold) AS is_seen
                FROM unnest(@Days, @Told) AS day (date_start, account_spend) LEFT JOIN sums s USING (date_start)
                LEFT JOIN insight_days k ON k.social_account_id = @AccountId AND k.date_start = day.date_start AND k.date_start BETWEEN @Since AND @Until),
            stored AS (
                INSERT INTO insight_days AS d (social_account_id, date_start, synced_at, seen_at, sync_id, is_partial, rows, spend, vanished_rows, vanished_spend, account_spend, difference,
                    campaigns, untold_rows, total_spend, impressions, clicks, link_clicks, results, result_type, currency, first_at, first_spend, first_impressions, first_clicks, first_results)
                SELECT @AccountId, date_start, @StartedAt, CASE WHEN is_seen THEN @StartedAt END, @SyncId, NOT is_over, rows, spend, vanished_rows, vanished_spend, account_spend,
                    -- Of another time than the ads: what it differed by then is what is known.
                    CASE WHEN account_spend IS NULL OR NOT is_over THEN NULL WHEN is_kept THEN known_difference
                         WHEN abs(account_spend - spend) <= rounding OR abs(account_spend - spend - vanished_spend) <= rounding THEN 0
                         ELSE account_spend - spend - vanished_spend END,
                    campaigns, untold_rows, total_spend, impressions, clicks, link_clicks, results, result_type, @Currency, CASE WHEN is_seen THEN @Now END,
                    CASE WHEN is_seen THEN total_spend END, CASE WHEN is_seen THEN impressions END, CASE WHEN is_seen THEN clicks END, CASE WHEN is_seen THEN results END
                FROM days
                ON CONFLICT (social_account_id, date_start) DO UPDATE SET
                    synced_at = EXCLUDED.synced_at, seen_at = COALESCE(EXCLUDED.seen_at, d.seen_at), sync_id = EXCLUDED.sync_id, is_partial = EXCLUDED.is_partial, rows = EXCLUDED.rows, spend = EXCLUDED.spend,
                    vanished_rows = EXCLUDED.vanished_rows, vanished_spend = EXCLUDED.vanished_spend, account_spend = EXCLUDED.account_spend, difference = EXCLUDED.difference,
                    campaigns = EXCLUDED.campaigns, untold_rows = EXCLUDED.untold_rows, total_spend = EXCLUDED.total_spend, impressions = EXCLUDED.impressions, clicks = EXCLUDED.clicks,
                    link_clicks = EXCLUDED.link_clicks, results = EXCLUDED.results, result_type = EXCLUDED.result_type, currency = EXCLUDED.currency,
                    first_at = COALESCE(d.first_at, EXCLUDED.first_at), {First("spend")}, {First("impressions")}, {First("clicks")}, {First("results")}
                RETURNING date_start, account_spend, spend + vanished_spend AS ads_spend, difference)
            SELECT date_start AS date, account_spend, ads_spend FROM stored WHERE difference <> 0 ORDER BY date_start
            """;
        var all = Enumerable.Range(0, days.Days).Select(days.Since.AddDays).Where(day => day >= unanswered.AskedSince).ToArray();
        return (await connection.QueryAsync<DifferingDay>(new(daysSql, new
        {
            claim.AccountId, claim.SyncId, days.Since, days.Until, Today = today, Now = time.GetUtcNow(), claim.StartedAt, Unit = Unit(claim.Currency),
            claim.Currency, Days = all, Untold = unanswered.DaysOfAccount, Told = all.Select(day => told.TryGetValue(day, out var spend) ? spend : (decimal?)null).ToArray(),
        }, transaction, commandTimeout: 600, cancellationToken: ct))).AsList();

        // As it was when it was first read whole.
        static string First(string column) => $"first_{column} = CASE WHEN d.first_at IS NULL THEN EXCLUDED.first_{column} ELSE d.first_{column} END";
    }
}
