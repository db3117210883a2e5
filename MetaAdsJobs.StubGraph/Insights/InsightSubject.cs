using MetaAdsJobs.StubGraph.Numbers;
using MetaAdsJobs.StubGraph.Objects;
using Npgsql;

namespace MetaAdsJobs.StubGraph.Insights;

/// <summary>Who a row is about, with the ids and names above it, and the ads whose numbers make up the row.</summary>
internal sealed record InsightSubject(
    StubCursor Place,
    string? CampaignId,
    string? CampaignName,
    string? AdSetId,
    string? AdSetName,
    string? AdId,
    string? AdName,
    string? OptimizationGoal,
    string? Objective,
    string? BuyingType,
    AdNumbers[] Ads)
{
    public static InsightSubject Read(NpgsqlDataReader row) => new(
        new StubCursor(row.GetFieldValue<DateTimeOffset>(0), row.GetString(1)),
        Nullable(row, 2),
        Nullable(row, 3),
        Nullable(row, 4),
        Nullable(row, 5),
        Nullable(row, 6),
        Nullable(row, 7),
        Nullable(row, 8),
        Nullable(row, 9),
        Nullable(row, 10),
        Array.ConvertAll(row.GetFieldValue<string[]>(11), ad => new AdNumbers(ad)));

    private static string? Nullable(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
