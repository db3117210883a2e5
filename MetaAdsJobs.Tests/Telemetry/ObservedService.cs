using MetaAdsJobs.Tests.Launch;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Telemetry;

/// <summary>
/// One service for this folder's tests, with all telemetry on. It has had two good orchestrations and a bad one, an account whose limit
/// was used up for a second, a sync and a stop when its /metrics were taken.
/// </summary>
[SetUpFixture, Parallelizable(ParallelScope.Self | ParallelScope.Fixtures)]
public sealed class ObservedService
{
    private static ApiClient _worker = null!;

    internal static OtlpReceiver Receiver { get; private set; } = null!;

    public static Service Service { get; private set; } = null!;

    public static ApiClient Client { get; private set; } = null!;

    /// <summary>The API's /metrics and the worker's.</summary>
    public static string Metrics { get; private set; } = "";

    public static Task<ApiAnswer> AskWorkerAsync(string url) => _worker.GetAsync(url);

    public static int WorkerPort => _worker.Http.BaseAddress!.Port;

    [OneTimeSetUp]
    public static async Task RunAsync()
    {
        var port = Launcher.FreePort();
        Receiver = await OtlpReceiver.StartAsync();
        Service = await Service.StartProcessesAsync(workers: 1, database: null, [.. Receiver.Settings, ("WORKER_METRICS_PORT", $"{port}")]);
        Client = Service.Client();
        _worker = new(new() { BaseAddress = new($"http://127.0.0.1:{port}") });
        var request = await Client.NewRequestAsync();
        // Told in the middle that its account's limit is used up: its next call is not sent.
        Service.Graph.Faults.Add(call => call.IsCreateOf("campaigns"), GraphFaults.Used(100, secondsToReset: 1));
        await Client.UntilAsync(await Client.AcceptAsync(request), "succeeded");
        await Client.UntilAsync(await Client.AcceptAsync(request), "succeeded");
        Service.Graph.Faults.Add(call => call.IsCreateOf("ads"), GraphFaults.Refused(100, userTitle: "No", userMessage: "Not this ad"));
        await Client.UntilAsync(await Client.AcceptAsync(request), "failed");
        await Client.PostAsync($"/meta/orchestrate/sync-insights/{request["social_account_id"]}");
        await Client.PostAsync($"/meta/accounts/{request["social_account_id"]}/stop");
        await Eventually.TrueAsync(async () =>
        {
            var (ofService, ofWorker) = ((await Client.GetAsync("/metrics")).Text, (await AskWorkerAsync("/metrics")).Text);
            Service.Leaks.Saw("the worker's /metrics", ofWorker);
            Metrics = ofService + '\n' + ofWorker;
            return ofService.Contains("metaadsjobs_sync_duration_seconds_count", StringComparison.Ordinal) && ofWorker.Contains("kind=\"stop\"", StringComparison.Ordinal);
        }, () => Metrics);
    }

    [OneTimeTearDown]
    public static async Task StopAsync()
    {
        Client.Dispose();
        _worker.Dispose();
        await Service.DisposeAsync();
        Assert.That(Receiver.Text, Does.Contain("metaadsjobs-worker").And.Not.Contain(Service.SecretToken).And.Not.Contain(Service.SigningKey).And.Not.Contain("Summer Sale"));
        await Receiver.DisposeAsync();
    }
}
