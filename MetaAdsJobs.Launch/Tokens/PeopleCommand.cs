using MetaAdsJobs.Launch.Processes;

namespace MetaAdsJobs.Launch.Tokens;

/// <summary>./run user|key …: hands on to the API program, on the database that is served; docs/people.md has what it takes.</summary>
internal static class PeopleCommand
{
    public static async Task<int> ExecuteAsync(string[] arguments, LaunchOptions options, TextWriter output, TextWriter errors, CancellationToken ct)
    {
        var url = options.DatabaseUrl ?? await LaunchDatabase.RunningAsync(options, ct)
            ?? throw new LaunchException("Nothing is served here: start ./run first, or name the database in DATABASE_URL.");
        var environment = new Dictionary<string, string?> { ["DATABASE_URL"] = url, ["META_ADS_MODE"] = options.Live ? "live" : "stub", [OwnKeys.DataProtectionKey] = OwnKeys.DataProtection(options.DataFolder) };
        if (!options.Live) environment[OwnKeys.SigningKey] = OwnKeys.Signing(options.DataFolder);
        var program = ChildProgram.Built("MetaAdsJobs.Api", environment);
        var start = new System.Diagnostics.ProcessStartInfo(program.Command[0], [.. program.Command.Skip(1), .. arguments]) { WorkingDirectory = program.Folder };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        var ended = await Command.RunAsync(start, ct);
        if (ended.Output.Length > 0) await output.WriteLineAsync(ended.Output);
        if (ended.Errors.Length > 0) await errors.WriteLineAsync(ended.Errors);
        return ended.ExitCode;
    }
}
