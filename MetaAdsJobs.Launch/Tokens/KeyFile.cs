using System.Security.Cryptography;

namespace MetaAdsJobs.Launch.Tokens;

/// <summary>A random secret kept in a file that only its owner may read.</summary>
internal static class KeyFile
{
    /// <summary>The secret, base64; made at the first call.</summary>
    public static string ReadOrCreate(string path, int bytes)
    {
        if (File.Exists(path))
            return Read(path);

        // Written aside and moved into place: a second process sees no file or a whole one.
        var aside = $"{path}.{Guid.NewGuid():N}";
        Write(aside, path, Convert.ToBase64String(RandomNumberGenerator.GetBytes(bytes)));
        try
        {
            File.Move(aside, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            File.Delete(aside);
        }

        return Read(path);
    }

    private static void Write(string aside, string path, string secret)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            ClosedFolder.Create(Path.GetDirectoryName(path)!);
            using var writer = new StreamWriter(aside, options);
            writer.Write(secret);
        }
        catch (Exception refused) when (refused is UnauthorizedAccessException or IOException)
        {
            // In a container, mostly: there the key is given.
            throw new LaunchException($"{path} cannot be written: give the key in the environment, or set DATA_FOLDER to a folder of your own.");
        }
    }

    private static string Read(string path)
    {
        try
        {
            ClosedFolder.Close(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            return File.ReadAllText(path).Trim();
        }
        catch (UnauthorizedAccessException)
        {
            throw new LaunchException($"{path} belongs to another user: run as that user, or set DATA_FOLDER to a folder of your own.");
        }
    }
}
