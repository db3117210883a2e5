namespace MetaAdsJobs.Core.Insights.Definitions;

/// <summary>What an account is asked for every night beside the numbers of its ads.</summary>
public sealed record ReportDefinition
{
    public required long Id { get; init; }
    public required Guid SocialAccountId { get; init; }
    public required string Name { get; init; }
    public required string Level { get; init; }
    public required IReadOnlyList<string> Fields { get; init; }
    public required IReadOnlyList<string> Breakdowns { get; init; }
    public required IReadOnlyList<string> AttributionWindows { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
}
