using System.Collections.Concurrent;
using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Campaigns.Reading;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Campaigns;

/// <summary>People who want different things of one campaign at the same moment.</summary>
[TestFixture]
public sealed class AtOnceTests
{
    [TestCase(1)]
    [TestCase(2)]
    [TestCase(3)]
    public async Task A_raise_a_pause_a_publish_a_stop_and_a_change_in_Ads_Manager_at_once_leave_nothing_active_and_the_caps_kept(int seed)
    {
        await using var world = await RunWorld.StartAsync(("LEASE_SECONDS", "30"));
        var (one, other) = (await world.BuildAsync("""{"auto_publish":true}"""), default(Asked));
        other = await world.AgainAsync(one);
        await world.RunAsync(other);
        await world.ExecuteAsync("UPDATE social_accounts SET daily_cap_cents = 25000");
        var (first, second) = (await world.TreeAsync(one), await world.TreeAsync(other));
        var edits = new[]
        {
            await world.AskAsync(EditKind.Update, first.AdSets[0].MetaId, """{"daily_budget_cents":15000}"""),
            await world.AskAsync(EditKind.Publish, second.Campaign.MetaId),
            await world.AskAsync(EditKind.Update, second.AdSets[0].MetaId, """{"daily_budget_cents":12000}"""),
            await world.AskAsync(EditKind.Pause, first.Ads[0].MetaId),
        };
        var (random, seen) = (new Random(seed), new ConcurrentBag<long>());
        world.Graph.Faults.Always(call => call.Method == "POST", async (_, _, act) =>
        {
            int pause;
            lock (random) pause = random.Next(60);
            await Task.Delay(TimeSpan.FromMilliseconds(pause), TimeProvider.System);
            var answer = await act();
            seen.Add((await world.QueryAsync<long>("""
                SELECT COALESCE(sum((s.fields ->> 'daily_budget')::bigint), 0) FROM stub_graph.objects s JOIN stub_graph.objects c ON c.id = s.parent_id
                WHERE s.kind = 'adset' AND s.status = 'ACTIVE' AND c.status = 'ACTIVE' AND s.deleted_at IS NULL
                """)).Single());
            return answer;
        });

        var stopped = Task.Run(async () =>
        {
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(200)), TimeProvider.System);
            await world.Get<StopSwitch>().StopAsync(one.AccountId, "bob", null, CancellationToken.None);
        });
        var byHand = Task.Run(() => world.ExecuteAsync("UPDATE stub_graph.objects SET fields = fields || '{\"daily_budget\":\"9000\"}' WHERE id = @Id", new { Id = first.AdSets[0].MetaId }));
        await Task.WhenAll([stopped, byHand, .. edits.Select(edit => Task.Run(() => RunAsync(world, edit, 8)))]);
        var stopId = (await world.QueryAsync<Guid>("SELECT id FROM stops")).Single();
        for (var round = 0; round < 50 && await world.Get<PauseSpending>().ExecuteAsync(stopId, CancellationToken.None) is JobOutcome.Snoozed; round++) await world.NothingUnderWayAsync();
        foreach (var edit in edits) await RunAsync(world, edit, 8);

        // Each of the promises by itself.
        using var all = Assert.EnterMultipleScope();
        Assert.That(seen, Is.Not.Empty.And.All.LessThanOrEqualTo(25000), "more is active than the cap allows");
        Assert.That((await world.Get<StopSwitch>().ReadAsync(one.AccountId, CancellationToken.None))!.Active, Is.Zero);
        await world.Database.DataSource.AssertNothingActiveAsync();
        foreach (var edit in edits)
        {
            var told = (await world.Get<EditReader>().FindAsync(edit, CancellationToken.None))!;
            Assert.That(told.Status is "succeeded" || told.WaitReason is "stopped by bob" or "an earlier edit of the same campaign comes first" or "a stop of this account goes first", $"{told.Kind} {told.Status} {told.WaitReason} {told.Error}");
        }

        var audit = (await world.Get<ChangeReader>().ListAsync(new(AccountId: one.AccountId, Source: ChangeReader.Meta), null, 1000, CancellationToken.None)).Items.Where(change => change.Method == "POST" && change.Sent["status"] is not null || change.Sent.ContainsKey("daily_budget")).ToList();
        var sent = world.Graph.Calls.Where(call => call.Method == "POST" && !call.Path.Contains('/', StringComparison.Ordinal)).ToList();
        Assert.That(audit.Count(change => !change.Path.Contains('/', StringComparison.Ordinal)), Is.EqualTo(sent.Count), "every call that changed something is told once");
    }

    private static async Task RunAsync(RunWorld world, Guid edit, int runs)
    {
        for (var run = 0; run < runs; run++)
        {
            try
            {
                if (await world.RunEditAsync(edit) is not JobOutcome.Snoozed { Reason: var reason }) return;
                if (reason.StartsWith("stopped by", StringComparison.Ordinal)) return;
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            }
            catch (MetaException)
            {
                // The queue would have it come again.
            }
        }
    }
}
