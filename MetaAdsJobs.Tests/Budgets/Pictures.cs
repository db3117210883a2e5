using MetaAdsJobs.Core.Budgets.Deciding;

namespace MetaAdsJobs.Tests.Budgets;

/// <summary>Pools as a night sees them, made by hand.</summary>
internal static class Pictures
{
    public static readonly DateOnly Today = new(2026, 11, 29);
    public static readonly DateTimeOffset Now = new(2026, 11, 29, 4, 0, 0, TimeSpan.Zero);

    /// <summary>Two that spend the same, of which the second brings twice as much.</summary>
    public static PoolPicture Usual => Of(Member("one", 100_00, results: 10), Member("other", 100_00, results: 20));

    public static PoolPicture Of(params IReadOnlyList<PoolMember> members) => new()
    {
        Now = Now, Today = Today, LastDay = Today.AddDays(-1), Offset = 100, WholeDays = Enumerable.Range(1, 56).Select(back => Today.AddDays(-back)).ToHashSet(), Members = members,
    };

    /// <param name="budget">In Meta's units, all of it spent.</param>
    /// <param name="results">A day.</param>
    public static PoolMember Member(string id, long budget, double results, int days = 28) => new()
    {
        MetaId = id, Name = id, Budget = budget, Goal = "link_click",
        Days = [.. Enumerable.Range(1, days).Select(back => new MemberDay(Today.AddDays(-back), budget / 100.0, results, budget)).Reverse()],
    };

    public static PoolPicture With(this PoolPicture pool, int member, Func<PoolMember, PoolMember> change) => pool with { Members = [.. pool.Members.Select((one, i) => i == member ? change(one) : one)] };

    public static MemberDecision On(this PoolDecision decision, string id) => decision.Members.Single(member => member.MetaId == id);
}
