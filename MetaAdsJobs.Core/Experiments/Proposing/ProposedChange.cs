using MetaAdsJobs.Core.Experiments.Judging;

namespace MetaAdsJobs.Core.Experiments.Proposing;

/// <summary>Something to be done to a variant: an ad set, or an ad, which can only be paused.</summary>
/// <param name="DailyBudgetCents">Of a budget; null of a pause.</param>
/// <param name="NowCents">What it has a day when that is proposed; null: nothing of its own.</param>
internal sealed record ProposedChange(int Variant, string MetaId, string Action, long? DailyBudgetCents, long? NowCents)
{
    public const string Pause = "pause";
    public const string Budget = "budget";

    /// <summary>What follows from a verdict: pause what is surely worse; of a winner, give it what all had. Nothing: keep all as it is.</summary>
    public static IReadOnlyList<ProposedChange> Of(Verdict verdict, IReadOnlyList<string> metaIds, IReadOnlyList<long?> dailyBudgetCents)
    {
        List<ProposedChange> changes = [.. verdict.Losers.Order().Select(loser => new ProposedChange(loser, metaIds[loser], Pause, null, dailyBudgetCents[loser]))];
        if (verdict is { Ending: ExperimentEnding.Winner, Winner: { } winner } && dailyBudgetCents.All(budget => budget is not null))
            changes.Add(new(winner, metaIds[winner], Budget, dailyBudgetCents.Sum(), dailyBudgetCents[winner]));
        return changes;
    }
}
