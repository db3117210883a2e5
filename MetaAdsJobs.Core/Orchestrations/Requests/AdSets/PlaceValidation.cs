using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Validation;
using static MetaAdsJobs.Core.Orchestrations.Requests.AdSets.TargetingItems;

namespace MetaAdsJobs.Core.Orchestrations.Requests.AdSets;

/// <summary>
/// Where people are. Source of the radiuses and of what a place of one's own needs: Meta, Basic targeting (a copy of September 2026); that the unit is
/// the mile where none is named is that page's, too.
/// </summary>
internal static class PlaceValidation
{
    private const int MaxItems = 200;
    private const string Unit = "distance_unit";
    private const string Radius = "radius";
    private static readonly FrozenSet<string> Units = FrozenSet.Create(StringComparer.Ordinal, "mile", "kilometer");

    public static JsonObject? Read(JsonFields? fields, bool mustName)
    {
        if (fields is null) return null;
        var places = new JsonObject();
        var wrongBefore = fields.Errors.Count;
        Set(places, "countries", Array(fields.List("countries", 250, fields.CountryOf)));
        Set(places, "regions", Array(fields.List("regions", MaxItems, (item, path) => Keyed(fields, item, path, withRadius: false))));
        Set(places, "cities", Array(fields.List("cities", MaxItems, (item, path) => Keyed(fields, item, path, withRadius: true))));
        Set(places, "zips", Array(fields.List("zips", 2500, (item, path) => Keyed(fields, item, path, withRadius: false))));
        Set(places, "custom_locations", Array(fields.List("custom_locations", MaxItems, (item, path) => Custom(fields, item, path))));
        Set(places, "location_types", Array(fields.List("location_types", 4, (item, path) => Word(fields, item, path))));
        if (mustName && fields.Errors.Count == wrongBefore && !places.Any(place => place.Key != "location_types" && place.Value is JsonArray { Count: > 0 }))
            fields.Errors.Add(fields.PathOf("countries"), "name at least one country, region, city, zip or custom location, or leave geo_locations out for the account's default countries");
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
            var isMiles = place.Text(Unit) != "kilometer";
            var radius = place.Whole(Radius, isMiles ? 10 : 17, isMiles ? 50 : 80);
            Set(result, Radius, radius is null ? null : JsonValue.Create(radius.Value));
            Set(result, Unit, place.Word(Unit, Units));
        }

        place.RefuseUnknown();
        return place.IsObject ? result : null;
    }

    // A circle around a point or an address.
    private static JsonObject? Custom(JsonFields fields, JsonElement item, string path)
    {
        const string Latitude = "latitude";
        const string Longitude = "longitude";
        const string Address = "address_string";
        var place = new JsonFields(item, fields.Errors, path);
        var result = new JsonObject();
        Set(result, "name", place.Text("name"));
        var isPoint = place.Has(Latitude) || place.Has(Longitude);
        foreach (var (name, most) in (IEnumerable<(string, decimal)>)[(Latitude, 90), (Longitude, 180)])
        {
            Set(result, name, place.Decimal(name, -most, most, decimals: 15) is { } degrees ? JsonValue.Create(degrees) : null);
            if (isPoint && !place.Has(name)) place.Refuse(name, $"is required: a point has a {Latitude} and a {Longitude}");
        }

        Set(result, Address, place.Text(Address));
        if (place.IsObject && isPoint == place.Has(Address))
            place.Refuse(Address, isPoint ? $"cannot be given together with {Latitude} and {Longitude}" : $"is required, unless {Latitude} and {Longitude} are given");
        var isMiles = place.Text(Unit) != "kilometer";
        Set(result, Radius, place.Decimal(Radius, isMiles ? 0.63m : 1, isMiles ? 50 : 80, decimals: 2) is { } radius ? JsonValue.Create(radius) : null);
        if (place.IsObject && !place.Has(Radius)) place.Refuse(Radius, $"is required: Meta's own would be another for each place");
        Set(result, Unit, place.Word(Unit, Units));
        place.RefuseUnknown();
        return place.IsObject ? result : null;
    }

    private static JsonNode? Word(JsonFields fields, JsonElement item, string path)
    {
        var word = fields.TextOf(item, path, max: 100);
        if (word is null) return null;
        if (word.All(c => char.IsAsciiLetterLower(c) || c == '_')) return word;
        fields.Errors.Add(path, "must be one of Meta's lower-case words such as home or recent");
        return null;
    }
}
