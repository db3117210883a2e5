using MathNet.Numerics.Distributions;

namespace MetaAdsJobs.Core.Budgets.Deciding;

/// <summary>
/// Decides how a pool's money would be divided better, or why it is left as it is. A pure function: it decides at night, in a backtest and in the simulator. What it is given twice it decides the same,
/// in whatever order members come.
/// </summary>
internal static class DecidePool
{
    /// <summary>How likely there must be a gain.</summary>
    public const double LeastSureness = 0.8;

    public static PoolDecision Of(PoolPicture pool)
    {
        var members = pool.Members.OrderBy(member => member.MetaId, StringComparer.Ordinal).Select(member => member with { Days = [.. member.Days.OrderBy(day => day.Day)] }).ToList();
        var looks = members.ConvertAll(member => Look.At(pool, member));
        var gates = Rails.OfPool(pool);
        if (gates.Count > 0) return Nothing(looks, gates, pool);
        var free = looks.Where(look => !look.Room.IsHeld).ToList();
        if (free.Count < 2) return Nothing(looks, [Reason.TooFew], pool);
        var dispersion = Response.Dispersion([.. free.Select(look => look.Used)], Response.Usual);
        var exponent = Response.Exponent([.. free.Select(look => look.Used)], dispersion);
        var all = Evidence.Of(free.SelectMany(look => look.Used), exponent);
        if (all.Results <= 0) return Nothing(looks, [Reason.NoResults], pool);
        // Those that are left as they are, too: what they bring is told and compared with what came.
        foreach (var look in looks.Where(look => look.Used.Count > 0)) look.Judge(Evidence.Of(look.Used, exponent).With(all.Rate), exponent);
        return Propose(pool, looks, free, exponent, dispersion);
    }

    private static PoolDecision Propose(PoolPicture pool, List<Look> looks, List<Look> free, double exponent, double dispersion)
    {
        var (least, most) = (free.ConvertAll(look => look.Room.Least), free.ConvertAll(look => look.Room.Most));
        var (now, budgets) = (free.Sum(look => look.Now), free.ConvertAll(look => look.Now));
        // What an unfinished proposal had taken is given back as far as the bounds allow.
        var total = Math.Min(now + Math.Max(0, pool.Owed), Math.Max(now, most.Sum()));
        if (total < least.Sum() || total > most.Sum()) return Nothing(looks, [Reason.BoundsDoNotFit], pool) with { Exponent = exponent };
        var proposed = Divide(free, pool.Offset, exponent, total, least, most);
        for (var i = 0; i < free.Count; i++) free[i].Proposed = proposed[i];
        var tonight = Compare(free, budgets, proposed, pool.Offset, dispersion);
        // Where it leads, a day's step being no end in itself: that is what a change has to be worth.
        var far = Compare(free, budgets, Divide(free, pool.Offset, exponent, total, free.ConvertAll(look => look.Room.Farthest.Least), free.ConvertAll(look => look.Room.Farthest.Most)), pool.Offset, dispersion);
        var decision = Decision(pool, looks) with
        {
            IsProposed = true, TotalNow = now, TotalProposed = total, PredictedNow = tonight.Before, PredictedProposed = tonight.After, Gain = tonight.Gain, GainInTheEnd = far.Gain, Sureness = tonight.Sureness, Exponent = exponent,
        };
        // What is owed, or lies outside of what its owner allows, is moved whatever it brings.
        if (total != now || free.Any(look => look.Now < look.Room.Least || look.Now > look.Room.Most)) return decision;
        IReadOnlyList<string> why = far.Gain < pool.LeastGain || tonight.After <= tonight.Before ? [Reason.SmallGain] : tonight.Sureness < LeastSureness ? [Reason.Unsure] : [];
        if (why.Count == 0) return decision;
        free.ForEach(look => look.Proposed = null);
        return decision with { IsProposed = false, Why = why, Members = Decision(pool, looks).Members };
    }

    private static long[] Divide(List<Look> free, int offset, double exponent, long total, List<long> least, List<long> most)
    {
        var best = Optimum.Of([.. free.Select(look => look.Rate)], exponent, (double)total / offset, [.. least.Select(units => (double)units / offset)], [.. most.Select(units => (double)units / offset)]);
        return WholeUnits.Of([.. best.Select(amount => amount * offset)], total, least, most);
    }

    private static (double Before, double After, double Gain, double? Sureness) Compare(List<Look> free, List<long> now, long[] proposed, int offset, double dispersion)
    {
        var (before, after, variance) = (0.0, 0.0, 0.0);
        for (var i = 0; i < free.Count; i++)
        {
            var (was, will) = (free[i].Predict(now[i], offset), free[i].Predict(proposed[i], offset));
            (before, after) = (before + was, after + will);
            variance += Math.Pow((will - was) / free[i].Evidence.Rate, 2) * free[i].Evidence.Variance(dispersion);
        }

        return (before, after, before > 0 ? (after - before) * 100 / before : 0, variance > 0 ? Normal.CDF(0, 1, (after - before) / Math.Sqrt(variance)) : null);
    }

    private static PoolDecision Nothing(List<Look> looks, IReadOnlyList<string> why, PoolPicture pool)
    {
        var now = looks.Where(look => !look.Room.IsHeld).Sum(look => look.Now);
        return Decision(pool, looks) with { IsProposed = false, Why = why, TotalNow = now, TotalProposed = now };
    }

    private static PoolDecision Decision(PoolPicture pool, List<Look> looks) => new() { IsProposed = false, Members = [.. looks.Select(look => look.ToDecision(pool.Offset))] };

    /// <summary>One member while it is decided about.</summary>
    private sealed class Look(PoolMember member, Room room, IReadOnlyList<UsedDay> used)
    {
        // How much of its budget it spends; more than all of it is no promise.
        private double _used = 1;

        public Room Room => room;
        public IReadOnlyList<UsedDay> Used => used;
        public long Now => member.Budget ?? 0;
        public long? Proposed { get; set; }
        public Evidence Evidence { get; private set; }
        public double Exponent { get; private set; }

        /// <summary>Of a budget, not of a spend.</summary>
        public double Rate => Evidence.Rate * Math.Pow(_used, Exponent);

        public static Look At(PoolPicture pool, PoolMember member)
        {
            var days = pool.LastDay is not { } last ? [] : member.Days.Where(day => day is { Spend: > 0, Results: >= 0 } && day.Day <= last && day.Day > last.AddDays(-PoolPicture.Window) && pool.WholeDays.Contains(day.Day))
                .Select(day => new UsedDay(day.Day, day.Spend!.Value, day.Results!.Value, Evidence.Weight(last, day.Day), Evidence.Maturity(pool.FirstShare, last, day.Day))).ToList();
            var silent = SilentTracking.Of(days);
            var used = days.Where(day => !silent.Contains(day.Day)).ToList();
            return new(member, Rails.OfMember(pool, member, used, silent), used) { _used = UsedShare(member, pool.Offset) };
        }

        public void Judge(Evidence evidence, double exponent) => (Evidence, Exponent) = (evidence, exponent);

        public double Predict(long budget, int offset) => Optimum.Results(Rate, Exponent, (double)budget / offset);

        public MemberDecision ToDecision(int offset)
        {
            var proposed = Proposed ?? member.Budget;
            var isJudged = Evidence.Exposure > 0;
            return new()
            {
                MetaId = member.MetaId, Name = member.Name, Now = member.Budget, Proposed = proposed, Least = room.Least, Most = room.Most, Results = isJudged ? Evidence.Results : 0,
                PredictedNow = isJudged ? Predict(Now, offset) : 0, PredictedProposed = isJudged ? Predict(proposed ?? 0, offset) : 0,
                MarginalNow = isJudged && Now > 0 ? Exponent * Predict(Now, offset) / ((double)Now / offset) : 0,
                Why = room.IsHeld ? room.Why : [.. new[] { proposed == room.Least && proposed != Now ? room.LeastBy : null, proposed == room.Most && (proposed != Now || room.MostBy != Reason.Step) ? room.MostBy : null }.OfType<string>().Distinct()],
            };
        }

        private static double UsedShare(PoolMember member, int offset)
        {
            const double Smallest = 0.2;
            var known = member.Days.TakeLast(Rails.Week).Where(day => day is { Spend: > 0, Budget: > 0 }).ToList();
            return known.Count == 0 ? 1 : Math.Clamp(known.Sum(day => day.Spend!.Value) / known.Sum(day => (double)day.Budget!.Value / offset), Smallest, 1);
        }
    }
}
