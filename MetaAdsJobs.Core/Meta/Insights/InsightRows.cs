using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace MetaAdsJobs.Core.Meta.Insights;

/// <summary>
/// Reads a report's rows. Values are decimal strings; a metric of zero is usually missing altogether, and of nothing delivered there
/// is no row. A large account has a million of them: each is gone through once, as the bytes that came.
/// </summary>
/// <param name="conversionEvents">The pixel events of ad sets that name one, by ad set.</param>
internal sealed class InsightRows(ReportQuery query, IReadOnlyDictionary<string, string> conversionEvents)
{
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
            var raw = JsonMarshal.GetRawUtf8Value(row).ToArray();
            var told = Told.Of(raw);
            var result = ResultActions.Find(told.Goal, told.Objective, told.AdSetId is null ? null : conversionEvents.GetValueOrDefault(told.AdSetId));
            var tellsResults = result is not null && query.Fields.Contains(result.Field);
            return new()
            {
                ObjectId = ObjectId(told) ?? throw new FormatException($"{query.Level}_id is missing"),
                Breakdown = Breakdown(row),
                Day = told.Day ?? throw new FormatException("date_start is missing"),
                AdId = told.AdId,
                AdSetId = told.AdSetId,
                CampaignId = told.CampaignId,
                Impressions = _impressions ? told.Impressions : null,
                Clicks = _clicks ? told.Clicks : null,
                LinkClicks = _linkClicks ? told.LinkClicks : null,
                Reach = _reach ? told.Reach : null,
                Spend = _spend ? told.Spend : null,
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

    private string? ObjectId(Told told) => query.Level switch
    {
        "account" => told.AccountId,
        "campaign" => told.CampaignId,
        "adset" => told.AdSetId,
        _ => told.AdId,
    };

    private string Breakdown(JsonElement row) =>
        query.Breakdowns.Count == 0 ? "[]" : JsonSerializer.Serialize(query.Breakdowns.Select(name => Text(row, name) ?? ""));

    private static decimal Count(JsonElement row, ResultAction result)
    {
        if (!row.TryGetProperty(result.Field, out var actions) || actions.ValueKind != JsonValueKind.Array) return 0;
        foreach (var action in actions.EnumerateArray())
            if (action.TryGetProperty("action_type"u8, out var type) && type.ValueEquals(result.ActionType)) return Number(Text(action, "value") ?? "0");
        return 0;
    }

    private static decimal Number(string text) => decimal.Parse(text, NumberStyles.Number, CultureInfo.InvariantCulture);

    private static string? Text(JsonElement row, string name) =>
        row.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value.ToString() : null;
}
