using MetaAdsJobs.Core.Statistics;

namespace MetaAdsJobs.Core.Experiments.Judging;

/// <summary>
/// What stored numbers say: a pure function, the same at night, in a trial and in the simulated market. A winner is a variant that is surely better than every other; nothing is decided while a gate is shut.
/// </summary>
internal static class ExperimentJudge
{
    /// <param name="until">The last day to count, at most; null: all that can.</param>
    /// <param name="before">The verdict that was stored last.</param>
    public static Verdict Judge(ExperimentRules rules, ExperimentNumbers numbers, DateOnly? until, Verdict? before)
    {
        var first = before?.Since ?? numbers.First;
        var closed = numbers.Days.Where(day => day.Day >= first && day.IsClosed(rules.AttributionDays)).ToList();
        var last = closed.Count == 0 ? (DateOnly?)null : closed[^1].Day;
        if (last >= first?.AddDays(rules.MostDays)) last = first.Value.AddDays(rules.MostDays - 1);
        var isLatest = !(until < last);
        if (!isLatest) last = until;
        List<ExperimentDay> counted = [.. numbers.Days.Where(day => day.Day >= first && day.Day <= last)];
        var days = last is null ? 0 : last.Value.DayNumber - first!.Value.DayNumber + 1;
        VariantNumbers[] totals = [.. Enumerable.Range(0, rules.Variants).Select(nth => counted.Aggregate(default(VariantNumbers), (sum, day) => sum + day.Variants[nth]))];
        var restatedOn = IsRestated(rules, counted, before) ? numbers.Today : before?.RestatedOn;
        IReadOnlyList<Gate> gates = Gates(rules, numbers, counted, days, totals, restatedOn);
        var pairs = Compare(rules, counted, totals);
        int? leader = totals.All(total => DayBlocks.Of(rules, total) <= 0) ? null : Enumerable.Range(0, rules.Variants).MaxBy(nth => rules.AreAds ? Ahead(pairs, nth) : DayBlocks.Of(rules, totals[nth]));
        List<int> losers = leader is not { } best ? [] : [.. Enumerable.Range(0, rules.Variants).Where(nth => nth != best && IsBetter(pairs, best, nth))];
        // What Meta has changed today has to settle first, as at any other time.
        var isOverdue = isLatest && gates.Single(gate => gate.Name == Gate.Settled).IsOpen && numbers.Today > numbers.ShownFrom?.AddDays(rules.MostDays + rules.AttributionDays + ExperimentRules.MostDaysLate);
        var (ending, winner) = End(rules, gates, days, pairs, leader, losers, isOverdue);
        // Of numbers that are old, lack something, or are of what was something else before, no loser is made.
        if (ending == ExperimentEnding.NotEnough && gates.Any(gate => !gate.IsOpen && (gate.IsOfNumbers || gate.Name == Gate.Unchanged))) losers = [];
        return new()
        {
            Since = last is null ? null : first, Until = last, Days = days, Ending = ending, Winner = winner, Leader = leader, Losers = losers, Gates = gates, Totals = totals, Comparisons = pairs, RestatedOn = restatedOn,
            Numbers = counted,
        };
    }

    /// <summary>The days up to which there is something new to say, in their order: a night that makes up for missed ones says of each day what would have been said then.</summary>
    public static IReadOnlyList<DateOnly?> Looks(ExperimentRules rules, ExperimentNumbers numbers, Verdict? before)
    {
        var all = Judge(rules, numbers, until: null, before);
        if (all.Until is not { } last || all.Since is not { } first) return [null];
        var next = before?.Until?.AddDays(1) ?? first;
        return next > last ? [last] : [.. Enumerable.Range(0, last.DayNumber - next.DayNumber + 1).Select(nth => (DateOnly?)next.AddDays(nth))];
    }

    private static (string? Ending, int? Winner) End(ExperimentRules rules, IReadOnlyList<Gate> gates, int days, List<Comparison> pairs, int? leader, List<int> losers, bool isOverdue)
    {
        if (gates.All(gate => gate.IsOpen))
        {
            if (losers.Count == rules.Variants - 1) return (ExperimentEnding.Winner, leader);
            if (pairs.Where(pair => !losers.Contains(pair.From) && !losers.Contains(pair.To)).All(pair => pair.IsWithin(rules.Smallest))) return (ExperimentEnding.NoDifference, null);
        }

        // What never comes, such as a variant that Meta never shows, or a day that it never tells, is not waited for without end.
        return isOverdue || (days >= rules.MostDays && gates.All(gate => gate.IsOpen || !gate.IsOfNumbers)) ? (ExperimentEnding.NotEnough, null) : (null, null);
    }

    private static List<Comparison> Compare(ExperimentRules rules, List<ExperimentDay> counted, VariantNumbers[] totals)
    {
        List<Comparison> pairs = [];
        for (var from = 0; from < rules.Variants; from++)
            for (var to = from + 1; to < rules.Variants; to++)
                pairs.Add(DayBlocks.Compare(rules, counted, totals, from, to));
        var adjusted = Holm.Adjust([.. pairs.Select(pair => pair.P)]);
        return [.. pairs.Select((pair, nth) => pair with { P = adjusted[nth] })];
    }

    private static bool IsBetter(List<Comparison> pairs, int one, int other) => pairs.Exists(pair => pair.P < ExperimentRules.Alpha
        && ((pair.To == one && pair.From == other && pair.Effect > 0) || (pair.From == one && pair.To == other && pair.Effect < 0)));

    // Of ads sums say nothing: by how much it is better than the others, each held against it day by day.
    private static double Ahead(List<Comparison> pairs, int nth) => pairs.Sum(pair => pair.To == nth ? Math.Log(1 + (pair.Effect ?? 0)) : pair.From == nth ? -Math.Log(1 + (pair.Effect ?? 0)) : 0);

    private static List<Gate> Gates(ExperimentRules rules, ExperimentNumbers numbers, List<ExperimentDay> counted, int days, VariantNumbers[] totals, DateOnly? restatedOn)
    {
        var fewest = totals.Min(total => total.Results);
        var spend = totals.Sum(total => total.Spend);
        var furthest = spend > 0 ? totals.Select(total => total.Spend / spend).MaxBy(share => Math.Abs(share - (1.0 / rules.Variants))) : 0;
        var (age, differs) = (Age(rules, numbers), numbers.DifferenceOn(counted));
        var silent = Enumerable.Range(0, rules.Variants).Max(nth => Lacking(counted, nth));
        var together = counted.Count(day => day.Variants.All(one => one.Spend > 0));
        var whole = counted.Count(day => day.IsWhole);
        var closed = counted.Count(day => day.IsClosed(rules.AttributionDays));
        return
        [
            new(Gate.FullDays, days >= ExperimentRules.LeastDays, days, ExperimentRules.LeastDays),
            // Of the week that is counted last: a whole one has seven.
            new(Gate.WholeWeeks, days > 0 && days % 7 == 0, days == 0 ? 0 : ((days - 1) % 7) + 1, 7),
            new(Gate.Results, fewest >= rules.LeastResults, fewest, rules.LeastResults),
            new(Gate.Attribution, days > 0 && closed == counted.Count, closed, days),
            rules.AreAds ? new(Gate.ShownTogether, together >= ExperimentRules.LeastDays, together, ExperimentRules.LeastDays)
                : new(Gate.SpendShare, Math.Abs((furthest * rules.Variants) - 1) <= ExperimentRules.ShareTolerance, furthest, 1.0 / rules.Variants),
            new(Gate.Fresh, age <= 1, age, 1),
            new(Gate.Complete, days > 0 && whole == days, whole, days),
            new(Gate.AddingUp, differs <= ExperimentRules.MostDifference, differs, ExperimentRules.MostDifference),
            new(Gate.Settled, restatedOn is null || restatedOn < numbers.Today, null, null),
            new(Gate.Unchanged, counted.Count == 0 || numbers.ChangedOn?.Any(day => day >= counted[0].Day && day <= counted[^1].Day) != true, null, null),
            new(Gate.Arriving, silent <= ExperimentRules.MostSilent, silent, ExperimentRules.MostSilent),
            new(Gate.Comparable, numbers.IsComparable, null, null),
        ];
    }

    // Every night reads at least the days whose window is open; somebody who has some old day read again makes nothing fresh.
    private static int? Age(ExperimentRules rules, ExperimentNumbers numbers)
    {
        if (numbers.Days.Count == 0) return null;
        var recent = numbers.Days.Where(day => day.Day >= numbers.Today.AddDays(-rules.AttributionDays - 2)).ToList();
        return numbers.Today.DayNumber - (recent.Count > 0 ? recent.Min(day => day.ReadOn) : numbers.Days.Max(day => day.Day)).DayNumber;
    }

    // The results that would have come since the last one, at the rate until then.
    private static double Lacking(List<ExperimentDay> counted, int nth)
    {
        var last = counted.FindLastIndex(day => day.Variants[nth].Results > 0);
        var (until, since) = (Sum(counted[..(last + 1)], nth), Sum(counted[(last + 1)..], nth));
        return until.Spend > 0 ? until.Results / until.Spend * since.Spend : 0;
    }

    private static VariantNumbers Sum(List<ExperimentDay> days, int nth) => days.Aggregate(default(VariantNumbers), (sum, day) => sum + day.Variants[nth]);

    // Of what was counted the last time: some other night may come before what Meta has changed is believed.
    private static bool IsRestated(ExperimentRules rules, List<ExperimentDay> counted, Verdict? before)
    {
        if (before is null || before.Numbers.Count == 0) return false;
        var now = counted.ToDictionary(day => day.Day);
        var until = counted.Count == 0 ? DateOnly.MinValue : counted[^1].Day;
        var same = before.Numbers.Where(day => day.Day <= until).Select(day => (Was: day, Is: now.GetValueOrDefault(day.Day))).ToList();
        return Enumerable.Range(0, rules.Variants).Any(nth => Moved(nth, one => one.Results) || Moved(nth, one => one.Spend) || Moved(nth, one => one.LinkClicks) || Moved(nth, one => one.Value));

        // Day by day: what is taken from one day and put down to another has changed twice.
        bool Moved(int nth, Func<VariantNumbers, double> of) => same.Sum(day => Math.Abs((day.Is is { } isNow ? of(isNow.Variants[nth]) : 0) - of(day.Was.Variants[nth])))
            > ExperimentRules.RestatedTolerance * Math.Max(same.Sum(day => Math.Abs(of(day.Was.Variants[nth]))), 1e-9);
    }
}
