using System.Diagnostics;
using System.Diagnostics.Metrics;
using MetaAdsJobs.Core.Telemetry;

namespace MetaAdsJobs.Core.Meta.Graph;

/// <summary>
/// One call to the Graph API as operators see it: a span and a measurement. It names the edge and never the object, the token, the
/// query or the account: whose call it was is in the log and in the audit.
/// </summary>
internal sealed class GraphSpan : IDisposable
{
    private static readonly Histogram<double> Calls = Signals.Meter.Seconds(
        "metaadsjobs.graph.call.duration", "Calls to the Graph API from being sent to being answered, or given up", Signals.CallSeconds);

    private static readonly Histogram<double> Turns = Signals.Meter.Seconds(
        "metaadsjobs.graph.turn.duration", "For how long calls waited for their turn within Meta's limits before they were sent", Signals.CallSeconds);

    private static readonly UpDownCounter<long> Waiting = Signals.Meter.CreateUpDownCounter<long>(
        "metaadsjobs.graph.calls.waiting", null, "Calls of this process that wait for their turn now");

    private static readonly Counter<long> HeldBack = Signals.Meter.CreateCounter<long>(
        "metaadsjobs.graph.calls.held_back", null, "Calls that were not sent, since the account's limits are used up: their runs come again");

    private static readonly string[] Edges = ["campaigns", "adsets", "adcreatives", "ads", "advideos", "adimages", "insights", "debug_token"];

    private readonly TimeProvider _time;
    private readonly long _startedAt;
    private readonly Activity? _span;
    private readonly TagList _tags;
    private string _outcome = "cancelled";

    private GraphSpan(HttpMethod method, string path, UseCase useCase, TimeProvider time)
    {
        (_time, _startedAt) = (time, time.GetTimestamp());
        var edge = EdgeOf(path);
        _tags = new TagList { { "method", method.Method }, { "edge", edge }, { "use_case", useCase.ToName() } };
        _span = Signals.Spans.StartActivity($"{method.Method} {edge}", ActivityKind.Client);
        _span?.SetTag("http.request.method", method.Method).SetTag("metaadsjobs.graph.edge", edge).SetTag("metaadsjobs.use_case", useCase.ToName());
    }

    public static GraphSpan Begin(HttpMethod method, string path, UseCase useCase, TimeProvider time) => new(method, path, useCase, time);

    /// <summary>Waits until the call may be sent.</summary>
    public static async ValueTask AwaitTurnAsync(Func<ValueTask> turn, UseCase useCase, TimeProvider time)
    {
        var tag = new KeyValuePair<string, object?>("use_case", useCase.ToName());
        var since = time.GetTimestamp();
        Waiting.Add(1, tag);
        try
        {
            await turn();
        }
        catch (MetaException)
        {
            HeldBack.Add(1, tag);
            throw;
        }
        finally
        {
            Waiting.Add(-1, tag);
        }

        Turns.Record(time.GetElapsedTime(since).TotalSeconds, tag);
    }

    /// <summary>Meta's own id of the call, by which its support finds it.</summary>
    public void Answered(HttpResponseMessage answer)
    {
        if (_span is null) return;
        _span.SetTag("http.response.status_code", (int)answer.StatusCode);
        if (answer.Headers.TryGetValues("x-fb-trace-id", out var ids)) _span.SetTag("metaadsjobs.meta_trace_id", string.Join(',', ids));
    }

    public void Done() => _outcome = "ok";

    public void Failed(MetaException exception)
    {
        _outcome = NameOf(exception.Proof);
        if (_span is null) return;
        _span.SetStatus(ActivityStatusCode.Error).SetTag("metaadsjobs.meta_code", exception.Code).SetTag("metaadsjobs.meta_subcode", exception.Subcode);
        if (exception.TraceId is { } id) _span.SetTag("metaadsjobs.meta_trace_id", id);
    }

    public void Dispose()
    {
        var tags = _tags;
        tags.Add("outcome", _outcome);
        Calls.Record(_time.GetElapsedTime(_startedAt).TotalSeconds, tags);
        _span?.SetTag("metaadsjobs.outcome", _outcome);
        _span?.Dispose();
    }

    /// <summary>What the path leads to, without whose it is.</summary>
    internal static string EdgeOf(string path) =>
        Edges.Contains(path[(path.LastIndexOf('/') + 1)..]) ? path[(path.LastIndexOf('/') + 1)..]
        : path.Contains('/', StringComparison.Ordinal) ? "other"
        : path.StartsWith("act_", StringComparison.Ordinal) ? "account" : "object";

    private static string NameOf(Proof proof) => proof switch
    {
        Proof.NotSent => "not_sent",
        Proof.Throttled => "throttled",
        Proof.Rejected => "rejected",
        Proof.TokenRejected => "token_rejected",
        Proof.AccountBlocked => "account_blocked",
        _ => "outcome_unknown",
    };
}
