using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Events;
using MetaAdsJobs.Core.Events.Delivering;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>
/// Webhooks to which events are delivered: their receivers are down for long, somebody switches them off and on and has things sent again; and what must have arrived. Who sends what is judged as it is
/// sent (<see cref="SimReceiver"/>).
/// </summary>
internal sealed class DeliveryScript(History history, int weight)
{
    private const int MostHooks = 2;
    private readonly List<(Guid Id, string Path)> _hooks = [];
    private bool _isCalm;

    /// <summary>A thirteenth of the histories.</summary>
    public bool IsOn { get; } = !history.IsOfNumbers && weight % 13 == 5;

    public Guid HookOf(string path) => _hooks.Find(hook => hook.Path == path).Id;

    public void Plan()
    {
        if (!IsOn) return;
        var random = new Random(unchecked((weight * 23) + 7));
        for (var number = random.Next(1, MostHooks + 1); number > 0; number--) AddHook(number, number == 2 ? history.Script.Accounts[0].Id : null);
        PlanRing();
        for (var more = random.Next(1, 5); more > 0; more--)
        {
            var (at, hook) = (random.Next(1, 500), _hooks[random.Next(_hooks.Count)].Id);
            switch (random.Next(4))
            {
                case 0:
                    var length = random.Next(30, 900);
                    InStorm(at, "the receiver is down", () => history.Receiver.IsDown = true);
                    InStorm(at + length, "the receiver is back", () => history.Receiver.IsDown = false);
                    break;
                case 1:
                    InStorm(at, "it has been down for a day", () =>
                    {
                        using var connection = history.Database.Aside.OpenConnection();
                        connection.Execute("UPDATE webhooks SET failing_since = failing_since - interval '1 day' WHERE id = @hook", new { hook });
                    });
                    break;
                case 2:
                    Change(at, hook, isOn: false);
                    Change(at + random.Next(1, 200), hook, isOn: true);
                    break;
                default:
                    history.Script.At(at, $"has all sent again to {history.NameOf(hook)}", (api, ct) => ReplayAsync(api, hook, null, ct));
                    break;
            }
        }
    }

    /// <summary>When nothing goes wrong any more: receivers are there, and whoever looks after them goes on until all was received.</summary>
    public void PlanCalm()
    {
        if (!IsOn) return;
        (_isCalm, history.Receiver.IsDown) = (true, false);
        LookAfter();
    }

    /// <summary>Whether anything was not received.</summary>
    public bool HasOpen() => IsOn && Open() > 0;

    /// <summary>All that was told has arrived, and what is noted as delivered has, too.</summary>
    public async Task JudgeAsync(Npgsql.NpgsqlConnection connection)
    {
        foreach (var (id, path) in _hooks)
            foreach (var (eventId, type, state) in await connection.QueryAsync<(Guid, string, string)>("SELECT event_id, type, state FROM event_deliveries WHERE webhook_id = @id", new { id }))
                if (state != "delivered" || !history.Receiver.Has(path, eventId)) history.Judge.Condemn($"{type} {eventId} is {state}, and {path} has {(history.Receiver.Has(path, eventId) ? "" : "not ")}received it");
    }

    public Task CleanAsync(Npgsql.NpgsqlConnection connection) => connection.ExecuteAsync("DELETE FROM events; DELETE FROM webhooks WHERE id = ANY(@hooks)", new { hooks = _hooks.Select(hook => hook.Id).ToArray() });

    private void AddHook(int number, Guid? accountId)
    {
        var (id, path, secrets) = (new Guid(number, 0, 0x4000, 0x80, 0, 0, 0, 0, 0, 0, 2), $"/hook{number}", history.Workers[0].Get<WebhookSecrets>());
        using var connection = history.Database.Aside.OpenConnection();
        connection.Execute("""
            INSERT INTO webhooks (id, url, shown_url, format, account_ids, secret, created_by, created_at, updated_at) VALUES (@id, @url, @path, 'cloudevents', @accounts::uuid[], @secret, 'ops', clock_timestamp(), clock_timestamp())
            """, new { id, path, url = secrets.Close($"https://receiver.example{path}"), secret = secrets.Close("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), accounts = accountId is { } account ? new[] { account } : null });
        _hooks.Add((id, path));
        history.Name(id, path);
    }

    // Once a second in earnest; here when there is something to ring for, so that a history is no longer than it has to be.
    private void PlanRing() => history.Clockwork.Plan(TimeSpan.FromSeconds(4), null, null, "the bell", () =>
    {
        PlanRing();
        if (history.Workers.Where(worker => worker.IsAwake).ToList() is not { Count: > 0 } workers || Due() == 0) return;
        var worker = workers[history.Choices.Below(workers.Count)];
        worker.Begin($"{worker.Name} rings", ct => worker.Get<RingForDeliveries>().ExecuteAsync(ct), _ => { });
    });

    private void InStorm(double at, string what, Action happens) => history.Clockwork.Plan(TimeSpan.FromSeconds(at), null, null, what, () =>
    {
        if (_isCalm) return;
        history.Clockwork.Tell(what);
        happens();
    });

    private void Change(double at, Guid hook, bool isOn) => history.Script.At(at, $"switches {history.NameOf(hook)} {(isOn ? "on" : "off")}", async (api, ct) =>
    {
        if (_isCalm && !isOn) return;
        history.Receiver.Forget();
        await api.Get<SaveWebhook>().ChangeAsync(hook, JsonSerializer.SerializeToElement(new { enabled = isOn }), "ops", ct);
    });

    private async Task ReplayAsync(SimProcess api, Guid hook, string? state, CancellationToken ct)
    {
        var body = new Dictionary<string, string> { ["from"] = "2020-01-01T00:00:00Z", ["to"] = "2040-01-01T00:00:00Z" };
        if (state is not null) body["state"] = state;
        await api.Get<ReplayDeliveries>().RangeAsync(hook, JsonSerializer.SerializeToElement(body), ct);
        history.Receiver.Forget();
    }

    private void LookAfter() => history.Clockwork.Plan(TimeSpan.FromSeconds(30), null, null, "somebody looks after the webhooks", () =>
    {
        LookAfter();
        foreach (var (id, state) in Left())
        {
            if (state is null) Change(0, id, isOn: true);
            else history.Script.At(0, $"has what is {state} sent to {history.NameOf(id)}", (api, ct) => ReplayAsync(api, id, state, ct));
        }
    });

    // What nobody will send by himself; null as its state: the webhook is off.
    private List<(Guid Id, string? State)> Left()
    {
        using var connection = history.Database.Aside.OpenConnection();
        return [.. connection.Query<(Guid, string?)>("""
            SELECT id, NULL AS state FROM webhooks WHERE id = ANY(@hooks) AND state = 'off'
            UNION ALL SELECT DISTINCT w.id, d.state FROM webhooks w JOIN event_deliveries d ON d.webhook_id = w.id WHERE w.id = ANY(@hooks) AND w.state = 'on' AND d.state IN ('held', 'failed') ORDER BY 1, 2
            """, new { hooks = _hooks.Select(hook => hook.Id).ToArray() })];
    }

    private long Open() => Count("d.state <> 'delivered'");

    private long Due() => Count("d.state = 'pending' AND d.next_at <= clock_timestamp() + interval '5 seconds'");

    private long Count(string which)
    {
        using var connection = history.Database.Aside.OpenConnection();
        return connection.ExecuteScalar<long>($"SELECT count(*) FROM event_deliveries d WHERE d.webhook_id = ANY(@hooks) AND {which}", new { hooks = _hooks.Select(hook => hook.Id).ToArray() });
    }
}
