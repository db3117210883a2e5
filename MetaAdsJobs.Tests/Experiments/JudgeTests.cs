using MetaAdsJobs.Core.Experiments;
using MetaAdsJobs.Core.Experiments.Evaluating;
using MetaAdsJobs.Core.Experiments.Judging;
using MetaAdsJobs.Core.Experiments.Simulating;

namespace MetaAdsJobs.Tests.Experiments;

/// <summary>What stored numbers make of an experiment. The same numbers always say the same.</summary>
[TestFixture]
public sealed class JudgeTests
{
    private static readonly DateOnly First = Market.FirstDay;

    private static readonly ExperimentRules Rules = new()
    {
        Metric = ExperimentMetric.CostPerResult, Variants = 2, Smallest = 0.2, LeastResults = 50, AttributionDays = 7, MostDays = 28, PlannedResults = 800,
    };

    [Test]
    public void A_variant_that_is_surely_better_wins_at_the_end_of_a_whole_week()
    {
        var verdict = Judge(Numbers(14, (100, 60), (100, 90)));

        Assert.That((verdict.Ending, verdict.Winner, verdict.Days), Is.EqualTo((ExperimentEnding.Winner, (int?)1, 14)));
        Assert.That(verdict.Losers, Is.EqualTo([0]));
        Assert.That(verdict.Shut, Is.Empty);
        Assert.That((verdict.Since, verdict.Until), Is.EqualTo(((DateOnly?)First, (DateOnly?)First.AddDays(13))), "the day on which it began is not a whole one");
        Assert.That(verdict.Comparisons.Single().Effect, Is.EqualTo(0.5).Within(1e-9));
        Assert.That(verdict.Comparisons.Single().Low, Is.GreaterThan(0));
    }

    [Test]
    public void Variants_that_are_surely_alike_end_without_a_difference_worth_knowing()
    {
        var verdict = Judge(Numbers(28, (1000, 300), (1000, 305)));

        Assert.That((verdict.Ending, verdict.Winner), Is.EqualTo((ExperimentEnding.NoDifference, (int?)null)));
        Assert.That(verdict.Comparisons.Single().IsWithin(Rules.Smallest), Is.True);
    }

    [Test]
    public void What_cannot_be_told_goes_on_until_the_longest_time_is_over()
    {
        Assert.That(Judge(Numbers(21, (100, 10), (100, 11))).Ending, Is.Null);
        Assert.That(Judge(Numbers(28, (100, 10), (100, 11))).Ending, Is.EqualTo(ExperimentEnding.NotEnough));
        Assert.That(Judge(Numbers(40, (100, 10), (100, 11))).Days, Is.EqualTo(28), "nothing counts after it");
    }

    [Test]
    public void Of_three_the_one_that_is_surely_worse_is_named_though_the_others_are_alike()
    {
        var verdict = ExperimentJudge.Judge(Rules with { Variants = 3 }, Numbers(28, (1000, 300), (1000, 303), (1000, 150)), null, null);

        Assert.That((verdict.Ending, verdict.Winner), Is.EqualTo((ExperimentEnding.NoDifference, (int?)null)));
        Assert.That(verdict.Losers, Is.EqualTo([2]));
    }

    private static readonly TestCaseData[] Shut =
    [
        new TestCaseData(Gate.FullDays, Numbers(6, (100, 60), (100, 90))).SetArgDisplayNames("six days"),
        new TestCaseData(Gate.WholeWeeks, Numbers(16, (100, 60), (100, 90))).SetArgDisplayNames("two weeks and two days"),
        new TestCaseData(Gate.Results, Numbers(14, (100, 2), (100, 20))).SetArgDisplayNames("28 results of one"),
        new TestCaseData(Gate.Attribution, With(Numbers(14, (100, 60), (100, 90)), 3, day => day with { ReadOn = day.Day.AddDays(7) })).SetArgDisplayNames("a day that was not read again after its window"),
        new TestCaseData(Gate.SpendShare, Numbers(14, (112, 60), (88, 90))).SetArgDisplayNames("56 % to one"),
        new TestCaseData(Gate.Fresh, Numbers(14, (100, 60), (100, 90)) with { Today = First.AddDays(24) }).SetArgDisplayNames("last read two days ago"),
        new TestCaseData(Gate.Fresh, With(Numbers(14, (100, 60), (100, 90)) with { Today = First.AddDays(24) }, 3, day => day with { ReadOn = First.AddDays(24) })).SetArgDisplayNames("of late nothing was read but one old day"),
        new TestCaseData(Gate.Fresh, With(With(Numbers(16, (100, 60), (100, 90)), 14, day => day with { ReadOn = First.AddDays(20) }), 15, day => day with { ReadOn = First.AddDays(22) })).SetArgDisplayNames("one of the last days was left out of late"),
        new TestCaseData(Gate.Complete, With(Numbers(14, (100, 60), (100, 90)), 3, day => day with { IsWhole = false })).SetArgDisplayNames("a partial day"),
        new TestCaseData(Gate.Complete, Without(Numbers(14, (100, 60), (100, 90)), 3)).SetArgDisplayNames("a day that was never read"),
        new TestCaseData(Gate.AddingUp, Numbers(14, (100, 60), (100, 90)) with { Sums = new Dictionary<DateOnly, AccountSum> { [First] = new(1000, 0), [First.AddDays(3)] = new(1000, -21) } }).SetArgDisplayNames("more than a hundredth is of ads that were not shown"),
        new TestCaseData(Gate.Arriving, With(Numbers(14, (100, 90), (100, 60)), 13, day => day with { Variants = [day.Variants[0], day.Variants[1] with { Results = 0 }] })).SetArgDisplayNames("a pixel that was silent on the last day"),
        new TestCaseData(Gate.Unchanged, Numbers(14, (100, 60), (100, 90)) with { ChangedOn = [First.AddDays(13)] }).SetArgDisplayNames("a variant that was changed midway"),
        new TestCaseData(Gate.Comparable, Numbers(14, (100, 60), (100, 90)) with { IsComparable = false }).SetArgDisplayNames("another kind of result"),
    ];

    [TestCaseSource(nameof(Shut))]
    public void Nothing_is_decided_while_a_gate_is_shut(string gate, ExperimentNumbers numbers)
    {
        var verdict = Judge(numbers);

        Assert.That(verdict.Shut.Select(one => one.Name), Does.Contain(gate));
        Assert.That((verdict.Ending, verdict.Winner), Is.EqualTo(((string?)null, (int?)null)));
        if (gate is not (Gate.FullDays or Gate.WholeWeeks)) Assert.That(verdict.Shut.Count(), Is.EqualTo(1), "and no other");
    }

    [TestCase(6, false)]
    [TestCase(7, true)]
    public void Ads_of_one_ad_set_are_compared_once_they_were_shown_together_for_a_week(int together, bool isOpen)
    {
        var numbers = Numbers(14, (100, 60), (100, 90));
        for (var nth = 0; nth < 14 - together; nth++) numbers = With(numbers, nth, day => day with { Variants = [default, day.Variants[1]] });
        var verdict = ExperimentJudge.Judge(Rules with { AreAds = true }, numbers, null, null);

        var gate = verdict.Gates.Single(one => one.Name == Gate.ShownTogether);
        Assert.That((gate.IsOpen, gate.Have, gate.Need), Is.EqualTo((isOpen, (double?)together, (double?)7)));
        Assert.That(verdict.Ending, Is.EqualTo(isOpen ? ExperimentEnding.Winner : null));
    }

    [TestCase(14, 7)]
    [TestCase(16, 2)]
    [TestCase(6, 6)]
    public void A_week_that_is_whole_is_told_as_seven_days(int days, int have) =>
        Assert.That(Judge(Numbers(days, (100, 60), (100, 90))).Gates.Single(gate => gate.Name == Gate.WholeWeeks).Have, Is.EqualTo(have));

    /// <summary>What is restated today may be restated tomorrow.</summary>
    [Test]
    public void Nothing_is_decided_on_the_day_on_which_what_had_been_counted_changed()
    {
        var before = Judge(Numbers(13, (100, 60), (100, 90)));
        var restated = With(Numbers(14, (100, 60), (100, 90)), 3, day => day with { Variants = [day.Variants[0], day.Variants[1] with { Results = 120 }] });
        var verdict = ExperimentJudge.Judge(Rules, restated, null, before);
        Assert.That(verdict.Shut.Select(one => one.Name), Is.EqualTo([Gate.Settled]));
        Assert.That((verdict.Ending, verdict.RestatedOn), Is.EqualTo(((string?)null, (DateOnly?)restated.Today)));

        var again = ExperimentJudge.Judge(Rules, restated, null, verdict);
        Assert.That(again.Shut.Select(one => one.Name), Is.EqualTo([Gate.Settled]), "looked at twice in a day it is still that day");
        Assert.That(ExperimentJudge.Judge(Rules, restated with { Today = restated.Today.AddDays(1) }, null, again).Ending, Is.EqualTo(ExperimentEnding.Winner));
    }

    [Test]
    public void What_is_taken_from_one_day_and_put_down_to_another_has_changed()
    {
        var before = Judge(Numbers(13, (100, 60), (100, 90)));
        var moved = Numbers(14, (100, 60), (100, 90));
        foreach (var (nth, results) in ((int, double)[])[(3, 120), (4, 60)]) moved = With(moved, nth, day => day with { Variants = [day.Variants[0], day.Variants[1] with { Results = results }] });
        Assert.That(ExperimentJudge.Judge(Rules, moved, null, before).Shut.Select(one => one.Name), Is.EqualTo([Gate.Settled]));
    }

    [Test]
    public void The_longest_time_ends_nothing_on_numbers_that_are_old_or_lacking()
    {
        var numbers = Numbers(28, (100, 10), (100, 11));

        Assert.That(Judge(numbers with { Today = numbers.Today.AddDays(3) }).Ending, Is.Null);
        Assert.That(Judge(Without(numbers, 5)).Ending, Is.Null);
    }

    private static readonly TestCaseData[] Lacking =
    [
        new TestCaseData(Numbers(28, (100, 60), (100, 90)) with { Days = [.. Numbers(28, (100, 60), (100, 90)).Days.Select(day => day with { Variants = [day.Variants[0], default] })] }).SetArgDisplayNames("a variant that is never shown"),
        new TestCaseData(With(Numbers(28, (100, 60), (100, 90)), 3, day => day with { IsWhole = false })).SetArgDisplayNames("a day that Meta never tells"),
        new TestCaseData(With(Numbers(28, (100, 60), (100, 90)), 3, day => day with { ReadOn = day.Day.AddDays(7) })).SetArgDisplayNames("a day that was never read again"),
    ];

    [TestCaseSource(nameof(Lacking))]
    public void What_never_comes_is_waited_for_four_weeks_longer_and_makes_no_loser(ExperimentNumbers numbers)
    {
        ExperimentNumbers After(int days) => numbers with { Today = numbers.ShownFrom!.Value.AddDays(Rules.MostDays + Rules.AttributionDays + days) };
        Assert.That(Judge(After(28)).Ending, Is.Null);
        var verdict = Judge(After(29));
        Assert.That((verdict.Ending, verdict.Losers.Count), Is.EqualTo((ExperimentEnding.NotEnough, 0)));
        Assert.That(ExperimentNight.Of(Experiment(null), After(29)).Decides, Is.Not.Null);
    }

    /// <summary>It was asked for long before.</summary>
    [Test]
    public void The_longest_wait_is_counted_from_the_first_day_on_which_anything_was_shown()
    {
        var numbers = Numbers(5, (100, 60), (100, 90));
        var unshown = Enumerable.Range(1, 60).Select(ago => new ExperimentDay(First.AddDays(-1 - ago), numbers.Today, true, [default, default])).Reverse();
        Assert.That(Judge(numbers with { Days = [.. unshown, .. numbers.Days] }).Ending, Is.Null);
        Assert.That(Judge(numbers with { Days = [.. unshown] }).Ending, Is.Null, "nor is what was never shown");
    }

    [Test]
    public void What_is_restated_after_the_longest_wait_settles_before_it_is_decided_anew()
    {
        var numbers = Numbers(60, (100, 60), (100, 90));
        Assert.That(numbers.Today, Is.GreaterThan(First.AddDays(Rules.MostDays + Rules.AttributionDays + 28)));
        var decided = Judge(numbers);
        Assert.That(decided.Ending, Is.EqualTo(ExperimentEnding.Winner));
        var restated = With(numbers, 3, day => day with { Variants = [day.Variants[0], day.Variants[1] with { Results = 150 }] });
        var night = ExperimentNight.Of(Decided(decided, "open"), restated);
        Assert.That((night.Reopens, night.Verdicts.Single().Verdict.Ending), Is.EqualTo((true, (string?)null)));
        Assert.That(ExperimentNight.Of(Experiment(night.Verdicts.Single().Verdict), restated with { Today = numbers.Today.AddDays(1) }).Decides?.Verdict.Winner, Is.EqualTo(1));
    }

    [Test]
    public void A_change_of_a_variant_before_or_after_the_days_that_count_is_none() =>
        Assert.That(Judge(Numbers(14, (100, 60), (100, 90)) with { ChangedOn = [First.AddDays(-1), First.AddDays(14)] }).Ending, Is.EqualTo(ExperimentEnding.Winner));

    [Test]
    public void A_day_counts_only_after_its_window()
    {
        var numbers = Numbers(14, (100, 60), (100, 90));
        var early = numbers with { Today = First.AddDays(14), Days = [.. numbers.Days.Select(day => day with { ReadOn = First.AddDays(14) })] };

        Assert.That(Judge(early).Until, Is.EqualTo(First.AddDays(6)));
        Assert.That(Judge(numbers).Until, Is.EqualTo(First.AddDays(13)));
    }

    [Test]
    public void A_night_that_makes_up_for_missed_ones_says_of_each_day_what_would_have_been_said()
    {
        var numbers = Numbers(20, (100, 60), (100, 90));
        var before = ExperimentJudge.Judge(Rules, numbers, First.AddDays(9), null);
        var night = ExperimentNight.Of(Experiment(before), numbers);

        Assert.That(night.Verdicts.Select(one => one.Verdict.Days), Is.EqualTo([11, 12, 13, 14]), "and nothing after the one that ends it");
        Assert.That(night.Decides?.Verdict.Winner, Is.EqualTo(1));
        Assert.That(night.Verdicts.Select(one => one.No), Is.EqualTo([2, 3, 4, 5]));
    }

    [Test]
    public void Restated_numbers_reopen_what_was_decided_and_say_so()
    {
        var numbers = Numbers(14, (100, 60), (100, 90));
        var decided = Judge(numbers);
        var restated = Numbers(14, (100, 60), (100, 62));

        Assert.That(ExperimentNight.Of(Decided(decided, "open"), numbers).Verdicts, Is.Empty, "the same numbers say nothing new");
        var night = ExperimentNight.Of(Decided(decided, "open"), restated);
        Assert.That((night.Reopens, night.Withdraws is not null, night.Verdicts.Single().IsReopened), Is.EqualTo((true, true, true)));
        Assert.That(night.Verdicts.Single().Verdict.Ending, Is.Null);
    }

    [Test]
    public void What_was_carried_out_is_not_reopened_and_what_the_numbers_say_now_is_told_all_the_same()
    {
        var decided = Judge(Numbers(14, (100, 60), (100, 90)));
        var night = ExperimentNight.Of(Decided(decided, "accepted"), Numbers(14, (100, 60), (100, 62)));

        Assert.That((night.Reopens, night.Withdraws, night.Verdicts.Single().IsReopened), Is.EqualTo((false, (string?)null, true)));
    }

    [Test]
    public void Stored_numbers_say_the_same_again()
    {
        var numbers = new Market { Better = [1, 1.1], OwnNoise = 0.1 }.Days(21, new Random(3));
        var verdict = ExperimentJudge.Judge(Rules with { AttributionDays = 0 }, numbers, null, null);
        var read = VerdictJson.ReadDays(VerdictJson.OfDays(verdict.Numbers));
        var again = ExperimentJudge.Judge(Rules with { AttributionDays = 0 }, new(numbers.Today, read, true), null, verdict);

        Assert.That(VerdictJson.Of(again), Is.EqualTo(VerdictJson.Of(verdict)));
    }

    [Test]
    public void A_variant_without_results_is_compared_with_nobody()
    {
        var verdict = Judge(Numbers(28, (100, 60), (100, 0)));

        Assert.That((verdict.Comparisons.Single().Effect, verdict.Comparisons.Single().P, verdict.Losers.Count), Is.EqualTo(((double?)null, 1.0, 0)));
        Assert.That(verdict.Shut.Select(one => one.Name), Is.EqualTo([Gate.Results]));
        Assert.That(verdict.Ending, Is.EqualTo(ExperimentEnding.NotEnough));
    }

    [Test]
    public void What_the_first_days_say_can_be_written_down([Values] bool isValue, [Range(1, 6)] int days)
    {
        var numbers = new Market { ResultsADay = 1, OwnNoise = 1, ValueNoise = 2 }.Days(days, new Random(days));
        var verdict = ExperimentJudge.Judge(Rules with { AttributionDays = 0, Metric = isValue ? ExperimentMetric.ValuePerSpend : ExperimentMetric.CostPerResult }, numbers, null, null);

        Assert.That(VerdictJson.Read<IReadOnlyList<Comparison>>(VerdictJson.Of(verdict.Comparisons)), Is.EqualTo(verdict.Comparisons));
        Assert.That(VerdictJson.Read<IReadOnlyList<VariantNumbers>>(VerdictJson.Of(verdict.Totals)), Is.EqualTo(verdict.Totals));
        Assert.That(VerdictJson.Read<IReadOnlyList<Gate>>(VerdictJson.Of(verdict.Gates)), Is.EqualTo(verdict.Gates));
    }

    [Test]
    public void More_variants_and_smaller_differences_take_more_results()
    {
        double Needed(double smallest, int variants) => PlannedSample.ResultsFor(ExperimentMetric.CostPerResult, smallest, variants, 0.05, 50);

        Assert.That(Needed(0.1, 2), Is.GreaterThan(3 * Needed(0.2, 2)));
        Assert.That(Needed(0.2, 3), Is.GreaterThan(Needed(0.2, 2)));
        Assert.That(PlannedSample.DifferenceOf(ExperimentMetric.CostPerResult, Needed(0.2, 2), 2, 0.05), Is.EqualTo(0.2).Within(0.001));
    }

    private static Verdict Judge(ExperimentNumbers numbers) => ExperimentJudge.Judge(Rules, numbers, null, null);

    private static JudgedExperiment Experiment(Verdict? last) => new()
    {
        Id = Guid.NewGuid(), Rules = Rules, ResultType = null, BegunOn = First, IsDecided = false, DecidedUntil = null, MetaIds = ["1", "2"], AdSets = ["1", "2"], DailyBudgetCents = [1000, 1000], LastNo = last is null ? 0 : 1, Last = last, Proposal = null,
    };

    private static JudgedExperiment Decided(Verdict last, string proposal) => Experiment(last) with { IsDecided = true, DecidedUntil = last.Until, Proposal = proposal };

    // Spend and results of each variant and day; days vary a little, all alike.
    private static ExperimentNumbers Numbers(int days, params (double Spend, double Results)[] variants)
    {
        var read = First.AddDays(days + 7);
        List<ExperimentDay> all = [new(First.AddDays(-1), read, true, [.. variants.Select(_ => new VariantNumbers(1, 0, 0, 0, 0))])];
        for (var nth = 0; nth < days; nth++) all.Add(new(First.AddDays(nth), read, true, [.. variants.Select(one => new VariantNumbers(1000, 1000, one.Spend, one.Results, 0))]));
        return new(read, all, true);
    }

    private static ExperimentNumbers With(ExperimentNumbers numbers, int nth, Func<ExperimentDay, ExperimentDay> change) =>
        numbers with { Days = [.. numbers.Days.Select(day => day.Day == First.AddDays(nth) ? change(day) : day)] };

    private static ExperimentNumbers Without(ExperimentNumbers numbers, int nth) => numbers with { Days = [.. numbers.Days.Where(day => day.Day != First.AddDays(nth))] };
}
