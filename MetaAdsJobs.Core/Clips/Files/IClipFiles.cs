namespace MetaAdsJobs.Core.Clips.Files;

/// <summary>
/// Where the bytes of clips' files are kept, in reach of the API and of every worker. Whoever wants them in an object storage writes this once
/// more, over its uploads in parts and its reads of ranges.
/// </summary>
public interface IClipFiles
{
    /// <summary>False when this process is not told where: it takes no file.</summary>
    bool AreKept { get; }

    /// <summary>Keeps the content under the key, whole and on the disk, or not at all: what reading it throws leaves nothing.</summary>
    Task WriteAsync(string key, Stream content, CancellationToken ct);

    /// <summary>The bytes from an offset on.</summary>
    /// <exception cref="ClipFileException">They are not there.</exception>
    Stream OpenRead(string key, long offset);

    /// <summary>Names of all that is there and was last written before: keys, and what an ended process has left unfinished.</summary>
    IEnumerable<string> List(DateTimeOffset before);

    /// <summary>No error when it is not there.</summary>
    void Delete(string name);
}

/// <summary>A clip's file cannot be read here. Nothing is wrong with the request: it may be there for another worker, or once a person has mended it.</summary>
public sealed class ClipFileException(string message) : Exception(message);
