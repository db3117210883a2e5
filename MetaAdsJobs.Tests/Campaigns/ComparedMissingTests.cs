using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Campaigns.Comparing;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Campaigns;

/// <summary>What comparing believes of what Meta calls missing.</summary>
[TestFixture]
public sealed class ComparedMissingTests
{
    private RunWorld _world = null!;

    [SetUp]
    public async Task StartAsync() => _world = await RunWorld.StartAsync();

    [TearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [Test]
    public async Task What_Meta_calls_missing_is_believed_an_hour_later_and_a_budget_that_is_not_told_never()
    {
        var tree = await _world.BuiltAsync("""{"auto_publish":true}""");
        _world.Graph.Faults.Always(call => call.Method == "GET" && call.Path == tree.AdSets[0].ParentId, GraphFaults.Refused(100, 33));
        Assert.That(await _world.CompareAsync(), Is.EqualTo(1));
        Assert.That((await _world.ToldAsync(tree), await _world.CountedAsync()), Is.EqualTo((new List<string>(), "active 10000")));
        _world.Time.Advance(TimeSpan.FromMinutes(61));
        Assert.That(await _world.CompareAsync(), Is.EqualTo(1));
        Assert.That(await _world.ToldAsync(tree), Has.Member("campaign status ACTIVE DELETED"));

        var other = await _world.BuiltAsync();
        await ByHandAsync("UPDATE stub_graph.objects SET fields = fields - 'daily_budget' WHERE id = @Id", other.AdSets[0].MetaId);
        Assert.That(await _world.CompareAsync(), Is.EqualTo(1));
        Assert.That(await _world.ToldAsync(other), Is.Empty);
    }

    /// <summary>The hour is of what was missing before, and nothing else.</summary>
    [TestCase(61, "adset", "adset DELETED")]
    [TestCase(61, "campaign", "")]
    [TestCase(60 * 24, "adset", "", Description = "it is not known what was in between")]
    [TestCase(61, "adset", "", true, Description = "Meta has carried something out meanwhile")]
    public async Task What_is_called_missing_later_than_another_is_not_believed_with_it(int minutes, string then, string believed, bool isEdited = false)
    {
        var tree = await _world.BuiltAsync("""{"auto_publish":true}""");
        void Missing(string metaId) => _world.Graph.Faults.Always(call => call.Method == "GET" && call.Path == metaId, GraphFaults.Refused(100, 33));
        await ByHandAsync("UPDATE stub_graph.objects SET status = 'ARCHIVED' WHERE id = @Id", tree.AdSets[0].MetaId);
        Missing(tree.AdSets[0].MetaId);
        Assert.That(await _world.CompareAsync(), Is.EqualTo(1));

        _world.Graph.Faults.Clear();
        await _world.NothingUnderWayAsync();
        if (isEdited) Assert.That((await _world.EditAsync(EditKind.Update, tree.Campaign.MetaId, """{"name":"Another"}""")).Status, Is.EqualTo("succeeded"));
        _world.Time.Advance(TimeSpan.FromMinutes(minutes));
        Missing(then == "adset" ? tree.AdSets[0].MetaId : tree.Campaign.MetaId);
        if (isEdited) await _world.ExecuteAsync("UPDATE meta_campaigns SET compare_at = clock_timestamp(); UPDATE activations SET busy_until = NULL");
        Assert.That(isEdited ? await _world.Get<CompareCampaigns>().RunAsync(20, CancellationToken.None) : await _world.CompareAsync(), Is.EqualTo(1));

        Assert.That((await _world.TreeAsync(tree)).All.Where(one => one.Status == "DELETED").Select(one => $"{one.Kind.ToString().ToLowerInvariant()} DELETED"), Is.EqualTo(believed.Length == 0 ? [] : new[] { believed }));
        Assert.That(await _world.CountedAsync(), Does.StartWith("active"));
    }

    /// <summary>An hour of being called missing is over when Meta shows it, also in a look that comes to nothing.</summary>
    [TestCase(true, Description = "shown at the second word")]
    [TestCase(false, Description = "shown, and what is below it is not told")]
    public async Task What_Meta_has_shown_in_between_is_not_believed_to_be_gone(bool isMissingFirst)
    {
        var tree = await _world.BuiltAsync("""{"auto_publish":true}""");
        var campaign = tree.Campaign.MetaId;
        bool IsRead(RecordedCall call) => call.Method == "GET" && call.Path == campaign;
        _world.Graph.Faults.Always(IsRead, GraphFaults.Refused(100, 33));
        Assert.That(await _world.CompareAsync(), Is.EqualTo(1));
        _world.Time.Advance(TimeSpan.FromMinutes(59));
        _world.Graph.Faults.Clear();
        if (isMissingFirst) _world.Graph.Faults.Add(IsRead, GraphFaults.Refused(100, 33));
        else _world.Graph.Faults.Always(call => call.Method == "GET" && call.Path.StartsWith($"{campaign}/", StringComparison.Ordinal), GraphFaults.Refused(200, 0));
        Assert.That(await _world.CompareAsync(), Is.EqualTo(1));

        _world.Time.Advance(TimeSpan.FromMinutes(10));
        _world.Graph.Faults.Clear();
        _world.Graph.Faults.Always(IsRead, GraphFaults.Refused(100, 33));
        Assert.That(await _world.CompareAsync(), Is.EqualTo(1));

        Assert.That(((await _world.TreeAsync(tree)).Campaign.Status, await _world.CountedAsync()), Is.EqualTo(("ACTIVE", "active 10000")));
    }

    [Test]
    public async Task What_is_shown_of_a_campaign_is_taken_over_while_something_else_of_it_is_called_missing()
    {
        var tree = await _world.BuiltAsync();
        await ByHandAsync("UPDATE stub_graph.objects SET status = 'ACTIVE' WHERE kind IN ('campaign', 'adset')");
        await ByHandAsync("UPDATE stub_graph.objects SET status = 'ARCHIVED' WHERE kind = 'ad'");
        _world.Graph.Faults.Always(call => call.Method == "GET" && call.Path == tree.Ads[0].MetaId, GraphFaults.Refused(100, 33));

        Assert.That(await _world.CompareAsync(), Is.EqualTo(1));

        Assert.That((await _world.CountedAsync(), (await _world.TreeAsync(tree)).Ads[0].Status), Is.EqualTo(("active 10000", "PAUSED")));
        Assert.That(await _world.ToldAsync(tree), Is.EquivalentTo(["campaign status PAUSED ACTIVE", "adset status PAUSED ACTIVE"]));
        _world.Time.Advance(TimeSpan.FromMinutes(61));
        Assert.That(await _world.CompareAsync(), Is.EqualTo(1));
        Assert.That((await _world.TreeAsync(tree)).Ads[0].Status, Is.EqualTo("DELETED"));
    }

    /// <summary>No comparison is whole meanwhile, and what we have sent since the last one is not taken for somebody else's.</summary>
    [Test]
    public async Task What_is_changed_back_to_what_we_had_sent_is_told_while_something_else_is_called_missing()
    {
        var tree = await _world.BuiltAsync();
        var (adSet, ad) = (tree.AdSets[0].MetaId, tree.Ads[0].MetaId);
        Assert.That((await _world.EditAsync(EditKind.Update, adSet, """{"daily_budget_cents":20000}""")).Status, Is.EqualTo("succeeded"));
        await ByHandAsync("UPDATE stub_graph.objects SET status = 'ARCHIVED' WHERE id = @Id", ad);
        _world.Graph.Faults.Always(call => call.Method == "GET" && call.Path == ad, GraphFaults.Refused(100, 33));

        foreach (var budget in (string[])["30000", "20000"])
        {
            await _world.ByHandAsync("daily_budget", budget, adSet);
            Assert.That(await _world.CompareAsync(), Is.EqualTo(1));
        }

        Assert.That(await _world.ToldAsync(tree), Is.EqualTo(["adset daily_budget 30000 20000", "adset daily_budget 20000 30000"]));
    }

    /// <summary>Such as by a raise whose answer was lost: perhaps it is done.</summary>
    [Test]
    public async Task What_counts_for_more_than_is_known_goes_on_counting_while_a_part_of_it_is_called_missing()
    {
        var tree = await _world.BuiltAsync("""{"auto_publish":true,"ad_sets":[{"ads":[{}]},{"ads":[{}]}]}""");
        await _world.ExecuteAsync("UPDATE activations SET daily_cents = 50000");
        await ByHandAsync("UPDATE stub_graph.objects SET status = 'ARCHIVED' WHERE id = @Id", tree.AdSets[1].MetaId);
        _world.Graph.Faults.Always(call => call.Method == "GET" && call.Path == tree.AdSets[1].MetaId, GraphFaults.Refused(100, 33));

        Assert.That(await _world.CompareAsync(), Is.EqualTo(1));
        Assert.That(await _world.CountedAsync(), Is.EqualTo("active 50000"));

        _world.Graph.Faults.Clear();
        Assert.That(await _world.CompareAsync(), Is.EqualTo(1));
        Assert.That(await _world.CountedAsync(), Is.EqualTo("active 10000"));
    }

    [Test]
    public async Task An_account_that_Meta_does_not_show_at_the_moment_is_compared_later()
    {
        var tree = await _world.BuiltAsync();
        _world.Graph.Faults.Always(call => call.Method == "GET", GraphFaults.Refused(100, 33));

        Assert.That(await _world.CompareAsync(), Is.EqualTo(1));

        Assert.That(await _world.ToldAsync(tree), Is.Empty, "that Meta calls it missing proves nothing by itself");
        Assert.That(await _world.QueryAsync<bool>("SELECT compared_at IS NULL AND compare_at > clock_timestamp() FROM meta_campaigns"), Is.EqualTo([true]));
    }

    /// <summary>Somebody has asked for an edit, and taken it back, while Meta was asked: what was read is not saved. That it was shown is known all the same.</summary>
    [Test]
    public async Task What_was_shown_in_a_look_that_could_not_be_saved_is_not_believed_to_be_gone()
    {
        var tree = await _world.BuiltAsync("""{"auto_publish":true,"ad_sets":[{"ads":[{}]},{"ads":[{}]}]}""");
        var (gone, hidden) = (tree.AdSets[0].MetaId, tree.AdSets[1].MetaId);
        void Missing(string metaId) => _world.Graph.Faults.Always(call => call.Method == "GET" && call.Path == metaId, GraphFaults.Refused(100, 33));
        await ByHandAsync("UPDATE stub_graph.objects SET status = 'ARCHIVED' WHERE id IN (@Id, @Other)", gone, hidden);
        Missing(gone);
        Missing(hidden);
        Assert.That(await _world.CompareAsync(), Is.EqualTo(1));
        _world.Time.Advance(TimeSpan.FromMinutes(61));
        _world.Graph.Faults.Clear();
        _world.Graph.Faults.Add(call => call.Method == "GET" && call.Path == gone, async (graph, http, act) =>
        {
            await _world.Get<CancelEdit>().ExecuteAsync(await _world.AskAsync(EditKind.Pause, tree.Ads[0].MetaId), "bob", CancellationToken.None);
            return await GraphFaults.Refused(100, 33)(graph, http, act);
        });
        Missing(gone);
        await ByHandAsync("UPDATE stub_graph.objects SET status = 'ACTIVE' WHERE id = @Id", hidden);
        Assert.That(await _world.CompareAsync(), Is.EqualTo(1));

        _world.Time.Advance(TimeSpan.FromMinutes(1));
        await ByHandAsync("UPDATE stub_graph.objects SET status = 'ARCHIVED' WHERE id = @Id", hidden);
        Missing(hidden);
        Assert.That(await _world.CompareAsync(), Is.EqualTo(1));

        Assert.That((await _world.TreeAsync(tree)).Find(hidden)!.Status, Is.EqualTo("ACTIVE"));
    }

    private Task ByHandAsync(string sql, string? id = null, string? other = null) => _world.ExecuteAsync(sql, new { Id = id, Other = other });
}
