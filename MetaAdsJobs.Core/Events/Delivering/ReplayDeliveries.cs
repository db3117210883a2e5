using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Events.Listing;
using MetaAdsJobs.Core.Validation;
using Npgsql;

namespace MetaAdsJobs.Core.Events.Delivering;

/// <summary>What became of a wish to have something sent again, or for the first time.</summary>
public abstract record Replayed
{
    private Replayed() { }

    /// <param name="Count">How many are on their way by it. What is being sent just now goes on, and is not counted.</param>
    public sealed record Done(long Count) : Replayed;

    public sealed record Invalid(FieldErrors Errors) : Replayed;

    public sealed record Unknown : Replayed;

    public sealed record Refused(string Reason) : Replayed;
}

/// <summary>Sends again what was told before, under the same ids: one delivery, or what happened within a range of time. And a test.</summary>
public sealed class ReplayDeliveries
{
    private static readonly HashSet<string> States = ["delivered", "failed", "held"];
    private readonly NpgsqlDataSource _dataSource;
    private readonly TimeProvider _time;

    internal ReplayDeliveries(NpgsqlDataSource dataSource, TimeProvider time) => (_dataSource, _time) = (dataSource, time);

    // All its tries begin anew, also of what waits for its next one, and its receiver is not left in peace any longer. What is being sent just now stays as it is. A lease that nobody gave back stays, too: by it the next attempt notes what became of the one before.
    private static readonly string ReplaySql = $"""
        WITH hook AS (
            UPDATE webhooks SET rests_until = NULL
            WHERE id = @WebhookId AND state = 'on' AND (@EventId::uuid IS NULL OR EXISTS (SELECT 1 FROM event_deliveries d WHERE d.webhook_id = @WebhookId AND d.event_id = @EventId AND {DeliveryReader.IsOfItsAccounts}))
            RETURNING id, COALESCE(description, shown_url) AS name, CASE WHEN cardinality(account_ids) = 1 THEN account_ids[1] END AS account),
        again AS (
            UPDATE event_deliveries d SET state = 'pending', tries = 0, next_at = @Now, delivered_at = NULL
            FROM hook WHERE d.webhook_id = hook.id AND (d.state <> 'pending' OR d.lease_until IS NULL OR d.lease_until < clock_timestamp()) AND {DeliveryReader.IsOfItsAccounts} AND (@State::text IS NULL OR d.state = @State)
              AND (@EventId::uuid IS NULL OR d.event_id = @EventId) AND (@From::timestamptz IS NULL OR d.occurred_at >= @From) AND (@To::timestamptz IS NULL OR d.occurred_at < @To)
            RETURNING d.event_id),
        act AS ({ActLog.InsertFrom("hook", account: "account", name: "name")})
        SELECT (SELECT count(*) FROM again) AS count, EXISTS (SELECT 1 FROM hook) AS is_on, EXISTS (SELECT 1 FROM webhooks WHERE id = @WebhookId) AS is_there,
               EXISTS (SELECT 1 FROM event_deliveries d WHERE d.webhook_id = @WebhookId AND d.event_id = @EventId AND {DeliveryReader.IsOfItsAccounts}) AS is_known
        """;

    public Task<Replayed> OneAsync(Guid webhookId, Guid eventId, CancellationToken ct) => ExecuteAsync(webhookId, eventId, null, null, null, ct);

    /// <param name="webhookId">Whose.</param>
    /// <param name="body">from and to, by when it happened; state, for those in one state alone.</param>
    /// <param name="ct">Given up.</param>
    public async Task<Replayed> RangeAsync(Guid webhookId, JsonElement body, CancellationToken ct)
    {
        var errors = new FieldErrors();
        var fields = new JsonFields(body, errors);
        var (from, to) = (fields.Moment("from"), fields.Moment("to"));
        foreach (var name in (string[])["from", "to"])
            if (fields.IsObject && !fields.Has(name)) fields.Refuse(name, "is required");
        if (from >= to) fields.Refuse("from", "must be before to");
        var state = fields.Word("state", States);
        fields.RefuseUnknown();
        return errors.Any ? new Replayed.Invalid(errors) : await ExecuteAsync(webhookId, null, from, to, state, ct);
    }

    /// <summary>An event that only this webhook hears of.</summary>
    /// <returns>Null when there is no such webhook, or it is off.</returns>
    public async Task<Guid?> TestAsync(Guid webhookId, string askedBy, CancellationToken ct)
    {
        var testSql = $"""
            WITH hook AS (UPDATE webhooks SET rests_until = NULL WHERE id = @WebhookId AND state = 'on' RETURNING id, COALESCE(description, shown_url) AS name, CASE WHEN cardinality(account_ids) = 1 THEN account_ids[1] END AS account),
            told AS (
                INSERT INTO events (id, type, subject, occurred_at, data)
                SELECT @EventId, @Type, id::text, @Now, jsonb_build_object('webhook_id', id, 'requested_by', @AskedBy::text) FROM hook RETURNING id),
            act AS ({ActLog.InsertFrom("hook", account: "account", name: "name")})
            INSERT INTO event_deliveries (webhook_id, event_id, type, occurred_at, state, next_at) SELECT hook.id, told.id, @Type, @Now, 'pending', @Now FROM hook, told
            """;
        var eventId = Guid.NewGuid();
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        var (now, act) = (_time.GetUtcNow(), new Act("webhook", $"{webhookId}", null, "tested", null, ActLog.Differences(null, new { EventId = eventId })));
        return await connection.ExecuteAsync(new(testSql, ActLog.With(new { WebhookId = webhookId, EventId = eventId, Type = EventTypes.Test, AskedBy = askedBy, Now = now }, act, now), cancellationToken: ct)) == 1 ? eventId : null;
    }

    private async Task<Replayed> ExecuteAsync(Guid webhookId, Guid? eventId, DateTimeOffset? from, DateTimeOffset? to, string? state, CancellationToken ct)
    {
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        var (now, act) = (_time.GetUtcNow(), new Act("webhook", $"{webhookId}", null, "replayed", null, ActLog.Differences(null, new { EventId = eventId, From = from, To = to, State = state })));
        var (count, isOn, isThere, isKnown) = await connection.QuerySingleAsync<(long, bool, bool, bool)>(new(ReplaySql, ActLog.With(new
        {
            WebhookId = webhookId, EventId = eventId, From = from?.ToUniversalTime(), To = to?.ToUniversalTime(), State = state, Now = now,
        }, act, now), commandTimeout: 120, cancellationToken: ct));
        if (!isThere || (eventId is not null && !isKnown)) return new Replayed.Unknown();
        return isOn ? new Replayed.Done(count) : new Replayed.Refused("The webhook is switched off: switch it on first.");
    }
}
