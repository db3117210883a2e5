using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Events.Signing;
using Npgsql;

namespace MetaAdsJobs.Core.Events;

/// <summary>Which webhooks to list.</summary>
/// <param name="AccountId">Those that tell of it: of it among others, or of all.</param>
/// <param name="ChangedSince">Made, changed or switched off.</param>
/// <param name="CreatedBy">Who made it, as the audit names it.</param>
/// <param name="Since">A day in UTC on which they were made, or a later one.</param>
public sealed record WebhookFilter(Guid? AccountId = null, DateTimeOffset? ChangedSince = null, string? CreatedBy = null, DateOnly? Since = null, DateOnly? Until = null);

/// <summary>Rows of webhooks, as people write and see them.</summary>
public sealed class WebhookStore
{
    internal const int Most = 500;

    /// <summary>Of one maker: the others are for others.</summary>
    internal const int MostOfOne = 50;
    private readonly NpgsqlDataSource _dataSource;

    internal WebhookStore(NpgsqlDataSource dataSource) => _dataSource = dataSource;

    private const string Columns = $"""
        w.id, w.shown_url, w.description, w.format, w.event_types, w.account_ids, w.state = 'on' AS is_on, w.off_reason, w.off_at, w.failing_since,
        {SecretOverlap.UntilSql} AS former_secret_until, {SecretOverlap.CountSql} AS former_secrets, w.created_by, w.created_at, w.updated_at,
        (SELECT count(*) FROM (SELECT 1 FROM event_deliveries d WHERE d.webhook_id = w.id AND d.state = 'pending' LIMIT @MostCounted + 1) d)::int AS pending,
        (SELECT count(*) FROM (SELECT 1 FROM event_deliveries d WHERE d.webhook_id = w.id AND d.state IN ('failed', 'held') LIMIT @MostCounted + 1) d)::int AS not_delivered
        """;

    public Task<IReadOnlyList<Webhook>> ListAsync(DateTimeOffset now, CancellationToken ct) => ListAsync(new(), now, ct);

    public async Task<IReadOnlyList<Webhook>> ListAsync(WebhookFilter filter, DateTimeOffset now, CancellationToken ct)
    {
        // Of an account that there is not nobody is told.
        var chosen = (filter.AccountId is null ? "" : " AND (w.account_ids IS NULL OR @AccountId = ANY (w.account_ids)) AND EXISTS (SELECT 1 FROM social_accounts a WHERE a.id = @AccountId)")
            + (filter.ChangedSince is null ? "" : " AND w.updated_at >= @ChangedSince") + (filter.CreatedBy is null ? "" : " AND w.created_by = @CreatedBy")
            + (filter.Since is null ? "" : " AND w.created_at >= @Since::date::timestamp AT TIME ZONE 'UTC'") + (filter.Until is null ? "" : " AND w.created_at < (@Until::date + 1)::timestamp AT TIME ZONE 'UTC'");
        var listSql = $"SELECT {Columns} FROM webhooks w WHERE {(AccountScope.IsAll ? "true" : "w.account_ids <@ @Scope")}{chosen} ORDER BY w.created_at DESC, w.id";
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<Webhook>(new(listSql, new { filter.AccountId, filter.ChangedSince, filter.CreatedBy, filter.Since, filter.Until, Now = now, Webhook.MostCounted, Scope = AccountScope.Accounts }, cancellationToken: ct))).AsList();
    }

    public async Task<Webhook?> FindAsync(Guid id, DateTimeOffset now, CancellationToken ct)
    {
        const string FindSql = $"SELECT {Columns} FROM webhooks w WHERE w.id = @Id";
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<Webhook>(new(FindSql, new { Id = id, Now = now, Webhook.MostCounted }, cancellationToken: ct));
    }

    /// <returns>False when there are as many as there may be.</returns>
    internal async Task<bool> InsertAsync(Webhook webhook, string sealedUrl, string sealedSecret, CancellationToken ct)
    {
        var insertSql = $"""
            WITH made AS (
                INSERT INTO webhooks (id, url, shown_url, description, format, event_types, account_ids, secret, created_by, address_key, created_at, updated_at)
                SELECT @Id, @Url, @ShownUrl, @Description, @Format, @EventTypes::text[], @AccountIds::uuid[], @Secret, @CreatedBy, @KeyId, @CreatedAt, @CreatedAt
                WHERE (SELECT count(*) FROM webhooks) < @Most AND (SELECT count(*) FROM webhooks WHERE lower(created_by) = lower(@CreatedBy)) < @MostOfOne RETURNING id),
            act AS ({ActLog.InsertFrom("made")})
            SELECT count(*) FROM made
            """;
        return await WriteAsync(insertSql, null, ActLog.With(new
        {
            webhook.Id, Url = sealedUrl, webhook.ShownUrl, webhook.Description, webhook.Format, webhook.EventTypes, webhook.AccountIds, Secret = sealedSecret, webhook.CreatedBy, AccountScope.Caller?.KeyId, webhook.CreatedAt, Most, MostOfOne,
        }, ActOf(null, webhook, "made"), webhook.CreatedAt), webhook.CreatedAt, ct);
    }

    /// <param name="sealedUrl">Null: as it is.</param>
    /// <param name="seen">As the caller saw it.</param>
    /// <returns>False when somebody else has changed it since, or it is gone.</returns>
    internal async Task<bool> UpdateAsync(Webhook webhook, string? sealedUrl, Webhook seen, DateTimeOffset now, CancellationToken ct)
    {
        // Switched on, or with another address, it begins anew: what waits for its next try goes at once. What was held stays so until it is replayed. Who sees it once it is of fewer accounts need not have seen the others: what was told of them, and of all together, goes.
        var updateSql = $"""
            WITH before AS (SELECT account_ids, state FROM webhooks WHERE id = @Id),
            changed AS (
                UPDATE webhooks SET url = COALESCE(@Url, url), shown_url = @ShownUrl, description = @Description, event_types = @EventTypes::text[], account_ids = @AccountIds::uuid[],
                    state = CASE WHEN @IsOn THEN 'on' ELSE 'off' END, off_reason = @OffReason, off_at = @OffAt,
                    failing_since = CASE WHEN @IsOn AND state = 'off' OR @Url IS NOT NULL THEN NULL ELSE failing_since END,
                    rests_until = CASE WHEN @IsOn AND state = 'off' OR @Url IS NOT NULL THEN NULL ELSE rests_until END,
                    address_by = CASE WHEN @Url IS NULL THEN address_by ELSE COALESCE(@By, address_by) END, address_key = CASE WHEN @Url IS NULL THEN address_key ELSE @KeyId END,
                    updated_at = GREATEST(@Now, updated_at + interval '1 microsecond')
                WHERE id = @Id AND updated_at = @Seen RETURNING id),
            gone AS (
                DELETE FROM event_deliveries d USING changed, before b, events e
                WHERE d.webhook_id = changed.id AND e.id = d.event_id AND @AccountIds::uuid[] IS NOT NULL AND (b.account_ids IS NULL OR NOT b.account_ids <@ @AccountIds::uuid[])
                  AND (e.social_account_id IS NULL AND (e.account_ids <@ @AccountIds::uuid[]) IS NOT TRUE OR e.social_account_id <> ALL (@AccountIds::uuid[]))
                RETURNING d.event_id),
            hurried AS (
                UPDATE event_deliveries d SET next_at = @Now FROM changed, before b
                WHERE d.webhook_id = changed.id AND (@Url IS NOT NULL OR (@IsOn AND b.state = 'off')) AND d.state = 'pending' AND d.next_at > @Now AND (d.lease_until IS NULL OR d.lease_until < clock_timestamp())
                  AND NOT EXISTS (SELECT 1 FROM gone WHERE gone.event_id = d.event_id)),
            act AS ({ActLog.InsertFrom("changed")})
            SELECT count(*) FROM changed
            """;
        var act = ActOf(seen, webhook, "changed");
        if (sealedUrl is not null) act.Fields.Given("url");
        return await WriteAsync(updateSql, sealedUrl is null ? webhook.Id : null, ActLog.With(new
        {
            By = AccountScope.Caller?.Name, AccountScope.Caller?.KeyId,
            webhook.Id, Url = sealedUrl, webhook.ShownUrl, webhook.Description, webhook.EventTypes, webhook.AccountIds, webhook.IsOn, webhook.OffReason, webhook.OffAt, Seen = seen.UpdatedAt, Now = now,
        }, act, now), now, ct);
    }

    /// <summary>Writes one: on only as far as the caller, and whose address it is, may be told, and by keys that are good.</summary>
    /// <param name="kept">The webhook whose address stays as it is, and somebody's: who switches it on, or has it tell of more, need not be that one.</param>
    private async Task<bool> WriteAsync(string sql, Guid? kept, object parameters, DateTimeOffset now, CancellationToken ct)
    {
        const string OwnerSql = "SELECT COALESCE(address_by, created_by), address_key FROM webhooks WHERE id = @Kept";
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        // Given another address since, it is not written: it is no longer as the caller saw it.
        var (owner, ownersKey) = kept is null ? (null, null) : await connection.QuerySingleOrDefaultAsync<(string?, Guid?)>(new(OwnerSql, new { Kept = kept }, transaction, cancellationToken: ct));
        var maker = await Maker.HoldAsync(connection, transaction, owner, ownersKey, ct);
        if (await connection.ExecuteScalarAsync<long>(new(sql, parameters, transaction, commandTimeout: 120, cancellationToken: ct)) != 1) return false;
        await maker.LookAgainAsync(users => WebhooksOfUsers.SwitchOffAsync(connection, transaction, users, now, ct), key => WebhooksOfUsers.SwitchOffOfKeyAsync(connection, transaction, key, now, ct));
        await transaction.CommitAsync(ct);
        return true;
    }

    /// <summary>Another secret; the present one goes on signing until then, and those before until their own end, unless that is now.</summary>
    /// <returns>False when there is no such webhook.</returns>
    internal async Task<bool> RotateAsync(Webhook webhook, string sealedSecret, DateTimeOffset formerUntil, DateTimeOffset now, CancellationToken ct)
    {
        var rotateSql = $"""
            WITH made AS (UPDATE webhooks SET {SecretOverlap.ExchangeSql}, updated_at = GREATEST(@Now, updated_at + interval '1 microsecond') WHERE id = @Id RETURNING id),
            act AS ({ActLog.InsertFrom("made")})
            SELECT count(*) FROM made
            """;
        var act = ActOf(webhook, webhook with { FormerSecretUntil = formerUntil > now && webhook.FormerSecretUntil > formerUntil ? webhook.FormerSecretUntil : formerUntil }, "changed");
        act.Fields.Given("secret");
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<long>(new(rotateSql, ActLog.With(new { webhook.Id, Secret = sealedSecret, FormerUntil = formerUntil, Now = now }, act, now), cancellationToken: ct)) == 1;
    }

    /// <summary>Takes it away, with the log of its deliveries. What is under way may still arrive.</summary>
    /// <returns>False when there is none.</returns>
    public async Task<bool> DeleteAsync(Guid id, DateTimeOffset now, CancellationToken ct)
    {
        const string HoldSql = $"SELECT {Columns} FROM webhooks w WHERE w.id = @Id FOR UPDATE OF w";
        var deleteSql = $"""
            WITH gone AS (DELETE FROM webhooks WHERE id = @Id RETURNING id),
            deliveries AS (DELETE FROM event_deliveries d USING gone WHERE d.webhook_id = gone.id),
            act AS ({ActLog.InsertFrom("gone")})
            SELECT count(*) FROM gone
            """;
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await connection.QuerySingleOrDefaultAsync<Webhook>(new(HoldSql, new { Id = id, Now = now, Webhook.MostCounted }, transaction, cancellationToken: ct)) is not { } webhook) return false;
        await connection.ExecuteScalarAsync<long>(new(deleteSql, ActLog.With(new { Id = id }, ActOf(webhook, webhook, "removed"), now), transaction, commandTimeout: 120, cancellationToken: ct));
        await transaction.CommitAsync(ct);
        return true;
    }

    private static Act ActOf(Webhook? before, Webhook webhook, string action)
    {
        static object? Told(Webhook? webhook) => webhook is null ? null : new { Url = webhook.ShownUrl, webhook.Description, webhook.Format, webhook.EventTypes, webhook.AccountIds, Enabled = webhook.IsOn, webhook.FormerSecretUntil };
        return new("webhook", $"{webhook.Id}", webhook.Description ?? webhook.ShownUrl, action, ActLog.AccountOf((before ?? webhook).AccountIds, webhook.AccountIds), ActLog.Differences(Told(before), action == "removed" ? null : Told(webhook)));
    }

    /// <returns>Those of the accounts that there are.</returns>
    internal async Task<IReadOnlySet<Guid>> KnownAccountsAsync(IReadOnlyCollection<Guid> ids, CancellationToken ct)
    {
        var knownSql = $"SELECT id FROM social_accounts WHERE id = ANY (@Ids){AccountScope.And("id")}";
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<Guid>(new(knownSql, new { Ids = ids.ToArray(), Scope = AccountScope.Accounts }, cancellationToken: ct))).ToHashSet();
    }
}
