using System.Collections.Frozen;
using System.Text.Json;
using System.Text.RegularExpressions;
using MetaAdsJobs.Core.Meta.Insights;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Insights.Definitions;

/// <summary>Reads a report definition from a body, so that nothing Meta would refuse is asked for every night.</summary>
internal static partial class ReportDefinitionValidation
{
    private const int MostBreakdowns = 4;
    private const string NameRule = "must be 1 to 40 letters, digits, - and _";

    /// <returns>Null when something is wrong, which <paramref name="fields"/> then tells.</returns>
    public static ReportDefinition? Read(JsonFields fields, Guid accountId)
    {
        var name = fields.Text("name", required: true);
        if (name is not null && !NamePattern().IsMatch(name)) fields.Refuse("name", NameRule);
        var level = fields.Word("level", ReportNames.Levels);
        if (level is null && fields.IsObject && !fields.Has("level")) fields.Refuse("level", "is required");
        var names = Names(fields, "fields", ReportNames.Fields.Count, ReportNames.Fields, "is not a field of Meta's insights");
        if (names is { Count: 0 }) fields.Refuse("fields", "must name a field; leave it out for the usual ones");
        var breakdowns = Names(fields, "breakdowns", MostBreakdowns, ReportNames.Breakdowns, "is not a breakdown of Meta's insights");
        var windows = Names(
            fields, "action_attribution_windows", ReportNames.AttributionWindows.Count + ReportNames.EndedWindows.Count, ReportNames.AttributionWindows,
            $"must be one of {string.Join(", ", ReportNames.AttributionWindows.Order(StringComparer.Ordinal))}");
        fields.RefuseUnknown();
        if (fields.Errors.Any || name is null || level is null) return null;
        return new()
        {
            Id = 0, SocialAccountId = accountId, Name = name, Level = level, Fields = names ?? ReportNames.DefaultFields, Breakdowns = breakdowns ?? [],
            AttributionWindows = windows ?? [], CreatedAt = default,
        };
    }

    private static IReadOnlyList<string>? Names(JsonFields fields, string list, int max, FrozenSet<string> known, string unknown)
    {
        var seen = new HashSet<string>();
        return fields.List(list, max, (item, path) => One(item, path));

        string? One(JsonElement item, string path)
        {
            if (fields.TextOf(item, path, max: 100) is not { } name) return null;
            var wrong = ReportNames.EndedWindows.Contains(name) && known == ReportNames.AttributionWindows ? "Meta returns nothing for this window since 2026-01-12"
                : !known.Contains(name) ? unknown
                : !seen.Add(name) ? "is in the list already"
                : null;
            if (wrong is null) return name;
            fields.Errors.Add(path, wrong);
            return null;
        }
    }

    [GeneratedRegex("^[A-Za-z0-9_-]{1,40}\\z")]
    private static partial Regex NamePattern();
}
