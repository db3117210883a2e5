using System.Text.Json;
using Microsoft.OpenApi;

namespace MetaAdsJobs.Api.Description;

/// <summary>Values that a converter of ours writes, or that are told as they came: what they are in JSON cannot be seen from their types, so it stands here.</summary>
internal static class ValueShapes
{
    public static Task AddAsync(OpenApiSchema schema, Type type)
    {
        if (type == typeof(DateTimeOffset)) (schema.Type, schema.Format) = (JsonSchemaType.String, "date-time");
        else if (type == typeof(DateTimeOffset?)) (schema.Type, schema.Format) = (JsonSchemaType.Null | JsonSchemaType.String, "date-time");
        // Of a message that was taken: an object, or it had been refused.
        else if (type == typeof(JsonElement?)) (schema.Type, schema.Description) = (JsonSchemaType.Null | JsonSchemaType.Object, "As it was sent");
        return Task.CompletedTask;
    }
}
