using System.Diagnostics;
using Dapper;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Telemetry;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Jobs;

/// <summary>What a job remembers of where it came from. Alone: who listens, listens to the whole process.</summary>
[TestFixture, NonParallelizable]
public sealed class JobTelemetryFilterTests
{
    private InProcess _core = null!;

    [OneTimeSetUp]
    public async Task CreateAsync() => _core = await InProcess.CreateAsync();

    [OneTimeTearDown]
    public async Task DisposeAsync() => await _core.DisposeAsync();

    [Test]
    public void Nothing_when_nobody_traces()
    {
        using var request = new Activity("a request").Start();

        Assert.That(Enqueue(), Is.Empty);
    }

    [Test]
    public void The_request_that_asked_for_it()
    {
        using var tracing = Listen();
        using var request = Signals.Spans.StartActivity("a request", ActivityKind.Server)!;

        Assert.That(Enqueue(), Is.EqualTo([("TraceParent", $"\"{request.Id}\"")]));
    }

    [Test]
    public void Only_a_link_to_the_job_that_asked_for_it()
    {
        using var tracing = Listen();
        using var night = Signals.Spans.StartActivity("run nightly", ActivityKind.Consumer)!;
        using var within = Signals.Spans.StartActivity("part of it")!;

        Assert.That(Enqueue(), Is.EqualTo([("TraceLink", $"\"{within.Id}\"")]));
    }

    private IEnumerable<(string Name, string Value)> Enqueue()
    {
        var job = _core.Get<IJobQueue>().EnqueueSync(Guid.NewGuid());
        using var connection = _core.Database.DataSource.OpenConnection();
        return connection.Query<(string, string)>("SELECT name, value FROM hangfire.jobparameter WHERE jobid = @Job AND name LIKE 'Trace%'", new { Job = long.Parse(job, null) });
    }

    private static ActivityListener Listen()
    {
        var listener = new ActivityListener { ShouldListenTo = source => source == Signals.Spans, Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }
}
