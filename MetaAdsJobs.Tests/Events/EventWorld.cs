using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Core.Events;
using MetaAdsJobs.Core.Events.Delivering;
using MetaAdsJobs.Core.Events.Listing;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Events;

/// <summary>Events, webhooks and a receiver over HTTP, without a queue: a job that would be put on it is run at once.</summary>
internal sealed class EventWorld : IAsyncDisposable
{
    private const string Timeout = "Events:TimeoutSeconds";
    private readonly InProcess _core;

    private EventWorld(InProcess core, Receiver receiver, ShiftedTime time) => (_core, Receiver, Time) = (core, receiver, time);

    public Receiver Receiver { get; }

    public ShiftedTime Time { get; }

    public T Get<T>() where T : notnull => _core.Get<T>();

    public static async Task<EventWorld> StartAsync(params (string Name, string Value)[] settings)
    {
        var time = new ShiftedTime();
        var core = await InProcess.CreateAsync(time,
            [("DATA_PROTECTION_KEY", Convert.ToBase64String(new byte[32])), ("EVENTS_ALLOW_PRIVATE_HOSTS", "true"), ("EVENTS_ALLOW_HTTP", "true"), .. settings.Any(one => one.Name == Timeout) ? settings : [(Timeout, "5"), .. settings]]);
        return new(core, await Receiver.StartAsync(), time);
    }

    public async Task<(Guid Id, string Secret)> AddWebhookAsync(JsonObject? more = null)
    {
        var body = more ?? [];
        body["url"] ??= Receiver.Url;
        var saved = await Get<SaveWebhook>().CreateAsync(JsonSerializer.SerializeToElement(body), "ann", CancellationToken.None);
        Assert.That(saved, Is.InstanceOf<WebhookSaved.Done>(), (saved as WebhookSaved.Invalid)?.Errors.ToDictionary().First().ToString());
        var done = (WebhookSaved.Done)saved;
        return (done.Value.Id, done.Secret!);
    }

    public async Task<WebhookSaved> ChangeAsync(Guid id, object change) => await Get<SaveWebhook>().ChangeAsync(id, JsonSerializer.SerializeToElement(change), "ann", CancellationToken.None);

    public async Task<Webhook> WebhookAsync(Guid id) => (await Get<WebhookStore>().FindAsync(id, Time.GetUtcNow(), CancellationToken.None))!;

    public Task<Guid> AddAccountAsync() => _core.AddAccountAsync();

    /// <returns>Null when nobody listens.</returns>
    public async Task<Guid?> TellAsync(string type = "sync.failed", Guid? accountId = null, string subject = "7")
    {
        await using var connection = await _core.Database.DataSource.OpenConnectionAsync();
        return await Outbox.TellAsync(connection, null, new(type, accountId, subject, Time.GetUtcNow(), new() { ["error"] = "it broke", ["sync_id"] = subject }), CancellationToken.None);
    }

    /// <summary>Whatever is due, once.</summary>
    /// <returns>For how many webhooks there was something.</returns>
    public async Task<int> DeliverAsync()
    {
        var rung = await Get<DeliveryStore>().RingAsync(CancellationToken.None);
        foreach (var id in rung) await Get<DeliverEvents>().ExecuteAsync(id, CancellationToken.None);
        return rung.Count;
    }

    /// <summary>As time goes by.</summary>
    public async Task DeliverForAsync(TimeSpan length, TimeSpan step)
    {
        for (var end = Time.GetUtcNow() + length; Time.GetUtcNow() < end; Time.Advance(step)) await DeliverAsync();
        await DeliverAsync();
    }

    public async Task<DeliveryDetail> DeliveryAsync(Guid webhookId, Guid eventId) => (await Get<DeliveryReader>().FindAsync(webhookId, eventId, CancellationToken.None))!;

    public async Task<string> StatesAsync(Guid webhookId) =>
        string.Join(' ', await QueryAsync<string>("SELECT concat(state, ':', count(*)) FROM event_deliveries WHERE webhook_id = @webhookId GROUP BY state ORDER BY state", new { webhookId }));

    public ValueTask<Npgsql.NpgsqlConnection> OpenAsync() => _core.Database.DataSource.OpenConnectionAsync();

    public async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object? parameters = null)
    {
        await using var connection = await _core.Database.DataSource.OpenConnectionAsync();
        return (await connection.QueryAsync<T>(sql, parameters)).AsList();
    }

    public async ValueTask DisposeAsync()
    {
        await _core.DisposeAsync();
        await Receiver.DisposeAsync();
    }
}
