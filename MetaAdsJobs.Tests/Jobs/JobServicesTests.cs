using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace MetaAdsJobs.Tests.Jobs;

/// <summary>A worker that has a run and something else that is slow to stop, and another beside it.</summary>
[TestFixture]
public sealed class JobServicesTests
{
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<IHost> _workers = [];
    private RunWorld _world = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _world = await RunWorld.StartAsync();

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _gate.TrySetResult();
        foreach (var worker in _workers)
        {
            await worker.StopAsync();
            worker.Dispose();
        }

        await _world.DisposeAsync();
    }

    [Test]
    public async Task A_worker_told_to_stop_hands_its_run_to_another_at_once_however_long_it_takes_to_stop()
    {
        _world.Graph.Faults.Add(IsRead, async (_, _, act) =>
        {
            await _gate.Task;
            return await act();
        });
        var asked = await _world.AcceptAsync();
        var worker = await StartWorkerAsync();
        _world.Get<IJobQueue>().EnqueueOrchestration(asked.RequestId);
        await Eventually.TrueAsync(() => Task.FromResult(_world.Graph.Calls.Any(IsRead)), () => "the run did not come to its last call");
        await StartWorkerAsync();

        var stopping = worker.StopAsync();
        await Eventually.TrueAsync(async () => await ResultAsync() is { Status: "succeeded" }, () => "nobody went on");

        Assert.That(stopping.IsCompleted, Is.False);
        Assert.That((await ResultAsync()).Attempt, Is.EqualTo(2), "the worker that was to stop has gone on");
        Assert.That(await _world.QueryAsync<int>("SELECT failures FROM orchestrations"), Is.EqualTo([0]), "a retry was used");

        async Task<OrchestrationResult> ResultAsync() => (await _world.Get<OrchestrationReader>().FindAsync(asked.RequestId, CancellationToken.None))!;
    }

    private static bool IsRead(RecordedCall call) => call.Method == "GET" && call.Edge == "insights";

    private async Task<IHost> StartWorkerAsync()
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["DATABASE_URL"] = _world.Database.ConnectionString, ["META_ADS_MODE"] = "live", ["META_GRAPH_URL"] = _world.Graph.BaseUrl, ["DATA_PROTECTION_KEY"] = OtherProcess.Key,
            ["WORKER_THREADS"] = "1", ["LEASE_SECONDS"] = "600", ["TAKE_OVER_SECONDS"] = "3600", ["Jobs:StopTimeoutSeconds"] = "600",
        });
        builder.Configuration.AddSeedKeys();
        // What is added last is stopped first.
        builder.Services.AddMetaAdsJobs().AddJobServer().AddSingleton<IHostedService>(new StopsLate(_gate.Task));
        var worker = builder.Build();
        _workers.Add(worker);
        await worker.StartAsync();
        return worker;
    }

    private sealed class StopsLate(Task gate) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => gate.WaitAsync(cancellationToken);
    }
}
