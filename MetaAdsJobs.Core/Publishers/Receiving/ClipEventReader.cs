using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Orchestrations.Listing;
using Npgsql;

namespace MetaAdsJobs.Core.Publishers.Receiving;

/// <summary>Which events to list. Days are UTC, of when one was received.</summary>
/// <param name="State">Those with this outcome in an account, one of <see cref="ClipOutcome.States"/>.</param>
/// <param name="AccountId">Those that came to this account.</param>
/// <param name="ClipKey">The publisher's own id of the clip.</param>
/// <param name="ChangedSince">Received, or decided in an account, since.</param>
public sealed record ClipEventFilter(string? State = null, Guid? AccountId = null, DateOnly? Since = null, DateOnly? Until = null, string? ClipKey = null, DateTimeOffset? ChangedSince = null);

/// <summary>Reads the log of what publishers have sent, newest first.</summary>
public sealed class ClipEventReader(NpgsqlDataSource dataSource)
{
    private const string Columns = "e.id, e.publisher_id, e.message_id, e.type, e.clip_key AS clip_id, e.title, e.changed_at, e.received_at";

    // Both by an index of its own: the log is long, and little of it has changed since.
    private const string ChangedSql = """
        e.id IN (
            SELECT r.id FROM clip_events r WHERE r.publisher_id = @PublisherId AND r.received_at >= @ChangedSince
            UNION ALL SELECT o.event_id FROM clip_outcomes o WHERE o.decided_at >= @ChangedSince)
        """;

    /// <param name="publisherId">Whose.</param>
    /// <param name="filter">Which of them.</param>
    /// <param name="before">The last event of the page before.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="ct">Given up.</param>
    public async Task<IReadOnlyList<ClipEvent>> ListAsync(Guid publisherId, ClipEventFilter filter, Guid? before, int limit, CancellationToken ct)
    {
        // What named no account and found no template is refused, too.
        var conditions = (filter.State switch
        {
            null => "",
            "refused" => " AND (EXISTS (SELECT 1 FROM clip_outcomes o WHERE o.event_id = e.id AND o.state = 'refused') OR e.unplaced)",
            _ => " AND EXISTS (SELECT 1 FROM clip_outcomes o WHERE o.event_id = e.id AND o.state = @State)",
        }) + (filter.AccountId is null ? "" : " AND EXISTS (SELECT 1 FROM clip_outcomes o WHERE o.event_id = e.id AND o.social_account_id = @AccountId)")
            + (filter.ClipKey is null ? "" : " AND e.clip_key = @ClipKey") + (filter.ChangedSince is null ? "" : $" AND {ChangedSql}")
            + (filter.Since is null ? "" : " AND e.id >= @From") + (filter.Until is null ? "" : " AND e.id < @Until") + (before is null ? "" : " AND e.id < @Before");
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var events = (await connection.QueryAsync<EventRow>(new($"SELECT {Columns} FROM clip_events e WHERE e.publisher_id = @PublisherId{conditions} ORDER BY e.id DESC LIMIT @Limit",
            new
            {
                PublisherId = publisherId, filter.State, filter.AccountId, filter.ClipKey, filter.ChangedSince, Before = before, Limit = limit,
                From = RunFilter.FirstOf(filter.Since), Until = RunFilter.FirstAfter(filter.Until),
            }, cancellationToken: ct))).AsList();
        return await WithOutcomesAsync(connection, events, ct);
    }

    public async Task<ClipEventDetail?> FindAsync(Guid publisherId, Guid eventId, CancellationToken ct)
    {
        const string FindSql = $"SELECT {Columns}, e.data::text FROM clip_events e WHERE e.publisher_id = @PublisherId AND e.id = @EventId";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var row = await connection.QuerySingleOrDefaultAsync<EventRow>(new(FindSql, new { PublisherId = publisherId, EventId = eventId }, cancellationToken: ct));
        return row is null ? null : new((await WithOutcomesAsync(connection, [row], ct))[0], row.Data!);
    }

    private static async Task<IReadOnlyList<ClipEvent>> WithOutcomesAsync(NpgsqlConnection connection, List<EventRow> events, CancellationToken ct)
    {
        const string OutcomesSql = """
            SELECT o.event_id, o.social_account_id, a.name AS account_name, o.state, o.request_id, r.status AS run_status, o.errors::text AS errors, o.decided_at, o.decided_by
            FROM clip_outcomes o LEFT JOIN social_accounts a ON a.id = o.social_account_id LEFT JOIN orchestrations r ON r.request_id = o.request_id
            WHERE o.event_id = ANY (@Ids) ORDER BY a.name, o.social_account_id
            """;
        var outcomes = (await connection.QueryAsync<OutcomeRow>(new(OutcomesSql, new { Ids = events.Select(one => one.Id).ToArray() }, cancellationToken: ct))).ToLookup(outcome => outcome.EventId);
        return events.ConvertAll(one => new ClipEvent
        {
            Id = one.Id, PublisherId = one.PublisherId, MessageId = one.MessageId, Type = one.Type, ClipId = one.ClipId, Title = one.Title, ChangedAt = one.ChangedAt, ReceivedAt = one.ReceivedAt,
            Outcomes = [.. outcomes[one.Id].Select(outcome => outcome.ToOutcome())],
        });
    }

    private sealed record EventRow
    {
        public Guid Id { get; init; }
        public Guid PublisherId { get; init; }
        public string MessageId { get; init; } = "";
        public string Type { get; init; } = "";
        public string ClipId { get; init; } = "";
        public string Title { get; init; } = "";
        public DateTimeOffset ChangedAt { get; init; }
        public DateTimeOffset ReceivedAt { get; init; }
        public string? Data { get; init; }
    }

    private sealed record OutcomeRow
    {
        public Guid EventId { get; init; }
        public Guid SocialAccountId { get; init; }
        public string? AccountName { get; init; }
        public string State { get; init; } = "";
        public Guid? RequestId { get; init; }
        public string? RunStatus { get; init; }
        public string? Errors { get; init; }
        public DateTimeOffset DecidedAt { get; init; }
        public string? DecidedBy { get; init; }

        public ClipOutcome ToOutcome() => new()
        {
            SocialAccountId = SocialAccountId, AccountName = AccountName, State = State, RequestId = RequestId, RunStatus = RunStatus, DecidedAt = DecidedAt, DecidedBy = DecidedBy,
            Errors = Errors is null ? null : JsonSerializer.Deserialize<Dictionary<string, string[]>>(Errors),
        };
    }
}
