using MetaAdsJobs.Core.Budgets.Deciding;
using static MetaAdsJobs.Tests.Budgets.Pictures;

namespace MetaAdsJobs.Tests.Budgets;

/// <summary>Each rail by its name: what it keeps from happening, and that it stops there.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
public sealed class RailTests
{
    [Test]
    public void Without_a_rail_in_its_way_money_goes_to_what_brings_more_by_a_fifth()
    {
        var plan = DecidePool.Of(Usual);
        Assert.That((plan.IsProposed, plan.On("one").Proposed, plan.On("other").Proposed), Is.EqualTo((true, 80_00, 120_00)));
        Assert.That(plan.On("other").Why, Is.EqualTo([Reason.Step]));
        Assert.That((plan.PredictedNow, plan.PredictedProposed, plan.Sureness), Is.EqualTo((30.0, 31.3, 1.0)).Using<double>((x, y) => Math.Abs(x - y) < 0.3));
    }

    private static IEnumerable<TestCaseData> Gates()
    {
        yield return Gate(Reason.Stale, pool => pool with { LastDay = null });
        yield return Gate(Reason.Stale, pool => pool with { LastDay = Today.AddDays(-2) });
        yield return Gate(Reason.Incomplete, pool => pool with { WholeDays = pool.WholeDays.Where(day => day != Today.AddDays(-7)).ToHashSet() });
        yield return Gate(Reason.Incomplete, pool => pool with { LastDay = Today, WholeDays = pool.WholeDays.Append(Today).ToHashSet() });
        yield return Gate(Reason.Differing, pool => pool with { Difference = 0.011 });
        yield return Gate(Reason.Unreconciled, pool => pool with { IsUnreconciled = true });
        yield return Gate(Reason.Restated, pool => pool.With(0, member => member with { Restated = 0.11 }));
        yield return Gate(Reason.Syncing, pool => pool with { IsSyncing = true });
        yield return Gate(Reason.Stopped, pool => pool with { IsStopped = true });
        yield return Gate(Reason.Frozen, pool => pool with { IsFrozen = true });
        yield return Gate(Reason.UnderWay, pool => pool with { IsUnderWay = true });
        yield return Gate(Reason.GoalsDiffer, pool => pool.With(0, member => member with { Goal = "purchase" }));
        yield return Gate(Reason.SmallGain, _ => Of(Member("one", 100_00, 15), Member("other", 100_00, 16)));
        yield return Gate(Reason.NoResults, _ => Of(Member("one", 100_00, 0), Member("other", 100_00, 0)));
        yield return Gate(Reason.Unsure, _ => Of(Member("one", 100_00, 0.08), Member("other", 100_00, 0.16)));
        yield return Gate(Reason.BoundsDoNotFit, pool => pool.With(0, member => member with { Most = 90_00 }).With(1, member => member with { Most = 100_00 }));
        yield return Gate(Reason.TooFew, pool => pool.With(0, member => member with { IsOn = false }));
    }

    [TestCaseSource(nameof(Gates))]
    public void Nothing_is_proposed(string why, object pool)
    {
        var plan = DecidePool.Of((PoolPicture)pool);
        Assert.That((plan.IsProposed, plan.Why), Is.EqualTo((false, (string[])[why])));
        Assert.That(plan.Members.Where(member => member.IsChanged), Is.Empty);
    }

    private static IEnumerable<TestCaseData> Holds()
    {
        yield return Hold(Reason.Gone, member => member with { IsGone = true });
        yield return Hold(Reason.Paused, member => member with { IsOn = false });
        yield return Hold(Reason.NoDailyBudget, member => member with { Budget = null });
        yield return Hold(Reason.Experiment, member => member with { IsInExperiment = true });
        yield return Hold(Reason.BeingChanged, member => member with { IsBeingChanged = true });
        yield return Hold(Reason.ChangedByHand, member => member with { ChangedByHandAt = Now.AddHours(-47) });
        yield return Hold(Reason.OnceADay, member => member with { LastMovedOn = Today });
        yield return Hold(Reason.NoSpend, member => member with { Days = [] });
        yield return Hold(Reason.Withheld, member => Changed(member, 3, day => day with { Spend = null }));
        yield return Hold(Reason.Withheld, member => Changed(member, 3, day => day with { Results = null }));
        yield return Hold(Reason.Learning, member => Changed(member with { LearnsSince = Now.AddDays(-3) }, 60, day => day with { Results = 12 }));
        yield return Hold(Reason.TrackingSilent, member => Changed(member, 1, day => day with { Results = 0 }));
        yield return Hold(Reason.OutOfBounds, member => member with { Least = 130_00 });
    }

    [TestCaseSource(nameof(Holds))]
    public void A_member_is_left_as_it_is_and_its_money_too(string why, object change)
    {
        // A third, so that there is something to propose beside it.
        var pool = Of(Member("a", 100_00, 5), Member("b", 100_00, 10), Member("held", 100_00, 20)).With(2, (Func<PoolMember, PoolMember>)change);
        var plan = DecidePool.Of(pool);
        Assert.That((plan.IsProposed, plan.On("held").Why, plan.On("held").IsChanged), Is.EqualTo((true, (string[])[why], false)));
        Assert.That((plan.On("a").Proposed, plan.On("b").Proposed), Is.EqualTo((80_00, 120_00)));
    }

    [Test]
    public void What_was_held_a_moment_ago_is_free_again()
    {
        foreach (var free in (Func<PoolMember, PoolMember>[])[member => member with { ChangedByHandAt = Now.AddHours(-48) }, member => member with { LastMovedOn = Today.AddDays(-1) }, member => member with { LearnsSince = Now.AddDays(-3) },
            member => Changed(member with { LearnsSince = Now.AddDays(-7.1) }, 60, day => day with { Results = day.Results / 10 })])
            Assert.That(DecidePool.Of(Usual.With(1, free)).Members.SelectMany(member => member.Why), Has.None.AnyOf(Reason.ChangedByHand, Reason.OnceADay, Reason.Learning));
    }

    private static IEnumerable<TestCaseData> Bounds()
    {
        yield return Bound(Reason.Most, 112_00, pool => pool.With(1, member => member with { Most = 112_00 }));
        yield return Bound(Reason.Cap, 103_00, pool => pool.With(1, member => member with { CapRoom = 3_00 }));
        yield return Bound(Reason.Cap, 100_00, pool => pool with { IsAtCap = true });
        yield return Bound(Reason.SpendsLess, 100_00, pool => pool.With(1, member => Changed(member, 7, day => day with { Spend = 84 })));
        yield return Bound(Reason.Overspends, 100_00, pool => pool.With(1, member => Changed(member, 7, day => day with { Spend = 126 })));
    }

    [TestCaseSource(nameof(Bounds))]
    public void A_member_goes_as_far_as_it_may(string why, long until, object pool)
    {
        var plan = DecidePool.Of((PoolPicture)pool);
        Assert.That((plan.On("other").Proposed, plan.On("other").Why), Is.EqualTo((until, (string[])[why])));
    }

    [TestCase(95_00, null, 95_00, Reason.Least)]
    [TestCase(null, 92_00, 92_00, Reason.MetaMinimum)]
    [TestCase(95_00, 92_00, 95_00, Reason.Least)]
    public void A_member_is_not_lowered_below_its_least(int? least, int? minimum, long until, string why)
    {
        var plan = DecidePool.Of((Usual with { MetaMinimum = minimum, LeastGain = 0 }).With(0, member => member with { Least = least }));
        Assert.That((plan.On("one").Proposed, plan.On("one").Why), Is.EqualTo((until, (string[])[why])));
    }

    [TestCase(96_00, 96_00)]
    [TestCase(250_00, 100_00)]
    public void Metas_least_for_a_goal_is_kept_and_nobody_is_raised_for_it(int minimum, long until)
    {
        var plan = DecidePool.Of((Usual with { LeastGain = 0 }).With(0, member => member with { MetaMinimum = minimum }));
        Assert.That((plan.On("one").Proposed, plan.On("other").Proposed), Is.EqualTo((until, 200_00 - until)));
        if (until < 100_00) Assert.That(plan.On("one").Why, Is.EqualTo([Reason.MetaMinimum]));
    }

    [Test]
    public void A_pool_may_take_smaller_steps_and_what_an_unfinished_proposal_took_is_given_back()
    {
        Assert.That(DecidePool.Of(Usual with { MostStep = 5 }).On("other").Proposed, Is.EqualTo(105_00));
        var plan = DecidePool.Of(Usual with { Owed = 7_00 });
        Assert.That((plan.TotalNow, plan.TotalProposed, plan.Members.Sum(member => member.Proposed)), Is.EqualTo((200_00, 207_00, 207_00)));
        Assert.That(DecidePool.Of(Usual with { Owed = 900_00 }).TotalProposed, Is.EqualTo(240_00), "as much as a day's steps allow");
    }

    [Test]
    public void Who_has_never_spent_is_not_funded_and_who_broke_its_pixel_is_judged_by_the_days_before()
    {
        var broken = Usual.With(1, member => Changed(member, 2, day => day with { Results = 0 }));
        Assert.That(DecidePool.Of(broken).On("other").Why, Is.EqualTo([Reason.TrackingSilent]));
        var mended = Usual.With(1, member => member with { Days = [.. member.Days.Select(day => day.Day >= Today.AddDays(-9) && day.Day < Today.AddDays(-2) ? day with { Results = 0 } : day)] });
        Assert.That(DecidePool.Of(mended).On("other").Proposed, Is.EqualTo(120_00));
    }

    private static PoolMember Changed(PoolMember member, int last, Func<MemberDay, MemberDay> change) =>
        member with { Days = [.. member.Days.Select((day, i) => i >= member.Days.Count - last ? change(day) : day)] };

    private static TestCaseData Gate(string why, Func<PoolPicture, PoolPicture> change) => new TestCaseData(why, change(Usual)).SetArgDisplayNames(why);

    private static TestCaseData Hold(string why, Func<PoolMember, PoolMember> change) => new TestCaseData(why, change).SetArgDisplayNames(why);

    private static TestCaseData Bound(string why, long until, Func<PoolPicture, PoolPicture> change) => new TestCaseData(why, until, change(Usual with { LeastGain = 0 })).SetArgDisplayNames($"{why} {until}");
}
