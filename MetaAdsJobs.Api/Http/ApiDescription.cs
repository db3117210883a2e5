using MetaAdsJobs.Core.Events.Signing;
using Microsoft.AspNetCore.Authorization;
using Microsoft.OpenApi;

namespace MetaAdsJobs.Api.Http;

/// <summary>/openapi/v1.json and Swagger UI over it.</summary>
internal static class ApiDescription
{
    private static readonly (string Code, string Reason)[] RefusedAnywhere =
        [("401", "No token, or not a valid one"), ("403", "The token's role does not allow it"), ("429", "Too many calls; see Retry-After")];

    public static IServiceCollection AddApiDescription(this IServiceCollection services) => services.AddOpenApi(openApi => openApi
        .AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new()
            {
                Title = "MetaAdsJobs", Version = "v1",
                Description = "Asks for whole ads at Meta and reads their numbers. Every call under /meta needs a bearer token, but the one that publishers sign; refusals are RFC 9457 problem details.",
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
            return Task.CompletedTask;
        })
        .AddOperationTransformer((operation, context, _) =>
        {
            if (context.Description.RelativePath?.StartsWith("meta/", StringComparison.Ordinal) != true) return Task.CompletedTask;
            // What takes no token says itself what it takes instead.
            var isOpen = context.Description.ActionDescriptor.EndpointMetadata.OfType<IAllowAnonymous>().Any();
            operation.Security = [new() { [new OpenApiSecuritySchemeReference(isOpen ? "signature" : "bearer", context.Document)] = [] }];
            operation.Responses ??= [];
            foreach (var (code, reason) in RefusedAnywhere) operation.Responses.TryAdd(code, new OpenApiResponse { Description = reason });
            return Task.CompletedTask;
        }));

    public static void MapApiDescription(this WebApplication app)
    {
        app.MapOpenApi();
        app.UseSwaggerUI(swagger => swagger.SwaggerEndpoint("../openapi/v1.json", "MetaAdsJobs v1"));
    }
}
