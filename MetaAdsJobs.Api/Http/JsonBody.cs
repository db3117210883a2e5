using System.Text.Json;

namespace MetaAdsJobs.Api.Http;

/// <summary>A request's body as JSON, not yet as anything else: its fields are judged together, by the use case.</summary>
internal static class JsonBody
{
    /// <summary>Long enough that a field that is far too long is still refused by its name.</summary>
    public const long MaxBytes = 4 * 1024 * 1024;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    /// <returns>The body, or the problem to answer with.</returns>
    public static async Task<(JsonElement Body, IResult? Problem)> ReadAsync(HttpRequest request, CancellationToken ct)
    {
        if (!request.HasJsonContentType())
            return (default, Results.Problem("Send the body as Content-Type: application/json.", statusCode: StatusCodes.Status415UnsupportedMediaType));
        try
        {
            using var document = await JsonDocument.ParseAsync(request.Body, Strict, ct);
            return (document.RootElement.Clone(), null);
        }
        catch (JsonException exception)
        {
            return (default, Results.Problem($"The body is not valid JSON: {exception.Message}", statusCode: StatusCodes.Status400BadRequest));
        }
        catch (BadHttpRequestException exception)
        {
            return (default, Results.Problem(exception.Message, statusCode: exception.StatusCode));
        }
    }
}
