using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Dapper;
using MetaAdsJobs.Tests.Api.Auth;
using MetaAdsJobs.Tests.Api.Dashboard;
using MetaAdsJobs.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace MetaAdsJobs.Tests.Api.People;

/// <summary>People at a browser: by an issuer, by a link, and how that ends.</summary>
[TestFixture]
public sealed class SignInByIssuerTests
{
    private OidcIssuer _issuer = null!;
    private Service _service = null!;
    private Chromium _chromium = null!;
    private ApiClient _admin = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _issuer = await OidcIssuer.StartAsync();
        _service = await Service.StartAsync(workers: 0, database: null, ("SIGN_IN_AUTHORITY", _issuer.Url), ("SIGN_IN_CLIENT_ID", OidcIssuer.ClientId));
        _chromium = await Chromium.StartAsync();
        _admin = _service.Client();
    }

    [TearDown]
    public Task LeaveAsync() => _chromium.LeaveAsync();

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _admin.Dispose();
        await _chromium.DisposeAsync();
        await _service.DisposeAsync();
        await _issuer.DisposeAsync();
    }

    [Test]
    public async Task A_user_signs_in_by_the_issuer_and_lands_where_a_link_led()
    {
        var (mine, other) = (await _admin.AddAccountAsync(account => account["name"] = "Mine"), await _admin.AddAccountAsync(account => account["name"] = "Another's"));
        var user = await _admin.AddUserAsync(Persons.UserBody("manager", $"+{mine}"));
        _issuer.SignsIn((string)user["mail"]!);
        var page = await _chromium.VisitAsync(_service);

        await page.GotoAsync($"/console/accounts/{mine}?since=2026-01-01");
        await page.GetByRole(AriaRole.Link, new() { Name = "Sign in with your organisation" }).ClickAsync();

        await Expect(page).ToHaveURLAsync(new Regex($"/console/accounts/{mine}\\?since=2026-01-01$"));
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Mine" })).ToBeVisibleAsync();
        Assert.That((await page.GotoAsync($"/console/accounts/{other}"))!.Status, Is.EqualTo(404));
        await page.GotoAsync("/console/accounts");
        Assert.That(await page.ContentAsync(), Does.Contain("Mine").And.Not.Contain("Another's").And.Not.Contain("/hangfire"));
        Assert.That(_issuer.LastChallengeMethod, Is.EqualTo("S256"), "PKCE");
    }

    [Test]
    public async Task Who_is_no_user_or_has_no_verified_mail_does_not_come_in()
    {
        var page = await _chromium.VisitAsync(_service);
        _issuer.SignsIn("stranger@example.com");
        await page.GotoAsync("/signin/openid");
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("no user here");

        var user = await _admin.AddUserAsync(Persons.UserBody("admin"));
        _issuer.SignsIn((string)user["mail"]!, isVerified: false);
        await page.GotoAsync("/signin/openid");
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("no verified mail");
        Assert.That(await page.SessionAsync(), Is.Null);
    }

    [TestCase("/signin/callback", 405)]
    [TestCase("/signout-oidc", 404)]
    [TestCase("/signout-callback-oidc", 404)]
    public async Task No_form_of_a_stranger_is_read_where_the_issuers_answer_comes(string path, int code)
    {
        using var stranger = _service.Client(role: null);
        using var form = new StringContent($"state={new string('x', 100_000)}", MediaTypeHeaderValue.Parse("application/x-www-form-urlencoded"));
        using var answer = await stranger.Http.PostAsync(path, form);
        Assert.That((int)answer.StatusCode, Is.EqualTo(code));
        Assert.That(answer.Content.Headers.ContentType?.MediaType, Is.EqualTo("application/problem+json"));
        Assert.That(answer.Content.Headers.Allow, Is.EqualTo(code == 405 ? ["GET"] : Array.Empty<string>()));
    }

    [Test]
    public async Task A_session_that_is_ended_elsewhere_is_out_at_its_next_click_and_so_is_a_changed_user()
    {
        var user = await _admin.AddUserAsync(Persons.UserBody("viewer"));
        var (one, two) = (await LinkedAsync(user), await LinkedAsync(user));
        // A page that is followed would see by itself that it is over, and go to the sign-in in the middle of a click.
        await two.GotoAsync("/console/me");
        await one.GotoAsync("/console/me");
        Assert.That(await one.Locator("tbody tr").CountAsync(), Is.EqualTo(2));

        await one.GetByRole(AriaRole.Button, new() { Name = "End" }).ClickAsync();
        await Expect(one.GetByText("The session is over.")).ToBeVisibleAsync();
        await two.GotoAsync("/console/campaigns");
        await Expect(two.GetByLabel("Token")).ToBeVisibleAsync();

        await _admin.PatchAsync($"/meta/users/{user["id"]}", new JsonObject { ["role"] = "manager" });
        await one.GotoAsync("/console/campaigns");
        await Expect(one.GetByLabel("Token")).ToBeVisibleAsync();
    }

    /// <summary>It looks by itself every ten seconds: nobody has to click.</summary>
    [Test]
    public async Task A_page_that_is_followed_leads_to_the_sign_in_when_its_session_was_ended_elsewhere()
    {
        var user = await _admin.AddUserAsync(Persons.UserBody("viewer"));
        var (one, two) = (await LinkedAsync(user), await LinkedAsync(user));
        // At first everything counts as moved, and the page reads itself anew; from then on nothing moves.
        var anew = two.WaitForResponseAsync(answer => answer.Url.EndsWith("/console", StringComparison.Ordinal) && answer.Request.ResourceType == "fetch");
        await two.GotoAsync("/console");
        await anew;
        await two.WaitForTimeoutAsync(3000);
        await one.GotoAsync("/console/me");
        await one.GetByRole(AriaRole.Button, new() { Name = "End" }).ClickAsync();
        await Expect(one.GetByText("The session is over.")).ToBeVisibleAsync();

        await Expect(two.GetByLabel("Token")).ToBeVisibleAsync();
        Assert.That(await two.ContentAsync(), Does.Not.Contain("/console/runs/"));
    }

    [Test]
    public async Task A_link_opens_the_console_once_and_only_looking_at_it_uses_nothing()
    {
        var user = await _admin.AddUserAsync(Persons.UserBody("viewer"));
        var url = (string)(await _admin.PostAsync($"/meta/users/{user["id"]}/link")).Json["url"]!;
        using (var scanner = _service.Client(role: null)) Assert.That((await scanner.GetAsync(url)).Code, Is.EqualTo(200));
        var page = await _chromium.VisitAsync(_service);
        await page.GotoAsync(url);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("/console$"));

        var second = await _chromium.VisitAsync(_service);
        await second.GotoAsync(url);
        await second.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(second.GetByRole(AriaRole.Alert)).ToContainTextAsync("has been used");
        Assert.That(await second.SessionAsync(), Is.Null);
    }

    [Test]
    public async Task An_hour_later_what_spends_asks_who_it_is_and_what_stops_does_not()
    {
        var account = await _admin.AddAccountAsync();
        var user = await _admin.AddUserAsync(Persons.UserBody("manager", $"+{account}"));
        var page = await LinkedAsync(user);
        await page.GotoAsync("/console/new");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).Not.ToHaveTextAsync("Sign in");
        await using (var connection = await _service.Database.DataSource.OpenConnectionAsync())
            await connection.ExecuteAsync("UPDATE sessions SET confirmed_at = confirmed_at - interval '61 minutes' WHERE user_id = @id", new { id = Guid.Parse((string)user["id"]!) });

        await page.GotoAsync($"/console/accounts/{account}/stop");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).Not.ToHaveTextAsync("Sign in");
        await page.GotoAsync("/console/new");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("Sign in");
        _issuer.SignsIn((string)user["mail"]!, signedInAt: TimeProvider.System.GetUtcNow());
        await page.GetByRole(AriaRole.Link, new() { Name = "Sign in with your organisation" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("/console/new$"));
    }

    private async Task<IPage> LinkedAsync(JsonNode user)
    {
        var page = await _chromium.VisitAsync(_service);
        await page.GotoAsync((string)(await _admin.PostAsync($"/meta/users/{user["id"]}/link")).Json["url"]!);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Expect(page).ToHaveURLAsync(new Regex("/console$"));
        return page;
    }
}
