using System.Globalization;
using System.Text.Json.Nodes;
using MetaAdsJobs.Tests.Insights.Reading;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Insights;

/// <summary>Two campaigns of one account with the numbers of four weeks, read in every way there is.</summary>
[TestFixture, HasServiceAlone]
public sealed class InsightReadingTests
{
    private const int Days = 28;
    private static readonly string[] Campaigns = ["1201", "1202"];
    private Service _service = null!;
    private ApiClient _client = null!;
    private string _account = "";
    private List<JsonNode> _ads = [];

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await SharedServices.WithoutWorker;
        _client = _service.Client();
        _account = await _client.AddAccountAsync();
        await _service.Database.DataSource.SeedAsync(
            from day in Enumerable.Range(0, Days)
            from campaign in Campaigns
            select new SeededInsight(Guid.Parse(_account), new DateOnly(2026, 10, 1).AddDays(day).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), $"{campaign}3")
            {
                AdSet = $"{campaign}2", Campaign = campaign, Impressions = 100 + day, Clicks = 10 + day, Spend = 1.2345m * day,
            });
        _ads = await ReadAsync("limit=200");
    }

    [OneTimeTearDown]
    public void Stop() => _client.Dispose();

    [Test]
    public void An_ads_day_is_told_with_everything_that_is_known_of_it()
    {
        Assert.That(_ads, Has.Count.EqualTo(2 * Days));
        Assert.That(_ads.Select(row => $"{row["date"]} {row["ad_id"]}"), Is.Unique.And.Ordered.Using<string>(string.CompareOrdinal));
        Assert.That(_ads[2].ToJsonString(), Is.EqualTo($$"""
            {"date":"2026-10-02","social_account_id":"{{_account}}","campaign_id":"1201","adset_id":"12012","ad_id":"12013","impressions":101,"clicks":11,"link_clicks":5,"reach":80,"spend":1.2345,"results":2.0000,"result_type":"link_click","untold_rows":0,"currency":"USD","is_partial":false,"vanished":false,"synced_at":"2026-10-05T03:00:00Z"}
            """));
    }

    [Test]
    public async Task The_first_page_tells_what_all_pages_add_up_to()
    {
        var first = await GetAsync("limit=3");
        var total = first["totals"]!.AsArray().Single()!;
        Assert.That(total.AsObject().Select(field => field.Key), Is.EqualTo((string[])
            ["currency", "impressions", "clicks", "link_clicks", "spend", "results", "result_type", "untold_rows", "rows", "since", "until"]), "and no reach");
        foreach (var number in (string[])["impressions", "clicks", "link_clicks", "spend", "results"])
            Assert.That((decimal)total[number]!, Is.EqualTo(_ads.Sum(row => (decimal)row[number]!)), number);
        Assert.That(((long)total["rows"]!, (string?)total["since"], (string?)total["until"]), Is.EqualTo((2L * Days, "2026-10-01", "2026-10-28")));
        Assert.That((await GetAsync($"limit=3&cursor={first["next_cursor"]}")).AsObject().ContainsKey("totals"), Is.False, "told once");
        Assert.That((await GetAsync("campaign_id=nobody"))["totals"]!.AsArray(), Is.Empty);
    }

    [TestCase("adset", 2, "campaign_id", "adset_id")]
    [TestCase("campaign", 2, "campaign_id")]
    [TestCase("account", 1)]
    public async Task Above_the_ad_numbers_add_up_but_reach_does_not(string level, int things, params string[] ids)
    {
        var rows = await ReadAsync($"level={level}&limit=200");
        Assert.That(rows, Has.Count.EqualTo(things * Days));
        foreach (var row in rows)
        {
            Assert.That(row["reach"], Is.Null, "people reached are not additive");
            foreach (var id in (string[])["campaign_id", "adset_id", "ad_id"]) Assert.That(row[id] is not null, Is.EqualTo(ids.Contains(id)), $"{id} of {row.ToJsonString()}");
        }

        foreach (var number in (string[])["impressions", "clicks", "link_clicks", "spend", "results"])
            Assert.That(rows.Sum(row => (decimal)row[number]!), Is.EqualTo(_ads.Sum(row => (decimal)row[number]!)), number);
    }

    [TestCase("ad")]
    [TestCase("campaign")]
    [TestCase("account")]
    public async Task Pages_hold_every_row_once_and_in_order(string level)
    {
        var whole = await ReadAsync($"level={level}&limit=200");
        var paged = new List<JsonNode>();
        string? cursor = null;
        do
        {
            var page = await GetAsync($"level={level}&limit=9{(cursor is null ? "" : $"&cursor={Uri.EscapeDataString(cursor)}")}");
            paged.AddRange(page["items"]!.AsArray().Select(row => row!));
            cursor = (string?)page["next_cursor"];
        }
        while (cursor is not null);

        Assert.That(paged.Select(row => row.ToJsonString()), Is.EqualTo(whole.Select(row => row.ToJsonString())));
    }

    [TestCase("ad")]
    [TestCase("account")]
    public async Task Csv_holds_the_same_rows_as_json(string level)
    {
        var rows = await ReadAsync($"level={level}&limit=200");
        var answer = await _client.SendAsync(HttpMethod.Get, $"/meta/insights?social_account_id={_account}&level={level}", null, ("Accept", "text/csv"));
        Assert.That(answer.Code, Is.EqualTo(200), answer.Text);
        Assert.That(answer.Message.Content.Headers.ContentType?.MediaType, Is.EqualTo("text/csv"));

        var lines = answer.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.TrimEnd('\r').Split(',')).ToList();
        var headings = lines[0];
        Assert.That(headings, Is.EquivalentTo(rows[0].AsObject().Select(field => field.Key)));
        var expected = rows.Select(row => headings.Select(heading => heading == "synced_at" ? Seconds(row[heading]!) : row[heading]?.ToString() ?? ""));
        Assert.That(lines.Skip(1), Is.EqualTo(expected));
    }

    [Test]
    public async Task Rows_are_filtered_by_campaign_and_days()
    {
        var day = (string)_ads[^1]["date"]!;
        var one = await ReadAsync($"campaign_id={Campaigns[0]}&since={day}&until={day}");
        Assert.That(one, Has.Count.EqualTo(1));
        Assert.That((string?)one[0]["campaign_id"], Is.EqualTo(Campaigns[0]));
        Assert.That(await ReadAsync("campaign_id=nobody"), Is.Empty);
        Assert.That(await ReadAsync($"since={day}"), Has.Count.EqualTo(2));
        Assert.That((await _client.GetAsync($"/meta/insights?social_account_id={Guid.NewGuid()}")).Json["items"]!.AsArray(), Is.Empty);
    }

    [TestCase("level", "planet")]
    [TestCase("level", "0")]
    [TestCase("since", "2025-13-01")]
    [TestCase("limit", "1000")]
    [TestCase("cursor", "2025-01-01")]
    [TestCase("cursor", "x~y")]
    [TestCase("cursor", "WyJhIl0")]
    [TestCase("social_account_id", "me")]
    public async Task A_wrong_query_value_is_refused_by_its_name(string name, string value)
    {
        var answer = await _client.GetAsync($"/meta/insights?{name}={value}");
        answer.AssertProblem(422);
        Assert.That(answer.WrongFields, Is.EqualTo([name]));
    }

    [Test]
    public async Task Since_after_until_is_refused()
    {
        var answer = await _client.GetAsync("/meta/insights?since=2025-02-02&until=2025-02-01");
        answer.AssertProblem(422);
        Assert.That(answer.WrongFields, Is.EqualTo(["since"]));
    }

    private async Task<List<JsonNode>> ReadAsync(string query) => [.. (await GetAsync(query))["items"]!.AsArray().Select(row => row!)];

    private async Task<JsonNode> GetAsync(string query)
    {
        var answer = await _client.GetAsync($"/meta/insights?social_account_id={_account}&{query}");
        Assert.That(answer.Code, Is.EqualTo(200), answer.Text);
        return answer.Json;
    }

    private static string Seconds(JsonNode time) => DateTimeOffset.Parse((string)time!, CultureInfo.InvariantCulture).UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
}
