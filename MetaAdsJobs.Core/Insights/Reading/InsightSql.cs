using MetaAdsJobs.Core.Access;

namespace MetaAdsJobs.Core.Insights.Reading;

/// <summary>
/// The text of the queries for numbers per day: it holds only the conditions that are asked for, so that each plan, a prepared one too,
/// follows an index and stops where the page does.
/// </summary>
internal static class InsightSql
{
    // Different results must not be added, and a row that does not tell what it counts may count something else. Of one that does not tell how many, it is not known how many there are of all.
    private const string Sums = """
        SUM(i.impressions)::bigint AS impressions, SUM(i.clicks)::bigint AS clicks, SUM(i.link_clicks)::bigint AS link_clicks, SUM(i.spend) AS spend,
            CASE WHEN COUNT(i.results) = COUNT(*) AND COUNT(i.result_type) = COUNT(*) AND MIN(i.result_type) = MAX(i.result_type) THEN SUM(i.results) END AS results,
            CASE WHEN COUNT(i.result_type) = COUNT(*) AND MIN(i.result_type) = MAX(i.result_type) THEN MIN(i.result_type) END AS result_type,
            COUNT(*) FILTER (WHERE i.impressions IS NULL OR i.clicks IS NULL OR i.spend IS NULL) AS untold_rows
        """;

    // A day that was asked for again in vain is as old as it was.
    private const string SyncedAt = "CASE WHEN i.vanished_at IS NULL THEN GREATEST(i.synced_at, COALESCE(d.seen_at, d.first_at, d.synced_at)) ELSE i.synced_at END";

    /// <summary>Takes @SocialAccountId, @CampaignId, @Since, @Until, @AfterAccount, @AfterDay, @AfterKey and @Limit, as far as they are given.</summary>
    public static string Rows(InsightFilter filter, bool goesOn, bool limited)
    {
        // The names are ours, never a caller's.
        var (ids, group) = filter.Level switch
        {
            InsightLevel.Ad => (", i.campaign_meta_id AS campaign_id, i.adset_meta_id AS adset_id, i.ad_meta_id AS ad_id, i.reach", ""),
            InsightLevel.AdSet => (", i.campaign_meta_id AS campaign_id, i.adset_meta_id AS adset_id", ", i.adset_meta_id, i.campaign_meta_id"),
            InsightLevel.Campaign => (", i.campaign_meta_id AS campaign_id", ", i.campaign_meta_id"),
            _ => ("", ""),
        };
        var numbers = filter.Level == InsightLevel.Ad
            ? $"""
                i.impressions, i.clicks, i.link_clicks, i.spend, i.results, i.result_type, i.is_partial, i.vanished_at IS NOT NULL AS vanished,
                (i.impressions IS NULL OR i.clicks IS NULL OR i.spend IS NULL)::int::bigint AS untold_rows, {SyncedAt} AS synced_at
                """
            : $"{Sums}, bool_or(i.is_partial{(filter.Level == InsightLevel.Account ? $" OR d.date_start IS NOT NULL AND {NumberSql.IsPartial}" : "")}) AS is_partial, MIN({SyncedAt}) AS synced_at";
        return $"""
            SELECT i.date_start AS date, i.social_account_id, i.currency{ids}, {numbers}
            FROM meta_ad_insights i LEFT JOIN insight_days d ON d.social_account_id = i.social_account_id AND d.date_start = i.date_start
            {Where(filter)}{(goesOn ? After(filter) : "")}
            {(filter.Level == InsightLevel.Ad ? "" : $"GROUP BY i.social_account_id, i.date_start{group}, i.currency")}
            ORDER BY {string.Join(", ", Keys(filter).Select(key => key.Column))}
            {(limited ? "LIMIT @Limit" : "")}
            """;
    }

    /// <summary>Takes the same parameters of the filter; it adds up the ads' rows, whatever the level.</summary>
    public static string Totals(InsightFilter filter) => $"""
        SELECT i.currency, {Sums}, COUNT(*) AS rows, MIN(i.date_start) AS since, MAX(i.date_start) AS until
        FROM meta_ad_insights i
        {Where(filter)}
        GROUP BY i.currency
        ORDER BY i.currency
        """;

    // An array is taken for few, and so they are looked up in a table in memory, and not row by row.
    private static string OnceOfAdAccount(string days) => $"""
        (i.social_account_id, i.date_start) NOT IN (
            SELECT * FROM unnest(ARRAY(SELECT ROW(late.id, late.date_start) FROM ({SharedDays.ReadLaterElsewhere(days)}) late)) AS elsewhere (id uuid, day date))
        """;

    private static string Where(InsightFilter filter)
    {
        var days = $"{(filter.Since is null ? "" : " AND date_start >= @Since")}{(filter.Until is null ? "" : " AND date_start <= @Until")}";
        List<string> conditions = filter.SocialAccountId is null
            ? [$"i.social_account_id = ANY(ARRAY(SELECT a.id FROM social_accounts a WHERE {AccountScope.Is("a.id")}))", OnceOfAdAccount(days)]
            : [$"i.social_account_id = @SocialAccountId{AccountScope.And("i.social_account_id")}"];
        if (filter.CampaignId is not null) conditions.Add("i.campaign_meta_id = @CampaignId");
        if (filter.Since is not null) conditions.Add("i.date_start >= @Since");
        if (filter.Until is not null) conditions.Add("i.date_start <= @Until");
        return "WHERE " + string.Join(" AND ", conditions);
    }

    // The day alone comes again because only that leaves months out.
    private static string After(InsightFilter filter)
    {
        var keys = Keys(filter);
        var months = keys[0].Column == "i.date_start" ? " AND i.date_start >= @AfterDay" : "";
        return $"{months} AND ({string.Join(", ", keys.Select(key => key.Column))}) > ({string.Join(", ", keys.Select(key => key.Parameter))})";
    }

    // The order of an index: the primary key's, of one account or of all; or the campaign's, whose ads are those of one account.
    private static List<(string Column, string Parameter)> Keys(InsightFilter filter)
    {
        List<(string, string)> keys = filter is { SocialAccountId: null, CampaignId: null }
            ? [("i.social_account_id", "@AfterAccount"), ("i.date_start", "@AfterDay")]
            : [("i.date_start", "@AfterDay")];
        var id = filter.Level switch
        {
            InsightLevel.Ad => "i.ad_meta_id",
            InsightLevel.AdSet => "i.adset_meta_id",
            InsightLevel.Campaign => "i.campaign_meta_id",
            _ => null,
        };
        if (id is not null) keys.Add((id, "@AfterKey"));
        return keys;
    }
}
