using System.Net.Http.Headers;
using System.Text.Json;

namespace MetaAdsJobs.Core.Meta;

/// <summary>
/// Reads how long Meta asks to stay away: X-Business-Use-Case-Usage tells minutes, X-Ad-Account-Usage seconds. Several ids and
/// several entries per id may stand there: the largest counts. Headers may be missing or malformed; then nothing is known.
/// </summary>
internal static class GraphUsage
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    public static TimeSpan? RetryAfter(HttpResponseHeaders headers)
    {
        var minutes = Largest(headers, "X-Business-Use-Case-Usage", "estimated_time_to_regain_access");
        var seconds = Largest(headers, "X-Ad-Account-Usage", "reset_time_duration");
        var wait = TimeSpan.FromSeconds(Math.Clamp(Math.Max(minutes * 60, seconds), 0, Longest.TotalSeconds));
        return wait > TimeSpan.Zero ? wait : null;
    }

    private static double Largest(HttpResponseHeaders headers, string header, string field)
    {
        if (!headers.TryGetValues(header, out var values)) return 0;
        try
        {
            using var document = JsonDocument.Parse(values.First());
            return Numbers(document.RootElement, field).DefaultIfEmpty(0).Max();
        }
        catch (JsonException)
        {
            return 0; // A malformed header is no advice; the default wait applies.
        }
    }

    private static IEnumerable<double> Numbers(JsonElement element, string field) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(property =>
            property.NameEquals(field) && property.Value.ValueKind == JsonValueKind.Number && property.Value.TryGetDouble(out var number)
                ? [number]
                : Numbers(property.Value, field)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(item => Numbers(item, field)),
        _ => [],
    };
}
