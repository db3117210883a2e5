using MetaAdsJobs.Core.Experiments.Judging;

namespace MetaAdsJobs.Core.Experiments.Proposing;

/// <summary>Something to be done to a variant's ad set.</summary>
/// <param name="DailyBudgetCents">Of a budget; null of a pause.</param>
internal sealed record ProposedChange(int Variant, string MetaId, string Action, long? DailyBudgetCents)
{
    public const string Pause = "pause";
    public const string Budget = "budget";

    /// <summary>What follows from a verdict: pause what is surely worse; of a winner, give it what all had. Nothing: keep all as it is.</summary>
    public static IReadOnlyList<ProposedChange> Of(Verdict verdict, IReadOnlyList<string> adSets, IReadOnlyList<long?> dailyBudgetCents)
    {
        List<ProposedChange> changes = [.. verdict.Losers.Order().Select(loser => new ProposedChange(loser, adSets[loser], Pause, null))];
        if (verdict is { Ending: ExperimentEnding.Winner, Winner: { } winner } && dailyBudgetCents.All(budget => budget is not null))
            changes.Add(new(winner, adSets[winner], Budget, dailyBudgetCents.Sum()));
        return changes;
    }
}
