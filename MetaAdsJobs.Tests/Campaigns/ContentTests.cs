using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Campaigns.Comparing;
using MetaAdsJobs.Core.Campaigns.Reading;
using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Campaigns;

/// <summary>Another content of an ad: a new creative, made exactly once, and the ad pointed to it.</summary>
[TestFixture]
public sealed class ContentTests
{
    private RunWorld _world = null!;

    [SetUp]
    public async Task StartAsync() => _world = await RunWorld.StartAsync(("MAX_RETRIES", "2"));

    [TearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [Test]
    public async Task An_ad_is_pointed_to_a_new_creative_and_the_old_one_stays_and_is_named()
    {
        var (asked, tree, body) = await BuiltAsync(EditWorld.Tree);
        var (ad, old) = (tree.Ads[3], await ShownAsync(tree.Ads[3].MetaId));
        await _world.ExecuteAsync("UPDATE object_reviews SET looks = 5, next_at = NULL, settled_at = now(); UPDATE meta_creatives SET effective_status = 'WITH_ISSUES'");

        var edit = await _world.EditAsync(EditKind.Update, ad.MetaId, $$"""{"name":"Second","creative":{{body}}}""");

        Assert.That((edit.Status, edit.Error, (string?)edit.Found!["creative_id"], (string?)edit.Found["creative"]!["creative_title"]), Is.EqualTo(("succeeded", (string?)null, old, "Amazing Product")));
        var made = await ShownAsync(ad.MetaId);
        Assert.That(await AtMetaAsync(asked), Is.EqualTo(5), "the old one stays: other ads may show it");
        Assert.That((made, (await _world.TreeAsync(tree)).Ads[3].CreativeId), Is.EqualTo((made, made)).And.Not.EqualTo((old, old)));
        var sent = _world.Creates(asked, "adcreatives")[^1];
        Assert.That(sent["name"], Does.Match(@"^Summer Sale 2025 - Creative 2\.2 \[maj[a-z2-7]{16}r\]$"));
        var story = JsonNode.Parse(sent["object_story_spec"]!)!["link_data"]!;
        Assert.That(((string?)story["name"], (string?)story["link"], (string?)story["message"]), Is.EqualTo(("New title", "https://example.com/new", (string?)null)));
        Assert.That(_world.Graph.Calls.Count(call => call.Path == ad.MetaId && call["creative"] is not null && call["name"]!.StartsWith("Second [maj", StringComparison.Ordinal)), Is.EqualTo(1), "in one call");
        Assert.That(await _world.QueryAsync<string>("SELECT concat(title, '|', description, '|', landing_url, '|', effective_status, '|', kind) FROM meta_creatives WHERE meta_id = @made", new { made }), Is.EqualTo(["New title||https://example.com/new||single"]));
        Assert.That(await _world.QueryAsync<bool>("SELECT looks = 0 AND next_at IS NOT NULL AND settled_at IS NULL FROM object_reviews"), Is.EqualTo([true]), "Meta reviews it anew");
        Assert.That(await CompareAsync(tree), Is.Empty, "no change from outside");
        Assert.That(_world.Graph.Calls.Any(call => call.Path == ad.MetaId && call["status"] is not null), Is.False, "nothing is switched on");
    }

    [TestCase("adcreatives")]
    [TestCase("ad")]
    public async Task A_lost_answer_is_looked_after_and_makes_no_second_creative(string of)
    {
        var (asked, tree, body) = await BuiltAsync();
        var ad = tree.Ads[0].MetaId;
        _world.Graph.Faults.Add(call => of == "ad" ? call.Path == ad && call["creative"] is not null : call.IsCreateOf(of), GraphFaults.DropAfterActing, of == "ad" ? 4 : 1);

        var edit = await _world.EditAsync(EditKind.Update, ad, $$"""{"creative":{{body}}}""");

        Assert.That((edit.Status, edit.Error), Is.EqualTo(("succeeded", (string?)null)));
        Assert.That((_world.Creates(asked, "adcreatives").Count, await AtMetaAsync(asked)), Is.EqualTo((2, 2)), "the run's, and one");
        Assert.That((await _world.TreeAsync(tree)).Ads[0].CreativeId, Is.EqualTo(await ShownAsync(ad)));
        if (of == "adcreatives") Assert.That((await _world.Get<ChangeReader>().ListAsync(new(tree.RequestId), null, 100, CancellationToken.None)).Items.Select(change => change.Outcome), Has.Member("adopted"));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task What_a_worker_that_died_has_made_is_adopted_and_what_it_has_not_made_is_made_once(bool isMade)
    {
        var (asked, tree, body) = await BuiltAsync();
        var ad = tree.Ads[0].MetaId;
        var edit = await _world.AskAsync(EditKind.Update, ad, $$"""{"creative":{{body}}}""");
        _world.Graph.Faults.Add(call => call.IsCreateOf("adcreatives"), isMade ? GraphFaults.DropAfterActing : GraphFaults.DropBeforeActing);
        Assert.That(() => _world.RunEditAsync(edit), Throws.InstanceOf<MetaException>());
        // As if it had died before it could say so.
        await _world.ExecuteAsync("UPDATE campaign_edits SET state = 'running', lease_until = clock_timestamp(), quiet_since = NULL, failures = 0");

        var ended = await EndedAsync(edit);

        Assert.That((ended.Status, await AtMetaAsync(asked)), Is.EqualTo(("succeeded", 2)));
        Assert.That(_world.Creates(asked, "adcreatives"), Has.Count.EqualTo(isMade ? 2 : 3));
        Assert.That((await _world.TreeAsync(tree)).Ads[0].CreativeId, Is.EqualTo(await ShownAsync(ad)));
    }

    [Test]
    public async Task A_creative_that_the_ad_may_not_show_is_deleted_again()
    {
        var (asked, tree, body) = await BuiltAsync();
        var (ad, old) = (tree.Ads[0].MetaId, await ShownAsync(tree.Ads[0].MetaId));
        _world.Graph.Faults.Always(call => call.Path == ad && call["creative"] is not null, GraphFaults.Refused(100, 1815573));

        var edit = await _world.EditAsync(EditKind.Update, ad, $$"""{"creative":{{body}}}""");

        Assert.That((edit.Status, edit.Error), Is.EqualTo(("failed", edit.Error)));
        Assert.That(edit.Error, Does.Not.Contain("left at Meta"));
        Assert.That((await ShownAsync(ad), (await _world.TreeAsync(tree)).Ads[0].CreativeId, await AtMetaAsync(asked)), Is.EqualTo((old, old, 1)));
        Assert.That(await CompareAsync(tree), Is.Empty);
        // Its job is requeued: another round, by another marker.
        _world.Graph.Faults.Clear();
        _world.Get<EditStore>().Reopen(edit.EditId);
        Assert.That(((await EndedAsync(edit.EditId)).Status, await AtMetaAsync(asked)), Is.EqualTo(("succeeded", 2)));
        Assert.That(_world.Creates(asked, "adcreatives").Select(call => call["name"]).Distinct().Count(), Is.EqualTo(3));
    }

    [Test]
    public async Task Several_that_carry_its_marker_are_left_to_a_person()
    {
        var (asked, tree, body) = await BuiltAsync();
        _world.Graph.Faults.Add(call => call.IsCreateOf("adcreatives"), GraphFaults.DropAfterActing);
        var edit = await _world.AskAsync(EditKind.Update, tree.Ads[0].MetaId, $$"""{"creative":{{body}}}""");
        Assert.That(() => _world.RunEditAsync(edit), Throws.InstanceOf<MetaException>());
        await _world.ExecuteAsync("""
            INSERT INTO stub_graph.objects (id, kind, account_id, name, status, fields, created_at, updated_at, searchable_at)
            SELECT 'META_CREATIVE_copy', kind, account_id, name, status, fields, created_at, updated_at, searchable_at FROM stub_graph.objects WHERE kind = 'creative' ORDER BY created_at DESC LIMIT 1
            """);

        var ended = await EndedAsync(edit);

        Assert.That((ended.Status, await AtMetaAsync(asked)), Is.EqualTo(("failed", 3)));
        Assert.That(ended.Error, Does.StartWith("several creatives at Meta carry the marker of this edit: ").And.Contain("left at Meta, delete it by hand: creative").And.Contain("META_CREATIVE_copy"));
    }

    [Test]
    public async Task Videos_and_images_of_a_content_are_brought_to_Meta_and_waited_for_as_in_a_run()
    {
        var (asked, tree, _) = await BuiltAsync();
        var video = await _world.AddClipAsync("""{"video_url":"https://example.com/clip.mp4"}""");
        var cards = $$"""{"cards":[{"clip_id":"{{video}}","title":"One"},{"clip_id":"{{asked.ClipId}}","title":"Two"}],"landing_url":"https://example.com/new"}""";
        _world.Graph.Faults.Add(call => call.IsCreateOf("advideos"), GraphFaults.DropAfterActing);

        var ended = await EndedAsync(await _world.AskAsync(EditKind.Update, tree.Ads[0].MetaId, $$"""{"creative":{{cards}}}"""));

        Assert.That((ended.Status, ended.Error), Is.EqualTo(("succeeded", (string?)null)));
        Assert.That((_world.Creates(asked, "advideos").Count, _world.Creates(asked, "adcreatives").Count), Is.EqualTo((1, 2)));
        var sent = JsonNode.Parse(_world.Creates(asked, "adcreatives")[^1]["object_story_spec"]!)!["link_data"]!["child_attachments"]!.AsArray();
        Assert.That(sent.Select(card => (string?)card!["name"]), Is.EqualTo(["One", "Two"]));
        Assert.That((string?)sent[0]!["video_id"], Does.StartWith("META_VIDEO_"));
        Assert.That(await _world.QueryAsync<string>("SELECT concat(kind, ' ', title) FROM meta_creatives"), Is.EqualTo(["carousel One"]));
    }

    [Test]
    public async Task A_creative_that_cannot_be_deleted_again_is_named()
    {
        var (asked, tree, body) = await BuiltAsync();
        var ad = tree.Ads[0].MetaId;
        _world.Graph.Faults.Always(call => call.Path == ad && call["creative"] is not null, GraphFaults.Refused(100, 1815573));
        _world.Graph.Faults.Always(call => call.Method == "DELETE", GraphFaults.Refused(100, 1487390));

        var edit = await _world.EditAsync(EditKind.Update, ad, $$"""{"creative":{{body}}}""");

        Assert.That((edit.Status, await AtMetaAsync(asked)), Is.EqualTo(("failed", 2)));
        var made = (await _world.QueryAsync<string>("SELECT id FROM stub_graph.objects WHERE kind = 'creative' ORDER BY created_at DESC LIMIT 1")).Single();
        Assert.That(edit.Error, Does.EndWith($"; left at Meta, delete it by hand: creative {made}"));
    }

    /// <summary>Meta may answer a create with the id of an equal creative that was there before. No ad shows it any more, so that Meta would delete it.</summary>
    [Test]
    public async Task A_creative_of_another_ad_that_Meta_has_answered_with_is_not_taken_back()
    {
        var (asked, tree, body) = await BuiltAsync(EditWorld.Tree);
        var (ad, creative) = (tree.Ads[0].MetaId, await ShownAsync(tree.Ads[3].MetaId));
        await _world.ExecuteAsync("UPDATE stub_graph.objects SET deleted_at = now(), status = 'DELETED' WHERE id = @Id", new { Id = tree.Ads[3].MetaId });
        _world.Graph.Faults.Add(call => call.IsCreateOf("adcreatives"), GraphFaults.Says($$"""{"id":"{{creative}}"}"""));
        _world.Graph.Faults.Always(call => call.Path == ad && call["creative"] is not null, GraphFaults.Refused(100, 1815573));

        var edit = await _world.EditAsync(EditKind.Update, ad, $$"""{"creative":{{body}}}""");

        Assert.That((edit.Status, await AtMetaAsync(asked)), Is.EqualTo(("failed", 4)));
        Assert.That(edit.Error, Does.Not.Contain("left at Meta"));
        Assert.That(_world.Graph.Calls.Any(call => call.Method == "DELETE"), Is.False);
    }

    [Test]
    public async Task A_pointing_that_was_given_up_and_was_done_is_found()
    {
        var (asked, tree, body) = await BuiltAsync();
        var ad = tree.Ads[0].MetaId;
        _world.Graph.Faults.Always(call => call.Path == ad && call["creative"] is not null, GraphFaults.DropAfterActing);
        _world.Graph.Faults.Always(call => call.Method == "GET" && call.Path == ad && _world.Graph.Calls.Count(sent => sent.Path == ad && sent["creative"] is not null) is > 0 and < 12, GraphFaults.FailBeforeActing);

        var edit = await _world.EditAsync(EditKind.Update, ad, $$"""{"creative":{{body}}}""");
        _world.Graph.Faults.Clear();
        edit = await EndedAsync(edit.EditId);

        Assert.That((edit.Status, await AtMetaAsync(asked)), Is.EqualTo(("succeeded", 2)));
        Assert.That((await _world.TreeAsync(tree)).Ads[0].CreativeId, Is.EqualTo(await ShownAsync(ad)));
    }

    [TestCase("cancel")]
    [TestCase("delete")]
    public async Task An_edit_that_is_void_takes_its_creative_back(string how)
    {
        var (asked, tree, body) = await BuiltAsync();
        var ad = tree.Ads[0].MetaId;
        _world.Graph.Faults.Add(call => call.IsCreateOf("adcreatives"), GraphFaults.DropAfterActing);
        var edit = await _world.AskAsync(EditKind.Update, ad, $$"""{"creative":{{body}}}""");
        Assert.That(() => _world.RunEditAsync(edit), Throws.InstanceOf<MetaException>());

        if (how == "cancel") Assert.That(await _world.Get<CancelEdit>().ExecuteAsync(edit, "bob", CancellationToken.None), Is.True);
        else Assert.That((await _world.EditAsync(EditKind.Delete, tree.AdSets[0].MetaId)).Status, Is.EqualTo("succeeded"), "nobody waits for it");
        var ended = await EndedAsync(edit);

        Assert.That((ended.Status, ended.Error), Is.EqualTo(("cancelled", how == "cancel" ? "cancelled by bob" : "ann has asked to delete the adset since")));
        Assert.That(await AtMetaAsync(asked), Is.EqualTo(1));
        Assert.That(await _world.Get<CancelEdit>().ExecuteAsync(edit, "bob", CancellationToken.None), Is.False);
    }

    [Test]
    public async Task A_pointing_of_an_edit_that_became_void_meanwhile_is_told_and_what_the_ad_shows_is_kept()
    {
        var (asked, tree, body) = await BuiltAsync();
        var ad = tree.Ads[0].MetaId;
        var edit = await _world.AskAsync(EditKind.Update, ad, $$"""{"creative":{{body}}}""");
        await using (var lease = new Lease(_world.Time, TimeSpan.FromSeconds(30)))
        {
            // Whoever carries it out dies before it can say so.
            var claim = (await _world.Get<EditStore>().ClaimAsync(edit, lease, CancellationToken.None))!;
            await _world.Get<UpdateObject>().RunAsync(claim, CancellationToken.None);
        }

        Assert.That((await _world.EditAsync(EditKind.Archive, ad)).Status, Is.EqualTo("succeeded"));
        var ended = await EndedAsync(edit);

        var shown = await ShownAsync(ad);
        Assert.That((ended.Status, ended.Error), Is.EqualTo(("cancelled", $"ann has asked to archive the ad since; too late: the ad shows the new creative {shown}")));
        Assert.That((await AtMetaAsync(asked), (await _world.TreeAsync(tree)).Ads[0].CreativeId), Is.EqualTo((2, shown)));
        Assert.That(await _world.QueryAsync<string>("SELECT outcome FROM meta_changes WHERE sent ? 'creative' AND path = @ad", new { ad }), Is.EqualTo(["outcome_unknown"]));
    }

    [Test]
    public async Task While_a_stop_is_in_force_only_an_ad_that_is_paused_shows_something_else()
    {
        var (_, tree, body) = await BuiltAsync();
        var ad = tree.Ads[0].MetaId;
        await _world.Get<StopSwitch>().StopAsync(null, "bob", null, CancellationToken.None);

        Assert.That((await _world.EditAsync(EditKind.Update, ad, $$"""{"creative":{{body}}}""")).Status, Is.EqualTo("succeeded"));
        await _world.ExecuteAsync("UPDATE meta_ads SET status = 'ACTIVE'");
        var edit = await _world.EditAsync(EditKind.Update, ad, $$"""{"creative":{{body}}}""");

        Assert.That((edit.Status, edit.WaitReason), Is.EqualTo(("waiting", "stopped by bob")));
    }

    [Test]
    public async Task Another_creative_that_was_put_there_in_Ads_Manager_is_told_once()
    {
        var (_, tree, body) = await BuiltAsync("""{"ad_sets":[{"ads":[{},{}]}]}""");
        var (first, second) = (await ShownAsync(tree.Ads[0].MetaId), await ShownAsync(tree.Ads[1].MetaId));
        await _world.ExecuteAsync("UPDATE stub_graph.objects SET creative_id = @second WHERE id = @Id", new { second, Id = tree.Ads[0].MetaId });

        Assert.That(await CompareAsync(tree), Is.EqualTo([$"ad creative {first} {second}"]));
        Assert.That(await CompareAsync(tree), Has.Count.EqualTo(1));

        var (preview, _) = await _world.Get<PreviewEdit>().ExecuteAsync(tree.Ads[0].MetaId, EditKind.Update, System.Text.Json.JsonElement.Parse($$"""{"creative":{{body}}}"""), CancellationToken.None);
        Assert.That((preview!.Before.Creative, preview.Before.CreativeId, preview.SpendsMore), Is.EqualTo(((object?)null, second, false)), "what it shows is not known here");
        Assert.That((await _world.EditAsync(EditKind.Update, tree.Ads[0].MetaId, $$"""{"creative":{{body}}}""")).Status, Is.EqualTo("succeeded"));
        Assert.That(await CompareAsync(tree), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Another_clients_page_or_Instagram_account_is_no_content_for_who_sees_some_accounts()
    {
        var (asked, tree, body) = await BuiltAsync();
        await _world.AcceptAsync();
        await _world.ExecuteAsync("UPDATE social_accounts SET page_id = '77', instagram_user_id = '88' WHERE id <> @AccountId", new { asked.AccountId });
        using var scope = AccountScope.Enter(null, new HashSet<Guid> { asked.AccountId });
        foreach (var (creative, field) in ((string, string)[])[("""{"post_id":"77_1"}""", "creative.post_id"), ($"{body[..^1]},\"instagram_user_id\":\"88\"}}", "creative.instagram_user_id")])
            Assert.That(await AskAsync(creative) is EditRequested.Invalid invalid ? string.Join(' ', invalid.Errors.ToDictionary().Keys) : "taken", Is.EqualTo(field));
        await _world.ExecuteAsync("""UPDATE orchestrations SET request = request || '{"instagram_user_id":"88"}' WHERE request_id = @RequestId""", new { asked.RequestId });
        Assert.That(await AskAsync($"{body[..^1]},\"instagram_user_id\":\"88\"}}"), Is.Not.InstanceOf<EditRequested.Invalid>(), "the ad has it already");

        Task<EditRequested> AskAsync(string creative) => _world.Get<RequestEdit>().ExecuteAsync(EditLevel.Ad, tree.Ads[0].MetaId, EditKind.Update, JsonElement.Parse($$"""{"creative":{{creative}}}"""), "ann", CancellationToken.None);
    }

    private async Task<(Asked Asked, CampaignTree Tree, string Creative)> BuiltAsync(string change = "{}")
    {
        var asked = await _world.BuildAsync(change);
        return (asked, await _world.TreeAsync(asked), $$"""{"clip_id":"{{asked.ClipId}}","creative_title":"New title","landing_url":"https://example.com/new"}""");
    }

    private async Task<CampaignEdit> EndedAsync(Guid edit)
    {
        var ended = await _world.UntilEndedAsync(edit);
        for (var tries = 1; tries < 5 && ended.Status is "queued" or "running" or "waiting"; tries++) ended = await _world.UntilEndedAsync(edit);
        return ended;
    }

    private async Task<string> ShownAsync(string ad) => (await _world.QueryAsync<string>("SELECT creative_id FROM stub_graph.objects WHERE id = @ad", new { ad })).Single();

    private async Task<int> AtMetaAsync(Asked asked) => (await _world.AtMetaAsync(asked)).Split(' ').Count(kind => kind == "creative");

    private async Task<List<string>> CompareAsync(CampaignTree tree)
    {
        await _world.ExecuteAsync("UPDATE meta_campaigns SET compare_at = clock_timestamp(); ALTER TABLE meta_changes DISABLE TRIGGER meta_changes_stay; UPDATE meta_changes SET sent_at = sent_at - interval '1 hour'; UPDATE activations SET busy_until = NULL");
        Assert.That(await _world.Get<CompareCampaigns>().RunAsync(20, CancellationToken.None), Is.EqualTo(1));
        return [.. (await _world.Get<CampaignReader>().FindAsync(tree.Campaign.MetaId, CancellationToken.None))!.OutsideChanges.Select(change => $"{change.Level} {change.Field} {change.Was} {change.Is}")];
    }
}
