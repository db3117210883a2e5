using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using MetaAdsJobs.StubGraph;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Orchestrations;

[TestFixture]
public sealed class ReviewTests
{
    private Service _service = null!;
    private ApiClient _client = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await Service.StartAsync(workers: 1, settings: [("Orchestration__ReviewAfterSeconds", "1")]);
        _client = _service.Client();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
        await _service.DisposeAsync();
    }

    [Test]
    public async Task What_Meta_made_of_the_objects_is_read_and_shown()
    {
        var id = await _client.AcceptAsync(await _client.NewRequestAsync());
        await _client.UntilAsync(id, "succeeded");

        var run = await ReviewedAsync(id, run => run["effective_status"] is not null);

        Assert.That((bool?)run["overall_success"], Is.True);
        Assert.That(run["issues"]!.AsArray(), Is.Empty);
        var statuses = run["steps"]!.AsArray().ToDictionary(step => (string)step!["step"]!, step => (string?)step!["effective_status"]);
        Assert.That((statuses["campaign"], statuses["creative"]), Is.EqualTo(("PAUSED", "ACTIVE")));
        Assert.That(statuses["ad"], Is.Not.Null.And.EqualTo((string?)run["effective_status"]));
    }

    [Test]
    public async Task A_rejected_ad_is_told_with_Metas_own_reasons()
    {
        var request = await _client.NewRequestAsync();
        _service.Graph.Faults.Add(call => IsReviewOf(call, "META_AD_"), Answer("""{"id":"1","effective_status":"IN_PROCESS"}"""));
        _service.Graph.Faults.Add(call => IsReviewOf(call, "META_AD_"), Answer("""
            {"id":"1","effective_status":"DISAPPROVED","issues_info":[{"level":"AD","error_code":1815869,"error_summary":"Ad Rejected","error_message":"It breaks the policy on hats.","error_type":"HARD_ERROR","new_field":{}}]}
            """));

        var id = await _client.AcceptAsync(request);
        var first = await ReviewedAsync(id, run => (string?)run["effective_status"] == "IN_PROCESS");
        Assert.That((bool?)first["overall_success"], Is.True, "not settled is no failure");
        Assert.That(await IsChangedSinceAsync(DateTimeOffset.Parse((string)first["completed_at"]!, CultureInfo.InvariantCulture)), Is.True, "what Meta says of it changes it after its end");
        var run = await ReviewedAsync(id, run => (string?)run["effective_status"] == "DISAPPROVED");

        Assert.That((string?)run["status"], Is.EqualTo("succeeded"), "the ad was built");
        Assert.That((bool?)run["overall_success"], Is.False);
        Assert.That((string?)run["errors"]![0], Is.EqualTo("at Meta: the ad is DISAPPROVED: Ad Rejected: It breaks the policy on hats. (code 1815869)"));
        Assert.That((string?)run["issues"]![0]!["object"], Is.EqualTo("ad"));
        Assert.That(_service.Logs(), Does.Contain("DISAPPROVED"));
        Assert.That(await IsChangedSinceAsync(TimeProvider.System.GetUtcNow().AddHours(1)), Is.False);

        async Task<bool> IsChangedSinceAsync(DateTimeOffset moment) =>
            (await _client.GetAsync($"/meta/orchestrate/runs?limit=200&changed_since={moment.AddMilliseconds(1):yyyy-MM-ddTHH:mm:ss.fffffffZ}")).Json["items"]!.AsArray().Any(run => (string?)run!["request_id"] == id);
    }

    [Test]
    public async Task An_unreadable_answer_only_delays_the_look_and_an_unknown_status_is_shown_as_it_is()
    {
        var request = await _client.NewRequestAsync();
        // What the ad's answer does not tell of the others is read by itself.
        for (var look = 0; look < 2; look++) _service.Graph.Faults.Add(call => IsReviewOf(call, "META_AD_"), Answer("""{"id":"1","effective_status":"PAUSED","adset":[]}"""));
        _service.Graph.Faults.Add(call => IsReviewOf(call, "META_ADSET_"), Answer("[]"));
        _service.Graph.Faults.Add(call => IsReviewOf(call, "META_ADSET_"), Answer("""{"effective_status":"SOMETHING_NEW","issues_info":"none"}"""));

        var id = await _client.AcceptAsync(request);
        var run = await ReviewedAsync(id, run => run["effective_status"] is not null);

        Assert.That((string?)run["steps"]!.AsArray().Single(step => (string?)step!["step"] == "adset")!["effective_status"], Is.EqualTo("SOMETHING_NEW"));
        Assert.That((bool?)run["overall_success"], Is.True);
    }

    private async Task<JsonNode> ReviewedAsync(string id, Func<JsonNode, bool> seen)
    {
        JsonNode run = null!;
        await Eventually.TrueAsync(async () => seen(run = await _client.RunAsync(id)), () => run.ToJsonString());
        return run;
    }

    private static bool IsReviewOf(RecordedCall call, string id) =>
        call.Method == "GET" && call.Path.StartsWith(id, StringComparison.Ordinal) && call["fields"]?.Contains("effective_status", StringComparison.Ordinal) == true;

    private static GraphFault Answer(string json) => (_, _, _) => Task.FromResult<StubAnswer?>(new StubAnswer(200, Encoding.UTF8.GetBytes(json)));
}
