using MetaAdsJobs.Core.Budgets.Deciding;
using MetaAdsJobs.Core.Statistics;

namespace MetaAdsJobs.Core.Budgets.Simulating;

/// <summary>A day of a market that is made up. Results are what the budgets bring on average, chance left out.</summary>
/// <param name="Budgets">In whole units of the currency.</param>
/// <param name="Why">Why nothing was proposed for the next day; empty: something was.</param>
public sealed record SimulatedDay(int Day, IReadOnlyList<decimal> Budgets, double Results, double EqualSplit, double Best, IReadOnlyList<string> Why);

/// <param name="Share">Of what somebody would have got who knew everything, and could change budgets by any amount.</param>
/// <param name="EqualShare">The same of an equal split.</param>
/// <param name="Changes">How often budgets were changed.</param>
public sealed record SimulatedMarket(string Scenario, int Seed, double Share, double EqualShare, int Changes, IReadOnlyList<SimulatedDay> Days);

/// <summary>Lets a pool act in a market that is made up, by the very code that decides at night.</summary>
public static class SimulateBudgets
{
    /// <summary>Days of history that the pool has when it begins, split equally.</summary>
    private const int Before = 14;
    private const int Offset = 100;
    private static readonly DateOnly First = new(2026, 1, 5);

    /// <param name="scenario">One of <see cref="MarketScenario.All"/>.</param>
    /// <param name="dailyBudget">Of all members together, in whole units of a currency.</param>
    /// <param name="leastGain">In percent.</param>
    public static SimulatedMarket Run(string scenario, int members, int days, decimal dailyBudget, double leastGain, int seed, CancellationToken ct)
    {
        var market = new Market(scenario, members, (double)dailyBudget, Before + days, seed);
        var budgets = WholeUnits.Of([.. Enumerable.Repeat((double)dailyBudget * Offset / members, members)], (long)(dailyBudget * Offset), [.. new long[members]], [.. Enumerable.Repeat(long.MaxValue / 2, members)]);
        var equal = (double)dailyBudget / members;
        var history = Enumerable.Range(0, members).Select(_ => new List<(double Spend, int[] KnownAfter, long Budget)>()).ToList();
        var (played, changes, got, split, best) = (new List<SimulatedDay>(), 0, 0.0, 0.0, 0.0);
        for (var day = 0; day < Before + days; day++)
        {
            ct.ThrowIfCancellationRequested();
            for (var member = 0; member < members; member++)
            {
                var (spend, known) = market.Play(member, (double)budgets[member] / Offset, day);
                history[member].Add((spend, known, budgets[member]));
            }

            if (day >= Before)
            {
                var (mine, even, most) = (Sum(member => market.Mean(member, (double)budgets[member] / Offset, day)), Sum(member => market.Mean(member, equal, day)), Best(market, dailyBudget, members, day));
                (got, split, best) = (got + mine, split + even, best + most);
                played.Add(new(day - Before + 1, [.. budgets.Select(units => (decimal)units / Offset)], mine, even, most, []));
            }

            if (day >= Before - 1)
            {
                var decision = DecidePool.Of(Picture(history, budgets, day, leastGain));
                if (played.Count > 0) played[^1] = played[^1] with { Why = decision.Why };
                if (decision.IsProposed)
                {
                    changes++;
                    budgets = [.. decision.Members.Select(member => member.Proposed!.Value)];
                }
            }

            market.Pass();
        }

        return new(scenario, seed, got / best, split / best, changes, played);

        double Sum(Func<int, double> of) => Enumerable.Range(0, members).Sum(of);
    }

    private static double Best(Market market, decimal dailyBudget, int members, int day)
    {
        var budgets = Optimum.Of(market.Rates, market.Exponent, (double)dailyBudget, new double[members], [.. Enumerable.Repeat((double)dailyBudget, members)]);
        return Enumerable.Range(0, members).Sum(member => market.Mean(member, budgets[member], day));
    }

    // As the night after a day sees it.
    private static PoolPicture Picture(List<List<(double Spend, int[] KnownAfter, long Budget)>> history, long[] budgets, int day, double leastGain)
    {
        double Known(int[] after, int of, int seen) => after.Count(known => of + known <= seen);
        var settled = history.SelectMany(days => days.Take(Math.Max(0, day - 7)).Select((one, of) => (First: Known(one.KnownAfter, of, of), Now: Known(one.KnownAfter, of, day)))).ToList();
        return new()
        {
            Now = new DateTimeOffset(First.AddDays(day + 1).ToDateTime(new TimeOnly(4, 0)), TimeSpan.Zero), Today = First.AddDays(day + 1), LastDay = First.AddDays(day), Offset = Offset, LeastGain = leastGain,
            WholeDays = Enumerable.Range(0, day + 1).Select(of => First.AddDays(of)).ToHashSet(), FirstShare = Evidence.FirstShare(settled.Sum(one => one.First), settled.Sum(one => one.Now)),
            Members = [.. history.Select((days, member) => new PoolMember
            {
                MetaId = $"{member:D3}", Budget = budgets[member], Goal = "result",
                Days = [.. days.Select((one, of) => new MemberDay(First.AddDays(of), one.Spend, Known(one.KnownAfter, of, day), one.Budget)).Skip(Math.Max(0, day + 1 - PoolPicture.Window))],
            })],
        };
    }
}
