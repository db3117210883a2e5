using MetaAdsJobs.Core.Alerts.Rules;

namespace MetaAdsJobs.Core.Alerts.Evaluating;

/// <summary>What one evaluation of a rule makes of what was measured: states, episodes, messages. Nothing in it knows the database, so that a rule is tried by what it is run by.</summary>
/// <param name="States">Those that are not as they were; plain ones are to be forgotten.</param>
internal sealed record RuleTurn(IReadOnlyList<WatchState> States, IReadOnlyList<EpisodeTurn> Episodes, RuleCounts Counts)
{
    public static RuleTurn Of(AlertRule rule, IReadOnlyDictionary<WatchedKey, WatchState> states, IReadOnlyList<Episode> open, Measured measured, DateTimeOffset now)
    {
        var judged = new List<JudgedObject>();
        var seen = new HashSet<WatchedKey>();
        foreach (var found in measured.Told)
        {
            seen.Add(found.Key);
            Judge(states.GetValueOrDefault(found.Key), found);
        }

        foreach (var state in states.Values)
            if (!seen.Contains(state.Key)) Judge(state, found: null);
        var episodes = EpisodeJudge.Advance(rule, open, judged, now);
        var counts = new RuleCounts
        {
            Objects = measured.Objects, TooLittle = measured.TooLittle, Breached = measured.Told.Count(found => found.Verdict == Measurement.Breach),
            NoData = measured.Told.Count(found => found.Verdict == Measurement.NoData), Waiting = judged.Count(one => one.State is { IsFiring: false, Streak: > 0 }),
            Firing = judged.Count(one => one.State.IsFiring), Fired = judged.Count(one => one.Turn == Turn.Fired), Recovered = judged.Count(one => one.Turn == Turn.Recovered),
            Told = [.. episodes.Select(episode => episode.Message).OfType<string>().Distinct().Order(StringComparer.Ordinal)],
            HeldBy = [.. episodes.Select(episode => episode.HeldBy).OfType<string>().Distinct().Order(StringComparer.Ordinal)],
        };
        return new([.. judged.Where(one => one.State != states.GetValueOrDefault(one.State.Key)).Select(one => one.State)], episodes, counts);

        void Judge(WatchState? state, Measurement? found)
        {
            var (next, turn) = WatchState.Judge(rule, state, found, now);
            judged.Add(new(next, turn));
        }
    }
}

/// <summary>Why an evaluation acted, or why it did not, in numbers.</summary>
internal sealed record RuleCounts
{
    public int Objects { get; init; }
    public int Breached { get; init; }
    public int TooLittle { get; init; }
    public int Waiting { get; init; }
    public int NoData { get; init; }
    public int Firing { get; init; }
    public int Fired { get; init; }
    public int Recovered { get; init; }
    public required string[] Told { get; init; }
    public required string[] HeldBy { get; init; }
}
