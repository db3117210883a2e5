using System.Globalization;
using System.Runtime.InteropServices;
using MetaAdsJobs.Launch;
using MetaAdsJobs.Launch.Processes;

namespace MetaAdsJobs.Bench.Support;

/// <summary>
/// The stub Graph in a process of its own with a PostgreSQL of its own, which flushes nothing to the disk: as little as can be in
/// the way of those that are measured against it. One world, at an address for each latency.
/// </summary>
internal sealed class GraphProcess : IAsyncDisposable
{
    public const string Argument = "graph";
    private const string DatabaseKey = "DATABASE_URL";

    private readonly BenchCluster _cluster;
    private readonly ChildProcess _process;
    private readonly IReadOnlyList<string> _addresses;
    private readonly int _postmasterId;

    private GraphProcess(BenchCluster cluster, BenchDatabase objects, ChildProcess process, IReadOnlyList<string> addresses, int postmasterId) =>
        (_cluster, Objects, _process, _addresses, _postmasterId) = (cluster, objects, process, addresses, postmasterId);

    public BenchDatabase Objects { get; }

    /// <summary>What it has used so far, its PostgreSQL included.</summary>
    public TimeSpan Spent => ProcessorTime.Of(_process.Id) + ProcessorTime.OfServer(_postmasterId);

    public static async Task<GraphProcess> StartAsync(IReadOnlyList<int> latencies, CancellationToken ct)
    {
        var cluster = await BenchCluster.StartAsync(Console.WriteLine, ct, ("fsync", "off"), ("synchronous_commit", "off"), ("full_page_writes", "off"));
        try
        {
            var objects = await cluster.NewDatabaseAsync(ct);
            var (file, log) = (Path.Combine(cluster.Logs, "addresses"), Path.Combine(cluster.Logs, "graph.log"));
            var environment = new Dictionary<string, string?> { [DatabaseKey] = objects.ConnectionString, ["DOTNET_GCConserveMemory"] = "0" };
            var process = ChildProcess.Start(
                new(["dotnet", typeof(GraphProcess).Assembly.Location, Argument, file, .. latencies.Select(latency => latency.ToString(CultureInfo.InvariantCulture))], ProjectFolder.Path, environment), log);
            await Until.TrueAsync(() => process.Exited.IsCompleted ? throw new BenchException($"The Graph ended while starting: {File.ReadAllText(log)}") : Task.FromResult(File.Exists(file)),
                TimeSpan.FromMinutes(1), "the Graph to start", ct);
            return new(cluster, objects, process, await File.ReadAllLinesAsync(file, ct), await cluster.PostmasterIdAsync());
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <param name="latency">Its place in the list it was started with.</param>
    public string Address(int latency) => _addresses[latency];

    /// <param name="addressFile">Where it says where it is, once it answers.</param>
    public static async Task<int> RunAsync(string addressFile, string[] latencies)
    {
        var stopped = new TaskCompletionSource();
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true;
            stopped.TrySetResult();
        });
        var hosts = new List<GraphHost>();
        foreach (var latency in latencies)
            hosts.Add(await GraphHost.StartAsync(Environment.GetEnvironmentVariable(DatabaseKey)!, TimeSpan.FromMilliseconds(int.Parse(latency, CultureInfo.InvariantCulture)), CancellationToken.None));
        await File.WriteAllLinesAsync(addressFile + ".new", hosts.Select(host => host.Address));
        File.Move(addressFile + ".new", addressFile);
        await stopped.Task;
        foreach (var host in hosts) await host.DisposeAsync();
        return 0;
    }

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        await Objects.DisposeAsync();
        await _cluster.DisposeAsync();
    }
}
