using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using MetaAdsJobs.Tests.Api.Batches;
using MetaAdsJobs.Tests.Api.Dashboard;
using MetaAdsJobs.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace MetaAdsJobs.Tests.Api.Console;

/// <summary>The console's pages about batches, in a browser.</summary>
[TestFixture]
public sealed class BatchPagesTests : BrowserTests
{
    private const string Columns = "row_id,social_account_id,clip_id,campaign_name,campaign_objective,daily_budget_cents,creative_title,landing_url,optimization_goal";

    [TearDown]
    public void Forget() => _service.Graph.Faults.Clear();

    [Test]
    public async Task A_file_is_checked_sent_watched_and_its_errors_come_back_as_a_file()
    {
        _service.Graph.Faults.Always(call => call.IsCreateOf("campaigns") && call["name"]!.StartsWith("Bad", StringComparison.Ordinal), GraphFaults.Refused(100, userTitle: "Not so", userMessage: "The name is bad"));
        var request = await _api.NewRequestAsync();
        var page = await _chromium.SignInAsync(_service, "manager", "/console/batches");
        await page.GetByRole(AriaRole.Link, new() { Name = "Send a batch" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Check", Exact = true }).ClickAsync();
        await Expect(page.Locator("#f-file")).ToHaveAccessibleDescriptionAsync(new System.Text.RegularExpressions.Regex("is required"));

        // What is wrong is told by row and field, and comes back as a file.
        await ChooseAsync(page, "spring.csv", Csv(request, "Good", "-5"));
        await page.GetByRole(AriaRole.Button, new() { Name = "Check and create" }).ClickAsync();
        await Expect(page.Locator("h2")).ToHaveTextAsync("spring.csv: 1 errors, nothing was made");
        await Expect(page.Locator("tbody tr")).ToHaveCountAsync(1);
        await Expect(page.Locator("tbody tr")).ToContainTextAsync("daily_budget_cents must be a whole number");
        var errors = await DownloadAsync(page, () => page.GetByRole(AriaRole.Button, new() { Name = "Download the errors" }).ClickAsync());
        Assert.That(errors, Does.StartWith(Columns).And.Contain("daily_budget_cents: must be a whole number"));

        // Dropped, checked, and created without being chosen again.
        await DropAsync(page, "spring.csv", Csv(request, "Bad", "1000"));
        await page.GetByRole(AriaRole.Button, new() { Name = "Check", Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("2 rows would be made, 0 exist already.");
        await Expect(page.Locator("tbody tr")).ToContainTextAsync("20.00 USD");
        await page.GetByRole(AriaRole.Button, new() { Name = "Create the ads of this file" }).ClickAsync();

        await Expect(page.Locator(".notice")).ToHaveTextAsync("The batch was accepted.");
        await Expect(page.Locator("h1")).ToContainTextAsync("spring.csv completed");
        await Expect(page.Locator("p.underway")).ToContainTextAsync("1 created, 1 failed");
        await Expect(page.Locator("p.underway progress")).ToHaveJSPropertyAsync("value", 2);
        await Expect(page.Locator("tbody tr").Nth(1)).ToContainTextAsync("campaign: Not so: The name is bad");
        errors = await DownloadAsync(page, () => page.GetByRole(AriaRole.Link, new() { Name = "Download the errors" }).ClickAsync());
        Assert.That(errors, Does.StartWith(Columns).And.Contain("The name is bad").And.Not.Contain("first"));
        await page.Locator("select[name=status]").SelectOptionAsync("created");
        await page.GetByRole(AriaRole.Button, new() { Name = "Show" }).ClickAsync();
        await Expect(page.Locator("tbody tr")).ToHaveCountAsync(1);
        var batch = new Uri(page.Url).AbsolutePath;
        await page.GotoAsync("/console/batches?lang=es");
        await Expect(page.Locator("tbody tr").First).ToContainTextAsync("1 creada, 1 fallida");
        await page.FitsAsync("/console/batches", "/console/batches/new", batch, $"{batch}?lang=en");
    }

    [Test]
    public async Task A_batch_is_paused_resumed_and_cancelled_from_its_page()
    {
        _service.Graph.Latency = TimeSpan.FromSeconds(1);
        var request = await _api.NewRequestAsync();
        var batch = await _api.AcceptBatchAsync(BatchWorld.FileOf(Enumerable.Range(1, 200).Select(index => request.Row($"{index}"))));
        var page = await _chromium.SignInAsync(_service, "manager", $"/console/batches/{batch}");

        await page.GetByRole(AriaRole.Button, new() { Name = "Pause" }).ClickAsync();
        await Expect(page.Locator(".notice")).ToHaveTextAsync("The batch is paused: what is begun goes on.");
        await page.GetByRole(AriaRole.Button, new() { Name = "Resume" }).ClickAsync();
        await Expect(page.Locator(".notice")).ToHaveTextAsync("The batch goes on.");
        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
        await Expect(page.Locator(".notice")).ToHaveTextAsync("The batch is being cancelled.");
        _service.Graph.Latency = TimeSpan.Zero;

        await _api.UntilBatchEndsAsync(batch);
        await Expect(page.Locator("h1 .status")).ToHaveTextAsync("cancelled");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = "Cancel" })).ToHaveCountAsync(0);
    }

    [Test]
    public async Task A_viewer_watches_and_may_not_send()
    {
        var request = await _api.NewRequestAsync();
        var batch = await _api.AcceptBatchAsync(BatchWorld.FileOf(request.Row("1")));
        var page = await _chromium.SignInAsync(_service, "viewer", "/console/batches");
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Send a batch" })).ToHaveCountAsync(0);
        await page.GotoAsync($"/console/batches/{batch}");
        await Expect(page.Locator("form[method=post]")).ToHaveCountAsync(0);
        using var viewer = _service.Client("viewer");
        Assert.That(await viewer.PostBlindAsync("/console/batches/new"), Is.EqualTo(HttpStatusCode.Forbidden));
        Assert.That(await viewer.PostBlindAsync($"/console/batches/{batch}/cancel"), Is.EqualTo(HttpStatusCode.Forbidden));
        Assert.That((await viewer.GetAsync("/console/batches/new")).Code, Is.EqualTo(403));
    }

    private static string Csv(JsonObject request, string second, string budget)
    {
        string Row(string id, string name, string cents) => $"{id},{request["social_account_id"]},{request["clip_id"]},{name},OUTCOME_TRAFFIC,{cents},Title,https://example.com,LINK_CLICKS\n";
        return $"{Columns}\n{Row("first", "Good", "1000")}{Row("other", second, budget)}";
    }

    private static Task ChooseAsync(IPage page, string name, string text) => page.Locator("#f-file").SetInputFilesAsync(new FilePayload { Name = name, MimeType = "text/csv", Buffer = Encoding.UTF8.GetBytes(text) });

    private static async Task DropAsync(IPage page, string name, string text)
    {
        var dropped = await page.EvaluateHandleAsync("([name, text]) => { const files = new DataTransfer(); files.items.add(new File([text], name, { type: 'text/csv' })); return files; }", new[] { name, text });
        await page.Locator("[data-drops]").DispatchEventAsync("drop", new { dataTransfer = dropped });
        await Expect(page.Locator("#f-file")).ToHaveJSPropertyAsync("value", $"C:\\fakepath\\{name}");
    }

    private static async Task<string> DownloadAsync(IPage page, Func<Task> click)
    {
        var download = await page.RunAndWaitForDownloadAsync(click);
        return await File.ReadAllTextAsync(await download.PathAsync());
    }
}
