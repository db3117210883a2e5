namespace MetaAdsJobs.Core.Insights.Definitions;

/// <summary>What an account is asked for every night beside the numbers of its ads.</summary>
public sealed record ReportDefinition
{
    public required long Id { get; init; }
    public required Guid SocialAccountId { get; init; }
    public required string Name { get; init; }

    /// <summary>account, campaign, adset or ad.</summary>
    public required string Level { get; init; }

    /// <summary>Beside ids, day, impressions and spend, which are always fetched.</summary>
    public required IReadOnlyList<string> Fields { get; init; }
    public required IReadOnlyList<string> Breakdowns { get; init; }

    /// <summary>Empty: the ad account's own.</summary>
    public required IReadOnlyList<string> AttributionWindows { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
}
