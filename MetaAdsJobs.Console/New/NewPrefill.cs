using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Console.Forms;
using MetaAdsJobs.Console.New.Trees;
using MetaAdsJobs.Core.Meta.Ads;
using Microsoft.Extensions.Primitives;

namespace MetaAdsJobs.Console.New;

/// <summary>A request as the values of the form: the way back of <see cref="NewBody"/>.</summary>
/// <param name="zone">The account's: times are shown as they are there.</param>
internal sealed class NewPrefill(TimeZoneInfo zone)
{
    // With inputs of other names, or with none: a check has a button of its own.
    private static readonly HashSet<string> Otherwise = ["optimization_goal", "campaign_objective", "targeting", "auto_publish", "validate_only", "ad_sets", "ads"];
    private static readonly HashSet<string> OwnTargeting = ["age_min", "age_max", "genders", "interests", "locales", "geo_locations"];
    private readonly Dictionary<string, StringValues> _fields = [];

    public static FormValues Of(JsonObject request, TimeZoneInfo zone)
    {
        var fields = Read(request, zone, [.. NewFields.OfCampaign, .. NewFields.OfAdSet.Keys, .. NewFields.OfAd.Keys]);
        fields["goal"] = $"{Text(request["campaign_objective"])}|{Goal(request)}";
        if (request["auto_publish"]?.GetValue<bool>() == true) fields["auto_publish"] = "true";
        var values = FormValues.Of(fields);
        return request["ad_sets"] is JsonArray sets ? new NewTree { Sets = [.. sets.Select(set => AdSet(set!.AsObject(), zone))] }.In(values) : values;
    }

    private static NewNode AdSet(JsonObject set, TimeZoneInfo zone)
    {
        var fields = Read(set, zone, NewFields.OfAdSet.Keys);
        if (set.ContainsKey("optimization_goal")) fields["optimization_goal"] = Goal(set);
        return new() { Fields = fields, Ads = [.. set["ads"]!.AsArray().Select(ad => new NewNode { Fields = Read(ad!.AsObject(), zone, NewFields.OfAd.Keys) })] };
    }

    private static Dictionary<string, StringValues> Read(JsonObject part, TimeZoneInfo zone, IEnumerable<string> inputs)
    {
        var prefill = new NewPrefill(zone);
        var known = inputs.ToHashSet();
        foreach (var (name, value) in part)
        {
            if (value is null || !known.Contains(name) || Otherwise.Contains(name)) continue;
            if (!NewFields.Lines.Contains(name) && name != "cards") prefill.Put(name, prefill.Shown(name, value));
            else if (!prefill.PutList(name, value)) known.Remove(name);
        }

        prefill.Targeting(part["targeting"] as JsonObject ?? []);
        var more = part.Where(field => field.Value is not null && !known.Contains(field.Key) && !Otherwise.Contains(field.Key)).ToList();
        if (more.Count > 0) prefill.Put(NewFields.More, Json(more));
        return prefill._fields;
    }

    private string?[] Shown(string name, JsonNode value) => value switch
    {
        JsonArray list when name.EndsWith("_countries", StringComparison.Ordinal) => [string.Join(", ", list.Select(Text))],
        JsonArray list => [.. list.Select(Text)],
        _ when NewFields.Amounts.Contains(name) => [FormMoney.Show(value.GetValue<long>())],
        _ when NewFields.Times.Contains(name) => [Local(Text(value)!)],
        _ => [Text(value)],
    };

    /// <returns>False of a list that has no place in the form.</returns>
    private bool PutList(string name, JsonNode value)
    {
        if (value is not JsonArray list) return false;
        if (NewFields.Lines.Contains(name))
        {
            if (!list.All(line => line is JsonValue text && text.GetValueKind() == JsonValueKind.String && !text.GetValue<string>().Contains('\n', StringComparison.Ordinal))) return false;
            Put(name, string.Join('\n', list.Select(Text)));
            return true;
        }

        if (list.Count > NewFields.MostCards || !list.All(card => card is JsonObject map && map.All(field => NewFields.OfCard.Contains(field.Key)))) return false;
        Put(name, list.Count.ToString(CultureInfo.InvariantCulture));
        foreach (var (index, card) in list.Index())
            foreach (var (field, given) in card!.AsObject()) Put($"cards[{index}].{field}", Text(given));
        return true;
    }

    private string Local(string time)
    {
        var at = TimeZoneInfo.ConvertTime(DateTimeOffset.Parse(time, CultureInfo.InvariantCulture), zone);
        return at.ToString(at.Second == 0 ? "yyyy-MM-ddTHH:mm" : "yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture);
    }

    private void Targeting(JsonObject targeting)
    {
        foreach (var name in (string[])["age_min", "age_max"]) Put("targeting." + name, Text(targeting[name]));
        Put("targeting.genders", [.. Items(targeting, "genders").Select(Text)]);
        Put("targeting.interests", [.. Items(targeting, "interests").Select(interest => Named(Text(interest?["id"]), interest))]);
        Put("targeting.locales", [.. Items(targeting, "locales").Select(locale => $"{Text(locale)}|{Text(locale)}")]);
        var more = targeting.Where(field => !OwnTargeting.Contains(field.Key)).ToList();
        if (targeting["geo_locations"] is JsonObject places)
        {
            Put("targeting.geo_locations.countries", string.Join(", ", Items(places, "countries").Select(Text)));
            var lists = ((string List, string Type)[])[("regions", "region"), ("cities", "city"), ("zips", "zip")];
            Put("place", [.. lists.SelectMany(one => Items(places, one.List).Where(IsPlain).Select(place => $"{one.Type}|{Named(Text(place?["key"]), place)}"))]);
            var further = new JsonObject(places.Where(list => list.Key is "location_types" or "custom_locations").Select(list => KeyValuePair.Create(list.Key, list.Value?.DeepClone())));
            foreach (var (list, _) in lists)
                if (Items(places, list).Where(place => !IsPlain(place)).Select(place => place?.DeepClone()).ToArray() is { Length: > 0 } special) further[list] = new JsonArray(special);
            if (further.Count > 0) more.Add(new("geo_locations", further));
        }

        if (more.Count > 0) Put("targeting_more", Json(more));
    }

    private void Put(string name, params string?[] values)
    {
        if (values.Any(value => !string.IsNullOrEmpty(value))) _fields[name] = values;
    }

    private static string Json(IEnumerable<KeyValuePair<string, JsonNode?>> fields) =>
        new JsonObject(fields.Select(field => KeyValuePair.Create(field.Key, field.Value?.DeepClone()))).ToJsonString(new() { WriteIndented = true });

    // Without a name of its own it is shown by its key.
    private static string Named(string? key, JsonNode? thing) => $"{key}|{Text(thing?["name"]) ?? key}";

    // A radius has no field of its own: it stays in the further targeting.
    private static bool IsPlain(JsonNode? place) => place is JsonObject named && named.All(field => field.Key is "key" or "name");

    private static IEnumerable<JsonNode?> Items(JsonObject map, string name) => map[name] as JsonArray ?? [];

    private static string Goal(JsonObject part) => ObjectiveGoals.MetaGoal(Text(part["optimization_goal"]) ?? "");

    private static string? Text(JsonNode? value) => value switch
    {
        null => null,
        JsonValue one when one.GetValueKind() == JsonValueKind.String => one.GetValue<string>(),
        JsonValue one when one.GetValueKind() == JsonValueKind.Number => one.GetValue<decimal>().ToString(CultureInfo.InvariantCulture),
        _ => value.ToJsonString(),
    };
}
