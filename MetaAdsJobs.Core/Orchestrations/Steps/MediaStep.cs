using MetaAdsJobs.Core.Clips;
using MetaAdsJobs.Core.Clips.Files;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Meta.Media;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Orchestrations.Steps;

/// <summary>
/// Brings a clip's media to Meta: an image through <see cref="ClipImageUpload"/>, the file of a video through <see cref="ClipFileUpload"/>. A video is uploaded once per ad account, whichever
/// orchestration comes first; that it is processed and has a thumbnail is awaited by snoozing, also for one that was at Meta already. The
/// upload by a URL is a create like any other: started, sent once, confirmed; looked for when its outcome is not known.
/// </summary>
internal sealed class MediaStep(ClipImageUpload image, ClipFileUpload file, MetaVideos videos, ClipVideoStore store, OrchestrationOptions options, TimeProvider time) : IRepeatableStep
{
    public string Kind => StepName.Media;

    public async Task<StepOutcome> RunAsync(Attempt attempt, string step, CancellationToken ct)
    {
        var media = attempt.MediaOf(step);
        if (media.Clip.IsImage) return await image.RunAsync(attempt, media, ct);
        if (media.Clip.VideoId is { } videoId) await store.KnowAsync(attempt, media, videoId, ct);
        // A crash after StartAsync leaves a started row: whoever comes next looks for the marker in the video's title.
        else if (await store.StartAsync(attempt, media, ct)) return media.Clip.File is null ? await UploadAsync(attempt, media, ct) : await file.RunAsync(attempt, media, null, ct);
        return await store.FindAsync(attempt, media, ct) switch
        {
            { State: "started" } when media.Clip.File is not null => await file.ContinueAsync(attempt, media, ct),
            { State: "started" } video => await LookAsync(attempt, media, video, ct),
            { } video => await AwaitUsableAsync(attempt, media, video, ct),
            null => Later(1, "another orchestration gave the clip's video up"),
        };
    }

    private async Task<StepOutcome> LookAsync(Attempt attempt, ClipMedia media, ClipVideo video, CancellationToken ct)
    {
        var found = await videos.FindAsync(attempt.Credential, Marker.ForVideo(media.Clip.Id, attempt.Account.AdAccountId), ct);
        if (found.Count > 0)
        {
            attempt.Credential.Changes.AddAdopted(StepName.Media, found[0], time.GetUtcNow());
            // If somebody else has confirmed it meanwhile, the next look reads what it has become.
            await store.AdoptAsync(attempt, media, video, found[0], ct);
            return Later(2, Processed);
        }

        // Whoever started may wait for its turn, and may send until the lease that it had then ends; only then does the settle delay count.
        var settledAt = video.StartedAt + GraphCredential.MostPatience + options.Lease + options.SettleDelay;
        if (time.GetUtcNow() < settledAt) return Later(5, "the clip's video may be on its way to Meta");
        return await store.StartAgainAsync(attempt, media, video, ct)
            ? await UploadAsync(attempt, media, ct)
            : Later(5, "another orchestration uploads the clip's video");
    }

    private async Task<StepOutcome> UploadAsync(Attempt attempt, ClipMedia media, CancellationToken ct)
    {
        try
        {
            attempt.Lease.ThrowIfOver();
            var title = Marker.Name(media.Clip.Title, Marker.ForVideo(media.Clip.Id, attempt.Account.AdAccountId));
            var videoId = await videos.UploadAsync(attempt.Credential, title, Urls.Encode(media.Clip.VideoUrl!), CancellationToken.None);
            // Never cancelled: a stopping worker must not lose an id it has.
            await store.ConfirmAsync(attempt, media, videoId, CancellationToken.None);
            return Later(2, Processed);
        }
        catch (MetaException exception) when (exception.Proof is not Proof.OutcomeUnknown)
        {
            await store.ForgetAsync(attempt, media, ct);
            throw;
        }
    }

    // A thumbnail of Meta's is read each time it is used: its address expires within days.
    private async Task<StepOutcome> AwaitUsableAsync(Attempt attempt, ClipMedia media, ClipVideo video, CancellationToken ct)
    {
        var hasOwnThumbnail = media.Clip.ThumbnailUrl is not null;
        if (hasOwnThumbnail && video.State == "ready") return new StepOutcome.Done(video.VideoId);
        var state = await ReadAsync(attempt, media, video, hasOwnThumbnail, ct);
        // What was ready before is waited for anew; what is not, since it came to Meta.
        var age = time.GetUtcNow() - (video.State == "ready" ? attempt.Steps[media.Step].StartedAt : video.UploadedAt)!.Value;
        var isOver = age > TimeSpan.FromMinutes(options.VideoDeadlineMinutes);
        // Its small picture is a placeholder while there are no thumbnails, but better than failing in the end.
        var thumbnail = state.ThumbnailUrl ?? (isOver ? state.Picture : null);
        if (state.IsReady && (hasOwnThumbnail || thumbnail is not null))
        {
            if (!await store.ReadyAsync(attempt, media, video, thumbnail, ct)) return Later(1, Processed);
            media.ThumbnailUrl ??= thumbnail;
            return new StepOutcome.Done(video.VideoId);
        }

        var error = state.Error ?? (!isOver ? null
            : state.IsReady ? $"Meta has made no thumbnail of the clip's video within {options.VideoDeadlineMinutes} minutes: give the clip a thumbnail_url"
            : $"Meta has not processed the clip's video within {options.VideoDeadlineMinutes} minutes");
        if (error is null) return Later(Math.Clamp(age.TotalSeconds / 2, 2, 30), state.IsReady ? "Meta has no thumbnail of the clip's video yet" : Processed);
        await store.GiveUpAsync(attempt, media, video, ct);
        throw new MetaException(Proof.Rejected, error);
    }

    private async Task<VideoProgress> ReadAsync(Attempt attempt, ClipMedia media, ClipVideo video, bool hasOwnThumbnail, CancellationToken ct)
    {
        try
        {
            return await videos.ReadAsync(attempt.Credential, video.VideoId!, ct);
        }
        catch (MetaException exception) when (exception.Proof == Proof.Rejected && hasOwnThumbnail && media.Clip.VideoId is not null)
        {
            // A video that may be shown but not read, as another page's: nothing of it is needed, and the creative will tell.
            return new(true, null, null, null);
        }
        catch (MetaException exception) when (exception.IsMissingObject && PassingRefusals.WaitAfter(attempt, media.Step, exception) is null)
        {
            // Not in passing: somebody has deleted it. The next orchestration, or this one's retry, uploads it again.
            await store.GiveUpAsync(attempt, media, video, ct);
            throw;
        }
    }

    private const string Processed = ClipFileUpload.Processed;

    private StepOutcome.NotYet Later(double seconds, string reason) => new(time.GetUtcNow().AddSeconds(seconds), reason);
}
