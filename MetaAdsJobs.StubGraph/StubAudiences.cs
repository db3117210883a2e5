using System.Globalization;
using System.Text.Json;
using MetaAdsJobs.StubGraph.Objects;

namespace MetaAdsJobs.StubGraph;

/// <summary>The same few audiences in every ad account, of every kind that matters: ready, too small, saved by somebody in Ads Manager.</summary>
internal static class StubAudiences
{
    private const int LongestPage = 500;

    private sealed record Audience(string Id, string Name, Dictionary<string, string> Json);

    private static readonly string[] CustomFields =
        ["id", "name", "subtype", "approximate_count_lower_bound", "approximate_count_upper_bound", "delivery_status", "operation_status", "description", "time_created", "time_updated"];

    private static readonly string[] SavedFields =
        ["id", "name", "approximate_count_lower_bound", "approximate_count_upper_bound", "targeting", "description", "time_created", "time_updated", "run_status"];

    private static readonly Audience[] Custom =
    [
        Of("23850000000010001", "Customers", "CUSTOM", 12_000, 14_000, """{"code":200,"description":"This audience is ready for use."}"""),
        Of("23850000000010002", "Website visitors, 30 days", "WEBSITE", 48_000, 56_000, """{"code":200,"description":"This audience is ready for use."}"""),
        Of("23850000000010003", "Lookalike (US, 1%) - Customers", "LOOKALIKE", 2_300_000, 2_700_000, """{"code":200,"description":"This audience is ready for use."}"""),
        Of("23850000000010004", "Newsletter", "CUSTOM", -1, -1, """{"code":300,"description":"The audience is too small to be used: it needs at least 100 people."}"""),
        Of("23850000000010005", "Opened the form", "ENGAGEMENT", 1_000, 1_200, """{"code":200,"description":"This audience is ready for use."}"""),
    ];

    private static readonly Audience[] Saved =
    [
        OfTargeting("23850000000020001", "Women who run", """
            {"age_min":25,"age_max":45,"genders":[2],"geo_locations":{"countries":["US"],"location_types":["home","recent"]},"flexible_spec":[{"interests":[{"id":"6003397496347","name":"Running"}]}],"targeting_automation":{"advantage_audience":0}}
            """),
        OfTargeting("23850000000020002", "Around the shop", """
            {"age_min":18,"age_max":65,"geo_locations":{"custom_locations":[{"latitude":40.4168,"longitude":-3.7038,"radius":5,"distance_unit":"kilometer"}]},"targeting_optimization":"none","brand_safety_content_filter_levels":["FACEBOOK_STANDARD"]}
            """),
    ];

    public static StubAnswer ListCustom(StubCall call) => List(call, Custom, CustomFields, "CustomAudience");

    public static StubAnswer ListSaved(StubCall call) => List(call, Saved, SavedFields, "SavedAudience");

    private static StubAnswer List(StubCall call, Audience[] all, string[] known, string node)
    {
        var names = FieldSelection.Parse(call.Text("fields"));
        if (names.FirstOrDefault(name => !known.Contains(name)) is { } unknown) return FieldSelection.Unknown(unknown, node).ToAnswer();
        if (StubPage.Refuse(call, LongestPage, out var page) is { } refusal) return refusal.ToAnswer();
        var rest = all.Where(one => page.After is null || string.CompareOrdinal(one.Id, page.After.Id) > 0).ToList();
        var shown = rest.Take(page.Limit).ToList();
        return StubAnswer.Ok(json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("data");
            foreach (var one in shown) Write(json, one, names);
            json.WriteEndArray();
            StubPage.Write(json, call, Cursor(shown.FirstOrDefault()), Cursor(shown.LastOrDefault()), rest.Count > shown.Count);
            json.WriteEndObject();
        });
    }

    private static void Write(Utf8JsonWriter json, Audience one, IReadOnlyList<string> names)
    {
        json.WriteStartObject();
        json.WriteString("id", one.Id);
        foreach (var name in names.Where(name => name != "id"))
        {
            json.WritePropertyName(name);
            if (name == "name") json.WriteStringValue(one.Name);
            else json.WriteRawValue(one.Json.GetValueOrDefault(name, "\"\""));
        }

        json.WriteEndObject();
    }

    private static StubCursor? Cursor(Audience? one) => one is null ? null : StubCursor.Oldest with { Id = one.Id };

    private static Audience Of(string id, string name, string subtype, long least, long most, string status) => new(id, name, Counted(least, most, new()
    {
        ["subtype"] = $"\"{subtype}\"", ["delivery_status"] = status, ["operation_status"] = """{"code":200,"description":"Normal"}""",
    }));

    private static Audience OfTargeting(string id, string name, string targeting) => new(id, name, Counted(100_000, 120_000, new() { ["targeting"] = targeting }));

    private static Dictionary<string, string> Counted(long least, long most, Dictionary<string, string> json)
    {
        json["approximate_count_lower_bound"] = least.ToString(CultureInfo.InvariantCulture);
        json["approximate_count_upper_bound"] = most.ToString(CultureInfo.InvariantCulture);
        return json;
    }
}
