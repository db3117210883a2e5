using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Campaigns.Holding;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Tests.Orchestrations;

namespace MetaAdsJobs.Tests.Campaigns;

/// <summary>Whoever approves that a campaign is resumed has seen what is on below it, and what that may spend.</summary>
[TestFixture]
public sealed class ApprovedResumeTests
{
    /// <param name="how">By whom the other ad set is switched on while the approval is waited for.</param>
    [Test]
    public async Task What_is_switched_on_below_it_since_is_asked_for_anew([Values("an edit", "a hand in Ads Manager")] string how)
    {
        await using var world = await RunWorld.StartAsync();
        var tree = await world.BuiltAsync(EditWorld.Tree);
        var (campaign, other) = (tree.Campaign.MetaId, tree.AdSets[1].MetaId);
        foreach (var (kind, metaId) in ((EditKind, string)[])[(EditKind.Publish, campaign), (EditKind.Pause, campaign), (EditKind.Pause, other)])
        {
            await world.NothingUnderWayAsync();
            Assert.That((await world.EditAsync(kind, metaId)).Status, Is.EqualTo("succeeded"));
        }

        await world.ExecuteAsync("UPDATE social_accounts SET approval_required = 'always'");
        var resume = await world.AskAsync(EditKind.Resume, campaign);
        await world.RunEditAsync(resume);
        var asked = await AskedForAsync(world);
        if (how == "an edit") Assert.That((await world.EditAsync(EditKind.Resume, other)).Status, Is.EqualTo("succeeded"), "below a paused campaign nothing spends");
        else await world.ExecuteAsync("UPDATE stub_graph.objects SET status = 'ACTIVE' WHERE id = @other", new { other });

        var answer = await world.Get<DecideApproval>().ApproveAsync(asked.Id, "bob", asked.ContentHash, CancellationToken.None);
        if (how == "an edit") Assert.That(answer, Is.InstanceOf<Decided.Refused>(), "what he has seen is not what is there");
        await world.RunEditAsync(resume);

        var again = await AskedForAsync(world);
        Assert.That((again.Id != asked.Id, asked.DailyCents, again.DailyCents), Is.EqualTo((true, 10000L, 20000L)));
        Assert.That((await world.SwitchedAsync(tree))[0], Is.EqualTo('p'), "what was approved is half of it");
        Assert.That(await world.Get<DecideApproval>().ApproveAsync(again.Id, "bob", again.ContentHash, CancellationToken.None), Is.InstanceOf<Decided.Done>());
        Assert.That(await world.RunEditAsync(resume), Is.InstanceOf<JobOutcome.Completed>());
        Assert.That((await world.SwitchedAsync(tree), await world.CountedAsync()), Is.EqualTo(("AAAAAAA", "active 20000")));
    }

    [Test]
    public async Task What_is_given_another_budget_in_Ads_Manager_before_it_is_published_is_asked_for_anew()
    {
        await using var world = await RunWorld.StartAsync();
        var tree = await world.BuiltAsync();
        await world.ExecuteAsync("UPDATE social_accounts SET approval_required = 'always'");
        var publish = await world.AskAsync(EditKind.Publish, tree.Campaign.MetaId);
        await world.RunEditAsync(publish);
        var asked = await AskedForAsync(world);
        await world.ByHandAsync("daily_budget", "20000", tree.AdSets[0].MetaId);
        Assert.That(await world.Get<DecideApproval>().ApproveAsync(asked.Id, "bob", asked.ContentHash, CancellationToken.None), Is.InstanceOf<Decided.Done>());

        await world.RunEditAsync(publish);

        var again = await AskedForAsync(world);
        Assert.That((asked.DailyCents, again.DailyCents, await world.SwitchedAsync(tree)), Is.EqualTo((10000L, 20000L, "ppp")));
        Assert.That(await world.Get<DecideApproval>().ApproveAsync(again.Id, "bob", again.ContentHash, CancellationToken.None), Is.InstanceOf<Decided.Done>());
        Assert.That(await world.RunEditAsync(publish), Is.InstanceOf<JobOutcome.Completed>());
        Assert.That((await world.SwitchedAsync(tree), await world.CountedAsync()), Is.EqualTo(("AAA", "active 20000")));
    }

    private static async Task<ApprovalRequest> AskedForAsync(RunWorld world) => (await world.Get<ApprovalReader>().ListAsync(new("asked"), null, 50, CancellationToken.None)).Items.Single();
}
