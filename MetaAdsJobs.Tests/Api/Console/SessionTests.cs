using MetaAdsJobs.Launch.Tokens;
using MetaAdsJobs.Tests.Api.Dashboard;
using MetaAdsJobs.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace MetaAdsJobs.Tests.Api.Console;

/// <summary>Who may be in the console, and for how long.</summary>
[TestFixture]
public sealed class SessionTests() : BrowserTests(shared: () => SharedServices.ForPages)
{
    [Test]
    public async Task A_page_that_is_watched_ends_with_its_session_and_comes_back_after_signing_in()
    {
        var page = await _chromium.VisitAsync(_service);
        await page.GotoAsync("/console?status=failed");
        // Long enough to be seen before it is over, on a busy machine too.
        await page.EnterTokenAsync(AccessTokens.Mint(Service.SigningKey, "viewer", TimeSpan.FromSeconds(15), "viewer@tests", TimeProvider.System));
        await Expect(page.Locator("html")).ToHaveAttributeAsync("data-following", "yes");

        await Expect(page.GetByLabel("Token")).ToBeVisibleAsync();
        await page.EnterTokenAsync(Service.Token("viewer"));

        await Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex(@"/console\?status=failed$"));
    }

    [Test]
    public async Task The_session_holds_no_token_and_scripts_cannot_read_it()
    {
        var page = await _chromium.VisitAsync(_service);
        await page.GotoAsync("/console");
        var token = Service.Token("admin");
        await page.EnterTokenAsync(token);
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Runs" })).ToBeVisibleAsync();

        var cookies = await page.Context.CookiesAsync();
        Assert.That(cookies.Select(cookie => cookie.Name), Is.SubsetOf((string[])[Pages.SessionCookie, "metaadsjobs_antiforgery", "metaadsjobs_language"]));
        Assert.That(cookies.All(cookie => cookie.HttpOnly && cookie.SameSite == (cookie.Name == Pages.SessionCookie ? SameSiteAttribute.Lax : SameSiteAttribute.Strict) && !cookie.Value.Contains(token.Split('.')[2], StringComparison.Ordinal)), Is.True);
        Assert.That(await page.EvaluateAsync<string>("document.cookie"), Is.Empty);
        Assert.That(await page.ContentAsync(), Does.Not.Contain(token.Split('.')[2]));
    }

    [Test]
    public async Task A_stranger_is_led_to_the_sign_in_and_gets_no_stream()
    {
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = _service.BaseUrl };
        foreach (var path in (string[])["/console", "/console/live", "/console/new", "/console/accounts", "/console/jobs", "/console/numbers", "/console/clips"])
        {
            using var answer = await http.GetAsync(path);
            Assert.That((int)answer.StatusCode, Is.EqualTo(302).Or.EqualTo(401), path);
        }
    }
}
