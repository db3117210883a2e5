using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Orchestrations.Steps;

namespace MetaAdsJobs.Tests.Orchestrations.Steps;

[TestFixture]
public sealed class OrchestrationClaimsTests
{
    [Test]
    public async Task A_worker_that_slept_past_its_lease_does_not_get_it_back_and_sends_nothing()
    {
        await using var world = await RunWorld.StartAsync(("LEASE_SECONDS", "3"));
        var claims = world.Get<OrchestrationClaims>();
        var asked = await world.AcceptAsync();
        var attempt = (await claims.ClaimAsync(asked.RequestId, CancellationToken.None))!;
        await using var lease = attempt.Lease;
        Assert.That(await claims.RenewAsync(attempt, CancellationToken.None), Is.True, "it was over before the test had begun");
        await world.ExecuteAsync("UPDATE orchestrations SET lease_until = clock_timestamp() - interval '1 second' WHERE request_id = @RequestId", new { asked.RequestId });
        var renewed = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var losing = lease.Lost.Register(lost.SetResult);

        lease.KeepRenewed(async ct =>
        {
            var isRenewed = await claims.RenewAsync(attempt, ct);
            renewed.TrySetResult(isRenewed);
            return isRenewed;
        });

        Assert.That(await renewed.Task, Is.False);
        await lost.Task;
        await Assert.ThatAsync(() => world.Get<StepRunner>().RunAsync(attempt, CancellationToken.None), Throws.InstanceOf<FencedException>());
        Assert.That(world.Graph.Calls.Where(call => call.Method == "POST"), Is.Empty);
        Assert.That((await world.RunAsync(asked)).Result.Status, Is.EqualTo("succeeded"), "the next attempt goes on");
    }
}
