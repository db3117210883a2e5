using MetaAdsJobs.Core.Clips.Files;
using MetaAdsJobs.Core.Meta.Media;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Orchestrations.Steps;
using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Clips;

/// <summary>
/// Puts a clip's image into the ad account's library, once per clip and account. One with a URL that we cannot fetch is left to Meta,
/// which gets the URL with the creative: perhaps Meta can.
/// </summary>
internal sealed class ClipImageUpload(ImageDownloads downloads, IClipFiles files, MetaImages images, ClipImageStore store, ILogger<ClipImageUpload> logger)
{
    public async Task<StepOutcome> RunAsync(Attempt attempt, ClipMedia media, CancellationToken ct)
    {
        if ((media.KnownImageHash ?? await store.FindAsync(attempt, media, ct)) is { } known) return new StepOutcome.Done(known);
        if (media.Clip.File is { } file)
        {
            attempt.Lease.ThrowIfOver();
            var hash = await images.UploadFileAsync(attempt.Credential, file.Type == ClipFileTypes.Png ? "clip.png" : "clip.jpg", file.Bytes, () => files.OpenRead(file.Key, 0), ct);
            await store.UpsertAsync(attempt, media, hash, ct);
            return new StepOutcome.Done(hash);
        }

        switch (await downloads.FetchAsync(media.Clip.ImageUrl!, ct))
        {
            case Download.Image image:
                attempt.Lease.ThrowIfOver();
                var hash = await images.UploadAsync(attempt.Credential, image.Bytes, ct);
                await store.UpsertAsync(attempt, media, hash, ct);
                return new StepOutcome.Done(hash);
            case Download.Failed failed:
                OrchestrationLog.ImageLeftToMeta(logger, media.Clip.Id, failed.Reason);
                break;
        }

        return new StepOutcome.Done(null);
    }
}
