using Dapper;
using MetaAdsJobs.Core.Alerts.Evaluating;
using MetaAdsJobs.Core.Alerts.Rules;
using MetaAdsJobs.Core.Events;
using Npgsql;

namespace MetaAdsJobs.Core.Alerts.Telling;

/// <summary>
/// Tells of an episode in the transaction that changes it. Who listens to all accounts hears of all members; a webhook of some accounts hears of theirs, in an event of its own, and of an episode
/// without any of them nothing; of the first of theirs at once, whenever others were told of theirs.
/// </summary>
internal static class TellAlert
{
    public static async Task TellAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, AlertRule rule, EpisodeTurn turn, DateTimeOffset now, CancellationToken ct)
    {
        const string NamesSql = "SELECT id, name FROM social_accounts WHERE id = ANY (@Ids)";
        const string ListenersSql = """
            SELECT w.id, w.account_ids, w.event_types FROM webhooks w WHERE w.account_ids && @Ids ORDER BY w.id
            """;
        if (turn.Message is null && turn.FirstOf.Count == 0) return;
        var (episode, before) = (turn.After, turn.After.Messages - (turn.Message is null ? 0 : 1));
        var members = episode.Members.Values.ToList();
        var ids = members.Select(member => member.AccountId).Append(episode.AccountId ?? Guid.Empty).Distinct().ToArray();
        var names = (await connection.QueryAsync<(Guid Id, string Name)>(new(NamesSql, new { Ids = ids }, transaction, cancellationToken: ct))).ToDictionary(one => one.Id, one => one.Name);
        if (turn.Message is { } type) await Outbox.TellAsync(connection, transaction, new(type, episode.AccountId, $"{episode.Id}", now, AlertMessage.Of(rule, turn, members, names, now)), ct);
        // An account's own episode was told to them already.
        if (episode.AccountId is not null) return;
        var listeners = (await connection.QueryAsync<(Guid Id, Guid[] Accounts, string[]? Types)>(new(ListenersSql, new { Ids = turn.Message is null ? turn.FirstOf.ToArray() : ids }, transaction, cancellationToken: ct))).AsList();
        foreach (var (webhook, accounts, types) in listeners)
        {
            var theirs = members.Where(member => accounts.Contains(member.AccountId)).ToList();
            // For who has heard of none of his it begins now, whether there is a message or not; who has muted all of his hears no more.
            var hasHeard = theirs.Exists(member => member.ToldIn <= before || turn.Before.OpenedFor.Contains(member.AccountId));
            var what = hasHeard || turn.Message == EventTypes.AlertResolved ? turn.Message : EventTypes.AlertOpened;
            // Of what joined of others alone he hears nothing.
            if (what == EventTypes.AlertUpdated && !theirs.Exists(member => member.ToldIn == episode.Messages)) continue;
            if (what is null || types?.Contains(what) == false || episode.IsMutedFor(theirs)) continue;
            await Outbox.TellOneAsync(connection, transaction, webhook, [.. theirs.Select(member => member.AccountId).Distinct()], new(what, null, $"{episode.Id}", now, AlertMessage.Of(rule, turn, theirs, names, now)), ct);
        }
    }
}
