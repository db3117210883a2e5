using System.Globalization;
using System.Text.Json;
using MetaAdsJobs.Core.Meta.Stub.Objects;

namespace MetaAdsJobs.Core.Meta.Stub.Insights;

/// <summary>One row of a report as Meta writes it: numbers are decimal strings, and what is zero or unknown is left out.</summary>
internal sealed record ReportRow(StubAccount Account, InsightSubject Subject, DateOnly Start, DateOnly Stop)
{
    public void Write(Utf8JsonWriter json, IReadOnlyList<string> names)
    {
        var numbers = Sum();
        json.WriteStartObject();
        foreach (var name in names)
        {
            if (name is "actions")
                WriteActions(json, numbers);
            else if (name is not ("date_start" or "date_stop") && (Text(name) ?? Number(name, numbers)) is { } value)
            {
                json.WriteString(name, value);
            }
        }

        json.WriteString("date_start", Start.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        json.WriteString("date_stop", Stop.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        json.WriteEndObject();
    }

    private InsightNumbers Sum()
    {
        var sum = default(InsightNumbers);
        foreach (var ad in Subject.Ads)
        {
            for (var day = Start; day <= Stop; day = day.AddDays(1))
            {
                sum += InsightNumbers.Of(ad, day);
            }
        }

        return Subject.Ads.Length > 1 || Start < Stop ? sum.Overlapping() : sum;
    }

    private string? Text(string name) => name switch
    {
        "account_id" => Account.AccountId,
        "account_name" => Account.Name,
        "account_currency" => Account.Currency,
        "campaign_id" => Subject.CampaignId,
        "campaign_name" => Subject.CampaignName,
        "adset_id" => Subject.AdSetId,
        "adset_name" => Subject.AdSetName,
        "ad_id" => Subject.AdId,
        "ad_name" => Subject.AdName,
        _ => null,
    };

    private static string? Number(string name, InsightNumbers of) => name switch
    {
        "impressions" => Whole(of.Impressions),
        "reach" => Whole(of.Reach),
        "clicks" => Whole(of.Clicks),
        "unique_clicks" => Whole(of.Clicks * 9 / 10),
        "inline_link_clicks" => Whole(of.LinkClicks),
        "spend" => (of.SpendMinor / 100m).ToString("0.00", CultureInfo.InvariantCulture),
        "frequency" => Ratio(of.Impressions, of.Reach),
        "ctr" => Ratio(of.Clicks * 100m, of.Impressions),
        "inline_link_click_ctr" => Ratio(of.LinkClicks * 100m, of.Impressions),
        "cpc" => Ratio(of.SpendMinor / 100m, of.Clicks),
        "cpm" => Ratio(of.SpendMinor * 10m, of.Impressions),
        "cpp" => Ratio(of.SpendMinor * 10m, of.Reach),
        _ => null,
    };

    private static void WriteActions(Utf8JsonWriter json, InsightNumbers of)
    {
        (string Type, long Count)[] actions =
        [
            ("link_click", of.LinkClicks),
            ("landing_page_view", of.LandingPageViews),
            ("post_engagement", of.Clicks),
            ("purchase", of.Purchases),
        ];
        if (of.Clicks == 0)
            return;

        json.WriteStartArray("actions");
        foreach (var (type, count) in actions)
        {
            if (count > 0)
            {
                json.WriteStartObject();
                json.WriteString("action_type", type);
                json.WriteString("value", Whole(count));
                json.WriteEndObject();
            }
        }

        json.WriteEndArray();
    }

    private static string? Whole(long number) => number == 0 ? null : number.ToString(CultureInfo.InvariantCulture);

    private static string? Ratio(decimal part, long whole) =>
        whole == 0 || part == 0 ? null : decimal.Round(part / whole, 6).ToString(CultureInfo.InvariantCulture);
}
