namespace MetaAdsJobs.Core.Budgets.Deciding;

/// <summary>How far a member may be moved tonight, in Meta's units. Held: not at all.</summary>
internal sealed record Room(long Least, long Most, bool IsHeld, IReadOnlyList<string> Why, string? LeastBy, string? MostBy)
{
    /// <summary>How far it might be moved in the end: all of this but for a day's step.</summary>
    public (long Least, long Most) Farthest { get; init; } = (Least, Most);

    public static Room Held(long now, params IReadOnlyList<string> why) => new(now, now, true, why, null, null);
}

/// <summary>What keeps a proposal from doing harm. Each rail names itself.</summary>
internal static class Rails
{
    /// <summary>The last days that must all be whole.</summary>
    public const int Week = 7;

    /// <summary>Results within a week after which Meta has learned.</summary>
    public const int Learned = 50;
    private const double MostDifference = 0.01;
    private const double MostRestated = 0.1;
    // No budget comes near it, and sums of it do not overflow.
    private const long Farthest = 100_000_000_000_000;
    private const double SpendsLess = 0.85;
    private const double Overspends = 1.25;
    private static readonly TimeSpan LeftAlone = TimeSpan.FromHours(48);

    /// <summary>Why nothing is proposed, whatever its members are like; empty: something may be.</summary>
    public static IReadOnlyList<string> OfPool(PoolPicture pool)
    {
        var why = new List<string>();
        if (pool.LastDay is not { } last || last < pool.Today.AddDays(-1)) why.Add(Reason.Stale);
        else if (last >= pool.Today || Enumerable.Range(0, Week).Any(back => !pool.WholeDays.Contains(last.AddDays(-back)))) why.Add(Reason.Incomplete);
        if (pool.IsSyncing) why.Add(Reason.Syncing);
        if (pool.Difference > MostDifference) why.Add(Reason.Differing);
        if (pool.IsUnreconciled) why.Add(Reason.Unreconciled);
        if (pool.Members.Any(member => member.Restated > MostRestated)) why.Add(Reason.Restated);
        if (pool.IsStopped) why.Add(Reason.Stopped);
        if (pool.IsFrozen) why.Add(Reason.Frozen);
        if (pool.IsUnderWay) why.Add(Reason.UnderWay);
        if (pool.Members.Where(member => member is { IsGone: false, Goal: not null }).Select(member => member.Goal).Distinct().Skip(1).Any()) why.Add(Reason.GoalsDiffer);
        return why;
    }

    /// <param name="used">The member's days that count.</param>
    public static Room OfMember(PoolPicture pool, PoolMember member, IReadOnlyList<UsedDay> used, IReadOnlySet<DateOnly> silent)
    {
        if (member.Budget is not { } now) return Room.Held(0, member.IsGone ? [Reason.Gone] : [Reason.NoDailyBudget]);
        var why = WhyHeld(pool, member, used, silent).ToList();
        if (why.Count > 0) return Room.Held(now, why);
        var (least, leastBy, most, mostBy) = (0L, Reason.Step, Farthest, Reason.Step);
        if (member.Least is { } wanted && wanted > least) (least, leastBy) = (wanted, Reason.Least);
        if (pool.MetaMinimum is { } minimum && minimum > least) (least, leastBy) = (minimum, Reason.MetaMinimum);
        // With less than that Meta has taken it before: it is not raised for it.
        if (member.MetaMinimum is { } ofGoal && Math.Min(ofGoal, now) > least) (least, leastBy) = (Math.Min(ofGoal, now), Reason.MetaMinimum);
        if (member.Most is { } allowed && allowed < most) (most, mostBy) = (allowed, Reason.Most);
        if (member.CapRoom is { } room && now + Math.Max(0, room) < most) (most, mostBy) = (now + Math.Max(0, room), Reason.Cap);
        if (pool.IsAtCap && now < most) (most, mostBy) = (now, Reason.Cap);
        if (WhyNoRaise(member, pool.Offset) is { } no && now < most) (most, mostBy) = (now, no);
        var farthest = (least, most);
        if (DivideUp(now * (100 - pool.MostStep), 100) is var low && low > least) (least, leastBy) = (low, Reason.Step);
        if (now * (100 + pool.MostStep) / 100 is var high && high < most) (most, mostBy) = (high, Reason.Step);
        // What its owner allows lies further away than a day's step: it is for them to go there.
        return least > most ? Room.Held(now, Reason.OutOfBounds) : new(least, most, false, [], leastBy, mostBy) { Farthest = farthest };
    }

    private static IEnumerable<string> WhyHeld(PoolPicture pool, PoolMember member, IReadOnlyList<UsedDay> used, IReadOnlySet<DateOnly> silent)
    {
        if (member.IsGone) yield return Reason.Gone;
        else if (!member.IsOn) yield return Reason.Paused;
        if (member.IsInExperiment) yield return Reason.Experiment;
        if (member.IsBeingChanged) yield return Reason.BeingChanged;
        if (member.ChangedByHandAt is { } byHand && pool.Now - byHand < LeftAlone) yield return Reason.ChangedByHand;
        if (member.LastMovedOn == pool.Today) yield return Reason.OnceADay;
        var week = member.Days.Where(day => pool.LastDay is { } last && day.Day > last.AddDays(-Week)).ToList();
        if (week.Any(day => day.Spend is null || day.Results is null)) yield return Reason.Withheld;
        else if (week.Sum(day => day.Spend) is not > 0 || used.Count == 0) yield return Reason.NoSpend;
        if (IsLearning(pool, member)) yield return Reason.Learning;
        if (pool.LastDay is { } lastDay && silent.Contains(lastDay)) yield return Reason.TrackingSilent;
    }

    // A week after the change Meta has learned, or learns no more from waiting.
    private static bool IsLearning(PoolPicture pool, PoolMember member)
    {
        if (member.LearnsSince is not { } since || pool.Now - since >= TimeSpan.FromDays(Week)) return false;
        var sinceDay = pool.Today.AddDays(-(int)Math.Ceiling((pool.Now - since).TotalDays));
        return member.Days.Where(day => day.Day >= sinceDay).Sum(day => day.Results ?? 0) < Learned;
    }

    // Meta may spend more than a day's budget, and makes up for it within the week. Who spends more in a week than it was given is not given more; who does not spend what it has cannot use more.
    private static string? WhyNoRaise(PoolMember member, int offset)
    {
        var known = member.Days.TakeLast(Week).Where(day => day is { Spend: not null, Budget: > 0 }).ToList();
        if (known.Count == 0) return null;
        var share = known.Sum(day => day.Spend!.Value) / known.Sum(day => (double)day.Budget!.Value / offset);
        return share < SpendsLess ? Reason.SpendsLess : share > Overspends ? Reason.Overspends : null;
    }

    private static long DivideUp(long amount, long by) => (amount + by - 1) / by;
}
