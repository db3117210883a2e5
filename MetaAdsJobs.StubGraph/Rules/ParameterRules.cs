using System.Buffers;
using System.Collections.Frozen;
using System.Text;
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

/// <summary>The parameters of a call as the JSON that is kept: lists and maps as such, budgets as the strings Meta gives back.</summary>
internal static class GivenFields
{
    public static string ToJson(StubCall call)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            foreach (var (name, value) in call.Parameters)
            {
                if (name is not ("name" or "status" or "execution_options" or "fields" or "bytes"))
                    Write(json, name, value);
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter json, string name, string value)
    {
        json.WritePropertyName(name);
        if (IsStructured(value))
            json.WriteRawValue(value);
        else if (name.StartsWith("is_", StringComparison.Ordinal) && bool.TryParse(value, out var flag))
            json.WriteBooleanValue(flag);
        else
            json.WriteStringValue(value);
    }

    public static bool IsStructured(string value) => value.StartsWith('{') || value.StartsWith('[');
}

/// <summary>What may be changed after the create: little, and of a creative only its name.</summary>
internal static class UpdateRules
{
    private static readonly FrozenSet<string> Always = LegalNames.Set("name status fields execution_options");
    private static readonly FrozenSet<string> OfCampaign = LegalNames.Set("daily_budget lifetime_budget spend_cap stop_time");
    private static readonly FrozenSet<string> OfAdSet = LegalNames.Set("daily_budget lifetime_budget bid_amount start_time end_time targeting dsa_beneficiary dsa_payor");

    public static StubRefusal? Refuse(StubKind kind, StubCall call) =>
        Unchangeable(kind, call)
        ?? ParameterRules.NameLength(call)
        ?? ParameterRules.Status(call, "ACTIVE", "PAUSED", "ARCHIVED", "DELETED")
        ?? BudgetRules.Refuse(call)
        ?? (call.Text("targeting") is null ? null : TargetingRules.Refuse(call));

    private static StubRefusal? Unchangeable(StubKind kind, StubCall call)
    {
        if (call.Parameters.Keys.FirstOrDefault(name => !IsChangeable(kind, name)) is not { } fixedName)
            return null;

        return kind == StubKind.Creative
            ? StubRefusal.Parameter(fixedName, 1815573, "Creative cannot be changed", "Make a new creative and point the ad to it")
            : StubRefusal.Parameter(fixedName, $"Param {fixedName} of an existing {kind.NodeType} cannot be changed");
    }

    private static bool IsChangeable(StubKind kind, string name) => Always.Contains(name) || kind.Name switch
    {
        "campaign" => OfCampaign.Contains(name),
        "adset" => OfAdSet.Contains(name),
        "ad" => name == "creative",
        _ => false,
    };
}
