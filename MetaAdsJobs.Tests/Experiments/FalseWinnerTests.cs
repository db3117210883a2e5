using MathNet.Numerics.Distributions;
using MetaAdsJobs.Core.Experiments;
using MetaAdsJobs.Core.Experiments.Judging;
using MetaAdsJobs.Core.Experiments.Simulating;

namespace MetaAdsJobs.Tests.Experiments;

/// <summary>How often the judge is wrong, and how often it finds what there is, in markets whose truth is known.</summary>
[TestFixture]
public sealed class FalseWinnerTests
{
    private const int Experiments = 2000;
    private const int Looks = 28;

    // 5 %, and a point for the noise of 2,000 experiments.
    private const double Most = 0.06;

    private static readonly Market Stable = new();

    private static readonly TestCaseData[] Alike =
    [
        new TestCaseData(Stable, ExperimentMetric.CostPerResult).SetArgDisplayNames("stable, cost per result"),
        new TestCaseData(Stable, ExperimentMetric.ResultRate).SetArgDisplayNames("stable, result rate"),
        new TestCaseData(Stable, ExperimentMetric.ValuePerSpend).SetArgDisplayNames("stable, value per spend"),
        new TestCaseData(Stable with { ResultsADay = 80, OwnNoise = 0.15 }, ExperimentMetric.CostPerResult).SetArgDisplayNames("days of their own, cost per result"),
        new TestCaseData(Stable with { Weekend = 0.5, Drift = -0.02 }, ExperimentMetric.CostPerResult).SetArgDisplayNames("weekends and drift, cost per result"),
        new TestCaseData(Stable with { Weekend = 0.5, Drift = -0.02, ValueNoise = 2 }, ExperimentMetric.ValuePerSpend).SetArgDisplayNames("weekends and drift, value per spend"),
        new TestCaseData(Stable with { Better = [1, 1, 1, 1] }, ExperimentMetric.CostPerResult).SetArgDisplayNames("four alike, cost per result"),
    ];

    [TestCaseSource(nameof(Alike))]
    public void Of_2000_experiments_without_a_difference_one_in_twenty_finds_one_however_often_one_looks(Market market, string metric)
    {
        var rules = Rules(market, metric);
        var (random, wrong, ended, naive) = (new Random(20260302), 0, 0, 0);
        for (var nth = 0; nth < Experiments; nth++)
        {
            var numbers = market.Days(Looks, random);
            var looks = Enumerable.Range(0, Looks).Select(look => ExperimentJudge.Judge(rules, numbers, Market.FirstDay.AddDays(look), before: null)).ToList();
            // With every gate open, and with none asked but that of seven days.
            if (looks.Exists(verdict => verdict.Losers.Count > 0 && verdict.Days >= ExperimentRules.LeastDays)) wrong++;
            if (looks.Exists(verdict => verdict.Ending == ExperimentEnding.Winner)) ended++;
            if (looks.Exists(Naive)) naive++;
        }

        TestContext.Out.WriteLine($"losers {wrong / (double)Experiments:P1}, winners {ended / (double)Experiments:P1}, naive {naive / (double)Experiments:P1}");
        Assert.That(wrong / (double)Experiments, Is.LessThanOrEqualTo(Most));
        Assert.That(ended / (double)Experiments, Is.LessThanOrEqualTo(Most));
        Assert.That(naive / (double)Experiments, Is.GreaterThan(0.15), "the rule of a single look, at every look");
    }

    private static readonly TestCaseData[] Different =
    [
        new TestCaseData(Stable, ExperimentMetric.CostPerResult, 2).SetArgDisplayNames("cost per result"),
        new TestCaseData(Stable, ExperimentMetric.ResultRate, 2).SetArgDisplayNames("result rate"),
        new TestCaseData(Stable with { ValueNoise = 1 }, ExperimentMetric.ValuePerSpend, 2).SetArgDisplayNames("value per spend"),
        new TestCaseData(Stable, ExperimentMetric.CostPerResult, 3).SetArgDisplayNames("cost per result, three"),
    ];

    [TestCaseSource(nameof(Different))]
    public void A_variant_that_is_20_percent_better_is_found_by_the_planned_sample(Market market, string metric, int variants)
    {
        const int Weeks = 4;
        var truth = market with { Better = [.. Enumerable.Repeat(1.0, variants - 1), 1.2] };
        var planned = PlannedSample.ResultsFor(metric, 0.2, variants, market.ClickRate, 50);
        truth = truth with { ResultsADay = planned / (7 * Weeks) };
        var rules = Rules(truth, metric) with { MostDays = 7 * Weeks };
        var (random, found) = (new Random(20260303), 0);
        for (var nth = 0; nth < Experiments / 2; nth++)
        {
            var numbers = truth.Days(7 * Weeks, random);
            if (Enumerable.Range(0, 7 * Weeks).Select(look => ExperimentJudge.Judge(rules, numbers, Market.FirstDay.AddDays(look), before: null)).FirstOrDefault(verdict => verdict.Ending is not null) is { } end
                && end.Ending == ExperimentEnding.Winner && end.Winner == variants - 1) found++;
        }

        TestContext.Out.WriteLine($"planned {planned:0} results each; found {found / (Experiments / 2.0):P1}");
        Assert.That(found / (Experiments / 2.0), Is.GreaterThanOrEqualTo(0.75));
    }

    /// <summary>Meta gives more to whichever had more so far, weekends are better for all, and it drifts: what each spends goes with the days.</summary>
    [TestCase(ExperimentMetric.CostPerResult)]
    [TestCase(ExperimentMetric.ResultRate)]
    public void Of_ads_that_Meta_divides_its_money_among_as_it_likes_no_more_are_wrong(string metric)
    {
        var market = new Market { Follows = 3, Weekend = 1, Drift = -0.05, ResultsADay = 60, CommonNoise = 0.3 };
        var (rules, random, wrong, bySums) = (Rules(market, metric) with { AreAds = true }, new Random(20260305), 0, 0);
        for (var nth = 0; nth < Experiments; nth++)
        {
            var numbers = market.Days(Looks, random);
            if (IsWrong(rules, numbers)) wrong++;
            if (nth < Experiments / 4 && IsWrong(rules with { AreAds = false }, numbers)) bySums++;
        }

        TestContext.Out.WriteLine($"losers {wrong / (double)Experiments:P1}, by sums {4 * bySums / (double)Experiments:P1}");
        Assert.That(wrong / (double)Experiments, Is.LessThanOrEqualTo(Most));

        static bool IsWrong(ExperimentRules rules, ExperimentNumbers numbers) => Enumerable.Range(6, Looks - 6).Any(look => ExperimentJudge.Judge(rules, numbers, Market.FirstDay.AddDays(look), before: null).Losers.Count > 0);
    }

    [Test]
    public void An_ad_that_is_half_as_good_again_is_found_among_ads_of_one_ad_set()
    {
        var market = new Market { Follows = 2, Better = [1, 1.5] };
        var (rules, random, found, wrong) = (Rules(market, ExperimentMetric.CostPerResult) with { AreAds = true, MostDays = 2 * Looks }, new Random(20260306), 0, 0);
        for (var nth = 0; nth < Experiments / 4; nth++)
        {
            var numbers = market.Days(2 * Looks, random);
            if (Enumerable.Range(0, 2 * Looks).Select(look => ExperimentJudge.Judge(rules, numbers, Market.FirstDay.AddDays(look), before: null)).FirstOrDefault(verdict => verdict.Ending == ExperimentEnding.Winner) is not { } end) continue;
            if (end.Winner == 1) found++;
            else wrong++;
        }

        TestContext.Out.WriteLine($"found {found / (Experiments / 4.0):P1}");
        Assert.That(found / (Experiments / 4.0), Is.GreaterThanOrEqualTo(0.75));
        Assert.That(wrong, Is.Zero);
    }

    [Test]
    public void A_pixel_that_breaks_makes_no_winner_of_the_other_variant()
    {
        var rules = Rules(Stable, ExperimentMetric.CostPerResult);
        var (random, wrong) = (new Random(20260304), 0);
        for (var nth = 0; nth < Experiments / 4; nth++)
        {
            var numbers = (Stable with { BrokenPixel = (1, random.Next(3, 20)) }).Days(Looks, random);
            if (Enumerable.Range(0, Looks).Any(look => ExperimentJudge.Judge(rules, numbers, Market.FirstDay.AddDays(look), before: null) is { Ending: ExperimentEnding.Winner, Winner: 0 })) wrong++;
        }

        Assert.That(wrong / (Experiments / 4.0), Is.LessThanOrEqualTo(Most));
    }

    private static ExperimentRules Rules(Market market, string metric) => new()
    {
        Metric = metric, Variants = market.Better.Length, Smallest = 0.2, LeastResults = 50, AttributionDays = 0, MostDays = Looks,
        PlannedResults = PlannedSample.ResultsFor(metric, 0.2, market.Better.Length, market.ClickRate, 50),
    };

    // The usual z of two ratios, above 1.96 at any look.
    private static bool Naive(Verdict verdict) => verdict.Comparisons.Any(pair => pair.Effect is { } effect
        && Math.Abs(Math.Log(1 + effect)) > Normal.InvCDF(0, 1, 0.975) * Math.Sqrt((1 / verdict.Totals[pair.From].Results) + (1 / verdict.Totals[pair.To].Results)));
}
