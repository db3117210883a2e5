namespace MetaAdsJobs.Core.Clips;

/// <summary>
/// What is advertised: exactly one of a video to upload (<see cref="VideoUrl"/>), a video already at Meta
/// (<see cref="VideoId"/>) or an image (<see cref="ImageUrl"/>).
/// </summary>
public sealed record Clip
{
    public required Guid Id { get; init; }
    public required string Title { get; init; }
    public string? VideoUrl { get; init; }
    public string? VideoId { get; init; }
    public string? ImageUrl { get; init; }
    public string? ThumbnailUrl { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
}
