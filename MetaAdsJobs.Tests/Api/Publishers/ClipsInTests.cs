using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Events.Signing;
using MetaAdsJobs.Tests.Publishers;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Publishers;

/// <summary>Clips in over HTTP: who is a publisher, and the whole way of a clip to its campaign.</summary>
[TestFixture]
public sealed class ClipsInTests
{
    private const string Url = "/meta/events/clip-published";
    private Service _service = null!;
    private ApiClient _manager = null!;
    private ApiClient _stranger = null!;
    private string _account = "";

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await Service.StartAsync(workers: 1, database: null, ("RATE_LIMIT_PER_SECOND", "10000"));
        (_manager, _stranger) = (_service.Client("manager"), _service.Client(role: null));
        using var admin = _service.Client();
        _account = await admin.AddAccountAsync();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _manager.Dispose();
        _stranger.Dispose();
        await _service.DisposeAsync();
    }

    [Test]
    public async Task A_clip_goes_the_whole_way_to_its_campaign_and_the_secret_is_nowhere_but_in_the_answer_that_made_it()
    {
        var publisher = await PublisherAsync("whole");
        var message = ClipMessage.Of("whole", more: new() { ["video_url"] = null, ["image_url"] = _manager.ImageUrl });
        var taken = await SendAsync(publisher, message);
        Assert.That((taken.Code, (bool?)taken.Json["duplicate"], (string?)taken.Json["outcomes"]![0]!["state"]), Is.EqualTo((202, false, "accepted")), taken.Text);
        var run = (string)taken.Json["outcomes"]![0]!["request_id"]!;
        var result = await _manager.UntilAsync(run, "succeeded");
        Assert.That((string?)result["campaign_creation"]!["campaign_meta_id"], Is.Not.Null);
        var again = await SendAsync(publisher, message);
        Assert.That((again.Code, (bool?)again.Json["duplicate"], (string?)again.Json["outcomes"]![0]!["request_id"]), Is.EqualTo((200, true, run)), again.Text);
        (await SendAsync(publisher, ClipMessage.Of("other", message.Id))).AssertProblem(422);

        var log = (await _manager.GetAsync($"{publisher.Url}/events?state=accepted")).Json["items"]!.AsArray();
        Assert.That((log.Count, (string?)log[0]!["message_id"], (string?)log[0]!["outcomes"]![0]!["run_status"]), Is.EqualTo((1, message.Id, "succeeded")));
        Assert.That((await _manager.GetAsync("/meta/clips?created_by=publisher:whole")).Json["items"]!.AsArray(), Has.Count.EqualTo(1), "whoever sends it has added it");
        var one = await _manager.GetAsync($"{publisher.Url}/events/{log[0]!["id"]}");
        Assert.That((string?)one.Json["data"]!["clip_id"], Is.EqualTo("whole"), one.Text);
        foreach (var url in (string[])["/meta/publishers", publisher.Url, $"{publisher.Url}/events"]) Assert.That((await _manager.GetAsync(url)).Text, Does.Contain("whole").And.Not.Contain("whsec_"));
        Assert.That((await _service.Leaks.FindAsync(publisher.Secret[6..])).Where(found => found != $"the answer to POST {_service.BaseUrl}meta/publishers"), Is.Empty, "logs, job rows, other answers");
        (await _manager.SendAsync(HttpMethod.Delete, publisher.Url, null)).AssertProblem(409);
    }

    [Test]
    public async Task Whatever_is_not_signed_by_the_publisher_and_now_is_refused_alike_and_nothing_is_written()
    {
        var (publisher, other) = (await PublisherAsync("signed"), await PublisherAsync("another"));
        var (message, now) = (ClipMessage.Of("a"), TimeProvider.System.GetUtcNow().ToUnixTimeSeconds());
        string Right(long? at = null, string? id = null, byte[]? body = null, string? secret = null) => StandardWebhooks.Sign([secret ?? publisher.Secret], id ?? message.Id, at ?? now, body ?? message.Bytes);
        (string What, string? Publisher, string? Id, string? Time, string? Signature, byte[] Body)[] wrong =
        [
            ("no id", "signed", null, $"{now}", Right(), message.Bytes),
            ("an id with a full stop", "signed", "msg.1", $"{now}", Right(id: "msg.1"), message.Bytes),
            ("no time", "signed", message.Id, null, Right(), message.Bytes),
            ("a time in words", "signed", message.Id, "2026-11-29T00:00:00Z", Right(), message.Bytes),
            ("no signature", "signed", message.Id, $"{now}", null, message.Bytes),
            ("nothing", "signed", null, null, null, message.Bytes),
            ("long ago", "signed", message.Id, $"{now - 400}", Right(now - 400), message.Bytes),
            ("in the future", "signed", message.Id, $"{now + 400}", Right(now + 400), message.Bytes),
            ("another time than signed", "signed", message.Id, $"{now - 1}", Right(), message.Bytes),
            ("another id than signed", "signed", "msg_other", $"{now}", Right(), message.Bytes),
            ("another body than signed", "signed", message.Id, $"{now}", Right(), Encoding.UTF8.GetBytes(message.Body.ToJsonString().Replace("Clip a", "Clip b", StringComparison.Ordinal))),
            ("a space more", "signed", message.Id, $"{now}", Right(), [.. message.Bytes, (byte)' ']),
            ("a byte order mark more", "signed", message.Id, $"{now}", Right(), [0xEF, 0xBB, 0xBF, .. message.Bytes]),
            ("another version", "signed", message.Id, $"{now}", Right().Replace("v1,", "v2,", StringComparison.Ordinal), message.Bytes),
            ("a signature cut short", "signed", message.Id, $"{now}", Right()[..^2], message.Bytes),
            ("two wrong signatures", "signed", message.Id, $"{now}", $"{Right(now + 1)} {Right(now + 2)}", message.Bytes),
            ("another's secret", "signed", message.Id, $"{now}", Right(secret: other.Secret), message.Bytes),
            ("another's name", "another", message.Id, $"{now}", Right(), message.Bytes),
            ("a name that is none", "nobody", message.Id, $"{now}", Right(), message.Bytes),
            ("a name that is far too long", new string('x', 3000), message.Id, $"{now}", Right(), message.Bytes),
            ("a name that the database cannot even look for", "signed%00", message.Id, $"{now}", Right(), message.Bytes),
            ("no name", null, message.Id, $"{now}", Right(), message.Bytes),
            ("no JSON, and not signed", "signed", message.Id, $"{now}", Right(), "{"u8.ToArray()),
        ];
        foreach (var one in wrong)
        {
            var answer = await _service.RefusesAsync(401, () => PostAsync(one.Publisher, one.Id, one.Time, one.Signature, one.Body));
            Assert.That((string?)answer.Json["detail"], Is.EqualTo(one.What is "long ago" or "in the future" ? "The webhook-timestamp is more than five minutes from this service's clock." : "This is not signed by a publisher of that name."), one.What);
        }

        Assert.That((await PostAsync("signed", message.Id, $"{now}", $"v2,xyz {Right(now + 1)} {Right()}", message.Bytes)).Code, Is.EqualTo(202), "one of several signatures is right");
        Assert.That((await PostAsync("signed", message.Id, $"{now - 100}", Right(now - 100), message.Bytes)).Code, Is.EqualTo(200), "sent again at another time");
        (await PostAsync("signed", "msg_broken", $"{now}", Right(id: "msg_broken", body: "{"u8.ToArray()), "{"u8.ToArray())).AssertProblem(400);
        (await PostAsync("signed", "msg_long", $"{now}", "v1,x", new byte[70_000])).AssertProblem(413);
    }

    [Test]
    public async Task While_a_secret_is_exchanged_either_is_taken_and_one_that_is_switched_off_is_not()
    {
        var publisher = await PublisherAsync("rotated");
        var rotated = await _manager.PostAsync($"{publisher.Url}/rotate", new JsonObject());
        var second = publisher with { Secret = (string)rotated.Json["secret"]! };
        foreach (var one in (Sender[])[publisher, second]) Assert.That((await SendAsync(one, ClipMessage.Of($"{Guid.NewGuid()}"))).Code, Is.EqualTo(202));
        var third = second with { Secret = (string)(await _manager.PostAsync($"{publisher.Url}/rotate", new JsonObject { ["keep_old_hours"] = 0 })).Json["secret"]! };
        foreach (var one in (Sender[])[publisher, second]) (await SendAsync(one, ClipMessage.Of("late"))).AssertProblem(401);
        Assert.That((await SendAsync(third, ClipMessage.Of("now"))).Code, Is.EqualTo(202));
        Assert.That((bool?)(await _manager.PatchAsync(publisher.Url, new JsonObject { ["enabled"] = false })).Json["enabled"], Is.False);
        (await SendAsync(third, ClipMessage.Of("off"))).AssertProblem(403);
        (await SendAsync(second, ClipMessage.Of("off"))).AssertProblem(401);
        Assert.That((await _manager.GetAsync($"{publisher.Url}/events")).Json["items"]!.AsArray(), Has.Count.EqualTo(3));
    }

    [Test]
    public async Task A_publishers_key_is_good_for_nothing_else()
    {
        var publisher = await PublisherAsync("key");
        var description = (await _stranger.GetAsync("/openapi/v1.json")).Json["paths"]!.AsObject();
        var calls = description.SelectMany(path => path.Value!.AsObject().Select(call => (Method: call.Key.ToUpperInvariant(), Path: path.Key))).Where(call => call.Path.StartsWith("/meta", StringComparison.Ordinal) && call.Path != Url).ToList();
        Assert.That(calls, Has.Count.GreaterThan(60));
        var message = ClipMessage.Of("a");
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        foreach (var (method, path) in calls)
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), System.Text.RegularExpressions.Regex.Replace(path, @"\{[^}]*\}", $"{Guid.NewGuid()}") + $"?publisher=key");
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", publisher.Secret);
            foreach (var (name, value) in (ReadOnlySpan<(string, string)>)[("webhook-id", message.Id), ("webhook-timestamp", $"{now}"), ("webhook-signature", StandardWebhooks.Sign([publisher.Secret], message.Id, now, message.Bytes))])
                request.Headers.TryAddWithoutValidation(name, value);
            if (method != "GET") request.Content = new ByteArrayContent(message.Bytes) { Headers = { ContentType = new("application/json") } };
            using var answer = await _stranger.Http.SendAsync(request);
            Assert.That((int)answer.StatusCode, Is.EqualTo(401), $"{method} {path}");
        }
    }

    [Test]
    public async Task Publishers_and_templates_are_told_what_is_wrong_by_its_field()
    {
        await _service.RefusesFieldsAsync(() => _manager.PostAsync("/meta/publishers", new JsonObject { ["name"] = "No name", ["runs_per_day"] = -1, ["secret"] = "mine" }), "name", "runs_per_day", "secret");
        await _service.RefusesFieldsAsync(() => _manager.PostAsync("/meta/publishers", new JsonObject()), "name");
        var publisher = await PublisherAsync("fields");
        await _service.RefusesFieldsAsync(() => _manager.PostAsync("/meta/publishers", new JsonObject { ["name"] = "fields" }), "name");
        await _service.RefusesFieldsAsync(() => _manager.PatchAsync(publisher.Url, new JsonObject { ["name"] = "other", ["enabled"] = "no" }), "name", "enabled");
        await _service.RefusesFieldsAsync(() => _manager.PostAsync($"{publisher.Url}/rotate", new JsonObject { ["keep_old_hours"] = 169 }), "keep_old_hours");
        await _service.RefusesFieldsAsync(() => _manager.GetAsync($"{publisher.Url}/events?state=lost&limit=0&cursor=1"), "state", "limit", "cursor");
        await _service.RefusesFieldsAsync(() => _manager.PostAsync($"{publisher.Url}/events/take", new JsonObject { ["state"] = "accepted" }), "state");
        await _service.RefusesFieldsAsync(() => _manager.PostAsync($"{publisher.Url}/preview", new JsonObject { ["template"] = new JsonObject() }), "social_account_id", "template.request");
        await _service.RefusesFieldsAsync(() => SendPutAsync($"{publisher.Url}/templates/{_account}", new JsonObject { ["request"] = new JsonObject { ["daily_budget_cents"] = 1 } }),
            "request.campaign_name", "request.campaign_objective", "request.optimization_goal", "request.creative_title", "request.landing_url");
        (await SendPutAsync($"{publisher.Url}/templates/{Guid.NewGuid()}", ClipWorld.Template())).AssertProblem(404);
        Assert.That((await _manager.SendAsync(HttpMethod.Delete, $"{publisher.Url}/templates/{_account}", null)).Code, Is.EqualTo(204));
        Assert.That((await _manager.SendAsync(HttpMethod.Delete, publisher.Url, null)).Code, Is.EqualTo(204));
    }

    private Task<ApiAnswer> SendPutAsync(string url, JsonObject body) => _manager.SendAsync(HttpMethod.Put, url, body.ToJsonString());

    private Task<ApiAnswer> SendAsync(Sender publisher, ClipMessage message)
    {
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        return PostAsync(publisher.Name, message.Id, $"{now}", StandardWebhooks.Sign([publisher.Secret], message.Id, now, message.Bytes), message.Bytes);
    }

    private async Task<ApiAnswer> PostAsync(string? publisher, string? id, string? time, string? signature, byte[] body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, publisher is null ? Url : $"{Url}?publisher={publisher}") { Content = new ByteArrayContent(body) { Headers = { ContentType = new("application/json") } } };
        foreach (var (name, value) in (ReadOnlySpan<(string, string?)>)[("webhook-id", id), ("webhook-timestamp", time), ("webhook-signature", signature)])
            if (value is not null) request.Headers.TryAddWithoutValidation(name, value);
        var answer = await _stranger.Http.SendAsync(request);
        return new(answer.StatusCode, answer, await answer.Content.ReadAsStringAsync());
    }

    private async Task<Sender> PublisherAsync(string name)
    {
        var created = await _manager.PostAsync("/meta/publishers", new JsonObject { ["name"] = name });
        Assert.That(created.Code, Is.EqualTo(201), created.Text);
        var sender = new Sender(name, $"/meta/publishers/{created.Json["id"]}", (string)created.Json["secret"]!);
        var put = await SendPutAsync($"{sender.Url}/templates/{_account}", ClipWorld.Template());
        Assert.That(put.Code, Is.EqualTo(200), put.Text);
        return sender;
    }

    private sealed record Sender(string Name, string Url, string Secret);
}
