namespace MetaAdsJobs.Core.Meta.Pacing;

/// <summary>Hands out times to come back at, one distance apart, so that those sent away together do not return together.</summary>
internal struct TurnQueue
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);
    private TimeSpan _last;

    /// <param name="earliest">When the first of them may come.</param>
    public TimeSpan Next(TimeSpan now, TimeSpan earliest, TimeSpan apart)
    {
        var next = _last + apart;
        if (next < earliest || next > now + Longest) next = earliest;
        return _last = next;
    }
}
