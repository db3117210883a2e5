using System.Diagnostics;

namespace MetaAdsJobs.Launch.Processes;

/// <summary>
/// A program that runs beside us with its output in a file, and that stops when we do: its guard waits on a pipe
/// from us, and the end of the pipe means that we are gone, killed perhaps.
/// </summary>
public sealed class ChildProcess : IAsyncDisposable
{
    // The program takes the shell's place and so its process id; the guard is what stays behind. Once the program has ended we
    // release the guard, so that it never signals an id that is somebody else's by now.
    private const string Script = """
        exec 3<&0 </dev/null >>"$1" 2>&1
        shift
        {
            while read -r order; do
                [ "$order" = stop ] || exit
                kill -TERM $$
            done
            kill -TERM $$
            seconds=50
            while [ $((seconds -= 1)) -gt 0 ]; do
                sleep 1
                kill -0 $$ || exit
            done
            kill -KILL $$
        } <&3 3<&- >/dev/null 2>&1 &
        exec 3<&-
        exec "$@"
        """;

    private readonly Process _process;
    private readonly Lock _ordering = new();

    private ChildProcess(Process process)
    {
        _process = process;
        Exited = WaitAsync();
    }

    public int Id => _process.Id;

    /// <summary>Completes with the exit code.</summary>
    public Task<int> Exited { get; }

    /// <summary>Starts the program; what it says is appended to the log file.</summary>
    public static ChildProcess Start(ChildProgram program, string logFile)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(logFile)!);
        var start = new ProcessStartInfo("sh", ["-c", Script, "guard", logFile, .. program.Command])
        {
            RedirectStandardInput = true,
            WorkingDirectory = program.Folder,
        };
        foreach (var (name, value) in program.Environment)
            start.Environment[name] = value;
        return new(Process.Start(start)!);
    }

    /// <summary>SIGKILL, as a crash from outside.</summary>
    public void Kill() => _process.Kill();

    /// <summary>SIGTERM, then up to `patience` for it to finish its work, then SIGKILL.</summary>
    public async Task StopAsync(TimeSpan patience, TimeProvider time)
    {
        Order("stop");
        using var patienceOver = new CancellationTokenSource(patience, time);
        try
        {
            await Exited.WaitAsync(patienceOver.Token);
        }
        catch (OperationCanceledException)
        {
            Kill();
            await Exited;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!Exited.IsCompleted)
            Kill();
        await Exited;
        _process.Dispose();
    }

    private async Task<int> WaitAsync()
    {
        await _process.WaitForExitAsync();
        Order("release");
        return _process.ExitCode;
    }

    private void Order(string order)
    {
        try
        {
            // The program may end, and be released, while it is told to stop.
            lock (_ordering)
                _process.StandardInput.WriteLine(order);
        }
        catch (IOException)
        {
            // The guard has gone, released: there is nothing left to order.
        }
    }
}
