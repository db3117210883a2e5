using System.Text.Json;
using MetaAdsJobs.Core.Clips;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Publishers.Templates;
using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Publishers.Receiving;

/// <summary>
/// Makes of an event what it becomes in each of its accounts: clip, run, job, and that the clip has become this run, in the transaction that its caller has begun, with the publisher locked. The run is
/// accepted by the use case that takes every request: caps, stops and approvals hold for it as for any other.
/// </summary>
internal sealed class TakeClip(ClipEventStore store, TemplateStore templates, PlanClip plan, ClipStore clips, AcceptOrchestration accept, IJobQueue queue, TimeProvider time, ILogger<TakeClip> logger)
{
    /// <param name="takenBy">The person who takes it from the log; null when it comes by itself.</param>
    /// <param name="earlier">What it has become before: where that is an end, nothing more.</param>
    public async Task ExecuteAsync(Publisher publisher, Guid eventId, PublishedClip clip, string? takenBy, IReadOnlyList<ClipOutcome> earlier, CancellationToken ct)
    {
        // A retired account that is named is told why not; who names none means those in which something is made, and those in which somebody waits for it still.
        var open = OpenIn(earlier);
        var known = (await templates.ListAsync(publisher.Id, withRetired: clip.AccountIds is not null || open.Length > 0, ct)).ToDictionary(template => template.SocialAccountId);
        var accounts = clip.AccountIds ?? (open.Length == 0 ? [.. known.Keys] : [.. open.Union(await PlacesAsync(publisher, ct))]);
        await store.MarkAsync(eventId, isUnplaced: accounts.Length == 0, ct);
        foreach (var accountId in accounts.Except(earlier.Where(outcome => !outcome.IsOpen).Select(outcome => outcome.SocialAccountId)))
        {
            var became = await store.IsOutdatedAsync(eventId, accountId, ct) ? await ExistingOrAsync("outdated") : await TakeAsync(publisher, known.GetValueOrDefault(accountId), clip, accountId, takenBy, ct);
            await KeepAsync(publisher, eventId, clip.Key, accountId, became, takenBy, ct);

            async Task<ClipPlan> ExistingOrAsync(string state) =>
                await plan.ExecuteAsync(publisher, null, clip, accountId, byPerson: false, ct) is { RequestId: not null } existing ? existing : new(state, null, new Dictionary<string, string[]>());
        }
    }

    /// <summary>One that was right when it came, and by today's rules is not: refused wherever it is open still, so that it keeps nothing behind it from its turn.</summary>
    public async Task RefuseAsync(Publisher publisher, ClipEvent refused, IDictionary<string, string[]> errors, string takenBy, CancellationToken ct)
    {
        // One that was in no account named none.
        var accounts = refused.Outcomes.Count > 0 ? OpenIn(refused.Outcomes) : await PlacesAsync(publisher, ct);
        await store.MarkAsync(refused.Id, isUnplaced: refused.Outcomes.Count == 0 && accounts.Length == 0, ct);
        foreach (var accountId in accounts) await KeepAsync(publisher, refused.Id, refused.ClipId, accountId, new("refused", null, errors), takenBy, ct);
    }

    private static Guid[] OpenIn(IReadOnlyList<ClipOutcome> outcomes) => [.. outcomes.Where(outcome => outcome.IsOpen).Select(outcome => outcome.SocialAccountId)];

    private async Task<Guid[]> PlacesAsync(Publisher publisher, CancellationToken ct) => [.. (await templates.ListAsync(publisher.Id, withRetired: false, ct)).Select(template => template.SocialAccountId)];

    private async Task KeepAsync(Publisher publisher, Guid eventId, string clip, Guid accountId, ClipPlan became, string? takenBy, CancellationToken ct)
    {
        await store.UpsertOutcomeAsync(eventId, accountId, became.State, became.RequestId, became.Errors, takenBy, time.GetUtcNow(), ct);
        if (became.State == "accepted") PublisherLog.Became(logger, publisher.Name, clip, became.RequestId!.Value);
        else if (became.State is "refused" or "held" or "over_limit")
            PublisherLog.Kept(logger, publisher.Name, clip, became.State, accountId, became.Errors.Count == 0 ? "its template wants somebody's approval" : string.Join("; ", became.Errors.Keys.Take(10)), eventId);
    }

    private async Task<ClipPlan> TakeAsync(Publisher publisher, ClipTemplate? template, PublishedClip clip, Guid accountId, string? takenBy, CancellationToken ct)
    {
        var planned = await plan.ExecuteAsync(publisher, template, clip, accountId, byPerson: takenBy is not null, ct);
        if (planned.State != "accepted") return planned;
        // The same is there already where it is shown in another account, too.
        if (!await clips.InsertAsync(planned.Shown!, publisher.RequestedBy, ct) && await clips.IsSameAsync(planned.Shown!, ct) != true) throw new InvalidOperationException($"Another clip has been put under the id {planned.Shown!.Id} a moment ago: taken again, this one has another id");
        // No key: the clip's row in clip_runs is what a key would be, and outlives the publisher's changes of mind about a clip.
        var accepted = await accept.ExecuteAsync(JsonSerializer.SerializeToElement(planned.Request), publisher.RequestedBy, idempotencyKey: null, queue.EnqueueRow, ct);
        // Judged a moment ago, by the same rules: only what has changed in between can be refused now, and all of it is tried again.
        if (accepted is not Acceptance.Accepted run) throw new InvalidOperationException($"A clip's request was right and is refused: {accepted.GetType().Name}");
        await store.InsertRunAsync(publisher.Id, clip.Key, accountId, run.RequestId, planned.DailyCents, template?.ChangedBy, takenBy, time.GetUtcNow(), ct);
        return planned with { RequestId = run.RequestId };
    }
}
