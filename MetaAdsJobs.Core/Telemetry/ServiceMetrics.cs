using System.Data.Common;
using System.Diagnostics.Metrics;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Jobs.Watching;
using Microsoft.Extensions.Hosting;

namespace MetaAdsJobs.Core.Telemetry;

/// <summary>
/// The whole service in numbers: read from the database when somebody asks, at most every few seconds. So one process is enough
/// to be asked, and workers that come and go need not be found. docs/telemetry.md lists them.
/// </summary>
internal sealed class ServiceMetrics(ServiceReader service, QueueReader queue, EndedReader ended, TimeProvider time) : IHostedService, IDisposable
{
    public const string MeterName = "MetaAdsJobs.Service";
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(2);
    private static readonly string[] Open = ["queued", "running", "waiting"];
    private readonly Meter _meter = new(MeterName);
    private readonly Lock _lock = new();
    private (ServiceNumbers Service, QueueNumbers Queue)? _last;
    private long? _readAt;
    private Counter<long> _orchestrationsEnded = null!;
    private Counter<long> _syncsEnded = null!;
    private Counter<long> _clipsTaken = null!;
    private Histogram<double> _orchestrationSeconds = null!;
    private Histogram<double> _stepSeconds = null!;
    private Histogram<double> _syncSeconds = null!;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _orchestrationsEnded = _meter.CreateCounter<long>("metaadsjobs.orchestrations.ended", null, "Orchestrations that have ended, since this process started");
        _syncsEnded = _meter.CreateCounter<long>("metaadsjobs.syncs.ended", null, "Syncs that have ended, since this process started");
        _clipsTaken = _meter.CreateCounter<long>("metaadsjobs.clip_events.taken", null, "Messages of publishers, once for each account, by what they became when they came, since this process started");
        foreach (var became in (string[])["accepted", "existing", "outdated", "refused", "held", "over_limit"]) _clipsTaken.Add(0, new KeyValuePair<string, object?>("became", became));
        foreach (var end in (string[])["succeeded", "failed", "cancelled"]) _orchestrationsEnded.Add(0, new KeyValuePair<string, object?>("status", end));
        foreach (var end in (string[])["succeeded", "failed"]) _syncsEnded.Add(0, new KeyValuePair<string, object?>("state", end));
        _orchestrationSeconds = _meter.Seconds("metaadsjobs.orchestration.duration", "From acceptance to the end, all waiting included", Signals.RunSeconds);
        _stepSeconds = _meter.Seconds("metaadsjobs.step.duration", "From the first start of a step to its confirmation, of orchestrations that have ended", Signals.RunSeconds);
        _syncSeconds = _meter.Seconds("metaadsjobs.sync.duration", "From being queued to the end, all waiting included", Signals.RunSeconds);

        _meter.CreateObservableGauge("metaadsjobs.database.up", () => Look() is null ? 0 : 1, null, "1 when the numbers beside this one could be read");
        Gauge("metaadsjobs.queue.depth", "Jobs that no worker has taken yet", "queue", numbers => Queues.All.Select(name => (name, (double)numbers.Queue.Waiting.GetValueOrDefault(name).Jobs)));
        Gauge("metaadsjobs.queue.oldest.age", "For how long the first of them has waited", "queue",
            numbers => Queues.All.Select(name => (name, numbers.Queue.Waiting.GetValueOrDefault(name).Oldest.TotalSeconds)), "s");
        Gauge("metaadsjobs.jobs", "Jobs in the queue's own states", "state", numbers => Each(["processing", "scheduled", "failed"], numbers.Queue.States));
        Gauge("metaadsjobs.workers.alive", "Worker processes whose heartbeat is recent", numbers => numbers.Queue.WorkersAlive);
        Gauge("metaadsjobs.orchestrations", "Orchestrations that have not ended", "status", numbers => Each(Open, numbers.Service.Orchestrations));
        Gauge("metaadsjobs.syncs", "Syncs that have not ended", "state", numbers => Each(Open, numbers.Service.Syncs));
        Gauge("metaadsjobs.accounts", "Accounts", numbers => numbers.Service.Accounts);
        Gauge("metaadsjobs.accounts.attention", "Accounts that need a person", "reason", numbers => numbers.Service.Attention.Select(one => (one.Key, (double)one.Value)));
        Gauge("metaadsjobs.accounts.throttled", "Accounts that Meta's limits keep out now", "use_case", numbers => UseCases(numbers.Service, pacing => pacing.Blocked));
        Gauge("metaadsjobs.usage.highest.ratio", "The most that is used of any account's limit; 1 is all of it", "use_case", numbers => UseCases(numbers.Service, pacing => pacing.HighestUsage));
        Gauge("metaadsjobs.sync.oldest_day.age", "Since the end of the last complete day of the account that is furthest behind", numbers => numbers.Service.OldestDay.TotalSeconds, "s");
        Gauge("metaadsjobs.accounts.without_night", "Accounts whose last good night is more than 26 hours ago", numbers => numbers.Service.WithoutNight);
        Gauge("metaadsjobs.sync.differences", "Days of accounts, within 35, whose ads do not add up to what Meta says of the account", numbers => numbers.Service.DifferingDays);
        Gauge("metaadsjobs.stops.active", "Stops in force", "scope", numbers => numbers.Service.Stops.Select(one => (one.Key, (double)one.Value)));
        Gauge("metaadsjobs.alerts.open", "Alerts that are not over", "severity", numbers => Each(["info", "warning", "critical"], numbers.Service.Alerts));
        Gauge("metaadsjobs.alerts.evaluation.age", "Since the alert rule that has waited longest was evaluated: rules of days are, once an hour at the least", numbers => numbers.Service.AlertsEvaluated.TotalSeconds, "s");
        Gauge("metaadsjobs.webhooks.deliveries", "Events for webhooks that were not received: pending, on their way; failed, given up", "state",
            numbers => [("pending", numbers.Service.Webhooks.Pending), ("failed", numbers.Service.Webhooks.Failed)]);
        Gauge("metaadsjobs.webhooks.oldest.age", "Since the oldest event happened that is on its way", numbers => numbers.Service.Webhooks.Oldest.TotalSeconds, "s");
        Gauge("metaadsjobs.webhooks.switched_off", "Webhooks that are switched off", numbers => numbers.Service.Webhooks.SwitchedOff);
        Gauge("metaadsjobs.clip_events", "Events of publishers, in so many accounts, that a person has to look at", "state", numbers => Each(["refused", "held", "over_limit"], numbers.Service.ClipEvents));
        Gauge("metaadsjobs.clip_events.oldest.age", "Since the first of these came", numbers => numbers.Service.ClipsOldest.TotalSeconds, "s");
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _meter.Dispose();

    private void Gauge(string name, string description, Func<(ServiceNumbers Service, QueueNumbers Queue), double> value, string? unit = null) =>
        _meter.CreateObservableGauge(name, () => Look() is { } numbers ? [new Measurement<double>(value(numbers))] : (IEnumerable<Measurement<double>>)[], unit, description);

    private void Gauge(
        string name, string description, string label, Func<(ServiceNumbers Service, QueueNumbers Queue), IEnumerable<(string Label, double Value)>> values, string? unit = null) =>
        _meter.CreateObservableGauge(name, () => Look() is { } numbers
            ? values(numbers).Select(one => new Measurement<double>(one.Value, new KeyValuePair<string, object?>(label, one.Label)))
            : [], unit, description);

    private static IEnumerable<(string, double)> Each(string[] labels, IReadOnlyDictionary<string, long> counts) => labels.Select(label => (label, (double)counts.GetValueOrDefault(label)));

    private static IEnumerable<(string, double)> UseCases(ServiceNumbers numbers, Func<(long Blocked, double HighestUsage), double> value) =>
        ((string[])["ads_management", "ads_insights"]).Select(useCase => (useCase, value(numbers.Pacing.GetValueOrDefault(useCase))));

    // Null while the database is away: no number is better than an old one.
    private (ServiceNumbers Service, QueueNumbers Queue)? Look()
    {
        lock (_lock)
        {
            if (_readAt is { } readAt && time.GetElapsedTime(readAt) < Fresh) return _last;
            try
            {
                _last = (service.Read(), queue.Read());
                Count();
            }
            catch (Exception away) when (away is DbException or TimeoutException)
            {
                _last = null;
            }

            _readAt = time.GetTimestamp();
            return _last;
        }
    }

    private void Count()
    {
        var (orchestrations, steps, syncs, clips) = ended.Read();
        foreach (var one in clips) _clipsTaken.Add(1, new KeyValuePair<string, object?>("became", one.End));
        foreach (var one in orchestrations)
        {
            var status = new KeyValuePair<string, object?>("status", one.End);
            _orchestrationsEnded.Add(1, status);
            _orchestrationSeconds.Record(one.Took.TotalSeconds, status);
        }

        foreach (var (step, took) in steps) _stepSeconds.Record(took.TotalSeconds, new KeyValuePair<string, object?>("step", step));
        foreach (var one in syncs)
        {
            var state = new KeyValuePair<string, object?>("state", one.End);
            _syncsEnded.Add(1, state);
            _syncSeconds.Record(one.Took.TotalSeconds, state);
        }
    }
}
