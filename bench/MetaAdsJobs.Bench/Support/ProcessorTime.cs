using System.Diagnostics;
using System.Globalization;

namespace MetaAdsJobs.Bench.Support;

/// <summary>Processor time of other processes, as Linux counts it: in hundredths of a second.</summary>
internal static class ProcessorTime
{
    private const double TicksPerSecond = 100;

    public static TimeSpan Of(int processId)
    {
        using var process = Process.GetProcessById(processId);
        return process.TotalProcessorTime;
    }

    /// <summary>A PostgreSQL server's, its sessions included, those that have ended, too.</summary>
    public static TimeSpan OfServer(int postmasterId)
    {
        var ticks = 0L;
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var id) || Read(folder) is not { } fields) continue;
            if (id == postmasterId) ticks += Sum(fields[11..15]);
            else if (long.Parse(fields[1], CultureInfo.InvariantCulture) == postmasterId) ticks += Sum(fields[11..13]);
        }

        return TimeSpan.FromSeconds(ticks / TicksPerSecond);
    }

    private static long Sum(string[] fields) => fields.Sum(field => long.Parse(field, CultureInfo.InvariantCulture));

    /// <returns>What follows the program's name, which may hold anything; null when the process is gone.</returns>
    private static string[]? Read(string folder)
    {
        try
        {
            var text = File.ReadAllText(Path.Combine(folder, "stat"));
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null;
        }
    }
}

/// <summary>Looks all the time how much processor time a process has used, so that any part of its life can be told afterwards.</summary>
internal sealed class ProcessorSamples : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private readonly List<(DateTimeOffset At, TimeSpan Spent)> _samples = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly int _processId;
    private readonly Task _looking;

    public ProcessorSamples(int processId)
    {
        _processId = processId;
        _looking = LookAsync();
    }

    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _looking;
    }

    public TimeSpan Until(DateTimeOffset at) => _samples.FindIndex(sample => sample.At >= at) switch
    {
        0 => _samples[0].Spent,
        -1 => _samples[^1].Spent,
        var next when (_samples[next - 1], _samples[next]) is var (before, after) => before.Spent + ((after.Spent - before.Spent) * ((at - before.At) / (after.At - before.At))),
        _ => throw new InvalidOperationException(),
    };

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stopping.Dispose();
    }

    private async Task LookAsync()
    {
        while (true)
        {
            _samples.Add((TimeProvider.System.GetUtcNow(), ProcessorTime.Of(_processId)));
            if (_stopping.IsCancellationRequested) return;
            try
            {
                await Task.Delay(Pause, TimeProvider.System, _stopping.Token);
            }
            catch (OperationCanceledException)
            {
                // Once more, at the end.
            }
        }
    }
}
