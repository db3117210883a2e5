using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Orchestrations.Requests;

/// <summary>
/// One ad of a body as a body of its own, so that one set of rules judges all: its own fields, over those of its ad set, over those of the
/// top. What belongs together is taken together: an ad set that names a budget takes no other from above.
/// </summary>
/// <param name="Set">Which ad set, from 0 on.</param>
/// <param name="Ad">Which of its ads, from 0 on.</param>
internal sealed record RequestPart(int Set, int Ad, JsonElement Body, string? SetName, string? AdName, Func<string, string> PathOf)
{
    /// <summary>Adds what is wrong with the part, by the paths of the whole; what the part shares with others is told once.</summary>
    public void Tell(FieldErrors ofPart, FieldErrors errors)
    {
        foreach (var (path, messages) in ofPart.ToDictionary())
            foreach (var message in messages)
                errors.AddOnce(PathOf(path), message);
    }
}

/// <summary>Takes a body apart into its ads.</summary>
internal static class RequestParts
{
    public const string AdSets = "ad_sets";
    public const int MostAdSets = 20;
    public const int MostAds = 50;
    public const string Ads = "ads";
    private const string Name = "name";
    private const string Targeting = "targeting";
    private const string BudgetAt = "budget_at";
    public const string ActivateAt = "activate_at";
    private const string AtCampaign = "campaign";
    private const int MaxName = 200;

    // Of JSON: each character may be six.
    private const int LongestText = 20_000;
    private const int LongestList = 10 * LongestText;

    private static readonly string[] Shown = ["clip_id", "placement_media"];
    private static readonly string[] Lists = ["cards", "placement_media", "titles", "texts"];

    private static readonly string[] OfAd =
    [
        "clip_id", "creative_title", "creative_description", "landing_url", "call_to_action", "cards", "placement_media", "titles", "texts", "post_id", "instagram_media_id",
        "link_description", "url_tags", "instagram_user_id", "conversion_domain",
    ];

    internal static readonly string[] OfAdSet =
    [
        "targeting", "optimization_goal", "pixel_id", "conversion_event", "daily_budget_cents", "lifetime_budget_cents", "start_time", "end_time",
        "min_spend_cents", "max_spend_cents", "bid_strategy", "bid_amount_cents", "roas_average_floor", "dsa_beneficiary", "dsa_payor",
        "destination_type", "application_id", "object_store_url", "lead_gen_form_id", "attribution_spec", "frequency_control_specs", "adset_schedule",
    ];

    private static readonly string[] OfCampaign =
        ["social_account_id", BudgetAt, "campaign_name", "campaign_objective", "auto_publish", ActivateAt, "special_ad_categories", "special_ad_category_countries", "validate_only", "campaign_id", "ad_set_id"];

    private static readonly string[] OfBudget = ["daily_budget_cents", "lifetime_budget_cents", "bid_strategy"];

    // Who names one of the first takes none of the others from above.
    private static readonly (string[] Named, string[] Left)[] Together =
    [
        (["daily_budget_cents", "lifetime_budget_cents"], ["daily_budget_cents", "lifetime_budget_cents", "adset_schedule"]),
        (["optimization_goal", "pixel_id", "conversion_event"],
            ["optimization_goal", "pixel_id", "conversion_event", "destination_type", "application_id", "object_store_url", "lead_gen_form_id", "attribution_spec", "frequency_control_specs"]),
        .. ((string[][])[["bid_strategy", "bid_amount_cents", "roas_average_floor"], ["creative_title", "titles"], ["creative_description", "texts"]]).Select(group => (group, group)),
        // An ad has one form: with one of its own it is of no other. A clip may be that of cards and of some placements, too; an existing post has none.
        (["clip_id", "cards", "placement_media"], ["cards", "placement_media", "post_id", "instagram_media_id"]),
        (["cards", "placement_media"], ["titles", "texts"]),
        (["titles", "texts"], ["cards", "placement_media", "post_id", "instagram_media_id"]),
        (["post_id", "instagram_media_id"],
            ["post_id", "instagram_media_id", "clip_id", "cards", "placement_media", "titles", "texts", "creative_title", "creative_description", "link_description"]),
    ];

    /// <summary>Ids of all clips that a body names, wherever; no more than a request can have.</summary>
    public static Guid[] ClipsOf(JsonElement body) => [.. Named(body).Distinct().Take(MostAdSets * MostAds * 10)];

    public static bool IsTree(JsonElement body) => body.ValueKind == JsonValueKind.Object && body.TryGetProperty(AdSets, out var sets) && sets.ValueKind != JsonValueKind.Null;

    /// <summary>
    /// The ads of a body in their order, one at a time: each is a copy of what stands above it. The body itself where it names no ad sets. What is
    /// wrong with the lists themselves is told on the way.
    /// </summary>
    /// <param name="onlyFirst">Of each ad set: for what ads do not differ in.</param>
    public static IEnumerable<RequestPart> Of(JsonElement body, FieldErrors errors, bool onlyFirst = false)
    {
        if (!IsTree(body))
        {
            yield return new(0, 0, body, null, null, path => path);
            yield break;
        }

        var isFirst = true;
        var all = body.EnumerateObject().Where(field => field.Name != AdSets && field.Value.ValueKind != JsonValueKind.Null).ToList();
        // The first part tells what is unknown: there may be hundreds of thousands of them.
        var top = all.FindAll(field => OfCampaign.Contains(field.Name) || OfAdSet.Contains(field.Name) || OfAd.Contains(field.Name));
        // What is longer than any text may be was refused with the first; the targeting is the whole ad set's, and judged with its first ad.
        var shared = top.FindAll(field => field.Name != Targeting && field.Value.GetRawText().Length <= (Lists.Contains(field.Name) ? LongestList : LongestText));
        var isOfCampaign = all.Exists(field => field is { Name: BudgetAt, Value.ValueKind: JsonValueKind.String } && field.Value.ValueEquals(AtCampaign));
        foreach (var (set, adSet) in Items(body, AdSets, "", MostAdSets, errors).Index())
        {
            var setPath = $"{AdSets}[{set}]";
            var setFields = Fields(adSet, setPath, [.. OfAdSet, Name, Ads], errors);
            var sharedOfSet = setFields.FindAll(field => field.Name != Targeting);
            if (isOfCampaign)
                foreach (var field in setFields.Where(field => OfBudget.Contains(field.Name)))
                    errors.Add($"{setPath}.{field.Name}", "stands at the top: budget_at says that it is the campaign's");
            var setName = new JsonFields(adSet, errors, setPath).Text(Name, max: MaxName);
            foreach (var (ad, one) in Items(adSet, Ads, $"{setPath}.", MostAds, errors).Index())
            {
                var adPath = $"{setPath}.{Ads}[{ad}]";
                var adFields = Fields(one, adPath, [.. OfAd, Name], errors);
                var adName = new JsonFields(one, errors, adPath).Text(Name, max: MaxName);
                if (onlyFirst && ad > 0) continue;
                yield return new(set, ad, Merge(isFirst ? all : ad == 0 ? top : shared, ad == 0 ? setFields : sharedOfSet, adFields, isOfCampaign), setName, adName, path => Where(path, top, setFields, adFields, setPath, adPath, isOfCampaign));
                isFirst = false;
            }
        }
    }

    /// <summary>The way back, for a request as it is stored. First each ad set says all that holds for it, and the top nothing of that.</summary>
    public static void Spread(JsonObject stored)
    {
        if (stored[AdSets] is not JsonArray sets) return;
        var ofCampaign = IsOfCampaign(stored) ? OfBudget : [];
        foreach (var name in OfAdSet.Concat(OfAd).Except(ofCampaign)) stored.Remove(name);
        foreach (var set in sets)
            foreach (var name in ofCampaign) set!.AsObject().Remove(name);
    }

    /// <summary>Then what most of them say stands at the top, unless one says nothing: it would take that from there.</summary>
    public static void Gather(JsonObject spread)
    {
        if (spread[AdSets] is not JsonArray sets) return;
        var isOfCampaign = IsOfCampaign(spread);
        var groups = Together.Where(group => group.Named.All(OfAdSet.Contains) && !IsBroken(group.Named, isOfCampaign)).Select(group => (group.Named, Gone: group.Left.Except(group.Named).ToArray())).ToList();
        List<JsonObject> setObjects = [.. sets.Select(set => set!.AsObject())];
        foreach (var (named, gone) in groups) Lift(spread, setObjects, named, gone);
        foreach (var name in OfAdSet.Except(groups.SelectMany(group => group.Named.Concat(group.Gone))).Except(isOfCampaign ? OfBudget : [])) Lift(spread, setObjects, [name], []);
        List<JsonObject> ads = [.. setObjects.SelectMany(set => set[Ads]!.AsArray().Select(ad => ad!.AsObject()))];
        // Who names a clip of its own takes no pictures by placement from above.
        foreach (var name in OfAd.Except(Shown)) Lift(spread, ads, [name], []);
        Lift(spread, ads, Shown, []);
    }

    private static void Lift(JsonObject top, List<JsonObject> nodes, string[] named, string[] gone)
    {
        if (nodes.Exists(node => !named.Any(node.ContainsKey))) return;
        string[] group = [.. named, .. gone];
        List<JsonObject> most = [.. nodes.GroupBy(node => string.Join(',', group.Select(name => node[name]?.ToJsonString()))).MaxBy(same => same.Count())!];
        foreach (var name in group)
        {
            if (most[0][name] is { } value) top[name] = value.DeepClone();
            foreach (var node in most) node.Remove(name);
        }
    }

    private static bool IsOfCampaign(JsonObject body) => (string?)body[BudgetAt] == AtCampaign;

    // Of a campaign's budget a part is the campaign's and a part the ad set's.
    private static bool IsBroken(string[] group, bool isOfCampaign) => isOfCampaign && group.Any(OfBudget.Contains);

    private static IEnumerable<Guid> Named(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(field => field is { Name: "clip_id", Value.ValueKind: JsonValueKind.String }
            ? field.Value.TryGetGuid(out var id) ? [id] : Array.Empty<Guid>() : Named(field.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Named),
        _ => [],
    };

    private static List<JsonElement> Items(JsonElement parent, string name, string prefix, int most, FieldErrors errors)
    {
        var path = prefix + name;
        if (!parent.TryGetProperty(name, out var list) || list.ValueKind == JsonValueKind.Null) errors.Add(path, "is required");
        else if (list.ValueKind != JsonValueKind.Array) errors.Add(path, "must be a list");
        else if (list.GetArrayLength() == 0 || list.GetArrayLength() > most) errors.Add(path, $"must hold 1 to {most} items");
        else
        {
            var items = list.EnumerateArray().ToList();
            foreach (var (index, item) in items.Index())
                if (item.ValueKind != JsonValueKind.Object) errors.Add($"{path}[{index}]", "must be a JSON object");
            if (items.TrueForAll(item => item.ValueKind == JsonValueKind.Object)) return items;
        }

        return [];
    }

    private static List<JsonProperty> Fields(JsonElement item, string path, string[] known, FieldErrors errors)
    {
        var fields = new JsonFields(item, errors, path);
        foreach (var name in known) fields.Has(name);
        fields.RefuseUnknown();
        return [.. item.EnumerateObject().Where(field => field.Value.ValueKind != JsonValueKind.Null && field.Name is not (Name or Ads) && known.Contains(field.Name))];
    }

    private static JsonElement Merge(List<JsonProperty> top, List<JsonProperty> adSet, List<JsonProperty> ad, bool isOfCampaign)
    {
        var merged = new JsonObject();
        foreach (var field in top) merged[field.Name] = JsonNode.Parse(field.Value.GetRawText());
        foreach (var level in (List<JsonProperty>[])[adSet, ad])
        {
            foreach (var (named, left) in Together.Where(group => !IsBroken(group.Named, isOfCampaign) && level.Exists(field => group.Named.Contains(field.Name))))
                foreach (var name in left) merged.Remove(name);
            foreach (var field in level) merged[field.Name] = JsonNode.Parse(field.Value.GetRawText());
        }

        return JsonSerializer.SerializeToElement(merged);
    }

    // Where the field stands that is wrong; where one is missing, in the place where it belongs.
    private static string Where(string path, List<JsonProperty> top, List<JsonProperty> adSet, List<JsonProperty> ad, string setPath, string adPath, bool isOfCampaign)
    {
        var end = path.AsSpan().IndexOfAny('.', '[');
        var field = end < 0 ? path : path[..end];
        bool IsLeft(List<JsonProperty> level) => Together.Any(group => group.Left.Contains(field) && level.Exists(one => group.Named.Contains(one.Name)));
        if (ad.Exists(one => one.Name == field)) return $"{adPath}.{path}";
        if (adSet.Exists(one => one.Name == field)) return $"{setPath}.{path}";
        if (top.Exists(one => one.Name == field) && !IsLeft(adSet) && !IsLeft(ad)) return path;
        if (isOfCampaign && OfBudget.Contains(field)) return path;
        return OfAd.Contains(field) ? $"{adPath}.{path}" : OfAdSet.Contains(field) ? $"{setPath}.{path}" : path;
    }
}
