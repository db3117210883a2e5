using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Tests.StubGraph;

namespace MetaAdsJobs.Tests.Support;

[TestFixture]
public sealed class GraphServerTests
{
    private StubWorld _world = null!;
    private GraphServer _server = null!;
    private HttpClient _http = null!;

    [SetUp]
    public async Task StartServer()
    {
        _world = await StubWorld.CreateAsync();
        _server = await GraphServer.StartAsync(_world.DataSource);
        _http = new HttpClient { BaseAddress = new Uri(_server.BaseUrl) };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "secret-token");
    }

    [TearDown]
    public async Task StopServer()
    {
        _http.Dispose();
        await _server.DisposeAsync();
        await _world.DisposeAsync();
    }

    [TestCase(nameof(GraphFaults.DropBeforeActing), 0)]
    [TestCase(nameof(GraphFaults.DropAfterActing), 1)]
    [TestCase(nameof(GraphFaults.DropMidBody), 1)]
    public async Task A_dropped_answer_is_an_error_to_the_client_whatever_was_done(string fault, int made)
    {
        _server.Faults.Add(call => call.IsCreateOf("campaigns"), Fault(fault));

        await Assert.ThrowsAsync<HttpRequestException>(() => CreateAsync());

        Assert.That(await _world.CountAsync(), Is.EqualTo(made));
        Assert.That((await CreateAsync()).IsSuccessStatusCode, Is.True, "the fault was for one call");
    }

    [TestCase(nameof(GraphFaults.FailBeforeActing), 500, 0)]
    [TestCase(nameof(GraphFaults.FailAfterActing), 500, 1)]
    [TestCase(nameof(GraphFaults.OkWithError), 200, 0)]
    public async Task An_error_may_come_with_any_status_and_after_the_deed(string fault, int status, int made)
    {
        _server.Faults.Add(call => call.IsCreate, Fault(fault));

        var answer = await CreateAsync();

        Assert.That((int)answer.StatusCode, Is.EqualTo(status));
        Assert.That((int?)(await ReadAsync(answer))["error"]!["code"], Is.EqualTo(2));
        Assert.That(await _world.CountAsync(), Is.EqualTo(made));
    }

    [TestCase(nameof(GraphFaults.HtmlAfterActing))]
    [TestCase(nameof(GraphFaults.TruncatedJson))]
    public async Task An_unreadable_answer_hides_that_it_was_done(string fault)
    {
        _server.Faults.Add(call => call.IsCreate, Fault(fault));

        var answer = await CreateAsync();

        Assert.That(async () => await ReadAsync(answer), Throws.InstanceOf<JsonException>());
        Assert.That(await _world.CountAsync(), Is.EqualTo(1));
    }

    [Test]
    public async Task An_answer_may_lack_the_id()
    {
        _server.Faults.Add(call => call.IsCreate, GraphFaults.WithoutId);

        Assert.That((await ReadAsync(await CreateAsync())).ToJsonString(), Is.EqualTo("{}"));
        Assert.That(await _world.CountAsync(), Is.EqualTo(1));
    }

    [Test]
    public async Task A_throttled_account_is_told_how_long_to_wait()
    {
        _server.Faults.Add(call => call.Path.StartsWith("act_1/", StringComparison.Ordinal), GraphFaults.Throttled(17, 2446079, minutesToWait: 3), times: 2);

        var answer = await CreateAsync();

        Assert.That((int?)(await ReadAsync(answer))["error"]!["error_subcode"], Is.EqualTo(2446079));
        var usage = JsonNode.Parse(answer.Headers.GetValues("X-Business-Use-Case-Usage").Single())!;
        Assert.That((int?)usage["1"]![0]!["estimated_time_to_regain_access"], Is.EqualTo(3));
        Assert.That(await _world.CountAsync(), Is.Zero);
        Assert.That(_server.Faults.Left, Is.EqualTo(1));
    }

    [Test]
    public async Task A_refusal_says_what_the_test_wants_it_to_say()
    {
        _server.Faults.Add(call => call.IsCreate, GraphFaults.Refused(368, 1404078, "Blocked", "Your account is restricted"));

        var error = (await ReadAsync(await CreateAsync()))["error"]!;

        Assert.That((int?)error["code"], Is.EqualTo(368));
        Assert.That((string?)error["error_user_msg"], Is.EqualTo("Your account is restricted"));
    }

    [Test]
    public async Task A_new_object_can_be_hidden_from_search_and_its_answer_lost()
    {
        _server.Faults.Add(call => call.IsCreate, GraphFaults.HiddenFromSearch(TimeSpan.FromHours(1)).Then(GraphFaults.DropAfterActing));
        await Assert.ThrowsAsync<HttpRequestException>(() => CreateAsync());
        _server.SearchLag = TimeSpan.FromHours(1);
        await CreateAsync();
        _server.SearchLag = TimeSpan.Zero;
        var id = (string)(await ReadAsync(await CreateAsync()))["id"]!;

        var page = await ReadAsync(await _http.GetAsync("/v26.0/act_1/campaigns"));

        Assert.That(StubWorld.Ids(page), Is.EqualTo([id]));
        Assert.That(await _world.CountAsync(), Is.EqualTo(3));
    }

    [Test]
    public async Task A_client_that_gives_up_does_not_stop_the_deed()
    {
        // It has been asked before the client gives up: a busy machine may not have sent it by any time.
        var (asked, gone) = (new TaskCompletionSource(), new TaskCompletionSource());
        _server.Faults.Add(call => call.IsCreate, async (_, _, act) =>
        {
            asked.SetResult();
            await gone.Task;
            return await act();
        });
        using var patience = new CancellationTokenSource();
        var creating = CreateAsync(patience.Token);
        await asked.Task;
        await patience.CancelAsync();
        await Assert.ThrowsAsync<TaskCanceledException>(() => creating);
        gone.SetResult();

        Assert.That(async () => await _world.CountAsync(), Is.EqualTo(1).After(60).Seconds.PollEvery(50).MilliSeconds);
    }

    [Test]
    public async Task Latency_delays_every_call()
    {
        _server.Latency = TimeSpan.FromMilliseconds(100);
        var watch = Stopwatch.StartNew();

        await CreateAsync();

        Assert.That(watch.Elapsed, Is.GreaterThanOrEqualTo(TimeSpan.FromMilliseconds(95)));
    }

    [Test]
    public async Task Every_call_is_recorded_without_its_token()
    {
        await CreateAsync();
        await _http.GetAsync("/v26.0/act_1/campaigns?access_token=secret-token&limit=5");

        Assert.That(_server.Calls.Select(call => call.ToString()), Is.EqualTo(["POST act_1/campaigns", "GET act_1/campaigns"]));
        Assert.That(_server.Calls.Select(call => call.HasAuthorization), Is.All.True);
        Assert.That(_server.Calls.Select(call => call.HasTokenInUrl), Is.EqualTo([false, true]));
        Assert.That(_server.Calls[0]["objective"], Is.EqualTo("OUTCOME_SALES"));
        Assert.That(_server.Calls[1].Parameters.Values, Is.EqualTo(["5"]));
    }

    private static GraphFault Fault(string name) => (GraphFault)typeof(GraphFaults).GetProperty(name)!.GetValue(null)!;

    private async Task<HttpResponseMessage> CreateAsync(CancellationToken ct = default)
    {
        using var form = new FormUrlEncodedContent(StubWorld.GoodCampaign());
        return await _http.PostAsync(new Uri("/v26.0/act_1/campaigns", UriKind.Relative), form, ct);
    }

    private static async Task<JsonNode> ReadAsync(HttpResponseMessage answer) => JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
}
