using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using MetaAdsJobs.Core.Events.Signing;
using Microsoft.AspNetCore.Authorization;
using Microsoft.OpenApi;

namespace MetaAdsJobs.Api.Description;

/// <summary>/openapi/v1.json, which is docs/openapi.json, and Swagger UI over it.</summary>
internal static class OpenApiDescription
{
    public static IServiceCollection AddApiDescription(this IServiceCollection services) => services.AddOpenApi(openApi => openApi
        .AddSchemaTransformer((schema, context, _) => ValueShapes.AddAsync(schema, context.JsonTypeInfo.Type))
        .AddSchemaTransformer((schema, context, _) => Vocabulary.AddAsync(schema, context.JsonPropertyInfo))
        .AddSchemaTransformer((schema, context, _) => Bounds.AddAsync(schema, context.JsonPropertyInfo))
        .AddSchemaTransformer((schema, context, _) => LoosenAsync(schema, context.JsonTypeInfo))
        .AddOperationTransformer((operation, context, _) => OperationIds.AddAsync(operation, context.Description.HttpMethod, context.Description.RelativePath))
        .AddOperationTransformer(async (operation, context, _) =>
        {
            if (context.Description.RelativePath?.StartsWith("meta/", StringComparison.Ordinal) != true) return;
            // What takes no token says itself what it takes instead.
            var isOpen = context.Description.ActionDescriptor.EndpointMetadata.OfType<IAllowAnonymous>().Any();
            operation.Security = [new() { [new OpenApiSecuritySchemeReference(isOpen ? "signature" : "bearer", context.Document)] = [] }];
            await ParameterShapes.AddAsync(operation, context.Description);
            AnswerShapes.Add(operation, context.Description, context.Document!);
        })
        .AddDocumentTransformer((document, _, _) =>
        {
            Introduce(document);
            AnswerShapes.AddComponents(document);
            // Each GET answers HEAD, too; that is told once.
            foreach (var path in document.Paths.Values) path.Operations?.Remove(HttpMethod.Head);
            return Task.CompletedTask;
        }));

    public static void MapApiDescription(this WebApplication app)
    {
        app.MapOpenApi();
        app.UseSwaggerUI(swagger => swagger.SwaggerEndpoint("../openapi/v1.json", "MetaAdsJobs v1"));
    }

    // A field that is left out when there is nothing to say cannot be required.
    private static Task LoosenAsync(OpenApiSchema schema, JsonTypeInfo type)
    {
        foreach (var field in type.Properties)
        {
            if (field.AttributeProvider?.GetCustomAttributes(typeof(JsonIgnoreAttribute), inherit: true) is [JsonIgnoreAttribute { Condition: JsonIgnoreCondition.WhenWritingNull or JsonIgnoreCondition.WhenWritingDefault }])
                schema.Required?.Remove(field.Name);
        }

        return Task.CompletedTask;
    }

    private static void Introduce(OpenApiDocument document)
    {
        document.Info = new()
        {
            Title = "MetaAdsJobs", Version = "v1",
            Description = """
                Asks for whole ads at Meta and reads their numbers. Every call under /meta needs a bearer token, but the one that publishers sign; refusals are RFC 9457 problem details with a code.
                Whatever answers GET answers HEAD. docs/api.md tells what holds for all calls: paging, conditions, limits, and how this contract changes.
                """,
            Contact = new() { Name = "Whoever operates this service" },
        };
        document.Components ??= new();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            ["bearer"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", BearerFormat = "JWT" },
            ["signature"] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.ApiKey, In = ParameterLocation.Header, Name = StandardWebhooks.SignatureHeader, Description = "Standard Webhooks: a publisher's signature of webhook-id, webhook-timestamp and body",
            },
        };
    }
}
