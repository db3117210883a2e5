using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Orchestrations.Review;
using MetaAdsJobs.Tests.Campaigns;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Orchestrations;

/// <summary>Reviews that are due together: how often Meta and the database are asked for them, and that none is told what is another's.</summary>
[TestFixture]
public sealed class ReviewsTogetherTests
{
    private RunWorld _world = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _world = await RunWorld.StartAsync();

    [OneTimeTearDown]
    public async Task EndAsync() => await _world.DisposeAsync();

    [SetUp]
    public async Task ForgetAsync()
    {
        _world.Graph.Faults.Clear();
        await _world.ExecuteAsync("DELETE FROM object_reviews");
    }

    [Test]
    public async Task Those_of_an_account_are_read_by_one_call_and_saved_by_one_commit()
    {
        var runs = await BuildAsync(3, """{"auto_publish":true}""");
        var other = (await BuildAsync(1))[0];
        await _world.ExecuteAsync("UPDATE stub_graph.objects SET status = 'PAUSED' WHERE id = (SELECT meta_id FROM meta_ads WHERE request_id = @RequestId)", runs[1]);

        Assert.That(await ReviewAsync(), Is.EqualTo(4));

        Assert.That(_world.Graph.Calls.Select(call => call.Path), Is.EquivalentTo([$"{runs[0].AdAccountId}/ads", await AdAsync(other)]));
        Assert.That(await _world.QueryAsync<int>("SELECT count(DISTINCT xmin::text)::int FROM object_reviews WHERE request_id = ANY(@Ids)", new { Ids = runs.Select(run => run.RequestId).ToArray() }), Is.EqualTo([1]));
        foreach (var run in runs) Assert.That(await ShownAsync(run), Is.EqualTo($"ACTIVE ACTIVE ACTIVE {(run == runs[1] ? "PAUSED" : "ACTIVE")}"));
        Assert.That(await ShownAsync(other), Is.EqualTo("PAUSED PAUSED ACTIVE PAUSED"));
        Assert.That(await DueAsync(), Is.Zero, "all is settled");
    }

    private static IEnumerable<TestCaseData> Unanswered()
    {
        yield return new TestCaseData(GraphFaults.Refused(100, 33)).SetArgDisplayNames("one is gone");
        yield return new TestCaseData(GraphFaults.Refused(100, 1815001)).SetArgDisplayNames("the question is refused");
        yield return new TestCaseData(GraphFaults.Says("""{"data":[]}""")).SetArgDisplayNames("the list shows none");
        yield return new TestCaseData(GraphFaults.Says("[]")).SetArgDisplayNames("it is no list");
        yield return new TestCaseData(GraphFaults.Lists(after => $$$"""{"data":[{"id":"{{{after}}}1","effective_status":"ARCHIVED"}],"paging":{"cursors":{"after":"{{{after}}}1"},"next":"https://more"}}"""))
            .SetArgDisplayNames("the filter is ignored");
    }

    [TestCaseSource(nameof(Unanswered))]
    public async Task Without_an_answer_for_all_each_is_read_by_itself(GraphFault fault)
    {
        var runs = await BuildAsync(2);
        _world.Graph.Faults.Add(call => call.Path == $"{runs[0].AdAccountId}/ads", fault);

        Assert.That(await ReviewAsync(), Is.EqualTo(2));

        Assert.That(_world.Graph.Calls.Select(call => call.Path), Is.EquivalentTo([$"{runs[0].AdAccountId}/ads", await AdAsync(runs[0]), await AdAsync(runs[1])]));
        foreach (var run in runs) Assert.That(await ShownAsync(run), Is.EqualTo("PAUSED PAUSED ACTIVE PAUSED"));
        Assert.That(await DueAsync(), Is.Zero);
    }

    [Test]
    public async Task What_the_list_leaves_out_is_read_by_itself_and_the_others_are_not()
    {
        var runs = await BuildAsync(3);
        var gone = await AdAsync(runs[2]);
        await _world.ExecuteAsync("UPDATE stub_graph.objects SET status = 'DELETED', deleted_at = now() WHERE id = @gone", new { gone });

        Assert.That(await ReviewAsync(), Is.EqualTo(3));

        Assert.That(_world.Graph.Calls.Select(call => call.Path), Is.EquivalentTo([$"{runs[0].AdAccountId}/ads", gone]));
        Assert.That(await ShownAsync(runs[2]), Is.EqualTo("PAUSED PAUSED ACTIVE DELETED"));
        foreach (var run in runs[..2]) Assert.That(await ShownAsync(run), Is.EqualTo("PAUSED PAUSED ACTIVE PAUSED"));
    }

    /// <summary>It may be called so in passing, the more as it is new: what Meta refuses of it afterwards is to be told.</summary>
    [Test]
    public async Task What_is_only_called_missing_is_looked_at_again()
    {
        var run = (await BuildAsync(1))[0];
        var ad = await AdAsync(run);
        _world.Graph.Faults.Always(call => call.Path == ad, GraphFaults.Refused(100, 33));

        Assert.That(await ReviewAsync(), Is.EqualTo(1));

        Assert.That((await DueAsync(), await ShownAsync(run)), Is.EqualTo((1, "PAUSED PAUSED ACTIVE ")));
        _world.Graph.Faults.Clear();
        await _world.ExecuteAsync("""UPDATE stub_graph.objects SET fields = fields || '{"issues_info":[{"level":"AD","error_summary":"No hats"}]}' WHERE id = @ad""", new { ad });
        Assert.That(await ReviewAsync(), Is.EqualTo(1));
        Assert.That((await ResultAsync(run)).Errors, Is.EqualTo(["at Meta: the ad is PAUSED: No hats"]));
    }

    [Test]
    public async Task What_Meta_has_refused_is_told_on_while_it_is_called_missing()
    {
        var run = (await BuildAsync(1))[0];
        var ad = await AdAsync(run);
        await _world.ExecuteAsync("""UPDATE stub_graph.objects SET fields = fields || '{"issues_info":[{"level":"AD","error_summary":"No hats"}]}' WHERE id = @ad""", new { ad });
        await _world.ExecuteAsync("UPDATE stub_graph.objects SET status = 'IN_PROCESS' WHERE id = (SELECT meta_id FROM meta_creatives WHERE request_id = @RequestId)", run);
        Assert.That(await ReviewAsync(), Is.EqualTo(1));
        Assert.That((await ResultAsync(run)).Errors, Is.EqualTo(["at Meta: the ad is PAUSED: No hats"]));
        _world.Graph.Faults.Always(call => call.Path == ad, GraphFaults.Refused(100, 33));

        Assert.That(await ReviewAsync(), Is.EqualTo(1));

        Assert.That((await ResultAsync(run)).Errors, Is.EqualTo(["at Meta: the ad is PAUSED: No hats"]));
    }

    [Test]
    public async Task A_throttled_account_is_asked_once_and_all_its_reviews_come_again()
    {
        var runs = await BuildAsync(3);
        _world.Graph.Faults.Add(call => call.Path == $"{runs[0].AdAccountId}/ads", GraphFaults.ThrottledFor(TimeSpan.FromMinutes(7)));

        Assert.That(await ReviewAsync(), Is.EqualTo(3));

        Assert.That(_world.Graph.Calls, Has.Count.EqualTo(1));
        Assert.That(await ShownAsync(runs[0]), Is.EqualTo("   "));
        Assert.That(await DueAsync(), Is.EqualTo(3));
        _world.Time.Advance(TimeSpan.FromMinutes(8));
        Assert.That(await ReviewAsync(), Is.EqualTo(3));
        foreach (var run in runs) Assert.That(await ShownAsync(run), Is.EqualTo("PAUSED PAUSED ACTIVE PAUSED"));
    }

    [Test]
    public async Task Trees_of_several_ads_are_read_with_the_others_and_one_alone_by_its_list()
    {
        const string Tree = """{"ad_sets":[{"ads":[{},{"creative_title":"Two"}]},{"ads":[{},{},{}]}]}""";
        var tree = (await BuildAsync(1, Tree))[0];
        Assert.That((await ReviewAsync(), _world.Graph.Calls.Select(call => call.Path).Single()), Is.EqualTo((1, $"{await CampaignAsync(tree)}/ads")));
        Assert.That(await ShownAsync(tree), Is.EqualTo("PAUSED PAUSED PAUSED ACTIVE ACTIVE ACTIVE ACTIVE ACTIVE PAUSED PAUSED PAUSED PAUSED PAUSED"));
        await _world.RunAsync(await _world.AgainAsync(tree));
        await _world.ExecuteAsync("UPDATE meta_creatives SET effective_status = NULL; UPDATE object_reviews SET next_at = deadline_at - interval '1 hour', looks = 0, settled_at = NULL");
        _world.Time.Advance(TimeSpan.FromDays(2));

        Assert.That((await ReviewAsync(), _world.Graph.Calls.Select(call => call.Path).Single()), Is.EqualTo((2, $"{tree.AdAccountId}/ads")));
        Assert.That(await ShownAsync(tree), Is.EqualTo("PAUSED PAUSED PAUSED ACTIVE ACTIVE ACTIVE ACTIVE ACTIVE PAUSED PAUSED PAUSED PAUSED PAUSED"));
    }

    [Test]
    public async Task Of_a_due_account_all_are_taken_before_anothers_and_nobody_takes_what_another_has()
    {
        var (first, second) = (await BuildAsync(3), await BuildAsync(3));
        foreach (var (run, minute) in new[] { (first[0], 1), (second[0], 2), (first[1], 3), (second[1], 4), (first[2], 5), (second[2], 6) })
            await _world.ExecuteAsync("UPDATE object_reviews SET next_at = @At WHERE request_id = @RequestId", new { run.RequestId, At = _world.Time.GetUtcNow().AddHours(-1).AddMinutes(minute) });
        var store = _world.Get<ReviewStore>();

        var alone = await store.TakeAsync(3, CancellationToken.None);
        Assert.That(alone.Select(one => one.RequestId), Is.EquivalentTo(first.Select(run => run.RequestId)));
        Assert.That(alone.Select(one => one.Credential).Distinct().Count(), Is.EqualTo(1));
        var together = await Task.WhenAll(store.TakeAsync(3, CancellationToken.None), store.TakeAsync(3, CancellationToken.None));
        Assert.That(together.SelectMany(all => all).Select(one => one.RequestId), Is.EquivalentTo(second.Select(run => run.RequestId)), "each once");
    }

    [Test]
    public async Task Who_comes_back_too_late_or_after_an_edit_writes_nothing_of_what_is_no_longer_his()
    {
        var runs = await BuildAsync(2);
        await ReviewableAsync();
        var store = _world.Get<ReviewStore>();
        var late = await store.TakeAsync(50, CancellationToken.None);
        _world.Time.Advance(ReviewStore.Held + TimeSpan.FromSeconds(1));
        var next = await store.TakeAsync(50, CancellationToken.None);
        await _world.ExecuteAsync("UPDATE meta_creatives SET meta_id = 'another' WHERE request_id = @RequestId", runs[1]);

        await store.SaveAsync(Saying("LATE", late), CancellationToken.None);
        await store.PostponeAsync([.. late.Select(one => (one, _world.Time.GetUtcNow().AddDays(1)))], CancellationToken.None);
        Assert.That((await ShownAsync(runs[0]), await ShownAsync(runs[1])), Is.EqualTo(("   ", "   ")));

        await store.SaveAsync(Saying("NEXT", next), CancellationToken.None);
        Assert.That((await ShownAsync(runs[0]), await ShownAsync(runs[1])), Is.EqualTo(("NEXT NEXT NEXT NEXT", "NEXT NEXT  NEXT")));
        Assert.That(await DueAsync(), Is.Zero);

        static List<Reviewed> Saying(string status, IReadOnlyList<DueReview> taken) =>
            [.. taken.Select(review => new Reviewed(review, [.. review.MetaIds.Select(one => new ReviewedObject(one.Step, one.MetaId, new(status, [])))], [], null, Settled: true))];
    }

    /// <summary>Looks are counted anew then: it is at its first, too.</summary>
    [Test]
    public async Task A_slow_look_saves_nothing_of_what_was_switched_on_since()
    {
        var (run, store) = ((await BuildAsync(1))[0], _world.Get<ReviewStore>());
        await ReviewableAsync();
        var old = (await store.TakeAsync(50, CancellationToken.None)).Single();
        Assert.That((await _world.EditAsync(EditKind.Publish, await CampaignAsync(run))).Status, Is.EqualTo("succeeded"));
        await ReviewableAsync();
        Assert.That((await store.TakeAsync(50, CancellationToken.None)).Single().Looks, Is.EqualTo(old.Looks));
        var before = await ReviewsAsync();

        await store.SaveAsync([new(old, [], [], null, Settled: true)], CancellationToken.None);
        await store.PostponeAsync([(old, old.DeadlineAt)], CancellationToken.None);
        await store.GiveUpAsync(old, "at Meta: nothing could be looked at", CancellationToken.None);

        Assert.That(await ReviewsAsync(), Is.EqualTo(before));
        Assert.That((await ResultAsync(run)).Errors, Is.Empty);

        async Task<IReadOnlyList<string>> ReviewsAsync() => await _world.QueryAsync<string>("SELECT concat(looks, ' ', next_at, ' ', settled_at) FROM object_reviews");
    }

    [Test]
    public async Task What_Meta_refused_is_told_in_its_own_run_whatever_characters_Meta_uses()
    {
        var runs = await BuildAsync(2);
        await _world.ExecuteAsync("""UPDATE stub_graph.objects SET fields = fields || '{"issues_info":[{"level":"AD","error_summary":"No hats"}]}' WHERE id = (SELECT meta_id FROM meta_ads WHERE request_id = @RequestId)""", runs[0]);
        _world.Graph.Faults.Add(call => call.Path == $"{runs[0].AdAccountId}/ads", GraphFaults.Changes(text => text.Replace("No hats", @"No\u0000hats", StringComparison.Ordinal)));

        await ReviewAsync();

        Assert.That((await ResultAsync(runs[0])).Errors, Is.EqualTo(["at Meta: the ad is PAUSED: No\ufffdhats"]));
        Assert.That((await ResultAsync(runs[1])).Errors, Is.Empty);
    }

    private async Task<Asked[]> BuildAsync(int count, string change = "{}")
    {
        var first = await _world.AcceptAsync(change);
        var all = new List<Asked> { first };
        while (all.Count < count) all.Add(await _world.AgainAsync(first, change));
        foreach (var asked in all) Assert.That((await _world.RunAsync(asked)).Result.Status, Is.EqualTo("succeeded"));
        return [.. all];
    }

    private async Task<int> ReviewAsync()
    {
        await ReviewableAsync();
        return await _world.Get<ReviewObjects>().RunAsync(50, CancellationToken.None);
    }

    private Task ReviewableAsync()
    {
        _world.Time.Advance(TimeSpan.FromMinutes(1));
        _world.Graph.ForgetCalls();
        return Task.CompletedTask;
    }

    private async Task<int> DueAsync() => (await _world.QueryAsync<int>("SELECT count(*)::int FROM object_reviews WHERE next_at IS NOT NULL OR settled_at IS NULL"))[0];

    private async Task<string> AdAsync(Asked asked) => (await _world.QueryAsync<string>("SELECT meta_id FROM meta_ads WHERE request_id = @RequestId", asked))[0];

    private async Task<string> CampaignAsync(Asked asked) => (await _world.QueryAsync<string>("SELECT meta_id FROM meta_campaigns WHERE request_id = @RequestId", asked))[0];

    private async Task<OrchestrationResult> ResultAsync(Asked asked) => (await _world.Get<OrchestrationReader>().FindAsync(asked.RequestId, CancellationToken.None))!;

    // Campaign, ad sets, creatives, ads.
    private async Task<string> ShownAsync(Asked asked) => string.Join(' ', await _world.QueryAsync<string?>("""
        SELECT status FROM (
            SELECT 1 AS level, id, effective_status AS status FROM meta_campaigns WHERE request_id = @RequestId UNION ALL SELECT 2, id, effective_status FROM meta_adsets WHERE request_id = @RequestId
            UNION ALL SELECT 3, id, effective_status FROM meta_creatives WHERE request_id = @RequestId UNION ALL SELECT 4, id, effective_status FROM meta_ads WHERE request_id = @RequestId) one ORDER BY level, id
        """, asked));
}
