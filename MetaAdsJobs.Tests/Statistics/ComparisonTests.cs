using CsCheck;
using MathNet.Numerics;
using MathNet.Numerics.Distributions;
using MetaAdsJobs.Core.Statistics;

namespace MetaAdsJobs.Tests.Statistics;

/// <summary>What holds for all numbers.</summary>
[TestFixture]
public sealed class ComparisonTests
{
    private static readonly Gen<BetaRate> Rates = Gen.Select(Gen.Double[0.5, 2000], Gen.Double[0.5, 20000], (a, b) => new BetaRate(a, b));
    private static readonly Gen<GammaRate> GammaRates = Gen.Select(Gen.Double[0.5, 5000], Gen.Double[1, 1e6], (a, b) => new GammaRate(a, b));
    private static readonly Gen<int> Whole = Gen.Int[1, 300];

    [Test]
    public void One_of_two_rates_is_above_the_other() =>
        Gen.Select(Rates, Rates).Sample((a, b) => Math.Abs(a.ChanceAbove(b) + b.ChanceAbove(a) - 1) < 1e-9, iter: 200);

    /// <summary>One of which much is known beside one of which nothing is.</summary>
    [TestCase(642, 15258, 4.436490631764428, 132)]
    [TestCase(5000, 100000, 2, 3)]
    public void The_narrower_of_two_rates_is_not_stepped_over(double a, double b, double toA, double toB) =>
        Assert.That(new BetaRate(a, b).ChanceAbove(new(toA, toB)) + new BetaRate(toA, toB).ChanceAbove(new(a, b)), Is.EqualTo(1).Within(1e-9));

    [Test]
    public void Losses_differ_by_what_the_rates_differ() => Gen.Select(Rates, Rates).Sample((a, b) =>
        a.LossAgainst(b) > -1e-9 && b.LossAgainst(a) > -1e-9 && Math.Abs(a.LossAgainst(b) - b.LossAgainst(a) - (b.Mean - a.Mean)) < 1e-8, iter: 100);

    [Test]
    public void Losses_of_rates_by_exposure_differ_by_what_the_rates_differ() => Gen.Select(GammaRates, GammaRates).Sample((a, b) =>
        Math.Abs(a.ChanceAbove(b) + b.ChanceAbove(a) - 1) < 1e-9 && Math.Abs(a.LossAgainst(b) - b.LossAgainst(a) - (b.Mean - a.Mean)) < 1e-8 * (a.Mean + b.Mean), iter: 300);

    /// <summary>The sum runs to alpha - 1 inclusive: a public copy of it is one term short.</summary>
    [Test]
    public void Whole_numbers_give_what_the_closed_form_gives() => Gen.Select(Whole, Whole, Whole, Whole).Sample((a, b, toA, toB) =>
    {
        var sum = Enumerable.Range(0, toA).Sum(i => Math.Exp(LogBeta(a + i, b + toB) - Math.Log(toB + i) - LogBeta(1 + i, toB) - LogBeta(a, b)));
        return Math.Abs(new BetaRate(toA, toB).ChanceAbove(new(a, b)) - sum) < 1e-9;
    }, iter: 100);

    [Test]
    public void Millions_of_tries_are_compared_like_the_normal_distribution_they_are()
    {
        var (a, b) = (BetaRate.After(50_000, 5_000_000), BetaRate.After(50_300, 5_000_000));
        var z = (b.Mean - a.Mean) / Math.Sqrt((a.Mean * (1 - a.Mean) / 5e6) + (b.Mean * (1 - b.Mean) / 5e6));

        Assert.That(b.ChanceAbove(a), Is.EqualTo(0.5 * SpecialFunctions.Erfc(-z / Math.Sqrt(2))).Within(1e-4));
    }

    [Test]
    public void An_interval_leaves_nothing_out_exactly_when_the_evidence_is_not_enough() => Gen.Select(Gen.Double[-8, 8], Gen.Double[1, 1e6], Gen.Double[1, 1e6]).Sample((z, known, tuning) =>
    {
        var edge = AlwaysValid.Deviations(known, tuning, 0.05);
        return Math.Abs(Math.Abs(z) - edge) < 1e-9 || AlwaysValid.P(z, known, tuning, 0.05) < 0.05 == Math.Abs(z) > edge;
    });

    [Test]
    public void Evidence_with_more_digits_than_a_number_has_is_no_trouble()
    {
        Assert.That(AlwaysValid.LogEvidence(100, 1e6, 1e6, 0.05), Is.GreaterThan(4000));
        Assert.That(AlwaysValid.P(100, 1e6, 1e6, 0.05), Is.Zero);
    }

    [Test]
    public void A_prior_draws_an_effect_towards_it()
    {
        var belief = GaussianBelief.After(0.4, 0.04, new(0, 0.2));

        Assert.That(belief.Mean, Is.EqualTo(0.2).Within(1e-12));
        Assert.That(belief.Deviation, Is.EqualTo(Math.Sqrt(0.02)).Within(1e-12));
    }

    [TestCase(6, 2.0)]
    [TestCase(13, 3.0)]
    [TestCase(27, 3.5)]
    public void Few_days_make_the_same_chance_lie_further_out(int freedom, double deviations) =>
        Assert.That(StudentT.CDF(0, 1, freedom, -Students.FromNormal(deviations, freedom)), Is.EqualTo(Normal.CDF(0, 1, -deviations)).Within(2).Percent);

    [TestCase(new[] { 0.01, 0.04, 0.03 }, new[] { 0.03, 0.06, 0.06 })]
    [TestCase(new[] { 0.01, 0.01 }, new[] { 0.02, 0.02 })]
    [TestCase(new[] { 0.7, 0.9, 0.8 }, new[] { 1.0, 1.0, 1.0 })]
    [TestCase(new[] { 0.04 }, new[] { 0.04 })]
    public void Several_questions_are_asked_one_after_the_other(double[] ps, double[] expected) => Assert.That(Holm.Adjust(ps), Is.EqualTo(expected).Within(1e-12));

    private static double LogBeta(double a, double b) => SpecialFunctions.GammaLn(a) + SpecialFunctions.GammaLn(b) - SpecialFunctions.GammaLn(a + b);
}
