using System.Collections.Frozen;
using MetaAdsJobs.StubGraph.Objects;

namespace MetaAdsJobs.StubGraph.Rules;

/// <summary>What may be changed after the create: little, and of a creative only its name.</summary>
internal static class UpdateRules
{
    private static readonly FrozenSet<string> Always = LegalNames.Set("name status fields execution_options");
    private static readonly FrozenSet<string> OfCampaign = LegalNames.Set("daily_budget lifetime_budget spend_cap stop_time");
    private static readonly FrozenSet<string> OfAdSet = LegalNames.Set("daily_budget lifetime_budget bid_amount start_time end_time");

    public static StubRefusal? Refuse(StubKind kind, StubCall call) =>
        Unchangeable(kind, call)
        ?? ParameterRules.NameLength(call)
        ?? ParameterRules.Status(call, "ACTIVE", "PAUSED", "ARCHIVED", "DELETED")
        ?? BudgetRules.Refuse(call);

    private static StubRefusal? Unchangeable(StubKind kind, StubCall call)
    {
        if (call.Parameters.Keys.FirstOrDefault(name => !IsChangeable(kind, name)) is not { } fixedName)
            return null;

        return kind == StubKind.Creative
            ? StubRefusal.Parameter(fixedName, 1815573, "Creative cannot be changed", "Make a new creative and point the ad to it")
            : StubRefusal.Parameter(fixedName, $"Param {fixedName} of an existing {kind.NodeType} cannot be changed");
    }

    private static bool IsChangeable(StubKind kind, string name) => Always.Contains(name) || kind.Name switch
    {
        "campaign" => OfCampaign.Contains(name),
        "adset" => OfAdSet.Contains(name),
        _ => false,
    };
}
