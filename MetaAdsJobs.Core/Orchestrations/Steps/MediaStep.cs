using MetaAdsJobs.Core.Meta;

namespace MetaAdsJobs.Core.Orchestrations.Steps;

/// <summary>
/// Brings a clip's media to Meta: an image through <see cref="ClipImageUpload"/>. A video is uploaded once per ad account,
/// whichever orchestration comes first, and its processing is awaited by snoozing. The upload is a create like any other: started,
/// sent once, confirmed; looked for when its outcome is not known.
/// </summary>
internal sealed class MediaStep(ClipImageUpload image, MetaVideos videos, ClipVideoStore store, OrchestrationOptions options, TimeProvider time) : IRepeatableStep
{
    public string Name => StepName.Media;

    public async Task<RepeatableResult> RunAsync(Attempt attempt, CancellationToken ct)
    {
        if (attempt.Clip.ImageUrl is not null) return await image.RunAsync(attempt, ct);
        // A crash after StartAsync leaves a started row: whoever comes next looks for the marker in the video's title.
        if (await store.StartAsync(attempt, ct)) return await UploadAsync(attempt, ct);
        return await store.FindAsync(attempt, ct) switch
        {
            { State: "ready" } video => Ready(attempt, video.VideoId!, video.ThumbnailUrl),
            { State: "uploaded" } video => await AwaitProcessingAsync(attempt, video, ct),
            { } video => await LookAsync(attempt, video, ct),
            null => new RepeatableResult.NotYet(time.GetUtcNow().AddSeconds(1), "another orchestration gave the clip's video up"),
        };
    }

    private async Task<RepeatableResult> LookAsync(Attempt attempt, ClipVideo video, CancellationToken ct)
    {
        var found = await videos.FindAsync(attempt.Credential, Marker.ForVideo(attempt.Clip.Id, attempt.Account.AdAccountId), ct);
        if (found.Count > 0)
        {
            attempt.Credential.Changes.AddAdopted(Name, found[0], time.GetUtcNow());
            await store.ConfirmAsync(attempt, found[0], ct);
            return Later(2, "the clip's video is being processed by Meta");
        }

        // Whoever started may hold its lease this long and may send until it ends; only then does the settle delay count.
        var settledAt = video.StartedAt + options.Lease + options.SettleDelay;
        if (time.GetUtcNow() < settledAt) return Later(5, "the clip's video may be on its way to Meta");
        return await store.StartAgainAsync(attempt, video, ct)
            ? await UploadAsync(attempt, ct)
            : Later(5, "another orchestration uploads the clip's video");
    }

    private async Task<RepeatableResult> UploadAsync(Attempt attempt, CancellationToken ct)
    {
        try
        {
            attempt.Lease.ThrowIfOver();
            var title = Marker.Name(attempt.Clip.Title, Marker.ForVideo(attempt.Clip.Id, attempt.Account.AdAccountId));
            await store.ConfirmAsync(attempt, await videos.UploadAsync(attempt.Credential, title, attempt.Clip.VideoUrl!, CancellationToken.None), ct);
            return Later(2, "the clip's video is being processed by Meta");
        }
        catch (MetaException exception) when (exception.Proof is not Proof.OutcomeUnknown)
        {
            await store.ForgetAsync(attempt, ct);
            throw;
        }
    }

    private async Task<RepeatableResult> AwaitProcessingAsync(Attempt attempt, ClipVideo video, CancellationToken ct)
    {
        var state = await videos.ReadAsync(attempt.Credential, video.VideoId!, ct);
        if (state.IsReady)
        {
            await store.ReadyAsync(attempt, state.ThumbnailUrl, ct);
            return Ready(attempt, video.VideoId!, state.ThumbnailUrl);
        }

        var age = time.GetUtcNow() - video.UploadedAt!.Value;
        var error = state.Error ?? (age > TimeSpan.FromMinutes(options.VideoDeadlineMinutes)
            ? $"Meta has not processed the clip's video within {options.VideoDeadlineMinutes} minutes"
            : null);
        if (error is null) return Later(Math.Clamp(age.TotalSeconds / 2, 2, 30), "the clip's video is being processed by Meta");
        await store.ForgetAsync(attempt, ct);
        throw new MetaException(Proof.Rejected, error);
    }

    private static RepeatableResult.Done Ready(Attempt attempt, string videoId, string? thumbnailUrl)
    {
        attempt.ThumbnailUrl ??= thumbnailUrl;
        return new(videoId);
    }

    private RepeatableResult.NotYet Later(double seconds, string reason) => new(time.GetUtcNow().AddSeconds(seconds), reason);
}
