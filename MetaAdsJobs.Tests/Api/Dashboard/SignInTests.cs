using System.Net;
using MetaAdsJobs.Launch.Tokens;
using MetaAdsJobs.Tests.Support;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace MetaAdsJobs.Tests.Api.Dashboard;

[TestFixture]
public sealed class SignInTests() : BrowserTests(shared: () => SharedServices.ForPages)
{
    [Test]
    public async Task A_stranger_who_opens_the_dashboard_is_asked_to_sign_in()
    {
        var page = await _chromium.VisitAsync(_service);

        await page.GotoAsync("/hangfire/jobs/succeeded");

        Assert.That(new Uri(page.Url).AbsolutePath, Is.EqualTo("/signin"));
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Sign in" })).ToBeVisibleAsync();
        await Expect(page.GetByLabel("Token")).ToBeFocusedAsync();
        Assert.That(await page.SessionAsync(), Is.Null);
    }

    [TestCaseSource(nameof(WrongTokens))]
    public async Task A_wrong_token_is_told_so_and_gives_no_session(string token)
    {
        var page = await _chromium.VisitAsync(_service);
        await page.GotoAsync("/hangfire");

        await page.EnterTokenAsync(token);

        await Expect(page.GetByRole(AriaRole.Alert)).ToHaveTextAsync("This token is not valid, or no longer.");
        await Expect(page.GetByLabel("Token")).ToHaveValueAsync("");
        Assert.That(await page.SessionAsync(), Is.Null);
        await page.GotoAsync("/hangfire");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Sign in" })).ToBeVisibleAsync();
    }

    [TestCase("admin")]
    [TestCase("manager")]
    public async Task Admins_and_managers_come_to_the_page_they_wanted(string role)
    {
        var page = await _chromium.VisitAsync(_service);
        await page.GotoAsync("/hangfire/jobs/succeeded");

        await page.EnterTokenAsync($"  {Service.Token(role)}\n");

        await Expect(page).ToHaveURLAsync(new Uri(_service.BaseUrl, "/hangfire/jobs/succeeded").ToString());
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Succeeded Jobs" })).ToBeVisibleAsync();
    }

    [Test]
    public async Task The_cookie_is_hidden_from_scripts_and_other_sites_and_holds_no_token()
    {
        var token = Service.Token("manager", "ann@example.com");
        var page = await _chromium.VisitAsync(_service);
        await page.GotoAsync("/hangfire");
        await page.EnterTokenAsync(token);

        var cookie = await page.SessionAsync();

        Assert.That(cookie, Is.Not.Null);
        Assert.That((cookie!.HttpOnly, cookie.SameSite, cookie.Expires), Is.EqualTo((true, SameSiteAttribute.Lax, -1f)), "HttpOnly, lax, ends with the browser");
        Assert.That(await page.EvaluateAsync<string>("document.cookie"), Is.Empty);
        var ticket = await OpenAsync(cookie.Value);
        Assert.That(ticket.Principal.Claims.Select(claim => (claim.Type, claim.Value)).ToList(), Has.Count.EqualTo(1).And.All.Matches<(string Type, string Value)>(claim => claim.Type == "sid" && Guid.TryParse(claim.Value, out _)), "who it is stands in our tables");
        Assert.That(ticket.Properties.Items.Values.Where(value => token.Contains(value!, StringComparison.Ordinal)), Is.Empty);
        Assert.That(ticket.Properties.ExpiresUtc?.UtcDateTime, Is.EqualTo(new JsonWebToken(token).ValidTo), "the session ends when the token does");
    }

    [TestCase("https://elsewhere.example/")]
    [TestCase("//elsewhere.example/")]
    [TestCase("/\\elsewhere.example/")]
    [TestCase("\\\\elsewhere.example/")]
    [TestCase("/\t/elsewhere.example/")]
    [TestCase("\t//elsewhere.example/")]
    [TestCase("http:elsewhere.example")]
    [TestCase("javascript:alert(1)")]
    [TestCase("elsewhere.example")]
    [TestCase("\"><script>document.title='taken'</script>")]
    public async Task A_link_to_the_sign_in_page_cannot_lead_to_another_site(string returnUrl)
    {
        var page = await _chromium.VisitAsync(_service);
        await page.GotoAsync($"/signin?returnUrl={Uri.EscapeDataString(returnUrl)}");

        await page.EnterTokenAsync(Service.Token("admin"));

        await Expect(page).ToHaveURLAsync(new Uri(_service.BaseUrl, "/console").ToString());
    }

    [Test]
    public async Task A_viewer_signs_in_but_is_refused_the_dashboard()
    {
        var page = await _chromium.VisitAsync(_service);
        await page.GotoAsync("/hangfire");

        await page.EnterTokenAsync(Service.Token("viewer"));

        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Not allowed" })).ToBeVisibleAsync();
        foreach (var path in (string[])["/hangfire", "/hangfire/jobs/failed", "/hangfire/recurring", "/hangfire/servers"])
        {
            var answer = await page.GotoAsync(path);
            Assert.That(answer!.Status, Is.EqualTo(403), path);
        }

        await page.GetByRole(AriaRole.Link, new() { Name = "Sign in with another token" }).ClickAsync();
        await page.EnterTokenAsync(Service.Token("manager"));
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "Jobs", Exact = false }).First).ToBeVisibleAsync();
    }

    [Test]
    public async Task Signing_out_ends_the_session()
    {
        var page = await _chromium.SignInAsync(_service, "manager");

        await page.GetByRole(AriaRole.Link, new() { Name = "Sign out" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Sign in" })).ToBeVisibleAsync();
        Assert.That(await page.SessionAsync(), Is.Null);
        await page.GotoAsync("/hangfire");
        Assert.That(new Uri(page.Url).AbsolutePath, Is.EqualTo("/signin"));
    }

    [TestCase("/signin")]
    [TestCase("/signout")]
    public async Task Another_site_can_neither_sign_a_person_in_nor_out(string path)
    {
        using var client = _service.Client(role: null);
        using var form = new FormUrlEncodedContent([new("token", Service.Token("admin")), new("returnUrl", "/hangfire")]);

        using var answer = await client.Http.PostAsync(path, form);

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
        Assert.That(answer.Headers.TryGetValues("Set-Cookie", out var cookies) ? cookies : [], Has.None.Contain(Pages.SessionCookie));
    }

    [Test]
    public async Task The_sign_in_page_runs_no_script_is_framed_nowhere_and_kept_by_no_cache()
    {
        using var client = _service.Client(role: null);

        using var answer = await client.Http.GetAsync("/signin");

        var policy = string.Join(' ', answer.Headers.GetValues("Content-Security-Policy"));
        Assert.That(policy, Does.Contain("default-src 'none'").And.Contain("frame-ancestors 'none'").And.Not.Contain("script-src"));
        Assert.That(answer.Headers.CacheControl!.NoStore, Is.True);
    }

    private static IEnumerable<TestCaseData> WrongTokens()
    {
        yield return new TestCaseData("nonsense").SetArgDisplayNames("nonsense");
        yield return new TestCaseData(Service.Token("admin", key: "another key that is long enough for HS256")).SetArgDisplayNames("of another key");
        var yesterday = new FakeTimeProvider(TimeProvider.System.GetUtcNow().AddDays(-1));
        yield return new TestCaseData(AccessTokens.Mint(Service.SigningKey, "admin", TimeSpan.FromHours(1), "ann", yesterday)).SetArgDisplayNames("of yesterday");
        var unsigned = new JsonWebTokenHandler().CreateToken("""{"iss":"metaadsjobs","aud":"metaadsjobs","sub":"ann","role":"admin","exp":4102444800}""");
        yield return new TestCaseData(unsigned).SetArgDisplayNames("without a signature");
    }

    /// <summary>Opens the cookie as the service does: with the key ring in its database.</summary>
    private async Task<AuthenticationTicket> OpenAsync(string cookie)
    {
        await using var services = OtherProcess.Start(_service.Database.ConnectionString);
        var protector = services.GetRequiredService<IDataProtectionProvider>()
            .CreateProtector("Microsoft.AspNetCore.Authentication.Cookies.CookieAuthenticationMiddleware", "Cookies", "v2");
        var ticket = new TicketDataFormat(protector).Unprotect(cookie);
        Assert.That(ticket, Is.Not.Null, "the cookie cannot be opened");
        return ticket!;
    }
}
