using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Meta.Insights;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Orchestrations.Steps;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Experiments.Planning;

/// <summary>One of the things that are compared.</summary>
/// <param name="Fields">What it has of its own: fields of a request.</param>
public sealed record VariantDesign(string Name, JsonObject Fields);

/// <summary>What somebody wants to find out: a request, and what it is asked for several times with.</summary>
internal sealed record ExperimentDesign
{
    public const int LeastVariants = 2;
    public const int MostVariants = 5;
    public const int UsualLeastResults = 50;
    public const int UsualSmallestPercent = 20;
    private const int LongestName = 80;
    private const int LongestDays = 84;
    private const int UsualAttributionDays = 7;

    private static readonly string[] OfText = ["creative_title", "creative_description", "titles", "texts", "link_description", "call_to_action"];
    private static readonly string[] OfCreative = [.. OfText, "clip_id", "cards", "placement_media", "post_id", "instagram_media_id", "landing_url", "url_tags", "instagram_user_id", "conversion_domain"];
    private static readonly string[] OfGoal = ["optimization_goal", "pixel_id", "conversion_event", "destination_type", "application_id", "object_store_url", "lead_gen_form_id", "attribution_spec"];
    private static readonly string[] OfBid = ["bid_strategy", "bid_amount_cents", "roas_average_floor"];

    // Several ad sets with the same daily budget each, in a campaign of their own: nothing else keeps what they spend alike.
    private static readonly (string Name, string Why)[] NotInRequest =
    [
        ("ad_sets", "is made of the variants"), ("campaign_id", "cannot be given: an experiment has a campaign of its own"), ("ad_set_id", "cannot be given: an experiment has a campaign of its own"),
        ("budget_at", "cannot be given: each variant has the same budget of its own"), ("lifetime_budget_cents", "cannot be given: use daily_budget_cents, which each variant has"),
        ("validate_only", "cannot be given: use ?dry_run=true"),
    ];

    public required string Name { get; init; }
    public required string Thing { get; init; }

    /// <summary>What each variant is: an ad set, or an ad of the one ad set.</summary>
    public required string Level { get; init; }
    public required string Metric { get; init; }

    /// <summary>What is counted where goals differ.</summary>
    public string? ResultType { get; init; }
    public required IReadOnlyList<VariantDesign> Variants { get; init; }
    public required JsonElement Request { get; init; }
    public required double Smallest { get; init; }
    public required int LeastResults { get; init; }
    public required int AttributionDays { get; init; }

    /// <summary>Null: by the plan.</summary>
    public int? MostDays { get; init; }

    public bool AreAds => Level == ExperimentLevel.Ad;

    public static string StepOf(string level, int nth) => level == ExperimentLevel.Ad ? StepName.OfAd(StepName.Ad, 1, nth + 1) : StepName.OfAdSet(nth + 1);

    /// <param name="lookbackDays">For so many days a night reads a day again.</param>
    /// <returns>Null when something is wrong.</returns>
    public static ExperimentDesign? Read(JsonElement body, FieldErrors errors, int lookbackDays)
    {
        var fields = new JsonFields(body, errors);
        var name = fields.Text("name", required: true, max: LongestName);
        var thing = fields.Word("thing", ExperimentThing.All.ToHashSet());
        if (fields.IsObject && !fields.Has("thing")) fields.Refuse("thing", $"is required: one of {string.Join(", ", ExperimentThing.All)}");
        var metric = fields.Word("metric", ExperimentMetric.All.ToHashSet()) ?? ExperimentMetric.CostPerResult;
        var level = fields.Word("level", ExperimentLevel.All.ToHashSet()) ?? ExperimentLevel.AdSet;
        if (level == ExperimentLevel.Ad && thing is not (null or ExperimentThing.Text or ExperimentThing.Creative)) fields.Refuse("level", $"must be adset: what differs, the {thing}, is an ad set's");
        // Of values there are only days to go by, and on each Meta gives another part of the money to each ad.
        if (level == ExperimentLevel.Ad && metric == ExperimentMetric.ValuePerSpend) fields.Refuse("metric", "cannot be value_per_spend of ads in one ad set, since what they spend differs from day to day: use level adset");
        var counts = fields.Text("counts", max: 50);
        var resultType = counts is null ? null : ResultActions.Find(counts, null, null)?.ActionType ?? ResultActions.Find("OFFSITE_CONVERSIONS", null, counts)?.ActionType;
        if (counts is not null && resultType is null) fields.Refuse("counts", "must be a goal or a pixel's event that is counted, such as LANDING_PAGE_VIEWS or PURCHASE");
        if (thing == ExperimentThing.Goal && !fields.Has("counts")) fields.Refuse("counts", "is required for goals: variants with different goals are compared by one action, such as PURCHASE");
        var percent = fields.Whole("smallest_difference_percent", 5, 200) ?? UsualSmallestPercent;
        var least = fields.Whole("least_results", 10, 100_000) ?? UsualLeastResults;
        var attribution = fields.Whole("attribution_days", 0, 28) ?? UsualAttributionDays;
        // Else no night would read it again once its window is over.
        if (attribution >= lookbackDays) fields.Refuse("attribution_days", $"must be less than the {lookbackDays} days for which a night reads a day again (INSIGHTS_LOOKBACK_DAYS)");
        var mostDays = fields.Whole("most_days", 7, LongestDays);
        if (mostDays % 7 is > 0) fields.Refuse("most_days", "must be whole weeks: weekdays differ");
        if (fields.Flag("split") == true) fields.Refuse("split", "is not there: Meta's own split is not built yet; without it, each variant is an ad set of its own and Meta decides who sees it");
        fields.Has("request");
        if (fields.IsObject && !fields.Has("request")) fields.Refuse("request", "is required: the body of POST /meta/orchestrate/run");
        var request = body.ValueKind == JsonValueKind.Object && body.TryGetProperty("request", out var given) ? given : default;
        if (fields.Has("request") && new JsonFields(request, errors, "request") is { IsObject: true } inside)
            foreach (var (field, why) in NotInRequest)
                if (inside.Has(field)) inside.Refuse(field, why);
        var variants = fields.List("variants", MostVariants, (item, path) => VariantOf(item, path, thing, errors));
        if (fields.IsObject && !fields.Has("variants")) fields.Refuse("variants", "is required: two to five of one thing");
        else if (variants is not null) CheckTogether(variants, fields);
        fields.RefuseUnknown();
        return errors.Any ? null : new()
        {
            Name = name!, Thing = thing!, Level = level, Metric = metric, ResultType = resultType, Variants = variants!, Request = request, Smallest = percent / 100.0, LeastResults = (int)least, AttributionDays = (int)attribution,
            MostDays = (int?)mostDays,
        };
    }

    /// <summary>The body of one request for all: an ad set with one ad for each variant, or one ad set with an ad for each.</summary>
    public JsonElement ToTree()
    {
        var tree = JsonObject.Create(Request)!;
        var campaign = tree["campaign_name"] is JsonValue value && value.TryGetValue<string>(out var text) ? text : Name;
        var head = campaign.Cut(100);
        tree["ad_sets"] = AreAds ? new JsonArray(new JsonObject { ["name"] = head, ["ads"] = new JsonArray([.. Variants.Select(variant => Named($"{head} - {variant.Name}", variant, isOfAdSet: false))]) })
            : new JsonArray([.. Variants.Select(variant =>
            {
                var set = Named($"{head} - {variant.Name}", variant, isOfAdSet: true);
                set["ads"] = new JsonArray(Named($"{head} - {variant.Name}", variant, isOfAdSet: false));
                return (JsonNode)set;
            })]);
        return JsonSerializer.SerializeToElement(tree);
    }

    private static JsonObject Named(string name, VariantDesign variant, bool isOfAdSet)
    {
        var one = new JsonObject { ["name"] = name };
        foreach (var (field, value) in variant.Fields.Where(field => RequestParts.OfAdSet.Contains(field.Key) == isOfAdSet)) one[field] = value?.DeepClone();
        return one;
    }

    /// <summary>Where in the body of the experiment stands what is told of the tree.</summary>
    public string PathOf(string ofTree)
    {
        var (rest, before) = (ofTree, AreAds ? "ad_sets[0].ads[" : "ad_sets[");
        if (ofTree.StartsWith(before, StringComparison.Ordinal) && ofTree.IndexOf(']', before.Length) is var end and > 0 && int.TryParse(ofTree.AsSpan(before.Length, end - before.Length), out var nth) && nth < Variants.Count)
        {
            rest = ofTree[(end + 1)..].TrimStart('.');
            if (rest.StartsWith("ads[0].", StringComparison.Ordinal)) rest = rest[7..];
            var stop = rest.AsSpan().IndexOfAny('.', '[');
            if (Variants[nth].Fields.ContainsKey(stop < 0 ? rest : rest[..stop])) return $"variants[{nth}].{rest}";
        }

        return rest is "" or "$" ? "request" : $"request.{rest}";
    }

    private static string[] FieldsOf(string? thing) => thing switch
    {
        ExperimentThing.Text => OfText,
        ExperimentThing.Audience => ["targeting"],
        ExperimentThing.Goal => OfGoal,
        ExperimentThing.Bid => OfBid,
        _ => OfCreative,
    };

    private static VariantDesign? VariantOf(JsonElement item, string path, string? thing, FieldErrors errors)
    {
        var fields = new JsonFields(item, errors, path);
        if (!fields.IsObject) return null;
        var name = fields.Text("name", required: true, max: LongestName);
        foreach (var field in FieldsOf(thing)) fields.Has(field);
        // Which fields there are is known only once the thing is.
        if (thing is not null) fields.RefuseUnknown();
        var own = new JsonObject();
        foreach (var field in item.EnumerateObject().Where(field => field.Name != "name" && field.Value.ValueKind != JsonValueKind.Null)) own[field.Name] = JsonNode.Parse(field.Value.GetRawText());
        return name is null ? null : new(name, own);
    }

    private static void CheckTogether(IReadOnlyList<VariantDesign> variants, JsonFields fields)
    {
        if (variants.Count < LeastVariants) fields.Refuse("variants", $"must hold {LeastVariants} to {MostVariants} items");
        for (var nth = 1; nth < variants.Count; nth++)
        {
            if (variants.Take(nth).Any(other => string.Equals(other.Name, variants[nth].Name, StringComparison.OrdinalIgnoreCase))) fields.Refuse($"variants[{nth}].name", "is the name of another variant");
            if (variants.Take(nth).Any(other => JsonNode.DeepEquals(other.Fields, variants[nth].Fields))) fields.Refuse($"variants[{nth}]", "is the same as another variant");
        }
    }
}
