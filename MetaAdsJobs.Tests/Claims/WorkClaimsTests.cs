using System.Text.Json;
using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Orchestrations.Steps;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Tests.Orchestrations;

namespace MetaAdsJobs.Tests.Claims;

[TestFixture]
public sealed class WorkClaimsTests
{
    [Test]
    public async Task A_worker_that_slept_past_its_lease_does_not_get_it_back_and_sends_nothing()
    {
        await using var world = await RunWorld.StartAsync(("LEASE_SECONDS", "3"));
        var work = world.Get<WorkClaims>();
        var asked = await world.AcceptAsync();
        var attempt = (await world.Get<OrchestrationClaims>().ClaimAsync(asked.RequestId, CancellationToken.None))!;
        await using var lease = attempt.Lease;
        Assert.That(await RenewAsync(CancellationToken.None), Is.True, "it was over before the test had begun");
        await world.ExecuteAsync("UPDATE orchestrations SET lease_until = clock_timestamp() - interval '1 second' WHERE request_id = @RequestId", new { asked.RequestId });
        var renewed = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var losing = lease.Lost.Register(lost.SetResult);

        lease.KeepRenewed(async ct =>
        {
            var isRenewed = await RenewAsync(ct);
            renewed.TrySetResult(isRenewed);
            return isRenewed;
        });

        Assert.That(await renewed.Task, Is.False);
        await lost.Task;
        await Assert.ThatAsync(() => world.Get<StepRunner>().RunAsync(attempt, CancellationToken.None), Throws.InstanceOf<FencedException>());
        Assert.That(world.Graph.Calls.Where(call => call.Method == "POST"), Is.Empty);
        Assert.That((await world.RunAsync(asked)).Result.Status, Is.EqualTo("succeeded"), "the next attempt goes on");

        Task<bool> RenewAsync(CancellationToken ct) => work.RenewAsync(ClaimTable.Orchestrations, asked.RequestId, attempt.Number, ct);
    }

    [Test]
    public async Task A_run_that_cannot_be_read_once_it_is_claimed_is_given_back_and_goes_on_at_once()
    {
        await using var world = await RunWorld.StartAsync();
        var asked = await world.AcceptAsync();
        var whole = (await world.QueryAsync<string>("SELECT request::text FROM orchestrations")).Single();
        await world.ExecuteAsync("""UPDATE orchestrations SET request = request || '{"campaign_name": 7}'""");

        await Assert.ThatAsync(() => world.Get<OrchestrationClaims>().ClaimAsync(asked.RequestId, CancellationToken.None), Throws.InstanceOf<JsonException>());

        Assert.That(await world.QueryAsync<string>("SELECT concat_ws(' ', status, attempt, abandoned, lease_until) FROM orchestrations"), Is.EqualTo(["waiting 1 0"]));
        Assert.That(await world.QueryAsync<string>("SELECT DISTINCT state FROM orchestration_steps"), Is.EqualTo(["pending"]), "nothing was sent: nothing is to be looked for");
        await world.ExecuteAsync("UPDATE orchestrations SET request = @whole::jsonb", new { whole });
        Assert.That((await world.RunAsync(asked)).Result.Status, Is.EqualTo("succeeded"));
    }

    [Test]
    public async Task A_run_that_nobody_can_read_fails_after_as_many_attempts_as_any_and_can_be_retried()
    {
        await using var world = await RunWorld.StartAsync(("MAX_RETRIES", "1"));
        var run = world.Get<RunOrchestration>();
        var asked = await world.AcceptAsync();
        var whole = (await world.QueryAsync<string>("SELECT request::text FROM orchestrations")).Single();
        await world.ExecuteAsync("""UPDATE orchestrations SET request = request || '{"campaign_name": 7}'""");

        await Assert.ThatAsync(() => run.ExecuteAsync(asked.RequestId, CancellationToken.None), Throws.InstanceOf<JsonException>());
        var last = await run.ExecuteAsync(asked.RequestId, CancellationToken.None);

        Assert.That(last, Is.InstanceOf<JobOutcome.Stopped>().With.Property(nameof(JobOutcome.Stopped.Reason)).StartsWith("what it works with could not be read: "));
        Assert.That(await world.QueryAsync<string>("SELECT concat_ws(' ', status, ending, attempt, failures, lease_until, completed_at IS NOT NULL) FROM orchestrations"), Is.EqualTo(["failed failed 2 2 t"]));
        Assert.That((await world.QueryAsync<string>("SELECT errors ->> 0 FROM orchestrations")).Single(), Does.StartWith("what it works with could not be read: "));
        await world.ExecuteAsync("UPDATE orchestrations SET request = @whole::jsonb", new { whole });
        Assert.That(await world.Get<RetryOrchestration>().ExecuteAsync(asked.RequestId, "ann", CancellationToken.None), Is.InstanceOf<Change.Done>());
        Assert.That((await world.RunAsync(asked)).Result.Status, Is.EqualTo("succeeded"));
    }

    /// <summary>Nobody takes back what he cannot read. Called failed, it would be left at Meta, and built by whoever requeues all that failed although it is cancelled.</summary>
    [TestCase(true)]
    [TestCase(false)]
    public async Task A_run_that_nobody_can_read_waits_when_it_may_have_something_at_Meta(bool isCancelled)
    {
        await using var world = await RunWorld.StartAsync(("MAX_RETRIES", "0"));
        var asked = await world.AcceptAsync();
        // It died, and perhaps had sent the campaign.
        await using var lease = (await world.Get<OrchestrationClaims>().ClaimAsync(asked.RequestId, CancellationToken.None))!.Lease;
        await world.ExecuteAsync("UPDATE orchestrations SET lease_until = clock_timestamp() - interval '1 second'");
        if (isCancelled) await world.Get<CancelOrchestration>().ExecuteAsync(asked.RequestId, "bob", CancellationToken.None);
        var whole = (await world.QueryAsync<string>("SELECT request::text FROM orchestrations")).Single();
        await world.ExecuteAsync("""UPDATE orchestrations SET request = request || '{"campaign_name": 7}'""");

        var waits = await world.Get<RunOrchestration>().ExecuteAsync(asked.RequestId, CancellationToken.None);

        Assert.That(waits, Is.InstanceOf<JobOutcome.Snoozed>().With.Property(nameof(JobOutcome.Snoozed.Reason)).StartsWith("what it works with could not be read: "));
        Assert.That(await world.QueryAsync<string>("SELECT concat_ws(' ', status, ending, failures, next_attempt_at > clock_timestamp() + interval '4 minutes') FROM orchestrations"), Is.EqualTo(["waiting 0 t"]));
        await world.ExecuteAsync("UPDATE orchestrations SET request = @whole::jsonb, next_attempt_at = NULL", new { whole });
        Assert.That((await world.RunAsync(asked)).Result.Status, Is.EqualTo(isCancelled ? "cancelled" : "succeeded"));
    }

    [Test]
    public async Task A_cancelled_run_that_nobody_can_read_and_that_has_nothing_at_Meta_is_cancelled()
    {
        await using var world = await RunWorld.StartAsync(("MAX_RETRIES", "0"));
        var asked = await world.AcceptAsync();
        await world.Get<CancelOrchestration>().ExecuteAsync(asked.RequestId, "bob", CancellationToken.None);
        await world.ExecuteAsync("""UPDATE orchestrations SET request = request || '{"campaign_name": 7}'""");

        await world.Get<RunOrchestration>().ExecuteAsync(asked.RequestId, CancellationToken.None);

        Assert.That(await world.QueryAsync<string>("SELECT concat_ws(' ', status, ending) FROM orchestrations"), Is.EqualTo(["cancelled cancelled"]));
        Assert.That(await world.Get<RetryOrchestration>().ExecuteAsync(asked.RequestId, "ann", CancellationToken.None), Is.Not.InstanceOf<Change.Done>());
    }

    /// <summary>A stop holds it back no more than it does its claim: what it has made is taken back as soon as the lease is over.</summary>
    [Test]
    public async Task A_cancelled_run_of_a_stopped_account_waits_for_the_lease_of_a_dead_worker_alone()
    {
        await using var world = await RunWorld.StartAsync();
        var asked = await world.AcceptAsync();
        await using var lease = (await world.Get<OrchestrationClaims>().ClaimAsync(asked.RequestId, CancellationToken.None))!.Lease;
        await world.ExecuteAsync("UPDATE orchestrations SET lease_until = clock_timestamp() + interval '1 hour'");
        await world.Get<StopSwitch>().StopAsync(asked.AccountId, "bob", null, CancellationToken.None);
        await world.Get<CancelOrchestration>().ExecuteAsync(asked.RequestId, "bob", CancellationToken.None);

        var outcome = await world.Get<RunOrchestration>().ExecuteAsync(asked.RequestId, CancellationToken.None);

        Assert.That(outcome, Is.InstanceOf<JobOutcome.Snoozed>());
        Assert.That(((JobOutcome.Snoozed)outcome).Reason, Is.EqualTo("another attempt holds it"));
    }
}
