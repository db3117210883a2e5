using System.Security.Cryptography;
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
    private static readonly Lazy<Task<PrivatePostgres>> Started = new(() =>
        StartAsync(InMemory(), ("fsync", "off"), ("full_page_writes", "off"), ("max_wal_size", "1GB"), ("jit", "off")));

    public static Task<PrivatePostgres> Postgres => Started.Value;

    /// <summary>A cluster for one test alone, one that stops or crashes it; the test disposes it.</summary>
    public static Task<PrivatePostgres> StartOwnAsync() => StartAsync(folder: null);

    private static Task<PrivatePostgres> StartAsync(string? folder, params (string Name, string Value)[] settings) => PrivatePostgres.StartAsync(
        new PrivatePostgresOptions
        {
            DataFolder = folder,
            Temporary = true,
            Settings = settings.Append(("max_connections", "600")).ToDictionary(),
            Say = TestContext.Progress.WriteLine,
        },
        CancellationToken.None);

    // A database is some 800 small files: a disk's file system takes more of the processor for making and dropping them than the tests in them do.
    private static string? InMemory()
    {
        const string memory = "/dev/shm";
        const long room = 4L << 30;
        return Directory.Exists(memory) && new DriveInfo(memory).AvailableFreeSpace >= room
            ? Path.Combine(memory, "metaadsjobs-" + RandomNumberGenerator.GetHexString(12, lowercase: true))
            : null;
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        if (Started.IsValueCreated)
            await (await Postgres).DisposeAsync();
    }
}
