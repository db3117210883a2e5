using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Campaigns.Reading;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Orchestrations.Review;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Tests.Campaigns;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Orchestrations;

/// <summary>What a later request adds to the campaign of an earlier one.</summary>
[TestFixture]
public sealed class IntoTests
{
    private const string AdSet = """{"daily_budget_cents":5000,"creative_title":"More","landing_url":"https://example.com/more","optimization_goal":"LINK_CLICKS"}""";
    private const string Ads = """{"creative_title":"More","landing_url":"https://example.com/more","ad_sets":[{"ads":[{"name":"Loud"},{}]}]}""";
    private RunWorld _world = null!;

    [SetUp]
    public async Task StartAsync() => _world = await RunWorld.StartAsync();

    [TearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [Test]
    public async Task An_ad_set_is_added_and_activated_in_the_order_of_the_campaigns_edits_and_counted_with_the_rest()
    {
        var (first, tree) = await BuildAsync("""{"auto_publish":true}""");
        var added = await AcceptAsync(first, AdSet, new() { ["campaign_id"] = tree.Campaign.MetaId, ["auto_publish"] = true });

        var result = (await _world.RunAsync(added)).Result;

        Assert.That((result.Status, result.OverallSuccess, result.CampaignName), Is.EqualTo(("succeeded", true, "Summer Sale 2025")), string.Join("; ", result.Errors));
        Assert.That(result.Steps.Select(step => step.Step), Is.EqualTo(["adset", "media", "creative", "ad"]));
        Assert.That((result.CampaignCreation.CampaignMetaId, result.Into!.CampaignId, result.Into.CampaignStatus, result.Into.Note), Is.EqualTo((tree.Campaign.MetaId, tree.Campaign.MetaId, "ACTIVE", (string?)null)));
        Assert.That(await _world.AtMetaAsync(first), Is.EqualTo("ad ad adset adset campaign creative creative"));
        Assert.That(_world.Creates(first, "adsets")[^1]["campaign_id"], Is.EqualTo(tree.Campaign.MetaId));
        var now = await _world.TreeAsync(first);
        Assert.That((now.AdSets.Count, now.Ads.Count, await _world.SwitchedAsync(now), await _world.CountedAsync()), Is.EqualTo((2, 2, "AApAp", "active 10000")));

        Assert.That((await _world.UntilEndedAsync(result.Into.Edits.Single())).Status, Is.EqualTo("succeeded"));

        Assert.That((await _world.SwitchedAsync(now), await _world.CountedAsync()), Is.EqualTo(("AAAAA", "active 15000")));
        Assert.That((await _world.Get<CampaignReader>().FindAsync(tree.Campaign.MetaId, CancellationToken.None))!.Campaign, Has.Property("AdSets").EqualTo(2).And.Property("Ads").EqualTo(2));
        Assert.That((await _world.Get<CampaignReader>().FindAsync(tree.Campaign.MetaId, CancellationToken.None))!.Additions.Select(one => (one.RequestId, one.Status, one.Adopted)), Is.EqualTo([(added.RequestId, "succeeded", false)]));
    }

    [Test]
    public async Task Ads_are_added_to_an_ad_set_and_add_no_budget()
    {
        var (first, tree) = await BuildAsync("""{"auto_publish":true,"ad_sets":[{"name":"Women","targeting":{"genders":[2]},"ads":[{}]}]}""");
        var added = await AcceptAsync(first, Ads, new() { ["ad_set_id"] = tree.AdSets[0].MetaId, ["auto_publish"] = true });

        var result = (await _world.RunAsync(added)).Result;

        Assert.That(result.Status, Is.EqualTo("succeeded"), string.Join("; ", result.Errors));
        Assert.That(result.AdSets!.Select(set => (set.Name, set.State, set.AdsetMetaId, set.Ads.Count)), Is.EqualTo([("Women", "given", tree.AdSets[0].MetaId, 2)]));
        Assert.That(await _world.AtMetaAsync(first), Is.EqualTo("ad ad ad adset campaign creative creative creative"));
        Assert.That(_world.Creates(first, "ads")[1..].Select(call => call["adset_id"]), Is.All.EqualTo(tree.AdSets[0].MetaId));
        _world.Time.Advance(TimeSpan.FromMinutes(1));
        await _world.Get<ReviewObjects>().RunAsync(20, CancellationToken.None);
        Assert.That((await _world.Get<OrchestrationReader>().FindAsync(added.RequestId, CancellationToken.None))!.AdSets![0].Ads.Select(ad => ad.EffectiveStatus), Is.All.EqualTo("PAUSED"), "Meta's checks are followed");
        foreach (var edit in result.Into!.Edits) Assert.That((await _world.UntilEndedAsync(edit)).Status, Is.EqualTo("succeeded"));
        Assert.That((await _world.SwitchedAsync(await _world.TreeAsync(first)), await _world.CountedAsync()), Is.EqualTo(("AAAAA", "active 10000")));
    }

    /// <summary>Meta reviews an ad when it is switched on, and not when it is made.</summary>
    [Test]
    public async Task What_is_switched_on_later_is_looked_at_anew_in_each_run_whose_ads_that_are()
    {
        var (first, tree) = await BuildAsync();
        var added = await AcceptAsync(first, AdSet, new() { ["campaign_id"] = tree.Campaign.MetaId });
        await _world.RunAsync(added);
        Assert.That((await LooksAsync(), await LooksAsync()), Is.EqualTo((2, 0)), "as paused they are settled");
        await _world.EditAsync(EditKind.Publish, tree.Campaign.MetaId);
        await _world.ExecuteAsync("""UPDATE stub_graph.objects SET fields = fields || '{"issues_info":[{"level":"AD","error_summary":"No hats"}]}' WHERE kind = 'ad'""");
        Assert.That(await LooksAsync(), Is.EqualTo(2));
        foreach (var run in new[] { first, added }) Assert.That((await _world.Get<OrchestrationReader>().FindAsync(run.RequestId, CancellationToken.None))!.Errors, Is.EqualTo(["at Meta: the ad is ACTIVE: No hats"]));
        await _world.NothingUnderWayAsync();
        await _world.EditAsync(EditKind.Pause, tree.AdSets[0].MetaId);
        Assert.That(await LooksAsync(), Is.Zero);
        await _world.EditAsync(EditKind.Resume, tree.AdSets[0].MetaId);
        Assert.That(await LooksAsync(), Is.EqualTo(1), "of what is on already there is nothing new");
    }

    [Test]
    public async Task A_run_that_fails_takes_away_what_it_made_and_nothing_that_was_there_and_its_retry_goes_on()
    {
        var (first, tree) = await BuildAsync("""{"auto_publish":true}""");
        var added = await AcceptAsync(first, AdSet, new() { ["campaign_id"] = tree.Campaign.MetaId });
        var sent = _world.Graph.Calls.Count;
        _world.Graph.Faults.Add(call => call.IsCreateOf("ads"), GraphFaults.Refused(100, 1815573));

        var failed = (await _world.RunAsync(added)).Result;

        Assert.That(failed.Status, Is.EqualTo("failed"));
        Assert.That(await _world.AtMetaAsync(first), Is.EqualTo("ad adset campaign creative"));
        string[] there = [.. tree.All.Select(one => one.MetaId)];
        Assert.That(_world.Graph.Calls.Skip(sent).Where(call => call.Method != "GET" && there.Contains(call.Path)), Is.Empty);
        Assert.That((await _world.SwitchedAsync(tree), await _world.CountedAsync()), Is.EqualTo(("AAA", "active 10000")));

        Assert.That(await _world.Get<RetryOrchestration>().ExecuteAsync(added.RequestId, "ann", CancellationToken.None), Is.InstanceOf<Change.Done>());
        Assert.That((await _world.RunAsync(added)).Result.Status, Is.EqualTo("succeeded"));
        Assert.That(await _world.AtMetaAsync(first), Is.EqualTo("ad ad adset adset campaign creative creative"));
    }

    [TestCase(AdSet, "ad ad adset adset campaign creative creative")]
    [TestCase(Ads, "ad ad ad adset campaign creative creative creative")]
    public async Task What_was_lost_is_found_below_what_is_there(string body, string atMeta)
    {
        var (first, tree) = await BuildAsync();
        var added = await AcceptAsync(first, body, body == AdSet ? new() { ["campaign_id"] = tree.Campaign.MetaId } : new() { ["ad_set_id"] = tree.AdSets[0].MetaId });
        _world.Graph.Faults.Add(call => call.IsCreateOf("adsets"), GraphFaults.DropAfterActing);
        _world.Graph.Faults.Add(call => call.IsCreateOf("ads"), GraphFaults.DropAfterActing);

        Assert.That((await _world.RunAsync(added)).Result.Status, Is.EqualTo("succeeded"));

        Assert.That(await _world.AtMetaAsync(first), Is.EqualTo(atMeta));
    }

    [Test]
    public async Task Below_a_paused_campaign_it_is_whole_and_that_it_is_not_shown_is_told()
    {
        var (first, tree) = await BuildAsync();
        var added = await AcceptAsync(first, AdSet, new() { ["campaign_id"] = tree.Campaign.MetaId, ["auto_publish"] = true });

        var result = (await _world.RunAsync(added)).Result;

        Assert.That((result.Status, result.Into!.Note), Is.EqualTo(("succeeded", "the campaign is paused: what was added is shown once that is published")));
        Assert.That((await _world.UntilEndedAsync(result.Into.Edits.Single())).Status, Is.EqualTo("succeeded"));
        Assert.That((await _world.SwitchedAsync(await _world.TreeAsync(first)), await _world.CountedAsync()), Is.EqualTo(("ppApA", "idle 0")));
    }

    [Test]
    public async Task To_what_was_deleted_at_Meta_since_nothing_is_added_and_that_is_said()
    {
        var (first, tree) = await BuildAsync();
        var added = await AcceptAsync(first, AdSet, new() { ["campaign_id"] = tree.Campaign.MetaId });
        await _world.ExecuteAsync("UPDATE stub_graph.objects SET status = 'DELETED', deleted_at = now() WHERE kind <> 'image'");

        var result = (await _world.RunAsync(added)).Result;

        Assert.That((result.Status, result.Errors[0]), Is.EqualTo(("failed", $"the campaign {tree.Campaign.MetaId} is deleted at Meta: nothing can be added to it")));
        Assert.That(_world.Creates(first, "adsets"), Has.Count.EqualTo(1), "that of the first request");
    }

    [Test]
    public async Task Caps_and_stops_hold_what_is_added_as_they_hold_all_else()
    {
        var (first, tree) = await BuildAsync("""{"auto_publish":true}""");
        await _world.ExecuteAsync("UPDATE social_accounts SET daily_cap_cents = 12000");
        var added = await AcceptAsync(first, AdSet, new() { ["campaign_id"] = tree.Campaign.MetaId, ["auto_publish"] = true });
        var result = (await _world.RunAsync(added)).Result;
        Assert.That((await _world.UntilEndedAsync(result.Into!.Edits.Single())).WaitReason, Does.Contain("12000"));
        Assert.That((await _world.SwitchedAsync(await _world.TreeAsync(first)), await _world.CountedAsync()), Is.EqualTo(("AApAp", "active 10000")));

        await _world.Get<StopSwitch>().StopAsync(null, "bob", null, CancellationToken.None);
        var held = await AcceptAsync(first, AdSet, new() { ["campaign_id"] = tree.Campaign.MetaId });
        Assert.That((await _world.RunAsync(held, runs: 3)).Result, Has.Property("Status").EqualTo("waiting").And.Property("WaitReason").StartsWith("stopped by bob"));
        Assert.That(_world.Creates(first, "adsets"), Has.Count.EqualTo(2));
    }

    [TestCase("""{"campaign_objective":"OUTCOME_TRAFFIC","special_ad_categories":["HOUSING"],"budget_at":"campaign","campaign_name":"Another"}""", "campaign_name campaign_objective special_ad_categories budget_at")]
    [TestCase("""{"campaign_name":"Summer Sale 2025","campaign_objective":"OUTCOME_SALES","budget_at":"ad_sets","optimization_goal":"THRUPLAY","size":1}""", "optimization_goal size")]
    [TestCase("""{"daily_budget_cents":95000}""", "daily_budget_cents")]
    [TestCase("""{"campaign_id":"123"}""", "campaign_id")]
    [TestCase("""{"campaign_id":7}""", "campaign_id")]
    [TestCase("""{"ad_set_id":"123"}""", "ad_set_id")]
    public async Task What_belongs_to_the_campaign_is_not_asked_for_again(string change, string wrong)
    {
        var (first, tree) = await BuildAsync("""{"auto_publish":true}""");

        Assert.That(await WrongAsync(first, AdSet, new() { ["campaign_id"] = tree.Campaign.MetaId }, change), Is.EquivalentTo(wrong.Split(' ')));
        Assert.That(await WrongAsync(first, AdSet, new() { ["campaign_id"] = tree.Campaign.MetaId }, """{"campaign_name":"Summer Sale 2025"}"""), Is.Empty, "the same is no contradiction");
    }

    [TestCase("""{"daily_budget_cents":5000,"targeting":{"age_min":20},"optimization_goal":"LINK_CLICKS"}""", "daily_budget_cents targeting")]
    [TestCase("""{"ad_sets":[{"ads":[{}]},{"ads":[{}]}]}""", "ad_sets")]
    [TestCase("""{"ad_sets":[{"name":"Other","bid_strategy":"COST_CAP","ads":[{},{"landing_url":"nowhere"}]}]}""", "ad_sets[0].name ad_sets[0].bid_strategy ad_sets[0].ads[1].landing_url")]
    [TestCase("""{"creative_title":null}""", "creative_title")]
    public async Task Nor_what_belongs_to_the_ad_set(string change, string wrong)
    {
        var (first, tree) = await BuildAsync();

        Assert.That(await WrongAsync(first, """{"creative_title":"More","landing_url":"https://example.com/more"}""", new() { ["ad_set_id"] = tree.AdSets[0].MetaId, ["campaign_id"] = tree.Campaign.MetaId }, change), Is.EquivalentTo(wrong.Split(' ')));
    }

    [TestCase(AdSet, "campaign_id")]
    [TestCase(Ads, "ad_set_id")]
    public async Task A_name_at_Meta_that_is_too_long_for_a_request_is_not_cut_within_a_character(string body, string into)
    {
        var (first, tree) = await BuildAsync();
        await _world.ExecuteAsync("UPDATE meta_campaigns SET name = repeat('x', 199) || '🚀 and more'");

        var added = await AcceptAsync(first, body, new() { [into] = into == "campaign_id" ? tree.Campaign.MetaId : tree.AdSets[0].MetaId });

        Assert.That((await _world.Get<OrchestrationReader>().FindAsync(added.RequestId, CancellationToken.None))!.CampaignName, Is.EqualTo(new string('x', 199)));
    }

    [Test]
    public async Task Nothing_is_added_to_what_is_another_accounts()
    {
        var ((other, _), (_, tree)) = (await BuildAsync(), await BuildAsync());

        Assert.That(await WrongAsync(other, AdSet, new() { ["campaign_id"] = tree.Campaign.MetaId }, "{}"), Is.EqualTo(["campaign_id"]));
        Assert.That(await WrongAsync(other, Ads, new() { ["ad_set_id"] = tree.AdSets[0].MetaId }, "{}"), Is.EqualTo(["ad_set_id"]));
    }

    [Test]
    public async Task A_campaigns_own_budget_is_neither_asked_for_nor_added()
    {
        var (first, tree) = await BuildAsync("""{"auto_publish":true,"budget_at":"campaign"}""");
        const string NoBudget = """{"creative_title":"More","landing_url":"https://example.com/more","optimization_goal":"LINK_CLICKS"}""";
        Assert.That(await WrongAsync(first, NoBudget, new() { ["campaign_id"] = tree.Campaign.MetaId }, """{"daily_budget_cents":5000,"bid_strategy":"COST_CAP"}"""), Is.EquivalentTo(["daily_budget_cents", "bid_strategy"]));
        var added = await AcceptAsync(first, NoBudget, new() { ["campaign_id"] = tree.Campaign.MetaId, ["auto_publish"] = true });

        var result = (await _world.RunAsync(added)).Result;

        Assert.That(result.Status, Is.EqualTo("succeeded"), string.Join("; ", result.Errors));
        Assert.That(_world.Creates(first, "adsets")[^1]["daily_budget"], Is.Null);
        Assert.That((await _world.UntilEndedAsync(result.Into!.Edits.Single())).Status, Is.EqualTo("succeeded"));
        Assert.That(await _world.CountedAsync(), Is.EqualTo("active 10000"));
    }

    [Test]
    public async Task It_is_judged_below_what_is_there_and_nothing_is_made()
    {
        var (first, tree) = await BuildAsync();
        // The latest of ours would stand in for what is not given.
        await _world.RunAsync(await _world.AgainAsync(first));
        var sent = _world.Graph.Calls.Count;
        foreach (var (body, into, judged) in ((string, JsonObject, string)[])[
            (AdSet, new() { ["campaign_id"] = tree.Campaign.MetaId }, "account adset creative ad"), (Ads, new() { ["ad_set_id"] = tree.AdSets[0].MetaId }, "account creative ad creative:1.2 ad:1.2"),
            (AdSet, new() { ["campaign_id"] = tree.Campaign.MetaId, ["ad_sets"] = new JsonArray(JsonNode.Parse("""{"ads":[{}]}"""), JsonNode.Parse("""{"ads":[{},{}]}""")) }, "account adset adset:2 creative ad creative:2.1 ad:2.1 creative:2.2 ad:2.2")])
        {
            into["validate_only"] = true;
            var result = (await _world.RunAsync(await AcceptAsync(first, body, into))).Result;
            Assert.That((result.Status, string.Join(' ', result.Validation!.Select(finding => finding.Object))), Is.EqualTo(("succeeded", judged)), string.Join("; ", result.Errors));
            Assert.That(result.Validation!.Where(finding => !finding.Checked && !finding.Object.StartsWith("creative", StringComparison.Ordinal)), Is.Empty);
        }

        Assert.That(_world.Graph.Calls.Skip(sent).Select(call => call["campaign_id"] ?? call["adset_id"]).OfType<string>().Distinct(), Is.SupersetOf([tree.Campaign.MetaId, tree.AdSets[0].MetaId]));
        Assert.That(_world.Graph.Calls.Skip(sent).Select(call => call["campaign_id"]).OfType<string>(), Is.All.EqualTo(tree.Campaign.MetaId));
        Assert.That(await _world.AtMetaAsync(first), Is.EqualTo("ad ad adset adset campaign campaign creative creative"));
    }

    [Test]
    public async Task It_is_accepted_once_whatever_has_become_of_the_campaign_since_and_its_copy_asks_for_the_same()
    {
        var (first, tree) = await BuildAsync();
        JsonObject body = Body(first, AdSet, new() { ["campaign_id"] = tree.Campaign.MetaId }, "{}");
        var accepted = (Acceptance.Accepted)await SendAsync(body, "key");
        await _world.RunAsync(new(accepted.RequestId, first.AccountId, first.AdAccountId, first.ClipId));
        var copy = (Copying.Copied)await _world.Get<CopyRequest>().ExecuteAsync(accepted.RequestId, null, CancellationToken.None);
        Assert.That(await SendAsync(JsonNode.Parse(copy.Copy.Request.ToJson())!.AsObject()), Is.InstanceOf<Acceptance.Accepted>());
        await _world.EditAsync(EditKind.Update, tree.Campaign.MetaId, """{"name":"Renamed"}""");
        await _world.EditAsync(EditKind.Delete, tree.Campaign.MetaId);

        Assert.That(await SendAsync(new JsonObject(body.Reverse().Select(field => KeyValuePair.Create(field.Key, field.Value?.DeepClone()))), "key"), Is.EqualTo(accepted with { Replayed = true }));
        body["creative_title"] = "Other";
        Assert.That(await SendAsync(body, "key"), Is.InstanceOf<Acceptance.KeyReused>());
        Assert.That(await SendAsync(body), Is.InstanceOf<Acceptance.Invalid>(), "it is deleted");
    }

    private async Task<(Asked Asked, CampaignTree Tree)> BuildAsync(string change = "{}")
    {
        var asked = await _world.BuildAsync(change);
        return (asked, await _world.TreeAsync(asked));
    }

    private async Task<int> LooksAsync()
    {
        _world.Time.Advance(TimeSpan.FromMinutes(1));
        return await _world.Get<ReviewObjects>().RunAsync(20, CancellationToken.None);
    }

    private async Task<Asked> AcceptAsync(Asked first, string body, JsonObject into)
    {
        var acceptance = await SendAsync(Body(first, body, into, "{}"));
        Assert.That(acceptance, Is.InstanceOf<Acceptance.Accepted>(), acceptance is Acceptance.Invalid invalid ? JsonSerializer.Serialize(invalid.Errors.ToDictionary()) : "");
        return first with { RequestId = ((Acceptance.Accepted)acceptance).RequestId };
    }

    private async Task<string[]> WrongAsync(Asked first, string body, JsonObject into, string change) =>
        await SendAsync(Body(first, body, into, change)) is Acceptance.Invalid invalid ? [.. invalid.Errors.ToDictionary().Keys] : [];

    private static JsonObject Body(Asked first, string body, JsonObject into, string change)
    {
        var whole = SentCase.Merged(SentCase.Merged(body, into.ToJsonString()).ToJsonString(), change).AsObject();
        (whole["social_account_id"], whole["clip_id"]) = ($"{first.AccountId}", $"{first.ClipId}");
        return whole;
    }

    private Task<Acceptance> SendAsync(JsonObject body, string? key = null) => _world.Get<AcceptOrchestration>().ExecuteAsync(JsonSerializer.SerializeToElement(body), "tests", key, CancellationToken.None);
}
