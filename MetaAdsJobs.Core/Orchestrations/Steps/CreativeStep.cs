using MetaAdsJobs.Core.Meta;

namespace MetaAdsJobs.Core.Orchestrations.Steps;

internal sealed class CreativeStep(MetaAds meta, MetaVideos videos, ClipImageStore images) : ICreateStep
{
    public string Name => StepName.Creative;

    public Task<IReadOnlyList<string>> LookAsync(Attempt attempt, CancellationToken ct) =>
        meta.FindAsync(attempt.Credential, AdObject.Creative, parentId: null, attempt.MarkerOf(Name), ct);

    public async Task<string> CreateAsync(Attempt attempt, CancellationToken ct)
    {
        var videoId = VideoId(attempt);
        if (videoId is not null && attempt.ThumbnailUrl is null)
            attempt.ThumbnailUrl = (await videos.ReadAsync(attempt.Credential, videoId, ct)).ThumbnailUrl;
        attempt.Lease.ThrowIfOver();
        try
        {
            return await meta.CreateCreativeAsync(attempt.Credential, Spec(attempt, videoId, ImageHash(attempt)), ct);
        }
        catch (MetaException exception) when (exception.Proof == Proof.Rejected && ImageHash(attempt) is not null)
        {
            // Perhaps somebody deleted the image from the account's library: the next request, or this one's retry, uploads it again.
            await images.ForgetAsync(attempt, ct);
            throw;
        }
    }

    /// <summary>An image that we could not fetch has no hash: Meta gets its URL and fetches it itself.</summary>
    public static CreativeSpec Spec(Attempt attempt, string? videoId, string? imageHash) => new(
        ObjectName(attempt), attempt.Account.PageId, attempt.Account.InstagramUserId,
        attempt.Request.CreativeTitle, attempt.Request.CreativeDescription, attempt.Request.LandingUrl)
    {
        VideoId = videoId,
        ImageHash = imageHash,
        ImageUrl = videoId is null ? attempt.Clip.ImageUrl : attempt.ThumbnailUrl,
        CallToAction = attempt.Request.CallToAction ?? MetaWords.DefaultCallToAction,
    };

    public static string ObjectName(Attempt attempt) => Marker.Name($"{attempt.Request.CampaignName} - Creative", attempt.MarkerOf(StepName.Creative));

    public static string? VideoId(Attempt attempt) => attempt.Clip.VideoId ?? (attempt.Clip.VideoUrl is null ? null : attempt.FindMetaId(StepName.Media));

    public static string? ImageHash(Attempt attempt) => attempt.Clip.ImageUrl is null ? null : attempt.FindMetaId(StepName.Media);
}
