using MetaAdsJobs.Launch.Postgres;

// Most fixtures wait for something most of the time (a lease, a browser): they run beside each other. What can have nobody
// beside it says [NonParallelizable], and waits until all others are done. A set-up fixture must say Self and Fixtures: what it says goes for all below it.
[assembly: Parallelizable(ParallelScope.Fixtures)]
[assembly: LevelOfParallelism(8)]

// Not in Support: a SetUpFixture ends after the tests of its own namespace and those below it, and this one is for all of them.
namespace MetaAdsJobs.Tests;

/// <summary>The private PostgreSQL that all tests of a run share, started by the first that wants it.</summary>
[SetUpFixture, Parallelizable(ParallelScope.Self | ParallelScope.Fixtures)]
public sealed class TestCluster
{
    // Nobody crashes this one: waiting for the disk, with hundreds of databases made and dropped, would take longer than the tests.
    private static readonly Lazy<Task<PrivatePostgres>> Started = new(() => StartAsync(("fsync", "off"), ("full_page_writes", "off"), ("max_wal_size", "4GB"), ("jit", "off")));

    public static Task<PrivatePostgres> Postgres => Started.Value;

    /// <summary>A cluster for one test alone, one that stops or crashes it; the test disposes it.</summary>
    public static Task<PrivatePostgres> StartOwnAsync() => StartAsync();

    private static Task<PrivatePostgres> StartAsync(params (string Name, string Value)[] settings) => PrivatePostgres.StartAsync(
        new PrivatePostgresOptions
        {
            Temporary = true,
            Settings = settings.Append(("max_connections", "600")).ToDictionary(),
            Say = TestContext.Progress.WriteLine,
        },
        CancellationToken.None);

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (Started.IsValueCreated)
            await (await Postgres).DisposeAsync();
    }
}
