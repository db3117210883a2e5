using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace MetaAdsJobs.Core.Meta.Insights;

/// <summary>
/// Reads a report's rows. Values are decimal strings; a metric of zero is usually missing altogether, and of nothing delivered there
/// is no row.
/// </summary>
/// <param name="conversionEvents">The pixel events of ad sets that name one, by ad set.</param>
internal sealed class InsightRows(ReportQuery query, IReadOnlyDictionary<string, string> conversionEvents)
{
    private const int LongestValue = 200;
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly string[] AssetIds = ["id", "hash", "video_id"];
    private readonly string _idField = $"{query.Level}_id";
    private readonly bool _impressions = query.Fields.Contains("impressions");
    private readonly bool _clicks = query.Fields.Contains("clicks");
    private readonly bool _linkClicks = query.Fields.Contains("inline_link_clicks");
    private readonly bool _reach = query.Fields.Contains("reach");
    private readonly bool _spend = query.Fields.Contains("spend");

    /// <exception cref="MetaException">A row cannot be read; nobody knows what it would have said.</exception>
    public InsightRow Read(JsonElement given, bool isIncomplete = false)
    {
        try
        {
            var (row, raw) = CleanJson.Of(given);
            var adSetId = Text(row, "adset_id");
            var result = ResultActions.Find(Text(row, "optimization_goal"), Text(row, "objective"), adSetId is null ? null : conversionEvents.GetValueOrDefault(adSetId));
            var tellsResults = result is not null && query.Fields.Contains(result.Field);
            return new()
            {
                ObjectId = Required(row, _idField),
                Breakdown = Breakdown(row),
                Day = Day(row),
                AdId = Text(row, "ad_id"),
                AdSetId = query.Level == "ad" ? Required(row, "adset_id") : adSetId,
                CampaignId = query.Level == "ad" ? Required(row, "campaign_id") : Text(row, "campaign_id"),
                Impressions = _impressions ? Whole(row, "impressions") : null,
                Clicks = _clicks ? Whole(row, "clicks") : null,
                LinkClicks = _linkClicks ? Whole(row, "inline_link_clicks") : null,
                Reach = _reach ? Whole(row, "reach") : null,
                Spend = _spend ? Number(Text(row, "spend") ?? "0") : null,
                Results = tellsResults ? Count(row, result!) : null,
                ResultType = result?.ActionType,
                Raw = raw,
                IsIncomplete = isIncomplete,
            };
        }
        catch (Exception exception) when (exception is FormatException or OverflowException or InvalidOperationException)
        {
            throw new MetaException(Proof.OutcomeUnknown, $"Meta's report holds a row that cannot be read: {exception.Message}", exception);
        }
    }

    private string Breakdown(JsonElement row) => query.Breakdowns.Count == 0 ? "[]" : JsonSerializer.Serialize(query.Breakdowns.Select(name => BreakdownValue(row, name)), Plain);

    /// <summary>
    /// What the row is known by in this breakdown. Assets (body_asset, image_asset …) are objects whose links change: their id counts. A
    /// long text counts by its hash; the row itself keeps it.
    /// </summary>
    public static string BreakdownValue(JsonElement row, string name)
    {
        if (!row.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null) return "";
        var text = value.ValueKind == JsonValueKind.Object
            ? AssetIds.Select(id => Text(value, id)).FirstOrDefault(id => id is not null) ?? value.GetRawText()
            : value.ToString();
        return text.Length <= LongestValue ? text : $"sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}";
    }

    // The day has to be one that was asked for, and no longer than a day: anything else would be stored where it does not belong.
    private DateOnly Day(JsonElement row)
    {
        var day = Text(row, "date_start") ?? "";
        var date = DateOnly.ParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture);
        if (date < query.Since || date > query.Until) throw new FormatException($"it is of {day}, which was not asked for");
        if (Text(row, "date_stop") is { } stop && stop != day) throw new FormatException($"it is of {day} to {stop}, which is not one day");
        return date;
    }

    private static string Required(JsonElement row, string name) => Text(row, name) is { Length: > 0 } text ? text : throw new FormatException($"{name} is missing");

    private static decimal Count(JsonElement row, ResultAction result)
    {
        if (!row.TryGetProperty(result.Field, out var actions) || actions.ValueKind != JsonValueKind.Array) return 0;
        foreach (var action in actions.EnumerateArray())
            if (action.TryGetProperty("action_type", out var type) && type.ValueEquals(result.ActionType)) return Number(Text(action, "value") ?? "0");
        return 0;
    }

    private static long Whole(JsonElement row, string name) =>
        Text(row, name) is { } text ? long.Parse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) : 0;

    private static decimal Number(string text) => decimal.Parse(text, NumberStyles.Number, CultureInfo.InvariantCulture);

    private static string? Text(JsonElement row, string name) =>
        row.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value.ToString() : null;
}
