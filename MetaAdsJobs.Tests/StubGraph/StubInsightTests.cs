using System.Text.Json.Nodes;

namespace MetaAdsJobs.Tests.StubGraph;

[TestFixture]
public sealed class StubInsightTests
{
    private StubWorld _world = null!;
    private StubTree _first = null!;
    private StubTree _second = null!;

    [SetUp]
    public async Task CreateWorld()
    {
        _world = await StubWorld.CreateAsync();
        _first = await _world.CreateTreeAsync();
        _second = await _world.CreateTreeAsync();
    }

    [TearDown]
    public async Task DisposeWorld() => await _world.DisposeAsync();

    [Test]
    public async Task A_new_campaign_has_a_row_for_every_complete_day_and_the_same_numbers_each_time()
    {
        var once = await _world.ReadReportAsync($"{_first.Campaign}/insights");
        var twice = await _world.ReadReportAsync($"{_first.Campaign}/insights");

        Assert.That(once.Select(row => (string?)row["date_start"]), Is.EqualTo(Enumerable.Range(15, 7).Select(day => $"2026-11-{day}")));
        Assert.That(once.Select(row => row.ToJsonString()), Is.EqualTo(twice.Select(row => row.ToJsonString())));
        Assert.That(once.Select(row => (string?)row["ad_id"]).Distinct(), Is.EqualTo([_first.Ad]));
        Assert.That((string?)once[0]["impressions"], Does.Match("^[0-9]+$"));
        Assert.That((string?)once[0]["spend"], Does.Match(@"^[0-9]+\.[0-9]{2}$"));
        Assert.That(once[0]["actions"]![0]!["action_type"]!.ToString(), Is.EqualTo("link_click"));
    }

    [Test]
    public async Task Small_pages_and_one_large_page_tell_the_same()
    {
        var whole = await _world.ReadReportAsync($"{StubWorld.Account}/insights");
        var paged = await _world.ReadReportAsync($"{StubWorld.Account}/insights", ("limit", "3"));

        Assert.That(whole, Has.Count.EqualTo(14));
        Assert.That(paged.Select(row => row.ToJsonString()), Is.EqualTo(whole.Select(row => row.ToJsonString())));
    }

    [TestCase("account", 1)]
    [TestCase("campaign", 2)]
    [TestCase("adset", 2)]
    [TestCase("ad", 2)]
    public async Task Spend_is_the_same_sum_at_every_level(string level, int rowsOfOneDay)
    {
        var byAd = await _world.ReadReportAsync($"{StubWorld.Account}/insights");
        var rows = await _world.ReadReportAsync($"{StubWorld.Account}/insights", ("level", level));
        var inOne = await _world.ReadReportAsync($"{StubWorld.Account}/insights", ("level", level), ("time_increment", "all_days"));

        Assert.That(rows, Has.Count.EqualTo(rowsOfOneDay * 7));
        Assert.That(inOne, Has.Count.EqualTo(rowsOfOneDay));
        Assert.That(rows.Spend(), Is.EqualTo(byAd.Spend()));
        Assert.That(inOne.Spend(), Is.EqualTo(byAd.Spend()));
    }

    [Test]
    public async Task Yen_have_no_hundredths_at_any_level()
    {
        await using (var command = _world.DataSource.CreateCommand($"INSERT INTO stub_graph.ad_accounts VALUES ('{StubWorld.Account[4..]}', 'In yen', 'JPY', 'Asia/Tokyo')")) await command.ExecuteNonQueryAsync();

        var byAd = await _world.ReadReportAsync($"{StubWorld.Account}/insights");
        var inOne = await _world.ReadReportAsync($"{StubWorld.Account}/insights", ("level", "account"), ("time_increment", "all_days"));

        Assert.That(byAd.Concat(inOne).SelectMany(row => row["action_values"]?.AsArray().Select(value => value!["value"]).Append(row["spend"]) ?? [row["spend"]]).Select(value => (string?)value), Is.All.Matches("^[1-9][0-9]*$"));
        Assert.That(inOne.Spend(), Is.EqualTo(byAd.Spend()));
    }

    [Test]
    public async Task A_deleted_ad_vanishes_from_the_account_but_not_from_its_own_report()
    {
        await _world.CallAsync("DELETE", _second.Campaign);

        var account = await _world.ReadReportAsync($"{StubWorld.Account}/insights");
        var own = await _world.ReadReportAsync($"{_second.Campaign}/insights");

        Assert.That(account.Select(row => (string?)row["ad_id"]).Distinct(), Is.EqualTo([_first.Ad]));
        Assert.That(own, Has.Count.EqualTo(7));
    }

    [TestCase("fields", "shoe_size", 100)]
    [TestCase("level", "galaxy", 100)]
    [TestCase("time_range", """{"since":"2026-11-21","until":"2026-11-15"}""", 100)]
    [TestCase("time_range", """{"since":"2020-01-01","until":"2026-11-15"}""", 3018)]
    [TestCase("time_increment", "0", 100)]
    [TestCase("sort", "spend_descending", 100)]
    [TestCase("date_preset", "last_tuesday", 100)]
    [TestCase("breakdowns", "shoe_size", 100)]
    [TestCase("breakdowns", "age,frequency_value", 100)]
    [TestCase("breakdowns", "age,gender,country,region,impression_device", 100)]
    [TestCase("action_attribution_windows", """["7d_click","9d_click"]""", 100)]
    [TestCase("action_breakdowns", "action_device", 100)]
    [TestCase("action_report_time", "never", 100)]
    [TestCase("filtering", """{"field":"campaign.id"}""", 100)]
    [TestCase("filtering", """[{"field":"campaign.name","operator":"IN","value":["a"]}]""", 100)]
    [TestCase("filtering", """[{"field":"campaign.id","operator":"NOT_IN","value":["a"]}]""", 100)]
    [TestCase("filtering", """[{"field":"ad.effective_status","operator":"IN","value":["ASLEEP"]}]""", 100)]
    [TestCase("limit", "5001", 1)]
    public async Task A_report_is_refused_for(string parameter, string value, int code)
    {
        var others = parameter == "date_preset" ? ("time_range", "") : ("date_preset", "");
        var (_, body) = await _world.CallAsync("GET", $"{StubWorld.Account}/insights", StubReports.Parameters((parameter, value), others));

        Assert.That((int?)body["error"]!["code"], Is.EqualTo(code));
    }
}
