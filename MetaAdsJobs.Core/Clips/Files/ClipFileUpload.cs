using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Meta.Media;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Orchestrations.Steps;

namespace MetaAdsJobs.Core.Clips.Files;

/// <summary>
/// Brings the file of a clip's video to an ad account, part by part, a stretch of it in each run: between two stretches stops, cancels and others are
/// heard. Each part that Meta has is journaled, and anybody goes on from there. Nothing here can make a second video: a part is sent again without harm, an unfinished session is
/// none, and a finish whose answer was lost is looked at by the id that the session has told.
/// </summary>
internal sealed class ClipFileUpload(MetaUploads uploads, ClipVideoStore store, IClipFiles files, OrchestrationOptions options, TimeProvider time)
{
    public const string Processed = "the clip's video is being processed by Meta";

    private static readonly TimeSpan Stretch = TimeSpan.FromSeconds(20);

    // For how long Meta keeps a session is not told. What has lain for less and is refused is refused for good.
    private static readonly TimeSpan PerhapsForgotten = TimeSpan.FromHours(1);

    private const int MostIdleParts = 4;

    /// <summary>Goes on with an upload that somebody has begun.</summary>
    public async Task<StepOutcome> ContinueAsync(Attempt attempt, ClipMedia media, CancellationToken ct) =>
        await store.HoldAsync(attempt, media, ct) && await store.FindAsync(attempt, media, ct) is { State: "started" } seen
            ? await RunAsync(attempt, media, seen, ct)
            : Later(5, "another orchestration uploads the clip's video");

    /// <param name="seen">Null when this attempt has just begun it.</param>
    public async Task<StepOutcome> RunAsync(Attempt attempt, ClipMedia media, ClipVideo? seen, CancellationToken ct)
    {
        var (file, marker, session, isAnswered) = (media.Clip.File!, Marker.ForVideo(media.Clip.Id, attempt.Account.AdAccountId), seen?.Session, false);
        try
        {
            if (session is { IsWhole: true })
            {
                // Perhaps finished by a call of whose answer nobody has heard. Whoever was to send it may wait for its turn, and may send until the lease that it had then ends; only then does the settle delay count.
                if (await uploads.IsFinishedAsync(attempt.Credential, session, marker, isRefused: false, ct) == true) return await AdoptAsync(attempt, media, session);
                if (time.GetUtcNow() < seen!.StartedAt + GraphCredential.MostPatience + options.Lease + options.SettleDelay)
                {
                    await store.LetGoAsync(attempt, media);
                    return Later(5, "the clip's video may be at Meta already");
                }

                // It counts from the one that is sent now.
                await store.SaveAsync(attempt, media, session, ct);
            }

            var until = time.GetUtcNow() + Stretch;
            if (session is null)
            {
                // Killed until it is saved: an unfinished session is left, which nobody sees.
                session = await uploads.StartAsync(attempt.Credential, file.Bytes, CancellationToken.None);
                isAnswered = true;
                await store.SaveAsync(attempt, media, session, CancellationToken.None);
            }

            for (var idle = 0; !session.IsWhole;)
            {
                ct.ThrowIfCancellationRequested();
                if (time.GetUtcNow() >= until)
                {
                    await store.LetGoAsync(attempt, media);
                    return Later(0, $"{100 * session.Start / file.Bytes} % of the clip's video is at Meta");
                }

                // Killed from here on: the same part is sent again, and Meta tells if it has it.
                var next = await uploads.TransferAsync(attempt.Credential, session, file.Bytes, offset => files.OpenRead(file.Key, offset), ct);
                isAnswered = true;
                idle = next.Start > session.Start ? 0 : idle + 1;
                if (idle == MostIdleParts) throw new MetaException(Proof.OutcomeUnknown, $"Meta asks for the bytes from {next.Start} of the clip's video again and again");
                session = next;
                await store.SaveAsync(attempt, media, session, CancellationToken.None);
            }

            attempt.Lease.ThrowIfOver();
            // Sent away, it would be looked for first the next time, and be sent away after that again.
            await uploads.FinishAsync(attempt.Credential.Patient(), session, Marker.Name(media.Clip.Title, marker), CancellationToken.None);
            await store.ConfirmAsync(attempt, media, session.VideoId, CancellationToken.None);
            return Later(2, Processed);
        }
        catch (MetaException exception) when (exception.Proof == Proof.Rejected)
        {
            if (await AfterRefusalAsync(attempt, media, seen, session, isAnswered, exception) is { } outcome) return outcome;
            throw;
        }
        catch
        {
            await store.LetGoAsync(attempt, media);
            throw;
        }
    }

    /// <returns>Null when the refusal stands, and the upload is forgotten: the next one begins anew.</returns>
    /// <exception cref="MetaException">Whether it was finished before is not known.</exception>
    private async Task<StepOutcome?> AfterRefusalAsync(Attempt attempt, ClipMedia media, ClipVideo? seen, UploadSession? session, bool isAnswered, MetaException refusal)
    {
        bool? isFinished = false;
        // Perhaps refused since it was finished before.
        if (seen?.Session is { IsWhole: true } whole)
        {
            isFinished = await uploads.IsFinishedAsync(attempt.Credential, whole, Marker.ForVideo(media.Clip.Id, attempt.Account.AdAccountId), isRefused: true, CancellationToken.None);
            if (isFinished == true) return await AdoptAsync(attempt, media, whole);
        }

        if (session is not null && !isAnswered && time.GetUtcNow() > seen!.StartedAt + PerhapsForgotten)
        {
            await store.SaveAsync(attempt, media, null, CancellationToken.None);
            await store.LetGoAsync(attempt, media);
            return Later(0, "Meta has forgotten the upload of the clip's video: it begins anew");
        }

        if (isFinished is null)
        {
            // Forgotten here, a video that is only not shown for a while would be made twice.
            await store.LetGoAsync(attempt, media);
            throw new MetaException(Proof.OutcomeUnknown, $"the clip's video may be at Meta, which does not show it and would not finish it: {refusal.ForUser}", refusal);
        }

        await store.ForgetAsync(attempt, media, CancellationToken.None);
        return null;
    }

    private async Task<StepOutcome> AdoptAsync(Attempt attempt, ClipMedia media, UploadSession session)
    {
        attempt.Credential.Changes.AddAdopted(StepName.Media, session.VideoId, time.GetUtcNow());
        await store.ConfirmAsync(attempt, media, session.VideoId, CancellationToken.None);
        return Later(2, Processed);
    }

    private StepOutcome.NotYet Later(double seconds, string reason) => new(time.GetUtcNow().AddSeconds(seconds), reason);
}
