using System.Collections.Concurrent;

namespace MetaAdsJobs.Launch.Processes;

/// <summary>Keeps programs running: starts again any that dies, until it is disposed, which stops them all.</summary>
internal sealed class Supervisor(string logFolder, Action<string> say, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Settled = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(50);

    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentBag<Task> _kept = [];
    private readonly TaskCompletionSource<string> _hopeless = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes with the reason when a program died three times without ever settling.</summary>
    public Task<string> Hopeless => _hopeless.Task;

    /// <summary>The name is for people and for the log file.</summary>
    public void Keep(string name, ChildProgram program) => _kept.Add(KeepAsync(name, program));

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_kept);
        _stopping.Dispose();
    }

    private async Task KeepAsync(string name, ChildProgram program)
    {
        var log = Path.Combine(logFolder, name.Replace(' ', '-') + ".log");
        if (File.Exists(log))
            File.Move(log, Path.ChangeExtension(log, ".previous.log"), overwrite: true);
        var pause = FirstPause;
        for (var deaths = 1; ; deaths++)
        {
            var startedAt = time.GetTimestamp();
            await using var child = ChildProcess.Start(program, log);
            try
            {
                await child.Exited.WaitAsync(_stopping.Token);
            }
            catch (OperationCanceledException)
            {
                await child.StopAsync(Patience, time);
                return;
            }

            if (time.GetElapsedTime(startedAt) >= Settled)
                (deaths, pause) = (1, FirstPause);
            var reason = $"{name} ended with code {await child.Exited}: {LogTail.LastWords(log)} (log: {log})";
            say($"{reason}; starting it again in {pause.TotalSeconds:0.#} s");
            if (deaths == 3)
                _hopeless.TrySetResult(reason);
            if (!await PauseAsync(pause))
                return;
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private async Task<bool> PauseAsync(TimeSpan pause)
    {
        try
        {
            await Task.Delay(pause, time, _stopping.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
