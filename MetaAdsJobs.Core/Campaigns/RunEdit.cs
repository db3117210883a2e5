using System.Globalization;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Campaigns.Contents;
using MetaAdsJobs.Core.Campaigns.Holding;
using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Orchestrations.Steps;
using MetaAdsJobs.Core.Spending;
using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Campaigns;

/// <summary>A claimed edit and what its run works with.</summary>
/// <param name="Object">As it was known when the edit was claimed.</param>
/// <param name="Activation">The state of the tree's activation; null when it was never activated.</param>
/// <param name="Making">The creative that it makes; null when it makes none.</param>
/// <param name="Error">Why it ends, if what it has made or done is taken back already.</param>
internal sealed record EditClaim(
    Guid EditId, long Number, int Attempt, int Failures, int Abandoned, EditKind Kind, EditFields Fields, string AskedBy, DateTimeOffset AskedAt, SocialAccount Account, CampaignTree Tree, TreeObject Object, string? Activation,
    GraphCredential Credential, CreativeMaking? Making, string? Error)
{
    /// <summary>By the database's clock: before anything was sent.</summary>
    public DateTimeOffset ClaimedAt { get; init; }

    /// <summary>When it was to be begun; null: at once.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>It comes so long after its time that it is not begun any more.</summary>
    public bool IsMissed { get; init; }

    /// <summary>How often a stop had noted something of the campaign when it was claimed.</summary>
    public int Notes { get; init; }

    /// <summary>What a stop had paused of it by then.</summary>
    public IReadOnlyList<string> PausedIds { get; init; } = [];

    /// <summary>The creative that it has made is taken back; it will end like that.</summary>
    public string? Ending => Making?.Attempt.Ending;

    /// <summary>What it may have switched on is paused; it will end like that.</summary>
    public string? TakesBack { get; init; }

    /// <summary>Of a publish or resume: an attempt before has switched something of <see cref="TakenBack"/> on, or may have.</summary>
    public bool Switched { get; init; }

    /// <summary>
    /// What is paused when a publish or resume does not succeed: its object, below which nothing spends then; of a publish around one that was on before, what was off right below what was on.
    /// </summary>
    public IReadOnlySet<string> TakenBack { get; set; } = OffBefore(Kind, Object, Tree);

    /// <summary>The object was on before: others have switched it on.</summary>
    public bool WasOn => !TakenBack.Contains(Object.MetaId);

    /// <summary>By what has been read at Meta: what is known here as on may have been paused by a stop, or by hand.</summary>
    public IReadOnlySet<string> OffAsSeen(IReadOnlyDictionary<string, ObjectValues> seen) =>
        OffBefore(Kind, Object, Tree.With([.. seen.Keys], one => one.IsOn && seen[one.MetaId].Status != "ACTIVE" ? one with { Status = "PAUSED" } : one));

    private static HashSet<string> OffBefore(EditKind kind, TreeObject one, CampaignTree tree) =>
        kind is not (EditKind.Publish or EditKind.Resume) ? [] : !tree.Find(one.MetaId)!.IsOn ? [one.MetaId] : kind == EditKind.Publish ? OffBelow(tree, one) : [];

    /// <summary>Of what it has done so much as is known from now on, also while it waits: what it would take back stays known as off, or nobody could tell it from what was on before.</summary>
    public IReadOnlyList<Edited> Kept(IReadOnlyList<Edited> done) => [.. done.Where(one => !TakenBack.Contains(one.MetaId))];

    private static HashSet<string> OffBelow(CampaignTree tree, TreeObject top)
    {
        var on = tree.All.Where(one => one.IsOn).Select(one => one.MetaId).ToHashSet();
        return [.. tree.Below(top).Where(one => !one.IsOn && !one.IsGone && one.ParentId is { } parent && on.Contains(parent)).Select(one => one.MetaId)];
    }

    /// <summary>It may be spending, or will again once a stop is lifted: caps and stops have a say in what makes it spend more.</summary>
    public bool IsCounted => Activation is "activating" or "active" or "paused";
}

/// <summary>
/// One run of one edit: claims it, looks how the object stands at Meta, and changes what is not so already. Everything it sends may be repeated, but for a creative that
/// it makes (<see cref="MakeCreative"/>), so whatever dies, the next attempt looks again and goes on. What makes a campaign spend has a permit first; what pauses it waits for nothing.
/// </summary>
internal sealed class RunEdit(EditStore store, ActivateObjects activate, UpdateObject update, MakeCreative creatives, ApprovalStore approvals, WorkClaims work, MetaAds meta, MetaEdits edits, AccountStore accounts, IJobQueue queue, OrchestrationOptions options, HoldOptions holds, TimeProvider time, ILogger<RunEdit> logger)
{
    private static readonly TimeSpan UntilPausedAgain = TimeSpan.FromSeconds(5);
    private const string LateCall = "the answer to a call was lost; it is looked at again when it can no longer be carried out";
    private static readonly TimeSpan LongestOutage = TimeSpan.FromHours(6);

    public async Task<JobOutcome> ExecuteAsync(Guid editId, CancellationToken ct)
    {
        using var scope = logger.BeginScope(new Dictionary<string, object> { ["EditId"] = editId });
        var lease = new Lease(time, options.Lease);
        EditClaim? claim;
        try
        {
            claim = await store.ClaimAsync(editId, lease, ct);
        }
        catch (UnreadableException exception)
        {
            CampaignLog.Unreadable(logger, exception.Message);
            if (exception.Until is { } until) return new JobOutcome.Snoozed(until, exception.Message);
            return new JobOutcome.Stopped(exception.Message);
        }

        if (claim is null)
        {
            await approvals.PrepareAsync(editId, ct);
            return await work.WhyUnclaimedAsync(ClaimTable.Edits, editId, ct);
        }

        return await work.RunAsync(ClaimTable.Edits, editId, claim.Attempt, lease, token => GoOnAsync(claim, token),
            overtaken: async reason =>
            {
                CampaignLog.Fenced(logger, reason);
                await store.AuditAsync(claim);
            },
            handBack: () => store.EndAsync(claim, EditEnd.Waiting(time.GetUtcNow(), "the worker was stopped"), CancellationToken.None), ct);
    }

    private async Task<JobOutcome> GoOnAsync(EditClaim claim, CancellationToken ct)
    {
        try
        {
            if (claim.Ending is not null) return await EndAsync(claim, await creatives.UnmakeAsync(claim, ct));
            if (claim.TakesBack is { } state) return await EndAsync(claim, await TakenBackAsync(claim, new(state, claim.Error), ct));
            if (claim.Error is { } given) return await EndAsync(claim, await TakenBackAsync(claim, EditEnd.Failing(given), ct));
            // An attempt before may have activated a part of it, or its answer was lost.
            if (claim is { IsMissed: true, DueAt: { } due }) return await EndAsync(claim, claim.Attempt == 1 ? Missed(claim, due) : await TakenBackAsync(claim, Missed(claim, due), ct));
            if (claim.Abandoned > options.MaxAbandonedAttempts) return await EndAsync(claim, await TakenBackAsync(claim, EditEnd.Failing($"its worker process died {claim.Abandoned} times in a row"), ct));
            var end = await DoAsync(claim, ct);
            if (end.State == "failed") end = claim.Switched ? await TakenBackAsync(claim, end, ct) : await creatives.FailedAsync(claim, end, ct);
            // Before the row is let go: until it is asked for, nobody could approve it.
            if (end.ToApprove is { } cents && await approvals.AskAsync(claim.EditId, cents, ct) is { } expiresAt) end = end with { Until = expiresAt, IsAsked = true };
            // One of the calls may be carried out late, and undo what comes after this edit.
            if (end.State == "succeeded" && claim.Kind is (EditKind.Publish or EditKind.Resume or EditKind.Update) && claim.Credential.Changes.IsAnyUnknown)
                // Whoever takes it back meanwhile pauses what this has switched on, and not what was on before.
                end = EditEnd.Waiting(time.GetUtcNow() + options.SettleDelay, LateCall) with { Objects = claim.Kept(end.Objects), Found = end.Found };
            return await EndAsync(claim, end);
        }
        catch (MetaException exception) when (exception.Proof is Proof.Throttled or Proof.TokenRejected or Proof.AccountBlocked)
        {
            return await EndAsync(claim, EditEnd.Waiting(await UntilAsync(claim, exception, ct), exception.ForUser));
        }
        catch (MetaException exception) when (claim.Kind == EditKind.Pause && exception.Proof is (Proof.OutcomeUnknown or Proof.NotSent) && time.GetUtcNow() - claim.AskedAt < LongestOutage)
        {
            // Whoever pauses does not want to hear that Meta was away for a moment.
            return await EndAsync(claim, EditEnd.Waiting(time.GetUtcNow() + Patience(claim), $"not paused yet: {exception.ForUser}"));
        }
        catch (MetaException exception) when (claim.Ending is null && claim.Making is { } making && PassingRefusals.WaitAfter(making.Attempt, exception) is not null)
        {
            return await EndAsync(claim, EditEnd.Waiting(time.GetUtcNow() + PassingRefusals.WaitAfter(making.Attempt, exception)!.Value, $"Meta may accept it later, unchanged: {exception.ForUser}"));
        }
        catch (MetaException exception) when (claim.Ending is null && exception.Proof == Proof.Rejected)
        {
            var reason = claim.Making is { } making ? PassingRefusals.Reason(making.Attempt, exception) : exception.ForUser;
            return await EndAsync(claim, await TakenBackAsync(claim, EditEnd.Failing(reason), ct));
        }
        catch (Exception exception) when (exception is not (FencedException or OperationCanceledException))
        {
            CampaignLog.AttemptFailed(logger, exception, claim.Attempt, claim.Failures + 1);
            var reason = exception is MetaException metaException ? metaException.ForUser : exception.Message;
            if (claim.Ending is not null) return await EndAsync(claim, await creatives.NotUnmadeAsync(claim, reason));
            if (claim.Failures >= options.MaxRetries)
            {
                var why = claim.Error ?? $"gave up after {claim.Failures + 1} attempts; whether it was done is not known: {reason}";
                if (exception is MetaException) return await EndAsync(claim, await TakenBackAsync(claim, EditEnd.Failing(why), CancellationToken.None));
                // Perhaps it has ended, and only the word of that was lost. Whoever finds it open goes on, and this attempt ends nothing of it any more.
                return await EndAsync(claim, EditEnd.Waiting(time.GetUtcNow(), "what it has done is taken back") with { GivesUp = why, Ending = claim.Kind is EditKind.Publish or EditKind.Resume ? "failed" : null });
            }

            await store.EndAsync(claim, new EditEnd("waiting", reason) { Failed = true }, CancellationToken.None);
            throw; // The queue's automatic retry backs off and runs it again.
        }
    }

    private EditEnd Missed(EditClaim claim, DateTimeOffset due)
    {
        claim.Credential.Changes.AddNote(claim.Object.MetaId, new Dictionary<string, string> { ["activation"] = "missed", ["due_at"] = due.ToString("O", CultureInfo.InvariantCulture), ["edit_id"] = $"{claim.EditId}" }, time.GetUtcNow());
        HoldLog.Missed(logger, claim.EditId, due);
        return new EditEnd("missed", string.Create(CultureInfo.InvariantCulture, $"missed: it was due at {due:yyyy-MM-dd HH:mm} UTC, and more than {holds.LateMinutes} minutes have passed; it stays paused, publish it if it is still wanted"));
    }

    private async Task<EditEnd> TakenBackAsync(EditClaim claim, EditEnd end, CancellationToken ct)
    {
        try
        {
            end = await activate.TakenBackAsync(claim, end, ct);
        }
        catch (MetaException exception)
        {
            var isRefused = exception.Proof is Proof.Throttled or Proof.TokenRejected or Proof.AccountBlocked;
            var until = isRefused ? await UntilAsync(claim, exception, ct) : time.GetUtcNow() + (UntilPausedAgain * Math.Pow(2, Math.Min(claim.TakesBack is null ? 0 : claim.Failures, 6)));
            return EditEnd.TakingBack(end, until, $"not paused yet: {exception.ForUser}") with { Failed = !isRefused };
        }

        return await creatives.FailedAsync(claim, end, ct);
    }

    private async Task<EditEnd> DoAsync(EditClaim claim, CancellationToken ct)
    {
        if (claim.Kind is (EditKind.Publish or EditKind.Resume or EditKind.Update) && await store.FindUnknownUntilAsync(claim, claim.Object.MetaId, ct) is { } until) return EditEnd.Waiting(until, LateCall);
        return await DoKindAsync(claim, ct);
    }

    private Task<EditEnd> DoKindAsync(EditClaim claim, CancellationToken ct) => claim.Kind switch
    {
        EditKind.Pause => PauseAsync(claim, ct),
        EditKind.Publish or EditKind.Resume => activate.RunAsync(claim, ct),
        EditKind.Update => update.RunAsync(claim, ct),
        _ => TakeAwayAsync(claim, ct),
    };

    private async Task<EditEnd> PauseAsync(EditClaim claim, CancellationToken ct)
    {
        var status = await meta.PauseAsync(claim.Credential.UrgentInShare(), claim.Object.MetaId, ct);
        var isCampaign = claim.Object.Kind == AdObject.Campaign;
        var end = EditEnd.Succeeded(null, new Edited(claim.Object.MetaId, status)) with
        {
            NotWhileBusy = true, Activation = isCampaign && claim.Activation is not null ? status == "PAUSED" ? "idle" : "ended" : null,
        };
        // What an ad set no longer spends makes room; told only when no other edit can have changed it meanwhile.
        if (isCampaign || await store.FindSettledAsync(claim, ct) is not { } tree) return end;
        return Spending(claim, tree, tree.With([claim.Object.MetaId], one => one with { Status = "PAUSED" }), end);
    }

    private async Task<EditEnd> TakeAwayAsync(EditClaim claim, CancellationToken ct)
    {
        var credential = claim.Credential.Unyielding();
        if (claim.Kind == EditKind.Delete) await meta.DeleteAsync(credential, claim.Object.MetaId, ct);
        else await edits.ArchiveAsync(credential, claim.Object.MetaId, ct);
        var status = claim.Kind == EditKind.Delete ? "DELETED" : "ARCHIVED";
        var gone = claim.Tree.Below(claim.Object).Where(one => one.Status != "DELETED").Select(one => one.MetaId).ToList();
        var end = EditEnd.Succeeded(null, [.. gone.Select(metaId => new Edited(metaId, status))]);
        return claim.Object.Kind == AdObject.Campaign ? end with { Activation = claim.Activation is null ? null : "ended" }
            : Spending(claim, claim.Tree, claim.Tree.With(gone, one => one with { Status = status }), end);
    }

    // The longer it lasts, the further apart.
    private TimeSpan Patience(EditClaim claim) => TimeSpan.FromTicks(Math.Clamp((time.GetUtcNow() - claim.AskedAt).Ticks / 4, UntilPausedAgain.Ticks, TimeSpan.FromMinutes(1).Ticks));

    // More may stand at Meta than is known here, and be counted since somebody was permitted that.
    private EditEnd Spending(EditClaim claim, CampaignTree before, CampaignTree after, EditEnd end) => claim.Activation is null ? end
        : end with { DailyCents = after.DailyAmountCents(time.GetUtcNow()), EndsAt = after.LastEnd, Before = (before.DailyAmountCents(time.GetUtcNow()), before.LastEnd) };

    private async Task<JobOutcome> EndAsync(EditClaim claim, EditEnd end)
    {
        if (!await store.EndAsync(claim, end, CancellationToken.None))
        {
            end = EditEnd.Waiting(time.GetUtcNow() + UntilPausedAgain, "paused; it is paused again until no call that activates it can be under way");
            await store.EndAsync(claim, end, CancellationToken.None);
        }

        switch (end.State)
        {
            case "waiting":
                CampaignLog.Waits(logger, end.Until!.Value, end.Reason!);
                return new JobOutcome.Snoozed(end.Until.Value, end.Reason!);
            case "failed" or "cancelled" or "expired":
                CampaignLog.Failed(logger, claim.Object.MetaId, end.Reason!);
                break;
            case "missed":
                break;
            default:
                CampaignLog.Succeeded(logger, EditWords.Of(claim.Kind), claim.Object.MetaId);
                break;
        }

        if (await store.FindNextAsync(claim.Tree.RequestId, CancellationToken.None) is { } next) queue.EnqueueEdit(next, goesFirst: false);
        return end.State == "failed" ? new JobOutcome.Stopped(end.Reason!) : new JobOutcome.Completed();
    }

    private async Task<DateTimeOffset> UntilAsync(EditClaim claim, MetaException exception, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        switch (exception.Proof)
        {
            case Proof.Throttled:
                return now + (exception.RetryAfter ?? TimeSpan.FromMinutes(1));
            case Proof.AccountBlocked:
                if (!await accounts.BlockAsync(claim.Account.Id, claim.Account.UpdatedAt, exception.ForUser, ct)) return now.AddSeconds(1);
                AccountLog.Blocked(logger, claim.Account.Id, exception.ForUser);
                return now.AddMinutes(5);
            default:
                if (!await accounts.RejectTokenAsync(claim.Account.Id, claim.Credential.StoredAs, exception.ForUser, ct)) return now.AddSeconds(1);
                OrchestrationLog.TokenRejected(logger, claim.Account.Id, exception.ForUser);
                return now.AddMinutes(5);
        }
    }

}
