using System.Globalization;
using System.Text.Json.Nodes;
using Npgsql;

namespace MetaAdsJobs.Launch.Demo;

/// <summary>
/// Three accounts with forty campaigns, ninety days of numbers, an experiment with a winner, a pool with a proposal, some failures, a stop and a restated week: made through the API like anybody's, so that a newcomer sees every
/// page full. Only in stub mode; made once, by fixed ids and keys: begun again, it goes on.
/// </summary>
internal sealed class DemoWorld(ServiceClient service, string connectionString, Action<string> say, TimeProvider time)
{
    private const int Campaigns = 40;
    private const int Days = 90;
    private const int RestatedDays = 7;
    private const int ExperimentDays = 45;

    // Link clicks that one unit of the currency brings: of the experiment's variants, and of the pool's ad sets.
    private static readonly double[] Headlines = [2, 2.1, 3.1];
    private static readonly double[] Audiences = [2.2, 1.3, 3.4];
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private static readonly (string Name, string AdAccount, string Currency, string Zone, string Country)[] Accounts =
    [
        ("Shoes, Spain", "act_1000000011", "EUR", "Europe/Madrid", "ES"),
        ("Shoes, Japan", "act_1000000012", "JPY", "Asia/Tokyo", "JP"),
        ("Outlet, USA", "act_1000000013", "USD", "America/New_York", "US"),
    ];

    private static readonly (string Title, string Field, string Url)[] Clips =
    [
        ("Autumn boots", "video_url", "https://example.com/clips/autumn-boots.mp4"),
        ("Running at dawn", "video_url", "https://example.com/clips/running.mp4"),
        ("White sneakers", "image_url", "https://example.com/clips/sneakers.jpg"),
        ("Sandals", "image_url", "https://example.com/clips/sandals.jpg"),
        // The stub cannot read it: what is made of it fails, and is undone.
        ("A cut that went wrong", "video_url", "https://example.com/clips/broken.mp4"),
    ];

    private static readonly string[] Seasons = ["Autumn", "Back to school", "Singles day", "Black Friday", "Winter", "New year", "Sale", "Spring", "Marathon", "Summer"];

    public async Task BuildAsync(CancellationToken ct)
    {
        say($"The demo world: {Accounts.Length} accounts, {Campaigns} campaigns, {Days} days of numbers …");
        for (var at = 0; at < Accounts.Length; at++) await EnsureAccountAsync(at, ct);
        for (var at = 0; at < Clips.Length; at++) await EnsureAsync("/meta/clips", ClipId(at), new JsonObject { ["id"] = ClipId(at), ["title"] = Clips[at].Title, [Clips[at].Field] = Clips[at].Url }, ct);
        var runs = new List<string>();
        for (var number = 0; number < Campaigns; number++) runs.Add((string)(await service.PostAsync("/meta/orchestrate/run", Request(number).ToJsonString(), ct, key: $"world-{number}"))["request_id"]!);
        var experiment = await service.PostAsync("/meta/experiments", Experiment(), ct, key: "world-experiment");
        var pooled = (string)(await service.PostAsync("/meta/orchestrate/run", Pooled(), ct, key: "world-pool"))["request_id"]!;
        var results = new List<JsonNode>();
        foreach (var run in runs) results.Add(await UntilAsync($"/meta/orchestrate/runs/{run}", one => one is "succeeded" or "failed" or "cancelled", ct));

        await UntilAsync($"/meta/orchestrate/runs/{experiment["request_id"]}", one => one is "succeeded" or "failed" or "cancelled", ct);
        var pool = await UntilAsync($"/meta/orchestrate/runs/{pooled}", one => one is "succeeded" or "failed" or "cancelled", ct);
        await BackdateAsync(Guid.Parse((string)experiment["experiment_id"]!), ct);
        await SpendAsGivenAsync(Guid.Parse((string)experiment["request_id"]!), Headlines, ct);
        await SpendAsGivenAsync(Guid.Parse(pooled), Audiences, ct);

        await SyncAsync(Days, ct);
        await RestateAsync(ct);
        await SyncAsync(RestatedDays, ct);
        foreach (var (campaign, at) in results.Select(result => (string?)result["campaign_creation"]?["campaign_meta_id"]).Index().Select(one => (one.Item, one.Index)))
            if (campaign is not null && (string?)results[at]["status"] == "succeeded" && at % 8 == 3) await service.PostAsync($"/meta/campaigns/{campaign}/pause", "{}", ct);
        await PoolAsync(pool, ct);
        await service.PostAsync($"/meta/accounts/{AccountId(2)}/stop", """{"reason":"the outlet is closed until Monday"}""", ct);
        say(string.Create(CultureInfo.InvariantCulture, $"The demo world is there: {results.Count(result => (string?)result["status"] == "succeeded")} campaigns were built, {results.Count(result => (string?)result["status"] == "failed")} failed and were undone."));
    }

    private static string AccountId(int at) => $"5c1a0000-0000-4000-8000-00000000001{at + 1}";

    private static string ClipId(int at) => $"5c1a0000-0000-4000-8000-00000000002{at + 1}";

    private async Task EnsureAccountAsync(int at, CancellationToken ct)
    {
        var (name, adAccount, currency, zone, country) = Accounts[at];
        await EnsureAsync("/meta/accounts", AccountId(at), new JsonObject
        {
            ["id"] = AccountId(at), ["name"] = name, ["ad_account_id"] = adAccount, ["page_id"] = $"200000001{at}", ["instagram_user_id"] = $"300000001{at}", ["pixel_id"] = $"400000001{at}", ["currency"] = currency,
            ["timezone_name"] = zone, ["default_countries"] = new JsonArray(country), ["access_token"] = "stub-token", ["daily_cap_cents"] = 100_000_000,
        }, ct);
    }

    private async Task EnsureAsync(string path, string id, JsonObject body, CancellationToken ct)
    {
        if (!await service.ExistsAsync($"{path}/{id}", ct)) await service.PostAsync(path, body.ToJsonString(), ct);
    }

    private static JsonObject Request(int number)
    {
        var (account, season, isTree) = (number % 3, Seasons[number % Seasons.Length], number % 5 == 2);
        var clip = number % 13 == 12 ? Clips.Length - 1 : number % (Clips.Length - 1);
        var (objective, goal) = (number % 4) switch
        {
            0 => ("OUTCOME_SALES", "OFFSITE_CONVERSIONS"),
            1 => ("OUTCOME_TRAFFIC", "LINK_CLICKS"),
            2 => ("OUTCOME_AWARENESS", "REACH"),
            _ => ("OUTCOME_TRAFFIC", "LANDING_PAGE_VIEWS"),
        };
        var request = new JsonObject
        {
            ["social_account_id"] = AccountId(account), ["clip_id"] = ClipId(clip), ["campaign_name"] = $"{season} {2026 + (number / 30)}, {Clips[clip].Title}", ["campaign_objective"] = objective,
            ["daily_budget_cents"] = (Accounts[account].Currency == "JPY" ? 100 : 1) * (2000 + (number * 100)), ["creative_title"] = $"{season}: {Clips[clip].Title}", ["creative_description"] = "Free returns for 60 days",
            ["landing_url"] = $"https://example.com/{season.ToLowerInvariant().Replace(' ', '-')}", ["optimization_goal"] = goal, ["auto_publish"] = number % 4 != 3,
        };
        if (isTree)
        {
            JsonObject Ad(int other) => new() { ["clip_id"] = ClipId((clip + other) % (Clips.Length - 1)) };
            request["ad_sets"] = new JsonArray(
                new JsonObject { ["name"] = "Younger", ["targeting"] = new JsonObject { ["age_min"] = 18, ["age_max"] = 34 }, ["ads"] = new JsonArray(Ad(0), Ad(1)) },
                new JsonObject { ["name"] = "Older", ["targeting"] = new JsonObject { ["age_min"] = 35, ["age_max"] = 65 }, ["ads"] = new JsonArray(Ad(0), Ad(2), Ad(3)) });
        }

        return request;
    }

    private static string Experiment() => new JsonObject
    {
        ["name"] = "Which headline", ["thing"] = "text", ["metric"] = "cost_per_result", ["most_days"] = 56,
        ["variants"] = new JsonArray(new JsonObject { ["name"] = "Plain" }, new JsonObject { ["name"] = "Question", ["creative_title"] = "Cold feet?" }, new JsonObject { ["name"] = "Offer", ["creative_title"] = "Half the price" }),
        ["request"] = new JsonObject
        {
            ["social_account_id"] = AccountId(0), ["clip_id"] = ClipId(0), ["campaign_name"] = "Headlines", ["campaign_objective"] = "OUTCOME_TRAFFIC", ["daily_budget_cents"] = 5000, ["creative_title"] = "Autumn boots",
            ["landing_url"] = "https://example.com/boots", ["optimization_goal"] = "LANDING_PAGE_VIEWS", ["auto_publish"] = true,
        },
    }.ToJsonString();

    // Three audiences with the same budget each.
    private static string Pooled()
    {
        JsonObject Set(string name, int from, int to) => new() { ["name"] = name, ["targeting"] = new JsonObject { ["age_min"] = from, ["age_max"] = to }, ["ads"] = new JsonArray(new JsonObject()) };
        return new JsonObject
        {
            ["social_account_id"] = AccountId(0), ["clip_id"] = ClipId(3), ["campaign_name"] = "Sandals by age", ["campaign_objective"] = "OUTCOME_TRAFFIC", ["daily_budget_cents"] = 4000, ["creative_title"] = "Light as air",
            ["landing_url"] = "https://example.com/sandals", ["optimization_goal"] = "LINK_CLICKS", ["auto_publish"] = true, ["ad_sets"] = new JsonArray(Set("18 to 29", 18, 29), Set("30 to 49", 30, 49), Set("50 and above", 50, 65)),
        }.ToJsonString();
    }

    private async Task PoolAsync(JsonNode run, CancellationToken ct)
    {
        if ((await service.GetAsync("/meta/budget-pools", ct))["items"]!.AsArray().Count > 0) return;
        var members = (run["ad_sets"] as JsonArray ?? []).Select(set => (string?)set!["adset_meta_id"]).OfType<string>().Select(id => (JsonNode)new JsonObject { ["id"] = id });
        await service.PostAsync("/meta/budget-pools", new JsonObject { ["social_account_id"] = AccountId(0), ["name"] = "Sandals", ["mode"] = "ask", ["members"] = new JsonArray([.. members]) }.ToJsonString(), ct);
    }

    // Made long ago, and their ads spend what they are given: else there would be nothing to decide.
    private async Task SpendAsGivenAsync(Guid run, double[] pulls, CancellationToken ct)
    {
        const string SpendSql = """
            WITH old AS (UPDATE meta_adsets SET created_at = now() - interval '60 days' WHERE request_id = $1 AND created_at > now() - interval '2 days')
            INSERT INTO stub_graph.markets (ad_id, pull, spent, until)
            SELECT d.meta_id, ($2::float8[])[row_number() OVER (ORDER BY s.step)], s.daily_budget, current_date - 1 FROM meta_ads d JOIN meta_adsets s ON s.id = d.adset_db_id WHERE d.request_id = $1
            ON CONFLICT DO NOTHING
            """;
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(ct);
        await using var command = new NpgsqlCommand(SpendSql, connection) { Parameters = { new() { Value = run }, new() { Value = pulls } } };
        await command.ExecuteNonQueryAsync(ct);
    }

    // The stub's numbers are there for days before an ad was made, too: so are the experiment's.
    private async Task BackdateAsync(Guid experiment, CancellationToken ct)
    {
        const string BackdateSql = "UPDATE experiments SET created_at = now() - $2 * interval '1 day' WHERE id = $1 AND judged_at IS NULL";
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(ct);
        await using var command = new NpgsqlCommand(BackdateSql, connection) { Parameters = { new() { Value = experiment }, new() { Value = ExperimentDays } } };
        await command.ExecuteNonQueryAsync(ct);
    }

    private async Task SyncAsync(int days, CancellationToken ct)
    {
        var until = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime).AddDays(-1);
        var syncs = new List<string>();
        for (var at = 0; at < Accounts.Length; at++)
            syncs.Add((string)(await service.PostAsync(string.Create(CultureInfo.InvariantCulture, $"/meta/orchestrate/sync-insights/{AccountId(at)}?since={until.AddDays(1 - days):yyyy-MM-dd}&until={until:yyyy-MM-dd}"), "{}", ct))["sync_id"]!);
        foreach (var sync in syncs) await UntilAsync($"/meta/insights/syncs/{sync}", one => one is "succeeded" or "failed", ct);
    }

    // What Meta does by itself: other numbers for the last days of the first account.
    private async Task RestateAsync(CancellationToken ct)
    {
        const string RestateSql = "INSERT INTO stub_graph.restatements (account_id, generation) VALUES ($1, 1) ON CONFLICT (account_id) DO UPDATE SET generation = restatements.generation + 1";
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(ct);
        await using var command = new NpgsqlCommand(RestateSql, connection) { Parameters = { new() { Value = Accounts[0].AdAccount["act_".Length..] } } };
        await command.ExecuteNonQueryAsync(ct);
    }

    private async Task<JsonNode> UntilAsync(string path, Func<string?, bool> isOver, CancellationToken ct)
    {
        var since = time.GetTimestamp();
        while (true)
        {
            var one = await service.GetAsync(path, ct);
            if (isOver((string?)(one["status"] ?? one["state"])) || time.GetElapsedTime(since) > Patience) return one;
            await Task.Delay(TimeSpan.FromMilliseconds(200), time, ct);
        }
    }
}
