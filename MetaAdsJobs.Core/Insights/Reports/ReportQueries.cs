using MetaAdsJobs.Core.Insights.Definitions;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Meta.Insights;

namespace MetaAdsJobs.Core.Insights.Reports;

/// <summary>What a sync's reports ask Meta for, by their definitions.</summary>
internal sealed class ReportQueries(SyncClaim claim, IReadOnlyList<ReportDefinition> definitions, IReadOnlyDictionary<string, string> conversionEvents)
{
    // Without these a row is about nothing, or cannot be weighed.
    private static readonly string[] Always = ["account_id", "spend", "impressions"];

    public ReportQuery Of(SyncReport report)
    {
        var usual = new ReportQuery { Node = claim.AdAccountId, Since = report.Since, Until = report.Until };
        var query = (report.DefinitionId == SyncReport.OfAds ? usual : Defined(usual, Definition(report))).Without(report.RefusedFields);
        return report.Scope == ReportScope.Deleted
            ? query with { OnlyStatuses = ["ARCHIVED", "DELETED"] }
            : query with { OnlyIds = report.ScopeIds, OnlyIdsOf = report.Scope == ReportScope.Ads ? "ad" : "campaign" };
    }

    public InsightRows Rows(ReportQuery query) => new(query, conversionEvents);

    /// <summary>How a person knows the report.</summary>
    public string NameOf(SyncReport report) => report.DefinitionId == SyncReport.OfAds ? "ads" : definitions.FirstOrDefault(one => one.Id == report.DefinitionId)?.Name ?? "ended";

    private ReportDefinition Definition(SyncReport report) =>
        definitions.FirstOrDefault(one => one.Id == report.DefinitionId) ?? throw new MetaException(Proof.Rejected, "the report's definition was ended");

    private static ReportQuery Defined(ReportQuery usual, ReportDefinition definition) => usual with
    {
        Level = definition.Level,
        Fields = [.. Always.Concat(IdsOf(definition.Level)).Concat(definition.Fields).Distinct()],
        Breakdowns = definition.Breakdowns,
        AttributionWindows = definition.AttributionWindows,
    };

    private static IEnumerable<string> IdsOf(string level) => level switch
    {
        "account" => [],
        "campaign" => ["campaign_id", "objective"],
        "adset" => ["campaign_id", "adset_id", "objective", "optimization_goal"],
        _ => ["campaign_id", "adset_id", "ad_id", "objective", "optimization_goal"],
    };
}
