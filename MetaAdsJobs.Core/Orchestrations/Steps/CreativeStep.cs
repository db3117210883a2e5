using MetaAdsJobs.Core.Meta;

namespace MetaAdsJobs.Core.Orchestrations.Steps;

internal sealed class CreativeStep(MetaAds meta, MetaVideos videos) : ICreateStep
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
        return await meta.CreateCreativeAsync(attempt.Credential, new(
            ObjectName(attempt), attempt.Account.PageId, attempt.Account.InstagramUserId,
            attempt.Request.CreativeTitle, attempt.Request.CreativeDescription, attempt.Request.LandingUrl)
        {
            VideoId = videoId,
            ImageUrl = videoId is null ? attempt.Clip.ImageUrl : attempt.ThumbnailUrl,
        }, ct);
    }

    public static string ObjectName(Attempt attempt) => Marker.Name($"{attempt.Request.CampaignName} - Creative", attempt.MarkerOf(StepName.Creative));

    public static string? VideoId(Attempt attempt) => attempt.Clip.VideoId ?? attempt.FindMetaId(StepName.Media);
}
