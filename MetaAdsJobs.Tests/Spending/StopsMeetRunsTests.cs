using Dapper;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Campaigns.Holding;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Tests.Campaigns;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;
using Npgsql;

namespace MetaAdsJobs.Tests.Spending;

/// <summary>A stop that comes, and goes, before a run has ended: what it has paused is activated all the same, by the run or by the stop's start, unless somebody has to approve it by now.</summary>
[TestFixture]
public sealed class StopsMeetRunsTests
{
    /// <param name="isLifted">Before the run ends; else after it.</param>
    [Test]
    public async Task What_a_stop_has_paused_below_a_campaign_that_a_run_is_activating_is_activated_again([Values] bool isLifted)
    {
        await using var world = await RunWorld.StartAsync();
        var asked = await world.AcceptAsync("""{"auto_publish":true}""");
        var (theSwitch, stopId) = (world.Get<StopSwitch>(), Guid.Empty);
        world.Graph.Faults.Add(call => call["status"] == "ACTIVE" && call.Path.StartsWith("META_CAMPAIGN", StringComparison.Ordinal), async (_, _, act) =>
        {
            await theSwitch.StopAsync(asked.AccountId, "bob", null, CancellationToken.None);
            stopId = (await world.QueryAsync<Guid>("SELECT id FROM stops")).Single();
            await world.Get<PauseSpending>().ExecuteAsync(stopId, CancellationToken.None);
            if (isLifted) await StartAsync();
            return await act();
        });

        Assert.That((await world.RunAsync(asked)).Result.Status, Is.EqualTo("succeeded"));
        if (!isLifted) await StartAsync();

        Assert.That(await world.SwitchedAsync(await world.TreeAsync(asked)), Is.EqualTo("AAA"));
        Assert.That(await world.QueryAsync<string>("SELECT concat(state, ' ', cardinality(paused_ids)) FROM activations"), Is.EqualTo(["active 0"]));

        async Task StartAsync()
        {
            await theSwitch.StartAsync(asked.AccountId, "ann", reactivate: true, CancellationToken.None);
            await world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None);
        }
    }

    /// <summary>All of it is on at Meta already, and only the last write is missing.</summary>
    [Test]
    public async Task What_was_activated_by_a_worker_that_was_stopped_and_then_paused_by_a_stop_is_activated_again()
    {
        await using var world = await RunWorld.StartAsync();
        var asked = await world.AcceptAsync("""{"auto_publish":true}""");
        using var worker = new CancellationTokenSource();
        world.Graph.Faults.Add(call => call.Path.EndsWith("/insights", StringComparison.Ordinal), async (_, _, act) =>
        {
            await worker.CancelAsync();
            return await act();
        });
        await Assert.ThatAsync(() => world.Get<RunOrchestration>().ExecuteAsync(asked.RequestId, worker.Token), Throws.InstanceOf<OperationCanceledException>());
        var stopId = await StoppedAsync(world, asked);
        await world.Get<StopSwitch>().StartAsync(asked.AccountId, "ann", reactivate: true, CancellationToken.None);
        await world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None);

        Assert.That((await world.RunAsync(asked)).Result.Status, Is.EqualTo("succeeded"));

        Assert.That(await world.SwitchedAsync(await world.TreeAsync(asked)), Is.EqualTo("AAA"));
        Assert.That(await world.QueryAsync<string>("SELECT concat(state, ' ', cardinality(paused_ids)) FROM activations"), Is.EqualTo(["active 0"]));
    }

    /// <summary>Its job had paused the campaign, was at the rest when the stop was lifted, and notes that: no start knows of the campaign any more.</summary>
    [Test]
    public async Task What_a_stop_notes_that_is_lifted_has_the_run_activate_again()
    {
        await using var world = await RunWorld.StartAsync();
        var asked = await world.AcceptAsync("""{"auto_publish":true}""");
        world.Graph.Faults.Add(call => call.Path.EndsWith("/insights", StringComparison.Ordinal), async (_, _, act) =>
        {
            await StoppedAsync(world, asked);
            await world.Get<StopSwitch>().StartAsync(asked.AccountId, "ann", reactivate: true, CancellationToken.None);
            await world.ExecuteAsync("UPDATE activations SET notes = notes + 1, paused_ids = ARRAY(SELECT id FROM stub_graph.objects WHERE kind = 'adset')");
            return await act();
        });

        Assert.That((await world.RunAsync(asked)).Result.Status, Is.EqualTo("succeeded"));

        Assert.That(await world.SwitchedAsync(await world.TreeAsync(asked)), Is.EqualTo("AAA"));
    }

    /// <summary>It had its permit before approvals were demanded, and was stopped: what is left to an approval now no start gives back.</summary>
    [Test]
    public async Task What_somebody_has_rejected_since_no_later_start_activates()
    {
        await using var world = await RunWorld.StartAsync();
        var asked = await world.AcceptAsync("""{"auto_publish":true}""");
        world.Graph.Faults.Add(call => call["status"] == "ACTIVE" && call.Path.StartsWith("META_CAMPAIGN", StringComparison.Ordinal), GraphFaults.Refused(100, 33));
        var waits = (JobOutcome.Snoozed)await world.Get<RunOrchestration>().ExecuteAsync(asked.RequestId, CancellationToken.None);
        await world.NothingUnderWayAsync();
        var stopId = await StoppedAsync(world, asked);
        await world.ExecuteAsync("UPDATE social_accounts SET approval_required = 'always'");
        await world.Get<StopSwitch>().StartAsync(asked.AccountId, "ann", reactivate: true, CancellationToken.None);
        world.Time.AdvanceTo(waits.Until);

        Assert.That((await world.RunAsync(asked)).Result.Status, Is.EqualTo("succeeded"));
        var edit = (await world.QueryAsync<Guid>("SELECT edit_id FROM campaign_edits")).Single();
        Assert.That(await world.RunEditAsync(edit), Is.InstanceOf<JobOutcome.Snoozed>());
        var approval = (await world.Get<ApprovalReader>().ListAsync(new("asked"), null, 1, CancellationToken.None)).Items.Single();
        Assert.That(await world.Get<DecideApproval>().RejectAsync(approval.Id, "bob", "no", CancellationToken.None), Is.InstanceOf<Decided.Done>());
        // The first start may still be at others.
        Assert.That(await world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());
        Assert.That(await world.SwitchedAsync(await world.TreeAsync(asked)), Does.StartWith("p"));
        var laterId = await StoppedAsync(world, asked);
        await world.Get<StopSwitch>().StartAsync(asked.AccountId, "ann", reactivate: true, CancellationToken.None);
        Assert.That(await world.Get<ResumeSpending>().ExecuteAsync(laterId, CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());

        Assert.That(await world.SwitchedAsync(await world.TreeAsync(asked)), Does.StartWith("p"));
    }

    /// <summary>Kept at its failure, as a stop had paused it: of what is built anew only what is approved is activated.</summary>
    [Test]
    public async Task What_a_stop_had_paused_of_a_run_that_failed_no_start_gives_back_once_it_is_retried_and_rejected()
    {
        await using var world = await RunWorld.StartAsync(("Orchestration:OnFailure", "Keep"), ("MAX_RETRIES", "0"));
        var asked = await world.AcceptAsync("""{"auto_publish":true}""");
        world.Graph.Faults.Add(call => call["status"] == "ACTIVE" && call.Path.StartsWith("META_CAMPAIGN", StringComparison.Ordinal), async (graph, http, act) =>
        {
            await StoppedAsync(world, asked);
            return await GraphFaults.Refused(100, 1885183)(graph, http, act);
        });
        await world.RunAsync(asked, runs: 3);
        await world.NothingUnderWayAsync();
        Assert.That((await world.RunAsync(asked)).Result.Status, Is.EqualTo("failed"));
        Assert.That(await world.QueryAsync<string>("SELECT concat(state, ' ', cardinality(paused_ids)) FROM activations"), Is.EqualTo(["idle 0"]));
        await world.Get<StopSwitch>().StartAsync(asked.AccountId, "ann", reactivate: true, CancellationToken.None);

        await world.ExecuteAsync("UPDATE social_accounts SET approval_required = 'always'");
        Assert.That(await world.Get<RetryOrchestration>().ExecuteAsync(asked.RequestId, "tests", CancellationToken.None), Is.InstanceOf<Change.Done>());
        Assert.That((await world.RunAsync(asked)).Result.Status, Is.EqualTo("succeeded"));
        var stopId = await StoppedAsync(world, asked);
        await world.Get<StopSwitch>().StartAsync(asked.AccountId, "ann", reactivate: true, CancellationToken.None);
        Assert.That(await world.Get<ResumeSpending>().ExecuteAsync(stopId, CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());
        Assert.That(await world.SwitchedAsync(await world.TreeAsync(asked)), Is.EqualTo("ppp"));
    }

    /// <summary>The last write begins while a start has not committed yet that leaves to the run what its stop has paused.</summary>
    [Test]
    public async Task A_start_that_commits_during_the_last_write_has_the_run_activate_again()
    {
        await using var world = await RunWorld.StartAsync();
        var asked = await world.AcceptAsync("""{"auto_publish":true}""");
        await using var connection = await world.Get<NpgsqlDataSource>().OpenConnectionAsync();
        var starting = Task.CompletedTask;
        world.Graph.Faults.Add(call => call.Path.EndsWith("/insights", StringComparison.Ordinal), async (_, _, act) =>
        {
            await StoppedAsync(world, asked);
            var transaction = await connection.BeginTransactionAsync();
            await connection.ExecuteAsync("UPDATE stops SET lifted_at = now(), lifted_by = 'ann', reactivate = true", transaction: transaction);
            await StopSwitch.LiftAsync(connection, asked.AccountId, "bob", reactivate: true, world.Time.GetUtcNow(), world.Time.GetUtcNow(), CancellationToken.None);
            starting = CommitAsync(transaction);
            return await act();
        });

        Assert.That((await world.RunAsync(asked)).Result.Status, Is.EqualTo("succeeded"));
        await starting;

        Assert.That(await world.SwitchedAsync(await world.TreeAsync(asked)), Is.EqualTo("AAA"));

        // Once somebody waits for it.
        async Task CommitAsync(NpgsqlTransaction transaction)
        {
            while (!(await world.QueryAsync<bool>("SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock') FROM pg_sleep(0.01)"))[0]) { }
            await transaction.CommitAsync();
        }
    }

    /// <summary>Between its first permit and the one right before the campaign's own call.</summary>
    [Test]
    public async Task What_a_stop_has_paused_while_a_campaign_is_published_is_published()
    {
        await using var world = await RunWorld.StartAsync();
        var asked = await world.BuildAsync();
        var tree = await world.TreeAsync(asked);
        world.Graph.Faults.Add(call => call["status"] == "ACTIVE" && call.Path == tree.AdSets[0].MetaId, async (_, _, act) =>
        {
            await StoppedAsync(world, asked);
            await world.Get<StopSwitch>().StartAsync(asked.AccountId, "ann", reactivate: true, CancellationToken.None);
            return await act();
        });

        Assert.That((await world.EditAsync(EditKind.Publish, tree.Campaign.MetaId)).Status, Is.EqualTo("succeeded"));

        Assert.That(await world.SwitchedAsync(tree), Is.EqualTo("AAA"));
    }

    /// <returns>The stop, whose job has run once.</returns>
    private static async Task<Guid> StoppedAsync(RunWorld world, Asked asked)
    {
        await world.Get<StopSwitch>().StopAsync(asked.AccountId, "bob", null, CancellationToken.None);
        var stopId = (await world.QueryAsync<Guid>("SELECT id FROM stops ORDER BY stopped_at DESC LIMIT 1")).Single();
        await world.Get<PauseSpending>().ExecuteAsync(stopId, CancellationToken.None);
        return stopId;
    }
}
