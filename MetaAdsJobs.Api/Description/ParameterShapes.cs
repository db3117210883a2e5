using System.Text.Json.Nodes;
using MetaAdsJobs.Api.Http;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.AspNetCore.Mvc.Abstractions;
using Microsoft.AspNetCore.Mvc.Infrastructure;
using Microsoft.OpenApi;

namespace MetaAdsJobs.Api.Description;

/// <summary>The words that a parameter takes: an enum's names in lower case, or a list.</summary>
/// <param name="type">The enum, or whose static field the list is.</param>
[AttributeUsage(AttributeTargets.Parameter)]
internal sealed class OneOfAttribute(Type type, string? list = null) : Attribute
{
    public IReadOnlyList<string> Words => list is null ? [.. Enum.GetNames(type).Select(name => name.ToLowerInvariant())] : (IReadOnlyList<string>)type.GetField(list)!.GetValue(null)!;
}

/// <summary>A parameter that is not what its name says elsewhere.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
internal sealed class FormatAttribute(string format) : Attribute
{
    public string Format => format;
}

/// <summary>
/// Endpoints read parameters as text, to tell all that is wrong with them at once (QueryFields). Here stands what they take: by name, which means the same everywhere, or as the endpoint says.
/// </summary>
internal static class ParameterShapes
{
    private static readonly Dictionary<string, Func<OpenApiSchema>> ByName = new(StringComparer.OrdinalIgnoreCase)
    {
        ["limit"] = () => new()
        {
            Type = JsonSchemaType.Integer, Format = "int32", Minimum = "1", Maximum = $"{QueryFields.MaxLimit}", Default = JsonValue.Create(QueryFields.DefaultLimit), Description = "How many at most",
        },
        ["cursor"] = () => new() { Type = JsonSchemaType.String, MinLength = 1, MaxLength = 1000, Description = "next_cursor of the page before" },
        ["since"] = () => Of("date", "The first day"),
        ["until"] = () => Of("date", "The last day"),
        ["night"] = () => Of("date", "The day on which it began"),
        ["changed_since"] = () => Of("date-time", "Only what has changed at this time or later"),
        ["dry_run"] = () => new() { Type = JsonSchemaType.Boolean, Default = JsonValue.Create(false), Description = "Tell what would be done, and write nothing" },
        ["differing"] = () => new() { Type = JsonSchemaType.Boolean, Default = JsonValue.Create(false), Description = "Only days that differ from Meta's own sum" },
        ["retired"] = () => new() { Type = JsonSchemaType.Boolean, Description = "Only accounts that are retired, or that are not; without it all" },
        ["only"] = () => Words(["errors"]),
        ["search"] = () => Text("Words of its name, or its id"),
        ["social_account_id"] = () => Of("uuid", "The account's id here"),
        ["request_id"] = () => Of("uuid", "A run's id"),
        ["rule_id"] = () => Of("uuid", "A rule's id"),
        ["clip_id"] = () => Of("uuid", "A clip's id here"),
        ["campaign_id"] = () => Text("Meta's id of a campaign"),
        ["report"] = () => Text("The report's name"),
        ["thumbnail_url"] = () => Of("uri", "A picture of the video"),
        ["Idempotency-Key"] = () => new()
        {
            Type = JsonSchemaType.String, MinLength = 1, MaxLength = IdempotencyKey.Longest, Pattern = "^[ -~]+$",
            Description = "A text of the caller's own, new for each thing that is asked for: sent again under the same key it is done once, and the first answer is told again",
        },
        ["Prefer"] = () => new() { Type = JsonSchemaType.String, MaxLength = 200, Description = "wait=20: answer when it has ended, and after 20 seconds (1 to 60) in any case" },
    };

    public static Task AddAsync(OpenApiOperation operation, ApiDescription description)
    {
        foreach (var parameter in operation.Parameters?.OfType<OpenApiParameter>() ?? [])
        {
            var told = description.ParameterDescriptions.FirstOrDefault(one => one.Name == parameter.Name);
            var attributes = (told?.ParameterDescriptor as IParameterInfoParameterDescriptor)?.ParameterInfo.GetCustomAttributes(inherit: true) ?? [];
            var usual = parameter.Schema as OpenApiSchema;
            var shape = attributes.OfType<OneOfAttribute>().FirstOrDefault() is { } one ? Words(one.Words)
                : attributes.OfType<FormatAttribute>().FirstOrDefault() is { } format ? Of(format.Format, null)
                : parameter.Name is not null && ByName.TryGetValue(parameter.Name, out var known) ? known()
                : usual is { Format: null, Type: JsonSchemaType.String or (JsonSchemaType.String | JsonSchemaType.Null) } ? Text(null) : null;
            if (shape is null) continue;
            parameter.Description ??= usual?.Description ?? shape.Description;
            shape.Description = null;
            parameter.Schema = shape;
        }

        return Task.CompletedTask;
    }

    private static OpenApiSchema Of(string format, string? description) => new() { Type = JsonSchemaType.String, Format = format, Description = description };

    private static OpenApiSchema Words(IReadOnlyList<string> words) => new() { Type = JsonSchemaType.String, Enum = [.. words.Select(word => (JsonNode)JsonValue.Create(word)!)] };

    private static OpenApiSchema Text(string? description) => new() { Type = JsonSchemaType.String, MaxLength = QueryFields.LongestText, Description = description };
}
