using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;
using MetaAdsJobs.Api.Answers;
using MetaAdsJobs.Api.Auth;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace MetaAdsJobs.Tests.Api.People.Walks;

/// <summary>Walks every address of the route table as somebody who sees another account: nothing of this one is told, and nothing of it is moved.</summary>
[TestFixture]
public sealed partial class ScopeWalkTests
{
    private Service _service = null!;
    private WebApplication _app = null!;
    private IReadOnlyList<Route> _routes = [];
    private ApiClient _admin = null!;
    private ForeignAccount _foreign = null!;
    private string _mine = "";

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await Service.StartAsync(workers: 0);
        _admin = _service.Client();
        (_app, _routes) = RouteTable.Read(_service.Database.ConnectionString);
        _foreign = await ForeignAccount.AddAsync(_service, _admin);
        _mine = await _admin.AddAccountAsync(account => account["name"] = "Mine");
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _admin.Dispose();
        await _app.DisposeAsync();
        await _service.DisposeAsync();
    }

    [Test]
    public void Every_route_with_a_role_says_whose_accounts_it_is_kept_to()
    {
        Assert.That(_routes, Has.Count.GreaterThan(150), "the walk finds too few");
        Assert.That(_routes.Where(route => route.IsClosed && ScopeTable.Find(route.Endpoint) is null).Select(route => route.Name), Is.Empty, "stand in no line of ScopeTable");
    }

    [Test]
    public void Every_route_without_a_role_is_one_of_these() =>
        Assert.That(_routes.Where(route => !route.IsClosed).Select(route => route.Name).Distinct(), Is.EquivalentTo((string[])
        [
            "GET /health/live", "HEAD /health/live", "GET /health/ready", "HEAD /health/ready", "GET /openapi/{documentName}.json", "GET /signin", "GET /signin/link", "GET /signout", "POST /signin", "POST /signin/link", "POST /signout", "POST /meta/events/clip-published", "GET /metrics", "GET /_framework/opaque-redirect",
        ]));

    [TestCase("viewer")]
    [TestCase("manager")]
    [TestCase("admin")]
    public async Task Who_sees_another_account_finds_nothing_of_this_one(string role)
    {
        var (client, _, _, _, _) = await _service.ProgramAsync(_admin, role, $"+{_mine}");
        using (client)
        {
            var (wrong, walked) = (new List<string>(), 0);
            foreach (var (method, endpoint) in Closed)
            {
                var scope = ScopeTable.Find(endpoint)!;
                foreach (var (url, asCsv) in Addresses(method, endpoint, scope).SelectMany(url => endpoint.Metadata.GetMetadata<AnswersCsv>() is null || method != "GET" ? [(url, false)] : new[] { (url, false), (url, true) }))
                {
                    var (code, text) = await CallAsync(client, method, url, asCsv);
                    walked++;
                    var asked = Uri.UnescapeDataString(url);
                    if (_foreign.Marks.Where(mark => !asked.Contains(mark, StringComparison.Ordinal)).FirstOrDefault(mark => text.Contains(mark, StringComparison.Ordinal)) is { } told) wrong.Add($"{method} {url}: {code} tells {told}");
                    var isRight = scope switch
                    {
                        // Questions to Meta are few a second, whatever they are about.
                        RouteScope.Of => code is 404 or 429 || (code is 403 && role != "admin"),
                        RouteScope.Everything => code is 403,
                        _ => code is not (500 or 201 or 202) && (method != "GET" || code is 200 or 302 or 403 or 404 or 422 or 429),
                    };
                    if (!isRight) wrong.Add($"{method} {url}: {code} {(text.Length > 200 ? text[..200] : text)}");
                }
            }

            TestContext.Out.WriteLine($"{role} of another account: {walked} calls");
            Assert.That(wrong, Is.Empty, string.Join('\n', wrong));
        }
    }

    /// <summary>Else the walk above would find nothing because there is nothing.</summary>
    [Test]
    public async Task Who_sees_the_account_finds_it_by_the_same_addresses()
    {
        var (client, _, _, _, _) = await _service.ProgramAsync(_admin, "admin", $"+{_foreign.Id}");
        using (client)
        {
            var wrong = new List<string>();
            foreach (var (method, endpoint) in Closed.Where(route => route.Method == "GET" && ScopeTable.Find(route.Endpoint) is RouteScope.Of))
                foreach (var url in Addresses(method, endpoint, ScopeTable.Find(endpoint)!))
                    // The picture of a clip that was given by its address is not ours to show.
                    if (!url.EndsWith("/picture", StringComparison.Ordinal) && (await CallAsync(client, method, url)) is var (code, text) && code is not (200 or 302 or 409 or 422 or 429 or 503))
                        wrong.Add($"{url}: {code} {text}");
            foreach (var url in (string[])["/meta/orchestrate/runs", "/meta/campaigns", "/meta/edits", "/meta/approvals", "/meta/freezes", "/meta/accounts", "/meta/clips", "/meta/changes", "/meta/webhooks", "/meta/alerts", "/meta/alerts/rules", "/meta/budget-pools", "/meta/experiments",
                "/meta/batches", "/meta/insights/syncs", "/meta/due?until=2100-01-01T00:00:00Z", "/console", "/console/campaigns", "/console/accounts", "/console/clips", "/console/alerts", "/console/budgets", "/console/experiments", "/console/webhooks", "/console/batches", "/console/approvals", "/console/due", "/console/new"])
                if ((await CallAsync(client, "GET", url)) is var (code, text) && !_foreign.Marks.Any(mark => text.Contains(mark, StringComparison.Ordinal))) wrong.Add($"{url}: {code} tells nothing");
            foreach (var url in (string[])["/meta/insights", "/meta/insights?level=account", $"/meta/insights?level=campaign&social_account_id={_foreign.Id}", "/meta/insights/days?differing=true", "/console/numbers", $"/console/numbers?account={_foreign.Id}"])
                if ((await CallAsync(client, "GET", url)) is var (code, text) && !ForeignAccount.Sums.Any(sum => text.Contains(sum, StringComparison.Ordinal))) wrong.Add($"{url}: {code} tells no number");
            if ((await CallAsync(client, "GET", $"/meta/insights/changes?social_account_id={_foreign.Id}")) is var (_, restated) && !restated.Contains($"{_foreign.Mark}-ad", StringComparison.Ordinal)) wrong.Add($"nothing was restated: {restated}");
            Assert.That(wrong, Is.Empty, string.Join('\n', wrong));
        }
    }

    [Test]
    public async Task Who_may_only_look_at_the_account_changes_nothing_of_it()
    {
        var (client, _, _, _, _) = await _service.ProgramAsync(_admin, "admin", _foreign.Id);
        using (client)
        {
            var wrong = new List<string>();
            foreach (var (method, endpoint) in Closed.Where(route => route.Method is not ("GET" or "HEAD") && ScopeTable.Find(route.Endpoint) is RouteScope.Of))
                foreach (var url in Addresses(method, endpoint, ScopeTable.Find(endpoint)!))
                    if (await CallAsync(client, method, url) is var (code, text) && code != 403) wrong.Add($"{method} {url}: {code} {text}");
            Assert.That(wrong, Is.Empty, string.Join('\n', wrong));
        }
    }

    /// <summary>docs/answers.md: every closed address, asked by five who may not, or may only look.</summary>
    [Test]
    public async Task Whoever_comes_is_answered_as_the_checked_in_table_says()
    {
        var (viewer, _, _, _, _) = await _service.ProgramAsync(_admin, "viewer", _foreign.Id);
        var (manager, _, _, _, _) = await _service.ProgramAsync(_admin, "manager", $"+{_mine}");
        var (revoked, _, _, keyId, _) = await _service.ProgramAsync(_admin, "admin", $"+{_foreign.Id}");
        using var stranger = _service.Client(role: null);
        using var ended = await EndedAsync();
        Assert.That((await revoked.GetAsync("/meta/me")).Code, Is.EqualTo(200));
        Assert.That((await _admin.SendAsync(HttpMethod.Delete, $"/meta/keys/{keyId}", null)).Code, Is.EqualTo(200));
        using (viewer) using (manager) using (revoked)
        {
            HttpClient[] all = [stranger.Http, viewer.Http, manager.Http, revoked.Http, ended.Http];
            var table = new AnswerTable();
            table.Add(_routes.Single(IsStream), await StreamCodesAsync([stranger, viewer, manager, revoked], ended));
            foreach (var route in Closed.Where(route => route.Method != "HEAD"))
            {
                var codes = new List<int>();
                foreach (var one in all) codes.Add(await CodeAsync(one, route.Method, Addresses(route.Method, route.Endpoint, ScopeTable.Find(route.Endpoint)!).First()));
                table.Add(route, codes);
            }

            table.AssertKept();
        }
    }

    /// <summary>An admin's, at a browser: another one of the same person has ended it.</summary>
    private async Task<Visitor> EndedAsync()
    {
        var user = (string)(await _admin.AddUserAsync(Persons.UserBody("admin", $"+{_foreign.Id}")))["id"]!;
        var ended = await Visitor.ByLinkAsync(_service, (string)(await _admin.PostAsync($"/meta/users/{user}/link")).Json["url"]!);
        Assert.That((await ended.GetAsync("/console")).Code, Is.EqualTo(200));
        using var other = await Visitor.ByLinkAsync(_service, (string)(await _admin.PostAsync($"/meta/users/{user}/link")).Json["url"]!);
        var first = Session().Match((await other.GetAsync("/console/me")).Text).Value;
        Assert.That((await other.PostAsync(first)).Code, Is.EqualTo(302));
        return ended;
    }

    // Who asks more than a caller may is asked to come back.
    private static async Task<int> CodeAsync(HttpClient client, string method, string url)
    {
        while (true)
        {
            var (code, _) = await CallAsync(client, method, url);
            if (code != 429) return code;
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
        }
    }

    // A stream does not end: what it tells is of nobody.
    private IEnumerable<Route> Closed => _routes.Where(route => route.IsClosed && !IsStream(route));

    private static bool IsStream(Route route) => route.Endpoint.RoutePattern.RawText == "/console/live";

    // The clients' own handler would read it to its end.
    private async Task<List<int>> StreamCodesAsync(IEnumerable<ApiClient> clients, Visitor ended)
    {
        var codes = new List<int>();
        foreach (var bearer in clients.Select(client => client.Http.DefaultRequestHeaders.Authorization))
        {
            using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = _service.BaseUrl };
            http.DefaultRequestHeaders.Authorization = bearer;
            codes.Add(await CodeAsync(http));
        }

        codes.Add(await CodeAsync(ended.Http));
        return codes;

        static async Task<int> CodeAsync(HttpClient http)
        {
            using var answer = await http.GetAsync("/console/live", HttpCompletionOption.ResponseHeadersRead);
            return (int)answer.StatusCode;
        }
    }

    private IEnumerable<string> Addresses(string method, RouteEndpoint endpoint, RouteScope scope)
    {
        var route = "/" + endpoint.RoutePattern.RawText!.Trim('/');
        var path = Value().Replace(route, match => Uri.EscapeDataString(ValueOf(match.Groups[1].Value, scope)));
        yield return path;
        // What does not say whose its id is might be asked for by any.
        if (scope is RouteScope.Asks or RouteScope.Own && Value().IsMatch(route))
            foreach (var id in _foreign.Ids.Values.Where(id => Guid.TryParse(id, out _)))
                yield return Value().Replace(route, match => Uri.EscapeDataString(match.Groups[1].Value.EndsWith("id", StringComparison.OrdinalIgnoreCase) ? id : ValueOf(match.Groups[1].Value, scope)));
        if (scope is not RouteScope.Asks || method != "GET") yield break;
        var account = _foreign.Id;
        // By whatever a list may be asked for: by the account's id, its names, and ids of its things.
        foreach (var query in (string[])[$"social_account_id={account}", $"account={account}", $"social_account_id={account}&report={_foreign.Mark}", $"search={_foreign.Mark}", $"search={_foreign.Ids[Thing.Run]}", $"campaign_id={Uri.EscapeDataString(_foreign.Ids[Thing.Campaign])}",
            $"campaign={Uri.EscapeDataString(_foreign.Ids[Thing.Campaign])}", $"request_id={_foreign.Ids[Thing.Run]}", $"like={_foreign.Ids[Thing.Run]}", $"run={_foreign.Ids[Thing.Run]}", $"from={_foreign.Ids[Thing.Run]}", $"clip={_foreign.Ids[Thing.Clip]}", $"ids={Uri.EscapeDataString(_foreign.Ids[Thing.Campaign])}",
            $"rule={_foreign.Ids[Thing.AlertRule]}", $"rule_id={_foreign.Ids[Thing.AlertRule]}", "differing=true", "currency=USD", "status=asked", "until=2100-01-01T00:00:00Z"])
            yield return $"{path}?{query}";
    }

    private string ValueOf(string name, RouteScope scope)
    {
        if (scope is RouteScope.Of one && string.Equals(one.Value, name, StringComparison.OrdinalIgnoreCase)) return _foreign.Ids[one.Thing];
        return name.ToLowerInvariant() switch
        {
            "delivery" => _foreign.Delivery,
            "proposalid" => _foreign.Proposal,
            "metaid" or "campaignid" => _foreign.Ids[Thing.Campaign],
            "order" => scope is RouteScope.Asks ? "retry" : "pause",
            "name" => _foreign.Mark,
            "mode" => "act",
            "night" => "2026-01-01",
            "account" => _foreign.Id,
            _ => $"{Guid.NewGuid()}",
        };
    }

    private static Task<(int Code, string Text)> CallAsync(ApiClient client, string method, string url, bool asCsv = false) => CallAsync(client.Http, method, url, asCsv);

    private static async Task<(int Code, string Text)> CallAsync(HttpClient client, string method, string url, bool asCsv = false)
    {
        var isPage = url.StartsWith("/console", StringComparison.Ordinal) || url.StartsWith("/hangfire", StringComparison.Ordinal);
        using var request = new HttpRequestMessage(new(method), url);
        if (method != "GET") request.Content = isPage ? new FormUrlEncodedContent([]) : new StringContent("{}", Encoding.UTF8, "application/json");
        if (isPage || asCsv) request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(isPage ? "text/html" : "text/csv"));
        using var answer = await client.SendAsync(request);
        return ((int)answer.StatusCode, System.Net.WebUtility.HtmlDecode(await answer.Content.ReadAsStringAsync()));
    }

    [GeneratedRegex(@"\{\**(\w+)[^}]*\}")]
    private static partial Regex Value();

    [GeneratedRegex("/console/me/sessions/[^/]+/end")]
    private static partial Regex Session();
}
