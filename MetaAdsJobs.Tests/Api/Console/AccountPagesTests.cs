using System.Net;
using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Tests.Api.Dashboard;
using MetaAdsJobs.Tests.Api.People;
using MetaAdsJobs.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace MetaAdsJobs.Tests.Api.Console;

/// <summary>The console's pages about accounts, as people with each role use them.</summary>
[TestFixture]
public sealed class AccountPagesTests : BrowserTests
{
    [Test]
    public async Task A_stop_pauses_the_accounts_campaign_at_Meta_and_a_start_activates_it_again()
    {
        var request = await _api.NewRequestAsync();
        request["auto_publish"] = true;
        var id = (string)request["social_account_id"]!;
        var campaign = (string)(await _api.UntilAsync(await _api.AcceptAsync(request), "succeeded"))["campaign_creation"]!["campaign_meta_id"]!;
        Assert.That(await StatusAtMetaAsync(campaign), Is.EqualTo("ACTIVE"));
        var page = await VisitAsync("manager", $"/console/accounts/{id}");
        await Expect(page.GetByText("100.00 USD").First).ToBeVisibleAsync();

        await page.GetByRole(AriaRole.Link, new() { Name = "Stop this account…" }).ClickAsync();
        await Expect(page.GetByText("Campaigns active now: 1.")).ToBeVisibleAsync();
        await page.GetByLabel("Reason").FillAsync("the budget <is> gone");
        await page.GetByRole(AriaRole.Button, new() { Name = "Stop An account" }).ClickAsync();

        await Expect(page.GetByText("the budget <is> gone")).ToBeVisibleAsync();
        await Expect(page.Locator("dt:text-is('Still to be paused') + dd")).ToHaveTextAsync("0");
        await Expect(page.GetByText("What is active is being paused.")).ToHaveCountAsync(0);
        Assert.That(await StatusAtMetaAsync(campaign), Is.EqualTo("PAUSED"));

        await page.GetByRole(AriaRole.Link, new() { Name = "Start this account…" }).ClickAsync();
        await Expect(page.GetByText("Campaigns paused by a stop: 1.")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Start An account" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("Started: what the stop paused is being activated again.");
        await Eventually.TrueAsync(async () => await StatusAtMetaAsync(campaign) == "ACTIVE", _service.Progress, _service.Logs);

        await page.GotoAsync($"/console/accounts/{id}/stop");
        await page.GetByRole(AriaRole.Button, new() { Name = "Stop An account" }).ClickAsync();
        await Eventually.TrueAsync(async () => await StatusAtMetaAsync(campaign) == "PAUSED", _service.Progress, _service.Logs);
        await page.GotoAsync($"/console/accounts/{id}/start");
        await page.GetByLabel("Activate again what the stop paused").UncheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Start An account" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("Started: what the stop paused stays paused.");
        Assert.That((bool)(await _api.GetAsync($"/meta/accounts/{id}/spending")).Json["stopped"]!, Is.False);
        Assert.That(await StatusAtMetaAsync(campaign), Is.EqualTo("PAUSED"));
    }

    [Test]
    public async Task Everything_is_stopped_only_after_a_page_said_what_it_means_and_every_page_tells()
    {
        var id = await _api.AddAccountAsync();
        var page = await VisitAsync("manager", "/console/accounts");
        await page.GetByRole(AriaRole.Link, new() { Name = "Stop all accounts…" }).ClickAsync();
        Assert.That((bool)(await _api.GetAsync("/meta/spending")).Json["stopped"]!, Is.False);
        await page.GetByLabel("Reason").FillAsync("fire");
        await page.GetByRole(AriaRole.Button, new() { Name = "Stop all accounts" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("Stopped:");
        Assert.That((string?)(await _api.GetAsync("/meta/spending")).Json["reason"], Is.EqualTo("fire"));

        foreach (var path in (string[])["/console/accounts", $"/console/accounts/{id}", $"/console/accounts/{id}/stop"])
        {
            await page.GotoAsync(path);
            await Expect(page.GetByRole(AriaRole.Alert).First).ToContainTextAsync("All accounts are stopped. By manager@tests");
        }

        await page.GetByRole(AriaRole.Link, new() { Name = "Start all accounts…" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Start all accounts" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("Started:");
        await Expect(page.GetByText("All accounts are stopped.")).ToHaveCountAsync(0);
        Assert.That((bool)(await _api.GetAsync("/meta/spending")).Json["stopped"]!, Is.False);
    }

    [Test]
    public async Task A_sync_is_asked_for_with_its_days_and_watched_to_its_end()
    {
        var id = await _api.AddAccountAsync();
        var page = await VisitAsync("manager", $"/console/accounts/{id}");
        await page.GetByLabel("From").FillAsync("2033-01-01");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sync now" }).ClickAsync();
        await Expect(page.Locator("#f-since")).ToHaveAccessibleDescriptionAsync(new System.Text.RegularExpressions.Regex("must not be in the future"));
        await Expect(page.Locator("#f-since")).ToHaveValueAsync("2033-01-01");
        Assert.That(await CountAsync("SELECT count(*) FROM insight_syncs WHERE social_account_id = @id", id), Is.Zero);

        var day = (await _service.Database.DataSource.CreateCommand("SELECT (current_date - 3)::text").ExecuteScalarAsync())!.ToString()!;
        await page.GetByLabel("From").FillAsync(day);
        await page.GetByLabel("To").FillAsync(day);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sync now" }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("The sync was asked for.");
        await Expect(page.Locator("table.syncs .status")).ToHaveTextAsync("succeeded");
        await Expect(page.Locator("table.days tbody tr")).ToHaveCountAsync(1);
        Assert.That(await CountAsync($"SELECT count(*) FROM insight_syncs WHERE social_account_id = @id AND since = '{day}' AND until = '{day}' AND requested_by = 'manager@tests'", id), Is.EqualTo(1));
    }

    [Test]
    public async Task Limits_differences_and_tokens_are_told_on_the_page_and_in_the_list()
    {
        var id = await _api.AddAccountAsync(account => (account["name"], account["ad_account_id"]) = ("Troubled", "act_4711471100"));
        await ExecuteAsync("""
            INSERT INTO account_pacing (ad_account_id, use_case, blocked_until, reason, usage_pct, usage_at, updated_at) VALUES
                ('act_4711471100', 'ads_management', now() + interval '5 minutes', 'Meta asks to wait 300 s', 97, now(), now()),
                ('act_4711471100', 'ads_insights', now() - interval '1 hour', 'long over', 12, now(), now());
            INSERT INTO insight_days (social_account_id, date_start, synced_at, sync_id, is_partial, rows, spend, vanished_rows, vanished_spend, account_spend, difference) VALUES
                (@id, current_date - 1, now(), gen_random_uuid(), false, 3, 100.5, 0, 0, 112.75, 12.25), (@id, current_date - 2, now(), gen_random_uuid(), false, 3, 80, 0, 0, 80, 0);
            UPDATE social_accounts SET token_checked_at = now(), token_expires_at = now() + interval '3 days', token_scopes = '{ads_management,ads_read}',
                blocked_at = now(), block_reason = 'Temporarily blocked for policies' WHERE id = @id
            """, id);

        var page = await VisitAsync("viewer", $"/console/accounts/{id}");
        await Expect(page.GetByRole(AriaRole.Row).Filter(new() { HasText = "Creating and changing ads" })).ToContainTextAsync("97 %");
        await Expect(page.GetByText("Meta asks to wait 300 s")).ToBeVisibleAsync();
        await Expect(page.GetByText("long over")).ToHaveCountAsync(0);
        await Expect(page.Locator("table.days td.wrong")).ToHaveTextAsync("12.25");
        await Expect(page.GetByText("expires soon")).ToBeVisibleAsync();
        await Expect(page.GetByText("ads_management, ads_read")).ToBeVisibleAsync();
        await Expect(page.GetByText("Temporarily blocked for policies")).ToBeVisibleAsync();

        await page.GotoAsync("/console/accounts?search=troub");
        var row = page.Locator("tbody tr").Filter(new() { HasText = "Troubled" });
        foreach (var text in (string[])["blocked", "waiting", "expires soon", "12.25 USD", "1 of the last 28 days"]) await Expect(row).ToContainTextAsync(text);

        await ExecuteAsync("UPDATE social_accounts SET token_rejected_at = now(), token_rejection = 'Password changed' WHERE id = @id", id);
        await page.ReloadAsync();
        foreach (var text in (string[])["rejected", "Password changed"]) await Expect(row).ToContainTextAsync(text);

        var admin = await VisitAsync("admin", $"/console/accounts/{id}");
        await admin.GetByRole(AriaRole.Button, new() { Name = "Unblock" }).ClickAsync();
        await Expect(admin.GetByRole(AriaRole.Status)).ToHaveTextAsync("The account was unblocked; what waited goes on.");
        Assert.That((await _api.GetAsync($"/meta/accounts/{id}")).Json["blocked_at"], Is.Null);
    }

    [Test]
    public async Task Two_thousand_accounts_are_paged_by_name_and_found_by_a_part_of_name_or_id()
    {
        var id = Guid.Parse(await _api.AddAccountAsync(account => account["name"] = "A model"));
        await ExecuteAsync("""
            INSERT INTO social_accounts (id, name, ad_account_id, page_id, currency, timezone_name, access_token, created_at, updated_at)
            SELECT gen_random_uuid(), 'Of many ' || to_char(n, 'FM0000'), 'act_99000' || to_char(n, 'FM0000'), '1', 'EUR', 'Europe/Madrid', access_token, now(), now()
            FROM social_accounts, generate_series(1, 2000) n WHERE id = @id
            """, id.ToString());
        var page = await VisitAsync("viewer", "/console/accounts?search=of%20MANY");
        var seen = new List<string>();
        for (var turned = 0; turned < 3; turned++)
        {
            if (turned > 0)
            {
                await page.GetByRole(AriaRole.Link, new() { Name = "Next page" }).ClickAsync();
                await Expect(page.Locator("tbody tr td:first-child").First).ToHaveTextAsync($"Of many {(turned * 50) + 1:0000}");
            }

            seen.AddRange(await page.Locator("tbody tr td:first-child").AllInnerTextsAsync());
        }

        Assert.That(seen, Is.EqualTo(Enumerable.Range(1, 150).Select(n => $"Of many {n:0000}")));
        await page.GotoAsync("/console/accounts?search=990001234");
        await Expect(page.Locator("tbody tr")).ToHaveCountAsync(1);
        await ExecuteAsync("DELETE FROM social_accounts WHERE name LIKE 'Of many%' AND id <> @id", id.ToString());
    }

    [Test]
    public async Task Who_may_not_is_shown_no_form_and_refused_when_posting_all_the_same()
    {
        var id = await _api.AddAccountAsync();
        await ExecuteAsync("UPDATE social_accounts SET blocked_at = now(), block_reason = 'x' WHERE id = @id", id);
        var page = await VisitAsync("viewer", $"/console/accounts/{id}");
        foreach (var path in (string[])[$"/console/accounts/{id}", "/console/accounts"])
        {
            await page.GotoAsync(path);
            await Expect(page.Locator("form[method=post], a.button")).ToHaveCountAsync(0);
        }

        string[] ofAdmins = ["/console/accounts/new", $"/console/accounts/{id}/edit", $"/console/accounts/{id}/unblock"];
        string[] ofManagers = [$"/console/accounts/{id}", $"/console/accounts/{id}/stop", $"/console/accounts/{id}/start", "/console/accounts/all/stop", "/console/accounts/all/start"];
        using var viewer = _service.Client("viewer");
        using var manager = _service.Client("manager");
        foreach (var path in (string[])[.. ofAdmins, .. ofManagers]) Assert.That(await viewer.PostBlindAsync(path), Is.EqualTo(HttpStatusCode.Forbidden), path);
        foreach (var path in ofAdmins) Assert.That(await manager.PostBlindAsync(path), Is.EqualTo(HttpStatusCode.Forbidden), path);
        // Theirs to post, but not without the page's own form.
        foreach (var path in ofManagers) Assert.That(await manager.PostBlindAsync(path), Is.EqualTo(HttpStatusCode.Found), path);
        foreach (var path in ofAdmins[..2]) Assert.That((await viewer.GetAsync(path)).Code, Is.EqualTo(403), path);
        Assert.That((bool)(await _api.GetAsync($"/meta/accounts/{id}/spending")).Json["stopped"]!, Is.False);
        Assert.That(await CountAsync("SELECT count(*) FROM insight_syncs WHERE social_account_id = @id", id), Is.Zero);
    }

    [Test]
    public async Task Who_sees_some_accounts_is_shown_no_button_of_all_and_is_told_why_he_is_refused()
    {
        var mine = await _api.AddAccountAsync();
        var user = await _api.AddUserAsync(Persons.UserBody("admin", mine));
        using var some = _service.With((await _api.AddKeyAsync((string)user["id"]!)).Secret);
        string[] ofAll = ["/console/accounts/new", "/console/accounts/all/stop", "/console/accounts/all/start"];
        await _api.PostAsync("/meta/stop");
        var (his, all) = (await some.Http.GetStringAsync("/console/accounts"), await _api.Http.GetStringAsync("/console/accounts"));
        await _api.PostAsync("/meta/start", new JsonObject());
        (his, all) = (his + await some.Http.GetStringAsync("/console/accounts"), all + await _api.Http.GetStringAsync("/console/accounts"));
        Assert.That(his, Does.Contain(mine).And.Contain("All accounts are stopped."));
        foreach (var path in ofAll) Assert.That((all.Contains(path, StringComparison.Ordinal), his.Contains(path, StringComparison.Ordinal)), Is.EqualTo((true, false)), path);

        using var visitor = await Visitor.ByLinkAsync(_service, (string)(await _api.PostAsync($"/meta/users/{user["id"]}/link")).Json["url"]!);
        foreach (var (path, why) in ((string, string)[])[(ofAll[1], "This is of all accounts together"), ($"/console/accounts/{mine}/stop", "You may look at this account, and change nothing in it.")])
        {
            var refused = await visitor.PostAsync(path);
            Assert.That(refused.Code, Is.EqualTo(403), path);
            Assert.That(refused.Text, Does.Contain(why).And.Not.Contain("Your role may not").And.Not.Contain("another token"), path);
        }
    }

    private Task<IPage> VisitAsync(string role, string path) => _chromium.SignInAsync(_service, role, path);

    private async Task ExecuteAsync(string sql, string id)
    {
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(sql, new { id = Guid.Parse(id) });
    }

    private async Task<long> CountAsync(string sql, string id)
    {
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<long>(sql, new { id = Guid.Parse(id) });
    }

    private async Task<string?> StatusAtMetaAsync(string metaId)
    {
        await using var connection = await _service.GraphDatabase.DataSource.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<string>("SELECT status FROM stub_graph.objects WHERE id = @metaId", new { metaId });
    }
}
