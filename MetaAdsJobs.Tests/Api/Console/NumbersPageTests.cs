using System.Globalization;
using System.Text.Json;
using MetaAdsJobs.Tests.Api.Dashboard;
using MetaAdsJobs.Tests.Insights.Reading;
using MetaAdsJobs.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace MetaAdsJobs.Tests.Api.Console;

/// <summary>The console's page of numbers, drawn from rows that are known.</summary>
[TestFixture]
public sealed class NumbersPageTests() : BrowserTests(own: () => Service.StartAsync(workers: 0))
{
    private Guid _shop;
    private Guid _euros;
    private DateOnly _today;

    [OneTimeSetUp]
    public async Task SeedAsync()
    {
        _shop = Guid.Parse(await _api.AddAccountAsync(account => (account["name"], account["timezone_name"]) = ("Shop <b>One</b>", "Pacific/Kiritimati")));
        _euros = Guid.Parse(await _api.AddAccountAsync(account => (account["name"], account["currency"]) = ("Tienda", "EUR")));
        _today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(14));
        // Ten days ago was never synced; eight days ago nothing was delivered; one day Meta tells no clicks; today is not over.
        await _service.Database.DataSource.SeedSumsAsync(
            new SeededSum(_shop, Ago(9)) { Spend = 100, FirstSpend = 80.5m, Impressions = 1000, Clicks = 50, Results = 4, SyncedAt = "2026-10-01T03:00:00Z" },
            new SeededSum(_shop, Ago(8)).Empty(),
            new SeededSum(_shop, Ago(7)) { Spend = 33.33m, Impressions = 300, Clicks = 0, Results = 0, Difference = -1.5m, VanishedSpend = 3m },
            new SeededSum(_shop, Ago(6)) { Spend = 12, Impressions = 400, Clicks = null, Results = null, ResultType = "link_click" },
            new SeededSum(_shop, Ago(0)) { Spend = 5, Impressions = 50, Clicks = 1, Results = 1, IsPartial = true, Difference = null, SyncedAt = "2026-10-20T03:00:00Z" },
            new SeededSum(_shop, Ago(20)) { Spend = 50, Impressions = 500, Clicks = 10, Results = 2 },
            new SeededSum(_shop, Ago(9)) { Campaign = "120210001", Spend = 100, Impressions = 1000, Clicks = 50, Results = 4 },
            new SeededSum(_shop, Ago(7)) { Campaign = "120210002", Spend = 33.33m, Clicks = 0, Results = 0 },
            new SeededSum(_euros, Ago(3)) { Campaign = "=1+1", Currency = "EUR" },
            new SeededSum(_euros, Ago(3)) { Spend = 7.77m, Currency = "EUR", ResultType = null, Results = null });
    }

    [Test]
    public async Task Charts_hold_the_known_values_and_are_really_drawn()
    {
        var page = await OpenAsync(Shop());
        await Expect(page.Locator(".chart")).ToHaveCountAsync(7);
        await Expect(page.Locator(".chart canvas")).ToHaveCountAsync(7);
        var inked = await page.Locator(".chart canvas").First.EvaluateAsync<int>("c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.filter((v, i) => i % 4 === 3 && v > 0).length");
        Assert.That(inked, Is.GreaterThan(200), "there is ink on the first chart");

        var spend = await ChartAsync(page, "Spend");
        Assert.That(spend.GetProperty("unit").GetString(), Is.EqualTo("USD"));
        Assert.That(Texts(spend, "days"), Is.EqualTo(Enumerable.Range(0, 11).Select(day => Iso(Ago(10 - day)))));
        Assert.That(Values(spend, "Now"), Is.EqualTo(new decimal?[] { null, 100, 0, 33.33m, 12, null, null, null, null, null, 5 }));
        Assert.That(Values(await ChartAsync(page, "Impressions"), "Now"), Is.EqualTo(new decimal?[] { null, 1000, 0, 300, 400, null, null, null, null, null, 50 }));
        Assert.That(Values(await ChartAsync(page, "Clicks"), "Now"), Is.EqualTo(new decimal?[] { null, 50, 0, 0, null, null, null, null, null, null, 1 }));
        Assert.That(Values(await ChartAsync(page, "CTR"), "Now"), Is.EqualTo(new decimal?[] { null, 0.05m, null, 0, null, null, null, null, null, null, 0.02m }));
        Assert.That(Values(await ChartAsync(page, "CPC"), "Now"), Is.EqualTo(new decimal?[] { null, 2, null, null, null, null, null, null, null, null, 5 }));
        Assert.That(Values(await ChartAsync(page, "Results"), "Now"), Is.EqualTo(new decimal?[] { null, 4, 0, 0, null, null, null, null, null, null, 1 }));
        Assert.That(Values(await ChartAsync(page, "Cost per result"), "Now"), Is.EqualTo(new decimal?[] { null, 25, null, null, null, null, null, null, null, null, 5 }));
    }

    [Test]
    public async Task A_restated_day_shows_a_band_between_what_it_was_and_what_it_is()
    {
        var page = await OpenAsync(Shop());
        var spend = await ChartAsync(page, "Spend");
        Assert.That(spend.GetProperty("hasBand").GetBoolean(), Is.True);
        Assert.That(spend.GetProperty("lines").EnumerateArray().Take(2).Select(line => (line.GetProperty("label").GetString(), line.GetProperty("style").GetString())),
            Is.EqualTo([("As first seen", "dashed"), ("Now", "line")]));
        Assert.That(Values(spend, "As first seen"), Is.EqualTo(new decimal?[] { null, 80.5m, 0, 33.33m, 12, null, null, null, null, null, null }), "today has not been seen whole");
    }

    [Test]
    public async Task Days_that_were_never_synced_or_are_not_over_look_like_it_in_chart_and_table()
    {
        var page = await OpenAsync(Shop());
        var spend = await ChartAsync(page, "Spend");
        Assert.That(Texts(spend, "missing"), Is.EqualTo(new[] { 10, 5, 4, 3, 2, 1 }.Select(ago => Iso(Ago(ago)))));
        Assert.That(Texts(spend, "partial"), Is.EqualTo([Iso(_today)]));
        await page.Locator(".chart summary").First.ClickAsync();
        var rows = page.Locator(".chart").First.Locator("details tbody tr");
        await Expect(rows.Nth(0)).ToHaveTextAsync(new System.Text.RegularExpressions.Regex(@"–\s*–\s*not synced"));
        await Expect(rows.Nth(1)).ToContainTextAsync("80.50 USD");
        await Expect(rows.Nth(1)).ToContainTextAsync("100.00 USD");
        await Expect(rows.Nth(2)).ToHaveTextAsync(new System.Text.RegularExpressions.Regex(@"0\.00 USD\s*0\.00 USD\s*$"));
        await Expect(rows.Nth(10)).ToHaveTextAsync(new System.Text.RegularExpressions.Regex(@"–\s*5\.00 USD\s*not whole yet"));
        await Expect(page.GetByText("Days that were never synced: 6.")).ToBeVisibleAsync();
        await Expect(page.Locator(".facts")).ToContainTextAsync("1.50 USD (days: 1)");
        await Expect(page.GetByText("Meta's own sum differs on")).ToContainTextAsync("-1.50 USD");
        await Expect(page.Locator(".facts time").First).ToHaveAttributeAsync("datetime", "2026-10-01T03:00:00Z");
        await Expect(page.Locator(".facts time").Last).ToHaveAttributeAsync("datetime", "2026-10-20T03:00:00Z");
    }

    [Test]
    public async Task Totals_are_of_the_sums_and_days_are_compared_with_those_that_stand_against_them()
    {
        var page = await OpenAsync(Shop());
        foreach (var (card, shown) in new[]
        {
            ("Spend", "150.33 USD"), ("Impressions", "1,750"), ("Clicks", "51"), ("CTR", "3.78 %"), ("CPC", "2.71 USD"), ("Results", "–"), ("Cost per result", "27.67 USD"),
        })
            await Expect(page.Locator($"[data-card='{card}'] b")).ToHaveTextAsync(shown);
        await Expect(page.GetByText("Of some days Meta has not told the results")).ToBeVisibleAsync();

        await page.GetByLabel("Compare with the period before").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Show" }).ClickAsync();

        await Expect(page.Locator("[data-card='Spend'] small")).ToHaveTextAsync("+100.0 % against the period before");
        await Expect(page.Locator("[data-card='Clicks'] small")).ToHaveTextAsync("+400.0 % against the period before");
        var before = Values(await ChartAsync(page, "Spend"), "Period before");
        Assert.That(before, Is.EqualTo(Enumerable.Range(0, 11).Select(day => day == 1 ? 50m : (decimal?)null)), "20 days ago stands where 9 days ago does");
        await Expect(page.GetByText("Days of the period before that were never synced: 10.")).ToBeVisibleAsync();
    }

    [Test]
    public async Task Campaigns_lead_to_their_own_numbers()
    {
        var page = await OpenAsync(Shop());
        await Expect(page.Locator("table.shares tbody tr")).ToHaveCountAsync(2);
        await page.GetByRole(AriaRole.Link, new() { Name = "120210002" }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("Numbers: 120210002");
        Assert.That(Values(await ChartAsync(page, "Spend"), "Now"), Is.EqualTo(new decimal?[] { null, 0, 0, 33.33m, 0, null, null, null, null, null, 0 }));
        await page.GotoAsync("/console/numbers?campaign=120210001");
        await Expect(page.Locator("select[name=account] option:checked")).ToHaveTextAsync("Shop <b>One</b>");
    }

    [Test]
    public async Task All_accounts_are_shown_one_currency_at_a_time()
    {
        var page = await OpenAsync("/console/numbers?currency=EUR");
        await Expect(page.Locator("[data-card='Spend'] b")).ToHaveTextAsync("7.77 EUR");
        await Expect(page.Locator("[data-card='Results'] b")).ToHaveTextAsync("–");
        await Expect(page.GetByText("Results of different kinds are not added")).ToBeVisibleAsync();
        await Expect(page.GetByText("different currencies are not added")).ToBeVisibleAsync();
        await page.GetByLabel("Currency").SelectOptionAsync("USD");
        await page.GetByRole(AriaRole.Button, new() { Name = "Show" }).ClickAsync();
        await Expect(page.Locator("table.shares tbody tr")).ToHaveCountAsync(1);
        await page.GetByRole(AriaRole.Link, new() { Name = "Shop <b>One</b>" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("Numbers: Shop <b>One</b>");
    }

    [Test]
    public async Task The_file_holds_what_the_page_shows()
    {
        var page = await OpenAsync(Shop());
        var href = await page.GetByRole(AriaRole.Link, new() { Name = "Export CSV" }).GetAttributeAsync("href");
        var lines = (await (await page.Context.APIRequest.GetAsync(new Uri(_service.BaseUrl, href).ToString())).TextAsync()).Trim().Split('\n').Select(line => line.TrimEnd('\r').Split(',')).ToList();
        var column = lines[0].Select((name, at) => (name, at)).ToDictionary(pair => pair.name, pair => pair.at);
        foreach (var (chart, line, name) in new[]
        {
            ("Spend", "Now", "spend"), ("Spend", "As first seen", "first_spend"), ("Impressions", "Now", "impressions"), ("Impressions", "As first seen", "first_impressions"),
            ("Clicks", "Now", "clicks"), ("CTR", "Now", "ctr"), ("CPC", "Now", "cpc"), ("Results", "Now", "results"), ("Cost per result", "Now", "cost_per_result"),
        })
        {
            var drawn = await ChartAsync(page, chart);
            Assert.That(lines.Skip(1).Select(row => row[column["date"]]), Is.EqualTo(Texts(drawn, "days")));
            Assert.That(lines.Skip(1).Select(row => row[column[name]] is { Length: > 0 } text ? decimal.Parse(text, CultureInfo.InvariantCulture) : (decimal?)null), Is.EqualTo(Values(drawn, line)), name);
        }

        Assert.That(lines.Skip(1).Select(row => row[column["is_synced"]]), Is.EqualTo(new[] { "false", "true", "true", "true", "true", "false", "false", "false", "false", "false", "true" }));
        Assert.That(lines[^1][column["is_partial"]], Is.EqualTo("true"));
        Assert.That(decimal.Parse(lines[4][column["difference"]], CultureInfo.InvariantCulture), Is.EqualTo(-1.5m));
        var spanish = await (await page.Context.APIRequest.GetAsync(new Uri(_service.BaseUrl, href).ToString(), new() { Headers = [KeyValuePair.Create("Accept-Language", "es")] })).TextAsync();
        Assert.That(spanish.Trim().Split('\n').Select(line => line.TrimEnd('\r').Split(',')), Is.EqualTo(lines), "a program reads the same in every language");
        var formula = await (await page.Context.APIRequest.GetAsync($"{_service.BaseUrl}console/numbers/csv?account={_euros}&campaign=%3D1%2B1")).TextAsync();
        Assert.That(formula, Does.Contain("1+1").And.Not.Contain(",=1+1"), "a spreadsheet takes it for text");
    }

    [Test]
    public async Task Without_a_role_nothing_is_told()
    {
        using var stranger = _service.Client(role: null);
        foreach (var path in (string[])["/console/numbers", "/console/numbers/csv"])
        {
            var answer = await stranger.GetAsync(path);
            Assert.That(answer.Code, Is.AnyOf(302, 401), path);
            Assert.That(answer.Text, Does.Not.Contain("Shop").And.Not.Contain("100"), path);
        }
    }

    [Test]
    public async Task It_is_read_without_script_and_in_Spanish()
    {
        using var http = new HttpClient { BaseAddress = _service.BaseUrl };
        http.DefaultRequestHeaders.Authorization = new("Bearer", Service.Token("viewer"));
        http.DefaultRequestHeaders.Add("Accept-Language", "es");
        var page = await http.GetStringAsync(Shop() + "&compare=true");
        Assert.That(page, Does.Contain("Gasto").And.Contain("150,33 USD").And.Contain("Como se vio primero").And.Contain("sin sincronizar").And.Contain("n incompleto</td>"));
        Assert.That(page, Does.Not.Contain("style=").And.Not.Match("<script(?![^>]*src=)").And.Not.Contain("method=\"post\""));
    }

    // A viewer: this is all reading. Whatever the browser complains of is a failure, the content security policy's refusals first.
    private async Task<IPage> OpenAsync(string path)
    {
        var page = await _chromium.SignInAsync(_service, "viewer", path);
        page.Console += (_, message) => { if (message.Type is "error" or "warning") _complaints.Add($"{message.Text} {message.Location}"); };
        page.PageError += (_, error) => _complaints.Add(error);
        await page.GotoAsync(path);
        await Expect(page.Locator(".cards")).ToBeVisibleAsync();
        return page;
    }

    private readonly List<string> _complaints = [];

    [TearDown]
    public void NothingWasRefused()
    {
        var complaints = _complaints.ToList();
        _complaints.Clear();
        Assert.That(complaints, Is.Empty, "the browser's console");
    }

    private string Shop() => $"/console/numbers?account={_shop}&since={Iso(Ago(10))}&until={Iso(_today)}";

    private DateOnly Ago(int days) => _today.AddDays(-days);

    private static async Task<JsonElement> ChartAsync(IPage page, string title) => JsonElement.Parse(
        (await page.Locator(".chart", new() { Has = page.Locator("figcaption").GetByText(title, new() { Exact = true }) }).Locator("[data-chart]").GetAttributeAsync("data-chart"))!);

    private static IEnumerable<string?> Texts(JsonElement chart, string name) => chart.GetProperty(name).EnumerateArray().Select(value => value.GetString());

    private static IEnumerable<decimal?> Values(JsonElement chart, string label) => chart.GetProperty("lines").EnumerateArray().Single(line => line.GetProperty("label").GetString() == label)
        .GetProperty("values").EnumerateArray().Select(value => value.ValueKind == JsonValueKind.Null ? (decimal?)null : value.GetDecimal());

    private static string Iso(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
