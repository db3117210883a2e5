using System.Globalization;
using System.Text.Json;
using MetaAdsJobs.StubGraph.Numbers;
using MetaAdsJobs.StubGraph.Objects;
using static MetaAdsJobs.StubGraph.Numbers.Metric;

namespace MetaAdsJobs.StubGraph.Insights;

/// <summary>How each field of a row is written: numbers as decimal strings, money in whole units. Dates follow by themselves.</summary>
internal static class ReportFields
{
    private const string Money = "0.00";

    private delegate decimal Number(in InsightNumbers of, decimal unit);

    private delegate string? Text(scoped in ReportRow row);

    /// <summary>Of the fields asked for those that this Graph has; the rest would be left out of every row.</summary>
    public static ReportField[] Plan(InsightQuery query) =>
        [.. query.Fields.Select(name => Field(name, query.Cuts.Windows)).OfType<ReportField>()];

    private static ReportField? Field(string name, IReadOnlyList<string> windows) => name switch
    {
        "actions" => ReportAction.Counted(name, windows),
        "action_values" => ReportAction.Paid(name, windows),
        "video_thruplay_watched_actions" => ReportAction.ThruPlayed(name, windows),
        _ => Texts(name) is { } text ? Write(name, text) : Numbers(name) is { } number ? Write(name, number.Format, number.Of) : null,
    };

    private static Text? Texts(string name) => name switch
    {
        "account_id" => static (scoped in row) => row.Account.AccountId,
        "account_name" => static (scoped in row) => row.Account.Name,
        "account_currency" => static (scoped in row) => row.Account.Currency,
        "campaign_id" => static (scoped in row) => row.Subject.CampaignId,
        "campaign_name" => static (scoped in row) => row.Subject.CampaignName,
        "adset_id" => static (scoped in row) => row.Subject.AdSetId,
        "adset_name" => static (scoped in row) => row.Subject.AdSetName,
        "ad_id" => static (scoped in row) => row.Subject.AdId,
        "ad_name" => static (scoped in row) => row.Subject.AdName,
        "optimization_goal" => static (scoped in row) => row.Subject.OptimizationGoal,
        "objective" => static (scoped in row) => row.Subject.Objective,
        "buying_type" => static (scoped in row) => row.Subject.BuyingType,
        _ => null,
    };

    private static (string Format, Number Of)? Numbers(string name) => name switch
    {
        "impressions" => ("0", static (in of, _) => of[Impressions]),
        "reach" => ("0", static (in of, _) => of[Reach]),
        "clicks" => ("0", static (in of, _) => of[Clicks]),
        "unique_clicks" => ("0", static (in of, _) => of[Clicks] * 9 / 10),
        "inline_link_clicks" => ("0", static (in of, _) => of[LinkClicks]),
        "inline_post_engagement" => ("0", static (in of, _) => of[Clicks] + of[VideoViews]),
        "spend" => (Money, static (in of, unit) => of[SpendMinor] * unit),
        "frequency" => ("0.######", static (in of, _) => Ratio(of[Impressions], of[Reach])),
        "ctr" => ("0.######", static (in of, _) => Ratio(of[Clicks] * 100m, of[Impressions])),
        "inline_link_click_ctr" => ("0.######", static (in of, _) => Ratio(of[LinkClicks] * 100m, of[Impressions])),
        "cpc" => ("0.######", static (in of, unit) => Ratio(of[SpendMinor] * unit, of[Clicks])),
        "cpm" => ("0.######", static (in of, unit) => Ratio(of[SpendMinor] * unit * 1000, of[Impressions])),
        "cpp" => ("0.######", static (in of, unit) => Ratio(of[SpendMinor] * unit * 1000, of[Reach])),
        "cost_per_inline_link_click" => ("0.######", static (in of, unit) => Ratio(of[SpendMinor] * unit, of[LinkClicks])),
        _ => null,
    };

    private static ReportField Write(string name, Text text)
    {
        var encoded = JsonEncodedText.Encode(name);
        return (json, scoped in row) =>
        {
            if (text(row) is { } value)
                json.WriteString(encoded, value);
        };
    }

    private static ReportField Write(string name, string format, Number number)
    {
        var encoded = JsonEncodedText.Encode(name);
        // As at Meta: of the others zero is told by leaving it out.
        var isAlwaysTold = name is "impressions" or "clicks" or "reach" or "spend";
        return (json, scoped in row) =>
        {
            if (number(row.Numbers, row.Account.Unit) is var value && (value != 0 || isAlwaysTold))
                WriteNumber(json, encoded, value, format == Money && row.Account.Unit == 1 ? "0" : format);
        };
    }

    // Formatted in place: a report of millions of rows would leave tens of millions of strings behind.
    public static void WriteNumber(Utf8JsonWriter json, JsonEncodedText name, decimal value, string format)
    {
        Span<byte> text = stackalloc byte[40];
        value.TryFormat(text, out var length, format, CultureInfo.InvariantCulture);
        json.WriteString(name, text[..length]);
    }

    private static decimal Ratio(decimal part, long whole) => whole == 0 ? 0 : decimal.Round(part / whole, 6);
}

/// <summary>What one row tells, before it is written.</summary>
internal readonly ref struct ReportRow(StubAccount account, InsightSubject subject, ref readonly InsightNumbers numbers)
{
    public readonly ref readonly InsightNumbers Numbers = ref numbers;

    public StubAccount Account { get; } = account;

    public InsightSubject Subject { get; } = subject;
}

/// <summary>Writes one field of a row, or nothing where it is zero or unknown, as at Meta.</summary>
internal delegate void ReportField(Utf8JsonWriter json, scoped in ReportRow row);
