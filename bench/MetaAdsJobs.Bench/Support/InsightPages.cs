using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace MetaAdsJobs.Bench.Support;

/// <summary>
/// A report of ads by days as Meta writes it. Its pages are made beforehand, so that serving them costs next to nothing. The same
/// numbers every time, but for the restated third.
/// </summary>
internal sealed class InsightPages
{
    /// <summary>What the service asks for at once.</summary>
    private const int PageRows = 500;
    private const int AdsPerSet = 5;
    private const int AdsPerCampaign = 20;

    private static readonly (string Type, double Rate)[] Actions =
    [
        ("link_click", 0.7), ("landing_page_view", 0.5), ("post_engagement", 1), ("page_engagement", 1.1), ("video_view", 3), ("post_reaction", 0.1),
        ("comment", 0.02), ("purchase", 0.03),
    ];

    private readonly string[] _days;
    private readonly long[] _spend;

    private InsightPages(DateOnly since, int days, int rows)
    {
        _days = [.. Enumerable.Range(0, days).Select(day => since.AddDays(day).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture))];
        _spend = new long[days];
        Rows = rows;
        Pages = new ReadOnlyMemory<byte>[(rows + PageRows - 1) / PageRows];
    }

    public int Rows { get; }

    public ReadOnlyMemory<byte>[] Pages { get; }

    public long Bytes => Pages.Sum(page => (long)page.Length);

    /// <summary>What the account has spent by day: what the ads add up to.</summary>
    public ReadOnlyMemory<byte> AccountSpend { get; private set; }

    /// <param name="restated">Whether Meta has counted on: a third of the rows have other numbers.</param>
    public static InsightPages Make(DateOnly since, int days, int rows, bool restated)
    {
        var pages = new InsightPages(since, days, rows);
        Parallel.For(0, pages.Pages.Length, page => pages.Pages[page] = pages.Page(page, restated));
        pages.AccountSpend = Write(pages.WriteAccount);
        return pages;
    }

    private ReadOnlyMemory<byte> Page(int page, bool restated) => Write(json =>
    {
        var last = Math.Min(Rows, (page + 1) * PageRows);
        json.WriteStartArray("data");
        for (var row = page * PageRows; row < last; row++) WriteRow(json, row / _days.Length, row % _days.Length, restated);
        json.WriteEndArray();
        json.WriteStartObject("paging");
        json.WriteStartObject("cursors");
        json.WriteString("before", $"{page}");
        json.WriteString("after", $"{page + 1}");
        json.WriteEndObject();
        if (last < Rows) json.WriteString("next", "https://graph.facebook.com/…");
        json.WriteEndObject();
    });

    private void WriteRow(Utf8JsonWriter json, int ad, int day, bool restated)
    {
        var more = restated && (ad + day) % 3 == 0 ? 1 : 0;
        // Any spread will do, as long as it is the same every time.
        var impressions = 500 + (((ad * 2654435761L) + (day * 40503L)) % 9000);
        var clicks = (impressions / 40) + more;
        var spend = (impressions * 11 / 10) + more;
        Interlocked.Add(ref _spend[day], spend);

        json.WriteStartObject();
        json.WriteString("account_id", "1234567890");
        json.WriteString("campaign_id", $"{120210000000000000 + (ad / AdsPerCampaign)}");
        json.WriteString("campaign_name", $"Summer Sale {ad / AdsPerCampaign}");
        json.WriteString("adset_id", $"{120220000000000000 + (ad / AdsPerSet)}");
        json.WriteString("adset_name", $"Women 25-54 {ad / AdsPerSet}");
        json.WriteString("ad_id", $"{120230000000000000 + ad}");
        json.WriteString("ad_name", $"Video variant {ad}");
        json.WriteString("impressions", Whole(impressions));
        json.WriteString("clicks", Whole(clicks));
        json.WriteString("inline_link_clicks", Whole(clicks * 7 / 10));
        json.WriteString("reach", Whole(impressions * 8 / 10));
        json.WriteString("spend", Money(spend));
        json.WriteStartArray("actions");
        foreach (var (type, rate) in Actions) WriteAction(json, type, Whole((long)(clicks * rate) + 1));
        json.WriteEndArray();
        json.WriteStartArray("action_values");
        WriteAction(json, "purchase", Money(clicks * 173));
        json.WriteEndArray();
        json.WriteString("optimization_goal", "LINK_CLICKS");
        json.WriteString("objective", "OUTCOME_TRAFFIC");
        json.WriteString("date_start", _days[day]);
        json.WriteString("date_stop", _days[day]);
        json.WriteEndObject();
    }

    private void WriteAccount(Utf8JsonWriter json)
    {
        json.WriteStartArray("data");
        for (var day = 0; day < _days.Length; day++)
        {
            json.WriteStartObject();
            json.WriteString("account_id", "1234567890");
            json.WriteString("spend", Money(_spend[day]));
            json.WriteString("date_start", _days[day]);
            json.WriteString("date_stop", _days[day]);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteAction(Utf8JsonWriter json, string type, string value)
    {
        json.WriteStartObject();
        json.WriteString("action_type", type);
        json.WriteString("value", value);
        json.WriteEndObject();
    }

    private static ReadOnlyMemory<byte> Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static string Whole(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Money(long cents) => (cents / 100m).ToString("0.00", CultureInfo.InvariantCulture);
}
