using MetaAdsJobs.Core.Budgets.Simulating;
using MetaAdsJobs.Core.Statistics;

namespace MetaAdsJobs.Tests.Budgets;

/// <summary>What the pool is worth in markets of which everything is known.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
public sealed class MarketTests
{
    private const int Seeds = 12;

    [Test]
    public void On_average_it_gets_96_percent_of_what_one_would_get_who_knew_everything_and_never_a_percent_less_than_an_equal_split()
    {
        var markets = MarketScenario.All.SelectMany(scenario => Enumerable.Range(1, Seeds).Select(seed => SimulateBudgets.Run(scenario, members: 5, days: 42, dailyBudget: 500, leastGain: 2, seed, CancellationToken.None))).ToList();
        foreach (var scenario in markets.GroupBy(market => market.Scenario))
            TestContext.Out.WriteLine($"{scenario.Key}: {scenario.Average(one => one.Share):P1} of the best (the worst {scenario.Min(one => one.Share):P1}), equal split {scenario.Average(one => one.EqualShare):P1}, {scenario.Average(one => one.Changes):0.0} changes");
        Assert.That(markets.Average(market => market.Share), Is.GreaterThanOrEqualTo(0.96));
        Assert.That(markets.Select(market => market.Share / market.EqualShare), Has.All.GreaterThanOrEqualTo(0.99));
        Assert.That(markets.SelectMany(market => market.Days).Select(day => day.Budgets.Sum()), Has.All.EqualTo(500));
    }

    [Test]
    public void The_same_seed_makes_the_same_market()
    {
        var (one, same, other) = (SimulateBudgets.Run(MarketScenario.Drifting, 3, 10, 90, 2, 7, CancellationToken.None), SimulateBudgets.Run(MarketScenario.Drifting, 3, 10, 90, 2, 7, CancellationToken.None), SimulateBudgets.Run(MarketScenario.Drifting, 3, 10, 90, 2, 8, CancellationToken.None));
        Assert.That(same.Days.Select(day => day.Results), Is.EqualTo(one.Days.Select(day => day.Results)));
        Assert.That(other.Days.Select(day => day.Results), Is.Not.EqualTo(one.Days.Select(day => day.Results)));
    }
}
