using MetaAdsJobs.Core.Alerts.Rules;

namespace MetaAdsJobs.Core.Alerts.Evaluating;

/// <summary>What happened to an object in an evaluation.</summary>
internal enum Turn
{
    None,
    Fired,
    Recovered,
}

/// <summary>How a rule stands with an object. No data is a state beside the others: what it was before, it still is.</summary>
internal sealed record WatchState
{
    public required Guid AccountId { get; init; }
    public required string Object { get; init; }
    public string? Name { get; init; }
    public bool IsFiring { get; init; }

    /// <summary>How many evaluations in a row it was beyond the threshold.</summary>
    public int Streak { get; init; }
    public DateTimeOffset? NoDataSince { get; init; }
    public required DateTimeOffset Since { get; init; }
    public decimal? Value { get; init; }
    public decimal? Reference { get; init; }
    public DateOnly? DataDay { get; init; }
    public DateTimeOffset? DataAt { get; init; }

    public WatchedKey Key => new(AccountId, Object);

    /// <summary>There is nothing to say of it: no row.</summary>
    public bool IsPlain => !IsFiring && Streak == 0 && NoDataSince is null;

    /// <summary>One evaluation of one object: threshold, where it is well again, and how often in a row. The same for what happens and for what would have happened.</summary>
    /// <param name="state">Null when it was well.</param>
    /// <param name="found">Null when it is not there any more, or well.</param>
    public static (WatchState Next, Turn Turn) Judge(AlertRule rule, WatchState? state, Measurement? found, DateTimeOffset now)
    {
        state ??= new() { AccountId = found!.AccountId, Object = found.Object, Since = now };
        switch (found?.Verdict)
        {
            case Measurement.NoData:
                return (state with { Name = found.Name ?? state.Name, NoDataSince = state.NoDataSince ?? now }, Turn.None);
            case Measurement.Breach:
                var next = Seen(state, found) with { Streak = IsNew(state, found) ? Math.Min(state.Streak + 1, rule.Evaluations) : state.Streak };
                if (state.IsFiring || next.Streak < rule.Evaluations) return (state.Streak == 0 && !state.IsFiring ? next with { Since = now } : next, Turn.None);
                return (next with { IsFiring = true, Since = now }, Turn.Fired);
            // What can be judged no longer, such as a price of nothing, has not become well by that.
            case Measurement.Held or Measurement.TooLittle when state.IsFiring:
                return (Seen(state, found), Turn.None);
            default:
                var well = (found is null ? state with { NoDataSince = null } : Seen(state, found)) with { IsFiring = false, Streak = 0 };
                return (state.IsFiring ? well with { Since = now } : well, state.IsFiring ? Turn.Recovered : Turn.None);
        }
    }

    private static WatchState Seen(WatchState state, Measurement found) => state with
    {
        Name = found.Name ?? state.Name, NoDataSince = null, Value = found.Value, Reference = found.Reference, DataDay = found.DataDay, DataAt = found.DataAt,
    };

    // The same day read again is no further evaluation, however often it is looked at.
    private static bool IsNew(WatchState state, Measurement found) => state.Streak == 0 || found.DataDay is null || state.DataDay is null || found.DataDay > state.DataDay;
}
