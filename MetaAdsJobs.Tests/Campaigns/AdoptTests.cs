using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Campaigns.Adopting;
using MetaAdsJobs.Core.Campaigns.Comparing;
using MetaAdsJobs.Core.Campaigns.Reading;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Campaigns;

/// <summary>Campaigns that were made in Ads Manager: what a run has made, once its rows and markers are gone.</summary>
[TestFixture]
public sealed class AdoptTests
{
    private const string ForgetSql = """
        DELETE FROM campaign_edits; DELETE FROM activations; DELETE FROM object_reviews; DELETE FROM meta_ads; DELETE FROM meta_creatives; DELETE FROM meta_adsets; DELETE FROM meta_campaigns; ALTER TABLE meta_changes DISABLE TRIGGER meta_changes_stay; DELETE FROM meta_changes;
        DELETE FROM orchestrations; UPDATE stub_graph.objects SET name = regexp_replace(name, ' \[maj.*', '') WHERE name <> ''
        """;

    private RunWorld _world = null!;

    [SetUp]
    public async Task StartAsync() => _world = await RunWorld.StartAsync();

    [TearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [Test]
    public async Task An_active_campaign_is_read_and_recorded_counted_compared_edited_and_added_to()
    {
        var (asked, campaign) = await ByHandAsync("""{"auto_publish":true,"ad_sets":[{"name":"Women","targeting":{"genders":[2]},"ads":[{},{}]},{"daily_budget_cents":5000,"end_time":"2099-01-01T00:00:00Z","ads":[{}]}]}""");

        var adopted = await AdoptAsync(asked, campaign);

        Assert.That((adopted.CampaignId, adopted.IsNew, adopted.AdSets, adopted.Ads, adopted.Notes.Count), Is.EqualTo((campaign, true, 2, 3, 0)));
        var tree = await TreeAsync(campaign);
        // Both were made at the same time, in any order.
        var (women, other) = (tree.AdSets.Single(adSet => adSet.Name == "Women"), tree.AdSets.Single(adSet => adSet.Name != "Women"));
        Assert.That((tree.Campaign.Name, other.Budget.Daily, other.Budget.EndTime?.Year), Is.EqualTo(("Summer Sale 2025", 5000L, 2099)));
        Assert.That((await _world.CountedAsync(), await _world.SwitchedAsync(tree)), Is.EqualTo(("active 15000", "AAAAAA")));
        Assert.That(await _world.QueryAsync<string>("SELECT concat(asked_by, ' ', path, ' ', outcome, ' ', answer) FROM meta_changes"), Is.EqualTo([$"ann {campaign} adopted 2 ad sets, 3 ads"]));
        var run = (await _world.Get<OrchestrationReader>().FindAsync(adopted.RequestId!.Value, CancellationToken.None))!;
        Assert.That((run.Status, run.OverallSuccess, run.Into!.Adopted, run.AdSets!.Count), Is.EqualTo(("succeeded", true, true, 0)));
        Assert.That(await _world.Get<CopyRequest>().ExecuteAsync(run.RequestId, null, CancellationToken.None), Is.InstanceOf<Copying.UnknownRun>(), "nothing was asked for");

        await _world.ExecuteAsync("UPDATE stub_graph.objects SET status = 'PAUSED' WHERE id = @Id; UPDATE meta_campaigns SET compare_at = clock_timestamp(); ALTER TABLE meta_changes DISABLE TRIGGER meta_changes_stay; UPDATE meta_changes SET sent_at = sent_at - interval '1 hour'", new { Id = women.MetaId });
        Assert.That(await _world.Get<CompareCampaigns>().RunAsync(20, CancellationToken.None), Is.EqualTo(1));
        Assert.That(await _world.CountedAsync(), Is.EqualTo("active 5000"));
        Assert.That((await _world.EditAsync(EditKind.Update, other.MetaId, """{"daily_budget_cents":6000}""")).Status, Is.EqualTo("succeeded"));
        Assert.That(await _world.CountedAsync(), Is.EqualTo("active 6000"));

        var into = (Acceptance.Accepted)await _world.Get<AcceptOrchestration>().ExecuteAsync(System.Text.Json.JsonElement.Parse($$"""
            {"social_account_id":"{{asked.AccountId}}","clip_id":"{{asked.ClipId}}","ad_set_id":"{{women.MetaId}}","creative_title":"More","landing_url":"https://example.com/more"}
            """), "tests", null, CancellationToken.None);
        Assert.That((await _world.RunAsync(asked with { RequestId = into.RequestId })).Result.Status, Is.EqualTo("succeeded"));
        Assert.That((await TreeAsync(campaign)).Ads, Has.Count.EqualTo(4));
    }

    [Test]
    public async Task Adopted_once_more_it_takes_and_counts_what_is_new_and_nothing_twice()
    {
        var (asked, campaign) = await ByHandAsync("""{"auto_publish":true}""");
        var first = await AdoptAsync(asked, campaign);
        var unchanged = await AdoptAsync(asked, campaign);
        Assert.That((first.IsNew, unchanged.IsNew, unchanged.RequestId, unchanged.AdSets, unchanged.Ads), Is.EqualTo((true, false, (Guid?)null, 0, 0)));
        await ByHandBelowAsync();

        var again = await AdoptAsync(asked, campaign);

        Assert.That((again.IsNew, again.AdSets, again.Ads, again.RequestId is null), Is.EqualTo((false, 1, 1, false)));
        Assert.That((await TreeAsync(campaign)).Ads.Select(ad => ad.ParentId), Has.Member("META_ADSET_abc"));
        Assert.That(await _world.CountedAsync(), Is.EqualTo("active 20000"));
        Assert.That(await _world.QueryAsync<bool>("SELECT compare_at <= clock_timestamp() FROM meta_campaigns"), Is.EqualTo([true]), "what else has changed is found at once");
    }

    [Test]
    public async Task What_comes_to_it_while_it_is_edited_is_not_left_out_of_what_caps_count()
    {
        var (asked, campaign) = await ByHandAsync("""{"auto_publish":true}""");
        await AdoptAsync(asked, campaign);
        await ByHandBelowAsync();
        var adSet = (await TreeAsync(campaign)).AdSets[0].MetaId;
        Adoption? meanwhile = null;
        _world.Graph.Faults.Add(call => call.Method == "POST" && call.Path == adSet, async (_, _, act) =>
        {
            meanwhile = await _world.Get<AdoptCampaign>().ExecuteAsync(asked.AccountId, campaign, "ann", CancellationToken.None);
            return await act();
        });

        Assert.That((await _world.EditAsync(EditKind.Update, adSet, """{"daily_budget_cents":12000}""")).Status, Is.EqualTo("succeeded"));

        Assert.That(meanwhile, Is.InstanceOf<Adoption.Busy>());
        Assert.That((await AdoptAsync(asked, campaign)).AdSets, Is.EqualTo(1));
        Assert.That(await _world.CountedAsync(), Is.EqualTo("active 22000"));
    }

    [Test]
    public async Task What_a_run_is_adding_at_that_moment_is_left_to_it()
    {
        var first = await _world.BuildAsync();
        var campaign = (await _world.TreeAsync(first)).Campaign.MetaId;
        var into = (Acceptance.Accepted)await _world.Get<AcceptOrchestration>().ExecuteAsync(System.Text.Json.JsonElement.Parse($$"""
            {"social_account_id":"{{first.AccountId}}","clip_id":"{{first.ClipId}}","campaign_id":"{{campaign}}","creative_title":"More","landing_url":"https://example.com/more","daily_budget_cents":5000,"optimization_goal":"LINK_CLICKS"}
            """), "tests", null, CancellationToken.None);
        _world.Graph.Faults.Add(call => call.IsCreateOf("ads"), async (_, _, act) =>
        {
            var answer = await act();
            // By hand, of one that the run knows by its id already.
            await _world.ExecuteAsync("UPDATE stub_graph.objects SET name = 'Renamed' WHERE kind = 'adset'");
            Assert.That(await AdoptAsync(first, campaign), Has.Property("AdSets").EqualTo(0).And.Property("Ads").EqualTo(0));
            return answer;
        });

        Assert.That((await _world.RunAsync(first with { RequestId = into.RequestId })).Result.Status, Is.EqualTo("succeeded"));

        Assert.That((await TreeAsync(campaign)).All.Count(), Is.EqualTo(5));
    }

    [Test]
    public async Task What_a_run_takes_away_again_while_it_is_read_is_not_taken_over()
    {
        var first = await _world.BuildAsync();
        var campaign = (await _world.TreeAsync(first)).Campaign.MetaId;
        var into = (Acceptance.Accepted)await _world.Get<AcceptOrchestration>().ExecuteAsync(System.Text.Json.JsonElement.Parse($$"""
            {"social_account_id":"{{first.AccountId}}","clip_id":"{{first.ClipId}}","campaign_id":"{{campaign}}","creative_title":"More","landing_url":"https://example.com/more","daily_budget_cents":5000,"optimization_goal":"LINK_CLICKS"}
            """), "tests", null, CancellationToken.None);
        var added = first with { RequestId = into.RequestId };
        _world.Graph.Faults.Add(call => call.IsCreateOf("ads"), GraphFaults.DropBeforeActing);
        await _world.RunAsync(added, runs: 1);
        _world.Graph.Faults.Add(call => call.Method == "GET" && call.Path == $"{campaign}/ads", async (_, _, act) =>
        {
            var answer = await act();
            await _world.Get<CancelOrchestration>().ExecuteAsync(added.RequestId, "ann", CancellationToken.None);
            Assert.That((await _world.RunAsync(added)).Result.Status, Is.EqualTo("cancelled"));
            return answer;
        });

        Assert.That(await AdoptAsync(first, campaign), Has.Property("AdSets").EqualTo(0).And.Property("Ads").EqualTo(0));

        Assert.That((await TreeAsync(campaign)).All.Count(), Is.EqualTo(3));
        Assert.That(await _world.AtMetaAsync(first), Is.EqualTo("ad adset campaign creative"));
    }

    [Test]
    public async Task It_is_counted_although_it_exceeds_the_caps_and_a_stop_in_force_pauses_it_and_both_are_told()
    {
        var (asked, campaign) = await ByHandAsync("""{"auto_publish":true}""");
        await _world.ExecuteAsync("UPDATE social_accounts SET daily_cap_cents = 3000");
        await _world.Get<StopSwitch>().StopAsync(null, "bob", null, CancellationToken.None);

        var adopted = await AdoptAsync(asked, campaign);

        Assert.That(adopted.Notes, Has.Count.EqualTo(2));
        Assert.That((adopted.Notes[0], adopted.Notes[1]), Is.EqualTo(("the account's active campaigns may spend 10000 a day by now, and its cap is 3000: nothing more is activated until some are paused, or an admin raises its daily_cap_cents", "stopped by bob: it is paused within minutes")));
        Assert.That(await _world.CountedAsync(), Is.EqualTo("active 10000"));
        var stopId = (await _world.QueryAsync<Guid>("SELECT id FROM stops")).Single();
        Assert.That(await _world.Get<PauseSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());
        Assert.That(await _world.SwitchedAsync(await TreeAsync(campaign)), Is.EqualTo("pAA"), "below it nothing spends");
        await _world.ExecuteAsync("UPDATE social_accounts SET daily_cap_cents = NULL");
        await _world.Get<StopSwitch>().StartAsync(null, "bob", true, CancellationToken.None);
        await _world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None);
        Assert.That((await _world.SwitchedAsync(await TreeAsync(campaign)), await _world.CountedAsync()), Is.EqualTo(("AAA", "active 10000")));
    }

    [Test]
    public async Task What_is_not_there_not_ours_or_being_made_is_refused()
    {
        var asked = await _world.AcceptAsync();
        _world.Graph.Faults.Add(call => call.IsCreateOf("adsets"), GraphFaults.DropAfterActing);
        await _world.RunAsync(asked, runs: 1);
        var campaign = (await _world.QueryAsync<string>("SELECT id FROM stub_graph.objects WHERE kind = 'campaign'")).Single();
        var other = await _world.AcceptAsync();

        _world.Graph.Faults.Add(call => call.Path == campaign, GraphFaults.WithoutId);
        Assert.That(await _world.Get<AdoptCampaign>().ExecuteAsync(asked.AccountId, campaign, "ann", CancellationToken.None), Is.InstanceOf<Adoption.NotNow>(), "that tells nothing");
        Assert.That(await _world.Get<AdoptCampaign>().ExecuteAsync(asked.AccountId, campaign, "ann", CancellationToken.None), Is.InstanceOf<Adoption.Refused>().And.Property("Reason").Contains($"{asked.RequestId}"));
        Assert.That(await _world.Get<AdoptCampaign>().ExecuteAsync(other.AccountId, campaign, "ann", CancellationToken.None), Is.InstanceOf<Adoption.Refused>().And.Property("Reason").Contains(other.AdAccountId));
        Assert.That(await _world.Get<AdoptCampaign>().ExecuteAsync(asked.AccountId, "META_CAMPAIGN_0", "ann", CancellationToken.None), Is.InstanceOf<Adoption.UnknownCampaign>());
        Assert.That(await _world.Get<AdoptCampaign>().ExecuteAsync(asked.AccountId, "../me", "ann", CancellationToken.None), Is.InstanceOf<Adoption.UnknownCampaign>());
        Assert.That(await _world.Get<AdoptCampaign>().ExecuteAsync(Guid.NewGuid(), campaign, "ann", CancellationToken.None), Is.InstanceOf<Adoption.UnknownAccount>());
    }

    /// <summary>The run has its id: adopted as well, it would be counted twice, and deleted by the run that cannot record it any more.</summary>
    [TestCase("Spring")]
    [TestCase("Spring ")]
    public async Task What_a_run_is_making_is_its_own_whatever_somebody_calls_it(string name)
    {
        var asked = await _world.AcceptAsync();
        _world.Graph.Faults.Add(call => call.IsCreateOf("ads"), GraphFaults.Throttled());
        await _world.RunAsync(asked, runs: 1);
        var campaign = (await _world.QueryAsync<string>("SELECT meta_id FROM orchestration_steps WHERE step = 'campaign'")).Single();
        await _world.ExecuteAsync("UPDATE stub_graph.objects SET name = CASE WHEN @name LIKE '% ' THEN @name || substring(name FROM '\\[maj.*') ELSE @name END WHERE id = @campaign", new { campaign, name });

        Assert.That(await _world.Get<AdoptCampaign>().ExecuteAsync(asked.AccountId, campaign, "ann", CancellationToken.None), Is.InstanceOf<Adoption.Refused>().And.Property("Reason").Contains($"{asked.RequestId}"));
        Assert.That((await _world.RunAsync(asked)).Result.Status, Is.EqualTo("succeeded"));
    }

    [Test]
    public async Task Whose_a_known_campaign_is_is_told_to_who_sees_that_account_alone()
    {
        var (asked, other) = (await _world.BuildAsync(), await _world.BuildAsync());
        var campaign = (await _world.TreeAsync(asked)).Campaign.MetaId;
        await _world.ExecuteAsync("UPDATE meta_campaigns SET social_account_id = @Other WHERE meta_id = @campaign", new { Other = other.AccountId, campaign });
        foreach (var (seen, isTold) in ((Guid[]?, bool)[])[(null, true), ([asked.AccountId, other.AccountId], true), ([asked.AccountId], false)])
        {
            using var scope = AccountScope.Enter(null, seen?.ToHashSet());
            var refused = (Adoption.Refused)await _world.Get<AdoptCampaign>().ExecuteAsync(asked.AccountId, campaign, "ann", CancellationToken.None);
            Assert.That(refused.Reason, Does.StartWith($"The campaign {campaign} is known here as one of another account"));
            Assert.That(refused.Reason.Contains($"{other.AccountId}", StringComparison.Ordinal), Is.EqualTo(isTold), refused.Reason);
        }
    }

    [Test]
    public async Task Which_run_makes_a_campaign_is_told_to_who_sees_its_account_alone()
    {
        var (asked, other) = (await _world.AcceptAsync(), await _world.AcceptAsync());
        _world.Graph.Faults.Add(call => call.IsCreateOf("ads"), GraphFaults.Throttled());
        await _world.RunAsync(asked, runs: 1);
        var campaign = (await _world.QueryAsync<string>("SELECT meta_id FROM orchestration_steps WHERE step = 'campaign' AND meta_id IS NOT NULL")).Single();
        await _world.ExecuteAsync("DELETE FROM meta_campaigns; UPDATE orchestrations SET social_account_id = @Other WHERE request_id = @Run", new { Other = other.AccountId, Run = asked.RequestId });
        foreach (var (seen, isTold) in ((Guid[]?, bool)[])[(null, true), ([asked.AccountId, other.AccountId], true), ([asked.AccountId], false)])
        {
            using var scope = AccountScope.Enter(null, seen?.ToHashSet());
            var refused = (Adoption.Refused)await _world.Get<AdoptCampaign>().ExecuteAsync(asked.AccountId, campaign, "ann", CancellationToken.None);
            Assert.That(refused.Reason, Does.StartWith($"The campaign {campaign} is of {(isTold ? $"the run {asked.RequestId}" : "a run of another account")}, which has not ended well"));
            if (!isTold) Assert.That(refused.Reason, Does.Not.Contain($"{asked.RequestId}").And.Not.Contain($"{other.AccountId}"));
        }
    }

    /// <summary>One token may read the campaigns of many ad accounts.</summary>
    [Test]
    public async Task Of_which_ad_account_a_campaign_is_is_told_to_who_has_all_accounts_alone()
    {
        var (asked, other) = (await _world.BuildAsync(), await _world.BuildAsync());
        var campaign = (await _world.TreeAsync(asked)).Campaign.MetaId;
        await _world.ExecuteAsync(ForgetSql);
        foreach (var (seen, whose) in ((Guid[]?, string)[])[(null, $"the ad account {asked.AdAccountId}"), ([other.AccountId], "another ad account")])
        {
            using var scope = AccountScope.Enter(null, seen?.ToHashSet());
            var refused = (Adoption.Refused)await _world.Get<AdoptCampaign>().ExecuteAsync(other.AccountId, campaign, "ann", CancellationToken.None);
            Assert.That(refused.Reason, Is.EqualTo($"The campaign {campaign} is of {whose}, and this account is {other.AdAccountId}"));
        }
    }

    private async Task<(Asked Asked, string Campaign)> ByHandAsync(string change = "{}")
    {
        var asked = await _world.BuildAsync(change);
        var campaign = (await _world.TreeAsync(asked)).Campaign.MetaId;
        await _world.ExecuteAsync(ForgetSql);
        return (asked, campaign);
    }

    private async Task<AdoptedCampaign> AdoptAsync(Asked asked, string campaign)
    {
        var adoption = await _world.Get<AdoptCampaign>().ExecuteAsync(asked.AccountId, campaign, "ann", CancellationToken.None);
        Assert.That(adoption, Is.InstanceOf<Adoption.Done>(), $"{adoption}");
        return ((Adoption.Done)adoption).Campaign;
    }

    private Task ByHandBelowAsync() => _world.ExecuteAsync("""
        INSERT INTO stub_graph.objects (id, kind, account_id, parent_id, creative_id, name, status, fields, created_at, updated_at, searchable_at)
        SELECT concat('META_', upper(kind), '_', 'abc'), kind, account_id, CASE kind WHEN 'ad' THEN 'META_ADSET_abc' ELSE parent_id END, creative_id, 'By hand', 'ACTIVE', fields, now(), now(), now()
        FROM stub_graph.objects WHERE kind IN ('adset', 'ad') ORDER BY kind DESC
        """);

    private async Task<CampaignTree> TreeAsync(string campaign) => (await _world.Get<CampaignTrees>().FindAsync(campaign, CancellationToken.None))!;
}
