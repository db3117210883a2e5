using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;

namespace MetaAdsJobs.Core.Meta.Graph;

/// <summary>How much of one limit is used. Meta keeps a caller out near 100.</summary>
/// <param name="Percent">The largest percentage of the headers that stand for a limit.</param>
/// <param name="Brake">The insights throttle's: it can stay at 100 long after the load has ended, so it only slows.</param>
/// <param name="Regain">How long Meta says to stay away; null when access is not lost.</param>
internal readonly record struct UsageReading(UseCase UseCase, double Percent, double Brake, TimeSpan? Regain);

/// <summary>
/// Reads the headers by which every answer tells how much of each limit is used: X-Business-Use-Case-Usage (several ids, several
/// entries each, minutes), X-Ad-Account-Usage (seconds), X-App-Usage and X-FB-Ads-Insights-Throttle. Any of them may be missing or
/// malformed; then it tells nothing.
/// </summary>
internal static class GraphUsage
{
    /// <summary>From here on Meta is about to refuse, or does.</summary>
    public const double Full = 95;

    private const string UseCaseHeader = "X-Business-Use-Case-Usage";
    private const string AccountHeader = "X-Ad-Account-Usage";
    private const string AppHeader = "X-App-Usage";
    private const string InsightsHeader = "X-FB-Ads-Insights-Throttle";
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);
    private static readonly string[] Counts = ["call_count", "total_cputime", "total_time"];

    /// <summary>One reading per use case of which the answer tells anything.</summary>
    /// <param name="called">The call's own use case: the headers of account and app, which name none, count for it.</param>
    public static IReadOnlyList<UsageReading> Read(HttpResponseHeaders headers, UseCase called)
    {
        var readings = new List<UsageReading>();
        foreach (var entry in Objects(headers, UseCaseHeader))
            if (TypeOf(entry, called) is { } useCase) readings.Add(new(useCase, Percent(entry, Counts), 0, Wait(Number(entry, "estimated_time_to_regain_access") * 60)));
        foreach (var account in Objects(headers, AccountHeader))
        {
            // Told at any usage: how long until the score is back at nothing. It is a wait only once the limit is reached.
            var percent = Percent(account, "acc_id_util_pct");
            readings.Add(new(called, percent, 0, percent >= Full ? Wait(Number(account, "reset_time_duration")) : null));
        }

        foreach (var app in Objects(headers, AppHeader)) readings.Add(new(called, Percent(app, Counts), 0, null));
        foreach (var insights in Objects(headers, InsightsHeader)) readings.Add(new(UseCase.AdsInsights, 0, Percent(insights, "app_id_util_pct", "acc_id_util_pct"), null));
        return [.. readings.GroupBy(reading => reading.UseCase).Select(same =>
            new UsageReading(same.Key, same.Max(one => one.Percent), same.Max(one => one.Brake), same.Max(one => one.Regain)))];
    }

    /// <summary>For a call that Meta has throttled: the longest wait that any header names, whatever the usage.</summary>
    public static TimeSpan? RetryAfter(HttpResponseHeaders headers) => new[]
    {
        Objects(headers, UseCaseHeader).Select(entry => Wait(Number(entry, "estimated_time_to_regain_access") * 60)).Max(),
        Objects(headers, AccountHeader).Select(account => Wait(Number(account, "reset_time_duration"))).Max(),
    }.Max();

    private static UseCase? TypeOf(JsonElement entry, UseCase called) =>
        entry.TryGetProperty("type", out var type) ? UseCases.Find(Text(type)) : called;

    private static double Percent(JsonElement from, params ReadOnlySpan<string> fields)
    {
        var most = 0.0;
        foreach (var field in fields) most = Math.Max(most, Number(from, field));
        return Math.Min(most, 1000);
    }

    private static double Number(JsonElement from, string field)
    {
        if (!from.TryGetProperty(field, out var value)) return 0;
        return double.TryParse(Text(value), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && !double.IsNaN(number) ? Math.Max(0, number) : 0;
    }

    // Unescaped text could not always be had: half a surrogate pair has none.
    private static string? Text(JsonElement value) => value.ValueKind is JsonValueKind.Number or JsonValueKind.String ? value.GetRawText().Trim('"') : null;

    private static TimeSpan? Wait(double seconds) => seconds > 0 ? TimeSpan.FromSeconds(Math.Min(seconds, Longest.TotalSeconds)) : null;

    // The objects that hold numbers, at whatever depth: the header itself, or the entries of every id's list.
    private static List<JsonElement> Objects(HttpResponseHeaders headers, string name)
    {
        var found = new List<JsonElement>();
        if (!headers.TryGetValues(name, out var values)) return found;
        foreach (var value in values)
        {
            try
            {
                Collect(JsonElement.Parse(value), found);
            }
            catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException)
            {
                // A malformed header tells nothing; the others still do.
            }
        }

        return found;
    }

    private static void Collect(JsonElement element, List<JsonElement> found)
    {
        if (element.ValueKind == JsonValueKind.Object)
        {
            if (element.EnumerateObject().Any(property => property.Value.ValueKind is not (JsonValueKind.Array or JsonValueKind.Object))) found.Add(element);
            foreach (var property in element.EnumerateObject()) Collect(property.Value, found);
        }
        else if (element.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in element.EnumerateArray()) Collect(item, found);
        }
    }
}
