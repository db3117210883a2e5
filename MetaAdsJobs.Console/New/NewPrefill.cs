using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Console.Forms;
using Microsoft.Extensions.Primitives;

namespace MetaAdsJobs.Console.New;

/// <summary>An earlier request as the values of the form: the way back of <see cref="NewBody"/>. Times that are past are left out.</summary>
internal static class NewPrefill
{
    private static readonly HashSet<string> Money = ["daily_budget_cents", "lifetime_budget_cents", "bid_amount_cents"];
    private static readonly HashSet<string> LeftOut = ["start_time", "end_time", "validate_only", "campaign_objective", "optimization_goal", "targeting", "auto_publish"];
    private static readonly string[] Times = ["start_time", "end_time"];
    private static readonly HashSet<string> OwnTargeting = ["age_min", "age_max", "genders", "interests", "locales", "geo_locations"];

    /// <summary>A time of it is past: what is asked for like it begins or ends otherwise.</summary>
    public static bool HasPast(JsonObject request, DateTimeOffset now) => Times.Any(name => Moment(request, name) <= now);

    /// <param name="zone">The account's: times are shown as they are there.</param>
    public static IEnumerable<(string Name, string? Value)> Of(JsonObject request, TimeZoneInfo zone, DateTimeOffset now)
    {
        foreach (var (name, value) in request)
        {
            if (value is null || LeftOut.Contains(name)) continue;
            if (value is JsonArray list)
                foreach (var item in list) yield return (name, name.EndsWith("_countries", StringComparison.Ordinal) ? string.Join(", ", list.Select(Text)) : Text(item));
            else yield return (name, Money.Contains(name) ? FormMoney.Show(value.GetValue<long>()) : Text(value));
        }

        yield return ("goal", $"{Text(request["campaign_objective"])}|{Goal(Text(request["optimization_goal"]))}");
        foreach (var name in Times)
            if (Moment(request, name) is { } at && at > now) yield return (name, TimeZoneInfo.ConvertTime(at, zone).ToString(at.Second == 0 ? "yyyy-MM-ddTHH:mm" : "yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture));
        // What was to end and now would not is not activated unless a person says so.
        if (request["auto_publish"]?.GetValue<bool>() == true && !(Moment(request, "end_time") <= now)) yield return ("auto_publish", "true");
        foreach (var field in Targeting(request["targeting"] as JsonObject ?? [])) yield return field;
    }

    private static IEnumerable<(string Name, string? Value)> Targeting(JsonObject targeting)
    {
        foreach (var name in (string[])["age_min", "age_max"]) yield return ("targeting." + name, Text(targeting[name]));
        foreach (var gender in Items(targeting, "genders")) yield return ("targeting.genders", Text(gender));
        foreach (var interest in Items(targeting, "interests")) yield return ("targeting.interests", Named(Text(interest?["id"]), interest));
        foreach (var locale in Items(targeting, "locales")) yield return ("targeting.locales", $"{Text(locale)}|{Text(locale)}");
        var more = new JsonObject(targeting.Where(field => !OwnTargeting.Contains(field.Key)).Select(field => KeyValuePair.Create(field.Key, field.Value?.DeepClone())));
        if (targeting["geo_locations"] is JsonObject places)
        {
            yield return ("targeting.geo_locations.countries", string.Join(", ", Items(places, "countries").Select(Text)));
            foreach (var (list, type) in ((string, string)[])[("regions", "region"), ("cities", "city"), ("zips", "zip")])
                foreach (var place in Items(places, list).Where(IsPlain)) yield return ("place", $"{type}|{Named(Text(place?["key"]), place)}");
            var further = new JsonObject(places.Where(list => list.Key == "location_types").Select(list => KeyValuePair.Create(list.Key, list.Value?.DeepClone())));
            foreach (var list in (string[])["regions", "cities", "zips"])
                if (Items(places, list).Where(place => !IsPlain(place)).Select(place => place?.DeepClone()).ToArray() is { Length: > 0 } special) further[list] = new JsonArray(special);
            if (further.Count > 0) more["geo_locations"] = further;
        }

        if (more.Count > 0) yield return ("targeting_more", more.ToJsonString(new() { WriteIndented = true }));
    }

    public static FormValues ToValues(IEnumerable<(string Name, string? Value)> fields) =>
        FormValues.Of(fields.GroupBy(field => field.Name, field => field.Value).ToDictionary(group => group.Key, group => new StringValues([.. group])));

    // Without a name of its own it is shown by its key.
    private static string Named(string? key, JsonNode? thing) => $"{key}|{Text(thing?["name"]) ?? key}";

    // A radius has no field of its own: it stays in the further targeting.
    private static bool IsPlain(JsonNode? place) => place is JsonObject named && named.All(field => field.Key is "key" or "name");

    private static IEnumerable<JsonNode?> Items(JsonObject map, string name) => map[name] as JsonArray ?? [];

    private static DateTimeOffset? Moment(JsonObject request, string name) =>
        DateTimeOffset.TryParse(Text(request[name]), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : null;

    private static string Goal(string? goal) => goal == "CONVERSIONS" ? "OFFSITE_CONVERSIONS" : goal ?? "";

    private static string? Text(JsonNode? value) => value switch
    {
        null => null,
        JsonValue one when one.GetValueKind() == JsonValueKind.String => one.GetValue<string>(),
        JsonValue one when one.GetValueKind() == JsonValueKind.Number => one.GetValue<decimal>().ToString(CultureInfo.InvariantCulture),
        _ => value.ToJsonString(),
    };
}
