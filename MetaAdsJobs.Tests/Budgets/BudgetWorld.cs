using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Budgets.CarryingOut;
using MetaAdsJobs.Core.Budgets.Pools;
using MetaAdsJobs.Core.Budgets.Proposing;
using MetaAdsJobs.Core.Budgets.Reading;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Insights;
using MetaAdsJobs.Core.Insights.Storing;
using MetaAdsJobs.Tests.Campaigns;
using MetaAdsJobs.Tests.Orchestrations;

namespace MetaAdsJobs.Tests.Budgets;

/// <summary>A pool of the ad sets of one campaign at Meta, 100 a day each.</summary>
internal sealed record PooledTree(CampaignTree Tree, BudgetPool Pool)
{
    public string Id(int adSet) => Tree.AdSets[adSet].MetaId;
}

/// <summary>Pools over stored numbers, in this process without a queue: their edits are run by the test against a Graph over HTTP.</summary>
internal static class BudgetWorld
{
    public const int Days = 28;
    private const string Zone = "America/New_York";

    public static DateOnly Today(this RunWorld world) => AccountDays.Today(Zone, world.Time.GetUtcNow());

    /// <param name="results">A day of each ad set, on the last four weeks.</param>
    public static async Task<PooledTree> PoolAsync(this RunWorld world, string mode, params int[] results)
    {
        var sets = string.Join(',', results.Select(_ => """{"ads":[{}]}"""));
        var tree = await world.BuiltAsync($$"""{"ad_sets":[{{sets}}]}""");
        Assert.That((await world.EditAsync(EditKind.Publish, tree.Campaign.MetaId)).Status, Is.EqualTo("succeeded"));
        await world.NothingUnderWayAsync();
        // Long ago: nothing of it is learned any more, or was just done by hand.
        await world.ExecuteAsync("""
            UPDATE campaign_edits SET completed_at = completed_at - interval '40 days' WHERE request_id = @RequestId;
            UPDATE meta_adsets SET created_at = created_at - interval '40 days' WHERE request_id = @RequestId
            """, new { tree.RequestId });
        await world.Get<InsightMonths>().EnsureAsync(new(world.Today().AddDays(-Days - 10), world.Today()), CancellationToken.None);
        for (var day = 1; day <= Days; day++) await world.AddDayAsync(tree, world.Today().AddDays(-day), results);
        return new(await world.TreeAsync(tree), await world.SavePoolAsync(tree, mode));
    }

    public static async Task AddDayAsync(this RunWorld world, CampaignTree tree, DateOnly day, params int[] results)
    {
        await world.ExecuteAsync("""
            INSERT INTO insight_days (social_account_id, date_start, synced_at, sync_id, is_partial, rows, spend, vanished_rows, vanished_spend, account_spend, difference, total_spend, currency, first_at)
            VALUES (@AccountId, @day, now(), gen_random_uuid(), false, 0, 0, 0, 0, @spend, 0, @spend, 'USD', now())
            """, new { tree.AccountId, day, spend = 100m * results.Length });
        for (var set = 0; set < results.Length; set++)
            await world.ExecuteAsync("""
                INSERT INTO meta_ad_insights (social_account_id, date_start, ad_meta_id, adset_meta_id, campaign_meta_id, spend, results, result_type, currency, raw, is_partial, synced_at)
                VALUES (@AccountId, @day, @ad, @adSet, @campaign, 100, @results, 'link_click', 'USD', '{}', false, now())
                """, new { tree.AccountId, day, ad = tree.Ads.First(ad => ad.ParentId == tree.AdSets[set].MetaId).MetaId, adSet = tree.AdSets[set].MetaId, campaign = tree.Campaign.MetaId, results = results[set] });
    }

    public static async Task<BudgetPool> SavePoolAsync(this RunWorld world, CampaignTree tree, string mode)
    {
        var body = new JsonObject
        {
            ["social_account_id"] = tree.AccountId, ["name"] = "Shoes", ["mode"] = mode, ["members"] = new JsonArray([.. tree.AdSets.Select(set => new JsonObject { ["id"] = set.MetaId })]),
        };
        var saved = await world.Get<SaveBudgetPool>().CreateAsync(JsonSerializer.SerializeToElement(body), "ann", CancellationToken.None);
        return saved is PoolOutcome<BudgetPool>.Done done ? done.Value : throw new AssertionException(JsonSerializer.Serialize(((PoolOutcome<BudgetPool>.Invalid)saved).Errors.ToDictionary()));
    }

    public static Task ProposeAsync(this RunWorld world) => world.Get<ProposeBudgets>().ExecuteAsync(CancellationToken.None);

    public static Task CarryOnAsync(this RunWorld world) => world.Get<CarryOutProposals>().ExecuteAsync(CancellationToken.None);

    /// <summary>A pool's nights, newest first.</summary>
    public static Task<IReadOnlyList<BudgetProposal>> NightsAsync(this RunWorld world, PooledTree tree) => world.Get<BudgetReader>().ListAsync(tree.Pool.Id, null, 50, CancellationToken.None);

    public static async Task<BudgetProposal> NightAsync(this RunWorld world, PooledTree tree) => (await world.NightsAsync(tree))[0];

    /// <summary>What is proposed for each ad set, in its order, and why not more.</summary>
    public static async Task<IReadOnlyList<string>> MovesAsync(this RunWorld world, PooledTree tree)
    {
        var moves = (await world.Get<BudgetReader>().MovesAsync((await world.NightAsync(tree)).Id, CancellationToken.None)).ToDictionary(move => move.Id);
        return [.. tree.Tree.AdSets.Select(set => $"{moves[set.MetaId].NowCents}>{moves[set.MetaId].ProposedCents} {string.Join(' ', moves[set.MetaId].Why)}".TrimEnd())];
    }

    /// <summary>Runs the pool's edits that are asked for, as the queue would.</summary>
    public static async Task RunEditsAsync(this RunWorld world, PooledTree tree)
    {
        foreach (var edit in await world.QueryAsync<Guid>("SELECT edit_id FROM campaign_edits WHERE request_id = @RequestId AND state IN ('queued', 'waiting') ORDER BY number", new { tree.Tree.RequestId }))
        {
            await world.UntilEndedAsync(edit);
            await world.NothingUnderWayAsync();
        }
    }

    /// <summary>Brings what was accepted to its end: carries on, runs edits, as often as it takes.</summary>
    public static async Task UntilOverAsync(this RunWorld world, PooledTree tree)
    {
        for (var round = 0; round < 5 && (await world.NightAsync(tree)).State == "accepted"; round++)
        {
            await world.CarryOnAsync();
            await world.RunEditsAsync(tree);
        }
    }

    /// <summary>Budgets at Meta, in its units, by ad set.</summary>
    public static async Task<IReadOnlyList<long>> AtMetaAsync(this RunWorld world, PooledTree tree)
    {
        var budgets = new List<long>();
        foreach (var set in tree.Tree.AdSets) budgets.Add(long.Parse((await world.AtMetaAsync(set.MetaId, "daily_budget"))!, null));
        return budgets;
    }
}
