using CsCheck;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Meta.Pacing;

namespace MetaAdsJobs.Tests.Meta.Pacing;

[TestFixture]
public sealed class PaceRulesTests
{
    [TestCase(0, 1, 0)]
    [TestCase(74.9, 1, 0)]
    [TestCase(75, 1, 0.1)]
    [TestCase(85, 1, 0.7071)]
    [TestCase(95, 1, 5)]
    [TestCase(400, 1, 5)]
    [TestCase(85, 3, 2.1213)]
    [TestCase(95, 9, 15)]
    public void Calls_are_spaced_from_75_percent_on(double percent, int processes, double seconds) =>
        Assert.That(PaceRules.Spacing(percent, processes).TotalSeconds, Is.EqualTo(seconds).Within(0.001));

    [Test]
    public void More_usage_or_more_processes_never_make_a_process_faster() =>
        Gen.Select(Gen.Double[0, 200], Gen.Double[0, 200], Gen.Int[1, 50], Gen.Int[1, 50]).Sample((one, other, few, many) =>
            PaceRules.Spacing(Math.Min(one, other), Math.Min(few, many)) <= PaceRules.Spacing(Math.Max(one, other), Math.Max(few, many)));

    [Test]
    public void The_insights_throttle_slows_and_never_blocks()
    {
        var reading = new UsageReading(UseCase.AdsInsights, 10, 100, null);

        Assert.That(PaceRules.BlockFor(reading), Is.Null);
        Assert.That(PaceRules.Spacing(PaceRules.Effective(reading), 1), Is.GreaterThan(TimeSpan.FromSeconds(1)).And.LessThan(TimeSpan.FromSeconds(3)));
    }

    [Test]
    public void From_95_percent_on_nobody_calls_for_as_long_as_Meta_says_or_a_few_minutes()
    {
        Assert.That(PaceRules.BlockFor(new(UseCase.AdsManagement, 94.9, 0, null)), Is.Null);
        Assert.That(PaceRules.BlockFor(new(UseCase.AdsManagement, 95, 0, null)), Is.EqualTo(TimeSpan.FromMinutes(2)));
        Assert.That(PaceRules.BlockFor(new(UseCase.AdsManagement, 95, 0, TimeSpan.FromMinutes(40))), Is.EqualTo(TimeSpan.FromMinutes(40)));
    }

    [Test]
    public void No_second_holds_more_changes_than_a_processs_share_of_the_limit()
    {
        var arrivals = Gen.Select(Gen.Double[0, 0.4], Gen.Double[0, 1]).List[1, 120];
        Gen.Select(arrivals, Gen.Int[1, 20], Gen.Int[1, 40]).Sample((calls, limit, processes) =>
        {
            var share = PaceRules.Share(limit, processes);
            var (window, now, sent) = (new MutationWindow(), TimeSpan.Zero, new List<TimeSpan>());
            foreach (var (pause, spaced) in calls)
            {
                now += TimeSpan.FromSeconds(pause);
                // Some have to wait for their turn before, as usage makes them.
                var at = window.Find(now, spaced < 0.2 ? now + TimeSpan.FromSeconds(spaced * 5) : now, share);
                if (at - now > TimeSpan.FromSeconds(1)) continue;
                window.Take(at);
                sent.Add(at);
            }

            return sent.All(end => sent.Count(at => at > end - share.Within && at <= end) <= share.Calls);
        });
    }
}
