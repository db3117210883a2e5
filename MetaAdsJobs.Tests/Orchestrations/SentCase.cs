using System.Text.Json.Nodes;

namespace MetaAdsJobs.Tests.Orchestrations;

/// <summary>
/// One kind of orchestration and what must be sent for it, written by hand from Meta's rules: changes to the plain request, and
/// to what the plain request sends. Null takes a field away.
/// </summary>
public sealed record SentCase(string Name, string Change = "{}")
{
    public const string Account = """{"page_id":"2000000001","pixel_id":"4000000001","default_countries":["US"],"name":"Our shop"}""";

    /// <summary>Merged into the account.</summary>
    public string AccountChange { get; init; } = "{}";

    /// <summary>image, video_url or video_id; several, with a comma between them, are [clip], [clip:2] … of the change.</summary>
    public string Media { get; init; } = "image";
    public string Campaign { get; init; } = "{}";
    public string AdSet { get; init; } = "{}";

    /// <summary>The whole story; that of an image when null.</summary>
    public string? Story { get; init; }

    /// <summary>The whole creative but for its name, where it is more, or other, than a story.</summary>
    public string? Creative { get; init; }
    public string Ad { get; init; } = "{}";

    /// <summary>It says ad_sets, of one ad in one of them: they are named by their places.</summary>
    public bool IsTree { get; init; }

    public JsonObject ExpectedCampaign => Merged("""
        {"name":"[name]","objective":"OUTCOME_SALES","special_ad_categories":[],"buying_type":"AUCTION","is_adset_budget_sharing_enabled":"false","status":"PAUSED"}
        """, Campaign);

    public JsonObject ExpectedAdSet => Merged($$"""
        {"name":"[name] - Ad set{{(IsTree ? " 1" : "")}}","campaign_id":"[campaign]","optimization_goal":"LINK_CLICKS","billing_event":"IMPRESSIONS","bid_strategy":"LOWEST_COST_WITHOUT_CAP",
         "daily_budget":"10000","destination_type":"WEBSITE","status":"PAUSED",
         "targeting":{"age_min":18,"age_max":65,"genders":[1,2],"geo_locations":{"countries":["US"]},"publisher_platforms":["facebook"],"targeting_automation":{"advantage_audience":0} } }
        """, AdSet);

    public JsonObject ExpectedCreative => Merged($$"""{"name":"[name] - Creative{{Place}}"}""", Creative ?? $$"""{"object_story_spec":{{Story ?? ImageStory}}}""");

    public JsonObject ExpectedAd => Merged($$"""{"name":"[name] - Ad{{Place}}","adset_id":"[adset]","creative":{"creative_id":"[creative]"},"status":"PAUSED"}""", Ad);

    private string Place => IsTree ? " 1.1" : "";

    private const string ImageStory = """
        {"page_id":"2000000001","link_data":{"link":"https://example.com/sale","name":"Amazing Product","message":"Get 50% off","image_hash":"[media]",
         "call_to_action":{"type":"LEARN_MORE","value":{"link":"https://example.com/sale"}}}}
        """;

    public static JsonObject Merged(string json, string change)
    {
        var merged = JsonNode.Parse(json)!.AsObject();
        foreach (var (name, value) in JsonNode.Parse(change)!.AsObject())
        {
            if (value is null) merged.Remove(name);
            else merged[name] = value.DeepClone();
        }

        return merged;
    }

    public override string ToString() => Name;
}
