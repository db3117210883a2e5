using System.Globalization;
using System.Text;

namespace MetaAdsJobs.StubGraph;

/// <summary>Meta's targeting search over a few well-known places, interests and languages.</summary>
internal static class StubTargeting
{
    private sealed record Place(string Type, string Key, string Name, string Country, string? Region = null);

    private static readonly Dictionary<string, string> CountryNames = new()
    {
        ["US"] = "United States", ["CA"] = "Canada", ["MX"] = "Mexico", ["ES"] = "Spain", ["FR"] = "France", ["DE"] = "Germany", ["GB"] = "United Kingdom",
        ["IT"] = "Italy", ["PT"] = "Portugal", ["AR"] = "Argentina", ["CO"] = "Colombia", ["BR"] = "Brazil", ["JP"] = "Japan",
    };

    private static readonly Place[] Places =
    [
        .. CountryNames.Select(country => new Place("country", country.Key, country.Value, country.Key)),
        new("region", "3847", "California", "US"), new("region", "3875", "New York", "US"), new("region", "3886", "Texas", "US"), new("region", "1024", "Cataluña", "ES"),
        new("city", "2418779", "New York", "US", "New York"), new("city", "2420379", "Los Angeles", "US", "California"), new("city", "2418956", "Austin", "US", "Texas"),
        new("city", "661577", "Madrid", "ES", "Comunidad de Madrid"), new("city", "658514", "Barcelona", "ES", "Cataluña"), new("city", "2673660", "London", "GB", "England"),
        new("city", "777934", "Paris", "FR", "Île-de-France"), new("city", "712137", "Berlin", "DE", "Berlin"), new("zip", "US:10001", "10001", "US", "New York"),
    ];

    private static readonly (string Id, string Name, string Topic)[] Interests =
    [
        ("6003263791114", "Shopping", "Shopping and fashion"), ("6003346592981", "Online shopping", "Shopping and fashion"), ("6003348604581", "Fashion accessories", "Shopping and fashion"),
        ("6003107902433", "Association football (Soccer)", "Sports and outdoors"), ("6003384248805", "Fitness and wellness", "Fitness and wellness"), ("6003397496347", "Running", "Sports and outdoors"),
        ("6003020834693", "Music", "Entertainment"), ("6003139266461", "Movies", "Entertainment"), ("6003940339466", "Video games", "Entertainment"), ("6003266061909", "Food", "Food and drink"),
        ("6003659420716", "Cooking", "Food and drink"), ("6004160395895", "Travel", "Travel, places and events"), ("6003306084421", "Yoga", "Fitness and wellness"), ("6002714895372", "Coffee", "Food and drink"),
    ];

    private static readonly (string Id, string Name, string Type, string[] Path)[] OtherDetails =
    [
        ("6002714895372", "Frequent travellers", "behaviors", ["Behaviors", "Travel", "Frequent travellers"]), ("6002714898572", "Small business owners", "behaviors", ["Behaviors", "Digital activities", "Small business owners"]),
        ("6002714398172", "Newlywed (1 year)", "life_events", ["Demographics", "Life events", "Newlywed (1 year)"]), ("6002714398372", "Parents (all)", "family_statuses", ["Demographics", "Parents", "Parents (all)"]),
        ("6008888980183", "Travel and tourism", "industries", ["Demographics", "Work", "Industries", "Travel and tourism"]), ("6008888999999", "Travel agents of Mars", "politics", ["Gone", "Travel agents of Mars"]),
    ];

    private static readonly (int Key, string Name)[] Locales =
        [(6, "English (US)"), (24, "English (UK)"), (1001, "English (All)"), (7, "Spanish (Spain)"), (23, "Spanish"), (1002, "Spanish (All)"), (9, "French (France)"), (5, "German"), (10, "Italian"), (16, "Portuguese (Brazil)"), (11, "Japanese")];

    public static StubAnswer Answer(StubCall call)
    {
        var text = call.Text("q");
        if (text is null) return StubRefusal.Missing("q").ToAnswer();
        var limit = Limit(call);
        return call.Text("type") switch
        {
            "adgeolocation" => List(Places.Where(place => Asked(call, place) && Matches(place.Name, text)).Take(limit), (json, place) =>
            {
                json.WriteString("key", place.Key);
                json.WriteString("name", place.Name);
                json.WriteString("type", place.Type);
                json.WriteString("country_code", place.Country);
                json.WriteString("country_name", CountryNames[place.Country]);
                if (place.Region is not null) json.WriteString("region", place.Region);
            }),
            "adinterest" => List(Interests.Where(interest => Matches(interest.Name, text)).Take(limit), (json, interest) =>
            {
                json.WriteString("id", interest.Id);
                json.WriteString("name", interest.Name);
                json.WriteString("topic", interest.Topic);
            }),
            "adlocale" => List(Locales.Where(locale => Matches(locale.Name, text)).Take(limit), (json, locale) =>
            {
                json.WriteNumber("key", locale.Key);
                json.WriteString("name", locale.Name);
            }),
            var type => StubRefusal.Parameter("type", $"{type ?? "nothing"} cannot be searched for").ToAnswer(),
        };
    }

    /// <summary>What groups of a flexible_spec may hold, of several kinds.</summary>
    public static StubAnswer Detailed(StubCall call)
    {
        if (call.Text("q") is not { } text) return StubRefusal.Missing("q").ToAnswer();
        var all = Interests.Select(interest => (interest.Id, interest.Name, Type: "interests", Path: (string[])["Interests", interest.Topic, interest.Name])).Concat(OtherDetails);
        return List(all.Where(one => Matches(one.Name, text)).Take(Limit(call)), (json, one) =>
        {
            json.WriteString("id", one.Id);
            json.WriteString("name", one.Name);
            json.WriteString("type", one.Type);
            json.WriteStartArray("path");
            foreach (var part in one.Path) json.WriteStringValue(part);
            json.WriteEndArray();
        });
    }

    private static int Limit(StubCall call) => int.TryParse(call.Text("limit"), NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : 8;

    private static bool Asked(StubCall call, Place place) =>
        call.Json("location_types") is not { ValueKind: System.Text.Json.JsonValueKind.Array } types || types.EnumerateArray().Any(type => type.ValueEquals(place.Type));

    // By any word's beginning, whatever its accents, as people type.
    private static bool Matches(string name, string text) => Plain(name).Split(' ', '(').Any(word => word.StartsWith(Plain(text), StringComparison.Ordinal)) || Plain(name).StartsWith(Plain(text), StringComparison.Ordinal);

    private static string Plain(string text) => new([.. text.Normalize(NormalizationForm.FormD).Where(c => CharUnicodeInfo.GetUnicodeCategory(c) != UnicodeCategory.NonSpacingMark).Select(char.ToLowerInvariant)]);

    private static StubAnswer List<T>(IEnumerable<T> items, Action<System.Text.Json.Utf8JsonWriter, T> write) => StubAnswer.Ok(json =>
    {
        json.WriteStartObject();
        json.WriteStartArray("data");
        foreach (var item in items)
        {
            json.WriteStartObject();
            write(json, item);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });
}
