using System.Text.Json;
using MetaAdsJobs.StubGraph.Objects;
using MetaAdsJobs.StubGraph.Rules;

namespace MetaAdsJobs.StubGraph;

/// <summary>Estimates of reach: what an ad set would be refused for is refused, and who asks for less is told less. The numbers are nobody's.</summary>
internal static class StubEstimates
{
    private const long PeopleOfACountry = 20_000_000;
    private const long PeopleOfAPlace = 500_000;
    private static readonly string[] Known = ["estimate_ready", "estimate_mau_lower_bound", "estimate_mau_upper_bound", "targeting_optimization_types"];
    private static readonly string[] Parameters = ["targeting_spec", "optimization_goal", "promoted_object", "fields"];

    public static StubAnswer Answer(StubCall call)
    {
        var names = FieldSelection.Parse(call.Text("fields"));
        if (names.FirstOrDefault(name => !Known.Contains(name)) is { } unknown) return FieldSelection.Unknown(unknown, "AdAccountDeliveryEstimate").ToAnswer();
        if (call.Parameters.Keys.FirstOrDefault(name => !Parameters.Contains(name)) is { } stranger) return StubRefusal.Parameter(stranger, $"Unexpected parameter {stranger}").ToAnswer();
        if ((GoalRules.Unknown(call) ?? TargetingRules.Refuse(call, "targeting_spec")) is { } refusal) return refusal.ToAnswer();
        var people = People(call.Json("targeting_spec"));
        return StubAnswer.Ok(json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("data");
            json.WriteStartObject();
            json.WriteBoolean("estimate_ready", true);
            json.WriteNumber("estimate_mau_lower_bound", people);
            json.WriteNumber("estimate_mau_upper_bound", people + (people / 5));
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    private static long People(JsonElement targeting)
    {
        var places = targeting.GetProperty("geo_locations").EnumerateObject().Where(place => place.Value.ValueKind == JsonValueKind.Array && place.Name != "location_types")
            .Sum(place => place.Value.GetArrayLength() * (place.Name == "countries" ? PeopleOfACountry : PeopleOfAPlace));
        var ages = Number(targeting, "age_max", 65) - Number(targeting, "age_min", 18) + 1;
        var people = places * ages / 48 / (Count(targeting, "genders") == 1 ? 2 : 1);
        foreach (var name in (string[])["interests", "behaviors", "custom_audiences", "flexible_spec", "locales"])
            if (Count(targeting, name) > 0) people /= 4;
        return Math.Max(1000, people);
    }

    private static int Count(JsonElement targeting, string name) => targeting.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? list.GetArrayLength() : 0;

    private static int Number(JsonElement targeting, string name, int otherwise) => targeting.TryGetProperty(name, out var value) && value.TryGetInt32(out var number) ? number : otherwise;
}
