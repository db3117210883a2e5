using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Orchestrations.Steps;
using MetaAdsJobs.Core.Orchestrations.Undo;
using Npgsql;

namespace MetaAdsJobs.Core.Campaigns.Contents;

/// <summary>
/// Makes the creative of an edit, exactly once, by the steps that make a run's: started, looked for, created, confirmed. When the edit fails or is void, it is deleted
/// again, unless the ad shows it; what cannot be deleted is named.
/// </summary>
internal sealed class MakeCreative(NpgsqlDataSource dataSource, StepRunner steps, StepJournal journal, UndoRunner undo, UndoJournal undoJournal, EditStore store, MetaEdits edits, OrchestrationOptions options, TimeProvider time)
{
    /// <returns>Null when it is there and its id is in the journal.</returns>
    public async Task<EditEnd?> MakeAsync(CreativeMaking making, CancellationToken ct)
    {
        switch (await steps.RunAsync(making.Attempt, ct))
        {
            case Progress.Built built:
                if (built.Last.Count > 0) await journal.AdvanceAsync(making.Attempt, built.Last, [], [], CancellationToken.None);
                return null;
            case Progress.NotYet notYet:
                return EditEnd.Waiting(notYet.Until, notYet.Reason);
            case Progress.SeveralFound several:
                return EditEnd.Failing($"several creatives at Meta carry the marker of this edit: {string.Join(", ", several.MetaIds)}");
            default:
                throw new InvalidOperationException("unreachable: an edit is cancelled at once");
        }
    }

    /// <summary>An edit that has failed: what it has made is taken back first, by another attempt.</summary>
    public async Task<EditEnd> FailedAsync(EditClaim claim, EditEnd end, CancellationToken ct)
    {
        if (claim.Making is not { Attempt: { Ending: null, Steps.Count: > 0 } attempt }) return end;
        await undoJournal.BeginAsync(attempt, "failed", [end.Reason!], ct);
        return EditEnd.Waiting(time.GetUtcNow(), "what it has made is taken back") with { Objects = end.Objects, Found = end.Found };
    }

    /// <summary>Takes back what the edit has made.</summary>
    public async Task<EditEnd> UnmakeAsync(EditClaim claim, CancellationToken ct)
    {
        var making = claim.Making!;
        var attempt = making.Attempt;
        if (claim.Abandoned > options.MaxAbandonedAttempts) return await LeaveAsync(claim, $"its worker process died {claim.Abandoned} times in a row", ct);
        if (attempt.StateOf(making.Step) == StepState.Confirmed)
        {
            // Until then the ad may yet be pointed to it by a call of which nobody has heard.
            var settledAt = await store.FindUnknownUntilAsync(claim, claim.Object.MetaId, ct) is { } until && until > attempt.SettledAt ? until : attempt.SettledAt;
            if (time.GetUtcNow() < settledAt) return EditEnd.Waiting(settledAt, "the ad may yet be pointed to the new creative; looking before that is deleted");
            var creativeId = attempt.MetaId(making.Step);
            if (await edits.ReadAsync(claim.Credential, AdObject.Ad, claim.Object.MetaId, ct) is { } ad && ad.CreativeId == creativeId && ad.Status != "DELETED")
            {
                // One that died may have pointed it there.
                var sent = new GraphFields().Add("creative", new JsonObject { ["creative_id"] = creativeId });
                if (!await ChangeLog.IsToldAsync(dataSource, claim.Tree.RequestId, claim.Object.MetaId, sent, claim.AskedAt, ct)) claim.Credential.Changes.AddPerhapsSent(claim.Object.MetaId, sent, time.GetUtcNow());
                var shown = new Edited(claim.Object.MetaId, Name: ad.Name) { CreativeId = creativeId };
                return attempt.Ending == "failed" ? EditEnd.Succeeded(null, shown) with { Shows = making }
                    : new EditEnd("cancelled", $"{claim.Error}; too late: the ad shows the new creative {creativeId}") { Objects = [shown], Shows = making };
            }
        }

        return await undo.RunAsync(attempt, ct) is Progress.NotYet notYet ? EditEnd.Waiting(notYet.Until, notYet.Reason) : Unmade(claim);
    }

    /// <summary>It could not be taken back now: it is tried again some times, further and further apart.</summary>
    public async Task<EditEnd> NotUnmadeAsync(EditClaim claim, string reason) => claim.Failures + 1 >= options.MaxUndoTries ? await LeaveAsync(claim, reason, CancellationToken.None)
        : EditEnd.Waiting(time.GetUtcNow() + TimeSpan.FromSeconds(Math.Min(300, Math.Max(1, options.RetryDelaySeconds) * Math.Pow(2, claim.Failures))), $"what it has made could not be taken back: {reason}") with { Failed = true };

    private async Task<EditEnd> LeaveAsync(EditClaim claim, string reason, CancellationToken ct)
    {
        var (attempt, step) = (claim.Making!.Attempt, claim.Making.Step);
        if (attempt.StateOf(step) is StepState.Started or StepState.Confirmed) await undoJournal.LeftAsync(attempt, step, attempt.FindMetaId(step), reason, ct);
        return Unmade(claim);
    }

    private static EditEnd Unmade(EditClaim claim)
    {
        var (attempt, step) = (claim.Making!.Attempt, claim.Making.Step);
        var left = attempt.StateOf(step) != StepState.Left ? ""
            : $"; left at Meta, delete it by hand: creative {attempt.FindMetaId(step) ?? $"(id not known, its name is \"{attempt.Tree.NameOf(step)}\"; perhaps it was never made)"}";
        return new(attempt.Ending!, $"{claim.Error}{left}");
    }
}
