using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Dapper;
using MetaAdsJobs.Tests.Api.Auth;
using MetaAdsJobs.Tests.Api.People.Walks;
using MetaAdsJobs.Tests.Support;
using Microsoft.AspNetCore.Routing;

namespace MetaAdsJobs.Tests.Api.People;

/// <summary>Who it is, asked once more: of a session that is old, and of an issuer that tells when it was shown, what is verified and who may no longer.</summary>
[TestFixture]
public sealed partial class SecondLookTests
{
    /// <summary>What pauses, stops, takes away or gives up, and what only reads or remembers: everything else that a form does asks again.</summary>
    private static readonly string[] Harmless =
    [
        "/console/accounts/all/stop", "/console/accounts/{id}/stop", "/console/accounts/{id}", "/console/alerts/{id}/acknowledge", "/console/approvals/{id}/reject", "/console/batches/{batchid}/cancel", "/console/batches/{batchid}/pause",
        "/console/budgets/{id}/proposals/{proposalid}/decline", "/console/budgets/{id}/remove", "/console/campaigns/bulk/pause", "/console/campaigns/edits/{editid}/cancel", "/console/campaigns/{campaignid}/pause/{metaid}", "/console/clips/file",
        "/console/clips/new", "/console/due", "/console/experiments/{id}/stop", "/console/me/keys/{key}/revoke", "/console/me/sessions/{session}/end", "/console/people/{id}/disable", "/console/people/groups/{id}/remove", "/console/people/{id}/keys/{key}/revoke", "/console/people/{id}/sessions/{session}/end",
        "/console/publishers/{id}/off", "/console/publishers/{id}/remove", "/console/publishers/{id}/templates/{account}/remove", "/console/runs/bulk/cancel", "/console/runs/{requestid}/cancel", "/console/webhooks/{id}/off", "/console/webhooks/{id}/remove",
    ];

    private static readonly string[] Spending =
    [
        "/console/new", "/console/batches/new", "/console/accounts/new", "/console/accounts/{id}/edit", "/console/accounts/{id}/start", "/console/accounts/all/start", "/console/campaigns/{campaignid}/{order}/{metaid}", "/console/campaigns/bulk/publish", "/console/budgets/new",
        "/console/budgets/{id}/edit", "/console/people/new", "/console/people/{id}/edit", "/console/people/groups/new", "/console/people/groups/{id}", "/console/publishers/new", "/console/publishers/{id}/edit", "/console/publishers/{id}/templates/{account}", "/console/webhooks/new", "/console/webhooks/{id}/edit",
        "/console/alerts/rules/new", "/console/alerts/rules/{id}/edit",
    ];

    private OidcIssuer _issuer = null!;
    private Service _service = null!;
    private Service _telling = null!;
    private ApiClient _admin = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _issuer = await OidcIssuer.StartAsync();
        _service = await Service.StartAsync(workers: 0, database: null, ("SIGN_IN_AUTHORITY", _issuer.Url), ("SIGN_IN_CLIENT_ID", OidcIssuer.ClientId));
        // Where the issuer tells roles, and is trusted with mails that it says nothing of.
        _telling = await Service.StartAsync(workers: 0, database: null, ("SIGN_IN_AUTHORITY", _issuer.Url), ("SIGN_IN_CLIENT_ID", OidcIssuer.ClientId), ("SIGN_IN_ROLE_CLAIM", "role"), ("SIGN_IN_MAIL_TRUSTED", "true"));
        _admin = _service.Client();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _admin.Dispose();
        await _telling.DisposeAsync();
        await _service.DisposeAsync();
        await _issuer.DisposeAsync();
    }

    [Test]
    public async Task Hours_later_every_form_asks_who_it_is_but_those_that_spend_nothing()
    {
        var (app, routes) = RouteTable.Read(_service.Database.ConnectionString);
        await using var _ = app;
        var posts = routes.Where(route => route.Method == "POST" && route.Endpoint.RoutePattern.RawText!.StartsWith("/console", StringComparison.Ordinal)).Select(route => Plain(route.Endpoint)).Distinct().Order().ToList();
        posts.Add("/console/campaigns/{campaignid}/pause/{metaid}");
        Assert.That(posts, Has.Count.GreaterThan(55), "the walk finds too few");
        Assert.That(Harmless.Except(posts), Is.Empty, "no form any more");
        var body = Persons.UserBody("admin");
        (body["all_accounts"], body["accounts"]) = (true, new JsonArray());
        var user = (string)(await _admin.AddUserAsync(body))["id"]!;
        using var person = await Visitor.ByLinkAsync(_service, await LinkAsync(user));
        await AgeAsync(user, "3 hours");

        var asked = new List<string>();
        foreach (var post in posts)
        {
            var answer = await person.PostBlindAsync(Value().Replace(post, match => match.Groups[1].Value == "order" ? "publish" : $"{Guid.NewGuid()}"));
            if (answer.Location.Contains("/signin?confirm", StringComparison.Ordinal)) asked.Add(post);
        }

        Assert.That(posts.Except(asked), Is.EquivalentTo(Harmless));
    }

    [Test]
    public async Task An_hour_later_pages_and_buttons_that_make_something_spend_ask_and_what_was_typed_is_not_lost_yet()
    {
        var (app, routes) = RouteTable.Read(_service.Database.ConnectionString);
        await using var _ = app;
        var pages = routes.Where(route => route.Method == "GET" && route.Endpoint.RoutePattern.RawText!.StartsWith("/console", StringComparison.Ordinal)).Select(route => Plain(route.Endpoint)).Distinct().Order().ToList();
        pages.Add("/console/campaigns/{campaignid}/pause/{metaid}");
        Assert.That(pages, Has.Count.GreaterThan(30), "the walk finds too few");
        var body = Persons.UserBody("admin");
        (body["all_accounts"], body["accounts"]) = (true, new JsonArray());
        var user = (string)(await _admin.AddUserAsync(body))["id"]!;
        using var person = await Visitor.ByLinkAsync(_service, await LinkAsync(user));
        await AgeAsync(user, "90 minutes");

        var asked = new List<string>();
        foreach (var page in pages)
        {
            // Some go on as long as somebody looks.
            using var answer = await person.Http.GetAsync(Value().Replace(page, match => match.Groups[1].Value == "order" ? "publish" : $"{Guid.NewGuid()}"), HttpCompletionOption.ResponseHeadersRead);
            if (answer.Headers.Location?.ToString().Contains("/signin?confirm", StringComparison.Ordinal) == true) asked.Add(page);
        }

        Assert.That(asked, Is.EquivalentTo(Spending));
        var posts = routes.Where(route => route.Method == "POST" && route.Endpoint.RoutePattern.RawText!.StartsWith("/console", StringComparison.Ordinal)).Select(route => Plain(route.Endpoint)).Distinct().ToList();
        foreach (var post in posts)
        {
            var sent = await person.PostBlindAsync(Value().Replace(post, match => match.Groups[1].Value == "order" ? "publish" : $"{Guid.NewGuid()}"));
            Assert.That(sent.Location.Contains("/signin?confirm", StringComparison.Ordinal), Is.EqualTo(!Harmless.Contains(post) && !Spending.Contains(post)), post);
        }

        // Then back to the page with the button, and to no other site's.
        foreach (var (from, back) in ((string, string)[])[("/console/runs?status=failed&search=a%20b", "/console/runs?status=failed&search=a%20b"), ("//elsewhere.example/console/runs", "/console/runs"), ("//elsewhere.example/a", "/console"), ("/console@elsewhere.example", "/console")])
        {
            person.Http.DefaultRequestHeaders.Referrer = new Uri(new Uri(_service.BaseUrl, "/"), from);
            Assert.That((await person.PostBlindAsync($"/console/runs/{Guid.NewGuid()}/retry")).Location, Is.EqualTo($"/signin?confirm=true&returnUrl={Uri.EscapeDataString(back)}"));
        }
    }

    [Test]
    public async Task An_issuer_that_saw_somebody_long_ago_or_does_not_say_when_is_no_second_look()
    {
        var now = TimeProvider.System.GetUtcNow();
        foreach (var (at, isAsked) in ((DateTimeOffset?, bool)[])[(now.AddMinutes(-5), false), (now.AddHours(-3), true), (null, true), (now.AddHours(3), false)])
        {
            var user = await _admin.AddUserAsync(Persons.UserBody("manager", $"+{await _admin.AddAccountAsync()}"));
            _issuer.SignsIn((string)user["mail"]!, signedInAt: at);
            using var browser = await BrowseAsync(_service, "/signin/openid");
            Assert.That(_issuer.LastMaxAge, Is.Null);
            using var page = await browser.GetAsync("/console/new");
            Assert.That(page.RequestMessage!.RequestUri!.PathAndQuery.StartsWith("/signin?confirm", StringComparison.Ordinal), Is.EqualTo(isAsked), $"{at}");
            Assert.That(await ConfirmedAsync((string)user["id"]!), Is.LessThanOrEqualTo(TimeProvider.System.GetUtcNow()));
        }
    }

    [Test]
    public async Task Where_a_second_look_is_wanted_the_issuer_is_asked_for_one_and_has_to_say_when_it_was()
    {
        var user = await _admin.AddUserAsync(Persons.UserBody("manager", $"+{await _admin.AddAccountAsync()}"));
        _issuer.SignsIn((string)user["mail"]!, signedInAt: TimeProvider.System.GetUtcNow());
        using (var confirmed = await BrowseAsync(_service, "/signin/openid?confirm=true&returnUrl=/console/new"))
            Assert.That((_issuer.LastMaxAge, (await ConfirmedAsync((string)user["id"]!)) > TimeProvider.System.GetUtcNow().AddMinutes(-1)), Is.EqualTo(("300", true)));
        // What was not told is not made up, however the issuer was asked.
        _issuer.SignsIn((string)user["mail"]!);
        using var browser = Browser(_service);
        using var refused = await browser.GetAsync("/signin/openid?confirm=true&returnUrl=/console/new");
        Assert.That((int)refused.StatusCode, Is.EqualTo(401));
        Assert.That(await refused.Content.ReadAsStringAsync(), Does.Contain("does not tell when"));
    }

    [Test]
    public async Task A_mail_that_the_issuer_does_not_call_verified_is_anybodys_unless_it_is_trusted_without_that()
    {
        var user = await _admin.AddUserAsync(Persons.UserBody("viewer"));
        foreach (var (service, isVerified, comesIn) in ((Service, bool?, bool)[])[(_service, true, true), (_service, null, false), (_service, false, false), (_telling, null, true), (_telling, false, false)])
        {
            _issuer.SignsIn((string)user["mail"]!, isVerified, null, ("role", "viewer"));
            using var browser = Browser(service);
            using var answer = await browser.GetAsync("/signin/openid");
            Assert.That((int)answer.StatusCode, Is.EqualTo(comesIn ? 200 : 401), $"{service == _telling} {isVerified}");
        }
    }

    /// <summary>preferred_username is what somebody calls himself; email_verified tells of his mail.</summary>
    [Test]
    public async Task Another_claim_than_the_mail_is_believed_as_far_as_it_says_what_the_verified_mail_says()
    {
        await using var service = await Service.StartAsync(workers: 0, database: null, ("SIGN_IN_AUTHORITY", _issuer.Url), ("SIGN_IN_CLIENT_ID", OidcIssuer.ClientId), ("SIGN_IN_MAIL_CLAIM", "preferred_username"));
        using var admin = service.Client();
        var mail = (string)(await admin.AddUserAsync(Persons.UserBody("admin")))["mail"]!;
        foreach (var (verified, code) in ((string, int)[])[("mallory@example.com", 401), (mail, 200)])
        {
            _issuer.SignsIn(verified, true, null, ("preferred_username", mail));
            using var browser = Browser(service);
            using var answer = await browser.GetAsync("/signin/openid");
            Assert.That((int)answer.StatusCode, Is.EqualTo(code), verified);
        }

        var told = (await admin.GetAsync($"/meta/changes?person={mail}")).Json["items"]!.AsArray();
        Assert.That(told.Select(change => $"{change!["outcome"]} {change["sent"]!.ToJsonString()}"), Is.EqualTo((string[])["""opened {"by":{"new":"issuer","old":null}}"""]));
    }

    [Test]
    public async Task Who_has_no_role_at_the_issuer_any_more_is_disabled_here_with_keys_and_sessions()
    {
        var mail = $"{Guid.NewGuid():N}@example.com";
        _issuer.SignsIn(mail, true, null, ("role", "manager"));
        using var browser = await BrowseAsync(_telling, "/signin/openid");
        using var admin = _telling.Client();
        var user = (await admin.GetAsync($"/meta/users?search={mail}")).Json["items"]!.AsArray().Single()!;
        using var program = _telling.With((await admin.AddKeyAsync((string)user["id"]!)).Secret);
        Assert.That((await program.GetAsync("/meta/me")).Code, Is.EqualTo(200));

        _issuer.SignsIn(mail);
        using (var again = Browser(_telling))
        using (var refused = await again.GetAsync("/signin/openid")) Assert.That((int)refused.StatusCode, Is.EqualTo(401));

        Assert.That((await program.GetAsync("/meta/me")).Code, Is.EqualTo(401), "the key");
        using (var page = await browser.GetAsync("/console/me")) Assert.That(page.RequestMessage!.RequestUri!.AbsolutePath, Is.EqualTo("/signin"), "the session");
        var change = (await admin.GetAsync($"/meta/changes?object={user["id"]}")).Json["items"]![0]!;
        Assert.That((string?)change["asked_by"], Is.EqualTo("the issuer"), "and the audit says who has done it");
    }

    private static string Plain(RouteEndpoint endpoint) => Value().Replace("/" + endpoint.RoutePattern.RawText!.Trim('/').ToLowerInvariant(), "{$1}");

    private static HttpClient Browser(Service service) => new(new Followed()) { BaseAddress = service.BaseUrl, DefaultRequestHeaders = { Accept = { new MediaTypeWithQualityHeaderValue("text/html") } } };

    private static async Task<HttpClient> BrowseAsync(Service service, string path)
    {
        var browser = Browser(service);
        using var answer = await browser.GetAsync(path);
        Assert.That((int)answer.StatusCode, Is.EqualTo(200), await answer.Content.ReadAsStringAsync());
        return browser;
    }

    private async Task<string> LinkAsync(string userId) => (string)(await _admin.PostAsync($"/meta/users/{userId}/link")).Json["url"]!;

    private async Task AgeAsync(string userId, string by)
    {
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync($"UPDATE sessions SET confirmed_at = confirmed_at - interval '{by}' WHERE user_id = @userId::uuid", new { userId });
    }

    private async Task<DateTimeOffset> ConfirmedAsync(string userId)
    {
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        return await connection.QueryFirstAsync<DateTimeOffset>("SELECT confirmed_at FROM sessions WHERE user_id = @userId::uuid ORDER BY id DESC", new { userId });
    }

    /// <summary>Goes where it is led, with all cookies: .NET's own keeps none that is for another address than the one that gives it.</summary>
    private sealed class Followed() : DelegatingHandler(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
    {
        private readonly Dictionary<string, string> _cookies = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            while (true)
            {
                request.Headers.Remove("Cookie");
                if (_cookies.Count > 0) request.Headers.Add("Cookie", string.Join("; ", _cookies.Select(cookie => $"{cookie.Key}={cookie.Value}")));
                var answer = await base.SendAsync(request, cancellationToken);
                foreach (var cookie in answer.Headers.TryGetValues("Set-Cookie", out var set) ? set : [])
                {
                    var (name, value) = (cookie.Split('=', 2)[0], cookie.Split('=', 2)[1].Split(';')[0]);
                    if (value.Length > 0) _cookies[name] = value;
                    else _cookies.Remove(name);
                }

                if ((int)answer.StatusCode != 302) return answer;
                var next = new HttpRequestMessage(HttpMethod.Get, new Uri(request.RequestUri!, answer.Headers.Location!));
                next.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/html"));
                answer.Dispose();
                request = next;
            }
        }
    }

    [GeneratedRegex(@"\{\**(\w+)[^}]*\}")]
    private static partial Regex Value();
}
