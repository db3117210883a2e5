using System.Diagnostics;

namespace MetaAdsJobs.Launch.Postgres;

/// <summary>
/// One run of the server. A small shell starts it and then waits on a pipe from us: a word says how to stop; the end of the
/// pipe means that we are gone, killed perhaps, and stops it too. So no server outlives its owner.
/// </summary>
internal sealed class ServerKeeper
{
    // Ctrl-C reaches the whole process group, the shell included; the owner decides when the server may go. pg_ctl gives the
    // server a session of its own. $5 is set for a temporary cluster: it goes with its owner.
    private const string Script = """
        trap '' INT HUP TERM PIPE
        "$1/pg_ctl" start -w -t 60 -s -D "$2" -l "$3" -o "$4" </dev/null >&2 || exit 1
        echo ready
        read -r mode || { mode=fast; gone=yes; }
        "$1/pg_ctl" stop -w -t 30 -s -D "$2" -m "$mode" || "$1/pg_ctl" stop -w -t 30 -s -D "$2" -m immediate
        if [ -n "$gone" ] && [ -n "$5" ]; then rm -rf "$5"; fi
        """;

    private readonly Process _shell;

    private ServerKeeper(Process shell) => _shell = shell;

    /// <summary>Returns when the server takes connections; null when it did not start.</summary>
    public static async Task<ServerKeeper?> StartAsync(
        ClusterFolder folder, PostgresBinaries binaries, ServerUser user, string settings, bool temporary, CancellationToken ct)
    {
        var start = user.Start(folder.Path, "sh", "-c", Script, "keeper", binaries.Folder, folder.Data, folder.Log, settings,
            temporary ? folder.Path : "");
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        var shell = Process.Start(start)!;
        shell.ErrorDataReceived += (_, _) => { };
        shell.BeginErrorReadLine();
        var keeper = new ServerKeeper(shell);
        try
        {
            if (await shell.StandardOutput.ReadLineAsync(ct) == "ready")
                return keeper;
        }
        catch (OperationCanceledException)
        {
            await keeper.LeaveAsync();
            throw;
        }

        await keeper.LeaveAsync();
        return null;
    }

    /// <summary>Stops the server; "fast" ends sessions cleanly, "immediate" is a crash that the next start recovers from.</summary>
    public async Task StopAsync(string mode)
    {
        await _shell.StandardInput.WriteLineAsync(mode);
        await LeaveAsync();
    }

    /// <summary>Stops the server as if the owner had gone, which also deletes a temporary cluster.</summary>
    public async Task LeaveAsync()
    {
        _shell.StandardInput.Close();
        await _shell.WaitForExitAsync();
        _shell.Dispose();
    }
}
