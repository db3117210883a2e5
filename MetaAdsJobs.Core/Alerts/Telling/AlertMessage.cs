using System.Globalization;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Alerts.Evaluating;
using MetaAdsJobs.Core.Alerts.Rules;

namespace MetaAdsJobs.Core.Alerts.Telling;

/// <summary>What is told of an episode: what the rule is, how old the numbers are, and every object by name.</summary>
internal static class AlertMessage
{
    /// <summary>Of more the number is told.</summary>
    public const int MostListed = 5000;

    /// <param name="told">Those of the episode's members whom the listener may hear of.</param>
    /// <param name="accounts">Their accounts' names.</param>
    public static JsonObject Of(AlertRule rule, EpisodeTurn turn, IReadOnlyList<Member> told, IReadOnlyDictionary<Guid, string> accounts, DateTimeOffset now)
    {
        var (episode, before) = (turn.After, turn.Before);
        // Of an update: all that fire, and what has recovered since the last message.
        var listed = told.Where(member => episode.ClosedAt is not null || member.RecoveredAt is null || before.LastMessageAt is null || member.RecoveredAt > before.LastMessageAt)
            .OrderByDescending(IsNew).ThenBy(member => member.RecoveredAt is not null).ThenByDescending(member => member.FiredAt).ThenBy(member => member.Name ?? member.Object, StringComparer.Ordinal).ToList();
        var oldest = listed.Min(member => member.DataAt);
        var fresh = told.Count(IsNew);
        var (firing, unknown) = (told.Count(member => member.RecoveredAt is null), told.Count(member => member.RecoveredAt is null && !member.HasData));
        return new()
        {
            ["alert_id"] = episode.Id, ["rule_id"] = rule.Id, ["rule"] = rule.Name, ["built_in"] = rule.BuiltIn, ["severity"] = rule.Severity, ["status"] = episode.ClosedAt is null ? "open" : "resolved", ["message"] = episode.Messages,
            ["metric"] = rule.Metric, ["level"] = rule.Level, ["condition"] = AlertCondition.Of(rule), ["social_account_id"] = episode.AccountId, ["account"] = episode.AccountId is { } id ? accounts.GetValueOrDefault(id) : null,
            ["opened_at"] = Moment(episode.OpenedAt), ["resolved_at"] = Moment(episode.ClosedAt), ["resolved_why"] = episode.ClosedWhy, ["firing"] = firing, ["new"] = fresh, ["no_data"] = unknown, ["in_all"] = told.Count,
            ["data_at"] = Moment(oldest), ["data_age_minutes"] = Minutes(oldest, now),
            ["members"] = new JsonArray([.. listed.Take(MostListed).Select(member => (JsonNode?)Of(member, IsNew(member), accounts, now))]), ["not_listed"] = Math.Max(0, listed.Count - MostListed),
            ["url"] = $"/console/alerts/{episode.Id}", ["status_url"] = $"/meta/alerts/{episode.Id}",
        };

        // What no message has told of yet is told to somebody alone.
        bool IsNew(Member member) => member.ToldIn is null || member.ToldIn == episode.Messages;
    }

    private static JsonObject Of(Member member, bool isNew, IReadOnlyDictionary<Guid, string> accounts, DateTimeOffset now) => new()
    {
        ["id"] = member.Object, ["name"] = member.Name, ["social_account_id"] = member.AccountId, ["account"] = accounts.GetValueOrDefault(member.AccountId),
        ["state"] = member.RecoveredAt is not null ? "recovered" : member.HasData ? "firing" : "no_data", ["new"] = isNew, ["value"] = Short(member.Value), ["median"] = Short(member.Reference), ["times"] = member.Times,
        ["since"] = Moment(member.FiredAt), ["recovered_at"] = Moment(member.RecoveredAt), ["data_at"] = Moment(member.DataAt), ["data_age_minutes"] = Minutes(member.DataAt, now),
    };

    private static long? Minutes(DateTimeOffset? at, DateTimeOffset now) => at is { } moment ? Math.Max(0, (long)(now - moment).TotalMinutes) : null;

    // Without zeros behind it.
    private static decimal? Short(decimal? value) => value / 1.0000000000000000000000000000m;

    private static string? Moment(DateTimeOffset? at) => at?.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
}
