using MetaAdsJobs.Launch.Postgres;

// Fixtures that mostly wait (for leases, settle delays, processes to start) say [Parallelizable]: each has processes and databases
// of its own. The others run one after the other, so that what they time is theirs alone.
[assembly: LevelOfParallelism(3)]

// Not in Support: a SetUpFixture ends after the tests of its own namespace and those below it, and this one is for all of them.
namespace MetaAdsJobs.Tests;

/// <summary>The private PostgreSQL that all tests of a run share, started by the first that wants it.</summary>
[SetUpFixture]
public sealed class TestCluster
{
    private static readonly Lazy<Task<PrivatePostgres>> Started = new(StartOwnAsync);

    public static Task<PrivatePostgres> Postgres => Started.Value;

    /// <summary>A cluster for one test alone, one that stops or crashes it; the test disposes it.</summary>
    public static Task<PrivatePostgres> StartOwnAsync() => PrivatePostgres.StartAsync(
        new PrivatePostgresOptions
        {
            Temporary = true,
            Settings = new Dictionary<string, string> { ["max_connections"] = "600" },
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
