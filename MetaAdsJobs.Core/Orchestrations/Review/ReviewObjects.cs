using System.Data.Common;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Orchestrations.Steps;
using MetaAdsJobs.Core.Telemetry;
using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Orchestrations.Review;

/// <summary>
/// Asks Meta what became of new objects: a create's 200 is not final, Meta checks on in the background. Looks again, further and
/// further apart, until everything is settled or the deadline is over; what Meta refuses is told in the run's errors.
/// </summary>
internal sealed class ReviewObjects(ReviewStore store, MetaStates meta, TimeProvider time, ILogger<ReviewObjects> logger) : ILookAtMeta
{
    private static readonly TimeSpan[] Pauses =
        [TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(45), TimeSpan.FromMinutes(4), TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(30), TimeSpan.FromHours(1)];

    private static readonly Dictionary<string, ObjectState> Nothing = [];

    public int AtOnce => 50;

    /// <returns>How many were looked at.</returns>
    public async Task<int> RunAsync(int limit, CancellationToken ct)
    {
        var since = time.GetTimestamp();
        var due = await store.TakeAsync(limit, ct);
        foreach (var together in due.GroupBy(review => review.Credential).SelectMany(Together))
        {
            if (IsOver()) break;
            var (told, left) = await LookTogetherAsync(together, ct);
            foreach (var review in left.TakeWhile(_ => !IsOver())) await LookAloneAsync(review, told, ct);
        }

        return due.Count;

        // What is left is due again by then, and perhaps with others.
        bool IsOver() => time.GetElapsedTime(since) >= ReviewStore.Held;
    }

    // As many as one read tells of; a tree with more ads than that is alone.
    private static IEnumerable<IReadOnlyList<DueReview>> Together(IEnumerable<DueReview> ofAccount)
    {
        var (together, ads) = (new List<DueReview>(), 0);
        foreach (var review in ofAccount)
        {
            if (together.Count > 0 && ads + review.AdIds.Count > MetaStates.MostAds)
            {
                yield return together;
                (together, ads) = ([], 0);
            }

            together.Add(review);
            ads += review.AdIds.Count;
        }

        if (together.Count > 0) yield return together;
    }

    /// <summary>What one read tells of all is saved in one.</summary>
    /// <returns>What was told, and the reviews that have to be looked at by themselves.</returns>
    private async Task<(IReadOnlyDictionary<string, ObjectState> Told, IReadOnlyList<DueReview> Left)> LookTogetherAsync(IReadOnlyList<DueReview> together, CancellationToken ct)
    {
        if (together is not [{ Credential: { } credential }, _, ..]) return (Nothing, together);
        using var span = Signals.Spans.StartActivity("review");
        try
        {
            var told = await meta.ReadAdsAsync(credential, [.. together.SelectMany(review => review.AdIds)], ct);
            var isWhole = together.ToLookup(review => review.MetaIds.All(one => told.ContainsKey(one.MetaId)));
            if (isWhole[true].Any()) await store.SaveAsync([.. isWhole[true].Select(review => Judge(review, told))], ct);
            return (told, [.. isWhole[false]]);
        }
        catch (MetaException exception)
        {
            await UnseenAsync(together, exception, ct);
            return (Nothing, []);
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or DbException))
        {
            // Whichever it is that breaks: the others are looked at all the same.
            OrchestrationLog.LookBroke(logger, exception, together[0].RequestId);
            return (Nothing, together);
        }
    }

    private async Task LookAloneAsync(DueReview review, IReadOnlyDictionary<string, ObjectState> told, CancellationToken ct)
    {
        using var span = Signals.Spans.StartActivity("review");
        try
        {
            if (review.Credential is null) throw new MetaException(Proof.NotSent, "the account's access token cannot be opened; give it again");
            var states = await meta.ReadTreeAsync(review.Credential, [.. review.MetaIds.Select(one => (Creates.ObjectOf(one.Step), one.MetaId))], told, ct);
            await store.SaveAsync([Judge(review, states)], ct);
        }
        catch (MetaException exception)
        {
            await UnseenAsync([review], exception, ct);
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or DbException))
        {
            // One review that breaks must not keep the others from theirs: it is due again in some minutes.
            OrchestrationLog.LookBroke(logger, exception, review.RequestId);
        }
    }

    private async Task UnseenAsync(IReadOnlyList<DueReview> unseen, MetaException exception, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        foreach (var review in unseen) OrchestrationLog.LookFailed(logger, review.RequestId, exception.ForUser);
        var isOver = unseen.ToLookup(review => now >= review.DeadlineAt);
        if (isOver[false].Any()) await store.PostponeAsync([.. isOver[false].Select(review => (review, now + (exception.RetryAfter ?? Pause(review.Looks))))], ct);
        foreach (var review in isOver[true]) await store.GiveUpAsync(review, $"at Meta: the new objects could not be looked at: {exception.ForUser}", ct);
    }

    private Reviewed Judge(DueReview review, IReadOnlyDictionary<string, ObjectState> states)
    {
        var found = review.MetaIds.Where(one => states.ContainsKey(one.MetaId)).Select(one => new ReviewedObject(one.Step, one.MetaId, states[one.MetaId])).ToList();
        var unseen = review.MetaIds.Where(one => !states.ContainsKey(one.MetaId)).Select(one => one.Step).ToList();
        var now = time.GetUtcNow();
        var open = found.Where(one => one.State.IsOpen).ToList();
        var (over, isSettled) = (now >= review.DeadlineAt, open.Count + unseen.Count == 0);
        var errors = found.Where(one => one.State.IsRefused).Select(Told).ToList();
        if (over) errors.AddRange(open.Select(one => $"at Meta: the {one.Step} is still {one.State.Status} after the time given for its review"));
        if (over) errors.AddRange(unseen.Select(step => $"at Meta: the {step} could not be looked at: Meta calls it missing, and shows its ad account: it is gone, or not shown for a while"));
        foreach (var one in found.Where(one => one.State.IsRefused))
            OrchestrationLog.ObjectRefused(logger, one.Step, one.MetaId, review.RequestId, one.State.Status, one.State.Words);
        if (isSettled) OrchestrationLog.ObjectsSettled(logger, review.RequestId, review.Looks, string.Join(", ", found.Select(one => $"{one.Step} {one.State.Status}")));
        return new(review, found, errors, isSettled || over ? null : now + Pause(review.Looks), isSettled) { Unseen = unseen };
    }

    private static string Told(ReviewedObject one) => $"at Meta: the {one.Step} is {one.State.Status}{(one.State.Issues.Count == 0 ? "" : ": ")}{one.State.Words}";

    private static TimeSpan Pause(int looks) => Pauses[Math.Clamp(looks - 1, 0, Pauses.Length - 1)];
}
