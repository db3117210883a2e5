using System.Globalization;

namespace MetaAdsJobs.Core.Experiments.Reading;

/// <summary>A sentence, and what is put into it: whoever has other words for it looks them up by its form.</summary>
public sealed record Sentence(string Form, params object[] Values)
{
    public override string ToString() => string.Format(CultureInfo.InvariantCulture, Form, Values);
}

/// <summary>What an experiment says, in plain words.</summary>
public static class ExperimentWords
{
    private const string OfAdSets =
        "Each variant is an ad set of its own, and Meta decides who sees it: this tells which works better as Meta delivers it, not whether the variant itself or the people it was shown to made the difference. Only Meta's own split assigns people at random.";

    private const string OfAds =
        "The variants are ads of one ad set, and Meta gives each of them as much of its budget as it likes, more and more to whichever it expects to do better: this tells which had more results for the same money on the same days among the people Meta chose for it, and nothing of one that it hardly shows.";

    /// <summary>What such a test can tell, and what it cannot.</summary>
    public static string LimitsOf(string level) => level == ExperimentLevel.Ad ? OfAds : OfAdSets;

    public static readonly IReadOnlyDictionary<string, string> Gates = new Dictionary<string, string>
    {
        ["full_days"] = "Seven full days", ["whole_weeks"] = "Whole weeks", ["results"] = "Enough results of each variant", ["attribution_closed"] = "Attribution window closed", ["spend_share"] = "Spend shared as planned", ["shown_together"] = "Seven days on which all were shown",
        ["numbers_fresh"] = "Numbers are fresh", ["numbers_complete"] = "Numbers are complete", ["numbers_adding_up"] = "Ads add up to Meta's own sum", ["numbers_settled"] = "Numbers have settled", ["variants_unchanged"] = "Variants stayed as they were", ["results_arriving"] = "Results keep coming", ["results_comparable"] = "Results are of one kind",
    };

    private static readonly Dictionary<string, string> Waits = new()
    {
        ["full_days"] = "fewer than seven full days count so far", ["whole_weeks"] = "it is decided at the end of whole weeks only", ["results"] = "a variant has too few results",
        ["attribution_closed"] = "results may still be put down to its days", ["spend_share"] = "the variants have not spent alike", ["shown_together"] = "there are fewer than seven days on which Meta showed all of them", ["numbers_fresh"] = "its numbers are old", ["numbers_complete"] = "days are missing or not whole", ["numbers_adding_up"] = "the account's ads do not add up to what Meta says of it",
        ["numbers_settled"] = "Meta changed today what had been counted", ["variants_unchanged"] = "a variant was changed on the days that count", ["results_arriving"] = "a variant spends and has stopped having results: look at its pixel", ["results_comparable"] = "the variants count different things as results",
    };

    /// <summary>Why an experiment waits while that gate is shut.</summary>
    public static string WaitOf(string gate) => Waits[gate];

    /// <summary>Sentences that say why an experiment waits, for whoever translates them.</summary>
    public static IEnumerable<string> WaitForms => Waits.Values;

    public static Sentence Of(ExperimentSummary one, IReadOnlyList<ExperimentComparison> comparisons, IReadOnlyList<ExperimentGate> gates, double smallestPercent) => one switch
    {
        { State: "stopped" } => new("It was stopped by {0}; nothing more is judged.", one.StoppedBy ?? "-"),
        { RunStatus: "failed" or "cancelled" } => new("Its ads were not made: the run has ended as {0}.", one.RunStatus),
        { Ending: ExperimentEnding.Winner, Winner: { } winner } when Least(winner, comparisons) is > 0.0005 and var least => new("{0} wins: at least {1:0.#} % better than the next one, after {2} days.", winner, 100 * least, one.Days),
        // What is decided for all pairs together may be surer than each interval shows.
        { Ending: ExperimentEnding.Winner, Winner: { } winner } => new("{0} wins: it is better than every other, and nobody can tell yet by how much, after {1} days.", winner, one.Days),
        { Ending: ExperimentEnding.NoDifference } => new("There is no difference worth knowing: whatever there is, is smaller than {0:0.#} %, after {1} days.", smallestPercent, one.Days),
        { Ending: ExperimentEnding.NotEnough } => new("It cannot be told: {0} days were not enough.", one.Days),
        { Days: 0 } => new("No day counts yet: the first is the one after all variants were shown, once nothing more can be put down to it."),
        _ when gates.FirstOrDefault(gate => !gate.IsOpen) is { } shut => new("Keep waiting: {0}.", Waits[shut.Name]),
        _ => new("Keep waiting: after {0} days it cannot be told yet.", one.Days),
    };

    private static double? Least(string winner, IReadOnlyList<ExperimentComparison> comparisons) => comparisons
        .Select(pair => pair.To == winner ? pair.Low : pair.From == winner ? (1 / (1 + pair.High)) - 1 : null).Min();
}
