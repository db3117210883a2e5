using Dapper;
using Npgsql;

namespace MetaAdsJobs.Tests.Insights;

/// <summary>The stored sums held against the rows they are of, added up here.</summary>
internal static class SumTruth
{
    public static async Task AssertSumsAreOfTheirRowsAsync(this NpgsqlDataSource database, Guid account, string? when = null)
    {
        await using var connection = await database.OpenConnectionAsync();
        var rows = (await connection.QueryAsync<SummedRow>("""
            SELECT date_start, campaign_meta_id, impressions, clicks, link_clicks, spend, results, result_type, vanished_at IS NOT NULL AS vanished FROM meta_ad_insights WHERE social_account_id = @account
            """, new { account })).AsList();
        var sums = (await connection.QueryAsync<SumRow>("""
            SELECT date_start, campaign_meta_id, rows, vanished_rows, impressions, clicks, link_clicks, spend, vanished_spend, results, result_type
            FROM insight_campaign_days WHERE social_account_id = @account
            """, new { account })).AsList();
        Assert.That(rows, Is.Not.Empty, when);
        Assert.That(sums, Is.EquivalentTo(rows.GroupBy(row => (row.DateStart, row.CampaignMetaId)).Select(group => Sum(group.Key.DateStart, group.Key.CampaignMetaId, [.. group]))), when);

        var days = (await connection.QueryAsync<SumRow>("""
            SELECT date_start, '' AS campaign_meta_id, campaigns::bigint AS rows, 0::bigint AS vanished_rows, impressions, clicks, link_clicks, total_spend AS spend, NULLIF(vanished_spend, 0) AS vanished_spend,
                results, result_type
            FROM insight_days WHERE social_account_id = @account
            """, new { account })).AsList();
        var byDay = rows.ToLookup(row => row.DateStart);
        // How many rows the last sync has read is told for itself.
        Assert.That(days, Is.EquivalentTo(days.Select(day => Sum(day.DateStart, "", [.. byDay[day.DateStart]]) with
        {
            Rows = byDay[day.DateStart].Select(row => row.CampaignMetaId).Distinct().Count(), VanishedRows = 0,
            VanishedSpend = Vanished(byDay[day.DateStart]) is { } spend and not 0 ? spend : null,
        })), when);
    }

    public static async Task<Dictionary<(string Campaign, DateOnly Day), FirstRow>> FirstAsync(this NpgsqlDataSource database, Guid account)
    {
        await using var connection = await database.OpenConnectionAsync();
        return (await connection.QueryAsync<FirstRow>("""
            SELECT date_start, campaign_meta_id, spend, impressions, clicks, results, first_at, first_spend, first_impressions, first_clicks, first_results
            FROM insight_campaign_days WHERE social_account_id = @account
            UNION ALL
            SELECT date_start, '', total_spend, impressions, clicks, results, first_at, first_spend, first_impressions, first_clicks, first_results FROM insight_days WHERE social_account_id = @account
            """, new { account })).ToDictionary(row => (row.CampaignMetaId, row.DateStart));
    }

    private static SumRow Sum(DateOnly day, string campaign, IReadOnlyList<SummedRow> rows)
    {
        var types = rows.Select(row => row.ResultType).Distinct().ToList();
        var isOneKind = rows.Count == 0 || types is [not null];
        return new()
        {
            DateStart = day, CampaignMetaId = campaign, Rows = rows.Count, VanishedRows = rows.Count(row => row.Vanished), Impressions = Add(rows.Select(row => row.Impressions)),
            Clicks = Add(rows.Select(row => row.Clicks)), LinkClicks = Add(rows.Select(row => row.LinkClicks)), Spend = Add(rows.Select(row => row.Spend)), VanishedSpend = Vanished(rows),
            Results = isOneKind && rows.All(row => row.Results is not null) ? Add(rows.Select(row => row.Results)) : null, ResultType = isOneKind ? types.SingleOrDefault() : null,
        };
    }

    private static decimal? Vanished(IEnumerable<SummedRow> rows) => rows.Where(row => row.Vanished).Select(row => row.Spend).ToList() is { Count: > 0 } spends ? Add(spends) : null;

    private static long? Add(IEnumerable<long?> values) => (long?)Add(values.Select(value => (decimal?)value));

    private static decimal? Add(IEnumerable<decimal?> values)
    {
        var all = values.ToList();
        return all.Count > 0 && all.TrueForAll(value => value is null) ? null : all.Sum(value => value ?? 0);
    }

    private sealed record SummedRow
    {
        public DateOnly DateStart { get; init; }
        public string CampaignMetaId { get; init; } = "";
        public long? Impressions { get; init; }
        public long? Clicks { get; init; }
        public long? LinkClicks { get; init; }
        public decimal? Spend { get; init; }
        public decimal? Results { get; init; }
        public string? ResultType { get; init; }
        public bool Vanished { get; init; }
    }

    private sealed record SumRow
    {
        public DateOnly DateStart { get; init; }
        public string CampaignMetaId { get; init; } = "";
        public long Rows { get; init; }
        public long VanishedRows { get; init; }
        public long? Impressions { get; init; }
        public long? Clicks { get; init; }
        public long? LinkClicks { get; init; }
        public decimal? Spend { get; init; }
        public decimal? VanishedSpend { get; init; }
        public decimal? Results { get; init; }
        public string? ResultType { get; init; }
    }
}

/// <summary>What a day is and what it was when it was first read whole; of the account when the campaign is empty.</summary>
internal sealed record FirstRow
{
    public DateOnly DateStart { get; init; }
    public string CampaignMetaId { get; init; } = "";
    public decimal? Spend { get; init; }
    public long? Impressions { get; init; }
    public long? Clicks { get; init; }
    public decimal? Results { get; init; }
    public DateTimeOffset? FirstAt { get; init; }
    public decimal? FirstSpend { get; init; }
    public long? FirstImpressions { get; init; }
    public long? FirstClicks { get; init; }
    public decimal? FirstResults { get; init; }

    public (decimal?, long?, long?, decimal?) Now => (Spend, Impressions, Clicks, Results);

    public (decimal?, long?, long?, decimal?) First => (FirstSpend, FirstImpressions, FirstClicks, FirstResults);
}
