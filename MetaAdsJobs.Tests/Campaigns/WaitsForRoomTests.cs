using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Campaigns;

/// <summary>What waits for room under a cap, what waits behind that, and what may pass both.</summary>
[TestFixture]
public sealed class WaitsForRoomTests
{
    private RunWorld _world = null!;

    [SetUp]
    public async Task StartAsync() => _world = await RunWorld.StartAsync();

    [TearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    /// <summary>What was asked for last is how it stands in the end.</summary>
    [Test]
    public async Task A_budget_waits_for_an_earlier_one_of_the_same_ad_set_that_waits_for_room()
    {
        var tree = await _world.BuiltAsync();
        await _world.EditAsync(EditKind.Publish, tree.Campaign.MetaId);
        await _world.ExecuteAsync("UPDATE social_accounts SET daily_cap_cents = 15000");
        Assert.That(await _world.RunEditAsync(await _world.AskAsync(EditKind.Update, tree.AdSets[0].MetaId, """{"daily_budget_cents":20000}""")), Is.InstanceOf<JobOutcome.Snoozed>());

        var second = await _world.AskAsync(EditKind.Update, tree.AdSets[0].MetaId, """{"daily_budget_cents":12000}""");

        Assert.That(await _world.RunEditAsync(second), Is.InstanceOf<JobOutcome.Snoozed>().With.Property("Reason").EqualTo("an earlier edit of the same campaign comes first"));
    }

    /// <summary>Who lowers first and switches on then never wanted to spend both.</summary>
    [TestCase(false)]
    [TestCase(true, TestName = "{m}(of which nothing is left)")]
    [TestCase(false, "attempt = 1", TestName = "{m}(that was requeued)")]
    [TestCase(false, "attempt = 1, started_at = now()", TestName = "{m}(that was begun in a freeze)")]
    [TestCase(true, "attempt = 1, started_at = now()", TestName = "{m}(that was begun in a freeze, and of which nothing is left)")]
    public async Task What_switches_on_waits_for_a_lower_budget_that_waits_behind_one_that_waits_for_room(bool isCancelled, string before = "attempt = 0")
    {
        var (first, second, other) = await LoweredBehindAsync();
        await _world.ExecuteAsync($"UPDATE campaign_edits SET {before} WHERE edit_id = '{second}'");
        Assert.That(await _world.RunEditAsync(second), Is.InstanceOf<JobOutcome.Snoozed>());
        var third = await _world.AskAsync(EditKind.Resume, other);
        Assert.That(await _world.RunEditAsync(third), Is.InstanceOf<JobOutcome.Snoozed>().With.Property("Reason").EqualTo("an earlier edit of the same campaign comes first"));

        if (isCancelled) await _world.ExecuteAsync($"UPDATE campaign_edits SET state = 'cancelled', completed_at = now() WHERE edit_id = '{first}'");
        else await _world.ExecuteAsync("UPDATE social_accounts SET daily_cap_cents = NULL");
        // What it was last looked at for was another thing.
        if (isCancelled) await _world.ExecuteAsync($"UPDATE campaign_edits SET wait_reason = 'throttled by Meta' WHERE edit_id = '{second}'");
        if (isCancelled) Assert.That(await _world.RunEditAsync(third), Is.InstanceOf<JobOutcome.Snoozed>(), "it is still to come");
        foreach (var edit in isCancelled ? [second, third] : (Guid[])[first, second, third])
        {
            var ended = await _world.UntilEndedAsync(edit);
            Assert.That(ended.Status, Is.EqualTo("succeeded"), ended.WaitReason);
        }

        Assert.That(await _world.CountedAsync(), Is.EqualTo("active 14000"));
    }

    /// <summary>What was held longer than is too late is so by no fault of the service's.</summary>
    [Test]
    public async Task What_was_due_while_it_waited_behind_that_is_not_missed()
    {
        var (first, second, other) = await LoweredBehindAsync();
        Assert.That(await _world.RunEditAsync(second), Is.InstanceOf<JobOutcome.Snoozed>());
        var due = _world.Time.GetUtcNow().AddMinutes(5);
        var third = await _world.AskAsync(EditKind.Resume, other);
        await _world.ExecuteAsync($"UPDATE campaign_edits SET due_at = '{due:O}' WHERE edit_id = '{third}'");
        _world.Time.AdvanceTo(due.AddMinutes(90));
        Assert.That(await _world.RunEditAsync(third), Is.InstanceOf<JobOutcome.Snoozed>().With.Property("Reason").EqualTo("an earlier edit of the same campaign comes first"));

        await _world.ExecuteAsync("UPDATE social_accounts SET daily_cap_cents = NULL");
        // What it waited for last was another thing.
        await _world.ExecuteAsync($"UPDATE campaign_edits SET wait_reason = 'throttled by Meta', next_attempt_at = NULL WHERE edit_id = '{third}'");
        foreach (var edit in (Guid[])[first, second, third]) Assert.That((await _world.UntilEndedAsync(edit)).Status, Is.EqualTo("succeeded"));
        Assert.That(await _world.CountedAsync(), Is.EqualTo("active 14000"));
    }

    /// <summary>A freeze that holds it as well may be ended before its time.</summary>
    [Test]
    public async Task What_waits_behind_another_in_a_freeze_is_looked_at_again_soon()
    {
        var tree = await _world.BuiltAsync();
        await _world.AskAsync(EditKind.Update, tree.AdSets[0].MetaId, """{"daily_budget_cents":4000}""");
        var publish = await _world.AskAsync(EditKind.Publish, tree.Campaign.MetaId);
        await _world.ExecuteAsync("INSERT INTO freezes (id, social_account_id, from_at, until_at, made_by, made_at) SELECT gen_random_uuid(), id, @from, @until, 'ann', @from FROM social_accounts", new { from = _world.Time.GetUtcNow().AddHours(-1), until = _world.Time.GetUtcNow().AddDays(4) });
        var outcome = await _world.RunEditAsync(publish);
        Assert.That(outcome, Is.InstanceOf<JobOutcome.Snoozed>().With.Property("Reason").EqualTo("an earlier edit of the same campaign comes first"));
        Assert.That(((JobOutcome.Snoozed)outcome).Until, Is.LessThan(_world.Time.GetUtcNow().AddMinutes(2)));
    }

    /// <summary>Nor does that keep what makes the room from being done.</summary>
    [Test]
    public async Task What_spends_less_does_not_wait_for_what_waits_behind_a_budget_that_waits_for_room()
    {
        var tree = await _world.BuiltAsync(EditWorld.Tree);
        var (raised, other) = (tree.AdSets[0].MetaId, tree.AdSets[1].MetaId);
        await _world.EditAsync(EditKind.Publish, tree.Campaign.MetaId);
        await _world.NothingUnderWayAsync();
        await _world.ExecuteAsync("UPDATE social_accounts SET daily_cap_cents = 25000");
        var first = await _world.AskAsync(EditKind.Update, raised, """{"daily_budget_cents":18000}""");
        Assert.That(await _world.RunEditAsync(first), Is.InstanceOf<JobOutcome.Snoozed>());
        var second = await _world.AskAsync(EditKind.Update, raised, """{"name":"Another"}""");
        Assert.That(await _world.RunEditAsync(second), Is.InstanceOf<JobOutcome.Snoozed>());

        Assert.That((await _world.EditAsync(EditKind.Update, other, """{"daily_budget_cents":6000}""")).Status, Is.EqualTo("succeeded"));

        Assert.That((await _world.UntilEndedAsync(first)).Status, Is.EqualTo("succeeded"));
        Assert.That((await _world.UntilEndedAsync(second)).Status, Is.EqualTo("succeeded"));
        Assert.That((await _world.CountedAsync(), (await _world.TreeAsync(tree)).AdSets[0].Name[..7]), Is.EqualTo(("active 24000", "Another")));
    }

    /// <summary>Of a tree that is on but for one ad set: a budget that is raised beyond the cap, and lowered again behind that; and the ad set that is off.</summary>
    private async Task<(Guid Raise, Guid Lowering, string Off)> LoweredBehindAsync()
    {
        var tree = await _world.BuiltAsync(EditWorld.Tree);
        var (raised, other) = (tree.AdSets[0].MetaId, tree.AdSets[1].MetaId);
        await _world.EditAsync(EditKind.Publish, tree.Campaign.MetaId);
        await _world.NothingUnderWayAsync();
        await _world.EditAsync(EditKind.Pause, other);
        await _world.ExecuteAsync("UPDATE social_accounts SET daily_cap_cents = 25000");
        var first = await _world.AskAsync(EditKind.Update, raised, """{"daily_budget_cents":30000}""");
        Assert.That(await _world.RunEditAsync(first), Is.InstanceOf<JobOutcome.Snoozed>());
        var second = await _world.AskAsync(EditKind.Update, raised, """{"daily_budget_cents":4000}""");
        return (first, second, other);
    }
}
