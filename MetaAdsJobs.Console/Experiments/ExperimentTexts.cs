using System.Globalization;
using MetaAdsJobs.Console.Language;
using MetaAdsJobs.Console.Parts;
using MetaAdsJobs.Core.Experiments;
using MetaAdsJobs.Core.Experiments.Reading;
using Microsoft.Extensions.Localization;

namespace MetaAdsJobs.Console.Experiments;

/// <summary>Experiments in the reader's words, and how sure they are as a picture.</summary>
internal static class ExperimentTexts
{
    // Before much is known an interval has no end that could be drawn.
    private const double Widest = 3;

    public static readonly IReadOnlyDictionary<string, string> Metrics = new Dictionary<string, string>
    {
        [ExperimentMetric.CostPerResult] = "Cost per result", [ExperimentMetric.ResultRate] = "Results per link click", [ExperimentMetric.ValuePerSpend] = "Value per spend",
    };

    /// <summary>The sentence, and what is put into it, which may be words, too.</summary>
    public static string Says(ExperimentDetail of, IStringLocalizer<Words> texts, IStringLocalizer<Marks> marks)
    {
        var sentence = ExperimentWords.Of(of.Experiment, of.Comparisons, of.Gates, of.Plan.SmallestDifferencePercent);
        return texts[sentence.Form, [.. sentence.Values.Select(value => value is not string word ? value
            : ExperimentWords.WaitForms.Contains(word) || Ends.Contains(word) ? texts[word].Value
            // What a person has called something stays as they call it.
            : of.Experiment is { State: not "stopped", RunStatus: "failed" or "cancelled" } && word == of.Experiment.RunStatus ? marks[word].Value : word)]];
    }

    // As JudgeExperiments stops it by itself.
    private static readonly string[] Ends = ["its run, which has ended as failed", "its run, which has ended as cancelled"];

    // As CarryOutProposal tells them.
    private static readonly string[] Refusals = ["what was to be paused for it was not: {0}", "what was paused for it is on again: {0}", "the budget of {0}, which was to be given to it, has been changed since"];

    /// <summary>Why a change was not asked for.</summary>
    public static string Refusal(string why, IStringLocalizer<Words> texts) => texts.Told(why, Refusals);

    /// <summary>How it stands, as people say it.</summary>
    public static string StateOf(ExperimentSummary one) => one.State == "stopped" ? one.State : one.Ending switch
    {
        ExperimentEnding.NoDifference => "no difference",
        ExperimentEnding.NotEnough => "not enough data",
        { } ending => ending,
        null => one.State,
    };

    public static string Amount(ExperimentSummary one, double? amount) => amount switch
    {
        null => "–",
        { } value when one.Metric == ExperimentMetric.CostPerResult => NumbersFormat.Money((decimal)value, one.Currency),
        { } value when one.Metric == ExperimentMetric.ResultRate => Percent(value),
        { } value => value.ToString("0.00", CultureInfo.CurrentCulture),
    };

    public static string Percent(double? share) => share is { } value ? (100 * value).ToString("0.#", CultureInfo.CurrentCulture) + " %" : "–";

    public static string LevelOf(string level) => level == ExperimentLevel.Ad ? "ad" : "ad set";

    public static string Number(double? value) => value?.ToString("#,0.##", CultureInfo.CurrentCulture) ?? "–";

    /// <summary>What a gate found, and what it asks for; null where there is nothing to count.</summary>
    public static string? Found(ExperimentGate gate, IStringLocalizer<Words> texts) => gate switch
    {
        { Have: null } or { Need: null } => null,
        { Name: "full_days" or "shown_together" } => texts["days: {0}, at least {1}", Number(gate.Have), Number(gate.Need)].Value,
        { Name: "whole_weeks" } => texts["days of the last week: {0} of {1}", Number(gate.Have), Number(gate.Need)].Value,
        { Name: "results" } => texts["the fewest: {0}, at least {1}", Number(gate.Have), Number(gate.Need)].Value,
        { Name: "spend_share" } => texts["furthest off: {0}, planned {1}", Percent(gate.Have), Percent(gate.Need)].Value,
        { Name: "numbers_adding_up" } => texts["off by: {0}, at most {1}", Percent(gate.Have), Percent(gate.Need)].Value,
        { Name: "numbers_fresh" } => texts["days old: {0}, at most {1}", Number(gate.Have), Number(gate.Need)].Value,
        { Name: "results_arriving" } => texts["expected since the last one: {0}, at most {1}", Number(gate.Have), Number(gate.Need)].Value,
        _ => texts["days: {0} of {1}", Number(gate.Have), Number(gate.Need)].Value,
    };

    /// <summary>The same pair, told of whichever did better.</summary>
    public static ExperimentComparison BetterFirst(ExperimentComparison pair) => pair.Effect is null or >= 0 ? pair
        : pair with { From = pair.To, To = pair.From, Effect = Turned(pair.Effect), Low = Turned(pair.High), High = Turned(pair.Low) };

    private static double? Turned(double? share) => share is { } value ? (1 / (1 + value)) - 1 : null;

    /// <summary>Of each variant beside the first: by how much it is better, day by day, and within which limits that is sure.</summary>
    public static IEnumerable<ChartOf> Bands(IReadOnlyList<ExperimentHistory> history, IStringLocalizer<Words> texts)
    {
        // Of each day the last word; days on which nothing was judged anew are none.
        var nights = history.Where(night => night.Until is not null).GroupBy(night => night.Until!.Value).Select(same => same.Last()).OrderBy(night => night.Until).ToList();
        if (nights.Count == 0) return [];
        DateOnly[] days = [.. Enumerable.Range(0, nights[^1].Until!.Value.DayNumber - nights[0].Until!.Value.DayNumber + 1).Select(nights[0].Until!.Value.AddDays)];
        var byDay = nights.ToDictionary(night => night.Until!.Value);
        return nights[^1].BesideFirst.Select((pair, nth) => new ChartOf(texts["{0} beside {1}: better by", pair.To, pair.From], "percent", days,
        [
            new(texts["At least"], "dashed", 2, Values(nth, one => one.Low)), new(texts["At most"], "dashed", 2, Values(nth, one => one.High)), new(texts["As measured"], "line", 1, Values(nth, one => one.Effect)),
        ], [], []) { HasBand = true, IsSigned = true });

        IReadOnlyList<decimal?> Values(int nth, Func<ExperimentComparison, double?> of) =>
            [.. days.Select(day => byDay.TryGetValue(day, out var night) && night.BesideFirst[nth] is { High: < Widest } one ? (decimal?)of(one) : null)];
    }
}
