using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Telemetry;

/// <summary>What an operator sees of a request that went through two processes: one trace, from HTTP to Meta.</summary>
[TestFixture]
public sealed class TraceTests
{
    private const string Caller = "00f067aa0ba902b7";

    [Test]
    public async Task Every_run_of_a_job_goes_on_with_the_trace_of_the_request_that_asked_for_it()
    {
        var request = await ObservedService.Client.NewRequestAsync();
        ObservedService.Service.Graph.Faults.Add(call => call.IsCreateOf("adsets"), GraphFaults.ThrottledFor(TimeSpan.FromSeconds(1)));
        var trace = NewTrace();

        await ObservedService.Client.UntilAsync(await ObservedService.Client.AcceptAsync(request, ("traceparent", $"00-{trace}-{Caller}-01")), "succeeded");

        // A run is told of after its steps are.
        var spans = await UntilAsync(trace, seen => seen.Any(span => span.Name == "GET insights") && seen.Count(span => span.Name == "run orchestration") >= 2
            && seen.Where(span => span.Name.StartsWith("step ", StringComparison.Ordinal)).All(step => seen.Any(span => span.Id == step.ParentId)));
        var asked = spans.Single(span => span.Process == "api" && span.ParentId == Caller);
        var runs = spans.Where(span => span.Name == "run orchestration").ToList();
        Assert.That(runs.Select(run => (run.Process, run.ParentId)).Distinct(), Is.EqualTo([("worker", asked.Id)]), "the throttled run and the one after it");
        foreach (var (call, step) in ((string, string)[])[("POST campaigns", "step campaign"), ("POST adsets", "step adset"), ("POST adcreatives", "step creative"), ("POST ads", "step ad")])
        {
            var (sent, tried) = (spans.Last(span => span.Name == call), spans.Where(span => span.Name == step).ToList());
            Assert.That(tried.Select(one => one.Id), Does.Contain(sent.ParentId), call);
            Assert.That(tried.Select(one => one.ParentId), Is.SubsetOf(runs.Select(run => run.Id)), step);
        }

        Assert.That(spans.Where(span => span.Process == "api" && span.ParentId == asked.Id), Is.Not.Empty, "what the database did for the request");
        Assert.That(spans.Select(span => span.Name), Has.None.Contain("act_"));
    }

    [Test]
    public async Task A_sync_goes_on_with_the_trace_of_the_request_that_asked_for_it()
    {
        var account = await ObservedService.Client.AddAccountAsync();
        var trace = NewTrace();

        var answer = await ObservedService.Client.PostAsync($"/meta/orchestrate/sync-insights/{account}", body: null, ("traceparent", $"00-{trace}-{Caller}-01"));

        Assert.That(answer.Code, Is.EqualTo(200), answer.Text);
        var spans = await UntilAsync(trace, seen => seen.Any(span => span.Name.EndsWith(" insights", StringComparison.Ordinal) && span.Name != "run insights") && seen.Any(span => span.Name == "run insights"));
        Assert.That(spans.First(span => span.Name == "run insights").ParentId, Is.EqualTo(spans.Single(span => span.ParentId == Caller).Id));
    }

    [Test]
    public async Task What_only_a_worker_knows_is_pushed_and_idle_looks_at_the_queue_are_no_traces()
    {
        var measured = "";
        await Eventually.TrueAsync(() =>
        {
            measured = ObservedService.Receiver.MeasuredBy("metaadsjobs-worker");
            return Task.FromResult(measured.Contains("metaadsjobs.job.run.duration", StringComparison.Ordinal));
        }, () => measured);

        var roots = ObservedService.Receiver.Spans.Where(span => span.Process == "worker" && span.ParentId.Length == 0).Select(span => span.Name).Distinct();
        Assert.That(roots, Has.All.StartsWith("run ").Or.EqualTo("review"));
    }

    private static string NewTrace() => $"{Guid.NewGuid():N}";

    private static async Task<IReadOnlyList<SeenSpan>> UntilAsync(string trace, Func<IReadOnlyList<SeenSpan>, bool> complete)
    {
        IReadOnlyList<SeenSpan> seen = [];
        await Eventually.TrueAsync(() =>
        {
            seen = [.. ObservedService.Receiver.Spans.Where(span => span.TraceId == trace)];
            return Task.FromResult(complete(seen));
        }, () => string.Join('\n', seen));
        return seen;
    }
}
