using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Bench.Support;
using MetaAdsJobs.Core.Alerts.Evaluating;
using MetaAdsJobs.Core.Alerts.Rules;
using Microsoft.Extensions.DependencyInjection;

namespace MetaAdsJobs.Bench.Measurements;

/// <summary>
/// Twenty rules, each over 10,000 ads of twenty accounts with 45 days of numbers, half of them compared with medians: how long one evaluation of all takes, the first with all its
/// alerts and one that finds the same. And what is read for it, with a year of numbers more in the tables.
/// </summary>
internal sealed class AlertRules : IMeasurement
{
    private const int Accounts = 20;
    private const int AdsOfEach = 500;
    private const int Days = 45;
    private const int OlderDays = 365;

    // Windows, and the days of the medians beside them.
    private static readonly int[] Windows = [1, 2, 3, 5, 7, 10, 14, 21, 28, 1];
    private static readonly string[] Metrics = ["spend", "cpc", "ctr", "spend_without_results", "impressions"];

    public string Name => "alerts";

    public async Task<IReadOnlyList<Result>> RunAsync(BenchCluster cluster, BenchOptions options, CancellationToken ct)
    {
        await using var service = new BenchService(cluster, await cluster.NewDatabaseAsync(ct));
        await service.NewRequestAsync(ct);
        await service.Database.ExecuteAsync(AccountsSql);
        await FillAsync(service, 0, Days);
        await service.Database.ExecuteAsync("UPDATE alert_rules SET enabled = false");
        var rules = new List<AlertRule>();
        for (var number = 0; number < 20; number++) rules.Add(await AddRuleAsync(service, number, ct));
        var evaluate = service.Services.GetRequiredService<EvaluateAlerts>();

        var first = await EvaluateAsync();
        var second = await EvaluateAsync();
        await FillAsync(service, Days, OlderDays);
        // As if another night had come in.
        var third = await EvaluateAsync();
        var firing = await service.Database.ScalarAsync<long>("SELECT count(*) FROM alert_states WHERE is_firing");
        var plans = new PlanReader(service.Database, cluster.ServerLog);
        var isKnown = await plans.StartAsync();
        WorkDone? work = null;
        if (isKnown)
        {
            await using var watched = new BenchService(cluster, service.Database);
            await service.Database.ExecuteAsync("UPDATE alert_rules SET evaluated_at = NULL");
            await plans.ReadAsync(ct);
            foreach (var rule in rules) await watched.Services.GetRequiredService<EvaluateAlerts>().EvaluateAsync(rule.Id, null, ct);
            work = await plans.ReadAsync(ct);
        }

        // Each row of its days once, and what it knows of its objects: nothing of the year before.
        var needed = rules.Sum(rule => (long)((rule.WindowDays ?? 0) + (rule.MedianDays ?? 0)) * Accounts * AdsOfEach);
        var most = (2 * needed) + (20L * 20 * Accounts * AdsOfEach);
        return
        [
            new("20 rules over 10,000 objects in", $"{first.TotalSeconds:0.0} s", "≤ 10 s", first.TotalSeconds <= 10, $"450,000 rows of numbers; the first time, {firing} objects fire"),
            new("the same again", $"{second.TotalSeconds:0.0} s", "≤ 10 s", second.TotalSeconds <= 10, "nothing has changed"),
            new("the same with a year of numbers more", $"{third.TotalSeconds:0.0} s", "≤ 10 s", third.TotalSeconds <= 10, $"{(OlderDays + Days) * Accounts * AdsOfEach:N0} rows"),
            new("rows read for it", work is null ? "plans unknown" : $"{work.Rows:N0}", $"≤ {most:N0}", work is null || work.Rows <= most, work?.ToString() ?? "this PostgreSQL lacks auto_explain"),
        ];

        async Task<TimeSpan> EvaluateAsync()
        {
            await service.Database.ExecuteAsync("ANALYZE");
            await service.Database.ExecuteAsync("UPDATE alert_rules SET evaluated_at = NULL");
            var watch = Stopwatch.StartNew();
            await evaluate.ExecuteAsync(ct);
            return watch.Elapsed;
        }
    }

    private static async Task<AlertRule> AddRuleAsync(BenchService service, int number, CancellationToken ct)
    {
        var body = new JsonObject
        {
            ["name"] = $"Rule {number}", ["metric"] = Metrics[number % Metrics.Length], ["level"] = "ad", ["when"] = number % 3 == 0 ? "below" : "above", ["window_days"] = Windows[number % Windows.Length], ["enabled"] = true,
            ["threshold"] = number % 2 == 0 ? 5 : 180, ["floor_metric"] = "clicks", ["floor_least"] = 10, ["evaluations"] = 1 + (number % 3),
        };
        if (number % 2 == 1) (body["compare"], body["median_days"]) = ("median", number % 4 == 1 ? 7 : 28);
        var saved = await service.Services.GetRequiredService<SaveAlertRule>().CreateAsync(JsonSerializer.SerializeToElement(body), "bench", ct);
        return saved is AlertRuleSaved.Done done ? done.Value : throw new BenchException($"The rule was refused: {JsonSerializer.Serialize((saved as AlertRuleSaved.Invalid)?.Errors.ToDictionary())}");
    }

    private static async Task FillAsync(BenchService service, int from, int days)
    {
        await service.Database.ExecuteAsync($"SELECT ensure_insight_partitions(current_date - {from + days}, current_date)");
        await service.Database.ExecuteAsync($"""
            SET session_replication_role = replica; SET synchronous_commit = off;
            INSERT INTO insight_days (social_account_id, date_start, synced_at, sync_id, is_partial, rows, spend, vanished_rows, vanished_spend, first_at)
            SELECT a.id, current_date - d, now() - interval '3 hours', gen_random_uuid(), false, {AdsOfEach}, 0, 0, 0, (current_date - d + 1)::timestamp + interval '4 hours' FROM social_accounts a, generate_series({from + 1}, {from + days}) d;
            INSERT INTO meta_ad_insights (social_account_id, date_start, ad_meta_id, adset_meta_id, campaign_meta_id, impressions, clicks, link_clicks, reach, spend, results, result_type, currency, raw, is_partial, synced_at)
            SELECT a.id, current_date - d, a.no || lpad(x::text, 6, '0'), a.no || 's' || x / 5, a.no || 'c' || x / 10, 500 + hashint4(x * 31 + d) % 400, 20 + hashint4(x * 17 + d) % 20, 10, 400, 3 + (hashint4(x + d * 7) % 300) / 100.0,
                abs(hashint4(x + d) % 3), 'purchase', 'EUR', jsonb_build_object('ad_name', 'Ad ' || x), false, now()
            FROM generate_series({from + 1}, {from + days}) d, (SELECT id, substr(ad_account_id, 5) AS no FROM social_accounts) a, generate_series(1, {AdsOfEach}) x
            """);
    }

    private static readonly string AccountsSql = $"""
        INSERT INTO social_accounts
        SELECT (jsonb_populate_record(a, jsonb_build_object('id', md5('account ' || n)::uuid, 'name', 'Shop ' || n, 'ad_account_id', 'act_' || 5000000 + n, 'currency', 'EUR', 'timezone_name', 'UTC'))).*
        FROM social_accounts a, generate_series(1, {Accounts}) n;
        DELETE FROM social_accounts WHERE name = 'An account'
        """;
}
