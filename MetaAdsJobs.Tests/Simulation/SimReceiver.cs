using System.Net;
using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Events.Delivering;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>How a receiver deals with what is sent to it. The first is the quiet one.</summary>
internal enum ReceiverFate
{
    Taken,

    /// <summary>It has it, and the connection broke before the answer came.</summary>
    TakenAnswerLost,

    /// <summary>It has it, and never answers.</summary>
    TakenSilent,

    /// <summary>It does not take it now: a server error.</summary>
    Refused,

    /// <summary>Nothing arrives, and no answer comes.</summary>
    Silent,

    /// <summary>The connection could not be made.</summary>
    NotReached,

    /// <summary>It says that there is nobody any more.</summary>
    Gone,
}

/// <summary>Those who receive events, each under a path of its own, and what they have taken. They outlive every process of the service.</summary>
internal sealed class SimReceiver(History history)
{
    private readonly Dictionary<(string Path, Guid EventId), string> _bodies = [];
    private readonly HashSet<(string Path, Guid EventId)> _taken = [];

    // Who waits for an answer, and since when.
    private readonly Dictionary<(string Path, Guid EventId), (SimProcess Process, DateTimeOffset Since)> _underWay = [];

    /// <summary>Nothing of it answers.</summary>
    public bool IsDown { get; set; }

    public bool Has(string path, Guid eventId) => _taken.Contains((path, eventId));

    public ReceiverFate Fate() => IsDown ? ReceiverFate.NotReached : !history.Choices.Chance(history.Odds.Fault * 2) ? ReceiverFate.Taken
        : history.Choices.OneOf(ReceiverFate.Refused, ReceiverFate.TakenAnswerLost, ReceiverFate.TakenSilent, ReceiverFate.Silent, ReceiverFate.NotReached, ReceiverFate.Refused, ReceiverFate.TakenAnswerLost, ReceiverFate.Gone);

    /// <summary>Somebody sends it: what he may send now, and what he has sent before under the same id.</summary>
    public void IsSent(SimProcess process, string path, Guid eventId, string body)
    {
        // Who has died, or slept for longer than that, is not waited for.
        if (_underWay.TryGetValue((path, eventId), out var other) && !other.Process.IsDead && history.Clockwork.Now < other.Since + DeliveryStore.Lease) history.Judge.Condemn($"event {eventId} is sent by two at a time");
        _underWay[(path, eventId)] = (process, history.Clockwork.Now);
        using var connection = history.Database.Aside.OpenConnection();
        var (isOn, state, isHeld, isThere) = connection.QuerySingle<(bool, string?, bool, bool)>("""
            SELECT w.state = 'on', d.state, COALESCE(d.lease_until > clock_timestamp(), false), e.id IS NOT NULL FROM webhooks w
            LEFT JOIN event_deliveries d ON d.webhook_id = w.id AND d.event_id = @eventId LEFT JOIN events e ON e.id = d.event_id WHERE w.id = @hook
            """, new { hook = history.Deliveries.HookOf(path), eventId });
        if (!isThere) history.Judge.Condemn($"event {eventId} is sent, and was never committed");
        else if (!isOn) history.Judge.Condemn($"event {eventId} is sent to a webhook that is switched off");
        else if (state != "pending" || !isHeld) history.Judge.Condemn($"event {eventId} is sent, and it is {state}{(isHeld ? "" : ", held by nobody")}");
        if (_bodies.TryGetValue((path, eventId), out var before) && before != body) history.Judge.Condemn($"event {eventId} is sent again as something else");
        _bodies[(path, eventId)] = body;
    }

    public void Takes(string path, Guid eventId) => _taken.Add((path, eventId));

    /// <summary>Its sender has an answer, or waits no longer.</summary>
    public void IsOver(string path, Guid eventId) => _underWay.Remove((path, eventId));

    /// <summary>Somebody has things sent again, whatever is under way.</summary>
    public void Forget() => _underWay.Clear();
}

/// <summary>The transport of one simulated process to those who receive events.</summary>
internal sealed class ReceiverWire(History history, SimProcess process) : HttpMessageHandler
{
    private static readonly TimeSpan[] Latencies = [TimeSpan.FromMilliseconds(40), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(12)];

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = await request.Content!.ReadAsStringAsync(CancellationToken.None);
        var activity = history.Clockwork.Caller!;
        if (process.IsDead)
        {
            history.Clockwork.Rests(activity, null);
            return await new TaskCompletionSource<HttpResponseMessage>().Task;
        }

        var (path, eventId) = (request.RequestUri!.AbsolutePath, Guid.Parse(request.Headers.GetValues("webhook-id").Single()));
        var told = JsonDocument.Parse(body).RootElement;
        if (told.GetProperty("id").GetString() != $"{eventId}") history.Judge.Condemn($"event {eventId} calls itself {told.GetProperty("id")}");
        history.Receiver.IsSent(process, path, eventId, body);
        return await ExchangeAsync(path, eventId, $"{activity.Name}: {told.GetProperty("type")} of {Short(told.GetProperty("subject").GetString()!)} to {path}", activity, cancellationToken);
    }

    private string Short(string subject) => Guid.TryParse(subject, out var id) ? history.NameOf(id) : subject;

    private Task<HttpResponseMessage> ExchangeAsync(string path, Guid eventId, string what, Activity activity, CancellationToken ct)
    {
        var (clockwork, receiver) = (history.Clockwork, history.Receiver);
        var source = new TaskCompletionSource<HttpResponseMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
        var fate = receiver.Fate();
        var latency = Latencies[history.Choices.Chance(history.Odds.Slow) ? history.Choices.Below(Latencies.Length) : 0];
        Due? waits = null;
        if (fate is ReceiverFate.Taken or ReceiverFate.TakenAnswerLost or ReceiverFate.TakenSilent)
        {
            clockwork.Plan(latency / 2, null, null, what, () =>
            {
                receiver.Takes(path, eventId);
                clockwork.Tell($"taken: {what}");
                if (fate == ReceiverFate.TakenSilent || process.IsDead || source.Task.IsCompleted) return;
                activity.Waits = waits = Answer(latency / 2);
            });
        }
        else if (fate != ReceiverFate.Silent) waits = Answer(latency);

        clockwork.Tell($"{what}{(fate == ReceiverFate.Taken ? "" : $" ({fate})")}");
        if (ct.CanBeCanceled)
            ct.Register(() =>
            {
                if (waits is not null) clockwork.Forget(waits);
                if (source.Task.IsCompleted) return;
                receiver.IsOver(path, eventId);
                clockwork.Resume(activity);
                source.TrySetCanceled(ct);
            });
        clockwork.Rests(activity, waits);
        return source.Task;

        Due Answer(TimeSpan after) => clockwork.Plan(after, activity, process, $"answer to {what}", () =>
        {
            if (source.Task.IsCompleted) return;
            receiver.IsOver(path, eventId);
            clockwork.Resume(activity);
            if (fate == ReceiverFate.TakenAnswerLost) source.TrySetException(new IOException("broken"));
            else if (fate == ReceiverFate.NotReached) source.TrySetException(new HttpRequestException(HttpRequestError.ConnectionError, "no connection"));
            else source.TrySetResult(new(fate switch { ReceiverFate.Refused => HttpStatusCode.InternalServerError, ReceiverFate.Gone => HttpStatusCode.Gone, _ => HttpStatusCode.OK }) { Content = new StringContent("") });
        }, canKill: true);
    }
}
