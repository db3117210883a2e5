using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Campaigns.Holding;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Tests.Orchestrations;

namespace MetaAdsJobs.Tests.Campaigns;

/// <summary>Whoever approves one of several edits of a campaign has seen what else of it is on: it spends no more than somebody has approved.</summary>
[TestFixture]
public sealed class ApprovedTogetherTests
{
    private const string Three = """{"ad_sets":[{"ads":[{}]},{"ads":[{}]},{"ads":[{}]}]}""";
    private RunWorld _world = null!;

    [SetUp]
    public async Task StartAsync() => _world = await RunWorld.StartAsync();

    [TearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    /// <param name="what">Approval is asked for while another ad set is off that is published with an approval of its own.</param>
    /// <param name="isApproved">Whether that is given before the other is published.</param>
    [Test]
    public async Task What_another_approved_edit_has_switched_on_is_asked_for_anew([Values("a publish", "a resume", "a raise")] string what, [Values] bool isApproved)
    {
        var tree = await _world.BuiltAsync(Three);
        var sets = tree.AdSets.Select(one => one.MetaId).ToList();
        await PublishedAsync(tree, off: [sets[1], sets[2]]);
        var first = await AskAsync(EditKind.Publish, sets[1]);
        var second = what == "a raise" ? await AskAsync(EditKind.Update, sets[0], """{"daily_budget_cents":20000}""") : await AskAsync(what == "a publish" ? EditKind.Publish : EditKind.Resume, sets[2]);
        var (approval, other) = (await AskedForAsync(first), await AskedForAsync(second));
        Assert.That((approval.DailyCents, other.DailyCents), Is.EqualTo((20000L, 20000L)), "neither knows of the other");
        if (isApproved) Assert.That(await ApproveAsync(other), Is.InstanceOf<Decided.Done>());

        Assert.That(await ApproveAsync(approval), Is.InstanceOf<Decided.Done>());
        Assert.That(await _world.RunEditAsync(first), Is.InstanceOf<JobOutcome.Completed>());
        Assert.That((await _world.SwitchedAsync(tree), await _world.CountedAsync()), Is.EqualTo(("AAApAAA", "active 20000")));
        if (!isApproved) Assert.That(await ApproveAsync(other), Is.EqualTo(new Decided.Refused("What it is for has changed since: it is void, and asked for anew")));
        Assert.That(await _world.RunEditAsync(second), Is.InstanceOf<JobOutcome.Snoozed>());

        var again = await AskedForAsync(second);
        Assert.That((again.Id != other.Id, again.DailyCents), Is.EqualTo((true, 30000L)));
        Assert.That(again.Changed.Select(change => (change.MetaId, change.Field)), Is.EqualTo([(sets[1], "on")]));
        Assert.That((await _world.SwitchedAsync(tree), await _world.CountedAsync()), Is.EqualTo(("AAApAAA", "active 20000")), "nobody has approved more");
        Assert.That(await ApproveAsync(again), Is.InstanceOf<Decided.Done>());
        Assert.That(await _world.RunEditAsync(second), Is.InstanceOf<JobOutcome.Completed>());
        Assert.That((await _world.SwitchedAsync(tree), await _world.CountedAsync()), Is.EqualTo((what == "a raise" ? "AAApAAA" : "AAAAAAA", "active 30000")));
    }

    /// <summary>An ad that was paused after the publish was asked for is left out, and comes back below the paused campaign without anybody's approval.</summary>
    /// <param name="isApproved">Whether it comes back once the publish is approved.</param>
    [Test]
    public async Task What_was_left_out_and_is_resumed_is_asked_for_anew([Values] bool isApproved)
    {
        var tree = await _world.BuiltAsync("""{"ad_sets":[{"ads":[{},{}]}]}""");
        var left = tree.Ads[1].MetaId;
        await _world.ExecuteAsync("UPDATE social_accounts SET approval_required = 'always'");
        var publish = await AskAsync(EditKind.Publish, tree.Campaign.MetaId);
        Assert.That((await _world.EditAsync(EditKind.Pause, left)).Status, Is.EqualTo("succeeded"));
        await _world.RunEditAsync(publish);
        var without = await AskedForAsync(publish);
        Assert.That(without.Content["left_out"]!.AsArray().Select(one => (string?)one), Is.EqualTo([left]));
        if (isApproved) Assert.That(await ApproveAsync(without), Is.InstanceOf<Decided.Done>());

        Assert.That((await _world.EditAsync(EditKind.Resume, left)).Status, Is.EqualTo("succeeded"), "below a paused campaign nothing spends");
        if (!isApproved) Assert.That(await ApproveAsync(without), Is.InstanceOf<Decided.Refused>(), "he has seen that it is left out");
        Assert.That(await _world.RunEditAsync(publish), Is.InstanceOf<JobOutcome.Snoozed>());

        var again = await AskedForAsync(publish);
        Assert.That(again.Changed.Select(change => (change.MetaId, change.Field)), Is.EqualTo([(left, "on")]));
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("pppA"));
        Assert.That(await ApproveAsync(again), Is.InstanceOf<Decided.Done>());
        Assert.That((await _world.UntilEndedAsync(publish)).Status, Is.EqualTo("succeeded"));
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("AAAA"));
    }

    /// <summary>What a stop has paused comes back with its start: nobody is asked anew for it.</summary>
    [Test]
    public async Task A_stop_and_what_it_pauses_changes_nothing_of_what_is_asked_for()
    {
        var tree = await _world.BuiltAsync(Three);
        var off = tree.AdSets[2].MetaId;
        await PublishedAsync(tree, off: [off]);
        var asked = await AskedForAsync(await AskAsync(EditKind.Publish, off));
        await _world.NothingUnderWayAsync();
        await _world.Get<StopSwitch>().StopAsync(tree.AccountId, "bob", null, CancellationToken.None);
        Assert.That(await _world.Get<PauseSpending>().ExecuteAsync((await _world.QueryAsync<Guid>("SELECT id FROM stops")).Single(), CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());
        Assert.That(await _world.SwitchedAsync(tree), Does.StartWith("p"), "below a campaign that is off nothing spends");

        await _world.Get<ApprovalStore>().SettleAsync(null, CancellationToken.None);

        Assert.That(await ApproveAsync(asked), Is.InstanceOf<Decided.Done>());
    }

    private async Task PublishedAsync(CampaignTree tree, string[] off)
    {
        foreach (var (kind, metaId) in ((EditKind, string)[])[(EditKind.Publish, tree.Campaign.MetaId), .. off.Select(one => (EditKind.Pause, one))])
        {
            await _world.NothingUnderWayAsync();
            Assert.That((await _world.EditAsync(kind, metaId)).Status, Is.EqualTo("succeeded"));
        }

        await _world.NothingUnderWayAsync();
        await _world.ExecuteAsync("UPDATE social_accounts SET approval_required = 'always'");
    }

    private async Task<Guid> AskAsync(EditKind kind, string metaId, string? body = null)
    {
        var edit = await _world.AskAsync(kind, metaId, body);
        Assert.That(await _world.RunEditAsync(edit), Is.InstanceOf<JobOutcome.Snoozed>().With.Property("Reason").Contains("somebody else has to approve it"));
        return edit;
    }

    private async Task<ApprovalRequest> AskedForAsync(Guid edit) =>
        (await _world.Get<ApprovalReader>().ListAsync(new("asked"), null, 50, CancellationToken.None)).Items.Single(one => one.EditId == edit);

    private Task<Decided> ApproveAsync(ApprovalRequest approval) => _world.Get<DecideApproval>().ApproveAsync(approval.Id, "bob", approval.ContentHash, CancellationToken.None);
}
