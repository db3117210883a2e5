using System.Text.Json.Nodes;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.StubGraph;

/// <summary>How a report in the background goes, and what is too much for any report.</summary>
[TestFixture]
public sealed class StubReportRunTests
{
    private const string Path = $"{StubWorld.Account}/insights";

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
    public async Task A_report_in_the_background_is_read_once_it_is_completed()
    {
        var run = await _world.StartReportAsync(Path);

        Assert.That(await StatusAsync(run), Is.EqualTo("Job Not Started"));
        Assert.That((await _world.CallAsync("GET", $"{run}/insights")).Status, Is.EqualTo(400));
        _world.Time.Advance(TimeSpan.FromMilliseconds(150));
        Assert.That((bool?)(await _world.GetAsync(run))["is_running"], Is.True);
        _world.Time.Advance(TimeSpan.FromMilliseconds(150));
        var completed = await _world.GetAsync(run);
        Assert.That((string?)completed["async_status"], Is.EqualTo("Job Completed"));
        Assert.That(completed["is_running"], Is.Null);
        Assert.That(completed["error_code"], Is.Null);
    }

    [Test]
    public async Task A_report_in_the_background_has_the_rows_of_one_read_at_once_at_any_page_size([Values("3", "1000")] string limit)
    {
        (string, string)[] asked =
        [
            ("breakdowns", """["age"]"""), ("action_attribution_windows", """["7d_click"]"""),
            ("filtering", $$"""[{"field":"ad.id","operator":"IN","value":["{{_second.Ad}}"]}]"""),
        ];
        var atOnce = await _world.ReadReportAsync(Path, asked);
        var run = await _world.StartReportAsync(Path, asked);
        _world.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.That((await _world.ReadReportAsync($"{run}/insights", ("limit", limit))).Json(), Is.EqualTo(atOnce.Json()));
        Assert.That(atOnce, Has.Count.EqualTo(42));
    }

    [Test]
    public async Task A_report_asked_for_more_than_a_day_ago_is_skipped()
    {
        var run = await _world.StartReportAsync(Path);
        _world.Time.Advance(TimeSpan.FromHours(24.5));

        Assert.That(await StatusAsync(run), Is.EqualTo("Job Skipped"));
        Assert.That((await _world.CallAsync("GET", $"{run}/insights")).Status, Is.EqualTo(400));
    }

    // Two ads, seven days, and of the fields: impressions, clicks, reach, spend, action_values, and actions for ten.
    private const int Cells = 2 * 7 * 15;

    [Test]
    public async Task A_report_of_more_cells_than_the_account_allows_is_too_much_at_once_or_in_the_background([Values] bool isBelow)
    {
        await _world.DataSource.LimitInsightsAsync(StubWorld.Account, Cells - (isBelow ? 0 : 1));

        var (status, body) = await _world.CallAsync("GET", Path, StubReports.Parameters());
        var run = await _world.StartReportAsync(Path);
        _world.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.That(status, Is.EqualTo(isBelow ? 200 : 400));
        Assert.That(await StatusAsync(run), Is.EqualTo(isBelow ? "Job Completed" : "Job Failed"));
        if (!isBelow)
        {
            AssertTooMuch(body["error"]!, "code", "message");
            AssertTooMuch(await _world.GetAsync(run), "error_code", "error_message");
            Assert.That((bool?)body["error"]!["is_transient"], Is.False);
        }
    }

    [TestCase("time_range", """{"since":"2026-11-15","until":"2026-11-20"}""")]
    [TestCase("level", "account")]
    [TestCase("fields", "ad_id,spend,actions")]
    public async Task Less_is_not_too_much(string parameter, string value)
    {
        await _world.DataSource.LimitInsightsAsync(StubWorld.Account, Cells - 1);

        Assert.That(await _world.ReadReportAsync(Path, (parameter, value)), Is.Not.Empty);
    }

    [Test]
    public async Task A_poisoned_ad_is_too_much_with_its_field_only()
    {
        await _world.DataSource.LimitInsightsAsync(StubWorld.Account, int.MaxValue, _first.Ad, "actions");

        Assert.That(await IsServedAsync(Path), Is.False);
        Assert.That(await IsServedAsync(Path, ("level", "account"), ("time_increment", "all_days")), Is.False);
        Assert.That(await IsServedAsync($"{_first.Campaign}/insights"), Is.False);
        Assert.That(await IsServedAsync(Path, ("fields", "ad_id,spend")), Is.True);
        Assert.That(await IsServedAsync(Path, ("filtering", $$"""[{"field":"campaign.id","operator":"IN","value":["{{_second.Campaign}}"]}]""")), Is.True);
    }

    private async Task<bool> IsServedAsync(string path, params (string Name, string Value)[] others) =>
        (await _world.CallAsync("GET", path, StubReports.Parameters(others))).Status == 200;

    private async Task<string?> StatusAsync(string run) => (string?)(await _world.GetAsync(run))["async_status"];

    private static void AssertTooMuch(JsonNode answer, string code, string message)
    {
        Assert.That((int?)answer[code], Is.EqualTo(100));
        Assert.That((int?)answer["error_subcode"], Is.EqualTo(1487534));
        Assert.That((string?)answer[message], Is.EqualTo("Please reduce the amount of data you're asking for, then retry your request"));
    }
}
