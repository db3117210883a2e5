using System.Globalization;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Meta.Graph;

namespace MetaAdsJobs.Core.Meta.Insights;

/// <summary>What one report is asked for: whose numbers, by which level, in which days, cut by what. One row per thing and day.</summary>
internal sealed record ReportQuery
{
    private const string UsualFields = "account_id,campaign_id,campaign_name,adset_id,adset_name,ad_id,ad_name,impressions,clicks,inline_link_clicks,reach,spend,"
        + "actions,action_values,video_thruplay_watched_actions,optimization_goal,objective";

    /// <summary>Tell what a row is about. They are asked for whatever else is, and no metric is among them.</summary>
    private static readonly string[] OfEveryLevel = ["account_id", "campaign_id", "campaign_name", "adset_id", "adset_name", "ad_id", "ad_name", "optimization_goal", "objective"];

    /// <summary>An ad account (act_ and digits) or a campaign's id.</summary>
    public required string Node { get; init; }

    public required DateOnly Since { get; init; }

    /// <summary>Inclusive.</summary>
    public required DateOnly Until { get; init; }

    /// <summary>account, campaign, adset or ad.</summary>
    public string Level { get; init; } = "ad";

    public IReadOnlyList<string> Fields { get; init; } = UsualFields.Split(',');

    public IReadOnlyList<string> Breakdowns { get; init; } = [];

    public IReadOnlyList<string> AttributionWindows { get; init; } = [];

    /// <summary>Only what these have: campaigns' or ads' ids; empty for all.</summary>
    public IReadOnlyList<string> OnlyIds { get; init; } = [];

    /// <summary>campaign or ad: whose the ids are.</summary>
    public string OnlyIdsOf { get; init; } = "campaign";

    /// <summary>Only ads of these effective statuses; empty for those that Meta shows without being asked.</summary>
    public IReadOnlyList<string> OnlyStatuses { get; init; } = [];

    /// <summary>Some of what it should ask for Meta has refused: what is known of that stays.</summary>
    public bool IsIncomplete { get; init; }

    /// <summary>Without these a row is about nothing.</summary>
    public IReadOnlyList<string> NeededFields => [.. Fields.Where(name => name is "account_id" or "campaign_id" or "adset_id" or "ad_id")];

    public ReportQuery Without(IReadOnlyCollection<string> fields) => fields.Count == 0 ? this : this with { Fields = [.. Fields.Except(fields)], IsIncomplete = true };

    /// <summary>What is counted: the fields that can be left out one by one when Meta will not tell them together.</summary>
    public IReadOnlyList<string> Metrics => [.. Fields.Where(name => !OfEveryLevel.Contains(name))];

    public ReportQuery WithMetrics(IEnumerable<string> metrics) => this with { Fields = [.. Fields.Where(name => OfEveryLevel.Contains(name)), .. metrics] };

    public GraphFields ToFields()
    {
        var fields = new GraphFields()
            .Add("level", Level)
            .Add("fields", string.Join(',', Fields.Append("date_start").Distinct()))
            .Add("time_range", new JsonObject { ["since"] = Day(Since), ["until"] = Day(Until) })
            .Add("time_increment", 1)
            // As Ads Manager counts: each ad set by its own attribution setting.
            .Add("use_unified_attribution_setting", true);
        if (Breakdowns.Count > 0) fields.Add("breakdowns", new JsonArray([.. Breakdowns]));
        if (AttributionWindows.Count > 0) fields.Add("action_attribution_windows", new JsonArray([.. AttributionWindows]));
        var filters = new JsonArray();
        if (OnlyIds.Count > 0) filters.Add(OneOf($"{OnlyIdsOf}.id", OnlyIds));
        if (OnlyStatuses.Count > 0) filters.Add(OneOf("ad.effective_status", OnlyStatuses));
        if (filters.Count > 0) fields.Add("filtering", filters);
        return fields;
    }

    private static JsonObject OneOf(string field, IReadOnlyList<string> values) => new() { ["field"] = field, ["operator"] = "IN", ["value"] = new JsonArray([.. values]) };

    private static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
