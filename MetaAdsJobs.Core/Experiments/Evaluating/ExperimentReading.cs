using Dapper;
using MetaAdsJobs.Core.Experiments.Judging;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Insights;
using Npgsql;

namespace MetaAdsJobs.Core.Experiments.Evaluating;

/// <summary>Reads all experiments of an account that are to be judged, and their numbers: as many statements for five hundred as for one.</summary>
internal static class ExperimentReading
{
    private const int MostVariants = 8;

    // What was decided is looked at again for as long as Meta may change what it rests on.
    public const int RestatedForDays = 60;

    /// <summary>Held until the transaction's end: nobody else judges them, or decides what becomes of them.</summary>
    /// <returns>Those that nobody else holds.</returns>
    public static async Task<IReadOnlyList<JudgedExperiment>> TakeAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid accountId, DateTimeOffset now, CancellationToken ct)
    {
        const string TakeSql = """
            SELECT e.id, e.level, e.metric, e.result_type, e.smallest_difference::float8 AS smallest, e.least_results, e.attribution_days, e.most_days, e.planned_results::float8 AS planned, e.state = 'decided' AS is_decided, e.decided_until,
                (e.created_at AT TIME ZONE a.timezone_name)::date AS begun_on
            FROM experiments e JOIN social_accounts a ON a.id = e.social_account_id
            WHERE e.social_account_id = @AccountId AND e.state <> 'stopped' AND (e.state = 'running' OR e.decided_at > @Now - @RestatedFor * interval '1 day')
            ORDER BY e.id FOR NO KEY UPDATE OF e SKIP LOCKED
            """;
        const string VariantsSql = """
            SELECT v.experiment_id, v.nth, COALESCE(d.meta_id, s.meta_id) AS meta_id, COALESCE(h.meta_id, s.meta_id) AS ad_set_id, s.daily_budget, a.currency
            FROM experiment_variants v JOIN experiments e ON e.id = v.experiment_id JOIN social_accounts a ON a.id = e.social_account_id LEFT JOIN meta_adsets s ON s.request_id = e.request_id AND s.step = v.step
            LEFT JOIN meta_ads d ON e.level = 'ad' AND d.request_id = e.request_id AND d.step = v.step LEFT JOIN meta_adsets h ON h.id = d.adset_db_id
            WHERE v.experiment_id = ANY (@Ids) ORDER BY v.experiment_id, v.nth
            """;
        const string LastSql = """
            SELECT v.experiment_id, v.no, v.since, v.until, v.days, v.ending, v.winner, v.leader, v.losers, v.restated_on, v.gates::text AS gates, v.totals::text AS totals, v.comparisons::text AS comparisons, v.numbers::text AS numbers,
                (SELECT p.state FROM experiment_proposals p WHERE p.experiment_id = v.experiment_id ORDER BY p.created_at DESC, p.id DESC LIMIT 1) AS proposal
            FROM unnest(@Ids) AS k (id) CROSS JOIN LATERAL (SELECT * FROM experiment_verdicts o WHERE o.experiment_id = k.id ORDER BY o.no DESC LIMIT 1) v
            """;
        var taken = (await connection.QueryAsync<Row>(new(TakeSql, new { AccountId = accountId, Now = now, RestatedFor = RestatedForDays }, transaction, cancellationToken: ct))).AsList();
        if (taken.Count == 0) return [];
        var ids = taken.ConvertAll(row => row.Id).ToArray();
        var variants = (await connection.QueryAsync<VariantRow>(new(VariantsSql, new { Ids = ids }, transaction, cancellationToken: ct))).ToLookup(row => row.ExperimentId);
        var last = (await connection.QueryAsync<VerdictRow>(new(LastSql, new { Ids = ids }, transaction, cancellationToken: ct))).ToDictionary(row => row.ExperimentId);
        return [.. taken.Select(row => new JudgedExperiment
        {
            Id = row.Id, ResultType = row.ResultType, BegunOn = row.BegunOn, IsDecided = row.IsDecided, DecidedUntil = row.DecidedUntil, Rules = new()
            {
                Metric = row.Metric, AreAds = row.Level == ExperimentLevel.Ad, Variants = variants[row.Id].Count(), Smallest = row.Smallest, LeastResults = row.LeastResults, AttributionDays = row.AttributionDays, MostDays = row.MostDays, PlannedResults = row.Planned,
            },
            MetaIds = variants[row.Id].All(one => one.MetaId is not null) ? [.. variants[row.Id].Select(one => one.MetaId!)] : [], AdSets = [.. variants[row.Id].Select(one => one.AdSetId ?? "")],
            DailyBudgetCents = [.. variants[row.Id].Select(one => one.DailyBudget is { } units ? Currency.ToHundredths(one.Currency, units) : (long?)null)],
            LastNo = last.GetValueOrDefault(row.Id)?.No ?? 0, Last = last.GetValueOrDefault(row.Id)?.ToVerdict(), Proposal = last.GetValueOrDefault(row.Id)?.Proposal,
        })];
    }

    /// <summary>By experiment; of one without ad sets nothing.</summary>
    public static async Task<IReadOnlyDictionary<Guid, ExperimentNumbers>> NumbersAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, Guid accountId, IReadOnlyList<JudgedExperiment> experiments, DateTimeOffset now, CancellationToken ct)
    {
        // Whole is what has been seen whole, and can be held against Meta's own sum: of a day that is over Meta may have told nothing of some campaigns, or ads.
        const string DaysSql = """
            SELECT (@Now AT TIME ZONE a.timezone_name)::date AS today, d.date_start AS day, (COALESCE(d.seen_at, d.first_at, d.synced_at) AT TIME ZONE a.timezone_name)::date AS read_on, NOT d.is_partial AND d.first_at IS NOT NULL AND d.difference IS NOT NULL AS is_whole, d.account_spend::float8 AS told, d.difference::float8 AS difference
            FROM social_accounts a LEFT JOIN insight_days d ON d.social_account_id = a.id AND d.date_start >= @Since
            WHERE a.id = @AccountId ORDER BY d.date_start
            """;
        // Exactly one type of action: Meta lists the same event under several names. Where there is a type and no number, Meta has left its list of actions out: that is not that nothing came. Nor is it where a number stands from before and its list is
        // gone. A list that is not there is one of nothing, unless the sync that read the day last says that Meta would not tell it, of that ad or all: in RunReports' words, which one that has not ended keeps with its reports, too.
        var numbersSql = $$"""
            WITH untold AS MATERIALIZED (
                SELECT d.date_start AS day, COALESCE(m[3], 'all') AS whose, m[5] AS what
                FROM insight_days d JOIN insight_syncs s ON s.sync_id = d.sync_id
                CROSS JOIN LATERAL unnest(s.left_out || ARRAY(SELECT r.error FROM insight_reports r WHERE r.sync_id = d.sync_id AND r.error IS NOT NULL)) AS told
                CROSS JOIN LATERAL regexp_match(told, '^(?:report ads of (\d{4}-\d\d-\d\d) to (\d{4}-\d\d-\d\d)|(.*) on (\d{4}-\d\d-\d\d) in report ads), without ([^:]*)') AS m
                WHERE d.social_account_id = @AccountId AND d.date_start >= @First AND d.date_start BETWEEN COALESCE(m[1], m[4])::date AND COALESCE(m[2], m[4])::date
                UNION ALL
                SELECT d.date_start, 'all', array_to_string(r.refused_fields, ' ')
                FROM insight_days d JOIN insight_reports r ON r.sync_id = d.sync_id AND r.definition_id = 0 AND d.date_start BETWEEN r.since AND r.until AND r.refused_fields <> '{}'
                WHERE d.social_account_id = @AccountId AND d.date_start >= @First)
            SELECT v.nth AS at, i.date_start AS day, COALESCE(sum(i.impressions), 0)::float8 AS impressions, COALESCE(sum(i.link_clicks), 0)::float8 AS link_clicks, COALESCE(sum(i.spend), 0)::float8 AS spend,
                COALESCE(sum(CASE WHEN v.type IS NULL THEN i.results ELSE c.results END), 0)::float8 AS results, COALESCE(sum(c.value), 0)::float8 AS value,
                min(i.result_type) AS result_type, bool_and(i.impressions IS NOT NULL AND i.spend IS NOT NULL AND (i.results IS NOT NULL OR i.result_type IS NULL)
                    AND (NOT v.needs OR COALESCE(i.results, 0) = 0 OR i.raw ->> ({{ResultActions.FieldSql("i.result_type")}}) IS NOT NULL)
                    AND (v.type IS NULL OR i.raw ->> ({{ResultActions.FieldSql("v.type")}}) IS NOT NULL OR NOT {{IsUntold("actions|video_thruplay_watched_actions")}})
                    AND (NOT v.worth OR i.raw ->> 'action_values' IS NOT NULL OR NOT {{IsUntold("action_values")}})) AS is_told
            FROM unnest(@Nths, @AdSets, @Ads, @Types, @Since, @Needs, @Values) AS v (nth, adset, ad, type, since, needs, worth)
            JOIN meta_adsets s ON s.meta_id = v.adset JOIN meta_campaigns k ON k.id = s.campaign_db_id
            JOIN meta_ad_insights i ON i.campaign_meta_id = k.meta_id AND i.date_start >= v.since AND i.adset_meta_id = v.adset AND i.social_account_id = @AccountId AND (v.ad IS NULL OR i.ad_meta_id = v.ad)
            LEFT JOIN LATERAL (SELECT
                (SELECT sum((x ->> 'value')::numeric) FROM jsonb_path_query(i.raw -> ({{ResultActions.FieldSql("v.type")}}), '$[*]') x WHERE x ->> 'action_type' = v.type) AS results,
                (SELECT sum((x ->> 'value')::numeric) FROM jsonb_path_query(i.raw -> 'action_values', '$[*]') x WHERE x ->> 'action_type' = COALESCE(v.type, i.result_type)) AS value) c ON v.needs
            GROUP BY v.nth, i.date_start
            """;
        // What each is called, gets and runs until makes it no other one: that shows in what it spends. What was changed in Ads Manager may have been so on each day since it was looked at before.
        const string ChangedSql = """
            SELECT DISTINCT v.nth AS at, n.day::date AS day
            FROM social_accounts a, unnest(@Nths, @AdSets, @Ads) AS v (nth, adset, ad) JOIN meta_adsets s ON s.meta_id = v.adset JOIN meta_campaigns k ON k.id = s.campaign_db_id
            CROSS JOIN LATERAL (SELECT v.adset AS meta_id WHERE v.ad IS NULL UNION ALL SELECT d.meta_id FROM meta_ads d WHERE d.adset_db_id = s.id AND (v.ad IS NULL OR d.meta_id = v.ad)) o
            CROSS JOIN LATERAL (
                SELECT e.completed_at AS since, e.completed_at AS at FROM campaign_edits e
                WHERE e.request_id = k.request_id AND e.meta_id = o.meta_id AND e.kind = 'update' AND e.state = 'succeeded' AND e.fields - '{name,daily_budget_cents,lifetime_budget_cents,if_budget_is,end_time}'::text[] <> '{}'
                UNION ALL
                SELECT COALESCE(x.since, x.found_at - interval '1 day'), x.found_at FROM outside_changes x WHERE x.request_id = k.request_id AND x.meta_id = o.meta_id AND x.field NOT IN ('name', 'status', 'daily_budget', 'lifetime_budget', 'end_time')) c
            CROSS JOIN LATERAL generate_series((c.since AT TIME ZONE a.timezone_name)::date, (c.at AT TIME ZONE a.timezone_name)::date, interval '1 day') AS n (day)
            WHERE a.id = @AccountId
            """;
        var made = experiments.Where(one => one.MetaIds.Count > 0).ToList();
        if (made.Count == 0) return new Dictionary<Guid, ExperimentNumbers>();
        var days = (await connection.QueryAsync<DayRow>(new(DaysSql, new { Now = now, AccountId = accountId, Since = made.Min(one => one.BegunOn) }, transaction, cancellationToken: ct))).AsList();
        var asked = made.SelectMany((one, at) => one.AdSets.Select((adSet, nth) => (At: (at * MostVariants) + nth, AdSet: adSet, Ad: one.Rules.AreAds ? one.MetaIds[nth] : null, one.ResultType, one.BegunOn, Needs: one.ResultType is not null || one.Rules.Metric == ExperimentMetric.ValuePerSpend, Values: one.Rules.Metric == ExperimentMetric.ValuePerSpend))).ToList();
        var rows = (await connection.QueryAsync<NumberRow>(new(numbersSql, new
        {
            AccountId = accountId, Nths = asked.ConvertAll(one => one.At).ToArray(), AdSets = asked.ConvertAll(one => one.AdSet).ToArray(), Ads = asked.ConvertAll(one => one.Ad).ToArray(), Types = asked.ConvertAll(one => one.ResultType).ToArray(),
            Since = asked.ConvertAll(one => one.BegunOn).ToArray(), First = made.Min(one => one.BegunOn), Needs = asked.ConvertAll(one => one.Needs).ToArray(), Values = asked.ConvertAll(one => one.Values).ToArray(),
        }, transaction, commandTimeout: 120, cancellationToken: ct))).ToLookup(row => row.At);
        var changed = (await connection.QueryAsync<(int At, DateOnly Day)>(new(ChangedSql, new
        {
            AccountId = accountId, Nths = asked.ConvertAll(one => one.At).ToArray(), AdSets = asked.ConvertAll(one => one.AdSet).ToArray(), Ads = asked.ConvertAll(one => one.Ad).ToArray(),
        }, transaction, commandTimeout: 120, cancellationToken: ct))).ToLookup(one => one.At / MostVariants, one => one.Day);
        var told = days.Where(day => day.Day is not null).ToList();
        return made.Select((one, at) => (one.Id, Numbers: Of(one, days[0].Today, told, [.. changed[at]], [.. one.AdSets.Select((_, nth) => rows[(at * MostVariants) + nth].ToDictionary(row => row.Day))]))).ToDictionary(one => one.Id, one => one.Numbers);
    }

    // The deleted and archived ads are asked for together.
    private static string IsUntold(string lists) => $$"""
        EXISTS (SELECT 1 FROM untold u WHERE u.day = i.date_start AND u.what ~ '\m({{lists}})\M'
            AND u.whose IN ('all', 'the account', 'the deleted and archived ads', 'campaign ' || i.campaign_meta_id, 'ad ' || i.ad_meta_id))
        """;

    private static ExperimentNumbers Of(JudgedExperiment one, DateOnly today, List<DayRow> days, IReadOnlyList<DateOnly> changed, List<Dictionary<DateOnly, NumberRow>> variants)
    {
        var types = variants.SelectMany(rows => rows.Values.Select(row => row.ResultType)).OfType<string>().Distinct().Take(2).Count();
        return new(today, [.. days.Where(day => day.Day >= one.BegunOn).Select(day => new ExperimentDay(
            day.Day!.Value, day.ReadOn, day.IsWhole && variants.TrueForAll(rows => !rows.TryGetValue(day.Day.Value, out var row) || row.IsTold),
            [.. variants.Select(rows => rows.TryGetValue(day.Day.Value, out var row) ? new VariantNumbers(row.Impressions, row.LinkClicks, row.Spend, row.Results, row.Value) : default)]))],
            one.ResultType is not null || types <= 1, days.Where(day => day is { Told: not null, Difference: not null }).ToDictionary(day => day.Day!.Value, day => new AccountSum(day.Told!.Value, day.Difference!.Value)), changed);
    }

    private sealed record Row
    {
        public Guid Id { get; init; }
        public string Level { get; init; } = "";
        public string Metric { get; init; } = "";
        public string? ResultType { get; init; }
        public double Smallest { get; init; }
        public int LeastResults { get; init; }
        public int AttributionDays { get; init; }
        public int MostDays { get; init; }
        public double Planned { get; init; }
        public bool IsDecided { get; init; }
        public DateOnly? DecidedUntil { get; init; }
        public DateOnly BegunOn { get; init; }
    }

    private sealed record VariantRow
    {
        public Guid ExperimentId { get; init; }
        public int Nth { get; init; }
        public string? MetaId { get; init; }
        public string? AdSetId { get; init; }
        public long? DailyBudget { get; init; }
        public string Currency { get; init; } = "";
    }

    private sealed record DayRow
    {
        public DateOnly Today { get; init; }
        public DateOnly? Day { get; init; }
        public DateOnly ReadOn { get; init; }
        public bool IsWhole { get; init; }
        public double? Told { get; init; }
        public double? Difference { get; init; }
    }

    private sealed record NumberRow
    {
        public int At { get; init; }
        public DateOnly Day { get; init; }
        public double Impressions { get; init; }
        public double LinkClicks { get; init; }
        public double Spend { get; init; }
        public double Results { get; init; }
        public double Value { get; init; }
        public string? ResultType { get; init; }
        public bool IsTold { get; init; }
    }
}
