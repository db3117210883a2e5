using MetaAdsJobs.Core.Budgets.Deciding;

namespace MetaAdsJobs.Tests.Budgets;

/// <summary>What is made of days.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
public sealed class EvidenceTests
{
    private static readonly DateOnly Last = new(2026, 11, 28);

    [Test]
    public void A_day_two_weeks_ago_counts_half_and_one_that_is_half_known_is_half_an_exposure()
    {
        Assert.That((Evidence.Weight(Last, Last), Evidence.Weight(Last, Last.AddDays(-14)), Evidence.Weight(Last, Last.AddDays(-28))), Is.EqualTo((1, 0.5, 0.25)));
        Assert.That((Evidence.Maturity(1, Last, Last), Evidence.Maturity(0.5, Last, Last), Evidence.Maturity(0.5, Last, Last.AddDays(-2))), Is.EqualTo((1, 0.5, 0.875)));
        var evidence = Evidence.Of([new UsedDay(Last, 16, 4, 1, 0.5), new UsedDay(Last.AddDays(-14), 9, 2, 0.5, 1)], 0.5);
        Assert.That((evidence.Results, evidence.Exposure), Is.EqualTo((5.0, 3.5)));
    }

    [TestCase(70, 100, 0.7)]
    [TestCase(100, 100, 1)]
    [TestCase(120, 100, 1)]
    [TestCase(1, 100, 0.2)]
    [TestCase(20, 40, 1)]
    public void How_much_a_first_look_shows_is_learned_from_enough_of_what_is_settled(double first, double now, double share) => Assert.That(Evidence.FirstShare(first, now), Is.EqualTo(share));

    [Test]
    public void Without_differing_spends_the_exponent_is_the_usual_one_and_with_many_it_is_the_markets()
    {
        Assert.That(Response.Exponent([Days(0.5, _ => 100)], 1), Is.EqualTo(Response.Usual).Within(1e-9));
        Assert.That(Response.Exponent([], 1), Is.EqualTo(Response.Usual).Within(1e-9));
        Assert.That(Response.Exponent([Days(0.5, n => 20 + (40 * n)), Days(0.5, n => 900 - (40 * n))], 1), Is.EqualTo(0.5).Within(0.02));
        Assert.That(Response.Exponent([Days(0.9, n => 20 + (40 * n)), Days(0.9, n => 900 - (40 * n))], 1), Is.EqualTo(0.9).Within(0.02));
    }

    [Test]
    public void Days_that_differ_more_than_counts_do_make_it_less_sure()
    {
        Assert.That(Response.Dispersion([Days(0.7, _ => 100)], 0.7), Is.EqualTo(1));
        Assert.That(Response.Dispersion([[.. Days(0.7, _ => 100).Select((day, n) => day with { Results = day.Results * (n % 2 == 0 ? 1.5 : 0.5) })]], 0.7), Is.GreaterThan(5));
    }

    private static List<UsedDay> Days(double exponent, Func<int, double> spend) =>
        [.. Enumerable.Range(0, 22).Select(n => new UsedDay(Last.AddDays(n - 22), spend(n), 3 * Math.Pow(spend(n), exponent), 1, 1))];
}
