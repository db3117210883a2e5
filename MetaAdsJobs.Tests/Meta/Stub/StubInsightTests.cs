using System.Text.Json.Nodes;

namespace MetaAdsJobs.Tests.Meta.Stub;

[TestFixture]
public sealed class StubInsightTests
{
    private const string Week = """{"since":"2026-11-15","until":"2026-11-21"}""";

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
        var once = await ReadAsync($"{_first.Campaign}/insights");
        var twice = await ReadAsync($"{_first.Campaign}/insights");

        Assert.That(once.Select(row => (string?)row["date_start"]), Is.EqualTo(Enumerable.Range(15, 7).Select(day => $"2026-11-{day}")));
        Assert.That(once.Select(row => row.ToJsonString()), Is.EqualTo(twice.Select(row => row.ToJsonString())));
        Assert.That(once.Select(row => (string?)row["ad_id"]).Distinct(), Is.EqualTo([_first.Ad]));
        Assert.That((string?)once[0]["impressions"], Does.Match("^[0-9]+$"));
        Assert.That((string?)once[0]["spend"], Does.Match(@"^[0-9]+\.[0-9]{2}$"));
        Assert.That(once[0]["actions"]![0]!["action_type"]!.ToString(), Is.EqualTo("link_click"));
    }

    [Test]
    public async Task A_day_that_is_not_over_in_the_accounts_time_zone_has_no_row()
    {
        await using (var describe = _world.DataSource.CreateCommand(
            "INSERT INTO stub_graph.ad_accounts VALUES ('1234567890', 'New York', 'USD', 'America/New_York')"))
            await describe.ExecuteNonQueryAsync();
        _world.Time.SetUtcNow(new DateTimeOffset(2026, 11, 23, 2, 0, 0, TimeSpan.Zero));

        var rows = await ReadAsync($"{_first.Ad}/insights", ("time_range", """{"since":"2026-11-20","until":"2026-11-30"}"""));

        Assert.That(rows.Select(row => (string?)row["date_start"]), Is.EqualTo(["2026-11-20", "2026-11-21"]));
    }

    [Test]
    public async Task Small_pages_and_one_large_page_tell_the_same()
    {
        var whole = await ReadAsync($"{StubWorld.Account}/insights");
        var paged = await ReadAsync($"{StubWorld.Account}/insights", ("limit", "3"));

        Assert.That(whole, Has.Count.EqualTo(14));
        Assert.That(paged.Select(row => row.ToJsonString()), Is.EqualTo(whole.Select(row => row.ToJsonString())));
    }

    [TestCase("account", 1)]
    [TestCase("campaign", 2)]
    [TestCase("adset", 2)]
    [TestCase("ad", 2)]
    public async Task Spend_is_the_same_sum_at_every_level(string level, int rowsOfOneDay)
    {
        var byAd = await ReadAsync($"{StubWorld.Account}/insights");
        var rows = await ReadAsync($"{StubWorld.Account}/insights", ("level", level));
        var inOne = await ReadAsync($"{StubWorld.Account}/insights", ("level", level), ("time_increment", "all_days"));

        Assert.That(rows, Has.Count.EqualTo(rowsOfOneDay * 7));
        Assert.That(inOne, Has.Count.EqualTo(rowsOfOneDay));
        Assert.That(Spend(rows), Is.EqualTo(Spend(byAd)));
        Assert.That(Spend(inOne), Is.EqualTo(Spend(byAd)));
    }

    [Test]
    public async Task A_deleted_ad_vanishes_from_the_account_but_not_from_its_own_report()
    {
        await _world.CallAsync("DELETE", _second.Campaign);

        var account = await ReadAsync($"{StubWorld.Account}/insights");
        var own = await ReadAsync($"{_second.Campaign}/insights");

        Assert.That(account.Select(row => (string?)row["ad_id"]).Distinct(), Is.EqualTo([_first.Ad]));
        Assert.That(own, Has.Count.EqualTo(7));
    }

    [Test]
    public async Task A_report_in_the_background_is_read_once_it_is_completed()
    {
        var (_, started) = await _world.CallAsync("POST", $"{StubWorld.Account}/insights", Parameters());
        var run = (string)started["report_run_id"]!;

        Assert.That((string?)(await _world.GetAsync(run))["async_status"], Is.EqualTo("Job Not Started"));
        Assert.That((await _world.CallAsync("GET", $"{run}/insights")).Status, Is.EqualTo(400));
        _world.Time.Advance(TimeSpan.FromMilliseconds(150));
        Assert.That((bool?)(await _world.GetAsync(run))["is_running"], Is.True);
        _world.Time.Advance(TimeSpan.FromMilliseconds(150));
        var completed = await _world.GetAsync(run);
        Assert.That((string?)completed["async_status"], Is.EqualTo("Job Completed"));
        Assert.That(completed["is_running"], Is.Null);
        var page = await _world.GetAsync($"{run}/insights", ("limit", "100"));
        Assert.That(page["data"]!.AsArray(), Has.Count.EqualTo(14));
    }

    [TestCase("fields", "shoe_size", 100)]
    [TestCase("level", "galaxy", 100)]
    [TestCase("time_range", """{"since":"2026-11-21","until":"2026-11-15"}""", 100)]
    [TestCase("time_range", """{"since":"2020-01-01","until":"2026-11-15"}""", 100)]
    [TestCase("time_increment", "0", 100)]
    [TestCase("breakdowns", "age", 100)]
    [TestCase("limit", "5000", 1)]
    public async Task A_report_is_refused_for(string parameter, string value, int code)
    {
        var (_, body) = await _world.CallAsync("GET", $"{StubWorld.Account}/insights", Parameters((parameter, value)));

        Assert.That((int?)body["error"]!["code"], Is.EqualTo(code));
    }

    private static Dictionary<string, string> Parameters(params (string Name, string Value)[] others)
    {
        var parameters = new Dictionary<string, string>
        {
            ["level"] = "ad",
            ["fields"] = "ad_id,adset_id,campaign_id,ad_name,date_start,impressions,clicks,reach,spend,actions",
            ["time_range"] = Week,
            ["time_increment"] = "1",
            ["limit"] = "500",
        };
        foreach (var (name, value) in others)
            parameters[name] = value;
        return parameters;
    }

    private async Task<List<JsonNode>> ReadAsync(string path, params (string Name, string Value)[] others)
    {
        var rows = new List<JsonNode>();
        var parameters = Parameters(others);
        JsonNode page;
        do
        {
            (_, page) = await _world.CallAsync("GET", path, parameters);
            rows.AddRange(page["data"]!.AsArray().Select(row => row!));
            if (page["paging"] is { } paging)
                parameters["after"] = (string)paging["cursors"]!["after"]!;
        }
        while (page["paging"]?["next"] is not null);
        return rows;
    }

    private static decimal Spend(IEnumerable<JsonNode> rows) => rows.Sum(row =>
        decimal.Parse((string)row["spend"]!, System.Globalization.CultureInfo.InvariantCulture));
}
