using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Dapper;
using MetaAdsJobs.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace MetaAdsJobs.Tests.Api.Dashboard;

[TestFixture]
public sealed partial class DashboardTests : BrowserTests
{
    private static readonly string[] JobPages =
    [
        "/hangfire", "/hangfire/jobs/enqueued", "/hangfire/jobs/enqueued/campaigns", "/hangfire/jobs/scheduled", "/hangfire/jobs/processing", "/hangfire/jobs/succeeded",
        "/hangfire/jobs/failed", "/hangfire/jobs/deleted", "/hangfire/jobs/awaiting", "/hangfire/retries", "/hangfire/recurring", "/hangfire/servers",
    ];

    private const string Requeuer = "admin@tests";

    [Test]
    public async Task A_manager_sees_jobs_by_the_names_of_their_campaigns_and_nothing_to_press()
    {
        await SucceedAsync("Autumn <b>Sale</b> & more");
        var (_, failedJob) = await FailAsync("Broken by the test");
        var page = await _chromium.SignInAsync(_service, "manager");

        await page.GotoAsync("/hangfire/jobs/succeeded?from=0&count=500");
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Campaign: Autumn <b>Sale</b> & more" })).ToBeVisibleAsync();
        await page.GotoAsync("/hangfire/jobs/failed");
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Campaign: Broken by the test" })).ToBeVisibleAsync();
        foreach (var path in JobPages.Append($"/hangfire/jobs/details/{failedJob}"))
        {
            var answer = await page.GotoAsync(path);
            Assert.That(answer!.Status, Is.EqualTo(200), path);
            await Expect(page.Locator("h1").First).ToBeVisibleAsync();
            Assert.That(await Pressable(page).CountAsync(), Is.Zero, $"buttons and boxes on {path}");
        }
    }

    [Test]
    public async Task A_manager_who_posts_is_refused_and_an_admin_is_not()
    {
        var (_, job) = await FailAsync("Not the manager's to delete");
        var manager = await _chromium.SignInAsync(_service, "manager");
        foreach (var command in (string[])["/hangfire/jobs/failed/requeue", "/hangfire/jobs/failed/delete", $"/hangfire/jobs/actions/requeue/{job}", $"/hangfire/jobs/actions/delete/{job}"])
        {
            await manager.GotoAsync("/hangfire/jobs/failed");
            Assert.That(await PostAsync(manager, command, job), Is.EqualTo(401).Or.EqualTo(403), command);
        }

        Assert.That(await StateAsync(job), Is.EqualTo("Failed"));

        var admin = await _chromium.SignInAsync(_service, "admin");
        await admin.GotoAsync("/hangfire/jobs/failed");
        Assert.That(await PostAsync(admin, "/hangfire/jobs/failed/delete", job), Is.EqualTo(204), "the same post, made by an admin");
        Assert.That(await StateAsync(job), Is.EqualTo("Deleted"));
    }

    /// <summary>The button's script follows to the sign-in page and reads its own page again, which asks: nothing was done, and it is said why.</summary>
    [Test]
    public async Task Hours_after_somebody_has_shown_who_it_is_the_dashboard_asks_before_it_acts()
    {
        var (_, job) = await FailAsync("Not before it is shown");
        var admin = await EnterAsync("admin");
        await AgeAsync("admin", 3);
        Assert.That(await PostAsync(admin, "/hangfire/stats", job), Is.EqualTo(200), "the numbers of an open page go on");
        foreach (var command in (string[])["/hangfire/jobs/failed/requeue", "/hangfire/jobs/failed/delete", $"/hangfire/jobs/actions/requeue/{job}", "/hangfire/recurring/trigger"])
        {
            await PostAsync(admin, command, job);
            Assert.That(await StateAsync(job), Is.EqualTo("Failed"), command);
        }

        await admin.Locator($"input[type=checkbox][value='{job}']").CheckAsync();
        await admin.GetByRole(AriaRole.Button, new() { Name = "Requeue jobs" }).ClickAsync();
        await Expect(admin).ToHaveURLAsync(new Regex("/signin\\?confirm=true&returnUrl=%2Fhangfire%2Fjobs%2Ffailed$"));
        Assert.That(await StateAsync(job), Is.EqualTo("Failed"));
        await admin.EnterTokenAsync(Service.Token("admin", "old-admin@tests"));
        await Expect(admin).ToHaveURLAsync(new Uri(_service.BaseUrl, "/hangfire/jobs/failed").ToString());
        Assert.That(await PostAsync(admin, "/hangfire/jobs/failed/delete", job), Is.EqualTo(204), "the same, by somebody who has just shown it");

        var manager = await EnterAsync("manager");
        await AgeAsync("manager", 3);
        Assert.That((await manager.GotoAsync("/hangfire/jobs/failed"))!.Url, Does.EndWith("/hangfire/jobs/failed"), "who can press nothing is asked nothing");

        async Task<IPage> EnterAsync(string role)
        {
            var page = await _chromium.VisitAsync(_service);
            await page.GotoAsync("/hangfire/jobs/failed");
            await page.EnterTokenAsync(Service.Token(role, $"old-{role}@tests"));
            await Expect(page.Locator("h1").First).ToHaveTextAsync("Failed Jobs");
            return page;
        }

        async Task AgeAsync(string role, int hours)
        {
            await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
            Assert.That(await connection.ExecuteAsync("UPDATE sessions SET confirmed_at = confirmed_at - make_interval(hours => @hours) WHERE name = @name", new { hours, name = $"old-{role}@tests" }), Is.EqualTo(1));
        }
    }

    [Test]
    public async Task An_admins_post_from_another_site_is_refused()
    {
        var (_, job) = await FailAsync("Forged");
        var admin = await _chromium.SignInAsync(_service, "admin");

        Assert.That(await PostAsync(admin, "/hangfire/jobs/failed/delete", job, withProof: false), Is.EqualTo(403));

        Assert.That(await StateAsync(job), Is.EqualTo("Failed"));
    }

    [Test]
    public async Task An_admin_requeues_a_failed_job_and_it_succeeds()
    {
        var (requestId, job) = await FailAsync("Second try");
        var page = await _chromium.SignInAsync(_service, "admin");
        await page.GotoAsync("/hangfire/jobs/failed");

        await page.Locator($"input[type=checkbox][value='{job}']").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Requeue jobs" }).ClickAsync();

        var run = await _api.UntilAsync(requestId, "succeeded");
        Assert.That((bool)run["overall_success"]!, Is.True, run.ToJsonString());
        Assert.That((string?)run["ordered_by"], Is.EqualTo(Requeuer), "what is changed at Meta from here on is told as his");
        JsonNode? told = null;
        await Eventually.TrueAsync(async () => (told = (await _api.GetAsync($"/meta/changes?person={Requeuer}&object=jobs/failed/requeue")).Json["items"]!.AsArray().FirstOrDefault()) is not null, () => "the audit does not tell who pressed it");
        Assert.That($"{told!["method"]} {told["outcome"]} {told["sent"]!["jobs"]!["new"]!.ToJsonString()}", Does.StartWith("jobs pressed [").And.Contain($"{job}\""));
        await Eventually.TrueAsync(async () => await StateAsync(job) == "Succeeded", () => "the requeued job itself has not ended");
        // On a page of its own: the dashboard reloads the one with the button whenever it has heard of the end.
        var succeeded = await page.Context.NewPageAsync();
        await succeeded.GotoAsync("/hangfire/jobs/succeeded?from=0&count=500");
        await Expect(succeeded.GetByRole(AriaRole.Link, new() { Name = "Campaign: Second try" })).ToBeVisibleAsync();
    }

    [Test]
    public async Task A_sync_is_shown_by_its_accounts_name_and_days()
    {
        var accountId = await _api.AddAccountAsync(account => account["name"] = "Möbel & Söhne");
        var sync = await _api.PostAsync($"/meta/orchestrate/sync-insights/{accountId}?since=2026-01-01&until=2026-01-03");
        Assert.That(sync.Code, Is.EqualTo(200), sync.Text);
        var page = await _chromium.SignInAsync(_service, "manager");

        await Eventually.TrueAsync(async () =>
        {
            await page.GotoAsync("/hangfire/jobs/succeeded?from=0&count=500");
            return await page.GetByRole(AriaRole.Link, new() { Name = "Insights: Möbel & Söhne, 2026-01-01 to 2026-01-03" }).CountAsync() == 1;
        }, () => "The sync is not listed.");
    }

    [Test]
    public async Task Schedules_are_shown_by_what_they_do()
    {
        var page = await _chromium.SignInAsync(_service, "manager");

        await page.GotoAsync("/hangfire/recurring");

        await Expect(page.GetByRole(AriaRole.Cell, new() { Name = "Sweep", Exact = true })).ToBeVisibleAsync();
    }

    [TestCase("admin", HttpStatusCode.OK)]
    [TestCase("manager", HttpStatusCode.OK)]
    [TestCase("viewer", HttpStatusCode.Forbidden)]
    public async Task A_bearer_token_does_without_a_cookie(string role, HttpStatusCode expected)
    {
        using var client = _service.Client(role);

        using var answer = await client.Http.GetAsync("/hangfire/jobs/succeeded");

        Assert.That(answer.StatusCode, Is.EqualTo(expected));
        Assert.That(answer.Headers.TryGetValues("Set-Cookie", out var cookies) ? cookies : [], Has.None.Contain(Pages.SessionCookie));
    }

    [TestCase("viewer", false, false)]
    [TestCase("manager", true, false)]
    [TestCase("admin", true, true)]
    public async Task Each_role_is_led_to_and_shown_the_pages_and_buttons_that_it_may_use(string role, bool isShown, bool acts)
    {
        var (_, job) = await FailAsync($"Shown to one who is {role}");
        using var client = _service.Client(role);

        Assert.That((await client.GetAsync("/console/jobs")).Text.Contains("<a href=\"/hangfire\">", StringComparison.Ordinal), Is.EqualTo(isShown), "the console's link");
        foreach (var path in (string[])["/hangfire/jobs/failed", $"/hangfire/jobs/details/{job}", "/hangfire/recurring"])
        {
            var page = await client.GetAsync(path);
            Assert.That(page.Status, Is.EqualTo(isShown ? HttpStatusCode.OK : HttpStatusCode.Forbidden), path);
            Assert.That(Button().IsMatch(page.Text), Is.EqualTo(acts), path);
        }
    }

    [TestCase("nonsense")]
    [TestCase("forged")]
    public async Task A_wrong_bearer_token_is_refused(string token)
    {
        using var client = _service.Client(role: null);
        client.Http.DefaultRequestHeaders.Authorization =
            new AuthenticationHeaderValue("Bearer", token == "forged" ? Service.Token("admin", key: "another key that is long enough for HS256") : token);

        using var answer = await client.Http.GetAsync("/hangfire");

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
    }

    [Test]
    public async Task A_stranger_gets_neither_pages_nor_numbers_nor_commands()
    {
        using var client = _service.Client(role: null);

        foreach (var path in JobPages)
        {
            using var answer = await client.Http.GetAsync(path);
            Assert.That((answer.StatusCode, answer.Headers.Location?.AbsolutePath), Is.EqualTo((HttpStatusCode.Redirect, "/signin")), path);
        }

        foreach (var path in (string[])["/hangfire/stats", "/hangfire/jobs/failed/requeue", "/hangfire/jobs/failed/delete", "/hangfire/recurring/trigger"])
        {
            using var answer = await client.Http.PostAsync(path, content: null);
            Assert.That((answer.StatusCode, answer.Headers.Location?.AbsolutePath), Is.EqualTo((HttpStatusCode.Redirect, "/signin")), path);
        }
    }

    private static ILocator Pressable(IPage page) =>
        page.Locator("button:visible, input[type=checkbox], input[type=submit], [data-ajax], .js-jobs-list-command");

    [GeneratedRegex(@"<(button|a)\b[^>]*(js-jobs-list-command|data-ajax)")]
    private static partial Regex Button();

    private async Task<JsonObject> RequestAsync(string campaignName)
    {
        var request = await _api.NewRequestAsync();
        request["campaign_name"] = campaignName;
        return request;
    }

    private async Task SucceedAsync(string campaignName) => await _api.UntilAsync(await _api.AcceptAsync(await RequestAsync(campaignName)), "succeeded");

    /// <summary>A request that Meta refuses: its id, and its job's once that has failed.</summary>
    private async Task<(string RequestId, string JobId)> FailAsync(string campaignName)
    {
        _service.Graph.Faults.Add(
            call => call.IsCreateOf("campaigns") && call["name"]!.StartsWith(campaignName, StringComparison.Ordinal),
            GraphFaults.Refused(100, 1885621, "Not so", "Choose another budget"));
        var requestId = await _api.AcceptAsync(await RequestAsync(campaignName));
        await _api.UntilAsync(requestId, "failed");
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        var job = await connection.QuerySingleAsync<string>("SELECT job_id FROM orchestrations WHERE request_id = @Id", new { Id = Guid.Parse(requestId) });
        await Eventually.TrueAsync(async () => await StateAsync(job) == "Failed", () => "The job has not failed.");
        return (requestId, job);
    }

    private async Task<string?> StateAsync(string job)
    {
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        return await connection.QuerySingleOrDefaultAsync<string>("SELECT statename FROM hangfire.job WHERE id = @Id", new { Id = long.Parse(job, null) });
    }

    /// <summary>Posts what the page's own button would, with the proof that the page itself carries, so that only the role can refuse it.</summary>
    private static Task<int> PostAsync(IPage page, string path, string job, bool withProof = true) => page.EvaluateAsync<int>(
        """
        async ([path, job, withProof]) => {
            const meta = name => document.querySelector(`meta[name="${name}"]`).content;
            const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
            if (withProof) headers[meta('csrf-header')] = meta('csrf-token');
            return (await fetch(path, { method: 'POST', headers, body: 'jobs[]=' + job })).status;
        }
        """, new object[] { path, job, withProof });
}
