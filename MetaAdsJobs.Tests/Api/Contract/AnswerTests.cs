using System.IO.Compression;
using System.Net;
using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Contract;

/// <summary>What holds for every answer, whatever was asked: headers, forms, conditions.</summary>
[TestFixture, HasServiceAlone]
public sealed class AnswerTests
{
    private Service _service = null!;
    private ApiClient _admin = null!;
    private string _account = null!;
    private string _run = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await SharedServices.WithoutWorker;
        _admin = _service.Client();
        var request = await _admin.NewRequestAsync();
        _account = (string)request["social_account_id"]!;
        _run = await _admin.AcceptAsync(request);
    }

    [OneTimeTearDown]
    public void Stop() => _admin.Dispose();

    [TestCase("GET", "/meta/orchestrate/runs", 200)]
    [TestCase("GET", "/meta/orchestrate/runs/nothing", 404)]
    [TestCase("GET", "/meta/orchestrate/runs?limit=0", 422)]
    [TestCase("DELETE", "/meta/orchestrate/runs", 405)]
    [TestCase("POST", "/meta/orchestrate/run", 415)]
    public async Task Every_answer_has_an_id_and_is_kept_by_no_cache(string method, string url, int code)
    {
        var (one, other) = (await _admin.SendAsync(new(method), url, null), await _admin.SendAsync(new(method), url, null));
        Assert.That(one.Code, Is.EqualTo(code), one.Text);
        Assert.That((one.Header("Cache-Control"), one.Header("X-Content-Type-Options")), Is.EqualTo(("no-store", "nosniff")));
        Assert.That(one.Header("X-Request-Id"), Does.Match("^[0-9a-f]{32}$").And.Not.EqualTo(other.Header("X-Request-Id")));
        if (code >= 400) one.AssertProblem(code);
    }

    [Test]
    public async Task A_stranger_and_a_page_are_answered_with_the_same_care()
    {
        using var stranger = _service.Client(role: null);
        var refused = await stranger.GetAsync("/meta/accounts");
        refused.AssertProblem(401, "unauthenticated");
        Assert.That((refused.Header("Cache-Control"), refused.Header("WWW-Authenticate")), Is.EqualTo(("no-store", "Bearer")));
        foreach (var page in (string[])["/signin", "/health/live", "/openapi/v1.json", "/swagger/index.html"]) Assert.That((await stranger.GetAsync(page)).Header("X-Content-Type-Options"), Is.EqualTo("nosniff"), page);
        using var viewer = _service.Client("viewer");
        (await viewer.PostAsync("/meta/clips", new JsonObject())).AssertProblem(403, "forbidden");
        (await viewer.GetAsync("/meta/nowhere")).AssertProblem(404, "no_such_address");
        (await viewer.GetAsync($"/meta/clips/{Guid.NewGuid()}")).AssertProblem(404, "unknown_id");
        (await _admin.SendAsync(HttpMethod.Post, "/meta/clips", "{")).AssertProblem(400, "malformed_json");
        (await _admin.PostAsync($"/meta/orchestrate/runs/{_run}/retry")).AssertProblem(409, "wrong_state");
    }

    [Test]
    public async Task What_is_counted_tells_how_many_calls_are_left_and_what_is_not_does_not()
    {
        var few = await SharedServices.WithFewOfEverything;
        using var caller = few.Client("viewer", $"{Guid.NewGuid()}");
        var most = 2 * SharedServices.FewCallsPerSecond;
        var (first, second) = (await caller.GetAsync("/meta/accounts?limit=1"), await caller.GetAsync("/meta/accounts?limit=1"));
        Assert.That(first.Header("RateLimit-Policy"), Is.EqualTo($"\"calls\";q={most};w=2"));
        Assert.That((int[])[Left(first), Left(second)], Has.All.InRange(most - 2, most), "a second may have filled it again before the answer");
        Assert.That((await caller.GetAsync("/health/live")).Header("RateLimit"), Is.Null);
        using var manager = few.Client("manager", $"{Guid.NewGuid()}");
        Assert.That((await manager.GetAsync("/meta/targeting")).Header("RateLimit-Policy"), Is.EqualTo("\"questions\";q=10;w=2"), "questions to Meta are counted apart");
        Assert.That((await manager.SendAsync(HttpMethod.Post, $"/meta/accounts/{Guid.NewGuid()}/stop", null)).Header("RateLimit"), Is.Null, "a stop has no limit");
        List<ApiAnswer> refused = [];
        await Eventually.TrueAsync(async () =>
        {
            refused = [.. (await Task.WhenAll(Enumerable.Range(0, most * 3).Select(_ => caller.GetAsync("/meta/accounts?limit=1")))).Where(answer => answer.Code == 429)];
            return refused.Count > 0;
        }, () => "no call is refused");
        refused[0].AssertProblem(429, "too_many_calls");
        Assert.That(refused.Min(Left), Is.Zero);
    }

    [TestCase("/meta/orchestrate/runs")]
    [TestCase("/meta/orchestrate/runs/[run]")]
    [TestCase("/meta/accounts/[account]")]
    [TestCase("/meta/insights", "text/csv")]
    public async Task HEAD_answers_as_GET_without_a_body(string url, string accept = "application/json")
    {
        url = url.Replace("[run]", _run, StringComparison.Ordinal).Replace("[account]", _account, StringComparison.Ordinal);
        var (get, head) = (await _admin.SendAsync(HttpMethod.Get, url, null, ("Accept", accept)), await _admin.SendAsync(HttpMethod.Head, url, null, ("Accept", accept)));
        Assert.That((head.Code, head.Text), Is.EqualTo((200, "")));
        Assert.That(head.Message.Content.Headers.ContentType, Is.EqualTo(get.Message.Content.Headers.ContentType));
        Assert.That(head.Header("ETag"), Is.EqualTo(get.Header("ETag")));
    }

    [Test]
    public async Task HEAD_of_what_is_not_there_and_by_a_stranger_is_refused_as_GET_is()
    {
        Assert.That((await _admin.SendAsync(HttpMethod.Head, $"/meta/clips/{Guid.NewGuid()}", null)).Code, Is.EqualTo(404));
        using var stranger = _service.Client(role: null);
        Assert.That((await stranger.SendAsync(HttpMethod.Head, "/meta/accounts", null)).Code, Is.EqualTo(401));
    }

    [TestCase("/meta/accounts", "application/json", 200)]
    [TestCase("/meta/accounts", "text/html, */*;q=0.1", 200)]
    [TestCase("/meta/accounts", "application/*", 200)]
    [TestCase("/meta/accounts", "application/problem+json", 200)]
    [TestCase("/meta/accounts", "no media type", 200)]
    [TestCase("/meta/accounts", "text/csv", 406)]
    [TestCase("/meta/accounts", "application/xml", 406)]
    [TestCase("/meta/accounts", "*/*, application/json;q=0", 406)]
    [TestCase("/meta/insights", "text/csv", 200)]
    [TestCase("/meta/insights", "text/html", 406)]
    public async Task An_answer_that_nobody_wants_is_not_given(string url, string accept, int code)
    {
        var answer = await _admin.SendAsync(HttpMethod.Get, url, null, ("Accept", accept));
        Assert.That(answer.Code, Is.EqualTo(code), answer.Text);
        if (code == 406) answer.AssertProblem(406, "not_acceptable");
        if (url == "/meta/insights") Assert.That(answer.Header("Vary"), Does.Contain("Accept"));
    }

    [Test]
    public async Task What_is_not_acceptable_is_not_done()
    {
        var body = new JsonObject { ["title"] = "Nobody wants it", ["video_id"] = "1" };
        await _service.RefusesAsync(406, () => _admin.PostAsync("/meta/clips", body, ("Accept", "application/xml")));
        await _service.RefusesAsync(412, () => _admin.PostAsync("/meta/clips", body, ("If-Match", "\"1\"")));
        Assert.That((await _admin.PostAsync("/meta/clips", body, ("If-Match", "*"))).Code, Is.EqualTo(201));
    }

    [Test]
    public async Task A_run_that_is_asked_for_again_is_sent_only_when_it_has_changed()
    {
        var run = await _admin.AcceptAsync(await _admin.NewRequestAsync());
        var url = $"/meta/orchestrate/runs/{run}";
        var tag = (await _admin.GetAsync(url)).Header("ETag")!;
        Assert.That(tag, Does.StartWith("W/\""));
        foreach (var seen in (string[])[tag, tag[2..], $"\"other\", {tag}", "*"])
        {
            var same = await _admin.SendAsync(HttpMethod.Get, url, null, ("If-None-Match", seen));
            Assert.That((same.Code, same.Text, same.Header("ETag")), Is.EqualTo((304, "", tag)), seen);
        }

        Assert.That((await _admin.SendAsync(HttpMethod.Head, url, null, ("If-None-Match", tag))).Code, Is.EqualTo(304));
        Assert.That((await _admin.SendAsync(HttpMethod.Get, url, null, ("If-None-Match", "\"other\""))).Code, Is.EqualTo(200));
        await using (var connection = await _service.Database.DataSource.OpenConnectionAsync()) await connection.ExecuteAsync("UPDATE orchestrations SET attempt = attempt + 1 WHERE request_id = @Run", new { Run = Guid.Parse(run) });
        var changed = await _admin.SendAsync(HttpMethod.Get, url, null, ("If-None-Match", tag));
        Assert.That(changed.Code, Is.EqualTo(200));
        Assert.That(changed.Header("ETag"), Is.Not.EqualTo(tag));
    }

    [Test]
    public async Task What_goes_on_after_the_answer_tells_when_to_look_again()
    {
        var accepted = await _admin.PostAsync("/meta/orchestrate/run", await _admin.NewRequestAsync());
        Assert.That((accepted.Code, accepted.Header("Retry-After"), accepted.Header("Location")), Is.EqualTo((202, "1", (string?)accepted.Json["status_url"])));
    }

    [Test]
    public async Task Long_answers_to_reads_are_compressed_for_who_asks_and_nothing_else_is()
    {
        Assert.That(await EncodingAsync("GET", "/meta/orchestrate/runs?limit=200", "gzip"), Is.EqualTo("gzip"));
        Assert.That(await EncodingAsync("GET", "/meta/orchestrate/runs", "br, gzip"), Is.EqualTo("br"));
        Assert.That(await EncodingAsync("GET", "/openapi/v1.json", "gzip"), Is.EqualTo("gzip"));
        Assert.That(await EncodingAsync("GET", "/meta/orchestrate/runs", null), Is.Null);
        Assert.That(await EncodingAsync("HEAD", "/meta/orchestrate/runs", "gzip"), Is.EqualTo("gzip"), "the headers that GET would have");
        // A strong ETag names one form of an answer.
        Assert.That(await EncodingAsync("GET", $"/meta/accounts/{_account}", "gzip"), Is.Null);
        // Form tokens, secrets that are shown once, what goes by a cookie.
        foreach (var page in (string[])["/signin", "/console/runs", "/health/live", "/hangfire"]) Assert.That(await EncodingAsync("GET", page, "gzip, br"), Is.Null, page);
        Assert.That(await EncodingAsync("POST", "/meta/publishers", "gzip, br", new JsonObject { ["name"] = $"p{Guid.NewGuid():N}"[..20], ["description"] = new string('x', 150) }), Is.Null, "a secret is in it");
    }

    private async Task<string?> EncodingAsync(string method, string url, string? asked, JsonNode? body = null)
    {
        using var request = new HttpRequestMessage(new(method), url);
        if (asked is not null) request.Headers.Add("Accept-Encoding", asked);
        if (body is not null) request.Content = new StringContent(body.ToJsonString(), System.Text.Encoding.UTF8, "application/json");
        using var answer = await _admin.Http.SendAsync(request);
        Assert.That(answer.StatusCode, Is.AnyOf(HttpStatusCode.OK, HttpStatusCode.Created, HttpStatusCode.Redirect), $"{method} {url}");
        var encoding = answer.Content.Headers.ContentEncoding.SingleOrDefault();
        if (encoding == "gzip" && method != "HEAD")
        {
            await using var plain = new GZipStream(await answer.Content.ReadAsStreamAsync(), CompressionMode.Decompress);
            Assert.That(await JsonNode.ParseAsync(plain), Is.Not.Null);
        }

        if (encoding is not null) Assert.That(answer.Headers.Vary, Does.Contain("Accept-Encoding"));
        return encoding;
    }

    private static int Left(ApiAnswer answer) => int.Parse(answer.Header("RateLimit")!.Split(";r=")[1].Split(';')[0], null);
}
