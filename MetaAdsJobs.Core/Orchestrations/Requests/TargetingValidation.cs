using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Orchestrations.Requests;

/// <summary>Reads the targeting of a request into exactly the fields Meta's Targeting object knows, refusing all others by name.</summary>
internal static class TargetingValidation
{
    private const int MaxItems = 200;
    private const string PlatformsField = "publisher_platforms";

    public static JsonObject? Read(JsonFields? fields)
    {
        if (fields is null) return null;
        var targeting = new JsonObject();
        var min = fields.Whole("age_min", 13, 65);
        var max = fields.Whole("age_max", 13, 65);
        if (min > max) fields.Refuse("age_min", $"must not be greater than age_max, {max}");
        Set(targeting, "age_min", min is null ? null : JsonValue.Create(min.Value));
        Set(targeting, "age_max", max is null ? null : JsonValue.Create(max.Value));
        Set(targeting, "genders", Array(fields.List("genders", 2, (item, path) => Number(fields, item, path, 1, 2, "must be 1 (men) or 2 (women)"))));
        Set(targeting, "geo_locations", Places(fields.Object("geo_locations"), mustName: true));
        Set(targeting, "excluded_geo_locations", Places(fields.Object("excluded_geo_locations"), mustName: false));
        foreach (var name in (string[])["interests", "behaviors", "custom_audiences", "excluded_custom_audiences"])
            Set(targeting, name, Array(fields.List(name, MaxItems, (item, path) => IdAndName(fields, item, path))));
        Set(targeting, "locales", Array(fields.List("locales", MaxItems, (item, path) => Number(fields, item, path, 1, int.MaxValue, "must be a locale number of Meta's"))));
        Set(targeting, "device_platforms", Array(fields.List("device_platforms", 2, (item, path) => Device(fields, item, path))));
        Platforms(fields, targeting);
        fields.RefuseUnknown();
        return targeting;
    }

    /// <summary>What only the account can tell: Meta refuses an ad on Instagram for whom it has no Instagram account, once all the rest is made.</summary>
    public static void CheckAgainst(SocialAccount account, JsonFields? fields, FieldErrors errors)
    {
        const string Why = "needs an Instagram account, and the account here has no instagram_user_id: give it one, or leave Instagram out";
        if (account.InstagramUserId is not null || fields is null) return;
        var platforms = fields.List(PlatformsField, MaxItems, (item, path) => fields.TextOf(item, path, max: 100));
        foreach (var (index, platform) in (platforms ?? []).Index())
            if (platform == "instagram") errors.Add($"{fields.PathOf(PlatformsField)}[{index}]", Why);
        if (platforms is null && fields.Has(MetaWords.PositionsField("instagram"))) errors.Add(fields.PathOf(MetaWords.PositionsField("instagram")), Why);
    }

    private static void Platforms(JsonFields fields, JsonObject targeting)
    {
        var platforms = fields.List(PlatformsField, 50, (item, path) => OneOf(fields, item, path, MetaWords.Positions.Keys));
        Set(targeting, PlatformsField, Array([.. (platforms ?? []).Select(platform => (JsonNode)platform)]));
        if (platforms is { Count: > 0 } && platforms.All(platform => platform == "audience_network"))
            fields.Refuse(PlatformsField, "must name another platform beside audience_network, such as facebook: Meta shows nothing there alone");
        foreach (var (platform, words) in MetaWords.Positions)
        {
            var name = MetaWords.PositionsField(platform);
            Set(targeting, name, Array(fields.List(name, 50, (item, path) => (JsonNode?)OneOf(fields, item, path, words))));
            if (platforms is { Count: > 0 } && !platforms.Contains(platform) && targeting.ContainsKey(name))
                fields.Refuse(name, $"is only for {PlatformsField} that name {platform}");
        }
    }

    private static string? OneOf(JsonFields fields, JsonElement item, string path, IEnumerable<string> words)
    {
        var word = fields.TextOf(item, path, max: 100);
        if (word is null || words.Contains(word)) return word;
        fields.Errors.Add(path, $"must be one of {string.Join(", ", words.Order(StringComparer.Ordinal))}");
        return null;
    }

    private static JsonObject? Places(JsonFields? fields, bool mustName)
    {
        if (fields is null) return null;
        var places = new JsonObject();
        var wrongBefore = fields.Errors.Count;
        Set(places, "countries", Array(fields.List("countries", 250, (item, path) => Country(fields, item, path))));
        Set(places, "regions", Array(fields.List("regions", MaxItems, (item, path) => Keyed(fields, item, path, withRadius: false))));
        Set(places, "cities", Array(fields.List("cities", MaxItems, (item, path) => Keyed(fields, item, path, withRadius: true))));
        Set(places, "zips", Array(fields.List("zips", 2500, (item, path) => Keyed(fields, item, path, withRadius: false))));
        Set(places, "location_types", Array(fields.List("location_types", 4, (item, path) => Word(fields, item, path))));
        if (mustName && fields.Errors.Count == wrongBefore && !places.Any(place => place.Key != "location_types" && place.Value is JsonArray { Count: > 0 }))
            fields.Errors.Add(fields.PathOf("countries"), "name at least one country, region, city or zip, or leave geo_locations out for the account's default countries");
        fields.RefuseUnknown();
        return places;
    }

    private static JsonObject? Keyed(JsonFields fields, JsonElement item, string path, bool withRadius)
    {
        var place = new JsonFields(item, fields.Errors, path);
        var result = new JsonObject();
        Set(result, "key", place.Text("key", required: true, max: 100));
        Set(result, "name", place.Text("name"));
        if (withRadius)
        {
            var radius = place.Whole("radius", 1, 80);
            Set(result, "radius", radius is null ? null : JsonValue.Create(radius.Value));
            var unit = place.Text("distance_unit");
            if (unit is not (null or "mile" or "kilometer")) place.Refuse("distance_unit", "must be mile or kilometer");
            Set(result, "distance_unit", unit);
        }

        place.RefuseUnknown();
        return place.IsObject ? result : null;
    }

    private static JsonObject? IdAndName(JsonFields fields, JsonElement item, string path)
    {
        var thing = new JsonFields(item, fields.Errors, path);
        var result = new JsonObject();
        var id = thing.Text("id", required: true, max: 50);
        if (id is not null && !id.All(char.IsAsciiDigit)) thing.Refuse("id", "must be Meta's id, digits in quotes");
        Set(result, "id", id);
        Set(result, "name", thing.Text("name"));
        thing.RefuseUnknown();
        return thing.IsObject ? result : null;
    }

    private static JsonNode? Country(JsonFields fields, JsonElement item, string path) => fields.CountryOf(item, path);

    private static JsonNode? Device(JsonFields fields, JsonElement item, string path)
    {
        var word = fields.TextOf(item, path, max: 100);
        if (word is null || MetaWords.DevicePlatforms.Contains(word)) return word;
        fields.Errors.Add(path, "must be mobile or desktop");
        return null;
    }

    private static JsonNode? Word(JsonFields fields, JsonElement item, string path)
    {
        var word = fields.TextOf(item, path, max: 100);
        if (word is null) return null;
        if (word.All(c => char.IsAsciiLetterLower(c) || c == '_')) return word;
        fields.Errors.Add(path, "must be one of Meta's lower-case words such as home or recent");
        return null;
    }

    private static JsonNode? Number(JsonFields fields, JsonElement item, string path, int min, int max, string message)
    {
        if (item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out var number) && number >= min && number <= max) return number;
        fields.Errors.Add(path, message);
        return null;
    }

    private static JsonArray? Array(IReadOnlyList<JsonNode>? items) => items is { Count: > 0 } ? new JsonArray([.. items]) : null;

    private static void Set(JsonObject target, string name, JsonNode? value)
    {
        if (value is not null) target[name] = value;
    }
}
