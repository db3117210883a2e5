using System.Diagnostics;

namespace MetaAdsJobs.Launch;

/// <summary>How a command ended and what it said.</summary>
internal sealed record Command(int ExitCode, string Output, string Errors)
{
    public bool Succeeded => ExitCode == 0;

    /// <summary>Runs a program to its end; a program that is not there ends with exit code 127, as in a shell.</summary>
    public static async Task<Command> RunAsync(ProcessStartInfo start, CancellationToken ct)
    {
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        using var process = new Process { StartInfo = start };
        try
        {
            process.Start();
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            return new(127, "", missing.Message);
        }

        try
        {
            var output = process.StandardOutput.ReadToEndAsync(ct);
            var errors = process.StandardError.ReadToEndAsync(ct);
            await process.WaitForExitAsync(ct);
            return new(process.ExitCode, (await output).Trim(), (await errors).Trim());
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    public static Task<Command> RunAsync(string program, string[] arguments, CancellationToken ct) =>
        RunAsync(new ProcessStartInfo(program, arguments), ct);
}
