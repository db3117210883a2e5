using System.Diagnostics;
using System.Diagnostics.Metrics;
using Hangfire;
using Hangfire.Client;
using Hangfire.Server;
using MetaAdsJobs.Core.Telemetry;

namespace MetaAdsJobs.Core.Jobs.Filters;

/// <summary>
/// A job goes on with the trace of the request that put it on the queue, in every run, however long after and in whichever process. What a
/// job puts on the queue (a night its syncs, the sweep what it rescues) begins a trace of its own that links to it: one night would
/// be too long a trace for anybody.
/// </summary>
internal sealed class JobTelemetryFilter(TimeProvider time) : IClientFilter, IServerFilter
{
    private const string Parent = "TraceParent";
    private const string Origin = "TraceLink";
    private const string Key = "telemetry";

    private static readonly Histogram<double> Runs = Signals.Meter.Seconds("metaadsjobs.job.run.duration", "One run of a job, from being taken to being given back", Signals.RunSeconds);
    private static readonly UpDownCounter<long> Running = Signals.Meter.CreateUpDownCounter<long>("metaadsjobs.jobs.running", null, "Jobs that this process runs now");

    public void OnCreating(CreatingContext context)
    {
        // Without a listener nobody would read it, and it is a row more for every job.
        if (Activity.Current is not { } current || !Signals.Spans.HasListeners()) return;
        context.SetJobParameter(IsOfJob(current) ? Origin : Parent, current.Id);
    }

    public void OnCreated(CreatedContext context)
    {
    }

    public void OnPerforming(PerformingContext context)
    {
        var kind = JobKinds.Serialize(context.BackgroundJob.Job.Type);
        Running.Add(1);
        context.Items[Key] = new Run(kind, StartSpan(context, kind), time.GetTimestamp());
    }

    public void OnPerformed(PerformedContext context)
    {
        if (!context.Items.TryGetValue(Key, out var item) || item is not Run run) return;
        var outcome = context switch
        {
            { Exception: OperationCanceledException or JobAbortedException } => "handed_back",
            { Exception: not null } => "failed",
            { Result: JobOutcome.Snoozed } => "snoozed",
            { Result: JobOutcome.Stopped } => "stopped",
            _ => "completed",
        };
        Running.Add(-1);
        Runs.Record(time.GetElapsedTime(run.StartedAt).TotalSeconds, new("kind", run.Kind), new KeyValuePair<string, object?>("outcome", outcome));
        if (run.Span is null) return;
        run.Span.SetTag("metaadsjobs.outcome", outcome);
        if (context.Exception is { } exception) run.Span.SetTag("error.type", (exception.InnerException ?? exception).GetType().Name);
        if (outcome is "failed" or "stopped") run.Span.SetStatus(ActivityStatusCode.Error);
        run.Span.Dispose();
    }

    private static Activity? StartSpan(PerformingContext context, string kind)
    {
        if (!Signals.Spans.HasListeners()) return null;
        var parent = Read(context, Parent);
        ActivityLink[] links = Read(context, Origin) is { } origin ? [new(origin)] : [];
        var span = Signals.Spans.StartActivity($"run {kind}", ActivityKind.Consumer, parent ?? default, tags: null, links);
        return span?.SetTag("metaadsjobs.job.id", context.BackgroundJob.Id).SetTag("metaadsjobs.job.kind", kind);
    }

    private static ActivityContext? Read(PerformingContext context, string name) =>
        ActivityContext.TryParse(context.GetJobParameter<string?>(name, allowStale: true), traceState: null, isRemote: true, out var parsed) ? parsed : null;

    private static bool IsOfJob(Activity? activity)
    {
        for (; activity is not null; activity = activity.Parent)
            if (activity.Source == Signals.Spans && activity.Kind == ActivityKind.Consumer) return true;
        return false;
    }

    private sealed record Run(string Kind, Activity? Span, long StartedAt);
}
