using Dapper;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Meta;
using Npgsql;

namespace MetaAdsJobs.Core.Spending;

internal sealed record Stop(Guid Id, Guid? SocialAccountId, string StoppedBy, string? LiftedBy, bool IsLifted, bool Reactivate);

/// <summary>One activated tree, as the stop switch deals with it.</summary>
internal sealed record Spender
{
    public required Guid RequestId { get; init; }
    public required SocialAccount Account { get; init; }
    public required GraphCredential Credential { get; init; }
    public required long DailyCents { get; init; }
    public required DateTimeOffset? EndsAt { get; init; }
    public required DateTimeOffset ChangedAt { get; init; }
    public required string? CampaignId { get; init; }
    public required string? AdSetId { get; init; }
    public required string? AdId { get; init; }
}

/// <summary>What the stop switch knows of activations. A write is refused when somebody else has changed the row since it was read.</summary>
internal sealed class StopStore(NpgsqlDataSource dataSource, AccountTokens tokens, TimeProvider time)
{
    public const int PageSize = 500;

    private const string SpenderSql = $"""
        SELECT v.request_id, v.daily_cents, v.ends_at, v.changed_at AS activation_changed_at, social_accounts.access_token, {AccountStore.Columns},
               (SELECT meta_id FROM orchestration_steps s WHERE s.request_id = v.request_id AND s.step = 'campaign') AS campaign_id,
               (SELECT meta_id FROM orchestration_steps s WHERE s.request_id = v.request_id AND s.step = 'adset') AS adset_id,
               (SELECT meta_id FROM orchestration_steps s WHERE s.request_id = v.request_id AND s.step = 'ad') AS ad_id
        FROM activations v JOIN social_accounts ON social_accounts.id = v.social_account_id
        """;

    public async Task<Stop?> FindAsync(Guid stopId, CancellationToken ct)
    {
        const string FindSql = "SELECT id, social_account_id, stopped_by, lifted_by, lifted_at IS NOT NULL AS is_lifted, reactivate FROM stops WHERE id = @StopId";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<Stop>(new(FindSql, new { StopId = stopId }, cancellationToken: ct));
    }

    /// <summary>What the stop covers and may be active, a page at a time; usage of Meta's limits does not keep a pause out.</summary>
    public async Task<IReadOnlyList<Spender>> ListSpendingAsync(Stop stop, Guid after, CancellationToken ct) => [.. (await ListAsync($"""
        {SpenderSql}
        WHERE v.state IN ('activating', 'active') AND (@AccountId::uuid IS NULL OR v.social_account_id = @AccountId) AND v.request_id > @After
        ORDER BY v.request_id LIMIT {PageSize}
        """, stop, after, ct)).Select(spender => spender with { Credential = spender.Credential.Urgent() })];

    /// <summary>What a stop has paused, or what somebody was about to activate again, of orchestrations that have succeeded; none that another stop covers.</summary>
    public Task<IReadOnlyList<Spender>> ListPausedAsync(Stop stop, Guid after, CancellationToken ct) => ListAsync($"""
        {SpenderSql}
        JOIN orchestrations o ON o.request_id = v.request_id AND o.status = 'succeeded'
        WHERE v.state IN ('paused', 'activating') AND (@AccountId::uuid IS NULL OR v.social_account_id = @AccountId) AND v.request_id > @After
          AND NOT EXISTS (SELECT 1 FROM stops s WHERE s.lifted_at IS NULL AND (s.social_account_id IS NULL OR s.social_account_id = v.social_account_id))
        ORDER BY v.request_id LIMIT {PageSize}
        """, stop, after, ct);

    /// <summary>Held orchestrations that nothing holds any more.</summary>
    public async Task<IReadOnlyList<Guid>> ListHeldAsync(Stop stop, CancellationToken ct)
    {
        const string HeldSql = """
            SELECT request_id FROM orchestrations o
            WHERE status = 'waiting' AND wait_reason LIKE 'stopped by %' AND (@AccountId::uuid IS NULL OR social_account_id = @AccountId)
              AND NOT EXISTS (SELECT 1 FROM stops s WHERE s.lifted_at IS NULL AND (s.social_account_id IS NULL OR s.social_account_id = o.social_account_id))
            ORDER BY request_id
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<Guid>(new(HeldSql, new { AccountId = stop.SocialAccountId }, cancellationToken: ct))).AsList();
    }

    /// <returns>False while a call that activates it may still be under way: it has to be paused again.</returns>
    public Task<bool> PausedAsync(Spender spender, string askedBy, CancellationToken ct) =>
        WriteAsync(spender, "paused", "(v.busy_until IS NULL OR v.busy_until < clock_timestamp()) AND v.changed_at = @ChangedAt", askedBy, ct);

    /// <returns>False when a stop was quicker.</returns>
    public Task<bool> ActivatedAsync(Spender spender, string askedBy, CancellationToken ct) => WriteAsync(spender, "active", "v.state = 'activating'", askedBy, ct);

    /// <summary>Meta will not have it active again.</summary>
    public Task<bool> EndedAsync(Spender spender, string askedBy, CancellationToken ct) => WriteAsync(spender, "ended", "true", askedBy, ct);

    public Task AuditAsync(Spender spender, string askedBy, CancellationToken ct) =>
        ChangeLog.WriteAsync(dataSource, spender.Account.Id, spender.RequestId, askedBy, spender.Credential.Changes, ct);

    private async Task<bool> WriteAsync(Spender spender, string state, string condition, string askedBy, CancellationToken ct)
    {
        var writeSql = $"""
            WITH {ChangeLog.Cte}
            UPDATE activations v SET state = @State, busy_until = NULL, changed_at = @Now WHERE v.request_id = @RequestId AND {condition}
            """;
        var (changes, count) = spender.Credential.Changes.ToJson();
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var written = await connection.ExecuteAsync(new(writeSql, new
        {
            spender.RequestId, AccountId = spender.Account.Id, AskedBy = askedBy, Changes = changes, State = state, Now = time.GetUtcNow(), spender.ChangedAt,
        }, cancellationToken: ct));
        spender.Credential.Changes.Written(count);
        return written == 1;
    }

    private async Task<IReadOnlyList<Spender>> ListAsync(string sql, Stop stop, Guid after, CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<SocialAccount, Row, Spender>(new(Ordered(sql), new { AccountId = stop.SocialAccountId, After = after }, cancellationToken: ct),
            (account, row) => row.ToSpender(account, tokens), splitOn: "request_id");
        return rows.AsList();

        // Dapper maps the account's columns first, the rest from request_id on.
        static string Ordered(string sql) => $"SELECT {Named(AccountStore.Columns)}, request_id, daily_cents, ends_at, activation_changed_at, access_token, campaign_id, adset_id, ad_id FROM ({sql}) AS spenders";

        static string Named(string columns) => columns.Replace("social_accounts.", "", StringComparison.Ordinal);
    }

    private sealed record Row
    {
        public Guid RequestId { get; init; }
        public long DailyCents { get; init; }
        public DateTimeOffset? EndsAt { get; init; }
        public DateTimeOffset ActivationChangedAt { get; init; }
        public string AccessToken { get; init; } = "";
        public string? CampaignId { get; init; }
        public string? AdsetId { get; init; }
        public string? AdId { get; init; }

        public Spender ToSpender(SocialAccount account, AccountTokens tokens) => new()
        {
            RequestId = RequestId, Account = account, Credential = new(account.AdAccountId, tokens.Open(AccessToken)), DailyCents = DailyCents,
            EndsAt = EndsAt, ChangedAt = ActivationChangedAt, CampaignId = CampaignId, AdSetId = AdsetId, AdId = AdId,
        };
    }
}
