using MetaAdsJobs.Tests.Api.Dashboard;
using MetaAdsJobs.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace MetaAdsJobs.Tests.Api.Console;

/// <summary>The console's pages about webhooks, with a worker that sends and a receiver that takes or does not.</summary>
[TestFixture]
public sealed class WebhookPagesTests() : BrowserTests(own: () => Service.StartAsync(workers: 1, database: null, ("EVENTS_ALLOW_PRIVATE_HOSTS", "true"), ("EVENTS_ALLOW_HTTP", "true")))
{
    [Test]
    public async Task A_manager_makes_one_sees_its_secret_once_tries_it_and_sends_again()
    {
        await using var receiver = await Receiver.StartAsync();
        var page = await _chromium.SignInAsync(_service, "manager", "/console/webhooks");
        await page.GetByRole(AriaRole.Link, new() { Name = "Add a webhook" }).ClickAsync();
        await page.Locator("#f-url").FillAsync("ftp://receiver.example/hook");
        await page.GetByLabel("orchestration.failed").CheckAsync();
        await SaveAsync(page);
        await Expect(page.Locator("#f-url")).ToHaveAccessibleDescriptionAsync(new System.Text.RegularExpressions.Regex("must be an absolute http or https URL"));
        await Expect(page.GetByLabel("orchestration.failed")).ToBeCheckedAsync();

        await page.Locator("#f-url").FillAsync(receiver.Url);
        await SaveAsync(page);
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "The secret" })).ToBeVisibleAsync();
        var secret = await page.Locator("#secret").InnerTextAsync();
        Assert.That(secret, Does.StartWith("whsec_"));

        await page.GetByRole(AriaRole.Link, new() { Name = "To the webhook" }).ClickAsync();
        Assert.That(await page.ContentAsync(), Does.Not.Contain(secret[6..]));
        await page.GetByRole(AriaRole.Button, new() { Name = "Send a test" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("A test is on its way.");
        var row = page.Locator("tbody tr").Filter(new() { HasText = "webhook.test" });
        await Eventually.TrueAsync(async () =>
        {
            await page.ReloadAsync();
            return (await row.InnerTextAsync()).Contains("delivered", StringComparison.Ordinal);
        }, () => "the test was not delivered");
        Assert.That(receiver.Taken, Has.Count.EqualTo(1));

        await row.GetByRole(AriaRole.Link, new() { Name = "webhook.test" }).ClickAsync();
        await Expect(page.Locator("pre")).ToContainTextAsync("manager@tests");
        await Expect(page.Locator("tbody tr")).ToContainTextAsync("HTTP 204");
        var delivery = new Uri(page.Url).AbsolutePath;
        await page.FitsAsync("/console/webhooks", delivery[..delivery.IndexOf("/deliveries/", StringComparison.Ordinal)], delivery);
        await page.GetByRole(AriaRole.Link, new() { Name = "To the webhook" }).ClickAsync();
        await row.GetByRole(AriaRole.Button, new() { Name = "Send again" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status)).ToHaveTextAsync("It is sent again.");
        await Eventually.TrueAsync(() => Task.FromResult(receiver.Taken.Count == 2), () => "it was not sent again");
        Assert.That(receiver.Taken.Select(message => message.Id).Distinct().Count(), Is.EqualTo(1));
    }

    [Test]
    public async Task One_that_its_receiver_ended_shows_a_notice_and_is_switched_on_in_Spanish()
    {
        await using var receiver = await Receiver.StartAsync();
        receiver.Answer = Receiver.With(410);
        var created = await _api.PostAsync("/meta/webhooks", new System.Text.Json.Nodes.JsonObject { ["url"] = $"{receiver.Url}/gone" });
        var id = (string)created.Json["id"]!;
        await _api.PostAsync($"/meta/webhooks/{id}/test");
        await Eventually.TrueAsync(async () => (bool?)(await _api.GetAsync($"/meta/webhooks/{id}")).Json["enabled"] == false, () => "it was not switched off");

        var page = await _chromium.SignInAsync(_service, "manager", $"/console/webhooks/{id}");
        await page.GotoAsync($"/console/webhooks/{id}?lang=es");
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Desactivado.");
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("410");
        await Expect(page.Locator("tbody tr").First).ToContainTextAsync("retenido");
        await page.GetByRole(AriaRole.Button, new() { Name = "Activar", Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("El webhook está activo");
        await page.GotoAsync($"/console/webhooks/{id}?lang=en");
        await page.Locator("#f-from").FillAsync("2020-01-02T00:00");
        await page.Locator("#f-to").FillAsync("2020-01-01T00:00");
        await page.Locator("form.filter").Last.GetByRole(AriaRole.Button).ClickAsync();
        await Expect(page.Locator("#f-from")).ToHaveAccessibleDescriptionAsync(new System.Text.RegularExpressions.Regex("must be before to"));
    }

    [Test]
    public async Task A_viewer_sees_none_of_it()
    {
        using var viewer = _service.Client("viewer");
        Assert.That(await viewer.Http.GetStringAsync("/console"), Does.Not.Contain("/console/webhooks"));
        using var refused = await viewer.Http.GetAsync("/console/webhooks");
        Assert.That((int)refused.StatusCode, Is.EqualTo(403));
    }

    private static Task SaveAsync(IPage page) => page.GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
}
