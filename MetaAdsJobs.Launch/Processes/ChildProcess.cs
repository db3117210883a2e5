using System.Diagnostics;

namespace MetaAdsJobs.Launch.Processes;

/// <summary>
/// A .NET program that runs beside us with its output in a file, and that stops when we do: its guard waits on a pipe
/// from us, and the end of the pipe means that we are gone, killed perhaps.
/// </summary>
public sealed class ChildProcess : IAsyncDisposable
{
    // The program takes the shell's place and so its process id; the guard is what stays behind. A line from us releases the
    // guard, so that it never signals an id that is somebody else's by now.
    private const string Script = """
        exec 3<&0 </dev/null >>"$1" 2>&1
        shift
        {
            if ! read -r released; then
                kill -TERM $$
                for second in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
                    sleep 1
                    kill -0 $$ 2>/dev/null || exit
                done
                kill -KILL $$
            fi
        } <&3 3<&- >/dev/null 2>&1 &
        exec 3<&-
        exec "$@"
        """;

    private readonly Process _process;

    private ChildProcess(Process process)
    {
        _process = process;
        Exited = WaitAsync();
    }

    public int Id => _process.Id;

    /// <summary>Completes with the exit code.</summary>
    public Task<int> Exited { get; }

    /// <summary>Starts `dotnet dll` in the dll's folder, output appended to the log file; a null value unsets a variable.</summary>
    public static ChildProcess Start(string dll, IReadOnlyDictionary<string, string?> environment, string logFile)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(logFile)!);
        var dotnet = Environment.ProcessPath is { } self && Path.GetFileNameWithoutExtension(self) == "dotnet" ? self : "dotnet";
        var start = new ProcessStartInfo("sh", ["-c", Script, "guard", logFile, dotnet, dll])
        {
            RedirectStandardInput = true,
            WorkingDirectory = Path.GetDirectoryName(dll)!,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return new(Process.Start(start)!);
    }

    /// <summary>SIGKILL, as a crash from outside.</summary>
    public void Kill() => _process.Kill();

    /// <summary>SIGTERM, then up to `patience` for it to finish its work, then SIGKILL.</summary>
    public async Task StopAsync(TimeSpan patience, TimeProvider time)
    {
        if (!Exited.IsCompleted)
            _process.StandardInput.Close();
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
        try
        {
            await _process.StandardInput.WriteLineAsync("released");
            _process.StandardInput.Close();
        }
        catch (Exception gone) when (gone is IOException or ObjectDisposedException)
        {
            // The guard has gone already: StopAsync closed its pipe.
        }

        return _process.ExitCode;
    }
}
