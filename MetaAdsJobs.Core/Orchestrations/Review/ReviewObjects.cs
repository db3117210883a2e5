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
internal sealed class ReviewObjects(ReviewStore store, MetaAds meta, TimeProvider time, ILogger<ReviewObjects> logger) : ILookAtMeta
{
    private static readonly TimeSpan[] Pauses =
        [TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(45), TimeSpan.FromMinutes(4), TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(30), TimeSpan.FromHours(1)];

    /// <returns>How many were looked at.</returns>
    public async Task<int> RunAsync(int limit, CancellationToken ct)
    {
        var due = await store.TakeAsync(limit, ct);
        foreach (var review in due)
        {
            try
            {
                await LookAsync(review, ct);
            }
            catch (Exception exception) when (exception is not (OperationCanceledException or DbException))
            {
                // One review that breaks must not keep the others from theirs: it is due again in some minutes.
                OrchestrationLog.LookBroke(logger, exception, review.RequestId);
            }
        }

        return due.Count;
    }

    private async Task LookAsync(DueReview review, CancellationToken ct)
    {
        using var span = Signals.Spans.StartActivity("review");
        var found = new List<ReviewedObject>();
        try
        {
            if (review.Credential is null) throw new MetaException(Proof.NotSent, "the account's access token cannot be opened; give it again");
            var states = await meta.ReadStatesAsync(review.Credential, [.. review.MetaIds.Select(one => (Creates.ObjectOf(one.Step), one.MetaId))], ct);
            found.AddRange(review.MetaIds.Select(one => new ReviewedObject(one.Step, one.MetaId, states[one.MetaId])));
        }
        catch (MetaException exception)
        {
            OrchestrationLog.LookFailed(logger, review.RequestId, exception.ForUser);
            var now = time.GetUtcNow();
            if (now < review.DeadlineAt) await store.PostponeAsync(review, now + (exception.RetryAfter ?? Pause(review.Looks)), ct);
            else await store.GiveUpAsync(review, $"at Meta: the new objects could not be looked at: {exception.ForUser}", ct);
            return;
        }

        await JudgeAsync(review, found, ct);
    }

    private async Task JudgeAsync(DueReview review, List<ReviewedObject> found, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var open = found.Where(one => one.State.IsOpen).ToList();
        var over = now >= review.DeadlineAt;
        var errors = found.Where(one => one.State.IsRefused).Select(Told).ToList();
        if (over) errors.AddRange(open.Select(one => $"at Meta: the {one.Step} is still {one.State.Status} after the time given for its review"));
        foreach (var one in found.Where(one => one.State.IsRefused))
            OrchestrationLog.ObjectRefused(logger, one.Step, one.MetaId, review.RequestId, one.State.Status, one.State.Words);
        if (open.Count == 0) OrchestrationLog.ObjectsSettled(logger, review.RequestId, review.Looks, string.Join(", ", found.Select(one => $"{one.Step} {one.State.Status}")));
        await store.SaveAsync(review, found, errors, open.Count == 0 || over ? null : now + Pause(review.Looks), settled: open.Count == 0, ct);
    }

    private static string Told(ReviewedObject one) => $"at Meta: the {one.Step} is {one.State.Status}{(one.State.Issues.Count == 0 ? "" : ": ")}{one.State.Words}";

    private static TimeSpan Pause(int looks) => Pauses[Math.Clamp(looks - 1, 0, Pauses.Length - 1)];
}
