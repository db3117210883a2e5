using System.Text.RegularExpressions;
using MetaAdsJobs.Tests.Api.Dashboard;
using MetaAdsJobs.Tests.Publishers;
using MetaAdsJobs.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace MetaAdsJobs.Tests.Api.Console;

/// <summary>The console's pages about publishers: one is made, gets a template, is looked through, and what it sent is taken.</summary>
[TestFixture]
public sealed class PublisherPagesTests() : BrowserTests(shared: () => SharedServices.ForPages)
{
    [Test]
    public async Task A_manager_makes_one_sees_its_secret_once_tries_a_template_saves_it_and_takes_what_was_refused()
    {
        var account = await _api.AddAccountAsync(one => one["name"] = "Our shop");
        var page = await _chromium.SignInAsync(_service, "manager", "/console/publishers");
        await page.GetByRole(AriaRole.Link, new() { Name = "Add a publisher" }).ClickAsync();
        await page.Locator("#f-name").FillAsync("Not a name");
        await page.Locator("#f-runs_per_day").FillAsync("5");
        await SaveAsync(page);
        await Expect(page.Locator("#f-name")).ToHaveAccessibleDescriptionAsync(new Regex("small letters, digits and hyphens"));
        await page.Locator("#f-name").FillAsync("studio");
        await SaveAsync(page);
        var secret = await page.Locator("#secret").InnerTextAsync();
        Assert.That(secret, Does.StartWith("whsec_"));
        await page.GetByRole(AriaRole.Link, new() { Name = "To the publisher" }).ClickAsync();
        Assert.That(await page.ContentAsync(), Does.Not.Contain(secret[6..]).And.Contain("0 of 5"));
        var publisher = page.Url;

        // A message comes before there is a template.
        var (message, now) = (ClipMessage.Of("a", more: new() { ["title"] = "Clip <b>a</b>" }), TimeProvider.System.GetUtcNow());
        using (var request = new HttpRequestMessage(HttpMethod.Post, "/meta/events/clip-published?publisher=studio") { Content = new ByteArrayContent(message.Bytes) { Headers = { ContentType = new("application/json") } } })
        {
            var signed = message.Sign(secret, now);
            foreach (var (name, value) in (ReadOnlySpan<(string, string?)>)[("webhook-id", signed.Id), ("webhook-timestamp", signed.Timestamp), ("webhook-signature", signed.Signatures)]) request.Headers.TryAddWithoutValidation(name, value);
            using var stranger = _service.Client(role: null);
            using var answer = await stranger.Http.SendAsync(request);
            Assert.That((int)answer.StatusCode, Is.EqualTo(202));
        }

        await page.Locator("form[action$='/templates'] select").SelectOptionAsync(account);
        await page.GetByRole(AriaRole.Button, new() { Name = "Add a template" }).ClickAsync();
        await page.Locator("#f-daily_cap_cents").FillAsync("50");
        await page.GetByRole(AriaRole.Button, new() { Name = "Show what it becomes" }).ClickAsync();
        await Expect(page.Locator("#preview")).ToContainTextAsync("\"creative_title\": \"A sample clip\"");
        await Expect(page.Locator("#f-daily_cap_cents")).ToHaveValueAsync("50");
        var right = await page.Locator("#f-request").InputValueAsync();
        await page.Locator("#f-request").FillAsync(right.Replace("OUTCOME_TRAFFIC", "MONEY", StringComparison.Ordinal).Replace("{clip.url}", "{url}", StringComparison.Ordinal));
        await SaveAsync(page);
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("request.campaign_objective");
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("{url} is no placeholder");
        await page.Locator("#f-request").FillAsync("{");
        await SaveAsync(page);
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("must be JSON");
        await page.Locator("#f-request").FillAsync(right);
        await SaveAsync(page);
        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("The template is saved: the next clip is made by it.");
        await Expect(page.Locator("table.templates tbody tr")).ToContainTextAsync(["Our shop"]);

        await page.GotoAsync($"{publisher}?lang=es&state=refused");
        var row = page.Locator("table.events tbody tr");
        await Expect(row).ToContainTextAsync(["Clip <b>a</b>"]);
        await row.GetByRole(AriaRole.Button, new() { Name = "Tomarlo" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("Se ha tomado.");
        await page.GotoAsync($"{publisher}?lang=en");
        await Expect(row).ToContainTextAsync(["manager@tests"]);
        await row.GetByRole(AriaRole.Link, new() { Name = "Clip <b>a</b>" }).ClickAsync();
        await Expect(page.Locator("pre")).ToContainTextAsync("\"title\": \"Clip <b>a</b>\"");
        await page.FitsAsync("/console/publishers", publisher, $"{publisher}/templates/{account}", page.Url);
        await page.GetByRole(AriaRole.Link, new() { Name = "the run" }).ClickAsync();
        await Expect(page.Locator("h1")).ToContainTextAsync("Clip <b>a</b>");
    }

    [Test]
    public async Task A_viewer_sees_none_of_it()
    {
        using var viewer = _service.Client("viewer");
        Assert.That(await viewer.Http.GetStringAsync("/console"), Does.Not.Contain("/console/publishers"));
        using var refused = await viewer.Http.GetAsync("/console/publishers");
        Assert.That((int)refused.StatusCode, Is.EqualTo(403));
    }

    private static Task SaveAsync(IPage page) => page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
}
