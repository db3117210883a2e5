using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using MetaAdsJobs.Core.Meta.Graph;

namespace MetaAdsJobs.Core.Meta.Insights;

/// <summary>
/// Reads a report's rows. Values are decimal strings; a metric that is missing is not known, and of nothing delivered there
/// is no row. A large account has a million of them: each is gone through once, as the bytes that came.
/// </summary>
/// <param name="conversionEvents">The pixel events of ad sets that name one, by ad set.</param>
internal sealed class InsightRows(ReportQuery query, IReadOnlyDictionary<string, string> conversionEvents)
{
    private const int LongestValue = 200;
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly string[] AssetIds = ["id", "hash", "video_id"];
    private readonly bool _impressions = query.Fields.Contains("impressions");
    private readonly bool _clicks = query.Fields.Contains("clicks");
    private readonly bool _linkClicks = query.Fields.Contains("inline_link_clicks");
    private readonly bool _reach = query.Fields.Contains("reach");
    private readonly bool _spend = query.Fields.Contains("spend");
    private readonly RepeatedTexts _texts = new();

    /// <exception cref="MetaException">A row cannot be read; nobody knows what it would have said.</exception>
    public InsightRow Read(JsonElement given, bool isIncomplete = false) => Read(JsonMarshal.GetRawUtf8Value(given).ToArray(), isIncomplete);

    /// <summary>The row keeps these very bytes.</summary>
    /// <exception cref="MetaException">A row cannot be read; nobody knows what it would have said.</exception>
    public InsightRow Read(ReadOnlyMemory<byte> given, bool isIncomplete = false)
    {
        try
        {
            var raw = CleanJson.Of(given);
            var told = RowFields.Of(raw.Span, _texts);
            var result = ResultActions.Find(told.Goal, told.Objective, told.AdSetId is null ? null : conversionEvents.GetValueOrDefault(told.AdSetId));
            var tellsResults = result is not null && query.Fields.Contains(result.Field);
            return new()
            {
                ObjectId = Required(ObjectId(told), $"{query.Level}_id"),
                Breakdown = Breakdown(raw),
                Day = Day(told),
                AdId = told.AdId,
                AdSetId = query.Level == "ad" ? Required(told.AdSetId, "adset_id") : told.AdSetId,
                CampaignId = query.Level == "ad" ? Required(told.CampaignId, "campaign_id") : told.CampaignId,
                Impressions = _impressions ? told.Impressions : null,
                Clicks = _clicks ? told.Clicks : null,
                LinkClicks = _linkClicks ? told.LinkClicks : null,
                Reach = _reach ? told.Reach : null,
                Spend = _spend ? told.Spend : null,
                Results = tellsResults ? told.CountOf(result!) : null,
                ResultType = result?.ActionType,
                Raw = raw,
                IsIncomplete = isIncomplete || query.IsIncomplete,
            };
        }
        catch (Exception exception) when (exception is FormatException or OverflowException or InvalidOperationException)
        {
            throw new MetaException(Proof.OutcomeUnknown, $"Meta's report holds a row that cannot be read: {exception.Message}", exception);
        }
    }

    private string Breakdown(ReadOnlyMemory<byte> raw)
    {
        if (query.Breakdowns.Count == 0) return "[]";
        using var row = JsonDocument.Parse(raw);
        return JsonSerializer.Serialize(query.Breakdowns.Select(name => BreakdownValue(row.RootElement, name)), Plain);
    }

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
    private DateOnly Day(RowFields told)
    {
        var date = told.Day ?? throw new FormatException("date_start is missing");
        if (date < query.Since || date > query.Until) throw new FormatException($"it is of {date:yyyy-MM-dd}, which was not asked for");
        if (told.LastDay is { } last && last != date) throw new FormatException($"it is of {date:yyyy-MM-dd} to {last:yyyy-MM-dd}, which is not one day");
        return date;
    }

    private static string Required(string? id, string name) => id is { Length: > 0 } ? id : throw new FormatException($"{name} is missing");

    private string? ObjectId(RowFields told) => query.Level switch
    {
        "account" => told.AccountId,
        "campaign" => told.CampaignId,
        "adset" => told.AdSetId,
        _ => told.AdId,
    };

    private static string? Text(JsonElement row, string name) =>
        row.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value.ToString() : null;
}
