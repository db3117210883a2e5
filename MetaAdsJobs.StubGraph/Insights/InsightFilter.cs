using System.Text.Json;

namespace MetaAdsJobs.StubGraph.Insights;

/// <summary>Which ads a report is about: all of them, or those of some campaigns and ad sets, some by id or by effective status.</summary>
internal sealed record InsightFilter(string[]? CampaignIds, string[]? AdSetIds, string[]? AdIds, string[]? Statuses)
{
    public static readonly InsightFilter All = new(null, null, null, null);

    private static readonly string[] LegalStatuses =
    [
        "ACTIVE", "PAUSED", "DELETED", "PENDING_REVIEW", "DISAPPROVED", "PREAPPROVED", "PENDING_BILLING_INFO", "CAMPAIGN_PAUSED", "ARCHIVED",
        "ADSET_PAUSED", "IN_PROCESS", "WITH_ISSUES",
    ];

    /// <summary>As at Meta, an account's report leaves deleted ads out unless they are asked for.</summary>
    public bool AsksForDeleted => Statuses?.Contains("DELETED") == true;

    public static StubRefusal? Refuse(StubCall call, out InsightFilter filter)
    {
        filter = All;
        if (call.Text("filtering") is null)
            return null;

        var conditions = call.Json("filtering");
        if (conditions.ValueKind != JsonValueKind.Array)
            return StubRefusal.Parameter("filtering", "Param filtering must be an array");

        foreach (var condition in conditions.EnumerateArray())
        {
            if (filter.Add(condition) is not { } narrower)
                return StubRefusal.Parameter("filtering", $"Filtering condition {condition.GetRawText()} is invalid");

            filter = narrower;
        }

        return null;
    }

    private InsightFilter? Add(JsonElement condition)
    {
        if (condition.ValueKind != JsonValueKind.Object || !condition.TryGetProperty("value", out var value)
            || Values(Property(condition, "operator"), value) is not { } values)
            return null;

        return Property(condition, "field") switch
        {
            "campaign.id" => this with { CampaignIds = Both(CampaignIds, values) },
            "adset.id" => this with { AdSetIds = Both(AdSetIds, values) },
            "ad.id" => this with { AdIds = Both(AdIds, values) },
            "ad.effective_status" when value.ValueKind == JsonValueKind.Array && Array.TrueForAll(values, LegalStatuses.Contains) =>
                this with { Statuses = Both(Statuses, values) },
            _ => null,
        };
    }

    private static string[] Both(string[]? before, string[] values) => before is null ? values : [.. before.Intersect(values)];

    private static string[]? Values(string? comparison, JsonElement value) => (comparison, value.ValueKind) switch
    {
        ("IN", JsonValueKind.Array) => [.. value.EnumerateArray().Select(item => item.ToString())],
        ("EQUAL", JsonValueKind.String or JsonValueKind.Number) => [value.ToString()],
        _ => null,
    };

    private static string? Property(JsonElement condition, string name) =>
        condition.TryGetProperty(name, out var value) ? value.ToString() : null;
}
