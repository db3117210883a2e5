using System.Globalization;
using System.Text.Json;

namespace MetaAdsJobs.Core.Meta.Insights;

/// <summary>
/// Reads a report's rows. Values are decimal strings; a metric of zero is usually missing altogether, and of nothing delivered there
/// is no row.
/// </summary>
/// <param name="conversionEvents">The pixel events of ad sets that name one, by ad set.</param>
internal sealed class InsightRows(ReportQuery query, IReadOnlyDictionary<string, string> conversionEvents)
{
    private readonly string _idField = $"{query.Level}_id";
    private readonly bool _impressions = query.Fields.Contains("impressions");
    private readonly bool _clicks = query.Fields.Contains("clicks");
    private readonly bool _linkClicks = query.Fields.Contains("inline_link_clicks");
    private readonly bool _reach = query.Fields.Contains("reach");
    private readonly bool _spend = query.Fields.Contains("spend");

    /// <exception cref="MetaException">A row cannot be read; nobody knows what it would have said.</exception>
    public InsightRow Read(JsonElement row, bool isIncomplete = false)
    {
        try
        {
            var adSetId = Text(row, "adset_id");
            var result = ResultActions.Find(Text(row, "optimization_goal"), Text(row, "objective"), adSetId is null ? null : conversionEvents.GetValueOrDefault(adSetId));
            var tellsResults = result is not null && query.Fields.Contains(result.Field);
            return new()
            {
                ObjectId = Text(row, _idField) ?? throw new FormatException($"{_idField} is missing"),
                Breakdown = Breakdown(row),
                Day = DateOnly.ParseExact(Text(row, "date_start") ?? "", "yyyy-MM-dd", CultureInfo.InvariantCulture),
                AdId = Text(row, "ad_id"),
                AdSetId = adSetId,
                CampaignId = Text(row, "campaign_id"),
                Impressions = _impressions ? Whole(row, "impressions") : null,
                Clicks = _clicks ? Whole(row, "clicks") : null,
                LinkClicks = _linkClicks ? Whole(row, "inline_link_clicks") : null,
                Reach = _reach ? Whole(row, "reach") : null,
                Spend = _spend ? Number(Text(row, "spend") ?? "0") : null,
                Results = tellsResults ? Count(row, result!) : null,
                ResultType = result?.ActionType,
                Raw = row.GetRawText(),
                IsIncomplete = isIncomplete,
            };
        }
        catch (Exception exception) when (exception is FormatException or OverflowException or InvalidOperationException)
        {
            throw new MetaException(Proof.OutcomeUnknown, $"Meta's report holds a row that cannot be read: {exception.Message}", exception);
        }
    }

    private string Breakdown(JsonElement row) =>
        query.Breakdowns.Count == 0 ? "[]" : JsonSerializer.Serialize(query.Breakdowns.Select(name => Text(row, name) ?? ""));

    private static decimal Count(JsonElement row, ResultAction result)
    {
        if (!row.TryGetProperty(result.Field, out var actions) || actions.ValueKind != JsonValueKind.Array) return 0;
        foreach (var action in actions.EnumerateArray())
            if (action.TryGetProperty("action_type", out var type) && type.ValueEquals(result.ActionType)) return Number(Text(action, "value") ?? "0");
        return 0;
    }

    private static long Whole(JsonElement row, string name) =>
        row.TryGetProperty(name, out var value) ? long.Parse(value.ToString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) : 0;

    private static decimal Number(string text) => decimal.Parse(text, NumberStyles.Number, CultureInfo.InvariantCulture);

    private static string? Text(JsonElement row, string name) =>
        row.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value.ToString() : null;
}
