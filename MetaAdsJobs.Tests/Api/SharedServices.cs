using MetaAdsJobs.Tests.Api.Dashboard;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api;

/// <summary>The services that all fixtures of this folder share; each test brings accounts of its own.</summary>
[SetUpFixture, Parallelizable]
public sealed class SharedServices
{
    private static readonly Lazy<Task<Service>> Quiet = new(() => Service.StartAsync(workers: 0));
    private static readonly Lazy<Task<Service>> Few = new(StartFewAsync);
    private static readonly Lazy<Task<Service>> Visited = new(() => Service.StartAsync(workers: 0));
    private static readonly Lazy<Task<Service>> Working = new(() => Service.StartAsync(workers: 1));

    /// <summary>
    /// Nothing runs here but the API: what is queued stays queued, and every row written is a request's. For fixtures that run one after
    /// the other: some see that a refused request has written nothing.
    /// </summary>
    public static Task<Service> WithoutWorker => Quiet.Value;

    /// <summary>The API alone, for people at pages, who come all at once.</summary>
    public static Task<Service> ForPages => Visited.Value;

    public static Task<Service> WithWorker => Working.Value;

    /// <summary>Without a worker, and with few of everything: connections, calls, sign-ins.</summary>
    public static Task<Service> WithFewOfEverything => Few.Value;

    public const int FewConnections = 6;
    public const int FewCallsPerSecond = 20;
    public const int FewSignIns = 12;

    private static async Task<Service> StartFewAsync()
    {
        var database = await TestDatabase.CreateAsync();
        return await Service.StartAsync(workers: 0, database, ("DATABASE_URL", $"{database.ConnectionString};Maximum Pool Size={FewConnections}"),
            ("RATE_LIMIT_PER_SECOND", $"{FewCallsPerSecond}"), ("SIGN_INS_PER_MINUTE", $"{FewSignIns}"));
    }

    [OneTimeTearDown]
    public static async Task StopAsync()
    {
        await Chromium.EndAsync();
        foreach (var service in (Lazy<Task<Service>>[])[Quiet, Visited, Working, Few])
            if (service.IsValueCreated) await (await service.Value).DisposeAsync();
    }
}
