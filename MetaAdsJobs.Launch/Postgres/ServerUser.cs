using System.Diagnostics;

namespace MetaAdsJobs.Launch.Postgres;

/// <summary>
/// The user that the server runs as. PostgreSQL refuses root, so root hands it to whoever owns the cluster's folder already, or
/// else to nobody; everyone else runs it as themselves.
/// </summary>
internal sealed class ServerUser
{
    private static readonly string[] KeptVariables = ["PATH", "LD_LIBRARY_PATH", "TZ", "TEMP", "TMP", "SystemRoot"];

    private readonly string[] _prefix;
    private readonly string? _name;
    private readonly string _group;

    private ServerUser(string? name, string group, params string[] prefix) => (_name, _group, _prefix) = (name, group, prefix);

    public static async Task<ServerUser> ForAsync(string folder, CancellationToken ct)
    {
        if (OperatingSystem.IsWindows() || !Environment.IsPrivilegedProcess)
            return new(null, "");

        var owner = (await Command.RunAsync("stat", ["-c", "%U", folder], ct)).Output;
        var name = owner is "" or "root" or "UNKNOWN" ? "nobody" : owner;
        var group = (await Command.RunAsync("id", ["-g", name], ct)).Output;
        string[][] ways =
        [
            ["setpriv", $"--reuid={name}", $"--regid={group}", "--clear-groups", "--"],
            ["runuser", "-u", name, "--"],
            ["su", "-s", "/bin/sh", "-c", "exec \"$0\" \"$@\"", name],
        ];
        foreach (var way in ways)
            if (new ServerUser(name, group, way) is var user && (await Command.RunAsync(user.Start("/", "id", "-u"), ct)).Succeeded)
                return user;

        throw new LaunchException(
            "PostgreSQL refuses to run as root, and neither setpriv, runuser nor su could change to another user here: "
            + "run as another user, or set DATABASE_URL.");
    }

    /// <summary>The program as this user, in a working folder it can enter, with an environment that holds no secret of ours.</summary>
    public ProcessStartInfo Start(string workingFolder, string program, params string[] arguments)
    {
        string[] line = [.. _prefix, program, .. arguments];
        var start = new ProcessStartInfo(line[0], line[1..]) { WorkingDirectory = workingFolder };
        foreach (var name in start.Environment.Keys.Except(KeptVariables).ToList())
            start.Environment.Remove(name);
        start.Environment["LC_ALL"] = "C";
        return start;
    }

    /// <summary>Gives the folder and everything in it to this user; does nothing when that is ourselves.</summary>
    public async Task OwnAsync(string folder, CancellationToken ct)
    {
        if (_name is null)
            return;
        var chown = await Command.RunAsync("chown", ["-R", $"{_name}:", folder], ct);
        if (!chown.Succeeded)
            throw new LaunchException($"Could not give {folder} to {_name}: {chown.Errors}");
    }

    /// <summary>Lets this user's group, and nobody else, pass through the folder; to look into it stays its owner's.</summary>
    public async Task LetThroughAsync(string folder, CancellationToken ct)
    {
        if (OperatingSystem.IsWindows() || _name is null || await CanReachAsync(folder, ct))
            return;
        var chgrp = await Command.RunAsync("chgrp", [_group, folder], ct);
        if (chgrp.Succeeded)
            File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute);
    }

    /// <summary>Whether this user can get to the folder at all: below /root, for one, it cannot.</summary>
    public async Task<bool> CanReachAsync(string folder, CancellationToken ct) =>
        _name is null || (await Command.RunAsync(Start("/", "test", "-x", folder), ct)).Succeeded;
}
