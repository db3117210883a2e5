using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Spending;
using Npgsql;

namespace MetaAdsJobs.Core.Orchestrations.Steps;

/// <summary>
/// Only for auto_publish, and only when all four objects exist, Meta has processed the ad, and the caps and the stop switch permit
/// it: ads, then ad sets, then the campaign, so that nothing can spend before the last of the calls. Activating twice is harmless.
/// </summary>
internal sealed class ActivateStep(NpgsqlDataSource dataSource, MetaAds meta, MetaStates states, Activations activations, CountedCampaigns counted, Spenders spenders, TimeProvider time) : IRepeatableStep
{
    private static readonly TimeSpan LongestProcessing = TimeSpan.FromMinutes(10);

    // Whoever is quicker is not made to ask twice.
    private static readonly TimeSpan Moments = TimeSpan.FromSeconds(5);

    public string Kind => StepName.Activate;

    public async Task<StepOutcome> RunAsync(Attempt attempt, string step, CancellationToken ct)
    {
        if (attempt.Request.FirstEnd <= time.GetUtcNow()) throw new MetaException(Proof.Rejected, "end_time had passed before it could be activated");
        // The last of them stands for all: it was made last.
        var last = await states.FindAsync(attempt.Credential, AdObject.Ad, attempt.MetaId(attempt.Tree.Shape.Ads[^1].Step), ct);
        if (last is null && await MayPassAsync(attempt, step, ct)) return Later(15, "Meta does not show the ad at the moment");
        if (last is { Status: "IN_PROCESS" })
        {
            // Meta lets an ad be activated meanwhile, too; after so long it may have forgotten to tell.
            var age = time.GetUtcNow() - attempt.Steps[step].StartedAt!.Value;
            if (age < LongestProcessing) return Later(Math.Clamp(age.TotalSeconds / 2, 2, 30), "Meta is still processing the ad");
        }

        // A crash after the permit leaves something that may be active: the stop switch pauses it, the next attempt goes on.
        (GraphCredential Credential, long AskedAt)? permitted = null;
        try
        {
            var active = await ListActiveAsync(attempt, ct);
            foreach (var one in attempt.Tree.Shape.Switches.Reverse().Where(one => !active.Contains(attempt.MetaId(one))))
            {
                // It lasts for minutes; a large tree may take longer. The campaign's own call comes last and makes the money flow: what has come since, such as a freeze, is asked for right before it.
                if (permitted is null || time.GetElapsedTime(permitted.Value.AskedAt) is var age && (age > activations.AskAgainAfter || one == StepName.Campaign && age > Moments))
                {
                    var askedAt = time.GetTimestamp();
                    // Of what somebody has to approve the next attempt leaves the activation to an edit.
                    var permit = await PermitAsync(attempt, ct);
                    if (permit.Refusal is { } refusal) return (permit.FrozenUntil ?? permit.AskAgainAt) is { } end ? new StepOutcome.NotYet(end, refusal) : Later(permit.ToApprove ? 1 : 300, refusal);
                    attempt.NotesBefore ??= permit.Notes;
                    // Whoever is sent away begins again with the first of them, and looks before that.
                    permitted = (attempt.Credential.Permitted(activations.PermitFrom(askedAt, permit)).Patient(), askedAt);
                }

                attempt.Lease.ThrowIfOver();
                attempt.Activated.Add(attempt.MetaId(one));
                await meta.ActivateAsync(permitted.Value.Credential, attempt.MetaId(one), ct);
            }
        }
        catch (MetaException exception) when (exception.IsMissingObject)
        {
            if (!await MayPassAsync(attempt, step, ct)) throw;
            return Later(15, exception.ForUser);
        }

        spenders.IsShown($"{attempt.RequestId}");
        return new StepOutcome.Done(null);
    }

    // Made a moment ago another of Meta's servers may not know it yet; and what is there Meta may call missing for a while.
    private async Task<bool> MayPassAsync(Attempt attempt, string step, CancellationToken ct) =>
        !await spenders.IsGoneAsync(attempt.RequestId, $"{attempt.RequestId}", ct) || time.GetUtcNow() - attempt.Steps[step].StartedAt < LongestProcessing;

    // An attempt at a large tree may not get to its end: the next goes on from there.
    private async Task<IReadOnlySet<string>> ListActiveAsync(Attempt attempt, CancellationToken ct)
    {
        var active = new HashSet<string>();
        if (attempt.Request.AdSets is null) return active;
        active.UnionWith(await meta.ListActiveAsync(attempt.Credential.Patient(), attempt.MetaId(StepName.Campaign), AdObject.AdSet, ct));
        foreach (var adSet in attempt.Tree.Shape.AdSets) active.UnionWith(await meta.ListActiveAsync(attempt.Credential.Patient(), attempt.MetaId(adSet.Step), AdObject.Ad, ct));
        if (active.Count == 0) return active;
        // What an attempt activated whose process died is in no audit, however many attempts ago that was.
        var told = await ChangeLog.ListActivatedAsync(dataSource, attempt.RequestId, DateTimeOffset.MinValue, ct);
        foreach (var metaId in active.Where(metaId => !told.Contains(metaId))) attempt.Credential.Changes.AddPerhapsActivated(metaId, time.GetUtcNow());
        return active;
    }

    private async Task<Permit> PermitAsync(Attempt attempt, CancellationToken ct)
    {
        var (daily, endsAt) = (attempt.Request.DailyAmountCents(time.GetUtcNow()), attempt.Request.LastEnd?.ToUniversalTime());
        var permit = await activations.PermitAsync(attempt.RequestId, attempt.Account, daily, endsAt, PermitHolder.Orchestration(attempt.Number), ct);
        // What was paused, archived or deleted by hand since spends nothing and makes room.
        return permit.LacksRoom && await counted.RefreshAsync(attempt.Account.Id, attempt.Credential.Patient(), ct)
            ? await activations.PermitAsync(attempt.RequestId, attempt.Account, daily, endsAt, PermitHolder.Orchestration(attempt.Number), ct)
            : permit;
    }

    private StepOutcome.NotYet Later(double seconds, string reason) => new(time.GetUtcNow().AddSeconds(seconds), reason);
}
