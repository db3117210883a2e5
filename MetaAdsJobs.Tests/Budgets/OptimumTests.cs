using MetaAdsJobs.Core.Budgets.Deciding;

namespace MetaAdsJobs.Tests.Budgets;

/// <summary>How an amount is best divided, by values that were worked out elsewhere.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
public sealed class OptimumTests
{
    private static readonly double[] Rates = [1, 2, 3];

    [TestCase(new double[] { 0, 0, 0 }, new double[] { 140, 140, 140 }, new double[] { 10, 40, 90 }, 44.27188724)]
    [TestCase(new double[] { 0, 0, 0 }, new double[] { 140, 140, 60 }, new double[] { 16, 64, 60 }, 43.23790008)]
    [TestCase(new[] { 140 / 3.0 * 0.8, 140 / 3.0 * 0.8, 140 / 3.0 * 0.8 }, new[] { 56.0, 56, 56 }, new[] { 112 / 3.0, 140 / 3.0, 56 }, 42.22264627)]
    public void The_last_unit_brings_the_same_everywhere_where_no_bound_holds(double[] least, double[] most, double[] best, double results)
    {
        var spends = Optimum.Of(Rates, 0.5, 140, least, most);
        Assert.That(spends, Is.EqualTo(best).Within(1e-9));
        Assert.That(spends.Select((spend, i) => Optimum.Results(Rates[i], 0.5, spend)).Sum(), Is.EqualTo(results).Within(5e-9));
    }

    [Test]
    public void An_equal_split_brings_less() => Assert.That(Rates.Sum(rate => Optimum.Results(rate, 0.5, 140 / 3.0)), Is.EqualTo(40.98780306).Within(5e-9));

    // What nothing is known to bring gets its least, and nothing is lost where all is at a bound, or the rates lie as far apart as can be.
    [TestCase(new double[] { 0, 2, 3 }, 0.7, 100, new double[] { 5, 0, 0 })]
    [TestCase(new double[] { 0, 0, 0 }, 0.7, 100, new double[] { 5, 10, 0 })]
    [TestCase(new[] { 1e-12, 1, 1e12 }, 0.95, 100, new double[] { 1, 1, 1 })]
    public void All_of_it_is_divided_whatever_the_rates_are(double[] rates, double exponent, double total, double[] least)
    {
        var spends = Optimum.Of(rates, exponent, total, least, [80, 80, 80]);
        Assert.That(spends.Sum(), Is.EqualTo(total).Within(1e-9));
        Assert.That(spends, Has.All.LessThanOrEqualTo(80));
        if (rates[0] == 0 && rates[1] > 0) Assert.That(spends[0], Is.EqualTo(least[0]));
    }

    [Test]
    public void Beyond_the_bounds_it_is_as_near_as_they_allow()
    {
        Assert.That(Optimum.Of(Rates, 0.5, 500, [0, 0, 0], [60, 60, 60]), Is.EqualTo(new double[] { 60, 60, 60 }));
        Assert.That(Optimum.Of(Rates, 0.5, 10, [20, 20, 20], [60, 60, 60]), Is.EqualTo(new double[] { 20, 20, 20 }));
    }

    [TestCase(new[] { 33.4, 33.3, 33.3 }, 100, new long[] { 34, 33, 33 })]
    [TestCase(new[] { 33.3, 33.4, 33.3 }, 100, new long[] { 33, 34, 33 })]
    [TestCase(new[] { 33.35, 33.35, 33.3 }, 100, new long[] { 34, 33, 33 })]
    [TestCase(new[] { 15.9999999999, 64.0000000001, 60 }, 140, new long[] { 16, 64, 60 })]
    [TestCase(new[] { 10.0, 10, 10 }, 27, new long[] { 9, 9, 9 })]
    [TestCase(new[] { 10.0, 10, 10 }, 40, new long[] { 18, 11, 11 })]
    public void Whole_units_add_up_to_the_last_one(double[] amounts, long total, long[] units) =>
        Assert.That(WholeUnits.Of(amounts, total, [0, 0, 0], [100, 100, 100]), Is.EqualTo(units));

    [Test]
    public void Amounts_beyond_what_a_double_counts_singly_add_up_too()
    {
        const long Total = 9_007_199_254_740_993;
        Assert.That(WholeUnits.Of([Total / 2.0, Total / 2.0], Total, [0, 0], [Total, Total]).Sum(), Is.EqualTo(Total));
    }
}
