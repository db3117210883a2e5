namespace MetaAdsJobs.Core.Meta.Pacing;

/// <summary>
/// The times at which one account's changes were sent or are about to be: never more than the limit in its time. What stops spending has
/// the account's whole rate and does not wait behind turns that others have been given; the others yield to it.
/// </summary>
internal sealed class MutationWindow
{
    // A stop makes one call after the other: so long after the last of them it counts as under way.
    private static readonly TimeSpan Yield = TimeSpan.FromSeconds(2);
    private readonly List<TimeSpan> _usual = [];
    private readonly List<TimeSpan> _urgent = [];

    // Urgent ones that other processes may be at as well.
    private readonly List<TimeSpan> _shared = [];
    private TurnQueue _turns;

    /// <summary>Whether calls that stop spending are under way.</summary>
    public bool IsBraked(TimeSpan now) => (_urgent.Count > 0 && _urgent[^1] > now - Yield) || (_shared.Count > 0 && _shared[^1] > now - Yield);

    /// <summary>The first moment from <paramref name="earliest"/> on at which one more fits.</summary>
    public TimeSpan Find(TimeSpan now, TimeSpan earliest, PaceShare share)
    {
        Forget(_usual, now - share.Within);
        ForgetUrgent(now, share);
        if (_usual.Count + _urgent.Count + _shared.Count < share.Calls) return earliest;
        return FirstFree(_urgent.Count + _shared.Count == 0 ? _usual : [.. _usual.Concat(_urgent).Concat(_shared).Order()], earliest, share.Calls, share.Within);
    }

    /// <summary>The same for a call that stops spending. What others have sent counts, since Meta counts it, too; what they are about to send does not, and of a stop nor what is urgent of others.</summary>
    public TimeSpan FindUrgent(TimeSpan now, PaceShare share, bool isOfStop)
    {
        ForgetUrgent(now, share);
        if (_usual.Count + _urgent.Count + _shared.Count < share.Calls) return now;
        return FirstFree([.. _usual.Where(at => at <= now).Concat(_shared.Where(at => at <= now || !isOfStop)).Concat(_urgent).Order()], now, share.Calls, share.Within);
    }

    public void Take(TimeSpan at) => Take(_usual, at);

    public void TakeUrgent(TimeSpan at, bool isOfStop) => Take(isOfStop ? _urgent : _shared, at);

    /// <summary>When somebody for whom there is no room now should come again.</summary>
    public TimeSpan ComeAgainAt(TimeSpan now, TimeSpan earliest, PaceShare share) => _turns.Next(now, earliest, share.Within / share.Calls);

    private static TimeSpan FirstFree(List<TimeSpan> taken, TimeSpan earliest, int calls, TimeSpan within)
    {
        if (taken.Count < calls) return earliest;
        var free = taken[^calls] + within;
        return free > earliest ? free : earliest;
    }

    private static void Take(List<TimeSpan> taken, TimeSpan at)
    {
        var place = taken.BinarySearch(at);
        taken.Insert(place < 0 ? ~place : place, at);
    }

    private void ForgetUrgent(TimeSpan now, PaceShare share)
    {
        var until = now - (share.Within > Yield ? share.Within : Yield);
        Forget(_urgent, until);
        Forget(_shared, until);
    }

    private static void Forget(List<TimeSpan> taken, TimeSpan until)
    {
        var over = taken.FindIndex(at => at > until);
        taken.RemoveRange(0, over < 0 ? taken.Count : over);
    }
}
