using MetaAdsJobs.Core.Statistics;

namespace MetaAdsJobs.Tests.Statistics;

/// <summary>Values that others publish, or that were recomputed from published methods: exact ones to 1e-9, rounded ones to half of their last digit.</summary>
[TestFixture]
public sealed class ReferenceTests
{
    private const double Exact = 1e-9;
    private const double Rounded = 5e-6;

    private static readonly Sample SmallA = Sample.OfShare(14, 28);
    private static readonly Sample SmallB = Sample.OfShare(16, 30);
    private static readonly Sample SumsA = Sample.OfSums(1396.87, 52377.9767, 3407);
    private static readonly Sample SumsB = Sample.OfSums(2422.7, 134698.29, 3461);

    // cprior, test_beta.
    [TestCase(40, 60, 70, 90, 0.7262717462)]
    [TestCase(10, 50, 60, 250, 0.7088919200)]
    public void One_rate_is_above_another(double a, double b, double toA, double toB, double expected)
    {
        var (from, to) = (new BetaRate(a, b), new BetaRate(toA, toB));

        Assert.That(to.ChanceAbove(from), Is.EqualTo(expected).Within(Exact));
        Assert.That(from.ChanceAbove(to), Is.EqualTo(1 - expected).Within(Exact));
    }

    [Test]
    public void The_loss_of_choosing_one_of_two_rates()
    {
        var (a, b) = (new BetaRate(40, 60), new BetaRate(70, 90));

        Assert.That(a.LossAgainst(b), Is.EqualTo(0.0481119843).Within(Exact));
        Assert.That(b.LossAgainst(a), Is.EqualTo(0.0106119843).Within(Exact));
    }

    // cprior, test_gamma.
    [Test]
    public void One_rate_by_exposure_is_above_another_and_the_loss_of_choosing_one()
    {
        var (a, b) = (new GammaRate(25, 10000), new GammaRate(30, 10000));

        Assert.That(b.ChanceAbove(a), Is.EqualTo(0.7516912823).Within(Exact));
        Assert.That(a.LossAgainst(b), Is.EqualTo(0.0006094353823).Within(Exact));
        Assert.That(b.LossAgainst(a), Is.EqualTo(0.0001094353823).Within(Exact));
    }

    // gbstats.
    [Test]
    public void A_relative_difference_of_shares()
    {
        var one = Difference.Relative(SmallA, SmallB);

        Assert.That(one.Estimate, Is.EqualTo(0.06667).Within(Rounded));
        Assert.That(one.Deviation, Is.EqualTo(0.2717).Within(5e-5));
        Assert.That(one.OneLook(0.05).Low, Is.EqualTo(-0.47767).Within(Rounded));
        Assert.That(one.OneLook(0.05).High, Is.EqualTo(0.61101).Within(Rounded));
        Assert.That(one.OneLookP, Is.EqualTo(0.80707).Within(Rounded));
    }

    // gbstats.
    [Test]
    public void Differences_of_means()
    {
        var (relative, absolute) = (Difference.Relative(SumsA, SumsB), Difference.Absolute(SumsA, SumsB));

        Assert.That(relative.Estimate, Is.EqualTo(0.70732).Within(Rounded));
        Assert.That(relative.OneLook(0.05).Low, Is.EqualTo(-0.03526).Within(Rounded));
        Assert.That(relative.OneLook(0.05).High, Is.EqualTo(1.44989).Within(Rounded));
        Assert.That(relative.OneLookP, Is.EqualTo(0.06191).Within(Rounded));
        Assert.That(absolute.Estimate, Is.EqualTo(0.29).Within(Rounded));
        Assert.That(absolute.OneLook(0.05).Low, Is.EqualTo(0.04538).Within(Rounded));
        Assert.That(absolute.OneLook(0.05).High, Is.EqualTo(0.53462).Within(Rounded));
        Assert.That(absolute.OneLookP, Is.EqualTo(0.02016).Within(Rounded));
    }

    // gbstats.
    [Test]
    public void Always_valid_intervals()
    {
        var shares = Difference.Relative(Sample.OfShare(1396, 3000), Sample.OfShare(2422, 3461));
        var sums = Difference.Relative(Sample.OfSums(1396.87, 52377.9767, 3000), SumsB);

        Assert.That(shares.Estimate, Is.EqualTo(0.50386).Within(Rounded));
        Assert.That(shares.Always(0.05, 5000).Low, Is.EqualTo(0.40098).Within(Rounded));
        Assert.That(shares.Always(0.05, 5000).High, Is.EqualTo(0.60675).Within(Rounded));
        Assert.That(sums.Estimate, Is.EqualTo(0.50336).Within(Rounded));
        Assert.That(sums.Always(0.05, 1000).Low, Is.EqualTo(-0.55844).Within(Rounded));
        Assert.That(sums.Always(0.05, 1000).High, Is.EqualTo(1.56516).Within(Rounded));
        Assert.That(sums.AlwaysP(0.05, 1000), Is.EqualTo(1).Within(Rounded));
    }

    // gbstats.
    [Test]
    public void What_is_believed_of_an_effect()
    {
        var effect = Difference.Relative(Sample.OfShare(49, 100), Sample.OfShare(51, 100));
        var belief = GaussianBelief.After(effect.Estimate, effect.Variance);

        Assert.That(belief.Mean, Is.EqualTo(0.04082).Within(Rounded));
        Assert.That(belief.Deviation, Is.EqualTo(0.14725).Within(Rounded));
        Assert.That(belief.ChanceAbove, Is.EqualTo(0.60918).Within(Rounded));
        Assert.That(belief.Within(0.05).Low, Is.EqualTo(-0.24779).Within(Rounded));
        Assert.That(belief.Within(0.05).High, Is.EqualTo(0.32943).Within(Rounded));
        Assert.That(belief.LossOfLeaving, Is.EqualTo(0.0814).Within(Rounded));
        Assert.That(belief.LossOfTaking, Is.EqualTo(0.04058).Within(Rounded));
    }

    // Evan Miller's formula.
    [Test]
    public void The_sample_for_a_rate_of_20_and_25_percent() => Assert.That(Math.Round(SampleSize.OneLook(0.20, 0.25, 0.05, 0.80)), Is.EqualTo(1030));

    // Armitage, McPherson and Rowe.
    [TestCase(1, 0.0500)]
    [TestCase(2, 0.0831)]
    [TestCase(3, 0.1073)]
    [TestCase(5, 0.1417)]
    [TestCase(10, 0.1934)]
    [TestCase(28, 0.2747)]
    public void Looking_again_and_again_at_a_test_for_one_look_is_wrong_more_often(int looks, double expected) =>
        Assert.That(RepeatedLooks.FalseAlarms(1.959963984540054, looks), Is.EqualTo(expected).Within(5e-5 + 1e-9));

    [TestCase(500, 1.967)]
    [TestCase(1000, 1.716)]
    [TestCase(5000, 1.549)]
    [TestCase(20000, 1.595)]
    public void What_always_valid_costs(int known, double expected) => Assert.That(AlwaysValid.Deviations(known, 5000, 0.05) / 1.959963984540054, Is.EqualTo(expected).Within(5e-4));
}
