using System.Globalization;

namespace MetaAdsJobs.Launch;

/// <summary>What ./run reads from the environment; everything else there is passed on to the processes it starts.</summary>
internal sealed record LaunchOptions(int Port, int Workers, string? DatabaseUrl, bool Live, string DataFolder, string ClipFiles)
{
    /// <exception cref="LaunchException">A value that cannot be used, named by its key.</exception>
    public static LaunchOptions Read(Func<string, string?> environment)
    {
        var mode = Text(environment, "META_ADS_MODE") ?? "stub";
        if (mode is not ("stub" or "live"))
            throw new LaunchException($"META_ADS_MODE must be stub or live, not {mode}.");
        if (mode == "live" && Text(environment, "AUTH_SIGNING_KEY") is null && Text(environment, "AUTH_AUTHORITY") is null)
            throw new LaunchException("META_ADS_MODE=live needs AUTH_SIGNING_KEY, or AUTH_AUTHORITY with AUTH_AUDIENCE: it never runs on a key of its own making.");
        if (mode == "stub" && Text(environment, "AUTH_AUTHORITY") is not null)
            throw new LaunchException("AUTH_AUTHORITY is for META_ADS_MODE=live: in stub mode ./run signs the tokens with a key of its own.");

        var dataFolder = Path.GetFullPath(Text(environment, "DATA_FOLDER") ?? Path.Combine(ProjectFolder.Path, ".data"));
        return new(
            Number(environment, "PORT", 5080, 1, 65535),
            Number(environment, "WORKERS", 1, 1, 64),
            Text(environment, "DATABASE_URL"),
            mode == "live",
            dataFolder,
            Text(environment, "CLIP_FILES_DIR") ?? Path.Combine(dataFolder, "clips"));
    }

    private static string? Text(Func<string, string?> environment, string name) =>
        environment(name)?.Trim() is { Length: > 0 } value ? value : null;

    private static int Number(Func<string, string?> environment, string name, int standard, int least, int most)
    {
        if (Text(environment, name) is not { } text)
            return standard;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new LaunchException($"{name} must be a number from {least} to {most}, not {text}.");
    }
}
