using System.Net.Sockets;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using MetaAdsJobs.Launch;

namespace MetaAdsJobs.Tests.Telemetry;

/// <summary>What Prometheus finds; and that docs, alerts and dashboard speak of nothing else.</summary>
[TestFixture]
public sealed partial class MetricsTests
{
    [Test]
    public void The_whole_service_is_counted()
    {
        Assert.Multiple(() =>
        {
            Assert.That(Value("metaadsjobs_orchestrations_ended_total", "status=\"succeeded\""), Is.EqualTo(2));
            Assert.That(Value("metaadsjobs_orchestrations_ended_total", "status=\"failed\""), Is.EqualTo(1));
            Assert.That(Value("metaadsjobs_orchestrations_ended_total", "status=\"cancelled\""), Is.Zero);
            Assert.That(Value("metaadsjobs_orchestration_duration_seconds_count", "status=\"succeeded\""), Is.EqualTo(2));
            Assert.That(Value("metaadsjobs_orchestration_duration_seconds_sum", "status=\"succeeded\""), Is.InRange(1, 60), "one waited a second for Meta");
            Assert.That(Value("metaadsjobs_step_duration_seconds_count", "step=\"campaign\""), Is.EqualTo(3));
            Assert.That(Value("metaadsjobs_step_duration_seconds_count", "step=\"ad\""), Is.EqualTo(2));
            Assert.That(Value("metaadsjobs_orchestrations", "status=\"running\""), Is.Zero);
            Assert.That(Value("metaadsjobs_jobs", "state=\"failed\""), Is.EqualTo(1));
            Assert.That(Value("metaadsjobs_queue_depth", "queue=\"campaigns\""), Is.InRange(0, 1));
            Assert.That(Value("metaadsjobs_workers_alive"), Is.EqualTo(1));
            Assert.That(Value("metaadsjobs_accounts"), Is.EqualTo(1));
            Assert.That(Value("metaadsjobs_stops_active", "scope=\"account\""), Is.EqualTo(1));
            Assert.That((Value("metaadsjobs_webhooks_deliveries", "state=\"pending\""), Value("metaadsjobs_webhooks_deliveries", "state=\"failed\""), Value("metaadsjobs_clip_events", "state=\"held\"")), Is.EqualTo((0, 0, 0)));
            Assert.That((Value("metaadsjobs_webhooks_oldest_age_seconds"), Value("metaadsjobs_webhooks_switched_off")), Is.EqualTo((0, 0)));
            Assert.That(Value("metaadsjobs_database_up"), Is.EqualTo(1));
            // The sync stored days until yesterday, in New York.
            Assert.That(Value("metaadsjobs_sync_oldest_day_age_seconds"), Is.InRange(0, 25 * 3600));
        });
    }

    [Test]
    public void A_worker_counts_its_calls_by_what_they_prove()
    {
        Assert.Multiple(() =>
        {
            Assert.That(Value("metaadsjobs_graph_call_duration_seconds_count", "method=\"POST\"", "edge=\"campaigns\"", "outcome=\"ok\"", "use_case=\"ads_management\""), Is.EqualTo(3));
            Assert.That(Value("metaadsjobs_graph_call_duration_seconds_count", "method=\"POST\"", "edge=\"ads\"", "outcome=\"rejected\""), Is.EqualTo(1));
            Assert.That(Value("metaadsjobs_graph_calls_held_back_total", "use_case=\"ads_management\""), Is.GreaterThanOrEqualTo(1));
            Assert.That(Value("metaadsjobs_graph_calls_waiting", "use_case=\"ads_management\""), Is.Zero);
            Assert.That(Value("metaadsjobs_steps_total", "step=\"campaign\"", "result=\"done\""), Is.EqualTo(3));
            Assert.That(Value("metaadsjobs_steps_total", "step=\"ad\"", "result=\"failed\""), Is.EqualTo(1));
            Assert.That(Value("metaadsjobs_job_run_duration_seconds_count", "kind=\"orchestration\"", "outcome=\"snoozed\""), Is.GreaterThanOrEqualTo(1));
            Assert.That(Value("metaadsjobs_job_run_duration_seconds_count", "kind=\"orchestration\"", "outcome=\"stopped\""), Is.EqualTo(1));
        });
    }

    [Test]
    public async Task A_worker_answers_on_IPv6_too()
    {
        if (!Socket.OSSupportsIPv6) Assert.Ignore("this machine has no IPv6");
        using var http = new HttpClient();
        Assert.That((int)(await http.GetAsync(new Uri($"http://[::1]:{ObservedService.WorkerPort}/health/live"))).StatusCode, Is.EqualTo(200));
    }

    [Test]
    public async Task A_worker_tells_probes_that_it_lives() => Assert.That((await ObservedService.AskWorkerAsync("/health/live")).Code, Is.EqualTo(200));

    [Test]
    public void No_label_grows_with_accounts_or_requests()
    {
        var lines = ObservedService.Metrics.Split('\n').Where(line => line.StartsWith("metaadsjobs_", StringComparison.Ordinal)).ToList();

        Assert.That(lines.Where(line => Endless().IsMatch(line)), Is.Empty, "an id or a name");
        Assert.That(lines, Has.Count.LessThan(700));
    }

    [Test]
    public void The_docs_name_every_metric_and_no_other()
    {
        var documented = Named("telemetry.md").ToHashSet();

        Assert.That(Exported(), Is.EquivalentTo(documented));
    }

    [TestCase("alerts.yml")]
    [TestCase("grafana.json")]
    public void Alerts_and_dashboard_ask_for_metrics_that_exist(string file)
    {
        var asked = Named(file).ToHashSet();

        Assert.That(asked, Has.Count.GreaterThan(5));
        Assert.That(asked, Is.SubsetOf(Exported()));
    }

    [Test]
    public void The_dashboard_is_one()
    {
        var dashboard = JsonNode.Parse(Doc("grafana.json"))!;

        Assert.That(dashboard["panels"]!.AsArray().Where(panel => (string?)panel!["type"] != "row").All(panel => panel!["targets"]!.AsArray().Count > 0), Is.True);
        Assert.That(dashboard["panels"]!.AsArray().Select(panel => (int)panel!["id"]!), Is.Unique);
    }

    private static double Value(string name, params string[] labels)
    {
        var line = ObservedService.Metrics.Split('\n').SingleOrDefault(line =>
            (line.StartsWith(name + "{", StringComparison.Ordinal) || line.StartsWith(name + " ", StringComparison.Ordinal)) && labels.All(label => line.Contains(label, StringComparison.Ordinal)));
        // A sample may end in its time.
        return line is null ? double.NaN : double.Parse(line[(line.LastIndexOf('}') + 1)..].Trim().Split(' ')[line.Contains('}', StringComparison.Ordinal) ? 0 : 1], System.Globalization.CultureInfo.InvariantCulture);
    }

    private static HashSet<string> Exported() => [.. TypeLine().Matches(ObservedService.Metrics).Select(type => type.Groups[1].Value).Where(name => name.StartsWith("metaadsjobs_", StringComparison.Ordinal)).Select(Base)];

    private static IEnumerable<string> Named(string file) => Metric().Matches(Doc(file)).Select(metric => Base(metric.Value));

    // A histogram's parts are no metrics of their own.
    private static string Base(string name) => Part().Match(name) is { Success: true } part && ObservedService.Metrics.Contains($"# TYPE {name[..part.Index]} histogram", StringComparison.Ordinal) ? name[..part.Index] : name;

    private static string Doc(string name) => File.ReadAllText(Path.Combine(ProjectFolder.Path, "docs", name));

    [GeneratedRegex(@"metaadsjobs_[a-z_]+")]
    private static partial Regex Metric();

    [GeneratedRegex(@"# TYPE (\w+)")]
    private static partial Regex TypeLine();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex Part();

    [GeneratedRegex(@"[0-9a-f]{8}-[0-9a-f]{4}|(?<!\ble)=""[^""]*\d{5,}|act_|Summer|account_id|request_id")]
    private static partial Regex Endless();
}
