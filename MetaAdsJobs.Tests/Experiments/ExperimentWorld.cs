using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Accounts.Tokens;
using MetaAdsJobs.Core.Experiments.Evaluating;
using MetaAdsJobs.Core.Experiments.Planning;
using MetaAdsJobs.Core.Experiments.Reading;
using MetaAdsJobs.Core.Insights;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Experiments;

/// <summary>An experiment that was begun, and its account.</summary>
internal sealed record Begun(Guid Id, Asked Run);

/// <summary>Experiments over a Graph and stored numbers, without a queue: nights come when a test says so.</summary>
internal static class ExperimentWorld
{
    public const int Started = 40;
    private const string Timezone = "America/New_York";

    public static async Task<(Guid Account, string AdAccount, Guid Clip)> AddAccountAsync(this RunWorld world)
    {
        var account = new SocialAccount
        {
            Id = Guid.NewGuid(), Name = "Our shop", AdAccountId = $"act_{Random.Shared.NextInt64(10_000_000, 99_999_999)}", PageId = "2000000001", Currency = "USD", TimezoneName = Timezone, DefaultCountries = ["US"],
        };
        Assert.That(await world.Get<AccountStore>().InsertAsync(account, world.Get<AccountTokens>().Close("a token"), CancellationToken.None), Is.True);
        return (account.Id, account.AdAccountId, await world.AddClipAsync("""{"image_url":"http://nowhere.invalid/clip.jpg"}"""));
    }

    /// <summary>A body that is right in every field, but for the changes.</summary>
    public static JsonObject Body(Guid account, Guid clip, string change = "{}")
    {
        var request = ApiClient.Request($"{account}", $"{clip}");
        request["optimization_goal"] = "LANDING_PAGE_VIEWS";
        request["campaign_objective"] = "OUTCOME_TRAFFIC";
        var body = new JsonObject
        {
            ["name"] = "Which title", ["thing"] = "text", ["attribution_days"] = 1,
            ["variants"] = new JsonArray(new JsonObject { ["name"] = "Plain" }, new JsonObject { ["name"] = "Loud", ["creative_title"] = "Really amazing" }), ["request"] = request,
        };
        foreach (var (name, value) in JsonNode.Parse(change)!.AsObject()) body[name] = value?.DeepClone();
        return body;
    }

    public static Task<ExperimentStarted> StartAsync(this RunWorld world, JsonObject body, string? key = null, bool dryRun = false) =>
        world.Get<StartExperiment>().ExecuteAsync(JsonSerializer.SerializeToElement(body), "ann", key, dryRun, CancellationToken.None);

    /// <summary>Begun so many days ago, with its ads made.</summary>
    public static async Task<Begun> BeginAsync(this RunWorld world, string change = "{}")
    {
        var (account, adAccount, clip) = await world.AddAccountAsync();
        return await world.BeginAsync(account, adAccount, clip, change);
    }

    public static async Task<Begun> BeginAsync(this RunWorld world, Guid account, string adAccount, Guid clip, string change = "{}")
    {
        var started = await world.StartAsync(Body(account, clip, change));
        Assert.That(started, Is.InstanceOf<ExperimentStarted.Begun>(), started is ExperimentStarted.Invalid invalid ? JsonSerializer.Serialize(invalid.Errors.ToDictionary()) : "");
        var begun = (ExperimentStarted.Begun)started;
        var run = new Asked(begun.RequestId, account, adAccount, clip);
        Assert.That((await world.RunAsync(run)).Result.Status, Is.EqualTo("succeeded"));
        await world.ExecuteAsync("UPDATE experiments SET created_at = now() - @Started * interval '1 day' WHERE id = @Id", new { begun.ExperimentId, Id = begun.ExperimentId, Started });
        return new(begun.ExperimentId, run);
    }

    /// <summary>Numbers of days that end so many days ago: of each variant and day spend and results. All were read now.</summary>
    public static async Task NumbersAsync(this RunWorld world, Begun one, int days, int endDaysAgo, params (double Spend, double Results)[] variants)
    {
        var last = AccountDays.Today(Timezone, world.Time.GetUtcNow()).AddDays(-endDaysAgo);
        await world.ExecuteAsync("SELECT 1 WHERE ensure_insight_partitions(@since, @until) IS NOT NULL", new { since = last.AddDays(-days), until = last });
        await world.ExecuteAsync("""
            INSERT INTO insight_days (social_account_id, date_start, synced_at, sync_id, is_partial, rows, spend, vanished_rows, vanished_spend, account_spend, difference, first_at)
            SELECT @Account, @last - n, @now, gen_random_uuid(), false, 0, 0, 0, 0, 0, 0, @now FROM generate_series(-@endDaysAgo + 1, @days) n WHERE n > -@endDaysAgo
            ON CONFLICT (social_account_id, date_start) DO UPDATE SET synced_at = EXCLUDED.synced_at, seen_at = EXCLUDED.synced_at;
            INSERT INTO insight_syncs (sync_id, social_account_id, since, until, requested_by, state, queued_at, completed_at) SELECT gen_random_uuid(), @Account, @last, @last, 'tests', 'succeeded', @now, @now
            """, new { Account = one.Run.AccountId, last, days, endDaysAgo, now = world.Time.GetUtcNow() });
        foreach (var (nth, (spend, results)) in variants.Index())
            await world.ExecuteAsync("""
                INSERT INTO meta_ad_insights (social_account_id, date_start, ad_meta_id, adset_meta_id, campaign_meta_id, impressions, clicks, link_clicks, reach, spend, results, result_type, currency, raw, is_partial, synced_at)
                SELECT @Account, @last - n, d.meta_id, s.meta_id, c.meta_id, 1000, 50, 40, 900, @spend, @results, 'landing_page_view', 'USD',
                    jsonb_build_object('actions', jsonb_build_array(jsonb_build_object('action_type', 'landing_page_view', 'value', @results::text)), 'action_values', jsonb_build_array(jsonb_build_object('action_type', 'landing_page_view', 'value', '12.5'), jsonb_build_object('action_type', 'omni_landing_page_view', 'value', '12.5'))), false, @now
                FROM meta_campaigns c JOIN meta_adsets s ON s.campaign_db_id = c.id JOIN meta_ads d ON d.adset_db_id = s.id, generate_series(0, @days) n
                WHERE c.request_id = @RequestId AND d.id = (SELECT id FROM meta_ads WHERE request_id = @RequestId ORDER BY step OFFSET @nth - 1 LIMIT 1)
                ON CONFLICT (social_account_id, date_start, ad_meta_id) DO UPDATE SET spend = EXCLUDED.spend, results = EXCLUDED.results, raw = EXCLUDED.raw
                """, new { Account = one.Run.AccountId, one.Run.RequestId, last, days, spend, results, nth = nth + 1, now = world.Time.GetUtcNow() });
    }

    public static Task<int> JudgeAsync(this RunWorld world, Begun one) => world.Get<JudgeExperiments>().JudgeAsync(one.Run.AccountId, CancellationToken.None);

    /// <summary>What the job does every minute.</summary>
    public static Task MinuteAsync(this RunWorld world) => world.Get<JudgeExperiments>().ExecuteAsync(CancellationToken.None);

    public static async Task<ExperimentDetail> ReadAsync(this RunWorld world, Begun one) => (await world.Get<ExperimentReader>().FindAsync(one.Id, CancellationToken.None))!;
}
