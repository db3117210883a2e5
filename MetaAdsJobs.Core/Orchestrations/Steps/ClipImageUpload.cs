using MetaAdsJobs.Core.Meta.Images;
using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Orchestrations.Steps;

/// <summary>
/// Puts a clip's image into the ad account's library, once per clip and account. An image that we cannot fetch is left to Meta,
/// which gets its URL with the creative: perhaps Meta can.
/// </summary>
internal sealed class ClipImageUpload(ImageDownloads downloads, MetaImages images, ClipImageStore store, ILogger<ClipImageUpload> logger)
{
    public async Task<StepResult> RunAsync(Attempt attempt, CancellationToken ct)
    {
        if ((attempt.KnownImageHash ?? await store.FindAsync(attempt, ct)) is { } known) return new StepResult.Done(known);
        switch (await downloads.FetchAsync(attempt.Clip.ImageUrl!, ct))
        {
            case Download.Image image:
                attempt.Lease.ThrowIfOver();
                var hash = await images.UploadAsync(attempt.Credential, image.Bytes, ct);
                await store.UpsertAsync(attempt, hash, ct);
                return new StepResult.Done(hash);
            case Download.Failed failed:
                OrchestrationLog.ImageLeftToMeta(logger, attempt.Clip.Id, failed.Reason);
                break;
        }

        return new StepResult.Done(null);
    }
}
