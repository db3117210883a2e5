using System.Diagnostics;
using System.Diagnostics.Metrics;
using MetaAdsJobs.Core.Telemetry;

namespace MetaAdsJobs.Core.Orchestrations.Steps;

/// <summary>One attempt at one step as operators see it: a span and a count.</summary>
internal sealed class StepSpan(string step) : IDisposable
{
    public const string Done = "done";
    public const string Adopted = "adopted";
    public const string Absent = "absent";
    public const string NotYet = "not_yet";
    public const string SeveralFound = "several_found";
    private const string Failed = "failed";
    private static readonly Counter<long> Steps = Signals.Meter.CreateCounter<long>("metaadsjobs.steps", null, "Attempts at steps, by how they ended");
    private readonly Activity? _span = Signals.Spans.StartActivity($"step {step}");

    public string Result { get; set; } = Failed;

    public void Dispose()
    {
        Steps.Add(1, new("step", step), new KeyValuePair<string, object?>("result", Result));
        if (Result == Failed) _span?.SetStatus(ActivityStatusCode.Error);
        _span?.SetTag("metaadsjobs.step", step).SetTag("metaadsjobs.result", Result);
        _span?.Dispose();
    }
}
