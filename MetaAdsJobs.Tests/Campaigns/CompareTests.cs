using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Campaigns;

/// <summary>What people do in Ads Manager to what was made here.</summary>
[TestFixture]
public sealed class CompareTests
{
    private RunWorld _world = null!;

    [SetUp]
    public async Task StartAsync() => _world = await RunWorld.StartAsync();

    [TearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [Test]
    public async Task A_campaign_switched_on_with_another_budget_is_told_and_counted_and_a_stop_in_force_pauses_it()
    {
        var tree = await _world.BuiltAsync();
        await _world.Get<StopSwitch>().StopAsync(null, "bob", null, CancellationToken.None);
        await ByHandAsync("UPDATE stub_graph.objects SET status = 'ACTIVE' WHERE kind <> 'creative'");
        await ByHandAsync("UPDATE stub_graph.objects SET fields = fields || '{\"daily_budget\":\"70000\"}', name = 'Mine' WHERE kind = 'adset'");

        Assert.That(await _world.CompareAsync(), Is.EqualTo(1));

        Assert.That(await _world.ToldAsync(tree), Is.EquivalentTo(["campaign status PAUSED ACTIVE", "adset status PAUSED ACTIVE", $"adset name {tree.AdSets[0].Name} Mine", "adset daily_budget 10000 70000", "ad status PAUSED ACTIVE"]));
        Assert.That(await _world.CountedAsync(), Is.EqualTo("active 70000"), "although it is above every cap");
        var stopId = (await _world.QueryAsync<Guid>("SELECT id FROM stops")).Single();
        Assert.That(await _world.Get<PauseSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());
        Assert.That(await _world.SwitchedAsync(tree), Is.EqualTo("ppp"));
    }

    [Test]
    public async Task What_was_switched_off_or_ended_counts_no_more_and_is_told_once()
    {
        var (off, deleted) = (await _world.BuiltAsync("""{"auto_publish":true}"""), await _world.BuiltAsync("""{"auto_publish":true}"""));
        await ByHandAsync("UPDATE stub_graph.objects SET status = 'PAUSED' WHERE id = @Id", off.Campaign.MetaId);
        await ByHandAsync("UPDATE stub_graph.objects SET status = 'DELETED', deleted_at = now() WHERE parent_id IS NOT NULL AND id IN (@Id, @Other) OR id = @Id", deleted.Campaign.MetaId, deleted.AdSets[0].MetaId);

        Assert.That(await _world.CompareAsync(), Is.EqualTo(2));
        Assert.That(await _world.CompareAsync(), Is.EqualTo(1), "what is deleted is not looked at again");

        Assert.That(await _world.ToldAsync(off), Is.EqualTo(["campaign status ACTIVE PAUSED"]));
        Assert.That(await _world.ToldAsync(deleted), Is.EquivalentTo(["campaign status ACTIVE DELETED", "adset status ACTIVE DELETED", "ad status ACTIVE DELETED"]));
        Assert.That(await _world.QueryAsync<string>("SELECT state FROM activations ORDER BY 1"), Is.EqualTo(["ended", "idle"]));
    }

    /// <summary>Meta leaves on what has ended; and what is for its whole time is not for a day.</summary>
    [Test]
    public async Task An_ad_set_that_has_ended_counts_no_more_soon_after_and_one_beside_it_does()
    {
        var tree = await _world.BuiltAsync("""{"auto_publish":true,"ad_sets":[{"ads":[{}]},{"ads":[{}]}]}""");
        var (ends, end) = (tree.AdSets[0].MetaId, _world.Time.GetUtcNow().AddHours(5));
        await ByHandAsync("UPDATE stub_graph.objects SET fields = fields - 'daily_budget' || '{\"lifetime_budget\":\"200000\"}' WHERE id = @Id", ends);
        await _world.ByHandAsync("end_time", end.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss+0000", null), ends);
        Assert.That((await _world.CompareAsync(), await _world.CountedAsync()), Is.EqualTo((1, "active 210000")));
        Assert.That(await _world.QueryAsync<bool>("SELECT compare_at BETWEEN @end AND @end + interval '2 minutes' FROM meta_campaigns", new { end }), Is.EqualTo([true]), "its room is free soon after it ends");

        _world.Time.AdvanceTo(end);

        Assert.That((await _world.CompareAsync(), await _world.CountedAsync()), Is.EqualTo((1, "active 10000")));
        Assert.That((await _world.TreeAsync(tree)).AdSets[0].Status, Is.EqualTo("ACTIVE"));
    }

    [Test]
    public async Task What_is_edited_while_Meta_is_asked_is_no_change_from_outside()
    {
        var tree = await _world.BuiltAsync();
        Guid? edit = null;
        _world.Graph.Faults.Add(call => call.Method == "GET" && call.Path == tree.Campaign.MetaId, async (_, _, act) =>
        {
            var answer = await act();
            edit = await _world.AskAsync(EditKind.Publish, tree.Campaign.MetaId);
            await _world.RunEditAsync(edit.Value);
            return answer;
        });

        Assert.That(await _world.CompareAsync(), Is.EqualTo(1));
        Assert.That((await _world.UntilEndedAsync(edit!.Value)).Status, Is.EqualTo("succeeded"));

        Assert.That(await _world.ToldAsync(tree), Is.Empty);
        Assert.That((await _world.TreeAsync(tree)).Campaign.Status, Is.EqualTo("ACTIVE"));
        await _world.NothingUnderWayAsync();
        Assert.That(await _world.CompareAsync(), Is.EqualTo(1));
        Assert.That(await _world.ToldAsync(tree), Is.Empty);
    }

    /// <summary>Whoever adopts what is new of it has it looked at at once: what was read before does not have that.</summary>
    [Test]
    public async Task What_is_to_be_compared_anew_is_not_saved_as_it_was_read_before()
    {
        await _world.BuiltAsync();
        await ByHandAsync("UPDATE stub_graph.objects SET status = 'ACTIVE' WHERE kind <> 'creative'");
        _world.Graph.Faults.Add(call => call.Method == "GET", async (_, _, act) =>
        {
            var answer = await act();
            await _world.ExecuteAsync("UPDATE meta_campaigns SET compare_at = clock_timestamp()");
            return answer;
        });

        await _world.CompareAsync();

        Assert.That((await _world.CountedAsync(), (await _world.QueryAsync<bool>("SELECT compare_at <= clock_timestamp() FROM meta_campaigns")).Single()), Is.EqualTo(((string?)null, true)));
        await _world.CompareAsync();
        Assert.That(await _world.CountedAsync(), Is.EqualTo("active 10000"));
    }

    [Test]
    public async Task What_an_edit_has_done_that_failed_before_it_could_say_so_is_taken_over_and_no_change_from_outside()
    {
        var tree = await _world.BuiltAsync("""{"auto_publish":true}""");
        var adSet = tree.AdSets[0].MetaId;
        await _world.NothingUnderWayAsync();
        foreach (var (edit, body) in ((EditKind, string?)[])[(EditKind.Update, """{"name":"Other","daily_budget_cents":5000,"end_time":"2099-01-01T00:00:00Z"}"""), (EditKind.Archive, null)])
        {
            var asked = await _world.AskAsync(edit, adSet, body);
            await using (var lease = new Lease(_world.Time, TimeSpan.FromSeconds(30)))
            {
                var claim = (await _world.Get<EditStore>().ClaimAsync(asked, lease, CancellationToken.None))!;
                if (edit == EditKind.Update) await _world.Get<UpdateObject>().RunAsync(claim, CancellationToken.None);
                else await _world.Get<MetaEdits>().ArchiveAsync(claim.Credential, adSet, CancellationToken.None);
                await _world.Get<EditStore>().EndAsync(claim, EditEnd.Failing("the database was away"), CancellationToken.None);
            }
        }

        // A campaign that a run kept when it was retried has the marker it had; and somebody else switches what we have: that is his.
        await _world.ExecuteAsync("UPDATE meta_campaigns SET name = regexp_replace(name, '\\[maj..', '[majzz')");
        await ByHandAsync("UPDATE stub_graph.objects SET status = 'PAUSED' WHERE id = @Id", tree.Campaign.MetaId);
        Assert.That(await _world.CompareAsync(), Is.EqualTo(1));

        Assert.That(await _world.ToldAsync(tree), Is.EqualTo(["campaign status ACTIVE PAUSED"]));
        var now = (await _world.TreeAsync(tree)).AdSets[0];
        Assert.That((now.Name.StartsWith("Other", StringComparison.Ordinal), now.Budget.Daily, now.Budget.EndTime?.Year, now.Status), Is.EqualTo((true, 5000L, 2099, "ARCHIVED")));
    }

    /// <summary>With since when it may have been so: an experiment leaves out each of those days.</summary>
    [Test]
    public async Task Another_bid_is_told_with_the_look_before_and_taken_over()
    {
        var tree = await _world.BuiltAsync("""{"bid_strategy":"COST_CAP","bid_amount_cents":500}""");
        Assert.That((await _world.CompareAsync(), await _world.ToldAsync(tree)), Is.EqualTo((1, new List<string>())));
        var before = (await _world.QueryAsync<DateTimeOffset>("SELECT compared_at FROM meta_campaigns")).Single();
        _world.Time.Advance(TimeSpan.FromHours(30));
        await _world.ByHandAsync("bid_amount", "900", tree.AdSets[0].MetaId);
        Assert.That(await _world.CompareAsync(), Is.EqualTo(1));
        Assert.That(await _world.ToldAsync(tree), Is.EqualTo(["adset bid_amount 500 900"]));
        Assert.That(await _world.QueryAsync<DateTimeOffset>("SELECT since FROM outside_changes"), Is.EqualTo([before]));
        Assert.That((await _world.TreeAsync(tree)).AdSets[0].Budget.BidAmount, Is.EqualTo(900));

        await ByHandAsync("UPDATE stub_graph.objects SET fields = fields - 'bid_amount' WHERE id = @Id", tree.AdSets[0].MetaId);
        Assert.That(await _world.CompareAsync(), Is.EqualTo(1));
        Assert.That((await _world.ToldAsync(tree))[0], Is.EqualTo("adset bid_amount 900 "));
        Assert.That((await _world.TreeAsync(tree)).AdSets[0].Budget.BidAmount, Is.Null);
    }

    /// <summary>The campaign's own row is as it was: whoever keeps a copy of all campaigns is told of it all the same.</summary>
    [Test]
    public async Task What_is_found_below_a_campaign_is_a_change_of_it_and_a_comparison_that_finds_nothing_is_none()
    {
        const string ChangedSql = "SELECT told_at = compared_at FROM meta_campaigns";
        var tree = await _world.BuiltAsync();
        await _world.ByHandAsync("daily_budget", "70000", tree.AdSets[0].MetaId);
        Assert.That(await _world.CompareAsync(), Is.EqualTo(1));
        Assert.That(await _world.QueryAsync<bool>(ChangedSql), Is.EqualTo([true]));
        _world.Time.Advance(TimeSpan.FromHours(1));
        Assert.That(await _world.CompareAsync(), Is.EqualTo(1));
        Assert.That(await _world.QueryAsync<bool>(ChangedSql), Is.EqualTo([false]));
    }

    [Test]
    public async Task What_was_changed_by_hand_is_found_also_while_the_account_s_calls_are_spaced()
    {
        var tree = await _world.BuiltAsync();
        _world.Graph.Faults.Always(_ => true, GraphFaults.Used(88));
        await ByHandAsync("UPDATE stub_graph.objects SET status = 'ACTIVE' WHERE id = @Id", tree.AdSets[0].MetaId);
        Assert.That(await _world.CompareAsync(), Is.EqualTo(1));
        Assert.That(await _world.ToldAsync(tree), Is.EqualTo(["adset status PAUSED ACTIVE"]));
    }

    private Task ByHandAsync(string sql, string? id = null, string? other = null) => _world.ExecuteAsync(sql, new { Id = id, Other = other });
}
