using MetaAdsJobs.Api.Accounts;
using System.Text.Json;
using System.Text.Json.Serialization;
using MetaAdsJobs.Console.Http;

namespace MetaAdsJobs.Api.Http;

internal static class HttpConventions
{
    /// <summary>snake_case JSON, strict numbers, UTC times with a Z, and problem details for every refusal.</summary>
    public static IServiceCollection AddHttpConventions(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
            json.SerializerOptions.Converters.Add(new UtcTimes());
        });
        services.AddSingleton<IProblemDetailsWriter, ProblemWriter>().AddProblemDetails();
        services.AddExceptionHandler<DatabaseAwayHandler>();
        services.AddExceptionHandler<UnreadableBodyHandler>();
        services.AddExceptionHandler<RetiredMeanwhileHandler>();
        services.AddExceptionHandler<UnknownZoneHandler>();
        return services;
    }

    private sealed class UtcTimes : JsonConverter<DateTimeOffset>
    {
        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDateTimeOffset();

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) => writer.WriteStringValue(value.UtcDateTime);
    }
}
