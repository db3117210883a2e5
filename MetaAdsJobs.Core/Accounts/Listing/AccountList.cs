using Dapper;
using MetaAdsJobs.Core.Access;
using Npgsql;

namespace MetaAdsJobs.Core.Accounts.Listing;

/// <summary>One line of the console's list.</summary>
public sealed record ListedAccount
{
    public required Guid Id { get; init; }
    public required string Name { get; init; }
    public required string AdAccountId { get; init; }
    public required string Currency { get; init; }
    public required string TimezoneName { get; init; }
    public DateTimeOffset? TokenRejectedAt { get; init; }
    public string? TokenRejection { get; init; }
    public DateTimeOffset? TokenCheckedAt { get; init; }
    public DateTimeOffset? TokenExpiresAt { get; init; }

    /// <summary>Meta blocks what it does.</summary>
    public DateTimeOffset? BlockedAt { get; init; }
    public string? BlockReason { get; init; }

    /// <summary>Its own stop; that of all accounts is not told here.</summary>
    public DateTimeOffset? StoppedAt { get; init; }

    /// <summary>Until when Meta's limits keep its calls out; null when they do not.</summary>
    public DateTimeOffset? PacedUntil { get; init; }

    public DateTimeOffset? RetiredAt { get; init; }

    /// <summary>A second one of its ad account.</summary>
    public bool IsDouble { get; init; }

    /// <summary>Of the sync asked for last.</summary>
    public string? SyncState { get; init; }
    public DateTimeOffset? SyncedAt { get; init; }

    /// <summary>Of its last 28 synced days those that differ from Meta's own sum, and by how much together, too many and too few alike.</summary>
    public required int DifferingDays { get; init; }

    /// <summary>Of the same days those that are over and of which Meta's own sum is not known.</summary>
    public required int UnknownDays { get; init; }

    /// <summary>Of the same days those that were compared.</summary>
    public required int KnownDays { get; init; }
    public required decimal Difference { get; init; }
}

/// <summary>Lists accounts for people: by name, with how each of them stands, a page at a time.</summary>
public sealed class AccountList(NpgsqlDataSource dataSource, TimeProvider time)
{
    /// <param name="search">A part of the name or of the ad account's id.</param>
    /// <param name="retired">Only those that are, or are not; null: all.</param>
    /// <param name="after">The last account of the page before.</param>
    public async Task<IReadOnlyList<ListedAccount>> ListAsync(string? search, bool? retired, Guid? after, int limit, CancellationToken ct)
    {
        // The page first, its looks second: what is shown beside an account is read for these rows only, each by an index and bounded.
        var listSql = $"""
            WITH page AS (
                SELECT * FROM social_accounts a
                WHERE (@Search::text IS NULL OR {AccountStore.SearchSql})
                  AND (@Retired::boolean IS NULL OR (a.retired_at IS NOT NULL) = @Retired)
                  AND (@After::uuid IS NULL OR (a.name, a.id) > (SELECT name, id FROM social_accounts WHERE id = @After{AccountScope.And("id")})){AccountScope.And("a.id")}
                ORDER BY a.name, a.id LIMIT @Limit)
            SELECT a.id, a.name, a.ad_account_id, a.currency, a.timezone_name, a.token_rejected_at, a.token_rejection, a.token_checked_at, a.token_expires_at,
                   a.blocked_at, a.block_reason, a.retired_at, a.double_of IS NOT NULL AS is_double, stop.stopped_at, pace.blocked_until AS paced_until, sync.state AS sync_state,
                   COALESCE(sync.completed_at, sync.started_at, sync.queued_at) AS synced_at, days.differing AS differing_days, days.unknown AS unknown_days, days.known AS known_days, days.difference
            FROM page a
            LEFT JOIN stops stop ON stop.social_account_id = a.id AND stop.lifted_at IS NULL
            CROSS JOIN LATERAL (SELECT max(blocked_until) AS blocked_until FROM account_pacing p WHERE p.ad_account_id = a.ad_account_id AND p.blocked_until > @Now) pace
            LEFT JOIN LATERAL (SELECT * FROM insight_syncs s WHERE s.social_account_id = a.id ORDER BY s.queued_at DESC LIMIT 1) sync ON true
            CROSS JOIN LATERAL (
                SELECT count(*) FILTER (WHERE d.difference <> 0)::int AS differing, (count(*) FILTER (WHERE d.difference IS NULL AND NOT d.is_partial))::int AS unknown,
                    count(d.difference)::int AS known, COALESCE(sum(abs(d.difference)), 0) AS difference
                FROM (SELECT difference, is_partial FROM insight_days d WHERE d.social_account_id = a.id ORDER BY date_start DESC LIMIT 28) d) days
            ORDER BY a.name, a.id
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<ListedAccount>(new(listSql, new { Search = search, Retired = retired, After = after, Limit = limit, Scope = AccountScope.Accounts, Now = time.GetUtcNow() }, cancellationToken: ct))).AsList();
    }
}
