using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Crashes;

[TestFixture]
public sealed class StoppedWorkersTests
{
    [Test]
    public async Task A_worker_told_to_stop_finishes_its_call_and_hands_the_job_to_another_at_once()
    {
        await using var service = await Service.StartProcessesAsync(workers: 1, settings: [("LEASE_SECONDS", "60"), ("TAKE_OVER_SECONDS", "120"), ("Meta__CallTimeoutSeconds", "60"), ("SETTLE_DELAY_SECONDS", "60")]);
        using var client = service.Client();
        var request = await client.NewRequestAsync();
        var called = new TaskCompletionSource();
        service.Graph.Faults.Add(call => call.IsCreateOf("campaigns"), async (_, _, act) =>
        {
            called.SetResult();
            await Eventually.TrueAsync(() => Task.FromResult(service.Logs().Contains("Application is shutting down", StringComparison.Ordinal)), () => "the worker was not told to stop");
            return await act();
        });
        // The job hears of it a second after its process; a run that were quicker than that would simply end.
        service.Graph.Faults.Add(call => call.IsCreateOf("adsets"), async (_, _, act) =>
        {
            await Task.Delay(TimeSpan.FromSeconds(5), TimeProvider.System);
            return await act();
        });
        var id = await client.AcceptAsync(request);
        await called.Task;

        await service.StopWorkersAsync();
        await service.StartWorkerAsync();
        var run = await client.UntilAsync(id, "succeeded");

        Assert.That((int?)run["attempt"], Is.EqualTo(2));
        Assert.That(service.Graph.Calls.Where(call => call.IsCreate).Select(call => call.Edge), Is.EquivalentTo(["campaigns", "adsets", "adcreatives", "ads"]), "nothing was made twice; ad set and creative are under way together");
        Assert.That(service.Graph.Calls.Where(call => call.Method == "GET" && call.Edge != "insights" && call.Path.Contains('/', StringComparison.Ordinal)), Is.Empty, "the answer was waited for and kept: there was nothing to look for");
        await service.GraphDatabase.DataSource.AssertEachAsync(1);
    }

    [Test, Long]
    public async Task A_job_that_kills_its_process_every_time_is_stopped_and_undone()
    {
        await using var service = await Service.StartProcessesAsync(workers: 1, settings: [("Orchestration__MaxAbandonedAttempts", "2"), ("LEASE_SECONDS", "2"), ("TAKE_OVER_SECONDS", "3")]);
        using var client = service.Client();
        var request = await client.NewRequestAsync();
        service.Graph.Faults.Always(call => call.IsCreateOf("adsets"), async (_, _, _) =>
        {
            await service.KillAndReplaceWorkerAsync(0);
            return null;
        });
        // The look for the ad set happens at every attempt from the second on: it kills, too.
        service.Graph.Faults.Add(call => call.Method == "GET" && call.Edge == "adsets", async (_, _, _) =>
        {
            await service.KillAndReplaceWorkerAsync(0);
            return null;
        }, times: 2);

        var run = await client.UntilAsync(await client.AcceptAsync(request));

        Assert.That((string?)run["status"], Is.EqualTo("failed"), run.ToJsonString());
        Assert.That((string?)run["errors"]![0], Does.Contain("3 attempts in a row ended with the death of their process"));
        await service.GraphDatabase.DataSource.AssertEachAsync(0);
    }
}
