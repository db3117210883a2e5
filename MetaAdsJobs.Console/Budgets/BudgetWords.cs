using System.Globalization;
using MetaAdsJobs.Console.Language;
using MetaAdsJobs.Console.Parts;
using MetaAdsJobs.Core.Budgets.Deciding;
using MetaAdsJobs.Core.Budgets.Pools;
using MetaAdsJobs.Core.Budgets.Reading;
using Microsoft.Extensions.Localization;

namespace MetaAdsJobs.Console.Budgets;

/// <summary>What pools decide and why, in the reader's words.</summary>
internal static class BudgetWords
{
    private static readonly Dictionary<string, string> Reasons = new()
    {
        ["stale"] = "The numbers of yesterday are not there.", ["incomplete"] = "A day of the last week was not read whole.", ["syncing"] = "Its numbers are just being read.",
        ["differing"] = "The ads do not add up to Meta's own sum of the account.", ["unreconciled"] = "Meta has not told its own sum of the account for a day of the last week.", ["restated"] = "Meta has just restated much of older days.", ["frozen"] = "It is a time at which nothing is raised.",
        ["stopped"] = "The stop switch is on.", ["under_way"] = "The proposal before is still being carried out.", ["goals_differ"] = "Its members do not count the same results.",
        ["too_few"] = "Fewer than two of its members may be moved.", ["no_results"] = "There were no results to judge by.", ["bounds_do_not_fit"] = "The bounds leave no way to divide the sum.",
        ["small_gain"] = "Too little is to be won.", ["unsure"] = "Too little is known to be sure of a gain.", ["gone"] = "It has ended.", ["paused"] = "It is switched off.", ["no_daily_budget"] = "It has no budget for a day.",
        ["experiment"] = "It is part of an experiment.", ["being_changed"] = "A change of it is under way.", ["changed_by_hand"] = "Somebody has changed it within 48 hours.", ["once_a_day"] = "It was moved today already.",
        ["learning"] = "Meta is still learning: fewer than 50 results since its last big change.", ["no_spend"] = "It spends nothing.", ["withheld"] = "Meta withholds numbers of it.",
        ["tracking_silent"] = "It spends and tells of no results: its tracking seems broken.", ["out_of_bounds"] = "Its bounds lie further away than a day's step.", ["step"] = "A day's step.", ["least"] = "Its least.", ["most"] = "Its most.",
        ["meta_minimum"] = "Meta's least for a day.", ["cap"] = "The cap.", ["spends_less"] = "It does not spend what it has.", ["overspends"] = "It spends more than it has.",
    };

    private static readonly Dictionary<string, string> PacingReasons = new()
    {
        ["first_day"] = "Its first day is not over.", ["stale"] = "The numbers of yesterday are not there.", ["withheld"] = "Meta withholds numbers of it.", ["budget_raised"] = "Its budget was raised.",
        ["budget_lowered"] = "Its budget was lowered.", ["catching_up"] = "It is catching up.", ["slowing_down"] = "It is slowing down.", ["days_without_spend"] = "It did not spend on some days.",
        ["spends_less"] = "It spends too little a day.", ["spends_more"] = "It spends too much a day.",
    };

    public static string Why(IEnumerable<string> why, IStringLocalizer<Words> texts) => string.Join(' ', why.Select(one => Reasons.TryGetValue(one, out var text) ? texts[text].Value : one));

    // As CarryOutProposals tells them.
    private static readonly string[] Ends = ["{0} of {1} changes were not made", "changed since: {0}", "its numbers do not bear it any more: {0}"];

    /// <summary>Why a proposal ended as it did, or one of its changes was not made.</summary>
    public static string Ended(string why, IStringLocalizer<Words> texts) => texts.Told(why, Ends, value => string.Join(' ', value.Split(", ").Select(one => Reasons.TryGetValue(one, out var text) ? texts[text].Value : one)));

    // As PoolsOfUsers tells them.
    private static readonly string[] Losses = ["{0} may no longer do what it does", "the key by which it was made to act was revoked", "the key by which it was made to act has expired"];

    /// <summary>Why a pool asks although it was to act.</summary>
    public static string Lost(string why, IStringLocalizer<Words> texts) => texts.Told(why, Losses);

    public static string LevelOf(string level) => level == BudgetPool.AdSets ? "ad set" : level;

    public static string StateOf(string state) => state == "none" ? "nothing proposed" : state;

    public static string PacingOf(string state) => state switch
    {
        "on_plan" => "on plan",
        "not_begun" => "not begun",
        _ => state,
    };

    public static string Pacing(Pacing pacing, string currency, IStringLocalizer<Words> texts) => string.Join(' ', new[]
    {
        pacing.Percent is { } percent ? texts["{0} % of an even spend", percent.ToString("0.#", CultureInfo.CurrentCulture)].Value : null, pacing.Why is { } why && PacingReasons.TryGetValue(why, out var reason) ? texts[reason].Value : null,
        pacing.NeededPerDay is { } needed ? texts["{0} a day are needed, {1} are spent.", NumbersFormat.Money(needed, currency), NumbersFormat.Money(pacing.RecentPerDay, currency)].Value : null,
    }.OfType<string>());

    public static string Money(long? cents, string currency) => NumbersFormat.Money(cents / 100m, currency);

    public static string Number(double? value) => value?.ToString("#,0.##", CultureInfo.CurrentCulture) ?? "–";

    public static string Percent(double? value) => value is { } percent ? $"{percent.ToString("0.#", CultureInfo.CurrentCulture)} %" : "–";

    /// <summary>By how much a budget changes, with its sign.</summary>
    public static string Change(long? now, long? proposed) => now is > 0 && proposed != now ? ((proposed!.Value - now.Value) * 100m / now.Value).ToString("+0.#;−0.#", CultureInfo.CurrentCulture) + " %" : "";

    /// <summary>What was to be expected of each day, and what came.</summary>
    /// <param name="nights">Newest first.</param>
    public static ChartOf? Chart(IReadOnlyList<BudgetProposal> nights, IStringLocalizer<Words> texts)
    {
        // Of a day on which it was decided twice, the last counts.
        var byDay = nights.Where(night => night.State != "void").GroupBy(night => night.Day).ToDictionary(same => same.Key, same => same.First());
        if (byDay.Count < 2) return null;
        var (first, last) = (byDay.Keys.Min(), byDay.Keys.Max());
        var days = Enumerable.Range(0, last.DayNumber - first.DayNumber + 1).Select(first.AddDays).ToList();
        IReadOnlyList<decimal?> Of(Func<BudgetProposal, decimal?> value) => [.. days.Select(day => byDay.TryGetValue(day, out var night) ? value(night) : null)];
        return new(texts["Results a day: expected, and what came"], "count", days,
            [new(texts["Expected"], "dashed", 2, Of(night => night.Expected > 0 ? Math.Round((decimal)night.Expected, 1) : null)), new(texts["What came"], "line", 1, Of(night => night.ObservedResults))], [], []);
    }
}
