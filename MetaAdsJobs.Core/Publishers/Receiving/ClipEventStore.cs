using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Publishers.Templates;
using Npgsql;

namespace MetaAdsJobs.Core.Publishers.Receiving;

/// <summary>A message as it is to be kept.</summary>
internal sealed record NewClipEvent(Guid Id, Guid PublisherId, string MessageId, byte[] BodyHash, string Type, PublishedClip Clip, string Data, DateTimeOffset ChangedAt, DateTimeOffset ReceivedAt);

/// <summary>Writes rows of clip_events and of what they become. All of it within a transaction that its caller has begun.</summary>
internal sealed class ClipEventStore(NpgsqlDataSource dataSource)
{
    /// <summary>One at a time of a publisher: who comes second sees what the first has made. Not longer than the transaction.</summary>
    /// <returns>False when it is gone.</returns>
    public async Task<bool> LockAsync(Guid publisherId, CancellationToken ct)
    {
        const string LockSql = "SELECT true FROM publishers WHERE id = @PublisherId FOR NO KEY UPDATE";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<bool?>(new(LockSql, new { PublisherId = publisherId }, cancellationToken: ct)) == true;
    }

    /// <returns>False when the message has come before.</returns>
    public async Task<bool> InsertAsync(NewClipEvent added, CancellationToken ct)
    {
        const string InsertSql = """
            INSERT INTO clip_events (id, publisher_id, message_id, body_hash, type, clip_key, title, data, changed_at, received_at)
            VALUES (@Id, @PublisherId, @MessageId, @BodyHash, @Type, @Key, @Title, @Data::json, @ChangedAt, @ReceivedAt)
            ON CONFLICT (publisher_id, message_id) DO NOTHING
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteAsync(new(InsertSql, new
        {
            added.Id, added.PublisherId, added.MessageId, added.BodyHash, added.Type, added.Clip.Key, added.Clip.Shown.Title, added.Data, ChangedAt = added.ChangedAt.ToUniversalTime(), added.ReceivedAt,
        }, cancellationToken: ct)) == 1;
    }

    public async Task<(Guid Id, byte[] BodyHash)> GetEarlierAsync(Guid publisherId, string messageId, CancellationToken ct)
    {
        const string EarlierSql = "SELECT id, body_hash FROM clip_events WHERE publisher_id = @PublisherId AND message_id = @MessageId";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.QuerySingleAsync<(Guid, byte[])>(new(EarlierSql, new { PublisherId = publisherId, MessageId = messageId }, cancellationToken: ct));
    }

    public async Task<IReadOnlyList<Guid>> ListOldestAsync(Guid publisherId, string state, int limit, CancellationToken ct)
    {
        // Those that were looked at longest ago first: what stays as it is keeps nothing behind it from its turn.
        const string OldestSql = """
            SELECT id FROM (
                SELECT o.event_id AS id, o.decided_at AS at FROM clip_outcomes o JOIN clip_events e ON e.id = o.event_id
                WHERE e.publisher_id = @PublisherId AND o.state = @State AND o.state IN ('refused', 'held', 'over_limit')
                UNION ALL SELECT id, received_at FROM clip_events WHERE publisher_id = @PublisherId AND unplaced AND @State = 'refused') open
            GROUP BY id ORDER BY min(at), id LIMIT @Limit
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<Guid>(new(OldestSql, new { PublisherId = publisherId, State = state, Limit = limit }, cancellationToken: ct))).AsList();
    }

    /// <param name="isUnplaced">There is no account for it.</param>
    public async Task MarkAsync(Guid eventId, bool isUnplaced, CancellationToken ct)
    {
        const string MarkSql = "UPDATE clip_events SET unplaced = @IsUnplaced WHERE id = @EventId AND unplaced <> @IsUnplaced";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new(MarkSql, new { EventId = eventId, IsUnplaced = isUnplaced }, cancellationToken: ct));
    }

    /// <summary>Whether something later is known of the clip in that account. Of two that are as late, what came later. What told no time, and became nothing, is not later than what told one: our clock is no word of the publisher's.</summary>
    public async Task<bool> IsOutdatedAsync(Guid eventId, Guid accountId, CancellationToken ct)
    {
        const string LaterSql = """
            SELECT EXISTS (SELECT 1 FROM clip_events e JOIN clip_events l ON l.publisher_id = e.publisher_id AND l.clip_key = e.clip_key AND (l.changed_at, l.id) > (e.changed_at, e.id)
                           JOIN clip_outcomes o ON o.event_id = l.id AND o.social_account_id = @AccountId
                           WHERE e.id = @EventId AND (o.state <> 'refused' OR COALESCE(l.data ->> 'updated_at', l.data ->> 'published_at') IS NOT NULL OR COALESCE(e.data ->> 'updated_at', e.data ->> 'published_at') IS NULL))
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<bool>(new(LaterSql, new { EventId = eventId, AccountId = accountId }, cancellationToken: ct));
    }

    /// <summary>The clip's one run in that account. The primary key refuses another: then nothing of the transaction is.</summary>
    public async Task InsertRunAsync(Guid publisherId, string clipKey, Guid accountId, Guid requestId, long dailyCents, string? templateBy, string? takenBy, DateTimeOffset now, CancellationToken ct)
    {
        // Who takes an event has asked for its run as well as its publisher, and cannot approve it, whoever retries that later.
        const string InsertSql = """
            INSERT INTO clip_runs (publisher_id, clip_key, social_account_id, request_id, daily_cents, template_by, by_person, taken_by, made_at)
            VALUES (@PublisherId, @ClipKey, @AccountId, @RequestId, @DailyCents, @TemplateBy, @TakenBy::text IS NOT NULL, @TakenBy, @Now);
            UPDATE orchestrations SET ordered_by = @TakenBy WHERE request_id = @RequestId AND @TakenBy::text IS NOT NULL
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new(InsertSql, new { PublisherId = publisherId, ClipKey = clipKey, AccountId = accountId, RequestId = requestId, DailyCents = dailyCents, TemplateBy = templateBy, TakenBy = takenBy, Now = now }, cancellationToken: ct));
    }

    public async Task UpsertOutcomeAsync(Guid eventId, Guid accountId, string state, Guid? requestId, IDictionary<string, string[]> errors, string? takenBy, DateTimeOffset now, CancellationToken ct)
    {
        const string UpsertSql = """
            INSERT INTO clip_outcomes (event_id, social_account_id, state, request_id, errors, decided_at, decided_by) VALUES (@EventId, @AccountId, @State, @RequestId, @Errors::jsonb, @Now, @TakenBy)
            ON CONFLICT (event_id, social_account_id) DO UPDATE SET state = EXCLUDED.state, request_id = EXCLUDED.request_id, errors = EXCLUDED.errors, decided_at = EXCLUDED.decided_at, decided_by = EXCLUDED.decided_by
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new(UpsertSql,
            new { EventId = eventId, AccountId = accountId, State = state, RequestId = requestId, Errors = errors.Count == 0 ? null : JsonSerializer.Serialize(errors), TakenBy = takenBy, Now = now }, cancellationToken: ct));
    }
}
