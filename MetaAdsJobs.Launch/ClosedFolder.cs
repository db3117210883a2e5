namespace MetaAdsJobs.Launch;

/// <summary>A folder that nobody but its owner looks into: where ./run keeps keys, logs and its database.</summary>
internal static class ClosedFolder
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    // home is what scripts/dotnet-env makes for a user without one.
    private static readonly string[] OurNames = ["auth-signing-key", "data-protection-key", "logs", "postgres", "clips", "home", LaunchDatabase.Told];

    /// <summary>Makes the folder for its owner only, or closes one that was made by an earlier version.</summary>
    /// <returns>False for a folder that holds other things too: it is not ours to close.</returns>
    public static bool Ensure(string path)
    {
        Create(path);
        if (OperatingSystem.IsWindows())
            return true;
        if (!IsOurs(path))
            return false;
        // What lets the server's user through when root runs this is left, see ServerUser.LetThroughAsync.
        Close(path, Environment.IsPrivilegedProcess ? OwnerOnly | UnixFileMode.GroupExecute : OwnerOnly);
        return true;
    }

    /// <summary>Makes the folder, if it is not there, for its owner only.</summary>
    public static void Create(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else if (!Directory.Exists(path))
            Directory.CreateDirectory(path, OwnerOnly);
    }

    /// <summary>Takes away whatever is allowed beyond this; of a file or folder.</summary>
    public static void Close(string path, UnixFileMode allowed)
    {
        if (OperatingSystem.IsWindows())
            return;
        var mode = File.GetUnixFileMode(path);
        if ((mode & ~allowed) != 0)
            File.SetUnixFileMode(path, mode & allowed);
    }

    /// <summary>To all but its owner.</summary>
    public static void CloseFolder(string path) => Close(path, OwnerOnly);

    private static bool IsOurs(string path) =>
        Directory.EnumerateFileSystemEntries(path).All(entry => Array.Exists(OurNames, name => Path.GetFileName(entry).StartsWith(name, StringComparison.Ordinal)));
}
