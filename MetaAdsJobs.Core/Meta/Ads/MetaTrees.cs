using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Meta.Graph;

namespace MetaAdsJobs.Core.Meta.Ads;

/// <summary>A campaign as Meta has it, with what hangs on it, but for what is deleted or archived. Budgets and bids in Meta's units.</summary>
/// <param name="AdAccountId">Null where Meta does not tell.</param>
internal sealed record MetaTree(string Id, string? AdAccountId, string Objective, string? BidStrategy, ObjectValues Values, IReadOnlyList<MetaAdSet> AdSets, IReadOnlyList<MetaAd> Ads);

internal sealed record MetaAdSet(
    string Id, ObjectValues Values, string Goal, string BillingEvent, string? BidStrategy, DateTimeOffset? StartTime, JsonObject Targeting, string? DestinationType,
    string? PixelId, string? ConversionEvent, string? ApplicationId, string? ObjectStoreUrl);

internal sealed record MetaAd(string Id, string AdSetId, string CreativeId, string? CreativeName, ObjectValues Values);

/// <summary>Reads campaigns that were made by somebody else. Every method throws <see cref="MetaException"/>.</summary>
internal sealed class MetaTrees(GraphClient graph, MetaAds meta)
{
    /// <summary>Of one campaign; of those with more none is read. Meta's own limits are above that, and nobody's campaigns.</summary>
    public const int MostAdSets = 200;
    public const int MostAds = 2000;

    /// <returns>Null when there is no such campaign, or it is gone: that is proven.</returns>
    public async Task<MetaTree?> FindAsync(GraphCredential credential, string campaignId, CancellationToken ct)
    {
        JsonElement campaign;
        try
        {
            campaign = await graph.SendAsync(HttpMethod.Get, campaignId, new GraphFields().Add("fields", "account_id,objective,bid_strategy,status,effective_status,name,daily_budget,lifetime_budget"), credential, ct);
        }
        catch (MetaException exception) when (exception.IsMissingObject)
        {
            await meta.ProveGoneAsync(credential, campaignId, exception, ct);
            return null;
        }

        // An answer without its id says nothing of it; what is no campaign has no objective.
        if (GraphText.Of(campaign, "id") is null) throw new MetaException(Proof.OutcomeUnknown, "Meta's answer about a campaign holds no id");
        if (GraphText.Of(campaign, "objective") is not { } objective) return null;
        var adSets = await ListAsync(credential, $"{campaignId}/adsets", AdSetFields, MostAdSets, "ad sets", ct);
        var ads = await ListAsync(credential, $"{campaignId}/ads", "status,effective_status,name,adset_id,creative{id,name}", MostAds, "ads", ct);
        return new(campaignId, GraphText.Of(campaign, "account_id") is { } digits ? $"act_{digits}" : null, objective, GraphText.Of(campaign, "bid_strategy"), MetaEdits.Read(campaign), [.. adSets.Select(ToAdSet)], [.. ads.Select(ToAd).OfType<MetaAd>()]);
    }

    private const string AdSetFields =
        "status,effective_status,name,daily_budget,lifetime_budget,end_time,bid_amount,bid_strategy,start_time,optimization_goal,billing_event,targeting,destination_type,promoted_object";

    private async Task<IReadOnlyCollection<JsonElement>> ListAsync(GraphCredential credential, string edge, string fields, int most, string what, CancellationToken ct)
    {
        // A list that grows while its pages are read may show one twice.
        var found = new Dictionary<string, JsonElement>();
        await foreach (var item in graph.ListAsync(credential, edge, () => new GraphFields().Add("fields", $"id,{fields}"), MetaAds.PageRows, MetaAds.FewestPageRows, ct))
        {
            found[MetaAds.IdOf(item)] = item;
            if (found.Count > most) throw new MetaException(Proof.Rejected, string.Create(CultureInfo.InvariantCulture, $"the campaign has more than {most} {what}: so many are not taken over"));
        }

        // Meta tells the newest first.
        return [.. found.Values.Reverse()];
    }

    private static MetaAdSet ToAdSet(JsonElement one)
    {
        var promoted = one.TryGetProperty("promoted_object", out var value) ? value : default;
        return new(
            MetaAds.IdOf(one), MetaEdits.Read(one), GraphText.Of(one, "optimization_goal") ?? "NONE", GraphText.Of(one, "billing_event") ?? "IMPRESSIONS", GraphText.Of(one, "bid_strategy"),
            MetaEdits.Moment(GraphText.Of(one, "start_time")), one.TryGetProperty("targeting", out var targeting) && targeting.ValueKind == JsonValueKind.Object ? JsonNode.Parse(targeting.GetRawText())!.AsObject() : [],
            GraphText.Of(one, "destination_type") is { } destination and not "UNDEFINED" ? destination : null,
            GraphText.Of(promoted, "pixel_id"), GraphText.Of(promoted, "custom_event_type"), GraphText.Of(promoted, "application_id"), GraphText.Of(promoted, "object_store_url"));
    }

    private static MetaAd? ToAd(JsonElement one) => GraphText.Of(one, "adset_id") is { } adSetId && one.TryGetProperty("creative", out var creative) && GraphText.Of(creative, "id") is { } creativeId
        ? new(MetaAds.IdOf(one), adSetId, creativeId, GraphText.Of(creative, "name"), MetaEdits.Read(one)) : null;
}
