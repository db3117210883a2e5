using System.Text.Json.Nodes;
using MetaAdsJobs.Console.Http;
using Microsoft.OpenApi;

namespace MetaAdsJobs.Api.Description;

/// <summary>A refusal, as Problem writes it.</summary>
internal static class ProblemShape
{
    public static OpenApiSchema Schema => new()
    {
        Type = JsonSchemaType.Object,
        Description = "A refusal (RFC 9457). type and code tell its kind and never change; title and detail are for people and may",
        Required = new HashSet<string> { "type", "title", "status", "code", "trace_id" },
        Properties = new Dictionary<string, IOpenApiSchema>
        {
            ["type"] = Text("The kind as a URI: a name, not an address", "uri"),
            ["title"] = Text("The kind, for people"),
            ["status"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int32", Minimum = "400", Maximum = "599", Description = "The HTTP status" },
            ["code"] = new OpenApiSchema
            {
                Type = JsonSchemaType.String, Description = "The kind as a word", Enum = [.. ProblemKind.All.Select(kind => (JsonNode)JsonValue.Create(kind.Code)!)],
            },
            ["detail"] = Text("What is the matter, for people"),
            ["errors"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Object, Description = "What is wrong, by JSON path, parameter or header",
                AdditionalProperties = new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchema { Type = JsonSchemaType.String } },
            },
            ["trace_id"] = Text("As X-Request-Id"),
            ["social_account_id"] = Text("Of ad_account_taken: which account has it, for who looks into that one", "uuid"),
            ["open"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Object, Description = "Of account_busy: how much of what is open: active_campaigns, calls_under_way, open_runs, open_edits",
                AdditionalProperties = new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int64" },
            },
            ["rows"] = new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchema { Type = JsonSchemaType.Object }, Description = "Of a batch: which rows are wrong, and what of them" },
            ["error_count"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int32", Description = "Of a batch: how many are wrong" },
            ["untold"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int32", Description = "Of a batch: how many of those are not in rows" },
        },
    };

    private static OpenApiSchema Text(string description, string? format = null) => new() { Type = JsonSchemaType.String, Format = format, Description = description };
}
