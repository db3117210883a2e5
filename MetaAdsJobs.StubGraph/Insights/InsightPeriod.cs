using System.Globalization;
using System.Text.Json;

namespace MetaAdsJobs.StubGraph.Insights;

/// <summary>The days of one row, with their texts: thousands of rows share them.</summary>
internal sealed record InsightPeriod(DateOnly Start, DateOnly Stop)
{
    public JsonEncodedText StartText { get; } = Text(Start);

    public JsonEncodedText StopText { get; } = Text(Stop);

    private static JsonEncodedText Text(DateOnly day) => JsonEncodedText.Encode(day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
}
