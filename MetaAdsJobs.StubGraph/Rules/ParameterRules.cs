using System.Text.Json;
using MetaAdsJobs.StubGraph.Objects;

namespace MetaAdsJobs.StubGraph.Rules;

/// <summary>What every create and update has to obey: known names, readable JSON, a name of sane length, a legal status.</summary>
internal static class ParameterRules
{
    /// <summary>Meta publishes no limit for all kinds; 400 is what Ads Manager takes for a campaign.</summary>
    private const int LongestName = 400;

    public static StubRefusal? Unknown(StubKind kind, StubCall call)
    {
        if (kind == StubKind.Ad && call.Text("bid_amount") is not null)
            return StubRefusal.Parameter("bid_amount", "Bids are set on the ad set; bid_amount is no longer accepted on ads");

        return call.Parameters.Keys.FirstOrDefault(name => !LegalNames.CanWrite(kind, name)) is { } unknown
            ? StubRefusal.Parameter(unknown, $"Unexpected parameter {unknown} on {kind.Edge}")
            : null;
    }

    public static StubRefusal? Malformed(StubCall call) =>
        call.Parameters.Where(IsMalformed).Select(parameter => parameter.Key).FirstOrDefault() is { } name
            ? StubRefusal.Parameter(name, $"Param {name} must be valid JSON")
            : null;

    public static StubRefusal? Name(StubCall call) =>
        string.IsNullOrWhiteSpace(call.Text("name")) ? StubRefusal.Missing("name") : NameLength(call);

    public static StubRefusal? NameLength(StubCall call) => call.Text("name")?.Length > LongestName
        ? StubRefusal.Parameter("name", $"Param name must be at most {LongestName} characters")
        : null;

    public static StubRefusal? Status(StubCall call, params ReadOnlySpan<string> legal) =>
        call.Text("status") is { } status && !legal.Contains(status)
            ? StubRefusal.Parameter("status", $"Param status must be one of {{{string.Join(", ", legal!)}}}")
            : null;

    public static StubRefusal? OneOf(StubCall call, string name, IReadOnlySet<string> legal) => call.Text(name) switch
    {
        null => StubRefusal.Missing(name),
        var value when !legal.Contains(value) =>
            StubRefusal.Parameter(name, $"Param {name} must be one of {{{string.Join(", ", legal.Order())}}}"),
        _ => null,
    };

    private static bool IsMalformed(KeyValuePair<string, string> parameter) =>
        // Names and messages may begin with a bracket; they are no JSON.
        parameter.Key is not ("name" or "title" or "body" or "description" or "bytes")
        && GivenFields.IsStructured(parameter.Value)
        && !IsJson(parameter.Value);

    private static bool IsJson(string value)
    {
        try
        {
            _ = JsonElement.Parse(value);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
