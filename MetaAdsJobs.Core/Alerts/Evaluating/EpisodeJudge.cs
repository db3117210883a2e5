using MetaAdsJobs.Core.Alerts.Rules;
using MetaAdsJobs.Core.Events;

namespace MetaAdsJobs.Core.Alerts.Evaluating;

/// <summary>An object that was judged.</summary>
/// <param name="HasData">False: what is told of it is what was last known.</param>
internal sealed record JudgedObject(WatchState State, Turn Turn)
{
    public bool HasData => State.NoDataSince is null;
}

/// <summary>
/// Makes messages of turns, few of them. The first object that fires opens an episode, and that is told at once. What fires later is told together, at most once in a
/// cooldown and half an hour. What recovers and fires again within the cooldown is told with the next message, and makes none; what was well for longer is told anew. The episode is over, and that is told, when
/// all have been well for the cooldown. So one storm makes three messages at the most, and one flapping makes two, however long it lasts.
/// </summary>
internal static class EpisodeJudge
{
    /// <summary>Between two messages of one episode, also with a shorter cooldown.</summary>
    public static readonly TimeSpan ShortestGap = TimeSpan.FromMinutes(30);

    public static IReadOnlyList<EpisodeTurn> Advance(AlertRule rule, IReadOnlyList<Episode> open, IReadOnlyList<JudgedObject> judged, DateTimeOffset now)
    {
        // Whoever is in an episode stays in it; who fires for the first time goes to the one of its group.
        var byMember = open.SelectMany(episode => episode.Members.Keys.Select(key => (Key: key, episode.Id))).GroupBy(one => one.Key).ToDictionary(same => same.Key, same => same.First().Id);
        var byGroup = open.ToDictionary(episode => episode.AccountId ?? Guid.Empty);
        var begun = new Dictionary<Guid, Episode>();
        var turns = open.ToDictionary(episode => episode.Id, _ => new List<JudgedObject>());
        foreach (var one in judged)
        {
            if (!byMember.TryGetValue(one.State.Key, out var id))
            {
                if (one.Turn != Turn.Fired) continue;
                var group = rule.GroupBy == AlertRule.ByAccount ? one.State.AccountId : Guid.Empty;
                if (!byGroup.TryGetValue(group, out var episode))
                {
                    episode = new Episode { Id = Guid.CreateVersion7(now), AccountId = group == Guid.Empty ? null : group, OpenedAt = now, Members = new Dictionary<WatchedKey, Member>() };
                    byGroup[group] = begun[episode.Id] = episode;
                    turns[episode.Id] = [];
                }

                id = episode.Id;
            }

            turns[id].Add(one);
        }

        return [.. open.Concat(begun.Values).Select(episode => Advance(rule, episode, turns[episode.Id], now))];
    }

    private static EpisodeTurn Advance(AlertRule rule, Episode episode, List<JudgedObject> judged, DateTimeOffset now)
    {
        var members = new Dictionary<WatchedKey, Member>(episode.Members);
        var changed = new Dictionary<WatchedKey, Member>();
        foreach (var one in judged)
        {
            var before = members.GetValueOrDefault(one.State.Key);
            if (Turned(rule, before, one, now) is { } member && member != before) members[member.Key] = changed[member.Key] = member;
        }

        var after = episode with { QuietSince = members.Values.Any(member => member.RecoveredAt is null) ? null : episode.QuietSince ?? now };
        if (after.QuietSince is { } quiet && now - quiet >= rule.Cooldown) after = after with { ClosedAt = now, ClosedWhy = "all have been well for the cooldown" };
        var (message, heldBy) = Message(rule, after, members.Values, now);
        if (message is not null)
        {
            after = after with { Messages = after.Messages + 1, LastMessageAt = now, OpenedFor = [] };
            foreach (var member in members.Values.Where(member => member.ToldIn is null).ToList()) members[member.Key] = changed[member.Key] = member with { ToldIn = after.Messages };
        }
        else if (episode.AccountId is null)
        {
            // Who listens to these accounts alone has heard of nothing: that others were told of theirs is no reason to wait.
            after = after with { OpenedFor = [.. after.OpenedFor, .. members.Values.GroupBy(member => member.AccountId).Where(IsUnheardOf).Select(theirs => theirs.Key)] };
        }

        return new(episode, after with { Members = members }, [.. changed.Values], message, heldBy);

        bool IsUnheardOf(IGrouping<Guid, Member> theirs) =>
            theirs.All(member => member.ToldIn is null) && theirs.Any(member => member.RecoveredAt is null) && !episode.OpenedFor.Contains(theirs.Key) && episode.MutedFor?.Contains(theirs.Key) != true;
    }

    private static Member? Turned(AlertRule rule, Member? before, JudgedObject one, DateTimeOffset now)
    {
        var state = one.State;
        switch (one.Turn)
        {
            case Turn.Fired when before is null:
                return new() { AccountId = state.AccountId, Object = state.Object, Name = state.Name, Value = state.Value, Reference = state.Reference, DataAt = state.DataAt, FiredAt = now };
            case Turn.Fired:
                return before with
                {
                    Name = state.Name ?? before.Name, Value = state.Value, Reference = state.Reference, DataAt = state.DataAt, RecoveredAt = null, HasData = true, Times = before.Times + 1,
                    // Others keep the episode open, for months if it is of all accounts.
                    ToldIn = now - before.RecoveredAt >= rule.Cooldown ? null : before.ToldIn,
                };
            case Turn.Recovered when before is not null:
                return before with { Value = state.Value ?? before.Value, Reference = state.Reference, DataAt = state.DataAt ?? before.DataAt, RecoveredAt = now, HasData = true };
            case Turn.None when before is { RecoveredAt: null }:
                return one.HasData ? before with { Value = state.Value, Reference = state.Reference, DataAt = state.DataAt, HasData = true } : before with { HasData = false };
            default:
                return null;
        }
    }

    private static (string? Message, string? HeldBy) Message(AlertRule rule, Episode episode, IReadOnlyCollection<Member> members, DateTimeOffset now)
    {
        var isWanted = episode.Messages == 0 ? EventTypes.AlertOpened : episode.ClosedAt is not null ? EventTypes.AlertResolved : members.Any(member => member.ToldIn is null) ? EventTypes.AlertUpdated : null;
        if (isWanted is null) return (null, episode.QuietSince is null ? null : "cooldown");
        if (episode.IsMutedFor(isWanted == EventTypes.AlertResolved ? members : members.Where(member => member.ToldIn is null))) return (null, "muted");
        var gap = rule.Cooldown > ShortestGap ? rule.Cooldown : ShortestGap;
        return isWanted == EventTypes.AlertUpdated && now - episode.LastMessageAt < gap ? (null, "cooldown") : (isWanted, null);
    }
}
