using System.Text.Json;
using System.Text.Json.Nodes;

namespace MetaAdsJobs.Core.Orchestrations;

/// <summary>What a caller asks for: a whole ad. Field names and meaning are the brief's.</summary>
public sealed record OrchestrationRequest
{
    public required Guid SocialAccountId { get; init; }
    public required Guid ClipId { get; init; }
    public required string CampaignName { get; init; }

    /// <summary>One of Meta's six OUTCOME_* objectives.</summary>
    public required string CampaignObjective { get; init; }

    /// <summary>Hundredths of a whole unit of the account's currency, whatever Meta's own units for it are.</summary>
    public required long DailyBudgetCents { get; init; }
    public required string CreativeTitle { get; init; }
    public string? CreativeDescription { get; init; }
    public required string LandingUrl { get; init; }

    /// <summary>Whom to reach, in Meta's targeting fields. Without geo_locations the account's default countries are used.</summary>
    public JsonObject? Targeting { get; init; }

    /// <summary>One of Meta's goals that fit the objective; CONVERSIONS means OFFSITE_CONVERSIONS.</summary>
    public required string OptimizationGoal { get; init; }

    /// <summary>True: activated as the last step. False (default): everything stays paused.</summary>
    public bool AutoPublish { get; init; }

    public string ToJson() => JsonSerializer.Serialize(this, Json);

    public static OrchestrationRequest FromJson(string json) => JsonSerializer.Deserialize<OrchestrationRequest>(json, Json)!;

    internal static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
}
