using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;
using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Core.Validation;
using Microsoft.AspNetCore.Http.Features;

namespace MetaAdsJobs.Api.Http;

/// <summary>A request's body as JSON, not yet as anything else: its fields are judged together, by the use case.</summary>
internal static class JsonBody
{
    /// <summary>Long enough that a field that is far too long is still refused by its name.</summary>
    public const long MaxBytes = 4 * 1024 * 1024;

    /// <summary>Up to here a body that is too long is still read to its end, so that its sender sees the 413 and not a broken connection.</summary>
    public const long MaxReadBytes = 4 * MaxBytes;

    /// <summary>Longer than any request that means what it says; of such only a few are held at a time.</summary>
    public const int LargeBytes = 256 * 1024;

    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 32 };

    private static ReadOnlySpan<byte> Utf8Mark => [0xEF, 0xBB, 0xBF];

    /// <returns>The body, or the problem to answer with.</returns>
    public static Task<(JsonElement Body, IResult? Problem)> ReadAsync(HttpRequest request, CancellationToken ct) => ReadAsync(request, MaxBytes, ct);

    /// <param name="most">In bytes.</param>
    /// <inheritdoc cref="ReadAsync(HttpRequest, CancellationToken)"/>
    public static Task<(JsonElement Body, IResult? Problem)> ReadAsync(HttpRequest request, long most, CancellationToken ct) => ReadAsync(request, most, isOfRows: false, ct);

    /// <summary>A file whose rows are judged each by itself, their texts as well.</summary>
    /// <inheritdoc cref="ReadAsync(HttpRequest, CancellationToken)"/>
    public static Task<(JsonElement Body, IResult? Problem)> ReadRowsAsync(HttpRequest request, CancellationToken ct) => ReadAsync(request, MaxBytes, isOfRows: true, ct);

    /// <summary>A body that may be left out; nobody says its length beforehand when it is sent in chunks.</summary>
    /// <param name="most">In bytes.</param>
    /// <returns>Neither: none was sent.</returns>
    public static async Task<(JsonElement? Body, IResult? Problem)> ReadOptionalAsync(HttpRequest request, long most, CancellationToken ct)
    {
        if (request.ContentLength == 0 || request.HttpContext.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody != true) return (null, null);
        var (body, problem) = await ReadAsync(request, most, ct);
        return problem is null ? (body, null) : (null, problem);
    }

    /// <summary>A body of another kind, by the same limits.</summary>
    /// <param name="type">The media type that it must have, beside application/json.</param>
    public static async Task<(ReadOnlyMemory<byte> Bytes, IResult? Problem)> ReadOtherAsync(HttpRequest request, string type, CancellationToken ct)
    {
        if (request.GetTypedHeaders().ContentType?.MediaType.Equals(type, StringComparison.OrdinalIgnoreCase) != true)
            return (default, Problems.Of(ProblemKind.UnsupportedMediaType, $"Send the body as Content-Type: application/json or {type}."));
        var (bytes, problem) = await ReadRawAsync(request, MaxBytes, ct);
        return (WithoutMark(bytes), problem);
    }

    /// <summary>A body byte for byte, for who signs it so.</summary>
    /// <param name="most">In bytes.</param>
    public static async Task<(ReadOnlyMemory<byte> Bytes, IResult? Problem)> ReadRawAsync(HttpRequest request, long most, CancellationToken ct)
    {
        if (request.ContentLength > most) return (default, TooLong(most));
        try
        {
            return await ReadBytesAsync(request, most, ct);
        }
        catch (BadHttpRequestException exception)
        {
            return (default, exception.StatusCode == StatusCodes.Status413PayloadTooLarge ? TooLong(most) : Problems.Of(ProblemKind.Of(exception.StatusCode), exception.Message));
        }
    }

    /// <summary>What was read, as JSON.</summary>
    public static (JsonElement Body, IResult? Problem) Parse(HttpRequest request, ReadOnlyMemory<byte> bytes) => Parse(request, bytes, isOfRows: false);

    private static async Task<(JsonElement Body, IResult? Problem)> ReadAsync(HttpRequest request, long most, bool isOfRows, CancellationToken ct)
    {
        if (!request.HasJsonContentType())
            return (default, Problems.Of(ProblemKind.UnsupportedMediaType, "Send the body as Content-Type: application/json."));
        var (bytes, problem) = await ReadRawAsync(request, most, ct);
        return problem is null ? Parse(request, bytes, isOfRows) : (default, problem);
    }

    private static (JsonElement Body, IResult? Problem) Parse(HttpRequest request, ReadOnlyMemory<byte> bytes, bool isOfRows)
    {
        try
        {
            var document = JsonDocument.Parse(WithoutMark(bytes), Strict);
            // Read from until the answer is written; a copy of it all would cost as much again.
            request.HttpContext.Response.RegisterForDispose(document);
            if (!JsonTexts.CanBeBroken(bytes.Span)) return (document.RootElement, null);
            CheckNames(document.RootElement);
            var errors = new FieldErrors();
            if (!isOfRows) JsonTexts.Refuse(document.RootElement, errors);
            return errors.Any ? (default, Problems.Invalid(errors)) : (document.RootElement, null);
        }
        catch (InvalidOperationException)
        {
            return (default, Problems.Of(ProblemKind.MalformedJson, "The body is not valid JSON: a field's name is not valid Unicode."));
        }
        catch (JsonException exception)
        {
            return (default, Problems.Of(ProblemKind.MalformedJson, $"The body is not valid JSON: {exception.Message}"));
        }
    }

    private static async Task<(ReadOnlyMemory<byte> Bytes, IResult? Problem)> ReadBytesAsync(HttpRequest request, long most, CancellationToken ct)
    {
        var body = new MemoryStream((int)Math.Clamp(request.ContentLength ?? 0, 1024, LargeBytes));
        var chunk = new byte[16 * 1024];
        var isLarge = false;
        while (await request.Body.ReadAsync(chunk, ct) is > 0 and var read)
        {
            // The rest is read by the server when the answer is written, and thrown away.
            if (body.Length + read > most) return (default, TooLong(most));
            body.Write(chunk, 0, read);
            if (isLarge || body.Length <= LargeBytes) continue;
            isLarge = true;
            var places = request.HttpContext.RequestServices.GetRequiredService<LongCalls>().LargeBodies;
            if (places.TryTake(request.HttpContext) is not { } place) return (default, places.Refused());
            request.HttpContext.Response.RegisterForDispose(place);
        }

        return (body.GetBuffer().AsMemory(0, (int)body.Length), null);
    }

    private static ReadOnlyMemory<byte> WithoutMark(ReadOnlyMemory<byte> bytes) => bytes.Span.StartsWith(Utf8Mark) ? bytes[Utf8Mark.Length..] : bytes;

    private static IResult TooLong(long most) => Problems.Of(ProblemKind.BodyTooLong, $"The body must be at most {most} bytes long.");

    // A name that is no text could be neither found nor told. Reading it throws InvalidOperationException.
    private static void CheckNames(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Object)
        {
            foreach (var property in element.EnumerateObject())
            {
                // Only such a one can be broken; a text for each of the others would cost more than the body.
                var name = JsonMarshal.GetRawUtf8PropertyName(property);
                if (name.Contains((byte)'\\') || !Utf8.IsValid(name)) _ = property.Name;
                CheckNames(property.Value);
            }
        }
        else if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in element.EnumerateArray()) CheckNames(item);
        }
    }
}
