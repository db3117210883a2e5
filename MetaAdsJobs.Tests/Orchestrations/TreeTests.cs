using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Orchestrations.Listing;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Orchestrations.Steps;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Orchestrations;

/// <summary>A request for several ad sets with several ads each.</summary>
[TestFixture]
public sealed class TreeTests
{
    private RunWorld _world = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _world = await RunWorld.StartAsync();

    [OneTimeTearDown]
    public async Task EndAsync() => await _world.DisposeAsync();

    [TearDown]
    public void Heal() => _world.Graph.Faults.Clear();

    /// <summary>A request as it is stored, of so many ad sets with so many ads each.</summary>
    internal static OrchestrationRequest Request(int adSets, int ads)
    {
        var one = new OrchestrationRequest
        {
            SocialAccountId = Guid.NewGuid(), ClipId = Guid.NewGuid(), CampaignName = "C", CampaignObjective = "OUTCOME_TRAFFIC", CreativeTitle = "T", LandingUrl = "https://example.com/", OptimizationGoal = "LINK_CLICKS",
            DailyBudgetCents = 1000,
        };
        return one with { AdSets = [.. Enumerable.Range(0, adSets).Select(_ => AdSetRequest.Of(one, null, [.. Enumerable.Range(0, ads).Select(_ => AdRequest.Of(one, null))]))] };
    }

    private const string TwoByThree = """
        {"ad_sets":[
            {"name":"Women","targeting":{"genders":[2]},"daily_budget_cents":1500,"ads":[{"creative_title":"One"},{"name":"Loud","creative_title":"Two"},{"creative_title":"Three"}]},
            {"targeting":{"age_min":30},"ads":[{},{"landing_url":"https://example.com/other"},{"call_to_action":"SHOP_NOW"}]}]}
        """;

    [Test]
    public async Task Two_ad_sets_of_three_ads_are_built_and_told_one_by_one()
    {
        var asked = await _world.AcceptAsync(TwoByThree);

        var ran = await _world.RunAsync(asked);

        var result = ran.Result;
        Assert.That((result.Status, ran.Throws), Is.EqualTo(("succeeded", 0)), string.Join("; ", result.Errors));
        Assert.That(await _world.AtMetaAsync(asked), Is.EqualTo("ad ad ad ad ad ad adset adset campaign creative creative creative creative creative creative"));
        Assert.That(result.AdSets!.Select(adSet => (adSet.Name, adSet.State, adSet.Ads.Count)), Is.EqualTo([("Women", "confirmed", 3), ((string?)null, "confirmed", 3)]));
        var told = result.AdSets!.SelectMany(adSet => adSet.Ads.SelectMany(ad => (string?[])[ad.AdMetaId, ad.CreativeMetaId]).Prepend(adSet.AdsetMetaId)).ToList();
        Assert.That(told, Is.Unique.And.All.Not.Null);
        Assert.That(result.AdSets!.SelectMany(adSet => adSet.Ads.SelectMany(ad => (long?[])[ad.AdDbId, ad.CreativeDbId]).Prepend(adSet.AdsetDbId)), Is.All.Not.Null);
        Assert.That((result.CampaignCreation.AdsetMetaId, result.CampaignCreation.AdMetaId), Is.EqualTo((result.AdSets![0].AdsetMetaId, result.AdSets[0].Ads[0].AdMetaId)), "the brief's shape names the first");

        var sets = _world.Creates(asked, "adsets");
        var name = sets[0]["name"]!.StartsWith("Women [", StringComparison.Ordinal) ? 0 : 1;
        Assert.That((sets[name]["daily_budget"], sets[1 - name]["daily_budget"]), Is.EqualTo(("1500", "10000")), "its own, and that of the top");
        Assert.That((string?)JsonNode.Parse(sets[1 - name]["targeting"]!)!["age_min"]?.ToJsonString(), Is.EqualTo("30"));
        var ads = _world.Creates(asked, "ads");
        const string Name = "Summer Sale 2025 - Ad";
        Assert.That(ads.Select(ad => ad["name"]!.Split(" [")[0]), Is.EquivalentTo([$"{Name} 1.1", "Loud", $"{Name} 1.3", $"{Name} 2.1", $"{Name} 2.2", $"{Name} 2.3"]));
        var parents = await _world.QueryAsync<(string AdSet, int Ads)>("SELECT s.meta_id, count(*)::int FROM meta_adsets s JOIN meta_ads a ON a.adset_db_id = s.id WHERE s.request_id = @RequestId GROUP BY 1", asked);
        Assert.That(parents.Select(one => one.Ads), Is.EqualTo([3, 3]), "each in its ad set");
    }

    [TestCase("adsets", 2)]
    [TestCase("adcreatives", 4)]
    [TestCase("ads", 5)]
    public async Task Of_a_tree_each_lost_create_is_looked_for_and_made_once(string edge, int which)
    {
        var asked = await _world.AcceptAsync(TwoByThree);
        var seen = 0;
        _world.Graph.Faults.Add(call => call.IsCreateOf(edge) && Interlocked.Increment(ref seen) == which, GraphFaults.DropAfterActing);

        var ran = await _world.RunAsync(asked);

        Assert.That(ran.Result.Status, Is.EqualTo("succeeded"), string.Join("; ", ran.Result.Errors));
        Assert.That(await _world.AtMetaAsync(asked), Is.EqualTo("ad ad ad ad ad ad adset adset campaign creative creative creative creative creative creative"));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task A_tree_of_which_one_ad_is_refused_is_undone_as_a_whole(bool areAnswersLost)
    {
        var asked = await _world.AcceptAsync(TwoByThree);
        var (seen, lost) = (0, new HashSet<string>());
        // Of each kind the first: it is gone, and the repeated call hears that it is missing.
        if (areAnswersLost) _world.Graph.Faults.Always(call => call.Method == "DELETE" && lost.Add(call.Path.Split('_')[1]), GraphFaults.DropAfterActing);
        _world.Graph.Faults.Add(call => call.IsCreateOf("ads") && Interlocked.Increment(ref seen) == 5, GraphFaults.Refused(100));

        var ran = await _world.RunAsync(asked);

        Assert.That((ran.Result.Status, lost.Count), Is.EqualTo(("failed", areAnswersLost ? 4 : 0)));
        Assert.That(await _world.AtMetaAsync(asked), Is.Empty, string.Join("; ", ran.Result.Errors));
    }

    [Test]
    public async Task A_campaigns_budget_is_sent_with_the_campaign_and_its_limits_with_the_ad_sets()
    {
        var asked = await _world.AcceptAsync("""{"budget_at":"campaign","bid_strategy":"COST_CAP","bid_amount_cents":300,"ad_sets":[{"min_spend_cents":1000,"max_spend_cents":4000,"ads":[{}]},{"bid_amount_cents":500,"ads":[{}]}]}""");

        var ran = await _world.RunAsync(asked);

        Assert.That(ran.Result.Status, Is.EqualTo("succeeded"), string.Join("; ", ran.Result.Errors));
        var campaign = _world.Creates(asked, "campaigns").Single();
        Assert.That((campaign["daily_budget"], campaign["bid_strategy"], campaign["is_adset_budget_sharing_enabled"]), Is.EqualTo(("10000", "COST_CAP", (string?)null)));
        var sets = _world.Creates(asked, "adsets");
        Assert.That(sets.Select(adSet => (adSet["daily_budget"], adSet["bid_strategy"])), Is.All.EqualTo(((string?)null, (string?)null)));
        Assert.That(sets.Select(adSet => (adSet["daily_min_spend_target"], adSet["daily_spend_cap"], adSet["bid_amount"])), Is.EquivalentTo([("1000", "4000", "300"), ((string?)null, (string?)null, "500")]));
        Assert.That(await _world.QueryAsync<long>("SELECT daily_budget FROM meta_campaigns WHERE request_id = @RequestId", asked), Is.EqualTo([10000]));
    }

    /// <summary>Each kind of ad, of one image and two videos.</summary>
    private async Task<string> EachKindAsync()
    {
        var (first, second) = (await _world.AddClipAsync("""{"video_url":"https://cdn.example.com/one.mp4"}"""), await _world.AddClipAsync("""{"video_url":"https://cdn.example.com/two.mp4"}"""));
        return $$"""
            {"ad_sets":[
                {"ads":[{"cards":[{"title":"A"},{"clip_id":"{{first}}","title":"B"},{"clip_id":"{{second}}","title":"C"},{"clip_id":"{{first}}","title":"D"}]},{"post_id":"555"}]},
                {"ads":[{"titles":["A","B"]},{"clip_id":"{{first}}","placement_media":[{"placements":["stories"],"clip_id":"{{second}}"}]},{"clip_id":"{{second}}","texts":["a","b"]},{}]}]}
            """;
    }

    private const string EachKindAtMeta = "ad ad ad ad ad ad adset adset campaign creative creative creative creative creative creative video video";

    [Test]
    public async Task A_tree_with_an_ad_of_each_kind_is_built_and_brings_each_clip_to_Meta_once()
    {
        var asked = await _world.AcceptAsync(await EachKindAsync());

        var ran = await _world.RunAsync(asked);

        Assert.That((ran.Result.Status, ran.Throws), Is.EqualTo(("succeeded", 0)), string.Join("; ", ran.Result.Errors));
        Assert.That(await _world.AtMetaAsync(asked), Is.EqualTo(EachKindAtMeta));
        Assert.That(ran.Result.AdSets!.SelectMany(adSet => adSet.Ads.Select(ad => (ad.Kind, ad.ClipIds.Count, ad.State))), Is.EqualTo(
            [("carousel", 3, "confirmed"), ("post", 0, "confirmed"), ("texts", 1, "confirmed"), ("placements", 2, "confirmed"), ("texts", 1, "confirmed"), ("single", 1, "confirmed")]));
        Assert.That(ran.Result.Steps.Where(step => step.Kind == StepName.Media).Select(step => (step.Step, step.State)), Is.EqualTo([("media", "confirmed"), ("media:2", "confirmed"), ("media:3", "confirmed")]));
    }

    [TestCase("advideos", 1)]
    [TestCase("advideos", 2)]
    [TestCase("adcreatives", 1)]
    [TestCase("adcreatives", 3)]
    [TestCase("ads", 2)]
    public async Task Of_each_kind_a_lost_create_is_looked_for_and_made_once(string edge, int which)
    {
        var asked = await _world.AcceptAsync(await EachKindAsync());
        var seen = 0;
        _world.Graph.Faults.Add(call => call.IsCreateOf(edge) && Interlocked.Increment(ref seen) == which, GraphFaults.DropAfterActing);

        var ran = await _world.RunAsync(asked);

        Assert.That(ran.Result.Status, Is.EqualTo("succeeded"), string.Join("; ", ran.Result.Errors));
        Assert.That(await _world.AtMetaAsync(asked), Is.EqualTo(EachKindAtMeta));
    }

    [Test]
    public async Task A_carousel_with_a_card_that_Meta_cannot_process_is_undone_as_a_whole_and_its_videos_stay()
    {
        var broken = await _world.AddClipAsync("""{"video_url":"https://cdn.example.com/broken.mp4"}""");
        var asked = await _world.AcceptAsync($$"""{"cards":[{"title":"A"},{"clip_id":"{{broken}}","title":"B"}]}""", """{"video_url":"https://cdn.example.com/one.mp4"}""");

        var ran = await _world.RunAsync(asked);

        Assert.That(ran.Result.Status, Is.EqualTo("failed"));
        Assert.That(ran.Result.Errors, Has.One.Contains("could not process the video"));
        Assert.That(await _world.AtMetaAsync(asked), Is.EqualTo("video video"), "another request may use them");
    }

    [Test]
    public async Task A_post_alone_is_built_and_retried_without_any_clip()
    {
        var asked = await _world.AcceptAsync("""{"clip_id":null,"creative_title":null,"creative_description":null,"landing_url":null,"post_id":"555"}""");
        _world.Graph.Faults.Add(call => call.IsCreateOf("adcreatives"), GraphFaults.Refused(100));

        var failed = await _world.RunAsync(asked);
        await _world.Get<RetryOrchestration>().ExecuteAsync(asked.RequestId, "tests", CancellationToken.None);
        var ran = await _world.RunAsync(asked);

        Assert.That((failed.Result.Status, ran.Result.Status), Is.EqualTo(("failed", "succeeded")), string.Join("; ", ran.Result.Errors));
        Assert.That(await _world.AtMetaAsync(asked), Is.EqualTo("ad adset campaign creative"));
        Assert.That((ran.Result.ClipId, string.Join(' ', ran.Result.Steps.Select(step => step.Step))), Is.EqualTo(((Guid?)null, "campaign adset creative ad")));
        Assert.That((await _world.Get<RunList>().FindAsync([asked.RequestId], CancellationToken.None)).Select(run => (run.StepsDone, run.StepsOfAll)), Is.EqualTo([(4, 4)]));
    }

    [Test]
    public async Task The_list_of_runs_counts_the_clips_of_each_kind()
    {
        var (tree, carousel) = (await _world.AcceptAsync(await EachKindAsync()), await _world.AcceptAsync($$"""{"cards":[{"title":"A"},{"clip_id":"{{await _world.AddClipAsync("""{"video_id":"5"}""")}}","title":"B"}]}"""));
        foreach (var asked in (Asked[])[tree, carousel])
        {
            var steps = (await _world.RunAsync(asked)).Result.Steps.Count;
            Assert.That((await _world.Get<RunList>().FindAsync([asked.RequestId], CancellationToken.None)).Select(run => (run.StepsDone, run.StepsOfAll)), Is.EqualTo([(steps, steps)]));
        }
    }

    [Test]
    public async Task An_activation_that_broke_off_goes_on_where_it_was()
    {
        var asked = await _world.AcceptAsync(TwoByThree.Insert(TwoByThree.IndexOf('{') + 1, "\"auto_publish\":true,"));
        var seen = 0;
        // Each of the tries at one ad.
        _world.Graph.Faults.Add(call => call["status"] == "ACTIVE" && call.Path.StartsWith("META_AD_", StringComparison.Ordinal) && Interlocked.Increment(ref seen) > 4, GraphFaults.DropBeforeActing, times: 4);

        var ran = await _world.RunAsync(asked);

        Assert.That(ran.Result.Status, Is.EqualTo("succeeded"), string.Join("; ", ran.Result.Errors));
        var active = await _world.QueryAsync<string>("SELECT status FROM stub_graph.objects WHERE account_id = @Account AND kind IN ('campaign', 'adset', 'ad')", new { Account = asked.AdAccountId[4..] });
        Assert.That(active, Is.EqualTo(Enumerable.Repeat("ACTIVE", 9)));
        var perAd = _world.Graph.Calls.Where(call => call["status"] == "ACTIVE" && call.Path.StartsWith("META_AD_", StringComparison.Ordinal) && ran.Result.AdSets!.Any(adSet => adSet.Ads.Any(ad => ad.AdMetaId == call.Path))).CountBy(call => call.Path).ToList();
        Assert.That(perAd.Count(ad => ad.Value == 1), Is.EqualTo(5), "those that were active are left alone");
    }

    /// <summary>What was begun together with a call that is under way may still be carried out.</summary>
    [Test]
    public async Task Of_a_large_tree_at_most_ten_creates_follow_a_stop_and_all_of_it_is_built_after_the_start()
    {
        var adSet = $$"""{"ads":[{{string.Join(',', Enumerable.Repeat("{}", 12))}}]}""";
        var asked = await _world.AcceptAsync($$"""{"auto_publish":true,"ad_sets":[{{adSet}},{{adSet}}]}""");
        var before = 0;
        _world.Graph.Faults.Add(call => call.IsCreateOf("adcreatives"), async (_, _, act) =>
        {
            await _world.Get<StopSwitch>().StopAsync(asked.AccountId, "bob", reason: null, CancellationToken.None);
            before = Sent();
            return await act();
        });

        var waits = (JobOutcome.Snoozed)await _world.Get<RunOrchestration>().ExecuteAsync(asked.RequestId, CancellationToken.None);

        Assert.That(Sent() - before, Is.LessThanOrEqualTo(10));
        Assert.That(await _world.QueryAsync<long>("SELECT count(*) FROM stub_graph.objects WHERE account_id = @Account AND status = 'ACTIVE' AND kind <> 'creative'", new { Account = asked.AdAccountId[4..] }), Is.EqualTo([0]));
        await _world.Get<StopSwitch>().StartAsync(asked.AccountId, "bob", reactivate: true, CancellationToken.None);
        _world.Time.AdvanceTo(waits.Until);
        var ran = await _world.RunAsync(asked);
        Assert.That(ran.Result.Status, Is.EqualTo("succeeded"), string.Join("; ", ran.Result.Errors));
        Assert.That((await _world.AtMetaAsync(asked)).Split(' ').CountBy(kind => kind), Is.EquivalentTo(new Dictionary<string, int> { ["ad"] = 24, ["adset"] = 2, ["campaign"] = 1, ["creative"] = 24 }));

        int Sent() => ((string[])["campaigns", "adsets", "adcreatives", "ads"]).Sum(edge => _world.Creates(asked, edge).Count);
    }

    [Test]
    public void A_campaigns_lifetime_budget_is_divided_over_the_days_from_its_first_start_to_its_last_end()
    {
        var now = DateTimeOffset.Parse("2099-05-01T00:00:00Z", null);
        var tree = Request(2, 1);
        AdSetRequest Runs(int set, int from, int until) => tree.AdSets![set] with { DailyBudgetCents = null, LifetimeBudgetCents = 30_000, StartTime = now.AddDays(from), EndTime = now.AddDays(until) };
        var later = tree with { BudgetAt = "campaign", DailyBudgetCents = null, LifetimeBudgetCents = 30_000, StartTime = now.AddDays(20), EndTime = now.AddDays(30), AdSets = [Runs(0, 20, 30), Runs(1, 0, 10)] };
        Assert.That(later.DailyAmountCents(now), Is.EqualTo(1000));
    }

    [Test]
    public void The_first_ad_set_and_ad_have_the_steps_of_the_only_ones()
    {
        var shape = new TreeShape(Request(2, 2));
        Assert.That(shape.AdSets.Select(adSet => adSet.Step), Is.EqualTo(["adset", "adset:2"]));
        Assert.That(shape.Ads.Select(ad => ad.Step), Is.EqualTo(["ad", "ad:1.2", "ad:2.1", "ad:2.2"]));
        Assert.That(shape.ParentOf("ad:2.1"), Is.EqualTo("adset:2"));
        Assert.That(shape.LastFirst.Last(), Is.EqualTo(StepName.Campaign));
        var id = Guid.NewGuid();
        var markers = shape.LastFirst.Select(step => Marker.For(id, 1, step)).ToList();
        Assert.That(markers, Is.Unique.And.All.Match("^maj[a-z2-7]{16}[csra]$"));
    }
}
