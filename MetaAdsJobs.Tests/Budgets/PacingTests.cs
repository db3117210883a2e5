using MetaAdsJobs.Core.Budgets.Deciding;

namespace MetaAdsJobs.Tests.Budgets;

/// <summary>How a budget for a whole life is spent.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
public sealed class PacingTests
{
    // Ten days from the first of November, midnight to midnight in New York, where a clock is set back on the first.
    private static readonly DateTimeOffset Start = new(2026, 11, 1, 0, 0, 0, TimeSpan.FromHours(-4));
    private static readonly DateTimeOffset End = new(2026, 11, 11, 0, 0, 0, TimeSpan.FromHours(-5));

    [TestCase(1, 0, "unknown", null, "first_day")]
    [TestCase(5, 40, "on_plan", 99.4, null)]
    [TestCase(5, 44, "on_plan", 109.3, null)]
    [TestCase(5, 46, "ahead", 114.3, "spends_more")]
    [TestCase(5, 34, "behind", 84.5, "spends_less")]
    [TestCase(10, 90, "on_plan", 100, null)]
    [TestCase(11, 90, "over", null, null)]
    public void It_is_on_plan_ahead_or_behind_of_an_even_spend(int today, int spent, string state, double? percent, string? why)
    {
        var pacing = Pacing.Of(Budget(today, [.. Enumerable.Repeat(spent / Math.Max(1m, today - 1), Math.Max(0, today - 1))]));
        Assert.That((pacing.State, (double?)pacing.Percent, pacing.Why), Is.EqualTo((state, percent, why)));
    }

    [Test]
    public void What_is_not_known_is_not_zero()
    {
        Assert.That(Pacing.Of(Budget(5, [10, null, 10, 10])) is { State: "unknown", Why: "withheld", Percent: null });
        Assert.That(Pacing.Of(Budget(5, [10, 10]) with { LastDay = new(2026, 11, 2) }) is { State: "unknown", Why: "stale" });
        Assert.That(Pacing.Of(Budget(5, []) with { LastDay = null }) is { State: "unknown", Why: "stale" });
        Assert.That(Pacing.Of(Budget(5, [10, 10, 10, 10]) with { IsOn = false }) is { State: "paused", Percent: null });
        Assert.That(Pacing.Of(Budget(5, []) with { StartAt = Start.AddDays(7) }) is { State: "not_begun" });
    }

    [TestCase(new[] { 5.0, 0, 0, 20 }, null, "behind", "days_without_spend")]
    [TestCase(new[] { 0.0, 0, 12, 14 }, null, "behind", "days_without_spend")]
    [TestCase(new[] { 0.0, 12, 12, 12 }, null, "behind", "catching_up")]
    [TestCase(new[] { 8.0, 8, 8, 8 }, 80.0, "behind", "budget_raised")]
    [TestCase(new[] { 13.0, 13, 13, 13 }, 130.0, "ahead", "budget_lowered")]
    [TestCase(new[] { 33.0, 6, 6, 6 }, null, "ahead", "slowing_down")]
    public void It_says_what_it_comes_from(double[] spends, double? before, string state, string why)
    {
        var pacing = Pacing.Of(Budget(5, [.. spends.Select(spend => (decimal?)spend)]) with { BudgetBefore = (decimal?)before });
        Assert.That((pacing.State, pacing.Why), Is.EqualTo((state, why)), pacing.ToString());
    }

    [Test]
    public void The_last_day_is_still_paced() => Assert.That(Pacing.Of(Budget(10, [.. Enumerable.Repeat<decimal?>(9.5m, 9)])) is { State: "on_plan", NeededPerDay: 14.5m, RecentPerDay: 9.5m, Planned: > 90 and < 90.1m });

    private static LifetimeBudget Budget(int today, IReadOnlyList<decimal?> spends) => new(100, Start, End, "America/New_York", true, new(2026, 11, today), today == 1 ? null : new(2026, 11, today - 1),
        spends.Select((spend, n) => (Day: new DateOnly(2026, 11, 1).AddDays(n), Spend: spend)).ToDictionary(one => one.Day, one => one.Spend), null);
}
