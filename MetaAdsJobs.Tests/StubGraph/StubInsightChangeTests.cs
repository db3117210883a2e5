using System.Text.Json.Nodes;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.StubGraph;

/// <summary>How a day's numbers change until they are settled, and when a test says so.</summary>
[TestFixture]
public sealed class StubInsightChangeTests
{
    private static readonly string FourWeeks = StubReports.Days("2026-10-25", "2026-11-21");

    private StubWorld _world = null!;

    [SetUp]
    public async Task CreateWorld()
    {
        _world = await StubWorld.CreateAsync();
        await using (var describe = _world.DataSource.CreateCommand(
            "INSERT INTO stub_graph.ad_accounts VALUES ('1234567890', 'New York', 'USD', 'America/New_York')"))
            await describe.ExecuteNonQueryAsync();
        for (var i = 0; i < 5; i++)
            await _world.CreateTreeAsync($"META_AD_{i}");
    }

    [TearDown]
    public async Task DisposeWorld() => await _world.DisposeAsync();

    [Test]
    public async Task A_days_numbers_grow_until_it_is_28_days_old_and_are_settled_then()
    {
        var day = ("time_range", StubReports.Days("2026-11-21", "2026-11-21"));
        var byAge = new List<JsonNode[]>();
        for (var age = 1; age <= 40; age++)
        {
            byAge.Add([.. await ReadAsync(day)]);
            _world.Time.Advance(TimeSpan.FromDays(1));
        }

        foreach (var metric in (string[])["impressions", "clicks", "spend"])
            Assert.That(byAge.Select(rows => rows.Sum(metric)), Is.Ordered, metric);
        Assert.That(byAge.Select(rows => rows.Actions("purchase")), Is.Ordered);
        Assert.That(byAge.Skip(27).Select(rows => string.Concat(rows.Json())).Distinct().Count(), Is.EqualTo(1));
        var (young, settled) = (byAge[0], byAge[^1]);
        Assert.That(young.Sum("impressions") / settled.Sum("impressions"), Is.InRange(0.99m, 0.9999m));
        Assert.That(young.Sum("spend") / settled.Sum("spend"), Is.InRange(0.99m, 0.9999m));
        Assert.That(young.Sum("clicks") / settled.Sum("clicks"), Is.InRange(0.85m, 0.98m));
        Assert.That(byAge[2].Sum("clicks") - young.Sum("clicks"), Is.GreaterThan((settled.Sum("clicks") - young.Sum("clicks")) / 2));
    }

    [Test]
    public async Task Today_has_a_row_in_proportion_to_what_has_passed_of_it()
    {
        var range = ("time_range", StubReports.Days("2026-11-21", "2026-11-30"));

        _world.Time.SetUtcNow(new DateTimeOffset(2026, 11, 22, 11, 0, 0, TimeSpan.Zero));
        var early = await ReadAsync(range);
        _world.Time.SetUtcNow(new DateTimeOffset(2026, 11, 22, 11, 59, 0, TimeSpan.Zero));
        var again = await ReadAsync(range);

        // 02:00 UTC on the 23rd is 21:00 on the 22nd in New York.
        _world.Time.SetUtcNow(new DateTimeOffset(2026, 11, 23, 2, 0, 0, TimeSpan.Zero));
        var late = await ReadAsync(range);
        var unasked = await ReadAsync(("time_range", ""));

        Assert.That(late.Texts("date_start").Distinct(), Is.EqualTo(["2026-11-21", "2026-11-22"]));
        Assert.That(unasked.Texts("date_start").Max(), Is.EqualTo("2026-11-21"));
        Assert.That(again.Json(), Is.EqualTo(early.Json()));
        Assert.That(Of("2026-11-22", early) / Of("2026-11-22", late), Is.InRange(6m / 21.5m, 7m / 21.5m));
    }

    [Test]
    public async Task A_restatement_changes_about_two_thirds_of_the_last_28_days_and_nothing_older()
    {
        var range = ("time_range", StubReports.Days("2026-09-01", "2026-11-21"));
        var before = await ReadAsync(range);

        await _world.DataSource.RestateAsync(StubWorld.Account);
        var once = await ReadAsync(range);
        await _world.DataSource.RestateAsync(StubWorld.Account);
        var twice = await ReadAsync(range);
        var again = await ReadAsync(range);

        Assert.That(Unchanged(before, once), Is.InRange(0.2, 0.5));
        Assert.That(Unchanged(once, twice), Is.InRange(0.2, 0.5));
        Assert.That(again.Json(), Is.EqualTo(twice.Json()));
        Assert.That(Older(twice), Is.EqualTo(Older(before)));
    }

    [Test]
    public async Task Restated_numbers_still_agree_over_the_levels([Values("account", "campaign", "adset")] string level, [Values] bool inOneRow)
    {
        await _world.DataSource.RestateAsync(StubWorld.Account);
        var range = ("time_range", StubReports.Days("2026-10-20", "2026-11-22"));

        var byAd = await ReadAsync(range);
        var rows = await ReadAsync(range, ("level", level), ("time_increment", inOneRow ? "all_days" : "1"));

        Assert.That(rows.Spend(), Is.EqualTo(byAd.Spend()));
        Assert.That(rows.Sum("clicks"), Is.EqualTo(byAd.Sum("clicks")));
        Assert.That(rows.Actions("purchase", "action_values"), Is.EqualTo(byAd.Actions("purchase", "action_values")));
    }

    [Test]
    public async Task A_report_in_the_background_tells_what_was_true_when_it_was_asked_for()
    {
        var before = await ReadAsync(("time_range", FourWeeks));
        var run = await _world.StartReportAsync($"{StubWorld.Account}/insights", ("time_range", FourWeeks));

        await _world.DataSource.RestateAsync(StubWorld.Account);
        _world.Time.Advance(TimeSpan.FromHours(23));

        Assert.That((await _world.ReadReportAsync($"{run}/insights")).Json(), Is.EqualTo(before.Json()));
    }

    private static decimal Of(string day, IEnumerable<JsonNode> rows) => rows.Where(row => (string?)row["date_start"] == day).Spend();

    private static bool IsOlder(JsonNode row) => string.CompareOrdinal((string?)row["date_start"], "2026-10-25") < 0;

    private static List<string> Older(IEnumerable<JsonNode> rows) => [.. rows.Where(IsOlder).Json()];

    private static double Unchanged(IEnumerable<JsonNode> before, IEnumerable<JsonNode> after) =>
        before.Zip(after).Where(pair => !IsOlder(pair.First)).Average(pair => pair.First.ToJsonString() == pair.Second.ToJsonString() ? 1 : 0);

    private Task<List<JsonNode>> ReadAsync(params (string Name, string Value)[] others) =>
        _world.ReadReportAsync($"{StubWorld.Account}/insights", others);
}
