using System.Net;
using System.Net.Sockets;
using MetaAdsJobs.Launch.Processes;

namespace MetaAdsJobs.Tests.Launch;

/// <summary>The launcher as ./run starts it, in a process and a data folder of its own.</summary>
internal sealed class Launcher : IAsyncDisposable
{
    private static int _portsTold = Environment.ProcessId * 101;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static readonly string[] OwnSettings = ["DATABASE_URL", "META_ADS_MODE", "AUTH_SIGNING_KEY", "AUTH_AUTHORITY", "DATA_PROTECTION_KEY", "WORKERS"];

    private readonly ChildProcess _process;
    private readonly DirectoryInfo _folder;

    private Launcher(string[] arguments, (string Name, string Value)[] settings)
    {
        _folder = Directory.CreateTempSubdirectory("metaadsjobs-launch-");
        if (!OperatingSystem.IsWindows())
            _folder.UnixFileMode |= UnixFileMode.OtherExecute;

        var environment = OwnSettings.ToDictionary(name => name, _ => (string?)null);
        environment["DATA_FOLDER"] = DataFolder;
        environment["PORT"] = $"{FreePort()}";
        foreach (var (name, value) in settings)
            environment[name] = value;
        var built = ChildProgram.Built("MetaAdsJobs.Launch", environment);
        string[] withErrorsApart = ["sh", "-c", """exec "$@" 2>"$0" """, ErrorFile, .. built.Command, .. arguments];
        _process = ChildProcess.Start(built with { Command = withErrorsApart }, OutputFile);
    }

    public string DataFolder => Path.Combine(_folder.FullName, "data");

    public int Id => _process.Id;

    public string Output => Read(OutputFile);

    public string Errors => Read(ErrorFile);

    private string OutputFile => Path.Combine(_folder.FullName, "output");

    private string ErrorFile => Path.Combine(_folder.FullName, "errors");

    public static Launcher Start(string[] arguments, params (string Name, string Value)[] settings) => new(arguments, settings);

    /// <summary>Waits for a line that begins so.</summary>
    public async Task UntilItSaysAsync(string beginning)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!Output.Split('\n').Any(line => line.StartsWith(beginning, StringComparison.Ordinal)))
        {
            Assert.That(_process.Exited.IsCompleted, Is.False, $"It ended without saying '{beginning}'. {Output}{Errors}");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, patience.Token);
        }
    }

    /// <summary>Waits for its end and gives its exit code.</summary>
    public Task<int> EndAsync() => _process.Exited.WaitAsync(Patience);

    /// <summary>SIGTERM, and waits for its end.</summary>
    public Task StopAsync() => _process.StopAsync(Patience, TimeProvider.System);

    /// <summary>SIGKILL to the launcher alone, not to what it started.</summary>
    public void Kill() => _process.Kill();

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _process.DisposeAsync();
        await RunningProcesses.UntilNoneMentionsAsync(_folder.FullName);
        _folder.Delete(recursive: true);
    }

    /// <summary>For who listens some time later: below the ports that connections to somewhere else are given meanwhile, and each told once.</summary>
    public static int FreePort()
    {
        const int first = 12_000;
        const int many = 18_000;
        while (true)
        {
            var port = first + (int)((uint)Interlocked.Increment(ref _portsTold) % many);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Somebody else listens there.
            }
        }
    }

    private static string Read(string file) => File.Exists(file) ? File.ReadAllText(file) : "";
}
