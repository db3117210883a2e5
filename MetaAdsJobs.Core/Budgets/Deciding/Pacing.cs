namespace MetaAdsJobs.Core.Budgets.Deciding;

/// <summary>A budget for a whole life, and what has been spent of it.</summary>
/// <param name="Budget">In whole units of the currency, as is <paramref name="BudgetBefore"/>.</param>
/// <param name="LastDay">The last day that was read whole; null: none.</param>
/// <param name="Spend">By whole days since it began; null: Meta has not told it. A day that is absent is one of zero.</param>
/// <param name="BudgetBefore">What it was before its last change; null: it was never changed.</param>
internal sealed record LifetimeBudget(
    decimal Budget, DateTimeOffset StartAt, DateTimeOffset EndAt, string TimezoneName, bool IsOn, DateOnly Today, DateOnly? LastDay, IReadOnlyDictionary<DateOnly, decimal?> Spend, decimal? BudgetBefore);

/// <summary>How a budget for a whole life is spent, beside spending it evenly.</summary>
/// <param name="State">on_plan, ahead or behind; unknown, not_begun, paused or over: nothing can be said, or need be.</param>
/// <param name="Percent">Of what an even spend would have spent by the end of the last whole day; null where nothing is said.</param>
/// <param name="Planned">What that would be, in whole units of the currency.</param>
/// <param name="NeededPerDay">To spend the rest by its end.</param>
/// <param name="RecentPerDay">Of the last three days.</param>
/// <param name="Why">Of ahead and behind: what it comes from. Of unknown: first_day, stale or withheld.</param>
public sealed record Pacing(string State, decimal? Percent, decimal Spent, decimal? Planned, decimal? NeededPerDay, decimal? RecentPerDay, string? Why)
{
    public const string OnPlan = "on_plan";
    public const string Ahead = "ahead";
    public const string Behind = "behind";
    public const string Unknown = "unknown";
    public const string NotBegun = "not_begun";
    public const string Paused = "paused";
    public const string Over = "over";

    // Within so many percent of an even spend it is on plan.
    private const decimal Tolerance = 10;
    private const int Recent = 3;

    internal static Pacing Of(LifetimeBudget of)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById(of.TimezoneName);
        var (first, last) = (DayOf(of.StartAt, zone), DayOf(of.EndAt.AddTicks(-1), zone));
        var days = of.LastDay is not { } known || known < first ? [] : Enumerable.Range(0, Min(known, last).DayNumber - first.DayNumber + 1).Select(number => first.AddDays(number)).ToList();
        var spends = days.ConvertAll(day => of.Spend.TryGetValue(day, out var spend) ? spend : 0);
        var spent = spends.Sum(spend => spend ?? 0);
        if (of.Today < first) return new(NotBegun, null, 0, null, null, null, null);
        if (of.Today > last) return new(Over, null, spent, null, null, null, null);
        if (!of.IsOn) return new(Paused, null, spent, null, null, null, null);
        // Its first day is not over: that nothing is known of it yet is not that nothing was spent.
        if (of.Today == first) return new(Unknown, null, spent, null, null, null, "first_day");
        if (of.LastDay is null || of.LastDay < of.Today.AddDays(-1)) return new(Unknown, null, spent, null, null, null, "stale");
        if (spends.Contains(null)) return new(Unknown, null, spent, null, null, null, "withheld");
        var until = new DateTimeOffset(of.Today.ToDateTime(TimeOnly.MinValue), zone.GetUtcOffset(of.Today.ToDateTime(TimeOnly.MinValue)));
        var (gone, all) = ((decimal)(until - of.StartAt).TotalHours, (decimal)(of.EndAt - of.StartAt).TotalHours);
        var planned = of.Budget * gone / all;
        var daysLeft = (decimal)(of.EndAt - until).TotalDays;
        var (needed, recent) = (Math.Max(0, of.Budget - spent) / daysLeft, spends.TakeLast(Recent).Average(spend => spend!.Value));
        var percent = planned == 0 ? 100 : spent * 100 / planned;
        var state = percent > 100 + Tolerance ? Ahead : percent < 100 - Tolerance ? Behind : OnPlan;
        return new(state, Math.Round(percent, 1), spent, Math.Round(planned, 2), Math.Round(needed, 2), Math.Round(recent, 2), Reason(of, state, spends, needed, recent));
    }

    private static string? Reason(LifetimeBudget of, string state, List<decimal?> spends, decimal needed, decimal recent) => state switch
    {
        Behind when of.BudgetBefore < of.Budget => "budget_raised",
        Behind when recent >= needed => "catching_up",
        Behind when spends.Contains(0) => "days_without_spend",
        Behind => "spends_less",
        Ahead when of.BudgetBefore > of.Budget => "budget_lowered",
        Ahead when recent <= needed => "slowing_down",
        Ahead => "spends_more",
        _ => null,
    };

    private static DateOnly DayOf(DateTimeOffset at, TimeZoneInfo zone) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(at, zone).DateTime);

    private static DateOnly Min(DateOnly one, DateOnly other) => one < other ? one : other;
}
