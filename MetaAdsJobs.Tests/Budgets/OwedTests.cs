using System.Text.Json;
using MetaAdsJobs.Core.Budgets.Pools;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Campaigns.Holding;
using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Tests.Campaigns;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Budgets;

/// <summary>What was taken from members and not given to others is given back once, by whomever.</summary>
[TestFixture]
public sealed class OwedTests
{
    private RunWorld _world = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _world = await RunWorld.StartAsync(("MAX_RETRIES", "0"));

    [OneTimeTearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [TearDown]
    public Task ForgetAsync() => _world.ExecuteAsync("DELETE FROM budget_pools; DELETE FROM freezes");

    [Test]
    public async Task What_somebody_has_given_by_hand_is_not_given_back_once_more()
    {
        var tree = await TakenAsync(GraphFaults.Refused(100, 1885272));
        Assert.That(await OwedAsync(tree), Is.EqualTo(20_00));
        Assert.That((await _world.EditAsync(EditKind.Update, tree.Id(1), """{"daily_budget_cents":11500}""")).Status, Is.EqualTo("succeeded"));
        await _world.ProposeAsync();
        var next = await _world.NightAsync(tree);
        Assert.That((next.TotalNowCents, next.TotalCents), Is.EqualTo((180_00, 185_00)), "of twenty, fifteen are there");

        Assert.That((await _world.EditAsync(EditKind.Update, tree.Id(1), """{"daily_budget_cents":12000}""")).Status, Is.EqualTo("succeeded"));
        await _world.CarryOnAsync();
        Assert.That((await _world.NightAsync(tree)).StateWhy, Is.EqualTo("what it was to give back was given by hand since"));
    }

    /// <summary>In the hours or days in which what is to be given waits; also when the next night that proposes anything is months later.</summary>
    [TestCase(1, 180_00, 185_00)]
    [TestCase(60, 295_00, 300_00)]
    public async Task What_somebody_has_given_while_it_was_carried_out_is_not_given_once_more(int days, long now, long proposed)
    {
        var tree = await _world.PoolAsync("act", 10, 20, 20);
        await _world.ProposeAsync();
        await _world.CarryOnAsync();
        await _world.RunEditsAsync(tree);
        Assert.That((await _world.EditAsync(EditKind.Update, tree.Id(1), """{"daily_budget_cents":11500}""")).Status, Is.EqualTo("succeeded"));
        _world.Graph.Faults.Always(call => call.Method == "POST" && call["daily_budget"] is not null && call.Path == tree.Id(2), GraphFaults.Refused(100, 1885272));
        await _world.UntilOverAsync(tree);
        _world.Graph.Faults.Clear();
        Assert.That(((await _world.NightAsync(tree)).State, await OwedAsync(tree)), Is.EqualTo(("partly", 20_00L)));
        await _world.ExecuteAsync("""
            UPDATE budget_proposals SET day = day - @days, basis = basis - @days, made_at = made_at - make_interval(days => @days), completed_at = completed_at - make_interval(days => @days);
            UPDATE campaign_edits SET completed_at = completed_at - make_interval(days => @days)
            """, new { days });
        await _world.ProposeAsync();
        var next = await _world.NightAsync(tree);
        Assert.That((next.TotalNowCents, next.TotalCents), Is.EqualTo((now, proposed)), "of twenty, fifteen are there");
    }

    /// <summary>Its edit has failed, and Meta has done it.</summary>
    [Test]
    public async Task What_Meta_may_have_given_without_an_answer_is_not_given_once_more()
    {
        var tree = await TakenAsync(GraphFaults.DropAfterActing);
        Assert.That(((await _world.NightAsync(tree)).State, (await _world.AtMetaAsync(tree)).Sum(), await OwedAsync(tree)), Is.EqualTo(("partly", 300_00L, 0L)));
    }

    /// <summary>Its raises were refused, since nobody had heard that anything was taken.</summary>
    [Test]
    public async Task What_Meta_has_taken_without_an_answer_is_given_back()
    {
        var tree = await TakenAsync(GraphFaults.DropAfterActing, 0);
        Assert.That((await _world.AtMetaAsync(tree)).Sum(), Is.EqualTo(280_00));
        // As the comparison with Meta does: it was sent by us.
        await _world.ExecuteAsync("UPDATE meta_adsets SET daily_budget = 8000 WHERE meta_id = @Id", new { Id = tree.Id(0) });
        await _world.ProposeAsync();
        Assert.That((await _world.NightAsync(tree)).TotalCents, Is.EqualTo(300_00));
        await _world.UntilOverAsync(tree);
        Assert.That((await _world.AtMetaAsync(tree)).Sum() + await OwedAsync(tree), Is.EqualTo(300_00));
    }

    /// <summary>What it has not given is in the next night's sum: it is not done by its old numbers as well.</summary>
    [Test]
    public async Task A_raise_that_has_failed_is_not_opened_again_once_its_night_is_over()
    {
        var tree = await TakenAsync(GraphFaults.Refused(100, 1885272));
        foreach (var failed in await _world.QueryAsync<Guid>("SELECT edit_id FROM campaign_edits WHERE request_id = @RequestId AND state = 'failed'", new { tree.Tree.RequestId })) _world.Get<EditStore>().Reopen(failed);
        await _world.RunEditsAsync(tree);
        await _world.ExecuteAsync("UPDATE campaign_edits SET completed_at = completed_at - interval '1 day'; ALTER TABLE meta_changes DISABLE TRIGGER meta_changes_stay; UPDATE meta_changes SET sent_at = sent_at - interval '1 day'");
        await _world.ProposeAsync();
        await _world.UntilOverAsync(tree);
        Assert.That((await _world.AtMetaAsync(tree)).Sum() + await OwedAsync(tree), Is.EqualTo(300_00));
    }

    [TestCase("the same in another order, with another bound", 20_00)]
    [TestCase("others", 0)]
    public async Task What_is_owed_is_owed_to_its_members_whatever_their_bounds(string members, long owed)
    {
        var tree = await TakenAsync(GraphFaults.Refused(100, 1885272));
        var ids = tree.Tree.AdSets.Select(set => set.MetaId).Reverse().Take(members == "others" ? 2 : 3);
        var body = JsonSerializer.SerializeToElement(new { members = ids.Select(id => new { id, max_cents = 500_00 }) });
        Assert.That(await _world.Get<SaveBudgetPool>().ChangeAsync(tree.Pool.Id, body, "ann", CancellationToken.None), Is.InstanceOf<PoolOutcome<BudgetPool>.Done>());
        Assert.That(await OwedAsync(tree), Is.EqualTo(owed));
    }

    /// <summary>While it waits nobody else may change the campaign, and it would be done some day by the numbers of that night.</summary>
    [TestCase("its turn")]
    [TestCase("room")]
    [TestCase("the end of a freeze")]
    [TestCase("room, since it was approved")]
    public async Task What_could_not_be_given_on_its_day_is_given_up_and_owed(string waitsFor)
    {
        var tree = await _world.PoolAsync("act", 10, 20);
        var account = new { tree.Tree.AccountId, Now = _world.Time.GetUtcNow() };
        await _world.ProposeAsync();
        await _world.CarryOnAsync();
        await _world.RunEditsAsync(tree);
        // What was taken is taken by others at once, or nothing may be given now.
        if (waitsFor == "the end of a freeze") await _world.ExecuteAsync("INSERT INTO freezes (id, social_account_id, from_at, until_at, made_by, made_at) VALUES (gen_random_uuid(), @AccountId, @Now - interval '1 hour', @Now + interval '30 days', 'ops', now())", account);
        else if (waitsFor != "its turn") await _world.ExecuteAsync("UPDATE social_accounts SET daily_cap_cents = 18000, approval_required = @Approval WHERE id = @AccountId", new { tree.Tree.AccountId, Approval = waitsFor == "room" ? "none" : "always" });
        await _world.CarryOnAsync();
        if (waitsFor == "room, since it was approved")
        {
            await RunOnceAsync();
            var asked = await _world.QueryAsync<Guid>("SELECT p.id FROM approvals p JOIN campaign_edits e USING (edit_id) WHERE e.request_id = @RequestId AND p.state = 'asked'", new { tree.Tree.RequestId });
            Assert.That(await _world.Get<DecideApproval>().ApproveAsync(asked.Single(), "bob", null, CancellationToken.None), Is.InstanceOf<Decided.Done>());
        }

        if (waitsFor != "its turn") await RunOnceAsync();
        await _world.CarryOnAsync();
        Assert.That((await _world.NightAsync(tree)).State, Is.EqualTo("accepted"), "it waits on its day");
        await _world.ExecuteAsync("UPDATE budget_proposals SET day = day - 1, basis = basis - 1");
        if (waitsFor == "room, since it was approved")
        {
            await _world.CarryOnAsync();
            Assert.That((await _world.NightAsync(tree)).State, Is.EqualTo("accepted"), "somebody wants it now");
            await _world.ExecuteAsync("UPDATE approvals SET decided_at = decided_at - interval '1 day' WHERE social_account_id = @AccountId", account);
        }

        await _world.CarryOnAsync();
        await _world.RunEditsAsync(tree);
        await _world.CarryOnAsync();
        Assert.That(((await _world.NightAsync(tree)).State, (await _world.AtMetaAsync(tree)).Sum(), await OwedAsync(tree)), Is.EqualTo(("partly", 180_00L, 20_00L)));

        async Task RunOnceAsync()
        {
            foreach (var edit in await _world.QueryAsync<Guid>("SELECT edit_id FROM campaign_edits WHERE request_id = @RequestId AND state IN ('queued', 'waiting')", new { tree.Tree.RequestId }))
                Assert.That(await _world.RunEditAsync(edit), Is.InstanceOf<JobOutcome.Snoozed>());
        }
    }

    /// <summary>It was taken from one that is not of the pool any more.</summary>
    [Test]
    public async Task What_Meta_has_taken_without_an_answer_is_not_given_to_other_members()
    {
        var tree = await TakenAsync(GraphFaults.DropAfterActing, 0);
        await _world.ExecuteAsync("UPDATE meta_adsets SET daily_budget = 8000 WHERE meta_id = @Id", new { Id = tree.Id(0) });
        var body = JsonSerializer.SerializeToElement(new { members = new[] { new { id = tree.Id(1) }, new { id = tree.Id(2) } } });
        Assert.That(await _world.Get<SaveBudgetPool>().ChangeAsync(tree.Pool.Id, body, "ann", CancellationToken.None), Is.InstanceOf<PoolOutcome<BudgetPool>.Done>());
        await _world.ProposeAsync();
        var night = await _world.NightAsync(tree);
        Assert.That((night.TotalNowCents, night.TotalCents), Is.EqualTo((200_00L, 200_00L)));
    }

    /// <summary>Meta has done it, and its edit is cancelled with the end of its day: before the death of its attempt is told, or since only its end could not be written.</summary>
    [Test]
    public async Task What_was_given_by_a_raise_that_is_given_up_is_not_given_once_more([Values] bool dies)
    {
        var tree = await _world.PoolAsync("act", 10, 20);
        await _world.ProposeAsync();
        await _world.CarryOnAsync();
        await _world.RunEditsAsync(tree);
        await _world.CarryOnAsync();
        var raise = (await _world.QueryAsync<Guid>("SELECT edit_id FROM campaign_edits WHERE request_id = @RequestId AND state = 'queued'", new { tree.Tree.RequestId })).Single();
        await using (var lease = new Lease(_world.Time, TimeSpan.FromSeconds(30)))
        {
            var claim = (await _world.Get<EditStore>().ClaimAsync(raise, lease, CancellationToken.None))!;
            await _world.Get<UpdateObject>().RunAsync(claim, CancellationToken.None);
            if (!dies) await _world.Get<EditStore>().EndAsync(claim, new EditEnd("waiting", "the database was away") { Failed = true }, CancellationToken.None);
        }

        Assert.That((await _world.AtMetaAsync(tree)).Sum(), Is.EqualTo(200_00));
        await _world.ExecuteAsync("UPDATE campaign_edits SET lease_until = clock_timestamp() - interval '2 minutes' WHERE edit_id = @raise AND lease_until IS NOT NULL", new { raise });
        await _world.ExecuteAsync("INSERT INTO account_pacing (ad_account_id, use_case, blocked_until, reason, updated_at) SELECT ad_account_id, 'ads_management', @Until, 'too many calls', now() FROM social_accounts WHERE id = @AccountId", new { tree.Tree.AccountId, Until = _world.Time.GetUtcNow().AddHours(1) });
        Assert.That(await _world.RunEditAsync(raise), Is.InstanceOf<JobOutcome.Snoozed>());
        await _world.ExecuteAsync("UPDATE budget_proposals SET day = day - 1, basis = basis - 1");
        await _world.CarryOnAsync();
        await _world.Get<VoidEdits>().TellAsync(CancellationToken.None);
        Assert.That(((await _world.NightAsync(tree)).State, await OwedAsync(tree)), Is.EqualTo(("partly", 0L)));
        Assert.That(await _world.QueryAsync<string>("SELECT outcome FROM meta_changes WHERE path = @Path AND sent ->> 'daily_budget' = '12000'", new { Path = tree.Id(1) }), Is.EqualTo([dies ? "outcome_unknown" : "done"]));

        // As the comparison with Meta does: it was sent by us.
        await _world.ExecuteAsync("""
            DELETE FROM account_pacing; UPDATE meta_adsets SET daily_budget = 12000 WHERE meta_id = @Id; UPDATE campaign_edits SET completed_at = completed_at - interval '1 day';
            ALTER TABLE meta_changes DISABLE TRIGGER meta_changes_stay; UPDATE meta_changes SET sent_at = sent_at - interval '1 day'
            """, new { Id = tree.Id(1) });
        await _world.ProposeAsync();
        await _world.UntilOverAsync(tree);
        Assert.That((await _world.AtMetaAsync(tree)).Sum() + await OwedAsync(tree), Is.EqualTo(200_00));
    }

    // One brings half of what the others do: what is taken of it, they do not get at once.
    private async Task<PooledTree> TakenAsync(GraphFault fault, params int[] adSets)
    {
        adSets = adSets is [] ? [1, 2] : adSets;
        var tree = await _world.PoolAsync("act", 10, 20, 20);
        await _world.ProposeAsync();
        // Neither is it heard afterwards how they are.
        var given = new HashSet<string>();
        _world.Graph.Faults.Always(call => call.Method == "POST" && call["daily_budget"] is not null && adSets.Select(tree.Id).Contains(call.Path) && (given.Add(call.Path) || true), fault);
        _world.Graph.Faults.Always(call => call.Method == "GET" && given.Contains(call.Path), GraphFaults.Refused(100, 1885272));
        await _world.UntilOverAsync(tree);
        _world.Graph.Faults.Clear();
        await _world.ExecuteAsync("UPDATE budget_proposals SET day = day - 1, basis = basis - 1; UPDATE campaign_edits SET completed_at = completed_at - interval '1 day'");
        return tree;
    }

    private async Task<long> OwedAsync(PooledTree tree) => (await _world.QueryAsync<long>("SELECT owed_cents FROM budget_proposals WHERE pool_id = @Id ORDER BY id DESC LIMIT 1", new { tree.Pool.Id })).Single();
}
