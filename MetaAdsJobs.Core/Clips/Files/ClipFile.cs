using System.Text.Json.Serialization;

namespace MetaAdsJobs.Core.Clips.Files;

/// <summary>The file that a clip was given as.</summary>
/// <param name="Key">Under which its bytes are kept: a name that we made, nothing of the caller's.</param>
/// <param name="Type">What its first bytes say it is, one of <see cref="ClipFileTypes.All"/>.</param>
public sealed record ClipFile([property: JsonIgnore] string Key, string Type, long Bytes, string Sha256)
{
    /// <summary>The columns of a row that <see cref="Of"/> reads.</summary>
    public const string Columns = "file_key, file_type, file_bytes, file_sha256";

    [JsonIgnore]
    public bool IsImage => ClipFileTypes.IsImage(Type);

    public static ClipFile? Of(string? key, string? type, long? bytes, string? sha256) => key is null ? null : new(key, type!, bytes!.Value, sha256!);
}

/// <summary>The kinds of files that clips may be, and how each begins.</summary>
public static class ClipFileTypes
{
    public const string Mp4 = "video/mp4";
    public const string QuickTime = "video/quicktime";
    public const string Jpeg = "image/jpeg";
    public const string Png = "image/png";

    /// <summary>So many bytes tell which it is.</summary>
    public const int Telling = 12;

    public static IReadOnlyList<string> All { get; } = [Mp4, QuickTime, Jpeg, Png];

    public static bool IsImage(string type) => type.StartsWith("image/", StringComparison.Ordinal);

    /// <returns>Null of what is none of them.</returns>
    public static string? Of(ReadOnlySpan<byte> begin) =>
        begin.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]) ? Jpeg
        : begin.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]) ? Png
        : begin.Length < Telling ? null
        // The first box of an ISO media file, and its brand; what QuickTime wrote before there were brands begins with one of the others.
        : begin[4..8].SequenceEqual("ftyp"u8) ? (begin[8..12].SequenceEqual("qt  "u8) ? QuickTime : Mp4)
        : begin[4..8].SequenceEqual("moov"u8) || begin[4..8].SequenceEqual("mdat"u8) || begin[4..8].SequenceEqual("wide"u8) ? QuickTime
        : null;

    /// <summary>The two kinds of videos pass for each other: what says which is which is not agreed on among those who write them.</summary>
    public static bool IsTheSame(string said, string found) => said == found || (!IsImage(said) && !IsImage(found));
}
