using Dapper;
using Npgsql;

namespace MetaAdsJobs.Core.Events.Listing;

/// <summary>Which deliveries. Days are UTC, of when the event happened.</summary>
/// <param name="State">Of these alone.</param>
/// <param name="AccountId">Of events of this account.</param>
/// <param name="ChangedSince">Those that wait still, and those that were tried since.</param>
public sealed record DeliveryFilter(string? State = null, Guid? AccountId = null, DateOnly? Since = null, DateOnly? Until = null, DateTimeOffset? ChangedSince = null);

/// <summary>Reads a webhook's deliveries for people, newest event first.</summary>
public sealed class DeliveryReader(NpgsqlDataSource dataSource)
{
    public static readonly IReadOnlyList<string> States = ["pending", "delivered", "failed", "held"];

    private const string Columns = """
        d.event_id AS id, d.type, e.social_account_id, e.subject, d.occurred_at, d.state, CASE WHEN d.state = 'pending' THEN d.next_at END AS next_at, d.delivered_at, d.attempt AS attempts,
        a.status AS last_status, a.error AS last_error, a.at AS last_at
        """;

    private const string From = """
        JOIN events e ON e.id = d.event_id
        LEFT JOIN LATERAL (SELECT status, error, at FROM event_attempts a WHERE a.webhook_id = d.webhook_id AND a.event_id = d.event_id ORDER BY a.attempt DESC LIMIT 1) a ON true
        """;

    /// <summary>Of a delivery d: of an account that its webhook is of. What was told while that was taken from it is shown and sent again to nobody.</summary>
    internal static readonly string IsOfItsAccounts = $"NOT EXISTS (SELECT 1 FROM events v JOIN webhooks w ON w.id = d.webhook_id WHERE v.id = d.event_id AND NOT {IsOfAccounts("w.account_ids")})";

    /// <summary>Of an event v: that a webhook of these accounts is told of it. What is of no account is told of all of them together, or of several to one webhook; a test is anybody's.</summary>
    internal static string IsOfAccounts(string accountIds) => $"({accountIds} IS NULL OR v.type = 'webhook.test' OR (v.social_account_id = ANY ({accountIds})) IS TRUE OR (v.account_ids <@ {accountIds}) IS TRUE)";

    /// <param name="webhookId">Whose.</param>
    /// <param name="filter">Of these alone.</param>
    /// <param name="after">The last delivery of the page before.</param>
    /// <param name="limit">At most so many.</param>
    /// <param name="ct">Given up.</param>
    public async Task<IReadOnlyList<Delivery>> ListAsync(Guid webhookId, DeliveryFilter filter, (DateTimeOffset OccurredAt, Guid Id)? after, int limit, CancellationToken ct)
    {
        List<string> conditions = ["d.webhook_id = @WebhookId", IsOfItsAccounts];
        if (filter.State is not null) conditions.Add("d.state = @State");
        if (filter.AccountId is not null) conditions.Add("EXISTS (SELECT 1 FROM events e WHERE e.id = d.event_id AND (e.social_account_id = @AccountId OR @AccountId = ANY (e.account_ids)))");
        if (filter.Since is not null) conditions.Add("d.occurred_at >= @Since::date::timestamp AT TIME ZONE 'UTC'");
        if (filter.Until is not null) conditions.Add("d.occurred_at < (@Until::date + 1)::timestamp AT TIME ZONE 'UTC'");
        if (filter.ChangedSince is not null) conditions.Add("(d.state = 'pending' OR EXISTS (SELECT 1 FROM event_attempts t WHERE t.webhook_id = d.webhook_id AND t.event_id = d.event_id AND t.at >= @ChangedSince))");
        if (after is not null) conditions.Add("(d.occurred_at, d.event_id) < (@At, @Id)");
        var listSql = $"""
            SELECT {Columns}
            FROM (SELECT * FROM event_deliveries d WHERE {string.Join(" AND ", conditions)}
                  ORDER BY d.occurred_at DESC, d.event_id DESC LIMIT @Limit) d
            {From}
            ORDER BY d.occurred_at DESC, d.event_id DESC
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<Delivery>(new(listSql, new { WebhookId = webhookId, filter.State, filter.AccountId, filter.Since, filter.Until, filter.ChangedSince, At = after?.OccurredAt.ToUniversalTime(), after?.Id, Limit = limit }, cancellationToken: ct))).AsList();
    }

    public async Task<DeliveryDetail?> FindAsync(Guid webhookId, Guid eventId, CancellationToken ct)
    {
        var findSql = $"""
            SELECT {Columns} FROM event_deliveries d {From} WHERE d.webhook_id = @WebhookId AND d.event_id = @EventId AND {IsOfItsAccounts};
            SELECT e.data::text FROM events e WHERE e.id = @EventId;
            SELECT attempt, at, milliseconds, status, error FROM event_attempts WHERE webhook_id = @WebhookId AND event_id = @EventId ORDER BY attempt;
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var answers = await connection.QueryMultipleAsync(new(findSql, new { WebhookId = webhookId, EventId = eventId }, cancellationToken: ct));
        var delivery = await answers.ReadSingleOrDefaultAsync<Delivery>();
        var data = await answers.ReadSingleOrDefaultAsync<string>();
        return delivery is null || data is null ? null : new(delivery, data, (await answers.ReadAsync<DeliveryAttempt>()).AsList());
    }
}
