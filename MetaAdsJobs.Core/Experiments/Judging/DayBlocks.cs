using MetaAdsJobs.Core.Statistics;

namespace MetaAdsJobs.Core.Experiments.Judging;

/// <summary>
/// Two variants day by day. What is compared is a ratio of sums (results per spend, say), and its logarithm's variance is that of days, each of which counts as one: what a weekday or a holiday does to both falls out. For
/// counted results it is at least what chance alone does to so many. What days vary beyond that is known from few of them, and is made wider for it; value has nothing else.
/// </summary>
internal static class DayBlocks
{
    private const double Endless = 1e6;

    public static Comparison Compare(ExperimentRules rules, IReadOnlyList<ExperimentDay> days, IReadOnlyList<VariantNumbers> totals, int from, int to)
    {
        if (rules.AreAds) return CompareWithin(rules, days, from, to);
        var (a, b) = (Ratio(rules, totals[from]), Ratio(rules, totals[to]));
        if (!(a.Of > 0) || !(b.Of > 0) || !(a.Per > 0) || !(b.Per > 0) || days.Count < 2) return Nothing(from, to, null);
        var effect = Math.Log(b.Of / b.Per) - Math.Log(a.Of / a.Per);
        var blocks = 0.0;
        foreach (var day in days)
        {
            var (x, y) = (Ratio(rules, day.Variants[from]), Ratio(rules, day.Variants[to]));
            var off = ((y.Of - (b.Of / b.Per * y.Per)) / b.Of) - ((x.Of - (a.Of / a.Per * x.Per)) / a.Of);
            blocks += off * off;
        }

        blocks *= days.Count / (days.Count - 1.0);
        var chance = ByChance(rules, totals[from]) + ByChance(rules, totals[to]);
        return Conclude(rules, from, to, effect, chance, blocks, days.Count, totals[from].Results + totals[to].Results, ChanceAbove(rules, totals[from], totals[to], blocks <= chance));
    }

    /// <summary>
    /// Of ads of one ad set a day's money goes to whichever Meta likes that day, and days differ: their sums would tell the days apart. So each day's results are held against what they would be if both were alike, by what each spent
    /// that day (Mantel and Haenszel's ratio, with Greenland and Robins' variance). A day on which one of them was not shown says nothing.
    /// </summary>
    private static Comparison CompareWithin(ExperimentRules rules, IReadOnlyList<ExperimentDay> days, int from, int to)
    {
        List<(double For, double Against, double Chance)> shared = [];
        foreach (var day in days)
        {
            var (x, y) = (Ratio(rules, day.Variants[from]), Ratio(rules, day.Variants[to]));
            if (x.Per > 0 && y.Per > 0) shared.Add((y.Of * x.Per / (x.Per + y.Per), x.Of * y.Per / (x.Per + y.Per), (x.Of + y.Of) * x.Per * y.Per / Math.Pow(x.Per + y.Per, 2)));
        }

        var (above, below) = (shared.Sum(day => day.For), shared.Sum(day => day.Against));
        if (!(above > 0) || !(below > 0) || shared.Count < 2) return Nothing(from, to, null);
        var chance = shared.Sum(day => day.Chance) / (above * below);
        var blocks = shared.Sum(day => Math.Pow((day.For / above) - (day.Against / below), 2)) * shared.Count / (shared.Count - 1.0);
        // As many results as would tell so much if both had the same money.
        return Conclude(rules, from, to, Math.Log(above / below), chance, blocks, shared.Count, 4 / chance, null);
    }

    private static Comparison Nothing(int from, int to, double? effect) => new(from, to, effect, null, null, 1, null, null, null, 1);

    /// <param name="blocks">The variance as days show it.</param>
    /// <param name="known">Results that it rests on.</param>
    private static Comparison Conclude(ExperimentRules rules, int from, int to, double effect, double chance, double blocks, int days, double known, double? above)
    {
        var tuning = 2 * rules.PlannedResults;
        var alpha = ExperimentRules.Alpha / rules.Pairs;
        var deviations = AlwaysValid.Deviations(known, tuning, alpha);
        // What is known from few days is known badly.
        var wider = Students.FromNormal(deviations, days - 1) / deviations;
        var variance = chance + (Math.Max(0, blocks - chance) * wider * wider);
        if (!(variance > 0)) return Nothing(from, to, Math.Exp(effect) - 1);
        var half = deviations * Math.Sqrt(variance);
        var belief = GaussianBelief.After(effect, variance);
        return new(from, to, Math.Exp(effect) - 1, Math.Exp(effect - half) - 1, Told(Math.Exp(effect + half) - 1), AlwaysValid.P(effect / Math.Sqrt(variance), known, tuning, alpha),
            above ?? belief.ChanceAbove, Told(belief.LossOfTaking), Told(belief.LossOfLeaving), chance > 0 ? Math.Max(1, blocks / chance) : 1);
    }

    // Of the first days there may be no end that says anything, or that could be written down.
    private static double? Told(double value) => Math.Abs(value) < Endless ? value : null;

    /// <summary>What is compared: more is better.</summary>
    public static double Of(ExperimentRules rules, VariantNumbers numbers)
    {
        var (of, per) = Ratio(rules, numbers);
        return per > 0 ? of / per : 0;
    }

    private static (double Of, double Per) Ratio(ExperimentRules rules, VariantNumbers one) => rules.Metric switch
    {
        ExperimentMetric.ResultRate => (one.Results, one.LinkClicks),
        ExperimentMetric.ValuePerSpend => (one.Value, one.Spend),
        _ => (one.Results, one.Spend),
    };

    // Of a click there is a result or none; of money there may be any number.
    private static double ByChance(ExperimentRules rules, VariantNumbers total) => rules.Metric switch
    {
        ExperimentMetric.ResultRate => Math.Max(0, 1 - Math.Min(1, total.Results / total.LinkClicks)) / total.Results,
        ExperimentMetric.CostPerResult => 1 / total.Results,
        _ => 0,
    };

    private static double? ChanceAbove(ExperimentRules rules, VariantNumbers from, VariantNumbers to, bool isByChance) => !isByChance ? null : rules.Metric switch
    {
        ExperimentMetric.ResultRate => BetaRate.After(to.Results, to.LinkClicks).ChanceAbove(BetaRate.After(from.Results, from.LinkClicks)),
        ExperimentMetric.CostPerResult => GammaRate.After(to.Results, to.Spend).ChanceAbove(GammaRate.After(from.Results, from.Spend)),
        _ => null,
    };
}
