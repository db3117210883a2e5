using MetaAdsJobs.Launch;
using MetaAdsJobs.Launch.Processes;

namespace MetaAdsJobs.Tests.Hosting;

/// <summary>A program of Debian's that stands before the service or its database in a test, with a folder of its own.</summary>
internal sealed class DebianProgram : IAsyncDisposable
{
    private readonly ChildProcess _process;

    private DebianProgram(ChildProcess process, string folder) => (_process, Folder) = (process, folder);

    public string Folder { get; }

    public string Log => File.Exists(LogOf(Folder)) ? File.ReadAllText(LogOf(Folder)) : "";

    /// <param name="path">Where Debian puts it; a test that does not find it there fails and says how to get it.</param>
    /// <param name="files">Written into its folder, which stands for * in them and in the arguments.</param>
    public static async Task<DebianProgram> StartAsync(string path, string[] arguments, params (string Name, string Text)[] files)
    {
        Assert.That(path, Does.Exist, $"this test needs it: apt-get install {Path.GetFileName(path)}");
        var folder = Directory.CreateTempSubdirectory("metaadsjobs-proxy-").FullName;
        foreach (var (name, text) in files) await File.WriteAllTextAsync(Path.Combine(folder, name), text.Replace("*/", folder + "/", StringComparison.Ordinal));
        // Both give up being root, and read their files afterwards.
        await Command.RunAsync("chmod", ["-R", "a+rwX", folder], CancellationToken.None);
        return new(ChildProcess.Start(new([path, .. arguments.Select(argument => argument.Replace("*/", folder + "/", StringComparison.Ordinal))], folder, new Dictionary<string, string?>()), LogOf(folder)), folder);
    }

    public async ValueTask DisposeAsync()
    {
        await _process.StopAsync(TimeSpan.FromSeconds(5), TimeProvider.System);
        await _process.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    private static string LogOf(string folder) => Path.Combine(folder, "said.log");
}
