using System.Text.Json.Serialization;
using MetaAdsJobs.Core.Clips.Files;

namespace MetaAdsJobs.Core.Clips;

/// <summary>
/// What is advertised: exactly one of a video to upload (<see cref="VideoUrl"/>), a video already at Meta
/// (<see cref="VideoId"/>), an image (<see cref="ImageUrl"/>) or the file of either (<see cref="File"/>).
/// </summary>
public sealed record Clip
{
    public required Guid Id { get; init; }
    public required string Title { get; init; }
    public string? VideoUrl { get; init; }
    public string? VideoId { get; init; }
    public string? ImageUrl { get; init; }
    public ClipFile? File { get; init; }
    public string? ThumbnailUrl { get; init; }
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Why an id makes no new clip, whosever it is that has it: that there is one may be another client's business.</summary>
    public static string Taken(Guid id) => $"{id} cannot be the id of a new clip: give another.";

    [JsonIgnore]
    public bool IsImage => ImageUrl is not null || File is { IsImage: true };

    /// <summary>True for a video that we bring to Meta, by its URL or its file.</summary>
    [JsonIgnore]
    public bool IsUploadedVideo => VideoUrl is not null || File is { IsImage: false };
}
