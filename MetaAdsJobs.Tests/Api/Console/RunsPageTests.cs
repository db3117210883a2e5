using Dapper;
using MetaAdsJobs.Tests.Api.Dashboard;
using MetaAdsJobs.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace MetaAdsJobs.Tests.Api.Console;

/// <summary>The console's pages about runs, as people with each role use them in a browser.</summary>
[TestFixture]
public sealed class RunsPageTests : BrowserTests
{
    [TearDown]
    public void Forget() => _service.Graph.Faults.Clear();

    [Test]
    public async Task A_run_is_watched_as_its_steps_complete_without_loading_the_page_again()
    {
        var page = await SignInAsync("viewer");
        await page.GotoAsync("/console");
        await Expect(page.Locator("html")).ToHaveAttributeAsync("data-following", "yes");
        await page.EvaluateAsync("window.sameDocument = true");

        var id = await _api.AcceptAsync(await NamedAsync("Watched Winter"));

        var row = page.GetByRole(AriaRole.Row).Filter(new() { HasText = "Watched Winter" });
        await Expect(row.Locator(".status")).ToHaveTextAsync("succeeded");
        Assert.That(await page.EvaluateAsync<bool>("window.sameDocument"), Is.True);
        await row.GetByRole(AriaRole.Link).ClickAsync();
        await Expect(page.Locator("table.steps .is-confirmed")).ToHaveCountAsync(5);
        var campaign = (string?)(await _api.RunAsync(id))["campaign_creation"]!["campaign_meta_id"];
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Open in Ads Manager" }).First).ToHaveAttributeAsync("href", new System.Text.RegularExpressions.Regex($"selected_campaign_ids={campaign}$"));
    }

    [Test]
    public async Task A_run_is_found_among_ten_thousand_by_a_word_its_id_or_Metas()
    {
        var id = await _api.AcceptAsync(await NamedAsync("Needle_(Spring)_20270301"));
        var campaign = (string)(await _api.UntilAsync(id, "succeeded"))["campaign_creation"]!["campaign_meta_id"]!;
        await using (var connection = await _service.Database.DataSource.OpenConnectionAsync())
        {
            await connection.ExecuteAsync("""
                INSERT INTO orchestrations (request_id, social_account_id, clip_id, campaign_name, request, requested_by, request_hash, status, accepted_at, started_at, completed_at)
                SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, social_account_id, clip_id, 'Hay ' || n, request, 'tests', '\x00', 'succeeded', now(), now(), now()
                FROM orchestrations, generate_series(1, 10000) n WHERE request_id = @id
                """, new { id = Guid.Parse(id) });
        }

        var page = await SignInAsync("viewer");
        foreach (var search in (string[])["needle spr", "20270301", id, campaign])
        {
            await page.GotoAsync("/console");
            await page.GetByRole(AriaRole.Searchbox, new() { Name = "Search", Exact = true }).FillAsync(search);
            await page.GetByRole(AriaRole.Button, new() { Name = "Show" }).ClickAsync();
            await Expect(page.Locator("tbody tr")).ToHaveCountAsync(1);
            await Expect(page.Locator("tbody tr")).ToContainTextAsync("Needle_(Spring)_20270301");
        }
    }

    [Test]
    public async Task A_manager_retries_a_failed_run_and_it_succeeds()
    {
        var page = await SignInAsync("manager");
        await page.GotoAsync($"/console/runs/{await FailAsync("Retried <i>Run</i>")}");
        await Expect(page.Locator("h1")).ToContainTextAsync("Retried <i>Run</i>");
        await Expect(page.Locator(".errors li").First).ToContainTextAsync("Refused by the test");

        await page.GetByRole(AriaRole.Button, new() { Name = "Retry" }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("The run is tried again.");
        await Expect(page.Locator("h1 .status")).ToHaveTextAsync("succeeded");
    }

    [Test]
    public async Task A_filtered_set_is_retried_after_its_number_was_shown()
    {
        var ids = new[] { await FailAsync("Together one"), await FailAsync("Together two") };
        var page = await SignInAsync("admin");
        await page.GotoAsync("/console?status=failed&search=together");

        await page.GetByRole(AriaRole.Link, new() { Name = "Retry all of these" }).ClickAsync();
        await Expect(page.GetByText("Runs to be retried: 2.")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Go on" }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("Runs changed: 2.");
        foreach (var id in ids) await _api.UntilAsync(id, "succeeded");
    }

    [Test]
    public async Task An_order_for_all_never_means_more_than_was_meant()
    {
        var id = await FailAsync("Left alone");
        var page = await SignInAsync("admin");
        foreach (var query in (string[])["status=failed&account=cut-off", "status=failed&since=yesterday", $"status=failed&search={new string('x', 300)}", "status=succeeded", "status=queued,waiting", "status=4"])
        {
            await page.GotoAsync($"/console/runs/bulk/retry?{query}");
            await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("cannot be changed as a whole");
            await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Go on" })).ToHaveCountAsync(0);
        }

        // One that failed since, though it is older, was not meant.
        await page.GotoAsync("/console/runs/bulk/retry?status=failed&search=alone");
        await page.EvaluateAsync("document.querySelector('input[name=shown]').value = '0'");
        await page.GetByRole(AriaRole.Button, new() { Name = "Go on" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("more runs in this state now than were shown");
        Assert.That((string?)(await _api.RunAsync(id))["status"], Is.EqualTo("failed"));

        // What was asked for after the number was shown is none of it.
        await page.GotoAsync("/console/runs/bulk/retry?status=failed&search=alone");
        await Expect(page.GetByText("Left alone")).ToBeVisibleAsync();
        var later = await FailAsync("Left_alone, too");
        await page.GetByRole(AriaRole.Button, new() { Name = "Go on" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("Runs changed: 1.");
        await _api.UntilAsync(id, "succeeded");
        Assert.That((string?)(await _api.RunAsync(later))["status"], Is.EqualTo("failed"));
    }

    [Test]
    public async Task A_run_that_was_told_to_end_is_not_told_again()
    {
        // In an account that is stopped everything waits.
        var (first, second) = (await NamedAsync("Endless one"), await NamedAsync("Endless two"));
        var third = await NamedAsync("Endless three");
        (second["social_account_id"], third["social_account_id"]) = ((string)first["social_account_id"]!, (string)first["social_account_id"]!);
        await _api.PostAsync($"/meta/accounts/{first["social_account_id"]}/stop");
        var ids = new[] { await _api.AcceptAsync(first), await _api.AcceptAsync(second), await _api.AcceptAsync(third) };
        foreach (var id in ids) await _api.UntilAsync(id, "waiting");
        await using (var connection = await _service.Database.DataSource.OpenConnectionAsync())
            await connection.ExecuteAsync("""
                UPDATE orchestrations SET cancel_requested = true WHERE request_id = @told;
                UPDATE orchestrations SET ending = 'failed' WHERE request_id = @ending
                """, new { told = Guid.Parse(ids[1]), ending = Guid.Parse(ids[2]) });
        var page = await SignInAsync("manager");

        await page.GotoAsync("/console/runs/bulk/cancel?status=waiting&search=endless");

        await Expect(page.GetByText("Runs to be cancelled and undone at Meta: 1.")).ToBeVisibleAsync();
        await Expect(page.GetByText("Endless one")).ToBeVisibleAsync();
    }

    [Test]
    public async Task More_than_are_changed_at_once_are_changed_in_turns()
    {
        var request = await NamedAsync("One of many");
        var account = (string)request["social_account_id"]!;
        await _api.PostAsync($"/meta/accounts/{account}/stop");
        var id = await _api.AcceptAsync(request);
        await _api.UntilAsync(id, "waiting");
        await using (var connection = await _service.Database.DataSource.OpenConnectionAsync())
            await connection.ExecuteAsync("""
                INSERT INTO orchestrations SELECT (jsonb_populate_record(o, jsonb_build_object('request_id', gen_random_uuid(), 'job_id', NULL))).*
                FROM orchestrations o, generate_series(1, 1000) WHERE request_id = @id
                """, new { id = Guid.Parse(id) });
        var page = await SignInAsync("manager");
        await page.GotoAsync($"/console/runs/bulk/cancel?status=waiting&account={account}");
        await Expect(page.GetByText("Runs to be cancelled and undone at Meta: more than 1000.")).ToBeVisibleAsync();
        await using (var connection = await _service.Database.DataSource.OpenConnectionAsync())
            await connection.ExecuteAsync("DELETE FROM orchestrations WHERE request_id IN (SELECT request_id FROM orchestrations WHERE campaign_name = 'One of many' AND job_id IS NULL LIMIT 600)");

        foreach (var (left, said) in ((string, string)[])[("401", "200. There are more: begin again to go on"), ("201", "200. There are more: begin again to go on"), ("1", "1")])
        {
            await page.GotoAsync($"/console/runs/bulk/cancel?status=waiting&account={account}");
            await Expect(page.GetByText($"Runs to be cancelled and undone at Meta: {left}.")).ToBeVisibleAsync();
            await page.GetByRole(AriaRole.Button, new() { Name = "Go on" }).ClickAsync();
            await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync($"Runs changed: {said}.");
        }
    }

    [Test]
    public async Task A_viewer_sees_no_buttons_and_is_refused_when_posting_all_the_same()
    {
        var id = await FailAsync("Not the viewer's");
        var page = await SignInAsync("viewer");
        foreach (var path in (string[])[$"/console/runs/{id}", "/console?status=failed", "/console/syncs"])
        {
            await page.GotoAsync(path);
            await Expect(page.Locator("form[method=post]")).ToHaveCountAsync(0);
            await Expect(page.Locator("a.button")).ToHaveCountAsync(0);
        }

        foreach (var path in (string[])[$"/console/runs/{id}/retry", "/console/runs/bulk/retry?status=failed"])
        {
            await page.GotoAsync($"/console/runs/{id}");
            await page.EvaluateAsync("path => { const form = document.createElement('form'); form.method = 'post'; form.action = path; document.body.append(form); form.submit(); }", path);
            await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Not allowed" })).ToBeVisibleAsync();
        }

        Assert.That((string?)(await _api.RunAsync(id))["status"], Is.EqualTo("failed"));
    }

    [Test]
    public async Task A_form_without_its_token_changes_nothing()
    {
        var id = await FailAsync("Forged");
        var page = await SignInAsync("admin");
        await page.GotoAsync($"/console/runs/{id}");
        await page.EvaluateAsync("document.querySelectorAll('input[name=__RequestVerificationToken]').forEach(input => input.remove())");

        await page.GetByRole(AriaRole.Button, new() { Name = "Retry" }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("The form had expired: nothing was done, and anything typed has to be typed again.");
        Assert.That((string?)(await _api.RunAsync(id))["status"], Is.EqualTo("failed"));
    }

    [Test]
    public async Task The_pages_are_read_without_script_and_in_Spanish()
    {
        await _api.UntilAsync(await _api.AcceptAsync(await NamedAsync("Sin guion")), "succeeded");
        using var http = new HttpClient { BaseAddress = _service.BaseUrl };
        http.DefaultRequestHeaders.Authorization = new("Bearer", Service.Token("viewer"));
        http.DefaultRequestHeaders.Add("Accept-Language", "es-ES,es;q=0.9");
        using var answer = await http.GetAsync("/console?search=guion");
        var page = await answer.Content.ReadAsStringAsync();

        Assert.That(page, Does.Contain("<html lang=\"es\">").And.Contain("Sin guion").And.Contain(">terminada<").And.Contain(" UTC</time>"));
        Assert.That(answer.Headers.GetValues("Content-Security-Policy").Single(), Does.Contain("script-src 'self'").And.Not.Contain("unsafe"));
        Assert.That(page, Does.Not.Contain("style=").And.Not.Contain("onclick").And.Not.Match("<script(?![^>]*src=)"));
    }

    private async Task<IPage> SignInAsync(string role)
    {
        var page = await _chromium.SignInAsync(_service, role, "/console");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Runs" })).ToBeVisibleAsync();
        return page;
    }

    private async Task<System.Text.Json.Nodes.JsonObject> NamedAsync(string name)
    {
        var request = await _api.NewRequestAsync();
        request["campaign_name"] = name;
        return request;
    }

    private async Task<string> FailAsync(string name)
    {
        _service.Graph.Faults.Add(call => call.IsCreateOf("campaigns"), GraphFaults.Refused(100, 1885183));
        var id = await _api.AcceptAsync(await NamedAsync(name));
        await _api.UntilAsync(id, "failed");
        return id;
    }
}
