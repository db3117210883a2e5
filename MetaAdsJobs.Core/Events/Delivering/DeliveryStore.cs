using Dapper;
using MetaAdsJobs.Core.Events.Listing;
using MetaAdsJobs.Core.Events.Signing;
using Npgsql;

namespace MetaAdsJobs.Core.Events.Delivering;

/// <summary>A delivery whose turn it is, held by this attempt until its lease is over.</summary>
internal sealed record TakenDelivery
{
    public required Guid WebhookId { get; init; }
    public required Guid EventId { get; init; }
    public required int Attempt { get; init; }
    public required int Tries { get; init; }
    public required string Type { get; init; }
    public required string Subject { get; init; }
    public required DateTimeOffset OccurredAt { get; init; }
    public required string Data { get; init; }

    /// <summary>Sealed, as are the secrets.</summary>
    public required string Url { get; init; }
    public required string Format { get; init; }
    public required string Secret { get; init; }

    /// <summary>Those before it that sign still.</summary>
    public required string[] FormerSecrets { get; init; }
}

/// <summary>How an attempt went.</summary>
/// <param name="Status">Null without an answer.</param>
/// <param name="Error">Null when it was received.</param>
/// <param name="RetryAfter">What the receiver asks for.</param>
internal sealed record DeliveryAnswer(int? Status, int Milliseconds, string? Error, TimeSpan? RetryAfter = null)
{
    public bool IsReceived => Error is null;

    /// <summary>The receiver says that there is nobody any more.</summary>
    public bool IsGone => Status == 410;
}

/// <summary>Rows of event_deliveries. An attempt takes them with a lease and notes only what it still holds.</summary>
internal sealed class DeliveryStore(NpgsqlDataSource dataSource, TimeProvider time)
{
    /// <summary>Longer than an attempt may take: its process has died when it is over.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(90);

    // So many jobs at once in the whole service: receivers that let one wait must not hold all workers.
    private const int MostAtOnce = 5;

    /// <summary>Which webhooks have something due that nobody is at. Each is told to one caller only; one whose job is lost is told again a minute later.</summary>
    public async Task<IReadOnlyList<Guid>> RingAsync(CancellationToken ct)
    {
        const string RingSql = """
            WITH rung AS (
                UPDATE webhooks SET rung_until = clock_timestamp() + interval '1 minute'
                WHERE (rung_until IS NULL OR rung_until < clock_timestamp()) AND id IN (
                    SELECT w.id FROM webhooks w
                    WHERE w.state = 'on' AND (w.rests_until IS NULL OR w.rests_until <= @Now) AND (w.rung_until IS NULL OR w.rung_until < clock_timestamp())
                      AND EXISTS (SELECT 1 FROM event_deliveries d WHERE d.webhook_id = w.id AND d.state = 'pending' AND d.next_at <= @Now AND (d.lease_until IS NULL OR d.lease_until < clock_timestamp()))
                    ORDER BY w.rung_until NULLS FIRST, w.id
                    LIMIT GREATEST(0, @MostAtOnce - (SELECT count(*) FROM webhooks b WHERE b.rung_until >= clock_timestamp())))
                RETURNING id)
            SELECT id FROM rung ORDER BY id
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<Guid>(new(RingSql, new { Now = time.GetUtcNow(), MostAtOnce }, cancellationToken: ct))).AsList();
    }

    /// <summary>What is due, the longest due first. Of a webhook whose receiver is away, one: whether it is back.</summary>
    public async Task<IReadOnlyList<TakenDelivery>> TakeAsync(Guid webhookId, int atOnce, CancellationToken ct)
    {
        // A lease that nobody gave back: whether the attempt before arrived is not known. The event's id is the same, by which a receiver knows it.
        // What was told while its account was taken from the webhook goes, as all that was told of that account before has. Its accounts are those that the lock has found: a write that was waited for is in no other table's rows here.
        var takeSql = $"""
            WITH hook AS (
                UPDATE webhooks SET rung_until = clock_timestamp() + interval '1 minute' + @Lease
                WHERE id = @WebhookId AND state = 'on' AND (rests_until IS NULL OR rests_until <= @Now)
                RETURNING id, url, format, secret, {SecretOverlap.FormerSql} AS former_secrets, failing_since, account_ids),
            due AS (
                SELECT d.event_id FROM event_deliveries d
                WHERE d.webhook_id = (SELECT id FROM hook) AND d.state = 'pending' AND d.next_at <= @Now AND (d.lease_until IS NULL OR d.lease_until < clock_timestamp())
                ORDER BY d.next_at LIMIT (SELECT CASE WHEN failing_since IS NULL THEN @AtOnce ELSE 1 END FROM hook) FOR UPDATE SKIP LOCKED),
            own AS (
                SELECT d.event_id FROM event_deliveries d JOIN due ON due.event_id = d.event_id JOIN events v ON v.id = d.event_id CROSS JOIN hook
                WHERE d.webhook_id = @WebhookId AND {DeliveryReader.IsOfAccounts("hook.account_ids")}),
            gone AS (DELETE FROM event_deliveries d USING due WHERE d.webhook_id = @WebhookId AND d.event_id = due.event_id AND NOT EXISTS (SELECT 1 FROM own WHERE own.event_id = d.event_id)),
            died AS (
                INSERT INTO event_attempts (webhook_id, event_id, attempt, at, error)
                SELECT d.webhook_id, d.event_id, d.attempt, @Now, 'its process died: whether it was received is not known'
                FROM event_deliveries d JOIN own ON own.event_id = d.event_id WHERE d.webhook_id = @WebhookId AND d.lease_until IS NOT NULL
                ON CONFLICT DO NOTHING),
            taken AS (
                UPDATE event_deliveries d SET attempt = d.attempt + 1, tries = d.tries + 1, lease_until = clock_timestamp() + @Lease
                FROM own WHERE d.webhook_id = @WebhookId AND d.event_id = own.event_id RETURNING d.webhook_id, d.event_id, d.attempt, d.tries)
            SELECT t.*, e.type, e.subject, e.occurred_at, e.data::text AS data, hook.url, hook.format, hook.secret, hook.former_secrets
            FROM taken t JOIN events e ON e.id = t.event_id CROSS JOIN hook ORDER BY e.occurred_at
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<TakenDelivery>(new(takeSql, new { WebhookId = webhookId, AtOnce = atOnce, Lease, Now = time.GetUtcNow() }, cancellationToken: ct))).AsList();
    }

    /// <summary>What became of an attempt: the delivery, the log, and how its webhook stands, in one commit.</summary>
    /// <param name="nextAt">When it is tried again; null: not any more.</param>
    /// <returns>Since when the webhook has received nothing; null when it has, or when this was given up and nothing else waits.</returns>
    public async Task<DateTimeOffset?> NoteAsync(TakenDelivery delivery, DeliveryAnswer answer, DateTimeOffset? nextAt, CancellationToken ct)
    {
        // Given up with nothing behind it: while nothing is sent nobody knows whether its receiver is away, and that time is not held against it.
        const string NoteSql = """
            WITH stands AS (
                SELECT @State = 'delivered' OR (@State = 'failed' AND NOT EXISTS (
                    SELECT 1 FROM event_deliveries d WHERE d.webhook_id = @WebhookId AND d.state = 'pending' AND NOT (d.event_id = @EventId AND d.attempt = @Attempt))) AS is_over),
            fence AS (
                UPDATE event_deliveries SET state = @State, next_at = COALESCE(@NextAt, next_at), lease_until = NULL, delivered_at = CASE WHEN @State = 'delivered' THEN @Now END
                WHERE webhook_id = @WebhookId AND event_id = @EventId AND attempt = @Attempt AND state = 'pending'
                RETURNING webhook_id, event_id),
            logged AS (
                INSERT INTO event_attempts (webhook_id, event_id, attempt, at, milliseconds, status, error)
                SELECT webhook_id, event_id, @Attempt, @Now, @Milliseconds, @Status::int, @Error::text FROM fence
                ON CONFLICT DO NOTHING),
            hook AS (
                UPDATE webhooks SET failing_since = CASE WHEN is_over THEN NULL ELSE @Now END, rests_until = CASE WHEN is_over THEN NULL ELSE rests_until END
                FROM stands WHERE id = @WebhookId AND (failing_since IS NULL) <> is_over
                RETURNING failing_since)
            SELECT CASE WHEN EXISTS (SELECT 1 FROM hook) THEN (SELECT failing_since FROM hook) ELSE (SELECT failing_since FROM webhooks WHERE id = @WebhookId) END
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<DateTimeOffset?>(new(NoteSql, new
        {
            delivery.WebhookId, delivery.EventId, delivery.Attempt, State = answer.IsReceived ? "delivered" : nextAt is null ? "failed" : "pending", NextAt = nextAt, answer.Milliseconds, answer.Status,
            answer.Error, Now = time.GetUtcNow(),
        }, cancellationToken: ct));
    }

    /// <summary>Nothing is sent before.</summary>
    public async Task RestAsync(Guid webhookId, DateTimeOffset until, CancellationToken ct)
    {
        const string RestSql = "UPDATE webhooks SET rests_until = GREATEST(rests_until, @Until) WHERE id = @WebhookId AND failing_since IS NOT NULL";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new(RestSql, new { WebhookId = webhookId, Until = until }, cancellationToken: ct));
    }

    /// <summary>Nobody is at it any more; it is rung for as soon as something is due.</summary>
    public async Task LeaveAsync(Guid webhookId, CancellationToken ct)
    {
        const string LeaveSql = "UPDATE webhooks SET rung_until = clock_timestamp() WHERE id = @WebhookId";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new(LeaveSql, new { WebhookId = webhookId }, cancellationToken: ct));
    }

    /// <summary>Sends nothing any more, and says why; what waits is held. Others who listen are told.</summary>
    /// <param name="failingSince">Only if nothing was received since then; null: in any case.</param>
    /// <returns>False when it was off already, or has received something meanwhile.</returns>
    public async Task<bool> SwitchOffAsync(Guid webhookId, string reason, DateTimeOffset? failingSince, CancellationToken ct)
    {
        const string OffSql = """
            WITH gone AS (
                UPDATE webhooks SET state = 'off', off_reason = @Reason, off_at = @Now, updated_at = GREATEST(@Now, updated_at + interval '1 microsecond')
                WHERE id = @WebhookId AND state = 'on' AND (@FailingSince::timestamptz IS NULL OR failing_since <= @FailingSince) RETURNING id, shown_url, failing_since),
            held AS (
                UPDATE event_deliveries d SET state = 'held', lease_until = NULL FROM gone WHERE d.webhook_id = gone.id AND d.state = 'pending')
            SELECT count(*), count(tell_event(@Type, NULL, id::text, @Now, jsonb_build_object('webhook_id', id, 'url', shown_url, 'reason', @Reason::text, 'failing_since', failing_since))) FROM gone
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<long>(new(OffSql, new { WebhookId = webhookId, Reason = reason, FailingSince = failingSince, Type = EventTypes.SwitchedOff, Now = time.GetUtcNow() }, cancellationToken: ct)) == 1;
    }
}
