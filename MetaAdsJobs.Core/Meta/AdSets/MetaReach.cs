using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Meta.Graph;

namespace MetaAdsJobs.Core.Meta.AdSets;

/// <summary>What Meta is asked: how many people an ad set with this could reach in a month.</summary>
/// <param name="Promoted">What the ad set promotes; null where that is not known yet, and Meta does without it.</param>
internal sealed record ReachQuestion(JsonObject Targeting, string Goal, JsonObject? Promoted)
{
    /// <summary>It travels in a URL, of which proxies take some 8,000 characters.</summary>
    private const int Longest = 7000;

    public bool IsTooLong => Fields.Encoded.Sum(one => Uri.EscapeDataString(one.Value).Length) > Longest;

    /// <summary>Source of parameters and fields: Meta's API description. What a day would bring (estimate_dau, daily_outcomes_curve) is gone since v26.</summary>
    public GraphFields Fields => new GraphFields().Add("targeting_spec", Targeting).Add("optimization_goal", Goal).Add("promoted_object", Promoted)
        .Add("fields", "estimate_ready,estimate_mau_lower_bound,estimate_mau_upper_bound");

    public string Key => string.Join('\n', Fields.Encoded.Select(one => one.Value));
}

/// <param name="Ready">False when Meta has no numbers (yet).</param>
internal sealed record MetaEstimate(bool Ready, long? PeopleMin, long? PeopleMax);

/// <summary>Estimates of reach. Throws <see cref="MetaException"/>.</summary>
internal sealed class MetaReach(GraphClient graph)
{
    public async Task<MetaEstimate> EstimateAsync(GraphCredential credential, ReachQuestion question, CancellationToken ct)
    {
        var answer = GraphPage.Items(await graph.SendAsync(HttpMethod.Get, $"{credential.AdAccountId}/delivery_estimate", question.Fields, credential, ct)).FirstOrDefault();
        var isReady = answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty("estimate_ready", out var ready) && ready.ValueKind == JsonValueKind.True;
        return new(isReady, People("estimate_mau_lower_bound"), People("estimate_mau_upper_bound"));

        // -1 where Meta does not say.
        long? People(string name) => long.TryParse(GraphText.Of(answer, name), NumberStyles.None, CultureInfo.InvariantCulture, out var people) ? people : null;
    }
}
