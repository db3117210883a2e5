using CsCheck;
using MetaAdsJobs.Core.Jobs.Filters;
using MetaAdsJobs.Core.Orchestrations;

namespace MetaAdsJobs.Tests.Jobs;

[TestFixture]
public sealed class RetryBackoffTests
{
    private static readonly Gen<int> Delays = Gen.Int[0, 3600];
    private static readonly Gen<long> Attempts = Gen.Long[1, 1000];
    private static readonly Gen<double> Chances = Gen.Double[0, 1];

    [TestCase(2, 1, 0.5, 2)]
    [TestCase(2, 2, 0.5, 4)]
    [TestCase(2, 3, 0.5, 8)]
    [TestCase(2, 1, 0.0, 2)]
    [TestCase(2, 1, 1.0, 3)]
    [TestCase(10, 1, 0.0, 8)]
    [TestCase(10, 1, 1.0, 13)]
    [TestCase(2, 50, 0.5, 3600)]
    [TestCase(0, 5, 1.0, 0)]
    public void The_wait_doubles_up_to_an_hour_give_or_take_a_quarter(int delay, long attempt, double chance, int expected) =>
        Assert.That(RetryBackoff.Seconds(delay, attempt, chance), Is.EqualTo(expected));

    [Test]
    public void The_wait_stays_within_a_quarter_of_what_doubling_gives() =>
        Gen.Select(Delays, Attempts, Chances).Sample((delay, attempt, chance) =>
        {
            var exact = Math.Min(3600, delay * Math.Pow(2, Math.Min(attempt - 1, 60)));
            var seconds = RetryBackoff.Seconds(delay, attempt, chance);
            return seconds >= Math.Floor(exact * 0.75) && seconds <= Math.Ceiling(exact * 1.25) && seconds <= 4500;
        });

    [Test]
    public void A_later_retry_never_waits_less() =>
        Gen.Select(Delays, Attempts, Chances).Sample((delay, attempt, chance) =>
            RetryBackoff.Seconds(delay, attempt + 1, chance) >= RetryBackoff.Seconds(delay, attempt, chance));

    [Test]
    public void Jobs_that_failed_together_are_spread()
    {
        var options = new OrchestrationOptions { RetryDelaySeconds = 600 };

        Assert.That(Enumerable.Range(0, 200).Select(_ => RetryBackoff.Seconds(options, 1)).Distinct().Count(), Is.GreaterThan(50));
    }
}
