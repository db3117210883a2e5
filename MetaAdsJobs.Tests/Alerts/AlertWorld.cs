using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Core.Alerts.Evaluating;
using MetaAdsJobs.Core.Alerts.Reading;
using MetaAdsJobs.Core.Alerts.Rules;
using MetaAdsJobs.Core.Events;
using MetaAdsJobs.Core.Insights;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Alerts;

/// <summary>Rules over stored numbers on a real database, without a queue. Each test has accounts of its own, and rules of those alone.</summary>
internal sealed class AlertWorld : IAsyncDisposable
{
    private static readonly TimeSpan Morning = TimeSpan.FromHours(5);
    private readonly InProcess _core;

    private AlertWorld(InProcess core, ShiftedTime time) => (_core, Time) = (core, time);

    public ShiftedTime Time { get; }

    public T Get<T>() where T : notnull => _core.Get<T>();

    public static async Task<AlertWorld> StartAsync(params (string Name, string Value)[] settings)
    {
        var time = new ShiftedTime();
        // What was read three hours ago was read today.
        var local = TimeZoneInfo.ConvertTime(time.GetUtcNow(), TimeZoneInfo.FindSystemTimeZoneById("America/New_York")).TimeOfDay;
        if (local < Morning) time.Advance(Morning - local);
        return new(await InProcess.CreateAsync(time, [("DATA_PROTECTION_KEY", Convert.ToBase64String(new byte[32])), ("EVENTS_ALLOW_PRIVATE_HOSTS", "true"), ("EVENTS_ALLOW_HTTP", "true"), .. settings]), time);
    }

    public Task<Guid> AddAccountAsync(string timezone = "America/New_York") => _core.AddAccountAsync(timezone);

    /// <summary>The account's last whole day.</summary>
    public DateOnly LastDay(string timezone = "America/New_York") => AccountDays.Today(timezone, Time.GetUtcNow()).AddDays(-1);

    /// <summary>Whole days of an account, the last one being so many days before its last; all were read three hours ago, or at midnight, where that is later.</summary>
    public Task AddDaysAsync(Guid account, int days, int lastDaysAgo = 0, string timezone = "America/New_York", bool areFinal = true) => ExecuteAsync("""
        INSERT INTO insight_days (social_account_id, date_start, synced_at, sync_id, is_partial, rows, spend, vanished_rows, vanished_spend, account_spend, difference, impressions, clicks, total_spend, results, currency, first_at)
        SELECT @account, @last - n, r.at, gen_random_uuid(), NOT @areFinal, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 'USD', CASE WHEN @areFinal THEN r.at END
        FROM generate_series(0, @days - 1) n, (SELECT GREATEST(@now - interval '3 hours', (@last + 1)::timestamp AT TIME ZONE @timezone) AS at) r
        """, new { account, days, timezone, last = LastDay(timezone).AddDays(-lastDaysAgo), now = Time.GetUtcNow(), areFinal });

    /// <summary>A campaign's days, the last value being of the account's last day; null: no row.</summary>
    public async Task AddCampaignAsync(Guid account, string campaign, decimal?[] spend, long clicks = 100, decimal? results = 0, long untold = 0, int lastDaysAgo = 0, string timezone = "America/New_York")
    {
        var last = LastDay(timezone).AddDays(-lastDaysAgo);
        foreach (var (value, index) in spend.Select((value, index) => (value, index)))
        {
            if (value is null) continue;
            await ExecuteAsync("""
                INSERT INTO insight_campaign_days (social_account_id, date_start, campaign_meta_id, rows, vanished_rows, untold_rows, impressions, clicks, spend, results, result_type, currency, first_at)
                VALUES (@account, @day, @campaign, 1, 0, @untold, 1000, @clicks, @value, @results, 'link_click', 'USD', now())
                """, new { account, day = last.AddDays(index - spend.Length + 1), campaign, clicks, value, results, untold });
        }
    }

    public async Task<AlertRule> AddRuleAsync(Guid? account, string body)
    {
        var json = JsonNode.Parse(body)!.AsObject();
        json["name"] ??= "A rule";
        json["enabled"] ??= true;
        if (account is not null) json["account_ids"] = new JsonArray($"{account}");
        var saved = await Get<SaveAlertRule>().CreateAsync(JsonSerializer.SerializeToElement(json), "ann", CancellationToken.None);
        return saved is AlertRuleSaved.Done done ? done.Value : throw new AssertionException(JsonSerializer.Serialize(((AlertRuleSaved.Invalid)saved).Errors.ToDictionary()));
    }

    public async Task<RuleTurn> EvaluateAsync(AlertRule rule)
    {
        var seen = await Get<AlertRuleStore>().FindAsync(rule.Id, CancellationToken.None);
        return (await Get<EvaluateAlerts>().EvaluateAsync(rule.Id, seen!.EvaluatedAt, CancellationToken.None))!;
    }

    /// <summary>How each object stands by what is measured.</summary>
    public async Task<IReadOnlyList<string>> VerdictsAsync(AlertRule rule, params WatchedKey[] known)
    {
        await using var connection = await _core.Database.DataSource.OpenConnectionAsync();
        var measured = await MeasureObjects.ReadAsync(connection, null, rule, known, Time.GetUtcNow(), 0, Get<InsightsOptions>().NightlyTime, CancellationToken.None);
        return [.. measured.Told.Select(one => $"{one.Object}: {one.Verdict} {one.Value:0.##}{(one.Reference is { } median ? $" of {median:0.##}" : "")}".TrimEnd()).Order(StringComparer.Ordinal)];
    }

    public async Task<IReadOnlyList<string>> FiringAsync(AlertRule rule) =>
        [.. (await Get<AlertReader>().WatchedAsync(rule.Id, 100, CancellationToken.None)).Where(one => one.IsFiring).Select(one => one.Id).Order(StringComparer.Ordinal)];

    public async Task<(Guid Id, string Secret)> AddWebhookAsync(string body)
    {
        var saved = (WebhookSaved.Done)await Get<SaveWebhook>().CreateAsync(JsonElement.Parse(body), "ann", CancellationToken.None);
        return (saved.Value.Id, saved.Secret ?? "");
    }

    /// <summary>What was told to a webhook, the first first.</summary>
    public async Task<IReadOnlyList<JsonNode>> ToldAsync(Guid webhook) => [.. (await QueryAsync<string>("""
        SELECT e.data::text FROM event_deliveries d JOIN events e ON e.id = d.event_id WHERE d.webhook_id = @webhook ORDER BY e.occurred_at
        """, new { webhook })).Select(data => JsonNode.Parse(data)!)];

    public async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object? parameters = null)
    {
        await using var connection = await _core.Database.DataSource.OpenConnectionAsync();
        return (await connection.QueryAsync<T>(sql, parameters)).AsList();
    }

    /// <summary>An account with three days of numbers, and what its campaigns have spent on the last.</summary>
    public async Task<Guid> SpendingAsync(params (string Campaign, decimal Spend)[] campaigns)
    {
        var account = await AddAccountAsync();
        await AddDaysAsync(account, 3);
        foreach (var (campaign, spend) in campaigns) await AddCampaignAsync(account, campaign, [spend]);
        return account;
    }

    public Task SpendAsync(Guid account, string campaign, decimal spend) =>
        ExecuteAsync("UPDATE insight_campaign_days SET spend = @spend WHERE social_account_id = @account AND campaign_meta_id = @campaign", new { account, campaign, spend });

    public async Task ExecuteAsync(string sql, object? parameters = null)
    {
        await using var connection = await _core.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(sql, parameters);
    }

    public ValueTask DisposeAsync() => _core.DisposeAsync();
}
