using System.Diagnostics;
using System.Globalization;
using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.Core.Insights;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.StubGraph;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Bench.Support;

/// <param name="EndedAt">In the machine's monotonic time: the same in every process.</param>
/// <param name="PeakBytes">The most memory that was ever resident.</param>
/// <param name="Cpu">Seconds of processor time, its start included.</param>
/// <param name="Runs">How often it was run: it gives its worker back now and then.</param>
internal sealed record SyncRun(long EndedAt, long PeakBytes, double Cpu, int Runs);

/// <summary>One sync by the service's own code in a process of its own, so that its memory is nobody else's.</summary>
internal static class SyncProcess
{
    public const string Argument = "sync";

    /// <param name="resultFile">Where <see cref="ReadAsync"/> finds what came of it.</param>
    public static async Task<int> RunAsync(Guid syncId, string resultFile)
    {
        try
        {
            var builder = Host.CreateApplicationBuilder();
            builder.Logging.ClearProviders();
            builder.Configuration.AddSeedKeys();
            builder.Services.AddMetaAdsJobs().AddStubGraph();
            using var host = builder.Build();
            var runs = await RunAsync(host.Services.GetRequiredService<RunSync>(), syncId);
            var endedAt = Stopwatch.GetTimestamp();
            var peak = await PeakAsync();
            await File.WriteAllTextAsync(resultFile, string.Create(CultureInfo.InvariantCulture, $"{endedAt} {peak} {Environment.CpuUsage.TotalTime.TotalSeconds} {runs}"));
            return 0;
        }
        catch (Exception exception)
        {
            await File.WriteAllTextAsync(resultFile, exception.ToString());
            return 1;
        }
    }

    /// <exception cref="BenchException">It failed.</exception>
    public static async Task<SyncRun> ReadAsync(string resultFile)
    {
        var text = await File.ReadAllTextAsync(resultFile);
        return text.Split(' ') is [var endedAt, var peak, var cpu, var runs] && long.TryParse(endedAt, NumberStyles.None, CultureInfo.InvariantCulture, out var at)
            ? new(at, long.Parse(peak, CultureInfo.InvariantCulture), double.Parse(cpu, CultureInfo.InvariantCulture), int.Parse(runs, CultureInfo.InvariantCulture))
            : throw new BenchException($"The sync failed: {text}");
    }

    private static async Task<int> RunAsync(RunSync sync, Guid syncId)
    {
        for (var runs = 1; ; runs++)
        {
            var outcome = await sync.ExecuteAsync(syncId, CancellationToken.None);
            if (outcome is JobOutcome.Completed) return runs;
            if (outcome is not JobOutcome.Snoozed snoozed) throw new BenchException($"it ended otherwise: {outcome}");
            var pause = snoozed.Until - TimeProvider.System.GetUtcNow();
            if (pause > TimeSpan.Zero) await Task.Delay(pause, TimeProvider.System, CancellationToken.None);
        }
    }

    private static async Task<long> PeakAsync()
    {
        var line = (await File.ReadAllLinesAsync("/proc/self/status")).First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line["VmHWM:".Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture) * 1024;
    }
}
