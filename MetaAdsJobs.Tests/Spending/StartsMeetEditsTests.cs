using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Campaigns.Reading;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Tests.Campaigns;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Spending;

/// <summary>A campaign that is edited while a start is at others: what it is by then counts.</summary>
[TestFixture]
public sealed class StartsMeetEditsTests
{
    /// <param name="isAnswered">Else it may have been raised, and nobody knows.</param>
    [Test]
    public async Task What_is_raised_while_a_start_is_at_others_counts_as_it_was_raised([Values] bool isAnswered)
    {
        await using var world = await RunWorld.StartAsync(("Spending:PausesAtOnce", "1"));
        var (stopId, first, later) = await StoppedPairAsync(world, "{}");
        if (!isAnswered) world.Graph.Faults.Always(call => call["daily_budget"] == "30000", GraphFaults.DropAfterActing);
        var edited = "";
        world.Graph.Faults.Add(call => call.Path == first.Ads[0].MetaId && call["status"] == "ACTIVE", async (_, _, act) =>
        {
            var edit = await world.AskAsync(EditKind.Update, later.AdSets[0].MetaId, """{"daily_budget_cents":30000}""");
            try
            {
                await world.RunEditAsync(edit);
            }
            catch (MetaException)
            {
                // The queue would have it come again.
            }

            edited = (await world.QueryAsync<string>("SELECT state FROM campaign_edits")).Single();
            return await act();
        });

        Assert.That(await world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());

        Assert.That((edited, await world.AtMetaAsync(later.AdSets[0].MetaId, "daily_budget")), Is.EqualTo((isAnswered ? "succeeded" : "waiting", "30000")));
        Assert.That(await world.QueryAsync<string>("SELECT concat(state, ' ', daily_cents) FROM activations ORDER BY request_id"), Is.EqualTo(["active 10000", "active 30000"]));
    }

    /// <summary>What counts stands against the cap, too.</summary>
    [Test]
    public async Task What_was_raised_and_has_no_room_any_more_stays_paused()
    {
        await using var world = await RunWorld.StartAsync(("Spending:PausesAtOnce", "1"));
        var (stopId, first, later) = await StoppedPairAsync(world, "{}");
        world.Graph.Faults.Add(call => call.Path == first.Ads[0].MetaId && call["status"] == "ACTIVE", async (_, _, act) =>
        {
            await world.ExecuteAsync("UPDATE activations SET daily_cents = 30000 WHERE request_id = @RequestId; UPDATE social_accounts SET daily_cap_cents = 39999", new { later.RequestId });
            return await act();
        });

        await world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None);

        Assert.That(await world.QueryAsync<string>("SELECT concat(state, ' ', daily_cents) FROM activations ORDER BY request_id"), Is.EqualTo(["active 10000", "paused 30000"]));
    }

    /// <summary>No start comes back to it.</summary>
    [Test]
    public async Task What_a_start_has_no_room_for_says_why_until_somebody_resumes_it()
    {
        await using var world = await RunWorld.StartAsync();
        var tree = await world.BuiltAsync("""{"auto_publish":true}""");
        await world.NothingUnderWayAsync();
        await world.Get<StopSwitch>().StopAsync(tree.AccountId, "bob", null, CancellationToken.None);
        var stopId = (await world.QueryAsync<Guid>("SELECT id FROM stops")).Single();
        Assert.That(await world.Get<PauseSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());
        await world.ExecuteAsync("UPDATE social_accounts SET campaign_cap_cents = 9999");
        Assert.That(await WhyAsync(), Is.Null, "its stop is in force");
        await world.Get<StopSwitch>().StartAsync(tree.AccountId, "ann", reactivate: true, CancellationToken.None);
        Assert.That(await WhyAsync(), Is.Null, "its start is at it");

        Assert.That(await world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());

        Assert.That(await WhyAsync(), Is.EqualTo("its budget is 10000 a day and the cap for one campaign of this account is 9999; an admin may raise the account's campaign_cap_cents"));
        await world.ExecuteAsync("UPDATE social_accounts SET campaign_cap_cents = 10000");
        Assert.That(await WhyAsync(), Is.EqualTo("by what is known here nothing stands in its way any more"));
        Assert.That((await world.EditAsync(EditKind.Resume, tree.Campaign.MetaId)).Status, Is.EqualTo("succeeded"));
        Assert.That((await WhyAsync(), await world.SwitchedAsync(tree)), Is.EqualTo(((string?)null, "AAA")));

        async Task<string?> WhyAsync() => await world.Get<CampaignReader>().WhyLeftPausedAsync((await world.Get<CampaignReader>().FindAsync(tree.Campaign.MetaId, CancellationToken.None))!.Campaign, CancellationToken.None);
    }

    [Test]
    public async Task What_was_to_end_and_is_given_a_later_end_while_a_start_is_at_others_is_activated()
    {
        await using var world = await RunWorld.StartAsync(("Spending:PausesAtOnce", "1"));
        var end = world.Time.GetUtcNow().AddDays(3);
        var (stopId, first, later) = await StoppedPairAsync(world, $$"""{"end_time":"{{end:yyyy-MM-ddTHH:mm:ss}}Z"}""");
        world.Time.AdvanceTo(end.AddDays(1));
        var edited = "";
        world.Graph.Faults.Add(call => call.Path == first.Ads[0].MetaId && call["status"] == "ACTIVE", async (_, _, act) =>
        {
            edited = (await world.EditAsync(EditKind.Update, later.AdSets[0].MetaId, $$"""{"end_time":"{{end.AddDays(9):yyyy-MM-ddTHH:mm:ss}}Z"}""")).Status;
            return await act();
        });

        Assert.That(await world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());

        Assert.That(edited, Is.EqualTo("succeeded"));
        Assert.That(await world.QueryAsync<string>("SELECT state FROM activations ORDER BY request_id"), Is.EqualTo(["active", "active"]));
        Assert.That(await world.SwitchedAsync(later), Is.EqualTo("AAA"));
    }

    /// <summary>Below a paused campaign both need no permit, and whoever pauses the ad set then has to wait for the later of their calls.</summary>
    [Test]
    public async Task A_start_below_a_paused_campaign_does_not_end_what_an_edit_is_switching_on([Values] bool isRefused)
    {
        await using var world = await RunWorld.StartAsync();
        var tree = await world.BuiltAsync("""{"auto_publish":true}""");
        var (adSet, ad) = (tree.AdSets[0].MetaId, tree.Ads[0].MetaId);
        await world.NothingUnderWayAsync();
        await world.Get<StopSwitch>().StopAsync(tree.AccountId, "bob", null, CancellationToken.None);
        var stopId = (await world.QueryAsync<Guid>("SELECT id FROM stops")).Single();
        Assert.That(await world.Get<PauseSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());
        Assert.That((await world.EditAsync(EditKind.Pause, tree.Campaign.MetaId)).Status, Is.EqualTo("succeeded"));
        await world.Get<StopSwitch>().StartAsync(tree.AccountId, "ann", reactivate: true, CancellationToken.None);
        await world.ExecuteAsync("UPDATE activations SET busy_until = NULL, pausing = '{}'");
        var (edit, isAtAdSet, goesOn) = ((Task<JobOutcome>?)null, new TaskCompletionSource(), new TaskCompletionSource());
        world.Graph.Faults.Add(call => call.Path == ad && call["status"] == "ACTIVE", async (call, http, act) =>
        {
            world.Graph.Faults.Add(of => of.Path == adSet && of["status"] == "ACTIVE", async (_, _, late) =>
            {
                isAtAdSet.SetResult();
                await goesOn.Task;
                return await late();
            });
            edit = world.RunEditAsync(await world.AskAsync(EditKind.Resume, adSet));
            await isAtAdSet.Task;
            return isRefused ? await GraphFaults.Refused(100, 1885183)(call, http, act) : await act();
        });

        Assert.That(await world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());

        Assert.That(await world.QueryAsync<string>("SELECT concat(state, ' ', busy_until > clock_timestamp() + interval '3 minutes') FROM activations"), Is.EqualTo(["idle t"]));
        goesOn.SetResult();
        Assert.That(await edit!, Is.InstanceOf<JobOutcome.Completed>());
    }

    /// <summary>Two campaigns of an account that a stop has paused and a start is to activate again, in this order.</summary>
    private static async Task<(Guid StopId, CampaignTree First, CampaignTree Later)> StoppedPairAsync(RunWorld world, string change)
    {
        var first = await world.BuildAsync("""{"auto_publish":true}""");
        var later = await world.AgainAsync(first, SentCase.Merged(change, """{"auto_publish":true}""").ToJsonString());
        Assert.That((await world.RunAsync(later)).Result.Status, Is.EqualTo("succeeded"));
        await world.Get<StopSwitch>().StopAsync(first.AccountId, "bob", null, CancellationToken.None);
        var stopId = (await world.QueryAsync<Guid>("SELECT id FROM stops")).Single();
        await world.NothingUnderWayAsync();
        Assert.That(await world.Get<PauseSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());
        await world.Get<StopSwitch>().StartAsync(first.AccountId, "ann", reactivate: true, CancellationToken.None);
        return (stopId, await world.TreeAsync(first), await world.TreeAsync(later));
    }
}
