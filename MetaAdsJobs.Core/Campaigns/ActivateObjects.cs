using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Spending;
using Npgsql;

namespace MetaAdsJobs.Core.Campaigns;

/// <summary>
/// Publishes and resumes: ads, then ad sets, then the campaign, so that nothing can spend before the last of the calls. Below a campaign that is paused
/// nothing spends: that needs no permit.
/// </summary>
internal sealed class ActivateObjects(NpgsqlDataSource dataSource, EditStore store, MetaAds meta, MetaEdits edits, Activations activations, CountedCampaigns counted, SpendingCaps caps, TimeProvider time)
{
    private static readonly TimeSpan UntilPausedAgain = TimeSpan.FromSeconds(30);

    // Some hours of Meta being away.
    private const int MostPauses = 80;

    // More than an hour: so long Meta may call something missing that is there.
    private const int MostPausesOfMissing = 20;

    public async Task<EditEnd> RunAsync(EditClaim claim, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        if (await edits.ReadAsync(claim.Credential, claim.Object.Kind, claim.Object.MetaId, ct) is not { } found) return Gone(claim);
        if (found.Status is "DELETED" or "ARCHIVED") return Gone(claim) with { Objects = [new Edited(claim.Object.MetaId, found.Status)] };
        var isCampaign = claim.Object.Kind == AdObject.Campaign;
        var all = claim.Kind == EditKind.Publish ? claim.Tree.Below(claim.Object) : [claim.Object];
        var targets = all.Where(one => !one.IsGone && !(one.ParentId is { } parent && parent != claim.Object.MetaId && claim.Tree.Find(parent)!.IsGone)).ToList();
        if (await store.ListPausedLaterAsync(claim, ct) is var paused && targets.TrueForAll(one => paused.Contains(one.MetaId))) return EditEnd.Failing("a pause that was asked for later comes first");

        // What an edit has done by halves, or somebody by hand, may stand otherwise than it is known here.
        var (seen, needsPermit) = await ReadAsync(claim, found, ct);
        if (claim.WasOn && claim.OffAsSeen(seen) is var off && !off.IsSubsetOf(claim.TakenBack)) await store.TakesBackAsync(claim, off.Union(claim.TakenBack).ToHashSet(), ct);
        var tree = claim.Tree.AsSeen(seen);
        string[] ids = [.. targets.Select(one => one.MetaId)];
        var adSets = tree.AdSets.Where(one => ids.Contains(one.MetaId)).ToList();
        if (adSets.Count > 0 && adSets.TrueForAll(one => one.Budget.EndTime <= now)) return EditEnd.Failing("its end_time has passed: change that first");
        CampaignTree On(CampaignTree before) => before.With(ids, one => one with { Status = "ACTIVE" });
        var after = On(BringsBack(claim) ? tree.With(claim.PausedIds, one => one.IsGone ? one : one with { Status = "ACTIVE" }) : tree);
        // What was known to be off before is not spent when it is off again.
        var before = tree.With([.. adSets.Select(one => one.MetaId)], one => one with { Status = claim.Tree.Find(one.MetaId)!.Status });
        // Of what is activated as it stands somebody may have approved less.
        var holder = PermitHolder.Edit(claim.EditId, claim.Attempt, isWhole: claim.Kind == EditKind.Publish && isCampaign) with { StandsOtherwise = after.DailyAmountCents(now) > On(claim.Tree).DailyAmountCents(now), AddsCents = after.DailyAmountCents(now) - before.DailyAmountCents(now) };
        if (needsPermit && caps.RefusalOf(claim.Account, after.DailyAmountCents(now)) is { } tooMuch) return EditEnd.Failing($"its budget {tooMuch}");
        var on = await ListActiveAsync(claim, all, seen, ct);
        var done = new List<Edited>();
        (GraphCredential Credential, long AskedAt)? permitted = null;
        int? notes = null;
        foreach (var one in targets.AsEnumerable().Reverse().Where(one => !on.Contains(one.MetaId)))
        {
            // The campaign's own call comes last and makes the money flow: whether it may is asked right before it.
            if (permitted is null || one.Kind == AdObject.Campaign || time.GetElapsedTime(permitted.Value.AskedAt) > activations.AskAgainAfter)
            {
                var askedAt = time.GetTimestamp();
                var permit = needsPermit ? await PermitAsync(claim, holder, after, ct) : await activations.MarkBusyAsync(claim.Tree.RequestId, claim.Account.Id, tree.DailyAmountCents(now), holder, ct);
                if (permit.Refusal is { } refusal) return EditEnd.Refused(permit, refusal, now, after.DailyAmountCents(now)) with { Objects = claim.Kept(done) };
                notes ??= permit.Notes;
                // The permit has forgotten what that had paused: whatever is off is switched on again, also what was found on. Or it has not counted what that is to bring back.
                if ((holder.ForgetsPauses || BringsBack(claim)) && permit.Notes > claim.Notes) return EditEnd.Waiting(now.AddSeconds(1), "a stop has paused some of it since it was begun, and was lifted: it is begun anew") with { Objects = claim.Kept(done) };
                permitted = (claim.Credential.Permitted(activations.PermitFrom(askedAt, permit)).Patient(), askedAt);
                // From now on whoever pauses waits for this, and repeats it; what was paused before is left out.
                paused = await store.ListPausedLaterAsync(claim, ct);
                if (BringsBack(claim))
                {
                    foreach (var below in claim.Tree.Below(one).Reverse().Where(below => below != one && !below.IsGone && permit.PausedIds.Contains(below.MetaId))) await ActivateAsync(below);
                }
            }

            await ActivateAsync(one);
        }

        var end = EditEnd.Succeeded(new EditFields { Status = found.Status }, [.. targets.Where(one => !paused.Contains(one.MetaId)).Select(one => new Edited(one.MetaId, "ACTIVE"))]) with { IsAnswered = permitted is not null };
        return !needsPermit ? end : end with { Activation = isCampaign ? "active" : null, BringsBackNotes = BringsBack(claim) ? notes : null, DailyCents = after.DailyAmountCents(time.GetUtcNow()), EndsAt = after.LastEnd };

        async Task ActivateAsync(TreeObject one)
        {
            if (paused.Contains(one.MetaId)) return;
            await meta.ActivateAsync(permitted!.Value.Credential, one.MetaId, ct);
            done.Add(new(one.MetaId, "ACTIVE"));
        }
    }

    // A resume of the campaign brings back what a stop has paused below it.
    private static bool BringsBack(EditClaim claim) => claim.Object.Kind == AdObject.Campaign && claim.Kind == EditKind.Resume;

    /// <returns>What stands at Meta of that on which hangs what the campaign may spend, and whether it spends once this is on. Below a campaign that is paused nothing does, and no more is read.</returns>
    private async Task<(Dictionary<string, ObjectValues> Seen, bool Spends)> ReadAsync(EditClaim claim, ObjectValues found, CancellationToken ct)
    {
        var (campaign, seen) = (claim.Tree.Campaign, new Dictionary<string, ObjectValues> { [claim.Object.MetaId] = found });
        var (isCampaign, spends) = (claim.Object.Kind == AdObject.Campaign, claim.Object.Kind == AdObject.Campaign || claim.IsCounted);
        if (!isCampaign && (!spends || campaign.Budget.IsAny) && await edits.ReadAsync(claim.Credential.Patient(), AdObject.Campaign, campaign.MetaId, ct) is { } top)
        {
            seen[campaign.MetaId] = top;
            spends |= top.Status == "ACTIVE";
        }

        if (!spends || claim.Tree.AdSets is [var only] && only.MetaId == claim.Object.MetaId) return (seen, spends);
        foreach (var (metaId, values) in await edits.ListAsync(claim.Credential.Patient(), AdObject.AdSet, campaign.MetaId, ct)) seen[metaId] = values;
        return (seen, spends);
    }

    /// <summary>
    /// An edit that ends without having succeeded. Of one that activates perhaps a part is on: the object, or what was off below one that was on, is paused again, until nothing that was sent can switch it on any more; so long caps and stops go on counting it,
    /// and when Meta refuses to pause it.
    /// </summary>
    /// <returns>What is given, or what waits to end like that.</returns>
    public async Task<EditEnd> TakenBackAsync(EditClaim claim, EditEnd end, CancellationToken ct)
    {
        // Every call of it is answered, and was not done: what a permit had set aside is free again.
        if (claim is { Activation: "active" or "paused", TakesBack: null, Switched: false, Failures: 0, Abandoned: 0 } && !claim.Credential.Changes.IsAnyUnknown && claim.Object.Kind != AdObject.Campaign) end = end with { DailyCents = claim.Tree.DailyAmountCents(time.GetUtcNow()), EndsAt = claim.Tree.LastEnd };
        if (claim.TakenBack.Count == 0 || claim.WasOn && !claim.Switched && !claim.Credential.Changes.MayHaveActivated(claim.TakenBack)) return end;
        // Asked before it is paused: what could still come by then, comes before the next pause.
        var mayComeUntil = await store.FindActivatedUntilAsync(claim, ct);
        try
        {
            var isThere = claim.WasOn || await meta.PauseAsync(claim.Credential.UrgentInShare(), claim.Object.MetaId, ct) == "PAUSED";
            if (isThere) await PauseBelowAsync(claim, mayComeUntil is not null, ct);
            if (isThere && mayComeUntil is { } until) return EditEnd.TakingBack(end, until < time.GetUtcNow() + UntilPausedAgain ? until : time.GetUtcNow() + UntilPausedAgain, "paused; it is paused again until no call that activates it can be under way");
            end = end with { IsPaused = isThere };
            if (claim.Object.Kind == AdObject.Campaign && !claim.WasOn) return end with { Activation = isThere ? "idle" : "ended" };
            return claim.IsCounted ? end with { DailyCents = claim.Tree.DailyAmountCents(time.GetUtcNow()), EndsAt = claim.Tree.LastEnd } : end;
        }
        catch (MetaException exception) when (exception.IsCalledMissing && mayComeUntil is null && claim is { Switched: false, Abandoned: 0 } && !claim.Credential.Changes.MayHaveActivated(claim.TakenBack))
        {
            // Nothing that switches it on was ever sent.
            return end;
        }
        catch (MetaException exception) when (exception.Proof == Proof.Rejected || claim.Failures >= (exception.IsCalledMissing ? MostPausesOfMissing : MostPauses))
        {
            return end with { Reason = $"{end.Reason}; perhaps it is active, since it could not be paused either: {exception.ForUser}" };
        }
    }

    /// <param name="comesAgain">Some of it may still be switched on: what Meta refuses now is asked again with the rest.</param>
    /// <exception cref="MetaException">Not all of it could be paused; of a refusal only when nothing comes again.</exception>
    private async Task PauseBelowAsync(EditClaim claim, bool comesAgain, CancellationToken ct)
    {
        var (credential, failed, silent) = (claim.Credential.UrgentInShare(), (MetaException?)null, 0);
        string[] below = [.. claim.TakenBack.Where(metaId => metaId != claim.Object.MetaId)];
        var seen = new Dictionary<string, ObjectValues>();
        try
        {
            foreach (var kind in claim.Tree.All.Where(one => below.Contains(one.MetaId)).Select(one => one.Kind).Distinct())
                foreach (var (metaId, values) in await edits.ListAsync(credential, kind, claim.Tree.Campaign.MetaId, ct)) seen[metaId] = values;
        }
        catch (MetaException exception) when (!IsOfAccount(exception))
        {
            // Each of them is paused then, whether it is on or not.
            silent += exception.Proof == Proof.Rejected ? 0 : 1;
        }

        // Who did not answer comes last the next time. What is off already needs no call: of hundreds some may have been paused before Meta let no more through.
        var first = below.Length == 0 ? 0 : claim.Failures % below.Length;
        foreach (var metaId in below[first..].Concat(below[..first]).Where(metaId => !seen.TryGetValue(metaId, out var values) || values.Status == "ACTIVE"))
        {
            try
            {
                await meta.PauseAsync(credential, metaId, ct);
                silent = 0;
            }
            catch (MetaException exception) when (!IsOfAccount(exception))
            {
                // Those behind it are paused all the same, unless Meta is away. What may yet succeed weighs more than what is refused for good.
                if (failed is null || failed.Proof == Proof.Rejected) failed = exception;
                if (exception.IsCalledMissing) silent = 0;
                else if (exception.Proof != Proof.Rejected && ++silent > 1) break;
            }
        }

        if (failed is not null && !(comesAgain && failed.Proof == Proof.Rejected)) throw failed;
    }

    // What is refused to one is refused to all of them.
    private static bool IsOfAccount(MetaException exception) => exception.Proof is Proof.Throttled or Proof.TokenRejected or Proof.AccountBlocked;

    // What Meta calls missing is not taken for deleted here: comparing looks at it twice.
    private static EditEnd Gone(EditClaim claim) => EditEnd.Failing($"the {EditWords.Of(claim.Object.Kind)} is deleted or archived at Meta");

    private async Task<Permit> PermitAsync(EditClaim claim, PermitHolder holder, CampaignTree after, CancellationToken ct)
    {
        async Task<Permit> AskAsync() => await activations.PermitAsync(claim.Tree.RequestId, claim.Account, after.DailyAmountCents(time.GetUtcNow()), after.LastEnd?.ToUniversalTime(), holder, ct);
        var permit = await AskAsync();
        // What was paused, archived or deleted by hand since spends nothing and makes room.
        return permit.LacksRoom && await counted.RefreshAsync(claim.Account.Id, claim.Credential, ct) ? await AskAsync() : permit;
    }

    // What is on already is not switched on again, and told of if nobody has: an attempt whose process died may have done it.
    private async Task<IReadOnlySet<string>> ListActiveAsync(EditClaim claim, IReadOnlyList<TreeObject> all, Dictionary<string, ObjectValues> seen, CancellationToken ct)
    {
        var on = new HashSet<string>();
        if (claim.Attempt == 1 || all.Count == 1) return on;
        on.UnionWith(seen.Concat(await edits.ListAsync(claim.Credential.Patient(), AdObject.Ad, claim.Tree.Campaign.MetaId, ct)).Where(one => one.Value.Status == "ACTIVE").Select(one => one.Key));
        on.IntersectWith(all.Where(one => one.Kind is AdObject.AdSet or AdObject.Ad).Select(one => one.MetaId));
        var told = await ChangeLog.ListActivatedAsync(dataSource, claim.Tree.RequestId, DateTimeOffset.MinValue, ct);
        foreach (var metaId in on.Where(metaId => !told.Contains(metaId))) claim.Credential.Changes.AddPerhapsActivated(metaId, time.GetUtcNow());
        return on;
    }
}
