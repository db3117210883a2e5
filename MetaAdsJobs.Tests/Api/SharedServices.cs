using MetaAdsJobs.Tests.Api.Dashboard;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api;

/// <summary>The services that all fixtures of this folder share; each test brings accounts of its own.</summary>
[SetUpFixture, Parallelizable(ParallelScope.Self | ParallelScope.Fixtures)]
public sealed class SharedServices
{
    private static readonly FixtureServices Quiet = new(() => Service.StartAsync(workers: 0));
    private static readonly FixtureServices Few = new(StartFewAsync);
    private static readonly Lazy<Task<Service>> Visited = new(() => Service.StartAsync(workers: 0));
    private static readonly Lazy<Task<Service>> Working = new(() => Service.StartAsync(workers: 1));

    /// <summary>
    /// Nothing runs here but the API: what is queued stays queued, and every row written is a request's of the fixture, which has it alone
    /// (<see cref="HasServiceAloneAttribute"/>): some see that a refused request has written nothing.
    /// </summary>
    public static Task<Service> WithoutWorker => Quiet.TakeAsync();

    /// <summary>The API alone, for people at pages, who come all at once.</summary>
    public static Task<Service> ForPages => Visited.Value;

    public static Task<Service> WithWorker => Working.Value;

    /// <summary>Without a worker, with few of everything: connections, calls, sign-ins; the fixture has it alone.</summary>
    public static Task<Service> WithFewOfEverything => Few.TakeAsync();

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
        foreach (var service in (Lazy<Task<Service>>[])[Visited, Working])
            if (service.IsValueCreated) await (await service.Value).DisposeAsync();
        foreach (var services in (FixtureServices[])[Quiet, Few]) await services.DisposeAsync();
    }

    internal static void GiveBack(string fixture)
    {
        Quiet.GiveBack(fixture);
        Few.GiveBack(fixture);
    }
}
