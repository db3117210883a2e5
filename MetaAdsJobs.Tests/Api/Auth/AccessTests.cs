using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using MetaAdsJobs.Api.Auth;
using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Auth;

/// <summary>Viewers read, managers also orchestrate and sync, admins also write accounts, and nobody else gets in.</summary>
[TestFixture, HasServiceAlone]
public sealed class AccessTests
{
    private static readonly string Id = $"{Guid.NewGuid()}";

    // What each call answers a caller whose role allows it: the body is empty or the thing unknown.
    private static readonly (string Method, string Url, string Least, int Allowed)[] Calls =
    [
        ("POST", "/meta/orchestrate/run", "manager", 422),
        ("GET", "/meta/orchestrate/runs", "viewer", 200),
        ("GET", $"/meta/orchestrate/runs/{Id}", "viewer", 404),
        ("POST", $"/meta/orchestrate/runs/{Id}/cancel", "manager", 404),
        ("POST", $"/meta/orchestrate/runs/{Id}/retry", "manager", 404),
        ("POST", $"/meta/orchestrate/sync-insights/{Id}", "manager", 404),
        ("GET", "/meta/insights", "viewer", 200),
        ("GET", $"/meta/insights/rows?social_account_id={Id}&report=x", "viewer", 404),
        ("GET", $"/meta/insights/changes?social_account_id={Id}", "viewer", 404),
        ("GET", "/meta/insights/days?differing=true", "viewer", 200),
        ("GET", "/meta/insights/syncs", "viewer", 200),
        ("GET", $"/meta/insights/syncs/{Id}", "viewer", 404),
        ("GET", "/meta/insights/nights", "viewer", 200),
        ("GET", "/meta/insights/nights/2020-01-01", "viewer", 404),
        ("GET", $"/meta/accounts/{Id}/reports", "viewer", 404),
        ("GET", $"/meta/accounts/{Id}/reports/x", "viewer", 404),
        ("POST", $"/meta/accounts/{Id}/reports", "admin", 404),
        ("DELETE", $"/meta/accounts/{Id}/reports/x", "admin", 404),
        ("GET", "/meta/accounts", "viewer", 200),
        ("GET", $"/meta/accounts/{Id}", "viewer", 404),
        ("POST", "/meta/accounts", "admin", 422),
        ("PATCH", $"/meta/accounts/{Id}", "admin", 404),
        ("GET", "/meta/clips", "viewer", 200),
        ("GET", $"/meta/clips/{Id}", "viewer", 404),
        ("POST", "/meta/clips", "manager", 422),
        ("PUT", $"/meta/clips/{Id}/file", "manager", 415),
        ("GET", "/meta/targeting", "manager", 422),
        ("POST", "/meta/targeting/reach", "manager", 422),
        ("GET", $"/meta/accounts/{Id}/audiences", "manager", 404),
        ("POST", $"/meta/accounts/{Id}/campaigns/1/adopt", "manager", 404),
        ("GET", "/meta/webhooks", "manager", 200),
        ("POST", "/meta/webhooks", "manager", 422),
        ("GET", $"/meta/webhooks/{Id}", "manager", 404),
        ("PATCH", $"/meta/webhooks/{Id}", "manager", 404),
        ("DELETE", $"/meta/webhooks/{Id}", "manager", 404),
        ("POST", $"/meta/webhooks/{Id}/rotate", "manager", 404),
        ("POST", $"/meta/webhooks/{Id}/test", "manager", 404),
        ("POST", $"/meta/webhooks/{Id}/replay", "manager", 422),
        ("GET", $"/meta/webhooks/{Id}/deliveries", "manager", 404),
        ("GET", $"/meta/webhooks/{Id}/deliveries/{Id}", "manager", 404),
        ("POST", $"/meta/webhooks/{Id}/deliveries/{Id}/replay", "manager", 404),
        ("GET", "/meta/experiments", "viewer", 200),
        ("POST", "/meta/experiments", "manager", 422),
        ("GET", $"/meta/experiments/{Id}", "viewer", 404),
        ("GET", $"/meta/experiments/{Id}/verdicts", "viewer", 404),
        ("POST", $"/meta/experiments/{Id}/proposal/accept", "manager", 404),
        ("POST", $"/meta/experiments/{Id}/stop", "manager", 404),
        ("GET", "/meta/alerts", "viewer", 200),
        ("GET", $"/meta/alerts/{Id}", "viewer", 404),
        ("POST", $"/meta/alerts/{Id}/acknowledge", "manager", 404),
        ("POST", $"/meta/alerts/{Id}/mute", "manager", 404),
        ("GET", "/meta/alerts/rules", "viewer", 200),
        ("POST", "/meta/alerts/rules", "manager", 422),
        ("POST", "/meta/alerts/rules/try", "manager", 422),
        ("GET", $"/meta/alerts/rules/{Id}", "viewer", 404),
        ("PATCH", $"/meta/alerts/rules/{Id}", "manager", 404),
        ("DELETE", $"/meta/alerts/rules/{Id}", "manager", 404),
        ("POST", $"/meta/alerts/rules/{Id}/try", "manager", 404),
        ("GET", "/meta/budget-pools", "viewer", 200),
        ("POST", "/meta/budget-pools", "manager", 422),
        ("POST", "/meta/budget-pools/backtest", "manager", 422),
        ("POST", "/meta/budget-pools/simulate", "manager", 200),
        ("POST", "/meta/experiments/simulate", "manager", 200),
        ("GET", $"/meta/budget-pools/{Id}", "viewer", 404),
        ("PATCH", $"/meta/budget-pools/{Id}", "manager", 404),
        ("DELETE", $"/meta/budget-pools/{Id}", "manager", 404),
        ("POST", $"/meta/budget-pools/{Id}/backtest", "manager", 404),
        ("GET", $"/meta/budget-pools/{Id}/proposals", "viewer", 404),
        ("GET", $"/meta/budget-pools/{Id}/proposals/{Id}", "viewer", 404),
        ("POST", $"/meta/budget-pools/{Id}/proposals/{Id}/accept", "manager", 404),
        ("POST", $"/meta/budget-pools/{Id}/proposals/{Id}/decline", "manager", 404),
        ("GET", "/meta/publishers", "manager", 200),
        ("POST", "/meta/publishers", "manager", 422),
        ("GET", $"/meta/publishers/{Id}", "manager", 404),
        ("PATCH", $"/meta/publishers/{Id}", "manager", 404),
        ("DELETE", $"/meta/publishers/{Id}", "manager", 404),
        ("POST", $"/meta/publishers/{Id}/rotate", "manager", 404),
        ("POST", $"/meta/publishers/{Id}/preview", "manager", 404),
        ("GET", $"/meta/publishers/{Id}/templates", "manager", 404),
        ("GET", $"/meta/publishers/{Id}/templates/{Id}", "manager", 404),
        ("PUT", $"/meta/publishers/{Id}/templates/{Id}", "manager", 404),
        ("DELETE", $"/meta/publishers/{Id}/templates/{Id}", "manager", 404),
        ("GET", $"/meta/publishers/{Id}/events", "manager", 404),
        ("GET", $"/meta/publishers/{Id}/events/{Id}", "manager", 404),
        ("POST", $"/meta/publishers/{Id}/events/{Id}/take", "manager", 404),
        ("POST", $"/meta/publishers/{Id}/events/take", "manager", 422),
        ("GET", "/meta/changes", "viewer", 200),
        ("GET", "/meta/me", "viewer", 200),
        ("GET", "/meta/me/keys", "viewer", 200),
        ("DELETE", $"/meta/me/keys/{Id}", "viewer", 404),
        ("GET", "/meta/me/sessions", "viewer", 200),
        ("DELETE", $"/meta/me/sessions/{Id}", "viewer", 404),
        ("GET", "/meta/users", "admin", 200),
        ("POST", "/meta/users", "admin", 422),
        ("GET", $"/meta/users/{Id}", "admin", 404),
        ("PATCH", $"/meta/users/{Id}", "admin", 404),
        ("POST", $"/meta/users/{Id}/link", "admin", 404),
        ("GET", $"/meta/users/{Id}/keys", "admin", 404),
        ("POST", $"/meta/users/{Id}/keys", "admin", 404),
        ("GET", "/meta/keys", "admin", 200),
        ("DELETE", $"/meta/keys/{Id}", "admin", 404),
        ("GET", "/meta/account-groups", "admin", 200),
        ("POST", "/meta/account-groups", "admin", 422),
        ("GET", $"/meta/account-groups/{Id}", "admin", 404),
        ("PATCH", $"/meta/account-groups/{Id}", "admin", 404),
        ("DELETE", $"/meta/account-groups/{Id}", "admin", 404),
    ];

    private Service _service = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _service = await SharedServices.WithoutWorker;

    [TestCase("viewer")]
    [TestCase("manager")]
    [TestCase("admin")]
    public async Task A_role_may_do_what_it_is_for_and_nothing_else(string role)
    {
        using var client = _service.Client(role);
        foreach (var (method, url, least, allowed) in Calls)
        {
            var may = Rank(role) >= Rank(least);
            var answer = await CallAsync(client, method, url);
            Assert.That(answer.Code, Is.EqualTo(may ? allowed : 403), $"{role}: {method} {url}: {answer.Text}");
            if (!may) answer.AssertProblem(403);
        }
    }

    [TestCase("owner")]
    [TestCase("Admin")]
    [TestCase("")]
    public async Task A_token_with_another_role_may_do_nothing(string role)
    {
        using var client = _service.Client(role);
        foreach (var (method, url, _, _) in Calls) await _service.RefusesAsync(403, () => CallAsync(client, method, url));
    }

    [Test]
    public async Task Without_a_token_every_call_under_meta_is_refused()
    {
        using var stranger = _service.Client(role: null);
        foreach (var (method, url, _, _) in Calls)
        {
            var answer = await _service.RefusesAsync(401, () => CallAsync(stranger, method, url));
            Assert.That(answer.Header("WWW-Authenticate"), Does.StartWith("Bearer"), $"{method} {url}");
        }
    }

    [TestCaseSource(typeof(ForgedTokens), nameof(ForgedTokens.All))]
    public async Task A_forged_token_is_refused(string token)
    {
        using var forger = _service.Client(role: null);
        forger.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        var request = await AcceptableRequestAsync();
        await _service.RefusesAsync(401, () => forger.PostAsync("/meta/orchestrate/run", request));
        await _service.RefusesAsync(401, () => forger.GetAsync("/meta/accounts"));
    }

    [Test]
    public async Task A_token_in_the_url_is_no_token()
    {
        using var stranger = _service.Client(role: null);
        (await stranger.GetAsync($"/meta/accounts?access_token={Service.Token("admin")}")).AssertProblem(401);
    }

    [Test]
    public async Task A_viewer_cannot_post_what_an_admin_could()
    {
        using var viewer = _service.Client("viewer");
        var request = await AcceptableRequestAsync();
        await _service.RefusesAsync(403, () => viewer.PostAsync("/meta/orchestrate/run", request));
    }

    [TestCase("/console?search=camión", "/console?search=cami%C3%B3n")]
    [TestCase("/console?search=🙂 x", "/console?search=%F0%9F%99%82 x")]
    [TestCase("//elsewhere", "/console")]
    public void Where_a_sign_in_leads_can_stand_in_a_header(string returnUrl, string leads) => Assert.That(SignInEndpoints.Local(returnUrl), Is.EqualTo(leads));

    [TestCase("text/csv", true)]
    [TestCase("text/csv, application/json;q=0.9", true)]
    [TestCase("application/json, text/csv;q=0", false)]
    [TestCase("application/json, text/csv;q=0.1", false)]
    [TestCase("*/*", false)]
    public void CSV_is_answered_to_who_would_rather_have_it(string accept, bool isCsv)
    {
        var http = new Microsoft.AspNetCore.Http.DefaultHttpContext();
        http.Request.Headers.Accept = accept;
        Assert.That(http.Request.WantsCsv(), Is.EqualTo(isCsv));
    }

    [TestCase("text/csv")]
    [TestCase("text/html")]
    [TestCase("image/png")]
    public async Task A_refusal_is_problem_details_whatever_else_was_asked_for(string accept)
    {
        using var stranger = _service.Client(role: null);
        using var viewer = _service.Client("viewer");
        (await stranger.SendAsync(HttpMethod.Get, "/meta/insights", null, ("Accept", accept))).AssertProblem(401);
        (await viewer.SendAsync(HttpMethod.Post, "/meta/accounts", null, ("Accept", accept))).AssertProblem(403);
        (await viewer.SendAsync(HttpMethod.Get, "/meta/insights?limit=x", null, ("Accept", accept))).AssertProblem(accept == "text/csv" ? 422 : 406);
        (await viewer.SendAsync(HttpMethod.Get, "/nowhere", null, ("Accept", accept))).AssertProblem(404);
    }

    private static Task<ApiAnswer> CallAsync(ApiClient client, string method, string url) =>
        client.SendAsync(new HttpMethod(method), url, method == "GET" ? null : "{}");

    private static int Rank(string role) => Array.IndexOf(["viewer", "manager", "admin"], role);

    private async Task<JsonObject> AcceptableRequestAsync()
    {
        using var admin = _service.Client();
        return await admin.NewRequestAsync();
    }
}
