using MetaAdsJobs.Core.Meta;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Orchestrations.Steps;

internal sealed class CreativeStep(MetaAds meta, MetaVideos videos, ClipImageStore images) : ICreateStep
{
    public string Name => StepName.Creative;

    public Task<IReadOnlyList<string>> LookAsync(Attempt attempt, CancellationToken ct) =>
        meta.FindAsync(attempt.Credential, AdObject.Creative, parentId: null, attempt.MarkerOf(Name), ct);

    public async Task<string> CreateAsync(Attempt attempt, CancellationToken ct)
    {
        var videoId = VideoId(attempt);
        if (videoId is not null) attempt.ThumbnailUrl ??= await ReadThumbnailAsync(attempt, videoId, ct);
        attempt.Lease.ThrowIfOver();
        try
        {
            return await meta.CreateCreativeAsync(attempt.Credential, Spec(attempt, videoId, ImageHash(attempt)), ct);
        }
        catch (MetaException exception) when (exception is { Proof: Proof.Rejected, MayPass: false } && ImageHash(attempt) is { } hash)
        {
            // Perhaps somebody deleted the image from the account's library: the next request, or this one's retry, uploads it again.
            await images.ForgetAsync(attempt, hash, ct);
            throw;
        }
    }

    // Known when the media step has just ended; an attempt that begins here reads it anew, for its address expires.
    private async Task<string> ReadThumbnailAsync(Attempt attempt, string videoId, CancellationToken ct)
    {
        var video = await BeforeSending.ReadAsync("the video's thumbnail", () => videos.ReadAsync(attempt.Credential, videoId, ct));
        return video.ThumbnailUrl ?? video.Picture ?? throw new MetaException(Proof.Rejected, "Meta has no thumbnail of the clip's video: give the clip a thumbnail_url") { MayPass = true };
    }

    /// <summary>An image that we could not fetch has no hash: Meta gets its URL and fetches it itself.</summary>
    public static CreativeSpec Spec(Attempt attempt, string? videoId, string? imageHash) => new(
        ObjectName(attempt), attempt.Account.PageId, attempt.Account.InstagramUserId,
        attempt.Request.CreativeTitle, attempt.Request.CreativeDescription, Link(attempt))
    {
        VideoId = videoId,
        ImageHash = imageHash,
        ImageUrl = videoId is not null ? attempt.ThumbnailUrl : attempt.Clip.ImageUrl is { } url ? Urls.Encode(url) : null,
        CallToAction = attempt.Request.CallToAction ?? MetaWords.DefaultCallToAction,
    };

    /// <summary>
    /// As it is sent. Meta would put the objects' first names in place of its macros, and those carry our markers: whoever reads the
    /// site's reports is spared them.
    /// </summary>
    public static string Link(Attempt attempt) => Urls.Encode(MetaMacros.WithNames(
        attempt.Request.LandingUrl, campaign: attempt.Request.CampaignName, adSet: AdSetStep.ReadableName(attempt), ad: AdStep.ReadableName(attempt)));

    public static string ObjectName(Attempt attempt) => Marker.Name($"{attempt.Request.CampaignName} - Creative", attempt.MarkerOf(StepName.Creative));

    public static string? VideoId(Attempt attempt) => attempt.Clip.VideoId ?? (attempt.Clip.VideoUrl is null ? null : attempt.FindMetaId(StepName.Media));

    public static string? ImageHash(Attempt attempt) => attempt.Clip.ImageUrl is null ? null : attempt.FindMetaId(StepName.Media);
}
