using System.Globalization;
using MetaAdsJobs.Console.Numbers;
using MetaAdsJobs.Console.Parts;
using MetaAdsJobs.Tests.Insights.Reading;
using MetaAdsJobs.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace MetaAdsJobs.Tests.Api.Console;

/// <summary>Which days the numbers are of, and what is not there at all.</summary>
[TestFixture]
public sealed class NumbersRangeTests
{
    private static readonly DateOnly Today = new(2026, 11, 23);
    private Service _service = null!;
    private Guid _shop;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await Service.StartAsync(workers: 0);
        using var api = _service.Client();
        _shop = Guid.Parse(await api.AddAccountAsync(account => account["timezone_name"] = "UTC"));
        var other = Guid.Parse(await api.AddAccountAsync(account => (account["name"], account["currency"]) = ("Yen", "JPY")));
        var today = DateOnly.FromDateTime(TimeProvider.System.GetUtcNow().UtcDateTime);
        // Yesterday and the day before only; one of them not reconciled.
        await _service.Database.DataSource.SeedSumsAsync(
            new SeededSum(_shop, today.AddDays(-2)) { Difference = 5 }, new SeededSum(_shop, today.AddDays(-1)) { Difference = null },
            new SeededSum(_shop, today.AddDays(-3)) { Difference = -5 }, new SeededSum(_shop, today) { IsPartial = true, Difference = null },
            new SeededSum(_shop, today.AddDays(-1)) { Campaign = "120210001" },
            new SeededSum(other, today.AddDays(-1)) { Campaign = "120210002", Spend = 1500, Currency = "JPY" }, new SeededSum(other, today.AddDays(-1)) { Spend = 1500, Difference = null, Currency = "JPY" });
    }

    [OneTimeTearDown]
    public async Task StopAsync() => await _service.DisposeAsync();

    [TestCase("", "2026-10-26", "2026-11-22")]
    [TestCase("since=2026-11-01", "2026-11-01", "2026-11-22")]
    [TestCase("since=2026-11-23", "2026-11-23", "2026-11-23")]
    [TestCase("since=2026-11-20&until=2026-11-23", "2026-11-20", "2026-11-23")]
    [TestCase("since=2026-11-20&until=2026-11-10", "2026-11-10", "2026-11-20")]
    [TestCase("since=2027-11-20&until=2028-11-10", "2026-11-23", "2026-11-23")]
    [TestCase("until=0001-01-01", "2003-12-05", "2004-01-01")]
    [TestCase("since=0001-01-01&until=0001-01-10", "2004-01-01", "2004-01-01")]
    public void Days_are_whole_unless_today_is_asked_for(string query, string since, string until)
    {
        var parts = query.Split('&', StringSplitOptions.RemoveEmptyEntries).Select(part => part.Split('=')).ToDictionary(part => part[0], part => new StringValues(part[1]));
        Assert.That(NumbersQuery.Read(new QueryCollection(parts), Today).Days(Today), Is.EqualTo((Day(since), Day(until))));
    }

    [TestCase(7)]
    [TestCase(28)]
    public void A_quick_range_has_as_many_days_as_it_says_and_ends_yesterday(int days)
    {
        var (since, until) = NumbersQuery.Quick(days, Today);
        Assert.That((until, until.DayNumber - since.DayNumber + 1), Is.EqualTo((Today.AddDays(-1), days)));
    }

    [TestCase("nonsense", null)]
    [TestCase("9999-12-31", "2026-11-24")]
    [TestCase("0001-01-01", "2004-01-01")]
    public void A_day_of_an_address_is_one_that_can_be_reckoned_with(string asked, string? read) => Assert.That(AskedDay.Read(asked, Today), Is.EqualTo(read is null ? (DateOnly?)null : Day(read)));

    [Test]
    public async Task Days_off_the_calendar_are_answered_all_the_same()
    {
        using var viewer = _service.Client("viewer");
        foreach (var query in (string[])["until=0001-01-01", "since=0001-01-01&until=0001-01-10&compare=true", "since=9999-12-31&compare=true", $"account={_shop}&until=0001-01-01&compare=true"])
        {
            Assert.That((await viewer.GetAsync($"/console/numbers?{query}")).Code, Is.EqualTo(200), query);
            Assert.That((await viewer.GetAsync($"/console/numbers/csv?{query}")).Code, Is.EqualTo(200), query);
        }
    }

    [Test]
    public async Task A_campaign_that_the_account_does_not_have_is_unknown_and_not_zero()
    {
        using var viewer = _service.Client("viewer");
        foreach (var campaign in (string[])["120210002", "999"])
        {
            var page = await viewer.GetAsync($"/console/numbers?account={_shop}&campaign={campaign}");
            Assert.That(page.Text, Does.Contain("This campaign is unknown here").And.Not.Contain("0.00").And.Not.Contain("data-chart").And.Not.Contain("class=\"card\""), campaign);
            Assert.That((await viewer.GetAsync($"/console/numbers/csv?account={_shop}&campaign={campaign}")).Code, Is.EqualTo(404), campaign);
        }

        Assert.That((await viewer.GetAsync($"/console/numbers?account={_shop}&campaign=120210001")).Text, Does.Contain("10.00 USD").And.Not.Contain("is unknown here"));
    }

    [Test]
    public async Task Differences_do_not_cancel_out_and_what_is_not_known_is_not_none()
    {
        using var viewer = _service.Client("viewer");
        var page = (await viewer.GetAsync($"/console/numbers?account={_shop}")).Text;
        Assert.That(page, Does.Contain("10.00 USD (days: 2); not known on 1"));
        var accounts = (await viewer.GetAsync("/console/accounts")).Text;
        Assert.That(accounts, Does.Contain("10.00 USD").And.Contain("2 of the last 28 days").And.Contain("not known on 1").And.Contain(">not known<"), "and of the other account nothing");
    }

    [Test]
    public async Task A_currency_without_cents_shows_none()
    {
        using var viewer = _service.Client("viewer");
        Assert.That((await viewer.GetAsync("/console/numbers?currency=JPY")).Text, Does.Contain("1,500 JPY").And.Not.Contain("1,500.00"));
    }

    /// <summary>Of two accounts one has not read the last day, as on a morning before its night. A third is retired, and reads none any more.</summary>
    [Test]
    public async Task A_day_is_compared_with_one_that_was_read_too_and_of_all_accounts_that_are_read()
    {
        using var admin = _service.Client();
        var accounts = new List<Guid>();
        foreach (var name in (string[])["early", "late", "gone"])
            accounts.Add(Guid.Parse(await admin.AddAccountAsync(account => (account["name"], account["currency"], account["timezone_name"]) = (name, "GBP", "UTC"))));
        var first = new DateOnly(2024, 3, 1);
        await _service.Database.DataSource.SeedSumsAsync(
            from account in accounts.Take(2)
            from day in Enumerable.Range(0, account == accounts[0] ? 4 : 3)
            select new SeededSum(account, first.AddDays(day)) { Currency = "GBP" });
        await _service.Database.DataSource.DoAsync("UPDATE social_accounts SET retired_at = now(), access_token = NULL WHERE id = @Gone", new { Gone = accounts[2] });
        using var viewer = _service.Client("viewer");
        foreach (var (what, spend, hint) in ((string, string, string)[])
                 [("currency=GBP", "30.00", "Days on which not all 2 accounts were synced: 1."), ($"account={accounts[1]}", "10.00", "Days that were never synced: 1.")])
        {
            var page = (await viewer.GetAsync($"/console/numbers?{what}&since=2024-03-03&until=2024-03-04&compare=true")).Text;
            Assert.That(page, Does.Match($@"data-card=""Spend"">\s*Spend\s*<b>{spend} GBP</b>\s*<small>0\.0 % against the period before</small>"), what);
            Assert.That(page, Does.Contain("The percentages are of the days that were read whole in both periods").And.Contain(hint), what);
        }
    }

    /// <summary>For days, not for one alone: until the last of them every day lacks that account's money.</summary>
    [Test]
    public async Task Days_that_one_of_two_accounts_has_not_read_are_compared_with_none()
    {
        using var admin = _service.Client();
        var accounts = new List<Guid>();
        foreach (var name in (string[])["on", "off"])
            accounts.Add(Guid.Parse(await admin.AddAccountAsync(account => (account["name"], account["currency"], account["timezone_name"]) = (name, "CHF", "UTC"))));
        var first = new DateOnly(2024, 5, 1);
        // Both of six days, and one of the six behind them.
        await _service.Database.DataSource.SeedSumsAsync(from account in accounts from day in Enumerable.Range(0, account == accounts[0] ? 12 : 6) select new SeededSum(account, first.AddDays(day)) { Currency = "CHF" });
        using var viewer = _service.Client("viewer");

        foreach (var (days, compared) in ((string, bool)[])[("since=2024-05-07&until=2024-05-12", false), ("since=2024-05-04&until=2024-05-06", true), ("since=2024-05-08&until=2024-05-08", false)])
        {
            var page = (await viewer.GetAsync($"/console/numbers?currency=CHF&{days}&compare=true")).Text;
            Assert.That(page, compared ? Does.Contain("0.0 % against the period before") : Does.Not.Contain("% against the period before"), days);
        }
    }

    [Test]
    public async Task A_file_is_of_all_days_that_were_asked_for_or_it_is_said_which_can_be_had()
    {
        using var viewer = _service.Client("viewer");
        var (since, until) = ($"{new DateOnly(2024, 12, 31).AddDays(1 - NumbersQuery.MostDays):yyyy-MM-dd}", "2024-12-31");
        var query = $"account={_shop}&since=2020-01-01&until={until}";

        var refused = await viewer.GetAsync($"/console/numbers/csv?{query}");

        refused.AssertProblem(422, "invalid_fields");
        Assert.That((string?)refused.Json["errors"]!["since"]![0], Does.StartWith($"must be {since} or later where until is {until}"));
        var shown = $"/console/numbers/csv?account={_shop}&since={since}&until={until}";
        Assert.That(System.Net.WebUtility.HtmlDecode((await viewer.GetAsync($"/console/numbers?{query}")).Text), Does.Contain($"\"{shown}\""), "the page leads to the file of what it shows");
        Assert.That((await viewer.GetAsync(shown)).Text.Trim().Split('\n'), Has.Length.EqualTo(1 + NumbersQuery.MostDays));
    }

    private static DateOnly Day(string text) => DateOnly.ParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture);
}
