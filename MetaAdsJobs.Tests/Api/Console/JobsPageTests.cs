using System.Text.RegularExpressions;
using Dapper;
using MetaAdsJobs.Tests.Api.Dashboard;
using MetaAdsJobs.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace MetaAdsJobs.Tests.Api.Console;

/// <summary>The console's page about the engine, in a browser beside a worker.</summary>
[TestFixture]
public sealed class JobsPageTests : BrowserTests
{
    [TearDown]
    public void Forget() => _service.Graph.Faults.Clear();

    [Test]
    public async Task A_job_is_seen_failing_and_succeeding_without_loading_the_page_again()
    {
        var page = await SignInAsync("manager");
        await page.EvaluateAsync("window.sameDocument = true");
        var succeeded = await NumberAsync(page, "#succeeded-count");

        var good = await _api.AcceptAsync(await _api.NewRequestAsync());
        await _api.UntilAsync(good, "succeeded");
        _service.Graph.Faults.Add(call => call.IsCreateOf("campaigns"), GraphFaults.Refused(100, 1885183));
        var request = await _api.NewRequestAsync();
        request["campaign_name"] = "Seen to fail";
        var bad = await _api.AcceptAsync(request);
        await _api.UntilAsync(bad, "failed");

        var row = page.Locator("#failed tr", new() { HasText = "Campaign: Seen to fail" });
        await Expect(row).ToContainTextAsync("Refused by the test");
        await Expect(row.GetByRole(AriaRole.Link)).ToHaveAttributeAsync("href", $"/console/runs/{bad}");
        await Eventually.TrueAsync(async () => await NumberAsync(page, "#succeeded-count") > succeeded, () => "the count of what succeeded stayed");
        Assert.That(await page.EvaluateAsync<bool>("window.sameDocument"), Is.True);
    }

    [Test]
    public async Task A_job_that_runs_names_its_run_and_its_worker_and_one_that_waits_says_until_when_and_why()
    {
        var page = await SignInAsync("viewer");
        _service.Graph.Faults.Add(call => call.IsCreateOf("campaigns"), GraphFaults.SlowBeforeActing(TimeSpan.FromSeconds(2.5)));
        _service.Graph.Faults.Add(call => call.IsCreateOf("adsets"), GraphFaults.ThrottledFor(TimeSpan.FromHours(1)));
        var request = await _api.NewRequestAsync();
        request["campaign_name"] = "Slow, then kept out";

        var id = await _api.AcceptAsync(request);

        var running = page.Locator("#running tr", new() { HasText = "Campaign: Slow, then kept out" });
        await Expect(running.GetByRole(AriaRole.Link)).ToHaveAttributeAsync("href", $"/console/runs/{id}");
        await Expect(running).ToContainTextAsync(new Regex($@":{Environment.ProcessId}\b"));
        var waiting = page.Locator("#scheduled tr", new() { HasText = "Campaign: Slow, then kept out" });
        await Expect(waiting).ToContainTextAsync("limit");
        var due = DateTimeOffset.Parse((await waiting.Locator("time").GetAttributeAsync("datetime"))!, null);
        Assert.That(due - TimeProvider.System.GetUtcNow(), Is.InRange(TimeSpan.FromMinutes(55), TimeSpan.FromMinutes(75)));

        // After an error the engine's reason holds the error's words.
        await using (var connection = await _service.Database.DataSource.OpenConnectionAsync())
            await connection.ExecuteAsync("UPDATE hangfire.state SET reason = 'Retry attempt 1 of 5: password of db-1.internal' WHERE id = (SELECT j.stateid FROM hangfire.job j JOIN orchestrations o ON o.job_id = j.id::text WHERE o.request_id = @id)", new { id = Guid.Parse(id) });
        foreach (var (role, told) in ((string, string)[])[("viewer", "Retry attempt 1 of 5<"), ("manager", "db-1.internal")])
        {
            using var reader = _service.Client(role);
            foreach (var path in (string[])["/console/jobs", $"/console/runs/{id}"])
                Assert.That(await reader.Http.GetStringAsync(path), Does.Contain(told).And.Matches(role == "viewer" ? "^((?!db-1)[\\s\\S])*$" : ""), $"{role} {path}");
        }
    }

    [Test]
    public async Task A_killed_worker_falls_silent_while_the_other_stays_alive()
    {
        var page = await SignInAsync("viewer");
        const int Dead = 4_999_999;
        await Expect(Worker(page, Environment.ProcessId)).ToHaveTextAsync("alive");
        await using (var connection = await _service.Database.DataSource.OpenConnectionAsync())
        {
            // What a worker leaves behind that is killed: its row, as it last told of itself.
            await connection.ExecuteAsync("""
                INSERT INTO hangfire.server (id, data, lastheartbeat) SELECT regexp_replace(id, ':\d+:', ':' || @Dead || ':'), data, now() FROM hangfire.server LIMIT 1
                """, new { Dead });
            await Expect(Worker(page, Dead)).ToHaveTextAsync("alive");
            // As if a minute had passed: whoever lives tells so again within ten seconds.
            await connection.ExecuteAsync("UPDATE hangfire.server SET lastheartbeat = lastheartbeat - interval '1 minute'");
        }

        await Expect(Worker(page, Dead)).ToHaveTextAsync("silent");
        await Expect(Worker(page, Environment.ProcessId)).ToHaveTextAsync("alive");
    }

    [Test]
    public async Task Schedules_are_told_with_their_zone_and_both_runs()
    {
        await _api.AddAccountAsync(account => account["timezone_name"] = "Asia/Tokyo");
        var page = await SignInAsync("viewer");

        var night = page.Locator("#schedules tr", new() { HasText = "nightly insights Asia/Tokyo" });
        await Expect(night).ToContainTextAsync("0 0 * * *");
        var next = await night.Locator("time").Last.GetAttributeAsync("datetime");
        Assert.That(DateTimeOffset.Parse(next!, null).UtcDateTime.Hour, Is.EqualTo(15), "midnight in Tokyo");
    }

    [Test]
    public async Task A_viewer_is_not_led_to_a_dashboard_that_would_refuse_and_a_manager_is()
    {
        await using (var connection = await _service.Database.DataSource.OpenConnectionAsync())
        {
            await connection.ExecuteAsync("""
                WITH j AS (INSERT INTO hangfire.job (statename, invocationdata, arguments, createdat) VALUES ('Failed', '{"Type": "Gone", "Method": "Run", "ParameterTypes": "[]"}', '[]', now()) RETURNING id),
                     s AS (INSERT INTO hangfire.state (jobid, name, createdat, data) SELECT id, 'Failed', now(), '{"ExceptionMessage": "<b>odd</b>"}' FROM j RETURNING id)
                SELECT 1
                """);
            await connection.ExecuteAsync("UPDATE hangfire.job j SET stateid = s.id FROM hangfire.state s WHERE s.jobid = j.id AND j.stateid IS NULL");
        }

        // Nor is a viewer told elsewhere what only the dashboard would tell: exceptions in their own words.
        var job = await NewestFailedAsync();
        var page = await SignInAsync("viewer");
        var row = page.Locator("#failed tr", new() { HasText = $"Job {job}" });
        await Expect(row).ToHaveCountAsync(1);
        await Expect(row.GetByRole(AriaRole.Link)).ToHaveCountAsync(0);
        Assert.That(await page.ContentAsync(), Does.Not.Contain("odd"));
        var link = (await SignInAsync("manager")).Locator("#failed tr", new() { HasText = "<b>odd</b>" }).GetByRole(AriaRole.Link);
        await Expect(link).ToHaveAttributeAsync("href", new Regex(@"^/hangfire/jobs/details/\d+$"));
    }

    private static ILocator Worker(IPage page, int id) => page.Locator("#workers tr", new() { HasTextRegex = new Regex($@":{id}\b") }).Locator(".status");

    private async Task<long> NewestFailedAsync()
    {
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<long>("SELECT max(id) FROM hangfire.job WHERE statename = 'Failed'");
    }

    private async Task<IPage> SignInAsync(string role)
    {
        var page = await _chromium.SignInAsync(_service, role, "/console/jobs");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Jobs" })).ToBeVisibleAsync();
        await Expect(page.Locator("html")).ToHaveAttributeAsync("data-following", "yes");
        return page;
    }

    private static async Task<int> NumberAsync(IPage page, string selector) => int.Parse(await page.Locator(selector).InnerTextAsync(), System.Globalization.NumberStyles.AllowThousands, System.Globalization.CultureInfo.InvariantCulture);
}
