using Dapper;
using MetaAdsJobs.Core.Budgets.Pools;
using MetaAdsJobs.Core.Insights;
using Npgsql;

namespace MetaAdsJobs.Core.Budgets.Proposing;

/// <summary>An account's day that was read whole after it was over, by the night that follows it or later.</summary>
internal sealed record WholeDay
{
    public Guid AccountId { get; init; }
    public DateOnly Day { get; init; }

    /// <summary>Whole units of the currency; what ads do not account for, Meta's own sum, and what all ads add up to. Null: Meta has never told its own.</summary>
    public decimal? Difference { get; init; }
    public decimal? AccountSpend { get; init; }
    public decimal? TotalSpend { get; init; }
}

/// <summary>A member's day with numbers.</summary>
internal sealed record NumberRow
{
    public string MetaId { get; init; } = "";
    public DateOnly Day { get; init; }

    /// <summary>Null: withheld of a part of it.</summary>
    public decimal? Spend { get; init; }

    /// <summary>Null: withheld of a part of it, or of different kinds.</summary>
    public decimal? Results { get; init; }
    public string? ResultType { get; init; }
}

/// <summary>How much was known when days were first read.</summary>
internal sealed record FirstSeen
{
    public string CampaignId { get; init; } = "";
    public decimal First { get; init; }
    public decimal Now { get; init; }
}

/// <summary>Stored numbers that pictures of pools are made of: one statement each for all pools.</summary>
internal static class PoolNumbers
{
    private const int TimeoutSeconds = 120;

    // Some minutes after midnight Meta does not yet tell all of the day that is over. What somebody has read then is read again that night. A day that was asked for in vain is as old as it was.
    /// <summary>Of days d of an account a: what a pool goes by. Takes @NightlyAt.</summary>
    internal const string IsRead = $"d.first_at IS NOT NULL AND COALESCE(d.seen_at, d.first_at) AT TIME ZONE known_zone(a.timezone_name) >= {AccountDays.ReadFrom}";

    public static async Task<ILookup<Guid, WholeDay>> DaysAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, Guid[] accounts, DateOnly from, DateOnly to, TimeOnly nightlyAt, CancellationToken ct)
    {
        const string DaysSql = $"""
            SELECT d.social_account_id AS account_id, d.date_start AS day, d.difference, d.account_spend, d.total_spend
            FROM insight_days d JOIN social_accounts a ON a.id = d.social_account_id WHERE d.social_account_id = ANY (@Accounts) AND d.date_start BETWEEN @From AND @To AND {IsRead}
            """;
        return (await connection.QueryAsync<WholeDay>(new(DaysSql, new { Accounts = accounts, From = from, To = to, NightlyAt = nightlyAt.ToTimeSpan() }, transaction, TimeoutSeconds, cancellationToken: ct))).ToLookup(day => day.AccountId);
    }

    /// <param name="level">Of the members.</param>
    public static async Task<ILookup<string, NumberRow>> MembersAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, string level, IReadOnlyList<(Guid Account, string Campaign, string Id)> members, DateOnly from, DateOnly to, CancellationToken ct)
    {
        const string CampaignsSql = """
            SELECT i.campaign_meta_id AS meta_id, i.date_start AS day, CASE WHEN i.untold_rows = 0 THEN i.spend END AS spend, CASE WHEN i.untold_rows = 0 THEN i.results END AS results, i.result_type
            FROM unnest(@Accounts, @Ids) AS m (account, id) JOIN insight_campaign_days i ON i.social_account_id = m.account AND i.campaign_meta_id = m.id
            WHERE i.date_start BETWEEN @From AND @To
            """;
        const string AdSetsSql = """
            SELECT i.adset_meta_id AS meta_id, i.date_start AS day, CASE WHEN count(i.spend) = count(*) THEN sum(i.spend) END AS spend,
                CASE WHEN count(i.results) = count(*) AND count(i.result_type) = count(*) AND min(i.result_type) = max(i.result_type) THEN sum(i.results) END AS results,
                CASE WHEN min(i.result_type) = max(i.result_type) THEN min(i.result_type) END AS result_type
            FROM unnest(@Accounts, @Campaigns, @Ids) AS m (account, campaign, id)
            JOIN meta_ad_insights i ON i.campaign_meta_id = m.campaign AND i.adset_meta_id = m.id AND i.social_account_id = m.account
            WHERE i.date_start BETWEEN @From AND @To GROUP BY 1, 2
            """;
        if (members.Count == 0) return Array.Empty<NumberRow>().ToLookup(row => row.MetaId);
        return (await connection.QueryAsync<NumberRow>(new(level == BudgetPool.Campaigns ? CampaignsSql : AdSetsSql, new
        {
            Accounts = members.Select(member => member.Account).ToArray(), Campaigns = members.Select(member => member.Campaign).ToArray(), Ids = members.Select(member => member.Id).ToArray(), From = from, To = to,
        }, transaction, TimeoutSeconds, cancellationToken: ct))).ToLookup(row => row.MetaId);
    }

    /// <summary>Of days that are settled: by campaign, since that is where first looks are kept.</summary>
    public static async Task<ILookup<string, FirstSeen>> FirstSeenAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, IReadOnlyList<(Guid Account, string Campaign, string Id)> members, DateOnly from, DateOnly to, CancellationToken ct)
    {
        const string FirstSql = """
            SELECT i.campaign_meta_id AS campaign_id, COALESCE(sum(i.first_results), 0) AS first, COALESCE(sum(i.results), 0) AS now
            FROM (SELECT DISTINCT * FROM unnest(@Accounts, @Campaigns)) AS m (account, campaign) JOIN insight_campaign_days i ON i.social_account_id = m.account AND i.campaign_meta_id = m.campaign
            WHERE i.date_start BETWEEN @From AND @To AND i.first_results IS NOT NULL AND i.results IS NOT NULL GROUP BY 1
            """;
        return (await connection.QueryAsync<FirstSeen>(new(FirstSql, new { Accounts = members.Select(member => member.Account).ToArray(), Campaigns = members.Select(member => member.Campaign).ToArray(), From = from, To = to },
            transaction, TimeoutSeconds, cancellationToken: ct))).ToLookup(seen => seen.CampaignId);
    }

    /// <summary>How much of settled days was restated since then: the share of each object's spend or results, whichever is greater.</summary>
    public static async Task<IReadOnlyDictionary<string, double>> RestatedAsync(
        NpgsqlConnection connection, NpgsqlTransaction? transaction, Guid[] accounts, string[] ids, DateOnly from, DateOnly to, DateTimeOffset since, CancellationToken ct)
    {
        const string RestatedSql = """
            WITH changed AS (
                SELECT c.social_account_id, c.date_start, c.object_id, c.campaign_meta_id, c.metric, abs(COALESCE(c.new_value, 0) - COALESCE(c.old_value, 0)) AS amount
                FROM insight_changes c
                WHERE c.social_account_id = ANY (@Accounts) AND c.date_start BETWEEN @From AND @To AND c.definition_id = 0 AND c.metric IN ('spend', 'results') AND NOT c.was_partial AND c.changed_at > @Since),
            members AS (
                SELECT o.id, c.metric, sum(c.amount) AS amount FROM changed c
                LEFT JOIN meta_ad_insights n ON n.social_account_id = c.social_account_id AND n.date_start = c.date_start AND n.ad_meta_id = c.object_id
                CROSS JOIN LATERAL (VALUES (c.campaign_meta_id), (n.adset_meta_id)) AS o (id) WHERE o.id = ANY (@Ids) GROUP BY 1, 2),
            totals AS (
                SELECT o.id, sum(i.spend) AS spend, sum(i.results) AS results
                FROM meta_ad_insights i CROSS JOIN LATERAL (VALUES (i.campaign_meta_id), (i.adset_meta_id)) AS o (id)
                WHERE EXISTS (SELECT 1 FROM members) AND i.social_account_id = ANY (@Accounts) AND i.date_start BETWEEN @From AND @To AND o.id IN (SELECT id FROM members) GROUP BY 1)
            SELECT m.id, max(m.amount / NULLIF(CASE m.metric WHEN 'spend' THEN t.spend ELSE t.results END, 0))::double precision AS share FROM members m LEFT JOIN totals t ON t.id = m.id GROUP BY 1
            """;
        return (await connection.QueryAsync<(string Id, double? Share)>(new(RestatedSql, new { Accounts = accounts, Ids = ids, From = from, To = to, Since = since }, transaction, TimeoutSeconds, cancellationToken: ct)))
            .ToDictionary(one => one.Id, one => one.Share ?? 1);
    }
}
