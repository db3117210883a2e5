using Dapper;
using MetaAdsJobs.Tests.Api.Dashboard;
using MetaAdsJobs.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace MetaAdsJobs.Tests.Api.Console;

/// <summary>Bars that move while one looks on: each step of what a worker would write is written here by hand.</summary>
[TestFixture]
public sealed partial class LiveProgressTests() : BrowserTests(own: () => Service.StartAsync(workers: 0))
{
    [TearDown]
    public async Task ForgetAsync()
    {
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync("DELETE FROM insight_reports; DELETE FROM insight_syncs; DELETE FROM orchestrations; DELETE FROM stops");
    }

    [Test]
    public async Task The_bar_of_a_long_sync_moves_with_what_Meta_has_prepared()
    {
        var account = (string)(await _api.NewRequestAsync())["social_account_id"]!;
        var sync = Guid.Parse((string)(await _api.PostAsync($"/meta/orchestrate/sync-insights/{account}")).Json["sync_id"]!);
        await ExecuteAsync("UPDATE insight_syncs SET state = 'running', holding = true, started_at = now() WHERE sync_id = @sync", new { sync });
        await ExecuteAsync("INSERT INTO insight_reports (sync_id, no, definition_id, since, until, scope, mode, state, percent) VALUES (@sync, 1, 0, '2026-11-01', '2026-11-20', 'account', 'async', 'submitted', 10)", new { sync });
        var page = await OpenAsync("/console/syncs");
        var bar = page.Locator("progress[max='100']");
        await Expect(bar).ToHaveAttributeAsync("value", "10");

        await ExecuteAsync("UPDATE insight_reports SET percent = 60 WHERE sync_id = @sync", new { sync });
        await Expect(bar).ToHaveAttributeAsync("value", "60");
        // Once more: the first look of a page counts everything as moved, only a later one tells this.
        await ExecuteAsync("UPDATE insight_reports SET percent = 70 WHERE sync_id = @sync", new { sync });
        await Expect(bar).ToHaveAttributeAsync("value", "70");
        await ExecuteAsync("UPDATE insight_syncs SET state = 'succeeded', holding = false, completed_at = now() WHERE sync_id = @sync", new { sync });

        await Expect(bar).ToHaveCountAsync(0);
        Assert.That(await page.EvaluateAsync<bool>("window.sameDocument"), Is.True);
    }

    [Test]
    public async Task The_bar_of_a_batch_of_runs_moves_with_every_one_that_ends()
    {
        var request = await _api.NewRequestAsync();
        var ids = new List<Guid>();
        for (var i = 0; i < 4; i++) ids.Add(Guid.Parse(await _api.AcceptAsync(request)));
        var page = await OpenAsync("/console");
        var bar = page.Locator(".underway progress");
        await Expect(bar).ToHaveAttributeAsync("max", "4");
        await Expect(bar).ToHaveAttributeAsync("value", "0");

        foreach (var (id, i) in ids.Take(3).Select((id, i) => (id, i)))
        {
            await ExecuteAsync("UPDATE orchestrations SET status = @status, started_at = now(), completed_at = now() WHERE request_id = @id", new { id, status = i == 1 ? "failed" : "succeeded" });
            await Expect(bar).ToHaveAttributeAsync("value", $"{i + 1}");
        }

        await Expect(page.Locator(".underway")).ToContainTextAsync("3 of 4 runs of the last quarter of an hour have ended, 1 of them failed.");
        Assert.That(await page.EvaluateAsync<bool>("window.sameDocument"), Is.True);
    }

    [Test]
    public async Task The_bar_of_a_long_queue_moves_with_the_oldest_which_is_worked_on_first()
    {
        var first = Guid.Parse(await _api.AcceptAsync(await _api.NewRequestAsync()));
        await ExecuteAsync("""
            INSERT INTO orchestrations (request_id, social_account_id, clip_id, campaign_name, request, requested_by, request_hash, status, accepted_at)
            SELECT ('f0000000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid, social_account_id, clip_id, 'Of many', request, requested_by, request_hash, 'queued', accepted_at
            FROM orchestrations CROSS JOIN generate_series(1, 1500) i WHERE request_id = @first
            """, new { first }, 1500);
        var page = await OpenAsync("/console");
        var bar = page.Locator(".underway progress");
        var (ended, all) = (await NumberAsync(bar, "value"), await NumberAsync(bar, "max"));
        Assert.That(all, Is.GreaterThan(1500));

        await ExecuteAsync("UPDATE orchestrations SET status = 'succeeded', started_at = now(), completed_at = now() WHERE request_id = @first", new { first });

        await Expect(bar).ToHaveAttributeAsync("value", $"{ended + 1}");
        await Expect(bar).ToHaveAttributeAsync("max", $"{all}");
    }

    [Test]
    public async Task Who_is_at_a_link_stays_there_while_the_list_around_it_moves()
    {
        var request = await _api.NewRequestAsync();
        var (looked, moving) = (await _api.AcceptAsync(request), Guid.Parse(await _api.AcceptAsync(request)));
        var page = await OpenAsync("/console");
        var moved = page.Locator("tr", new() { Has = page.Locator($"a[href='/console/runs/{moving}']") });
        await page.Locator($"a[href='/console/runs/{looked}']").FocusAsync();

        await ExecuteAsync("UPDATE orchestrations SET status = 'failed', started_at = now(), completed_at = now() WHERE request_id = @moving", new { moving });

        await Expect(moved).ToContainTextAsync("failed");
        Assert.That(await page.EvaluateAsync<string>("document.activeElement.getAttribute('href') ?? document.activeElement.tagName"), Is.EqualTo($"/console/runs/{looked}"));
    }

    [Test]
    public async Task A_part_in_which_nothing_has_changed_stays_the_same_element()
    {
        var moving = Guid.Parse(await _api.AcceptAsync(await _api.NewRequestAsync()));
        var page = await OpenAsync("/console");
        await page.EvaluateAsync("[window.notice, window.list] = document.querySelectorAll('[data-live]')");

        await ExecuteAsync("UPDATE orchestrations SET status = 'failed', started_at = now(), completed_at = now() WHERE request_id = @moving", new { moving });

        await page.WaitForFunctionAsync("() => !window.list.isConnected");
        Assert.That(await page.EvaluateAsync<bool>("window.notice.isConnected"), Is.True);
    }

    [Test]
    public async Task What_became_of_a_form_is_told_once_and_not_by_a_link_that_is_kept()
    {
        var account = (string)(await _api.NewRequestAsync())["social_account_id"]!;
        var page = await OpenAsync($"/console/accounts/{account}", "manager");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sync now" }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("The sync was asked for.");
        Assert.That(page.Url, Does.EndWith($"/console/accounts/{account}"));
        // Nor by a link that somebody made up.
        await page.GotoAsync("/console?done=Stopped: what is active is being paused at Meta, and what is new waits.");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Runs" })).ToBeVisibleAsync();
        await Expect(page.GetByText("Stopped: what is active")).ToHaveCountAsync(0);
    }

    [Test]
    public async Task A_page_follows_only_while_it_is_seen_and_goes_on_after_an_answer_that_is_no_stream()
    {
        var moving = Guid.Parse(await _api.AcceptAsync(await _api.NewRequestAsync()));
        var page = await OpenAsync("/console");
        var refusals = 0;
        await page.RouteAsync("**/console/live", async route =>
        {
            if (Interlocked.Increment(ref refusals) == 1) await route.FulfillAsync(new() { Status = 503, Body = "upgrading" });
            else await route.ContinueAsync();
        });
        await SeeAsync(page, isHidden: true);
        Assert.That(await page.EvaluateAsync<string?>("document.documentElement.dataset.following ?? null"), Is.Null);
        await ExecuteAsync("UPDATE orchestrations SET status = 'failed', started_at = now(), completed_at = now() WHERE request_id = @moving", new { moving });
        await SeeAsync(page, isHidden: false);

        await Expect(page.Locator("tr", new() { Has = page.Locator($"a[href='/console/runs/{moving}']") })).ToContainTextAsync("failed");
        await Expect(page.Locator("html")).ToHaveAttributeAsync("data-following", "yes");
        Assert.That(refusals, Is.GreaterThan(1));
        Assert.That(await page.EvaluateAsync<bool>("window.sameDocument"), Is.True);
    }

    [Test]
    public async Task Who_looks_at_runs_or_asks_for_one_is_told_that_all_accounts_are_stopped()
    {
        var page = await OpenAsync("/console");
        await Expect(page.GetByRole(AriaRole.Alert)).ToHaveCountAsync(0);
        await ExecuteAsync("INSERT INTO stops (id, stopped_at, stopped_by, reason) VALUES (@id, now(), 'Ana', 'a price was wrong')", new { id = Guid.NewGuid() });
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("All accounts are stopped.");
        Assert.That(await _api.Http.GetStringAsync("/console/new"), Does.Contain("All accounts are stopped.").And.Contain("a price was wrong"));
    }

    [Test]
    public async Task Every_bar_has_a_name()
    {
        var request = await _api.NewRequestAsync(account => account["ad_account_id"] = "act_777000777");
        var account = (string)request["social_account_id"]!;
        await _api.AcceptAsync(request);
        var sync = Guid.Parse((string)(await _api.PostAsync($"/meta/orchestrate/sync-insights/{account}")).Json["sync_id"]!);
        await ExecuteAsync("UPDATE insight_syncs SET state = 'waiting', nightly_for = '2026-11-20' WHERE sync_id = @sync", new { sync });
        await ExecuteAsync("INSERT INTO account_pacing (ad_account_id, use_case, usage_pct, updated_at) VALUES ('act_777000777', 'ads_insights', 40, now())", new { });

        foreach (var (path, bars) in ((string, int)[])[("/console", 2), ("/console/syncs", 2), ($"/console/accounts/{account}", 2)])
        {
            var found = Bar().Matches(await _api.Http.GetStringAsync(path)).Select(match => match.Value).ToList();
            Assert.That(found, Has.Count.GreaterThanOrEqualTo(bars), path);
            Assert.That(found, Has.All.Match("aria-label=\"[^\"]{4,}\""), path);
        }
    }

    private static async Task<int> NumberAsync(ILocator bar, string attribute) => int.Parse((await bar.GetAttributeAsync(attribute))!, System.Globalization.CultureInfo.InvariantCulture);

    [System.Text.RegularExpressions.GeneratedRegex("<(?:progress|meter)[^>]*>")]
    private static partial System.Text.RegularExpressions.Regex Bar();

    // As another tab in front does it.
    private static Task SeeAsync(IPage page, bool isHidden) => page.EvaluateAsync(
        "hidden => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true }); document.dispatchEvent(new Event('visibilitychange')); }", isHidden);

    private async Task<IPage> OpenAsync(string path, string role = "viewer")
    {
        var page = await _chromium.SignInAsync(_service, role, path);
        await Expect(page.Locator("html")).ToHaveAttributeAsync("data-following", "yes");
        await page.EvaluateAsync("window.sameDocument = true");
        return page;
    }

    private async Task ExecuteAsync(string sql, object parameters, int rows = 1)
    {
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        Assert.That(await connection.ExecuteAsync(sql, parameters), Is.EqualTo(rows));
    }
}
