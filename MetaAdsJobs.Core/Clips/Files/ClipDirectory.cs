namespace MetaAdsJobs.Core.Clips.Files;

/// <summary>The disk is full, or what this service may have of it.</summary>
internal sealed class NoRoomException(Exception cause) : Exception("There is no room left in CLIP_FILES_DIR", cause);

/// <summary>A folder. Every name in it was made by us, so none leads out of it.</summary>
internal sealed class ClipDirectory(ClipFileOptions options) : IClipFiles
{
    private const string Unfinished = ".part";
    private const int Buffer = 128 * 1024;

    public bool AreKept => options.FilesDir is { Length: > 0 };

    public async Task WriteAsync(string key, Stream content, CancellationToken ct)
    {
        var (path, unfinished) = (PathOf(key), PathOf(key) + Unfinished);
        try
        {
            // May be renamed while it is open.
            await using var file = new FileStream(unfinished, FileMode.CreateNew, FileAccess.Write, FileShare.Delete, bufferSize: 0, FileOptions.Asynchronous);
            await content.CopyToAsync(file, Buffer, ct);
            file.Flush(flushToDisk: true);
            File.Move(unfinished, path);
            // Once more: then its name is on the disk, too, before a row tells of it.
            file.Flush(flushToDisk: true);
        }
        catch (Exception exception)
        {
            File.Delete(unfinished);
            if (IsFull(exception)) throw new NoRoomException(exception);
            throw;
        }
    }

    // ENOSPC and EDQUOT; Windows' ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL.
    private static bool IsFull(Exception exception) => exception is IOException
        && (OperatingSystem.IsWindows() ? (exception.HResult & 0xFFFF) is 112 or 39 : exception.HResult is 28 or 122);

    public Stream OpenRead(string key, long offset)
    {
        if (!AreKept) throw new ClipFileException($"the clip is a file, and CLIP_FILES_DIR is not set for the worker on {Environment.MachineName}: give it the folder that the API writes to");
        try
        {
            var file = new FileStream(PathOf(key), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0, FileOptions.Asynchronous | FileOptions.SequentialScan);
            file.Position = offset;
            return file;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ClipFileException($"the clip's file {key} cannot be read in CLIP_FILES_DIR of the worker on {Environment.MachineName}, which must be the folder that the API writes to");
        }
    }

    public IEnumerable<string> List(DateTimeOffset before) =>
        AreKept ? new DirectoryInfo(options.FilesDir!).EnumerateFiles().Where(file => file.LastWriteTimeUtc < before && IsOurs(file.Name)).Select(file => file.Name) : [];

    public void Delete(string name)
    {
        if (IsOurs(name)) File.Delete(Path.Combine(options.FilesDir!, name));
    }

    // Whatever else somebody keeps in the folder is left alone.
    private static bool IsOurs(string name) => Guid.TryParseExact(name.EndsWith(Unfinished, StringComparison.Ordinal) ? name[..^Unfinished.Length] : name, "N", out _);

    private string PathOf(string key) =>
        Guid.TryParseExact(key, "N", out _) ? Path.Combine(options.FilesDir!, key) : throw new ArgumentException("is no key of ours", nameof(key));
}
