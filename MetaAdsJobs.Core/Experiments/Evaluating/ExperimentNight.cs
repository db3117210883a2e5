using MetaAdsJobs.Core.Experiments.Judging;

namespace MetaAdsJobs.Core.Experiments.Evaluating;

/// <summary>A verdict that is to be written.</summary>
internal sealed record NewVerdict(Guid ExperimentId, int No, DateOnly Today, Verdict Verdict, bool IsReopened);

/// <summary>
/// What a night makes of an experiment: a pure function. Verdicts to add, how it stands then, and whether what was proposed no longer holds.
/// </summary>
/// <param name="Decides">The verdict that ends it; null: it does not end.</param>
/// <param name="Reopens">It was decided, and goes on.</param>
/// <param name="Withdraws">Why what was proposed is taken back.</param>
internal sealed record ExperimentNight(IReadOnlyList<NewVerdict> Verdicts, NewVerdict? Decides, bool Reopens, string? Withdraws)
{
    public static readonly ExperimentNight Nothing = new([], null, false, null);

    public static ExperimentNight Of(JudgedExperiment one, ExperimentNumbers numbers) => one.IsDecided ? Again(one, numbers) : Next(one, numbers);

    // Each day that has come to count since; without one, what is known of the last again.
    private static ExperimentNight Next(JudgedExperiment one, ExperimentNumbers numbers)
    {
        var verdicts = new List<NewVerdict>();
        foreach (var until in ExperimentJudge.Looks(one.Rules, numbers, one.Last))
        {
            // What was counted before is compared with what was stored before this night, for each of its days.
            var verdict = new NewVerdict(one.Id, one.LastNo + verdicts.Count + 1, numbers.Today, ExperimentJudge.Judge(one.Rules, numbers, until, one.Last), IsReopened: false);
            verdicts.Add(verdict);
            if (verdict.Verdict.Ending is not null) return new(verdicts, verdict, false, null);
        }

        return new(verdicts, null, false, null);
    }

    // Of what was decided only a change is said: its numbers were restated, and what they say now is something else, or has to settle first.
    private static ExperimentNight Again(JudgedExperiment one, ExperimentNumbers numbers)
    {
        if (one.Last is not { } last) return Nothing;
        var now = ExperimentJudge.Judge(one.Rules, numbers, one.DecidedUntil, last);
        var isRestated = now.RestatedOn != last.RestatedOn;
        var isSettling = last.Ending is null;
        if (!isRestated && !isSettling) return Nothing;
        // Losers may have been paused by now: it does not go on then, whatever the numbers say.
        var isDone = one.Proposal == "accepted";
        var verdict = new NewVerdict(one.Id, one.LastNo + 1, numbers.Today, now, IsReopened: true);
        if (isDone) return isRestated || now.Ending is not null ? new([verdict], null, false, null) : Nothing;
        return now.Ending is not null ? new([verdict], verdict, false, null) : new([verdict], null, true, "Meta has changed the numbers that it rested on");
    }
}
