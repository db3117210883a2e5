using System.Globalization;
using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Core.Orchestrations.Outcomes;
using MetaAdsJobs.Tests.Api.Dashboard;
using MetaAdsJobs.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace MetaAdsJobs.Tests.Api.Console;

/// <summary>The console's page about how runs end: known runs, and the numbers that are drawn of them.</summary>
[TestFixture]
public sealed class OutcomesPageTests() : BrowserTests(own: () => Service.StartAsync(workers: 0))
{
    private static readonly DateOnly Today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);
    private Guid _account, _other;

    [OneTimeSetUp]
    public async Task SeedAsync()
    {
        (_account, _other) = (await AddAsync("Ours"), await AddAsync("Theirs"));
        for (var seconds = 1; seconds <= 21; seconds++) await EndAsync(_account, "succeeded", daysAgo: 3, asked: seconds + 5, worked: seconds);
        for (var n = 0; n < 9; n++) await EndAsync(_account, "failed", daysAgo: 3, asked: 999, worked: 999);
        await EndAsync(_account, "cancelled", daysAgo: 3, asked: 999, worked: 999);
        await EndAsync(_other, "succeeded", daysAgo: 3, asked: 500, worked: 500);
        await EndAsync(_other, "failed", daysAgo: 40, asked: 1, worked: 1);
        await new RunDays(_service.Database.DataSource, TimeProvider.System).CountAsync(CancellationToken.None);
    }

    [Test]
    public async Task A_range_that_is_too_long_is_cut_and_says_so()
    {
        using var client = _service.Client("viewer");
        Assert.That(await client.Http.GetStringAsync($"/console/numbers/runs?since={Iso(Today.AddDays(-500))}"), Does.Contain("these are the last 400."));
        Assert.That(await client.Http.GetStringAsync($"/console/numbers/runs?since={Iso(Today.AddDays(-399))}"), Does.Not.Contain("these are the last"));
    }

    [Test]
    public async Task Known_runs_are_drawn_with_their_numbers_and_percentiles()
    {
        var page = await SignInAsync($"/console/numbers/runs?account={_account}");

        var charts = await ChartsAsync(page);
        Assert.That(charts.Select(chart => (string?)chart["unit"]), Is.EqualTo(["count", "percent", "seconds", "seconds"]));
        Assert.That(charts[0]["days"]!.AsArray().Select(day => (string?)day), Is.EqualTo(Enumerable.Range(0, 28).Select(n => Iso(Today.AddDays(n - 27)))));
        Assert.That(charts[0]["partial"]!.AsArray().Select(day => (string?)day), Does.Contain(Iso(Today)), "today is not over");
        var day = 27 - 3;
        Assert.That(charts[0]["lines"]!.AsArray().Select(line => (decimal?)line!["values"]![day]), Is.EqualTo([21, 9, 1]));
        Assert.That(charts[0]["lines"]!.AsArray().Select(line => (decimal?)line!["values"]![day - 1]), Is.EqualTo([0, 0, 0]), "an empty day is zero");
        Assert.That((decimal?)charts[1]["lines"]![0]!["values"]![day], Is.EqualTo(0.7m), "of 30 that were not cancelled");
        Assert.That(charts[1]["lines"]![0]!["values"]![day - 1], Is.Null, "an empty day has no share");
        Assert.That(charts[2]["lines"]!.AsArray().Select(line => (decimal?)line!["values"]![day]), Is.EqualTo([16, 25]));
        Assert.That(charts[3]["lines"]!.AsArray().Select(line => (decimal?)line!["values"]![day]), Is.EqualTo([11, 20]));
        await Expect(page.Locator("#succeeded")).ToHaveTextAsync("21");
        await Expect(page.Locator("#share")).ToHaveTextAsync("70.0 %");
        await Expect(page.Locator("canvas")).ToHaveCountAsync(4);
    }

    [Test]
    public async Task All_accounts_together_and_the_days_asked_for_are_shown()
    {
        var page = await SignInAsync("/console/numbers/runs");
        await Expect(page.Locator("#succeeded")).ToHaveTextAsync("22");
        await Expect(page.Locator("#failed")).ToHaveTextAsync("9");

        await page.GetByLabel("From").FillAsync(Iso(Today.AddDays(-41)));
        await page.GetByLabel("Account").SelectOptionAsync(new SelectOptionValue { Label = "Theirs" });
        await page.GetByRole(AriaRole.Button, new() { Name = "Show" }).ClickAsync();

        await Expect(page.Locator("#succeeded")).ToHaveTextAsync("1");
        await Expect(page.Locator("#failed")).ToHaveTextAsync("1");
        Assert.That((await ChartsAsync(page))[0]["days"]!.AsArray(), Has.Count.EqualTo(42));
        await Expect(page.GetByLabel("Account")).ToHaveValueAsync(_other.ToString());
    }

    [Test]
    public async Task Days_that_are_yet_to_be_counted_are_told_and_not_drawn_as_zero()
    {
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync("DELETE FROM run_days WHERE day = @Day", new { Day = Today.AddDays(-20) });
        try
        {
            var page = await SignInAsync("/console/numbers/runs");

            await Expect(page.GetByText("1 of these days are yet to be counted")).ToBeVisibleAsync();
            Assert.That((await ChartsAsync(page))[0]["lines"]![0]!["values"]![27 - 20], Is.Null);
        }
        finally
        {
            await new RunDays(_service.Database.DataSource, TimeProvider.System).CountAsync(CancellationToken.None);
        }
    }

    [Test]
    public async Task A_range_that_is_too_long_upside_down_or_nonsense_is_answered_all_the_same()
    {
        using var viewer = _service.Client("viewer");
        foreach (var query in (string[])["since=1000-01-01", "since=2999-01-01&until=2998-01-01", "since=nonsense&until=&account=nobody", $"account={Guid.NewGuid()}", "since=0001-01-01&until=0001-01-01"])
        {
            var answer = await viewer.GetAsync($"/console/numbers/runs?{query}");
            Assert.That(answer.Code, Is.EqualTo(200), query);
        }
    }

    private async Task<IPage> SignInAsync(string path)
    {
        var page = await _chromium.SignInAsync(_service, "viewer", path);
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Outcomes of runs" })).ToBeVisibleAsync();
        return page;
    }

    private static async Task<List<JsonNode>> ChartsAsync(IPage page) =>
        [.. (await page.Locator("[data-chart]").EvaluateAllAsync<string[]>("parts => parts.map(part => part.dataset.chart)")).Select(chart => JsonNode.Parse(chart)!)];

    private async Task<Guid> AddAsync(string name) => Guid.Parse(await _api.AddAccountAsync(account => account["name"] = name));

    private async Task EndAsync(Guid account, string status, int daysAgo, double asked, double worked)
    {
        var clip = (string)(await _api.PostAsync("/meta/clips", new JsonObject { ["title"] = "A clip", ["image_url"] = _api.ImageUrl })).Json["id"]!;
        var at = new DateTimeOffset(Today.AddDays(-daysAgo).ToDateTime(new TimeOnly(12, 0)), TimeSpan.Zero);
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync("""
            INSERT INTO orchestrations (request_id, social_account_id, clip_id, campaign_name, request, requested_by, request_hash, status, accepted_at, started_at, completed_at)
            VALUES (@id, @account, @clip, 'A campaign', '{}', 'tests', '\x00', @status, @at - make_interval(secs => @asked), @at - make_interval(secs => @worked), @at)
            """, new { id = Guid.CreateVersion7(at), account, clip = Guid.Parse(clip), status, at, asked, worked });
    }

    private static string Iso(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
