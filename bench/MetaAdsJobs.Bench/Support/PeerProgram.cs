using System.Globalization;
using System.Text.Json;
using MetaAdsJobs.Launch;
using MetaAdsJobs.Launch.Processes;
using Npgsql;

namespace MetaAdsJobs.Bench.Support;

/// <summary>bench/peer: what a user would write instead of the service.</summary>
internal sealed class PeerProgram
{
    private const int LeastNode = 20;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private static readonly string Folder = Path.Combine(ProjectFolder.Path, "bench", "peer");
    private readonly string _logs;

    private PeerProgram(string logs) => _logs = logs;

    /// <summary>Fetches its packages unless they are there already.</summary>
    public static async Task<PeerProgram> PrepareAsync(BenchCluster cluster, CancellationToken ct)
    {
        var peer = new PeerProgram(cluster.Logs);
        var version = (await peer.RunAsync(["node", "--version"], [], ct)).Trim();
        if (!int.TryParse(version.TrimStart('v').Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var major) || major < LeastNode)
            throw new BenchException($"The peer needs Node {LeastNode} or later on the PATH, not {version}");
        var (wanted, there) = (new FileInfo(Path.Combine(Folder, "package-lock.json")), new FileInfo(Path.Combine(Folder, "node_modules", ".package-lock.json")));
        if (!there.Exists || there.LastWriteTimeUtc < wanted.LastWriteTimeUtc) await peer.RunAsync(["npm", "ci"], [], ct);
        return peer;
    }

    public async Task<PeerTrees> CreateAsync(int count, string graph, string adAccountId, BenchDatabase database, CancellationToken ct)
    {
        var result = await MeasureAsync(["create", $"{count}"], graph, adAccountId, database, ct);
        return result.GetProperty("ok").GetBoolean()
            ? new(result.GetProperty("seconds").GetDouble(), result.GetProperty("work_cpu_seconds").GetDouble())
            : throw new BenchException($"The peer did not make them all: {result}");
    }

    public async Task<PeerRows> ReadInsightsAsync(DateOnly since, DateOnly until, string graph, string adAccountId, BenchDatabase database, CancellationToken ct)
    {
        var result = await MeasureAsync(["insights", adAccountId, $"{since:yyyy-MM-dd}", $"{until:yyyy-MM-dd}"], graph, adAccountId, database, ct);
        return new(result.GetProperty("rows").GetInt32(), result.GetProperty("seconds").GetDouble(), result.GetProperty("work_cpu_seconds").GetDouble(), result.GetProperty("report_seconds").GetDouble());
    }

    private async Task<JsonElement> MeasureAsync(string[] arguments, string graph, string adAccountId, BenchDatabase database, CancellationToken ct)
    {
        var said = await RunAsync(["node", "peer.mjs", .. arguments], new()
        {
            ["GRAPH_URL"] = graph, ["DATABASE_URL"] = Url(database.ConnectionString), ["TOKEN"] = "bench-token", ["ACCOUNT"] = adAccountId, ["RAW_ROWS"] = "1",
        }, ct);
        // Warnings stand before it.
        return said.Split('\n').LastOrDefault(line => line.StartsWith('{')) is { } result ? JsonElement.Parse(result) : throw new BenchException($"The peer said: {said}");
    }

    /// <returns>All it said.</returns>
    private async Task<string> RunAsync(string[] command, Dictionary<string, string?> environment, CancellationToken ct)
    {
        var log = Path.Combine(_logs, $"{Guid.NewGuid():N}.log");
        await using var process = ChildProcess.Start(new(command, Folder, environment), log);
        // It repeats what fails, for hours.
        await Task.WhenAny(process.Exited, Task.Delay(Patience, TimeProvider.System, ct));
        ct.ThrowIfCancellationRequested();
        var said = await File.ReadAllTextAsync(log, ct);
        if (!process.Exited.IsCompleted) throw new BenchException($"{string.Join(' ', command)} has not ended after {Patience.TotalMinutes:0} minutes: {said[..Math.Min(said.Length, 2000)]}");
        var exitCode = await process.Exited;
        return exitCode == 0 ? said : throw new BenchException($"{string.Join(' ', command)} ended with {exitCode}: {said}");
    }

    private static string Url(string connectionString)
    {
        var to = new NpgsqlConnectionStringBuilder(connectionString);
        return $"postgres://{Uri.EscapeDataString(to.Username!)}:{Uri.EscapeDataString(to.Password ?? "")}@{to.Host}:{to.Port}/{to.Database}";
    }
}

/// <param name="Cpu">Seconds of its process in that time.</param>
internal sealed record PeerTrees(double Seconds, double Cpu);

/// <param name="Waited">Of its seconds, those until the report was ready.</param>
internal sealed record PeerRows(int Rows, double Seconds, double Cpu, double Waited);
