using Microsoft.OpenApi;

namespace MetaAdsJobs.Api.Http;

/// <summary>/openapi/v1.json and Swagger UI over it.</summary>
internal static class ApiDescription
{
    public static IServiceCollection AddApiDescription(this IServiceCollection services) => services.AddOpenApi(openApi =>
        openApi.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new()
            {
                Title = "MetaAdsJobs", Version = "v1",
                Description = "Asks for whole ads at Meta and reads their numbers. Every call under /meta needs a bearer token; refusals are RFC 9457 problem details.",
            };
            document.Components ??= new();
            document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
            {
                ["bearer"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", BearerFormat = "JWT" },
            };
            document.Security = [new() { [new OpenApiSecuritySchemeReference("bearer", document)] = [] }];
            return Task.CompletedTask;
        }));

    public static void MapApiDescription(this WebApplication app)
    {
        app.MapOpenApi();
        app.UseSwaggerUI(swagger => swagger.SwaggerEndpoint("/openapi/v1.json", "MetaAdsJobs v1"));
    }
}
