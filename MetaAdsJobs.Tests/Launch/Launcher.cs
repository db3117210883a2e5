using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using MetaAdsJobs.Launch.Processes;

namespace MetaAdsJobs.Tests.Launch;

/// <summary>The launcher as ./run starts it, in a process and a data folder of its own.</summary>
internal sealed class Launcher : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly Process _process;
    private readonly StringBuilder _errors = new();

    private Launcher(Process process, string dataFolder, int port) => (_process, DataFolder, Port) = (process, dataFolder, port);

    public string DataFolder { get; }

    public int Port { get; }

    public string Errors => _errors.ToString();

    public static Launcher Start(string[] arguments, params (string Name, string Value)[] environment)
    {
        var dataFolder = Directory.CreateTempSubdirectory("metaadsjobs-launch-").FullName;
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(dataFolder, File.GetUnixFileMode(dataFolder) | UnixFileMode.OtherExecute);
        var port = FreePort();
        var program = ChildProgram.Built("MetaAdsJobs.Launch", new Dictionary<string, string?>());
        var start = new ProcessStartInfo(program.Command[0], [.. program.Command.Skip(1), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DATA_FOLDER"] = dataFolder;
        start.Environment["PORT"] = $"{port}";
        foreach (var inherited in new[] { "DATABASE_URL", "META_ADS_MODE", "AUTH_SIGNING_KEY", "DATA_PROTECTION_KEY", "WORKERS" })
            start.Environment.Remove(inherited);
        foreach (var (name, value) in environment)
            start.Environment[name] = value;

        var launcher = new Launcher(Process.Start(start)!, dataFolder, port);
        launcher._process.ErrorDataReceived += (_, line) => launcher._errors.AppendLine(line.Data);
        launcher._process.BeginErrorReadLine();
        return launcher;
    }

    /// <summary>Reads what it says up to a line that begins so.</summary>
    public async Task UntilItSaysAsync(string beginning)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (await _process.StandardOutput.ReadLineAsync(patience.Token) is { } line)
            if (line.StartsWith(beginning, StringComparison.Ordinal))
                return;
        Assert.Fail($"It ended without saying '{beginning}'. {Errors}");
    }

    /// <summary>Waits for its end; all it said on standard output, and the exit code.</summary>
    public async Task<(int ExitCode, string Output)> EndAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        var output = await _process.StandardOutput.ReadToEndAsync(patience.Token);
        await _process.WaitForExitAsync(patience.Token);
        return (_process.ExitCode, output);
    }

    public async Task TerminateAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        await kill.WaitForExitAsync();
    }

    /// <summary>SIGKILL to the launcher alone, not to what it started.</summary>
    public void Kill() => _process.Kill();

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            await TerminateAsync();
        await _process.WaitForExitAsync();
        _process.Dispose();
        await RunningProcesses.UntilNoneMentionsAsync(DataFolder);
        Directory.Delete(DataFolder, recursive: true);
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
