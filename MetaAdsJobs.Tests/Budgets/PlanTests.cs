using CsCheck;
using MetaAdsJobs.Core.Budgets.Deciding;

namespace MetaAdsJobs.Tests.Budgets;

/// <summary>Ten thousand pools of any kind: what must hold of every plan.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
public sealed class PlanTests
{
    private static readonly Gen<PoolMember> Members =
        from budget in Gen.Long[1, 5_000_00]
        from results in Gen.Double[0, 80]
        from seed in Gen.Int[0, int.MaxValue]
        from days in Gen.Int[0, 20]
        from least in Gen.Int[0, 20]
        from most in Gen.Int[0, 20]
        from state in Gen.Int[0, 30]
        from room in Gen.Long[-5, 4_000]
        select new PoolMember
        {
            MetaId = $"{seed:D10}", Budget = state == 0 ? null : budget, IsOn = state != 1, IsInExperiment = state == 2, IsGone = state == 3, Goal = "lead", CapRoom = state is > 3 and < 10 ? room : null,
            Least = least switch { 1 => budget / 2, 2 => budget, 3 => (budget * 11 / 10) + 1, _ => null }, Most = most switch { 1 => budget * 3, 2 => budget, 3 => budget * 9 / 10, _ => null },
            Days = Days(seed, days, budget, results),
        };

    private static readonly Gen<PoolPicture> Pools =
        from members in Members.Array[1, 9]
        from offset in Gen.Bool.Select(isWhole => isWhole ? 1 : 100)
        from owed in Gen.Int[0, 3].Select(kind => kind == 0 ? 700L : 0)
        from minimum in Gen.Bool.Select(isTold => isTold ? 100L : (long?)null)
        from gain in Gen.Bool.Select(isUsual => isUsual ? 2.0 : 0)
        select Pictures.Of([.. members.DistinctBy(member => member.MetaId)]) with { Offset = offset, Owed = owed, MetaMinimum = minimum, LeastGain = gain };

    [Test]
    public void Sums_bounds_order_and_repetition_hold_in_ten_thousand_plans()
    {
        var proposed = 0;
        Pools.Sample(pool =>
        {
            var plan = DecidePool.Of(pool);
            var byId = pool.Members.ToDictionary(member => member.MetaId);
            foreach (var one in plan.Members)
            {
                var (member, now) = (byId[one.MetaId], one.Now ?? 0);
                if (!plan.IsProposed || member.Budget is null || !member.IsOn || member.IsGone || member.IsInExperiment)
                {
                    Assert.That(one.IsChanged, Is.False, "held, or nothing is proposed");
                    continue;
                }

                var will = one.Proposed!.Value;
                Assert.That(will * 100, Is.InRange(now * 80, now * 120), "a fifth a day");
                if (!one.IsChanged) continue;
                Assert.That(will, Is.InRange(member.Least ?? 0, member.Most ?? long.MaxValue), "its owner's bounds");
                if (will > now) Assert.That(will - now, Is.LessThanOrEqualTo(Math.Max(0, member.CapRoom ?? long.MaxValue)), "the cap");
                Assert.That(will, Is.GreaterThanOrEqualTo(pool.MetaMinimum ?? 0), "Meta's minimum");
            }

            if (!plan.IsProposed) return;
            Interlocked.Increment(ref proposed);
            var (before, after) = (plan.Members.Sum(one => one.Now ?? 0), plan.Members.Sum(one => one.Proposed ?? 0));
            Assert.That(after - before, Is.EqualTo(plan.TotalProposed - plan.TotalNow).And.InRange(0, pool.Owed), "the sum");
            var again = DecidePool.Of(pool with { Members = [.. pool.Members.Reverse()] });
            Assert.That(Told(again), Is.EqualTo(Told(plan)), "the order, and a second time");
        }, iter: 10_000);
        Assert.That(proposed, Is.GreaterThan(1_000), "too few propose anything");
    }

    private static string Told(PoolDecision plan) => string.Join(' ', plan.Members.Select(one => $"{one.MetaId}:{one.Now}>{one.Proposed}"));

    private static IReadOnlyList<MemberDay> Days(int seed, int days, long budget, double results)
    {
        var chance = new Random(seed);
        return [.. Enumerable.Range(1, days).Select(back => new MemberDay(Pictures.Today.AddDays(-back), budget / 100.0 * (seed % 5 == 0 ? chance.NextDouble() : 0.9 + (0.2 * chance.NextDouble())), chance.Next(0, (int)(results * 2) + 1), budget))];
    }
}
