using System.Net;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>One call to the Graph as it is on the wire.</summary>
internal sealed class GraphCall(string method, string path, IReadOnlyDictionary<string, string> fields, string token)
{
    public string Method { get; } = method;
    public string Path { get; } = path;
    public string Token { get; } = token;

    /// <summary>What sends it, such as the run of a job.</summary>
    public string By { get; init; } = "";

    /// <summary>The kind of the job that sends it.</summary>
    public string ByKind => By.Split(' ').ElementAtOrDefault(1) ?? "";

    public string? this[string field] => fields.GetValueOrDefault(field);

    /// <summary>What may change something at Meta.</summary>
    public bool Changes => Method != "GET" && this["execution_options"] is null && !Path.EndsWith("/insights", StringComparison.Ordinal);

    public string Edge => Path[(Path.LastIndexOf('/') + 1)..];

    public bool IsCreate => Method == "POST" && Path.Contains('/', StringComparison.Ordinal) && Changes && this["upload_phase"] is null;

    /// <summary>What changes how long something may spend, or what in all.</summary>
    public bool IsOfTerm => this["end_time"] is not null || this["lifetime_budget"] is not null;

    public bool Activates => Method == "POST" && !IsCreate && this["status"] == "ACTIVE";

    public override string ToString() => $"{Method} {Path}{(this["name"] is { } name ? $" \"{name}\"" : "")}{(this["status"] is { } status && !IsCreate ? $" {status}" : "")}{(this["upload_phase"] is { } phase ? $" {phase} {this["start_offset"]}" : "")}";
}

/// <summary>What Meta answers.</summary>
internal sealed record GraphAnswer(int Status, string Body)
{
    public static GraphAnswer Ok(string body) => new(200, body);

    public static GraphAnswer Error(int code, int? subcode, string message, bool isTransient = false) => new(code is 1 or 2 ? 500 : 400,
        $"{{\"error\":{{\"message\":\"{message}\",\"type\":\"OAuthException\",\"code\":{code},{(subcode is null ? "" : $"\"error_subcode\":{subcode},")}\"is_transient\":{(isTransient ? "true" : "false")},\"fbtrace_id\":\"T\"}}}}");
}

/// <summary>How a call goes: whether and when it is done, whether and how it is answered. The first is the quiet one.</summary>
internal enum WireFate
{
    Fine,

    /// <summary>The connection could not be made: certainly not done.</summary>
    NotSent,

    /// <summary>The connection broke before it arrived.</summary>
    BrokenBefore,

    /// <summary>It is done, and the connection broke before the answer came.</summary>
    BrokenAfter,

    /// <summary>The connection broke; it is done some time later all the same.</summary>
    BrokenDoneLater,

    /// <summary>No answer ever comes, and it is never done.</summary>
    SilentNotDone,

    /// <summary>No answer ever comes; done, at once or later.</summary>
    SilentDone,

    /// <summary>Done, and answered with a server error.</summary>
    ServerErrorDone,

    /// <summary>Not done, and answered with a server error.</summary>
    ServerErrorNotDone,

    /// <summary>Done, and answered with something that tells nothing: a page, a cut body, no id.</summary>
    GarbledDone,

    /// <summary>Not done: Meta's limits are used up.</summary>
    Throttled,

    /// <summary>Not done, and said to be in passing.</summary>
    Transient,

    /// <summary>Not done: refused for what it is.</summary>
    Rejected,

    /// <summary>Not done: said not to exist, which is not so.</summary>
    SaidMissing,
}

/// <summary>The transport of one simulated process: the only way to the world.</summary>
internal sealed class SimWire(History history, SimProcess process) : HttpMessageHandler
{
    private static readonly TimeSpan[] Latencies = [TimeSpan.FromMilliseconds(60), TimeSpan.FromMilliseconds(300), TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(12), TimeSpan.FromSeconds(28)];

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        // Of a file only its length: what it holds is judged by other tests.
        var body = request.Content is MultipartFormDataContent parts ? string.Join('&', parts.Select(TextOf)) : request.Content is null ? "" : await request.Content.ReadAsStringAsync(CancellationToken.None);
        var clockwork = history.Clockwork;
        var activity = clockwork.Caller!;
        if (process.IsDead)
        {
            clockwork.Rests(activity, null);
            return await new TaskCompletionSource<HttpResponseMessage>().Task;
        }

        var path = request.RequestUri!.AbsolutePath.TrimStart('/');
        var query = QueryHelpers.ParseQuery(request.Method == HttpMethod.Post ? body : request.RequestUri.Query);
        var call = new GraphCall(request.Method.Method, Uri.UnescapeDataString(path[(path.IndexOf('/') + 1)..]),
            query.ToDictionary(pair => pair.Key, pair => pair.Value.ToString()), request.Headers.Authorization!.Parameter!) { By = activity.Name };
        return await ExchangeAsync(call, activity, cancellationToken);
    }

    private static string TextOf(HttpContent part) => $"{part.Headers.ContentDisposition!.Name!.Trim('"')}={(part is StringContent text ? text.ReadAsStringAsync().Result : part.Headers.ContentLength)}";

    private Task<HttpResponseMessage> ExchangeAsync(GraphCall call, Activity activity, CancellationToken ct)
    {
        var (clockwork, world) = (history.Clockwork, history.World);
        var source = new TaskCompletionSource<HttpResponseMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
        var worst = history.Midway.Of(call);
        var fate = worst?.Fate ?? history.Fates.Of(call);
        var latency = worst?.Latency ?? Latencies[history.Choices.Chance(history.Odds.Slow) ? history.Choices.Below(Latencies.Length) : 0];
        var later = worst?.Later ?? history.Fates.DelayOf(call, fate);
        var told = $"{activity.Name}: {call}{(fate == WireFate.Fine ? "" : $" ({fate}{(later > TimeSpan.Zero ? $", {later.TotalSeconds} s later" : "")})")}";
        var sent = world.Sent(call);
        Due? waits = null;
        switch (fate)
        {
            case WireFate.Fine or WireFate.BrokenAfter or WireFate.ServerErrorDone or WireFate.GarbledDone:
                // A read is answered as the world is when the answer is made; a change has a moment of its own.
                if (!call.Changes)
                {
                    waits = Answer(latency, () => world.Handle(call));
                    break;
                }

                clockwork.Plan(latency / 2, null, null, told, () =>
                {
                    var answer = world.Handle(call);
                    clockwork.Tell($"at Meta: {call} -> {answer.Status} {Short(answer.Body)}");
                    if (process.IsDead || source.Task.IsCompleted) return;
                    waits = Answer(latency / 2, () => answer);
                    activity.Waits = waits;
                });
                break;
            case WireFate.BrokenDoneLater or WireFate.SilentDone:
                clockwork.Plan(latency / 2 + later, null, null, told, () => clockwork.Tell($"at Meta: {call} -> {world.Handle(call).Status}, not answered"));
                if (fate == WireFate.BrokenDoneLater) waits = Answer(latency, null);
                break;
            case WireFate.SilentNotDone:
                break;
            default:
                waits = Answer(latency, null);
                break;
        }

        clockwork.Tell(told);
        if (ct.CanBeCanceled)
            ct.Register(() =>
            {
                if (waits is not null) clockwork.Forget(waits);
                if (source.Task.IsCompleted) return;
                clockwork.Resume(activity);
                source.TrySetCanceled(ct);
            });
        clockwork.Rests(activity, waits);
        return source.Task;

        Due Answer(TimeSpan after, Func<GraphAnswer>? made) => clockwork.Plan(after, activity, process, $"answer to {activity.Name}: {call}", () =>
        {
            if (source.Task.IsCompleted) return;
            clockwork.Resume(activity);
            try
            {
                var answer = AnswerOf(fate, made);
                (sent.IsProvenNotDone, sent.IsDone) = (answer.Status == 400, fate == WireFate.Fine && answer.Status == 200);
                source.TrySetResult(new((HttpStatusCode)answer.Status) { Content = new StringContent(answer.Body, Encoding.UTF8, "application/json") });
            }
            catch (Exception broken) when (broken is HttpRequestException or IOException)
            {
                sent.IsProvenNotDone = fate == WireFate.NotSent;
                source.TrySetException(broken);
            }
        }, canKill: true, answered: call);
    }

    private GraphAnswer AnswerOf(WireFate fate, Func<GraphAnswer>? made)
    {
        switch (fate)
        {
            case WireFate.Fine:
                return made!();
            case WireFate.NotSent:
                throw new HttpRequestException(HttpRequestError.ConnectionError, "no connection");
            case WireFate.BrokenBefore or WireFate.BrokenDoneLater:
                throw new IOException("broken");
            case WireFate.BrokenAfter:
                made!();
                throw new IOException("broken");
            case WireFate.ServerErrorDone:
                made!();
                return GraphAnswer.Error(2, null, "An unexpected error has occurred", isTransient: true);
            case WireFate.ServerErrorNotDone:
                return GraphAnswer.Error(1, 99, "An unknown error occurred");
            case WireFate.GarbledDone:
                made!();
                return history.Choices.OneOf(new GraphAnswer(200, "<html>"), new(502, "<html>"), new(200, "{\"id\":"), new(200, "{}"));
            case WireFate.Throttled:
                return history.Choices.OneOf(GraphAnswer.Error(17, 2446079, "limit"), GraphAnswer.Error(80004, null, "limit"), GraphAnswer.Error(613, 1487742, "limit"));
            case WireFate.Transient:
                return GraphAnswer.Error(2, null, "try again", isTransient: true);
            case WireFate.Rejected:
                return GraphAnswer.Error(100, 1885183, "refused");
            case WireFate.SaidMissing:
                return GraphAnswer.Error(100, 33, "Object does not exist, cannot be loaded due to missing permissions, or does not support this operation");
            default:
                throw new InvalidOperationException(fate.ToString());
        }
    }

    private static string Short(string text) => text.Length <= 120 ? text : text[..120];
}
