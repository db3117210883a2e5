namespace MetaAdsJobs.Core.Meta.Pacing;

/// <summary>The times at which one account's changes were sent or are about to be: never more than the limit in any second.</summary>
internal sealed class MutationWindow
{
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(1);
    private readonly List<TimeSpan> _sent = [];
    private TurnQueue _turns;

    /// <summary>The first moment from <paramref name="earliest"/> on at which one more fits.</summary>
    public TimeSpan Find(TimeSpan now, TimeSpan earliest, int limit)
    {
        var over = _sent.FindIndex(at => at > now - Length);
        _sent.RemoveRange(0, over < 0 ? _sent.Count : over);
        if (_sent.Count < limit) return earliest;
        var free = _sent[^limit] + Length;
        return free > earliest ? free : earliest;
    }

    public void Take(TimeSpan at)
    {
        var place = _sent.BinarySearch(at);
        _sent.Insert(place < 0 ? ~place : place, at);
    }

    /// <summary>When somebody for whom there is no room now should come again.</summary>
    public TimeSpan ComeAgainAt(TimeSpan now, TimeSpan earliest, int limit) => _turns.Next(now, earliest, Length / limit);
}
