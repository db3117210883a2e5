using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;

namespace MetaAdsJobs.Launch.Postgres;

/// <summary>One cluster's files: the data itself, the superuser's password (mode 0600), the server's log and the owner's lock.</summary>
internal sealed class ClusterFolder(string path)
{
    public const string Superuser = "metaadsjobs";

    public string Path => path;
    public string Data => In("cluster");
    public string Log => In("server.log");
    public string Password => File.ReadAllText(In("password"));

    /// <summary>The version that made the cluster; null when there is none yet.</summary>
    public int? Major => File.Exists(System.IO.Path.Combine(Data, "PG_VERSION"))
        ? int.Parse(File.ReadAllText(System.IO.Path.Combine(Data, "PG_VERSION")), CultureInfo.InvariantCulture)
        : null;

    /// <summary>
    /// Held while a launcher uses the folder. The operating system drops it when the launcher dies, so whoever holds it knows
    /// that any server still running here is an orphan.
    /// </summary>
    public FileStream Lock()
    {
        try
        {
            return new FileStream(In("owner.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            throw new LaunchException($"Another run is using the database in {path}: stop it first, or set DATA_FOLDER to another folder.");
        }
    }

    public async Task InitialiseAsync(PostgresBinaries binaries, ServerUser user, bool temporary, CancellationToken ct)
    {
        // Made under another name and renamed when complete: a run killed in here leaves nothing that looks like a cluster.
        var unfinished = In("cluster.unfinished");
        if (Directory.Exists(unfinished))
            Directory.Delete(unfinished, recursive: true);
        WritePassword();
        await user.OwnAsync(path, ct);

        var last = new Command(0, "", "");
        foreach (var locale in new[] { "C.UTF-8", "C" })
        {
            string[] arguments =
            [
                "--pgdata", unfinished, "--username", Superuser, "--pwfile", In("password"), "--auth", "scram-sha-256",
                "--encoding", "UTF8", "--locale", locale, .. temporary ? ["--no-sync"] : Array.Empty<string>(),
            ];
            last = await Command.RunAsync(user.Start(path, binaries["initdb"], arguments), ct);
            if (!last.Succeeded)
                continue;
            Directory.Move(unfinished, Data);
            return;
        }

        throw new LaunchException($"initdb failed in {path}: {last.Errors.ReplaceLineEndings(" ")}");
    }

    /// <summary>The process id in postmaster.pid if that really is a server on this cluster; else the file is stale and goes.</summary>
    public int? FindOrphan()
    {
        var file = System.IO.Path.Combine(Data, "postmaster.pid");
        if (!File.Exists(file))
            return null;
        // A container started again hands out the same ids, so a living process with this id proves nothing yet.
        if (int.TryParse(File.ReadLines(file).FirstOrDefault(), CultureInfo.InvariantCulture, out var id) && IsServerHere(id))
            return id;
        File.Delete(file);
        return null;
    }

    /// <summary>The server's last complaint, for a one-line message.</summary>
    public string LastError() =>
        File.Exists(Log) && File.ReadLines(Log).LastOrDefault(line => line.Contains("FATAL:", StringComparison.Ordinal)) is { } line
            ? line[line.IndexOf("FATAL:", StringComparison.Ordinal)..]
            : "no reason given";

    private bool IsServerHere(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            var folder = Directory.Exists($"/proc/{id}") ? Directory.ResolveLinkTarget($"/proc/{id}/cwd", false)?.FullName : Data;
            return process.ProcessName.StartsWith("postgres", StringComparison.Ordinal) && folder == Data;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private void WritePassword()
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var writer = new StreamWriter(In("password"), options);
        writer.Write(RandomNumberGenerator.GetHexString(40, lowercase: true));
    }

    private string In(string name) => System.IO.Path.Combine(path, name);
}
