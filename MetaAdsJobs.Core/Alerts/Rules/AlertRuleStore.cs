using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Audit;
using Npgsql;

namespace MetaAdsJobs.Core.Alerts.Rules;

/// <summary>Which rules to list.</summary>
/// <param name="AccountId">Those that watch it: it among others, or all; of campaigns, at least one of its own.</param>
/// <param name="ChangedSince">Made, changed, or switched on or off.</param>
/// <param name="CreatedBy">Who made it, as the audit names it.</param>
/// <param name="Since">A day in UTC on which they were made, or a later one.</param>
public sealed record AlertRuleFilter(Guid? AccountId = null, DateTimeOffset? ChangedSince = null, string? CreatedBy = null, DateOnly? Since = null, DateOnly? Until = null);

/// <summary>Rows of alert_rules.</summary>
public sealed class AlertRuleStore
{
    internal const int Most = 1000;

    /// <summary>Of one maker: the others are for others.</summary>
    internal const int MostOfOne = 200;
    private readonly NpgsqlDataSource _dataSource;

    internal AlertRuleStore(NpgsqlDataSource dataSource) => _dataSource = dataSource;

    private const string Columns = """
        r.id, r.built_in, r.name, r.metric, r.level, r.account_ids, r.campaign_ids, r.window_days, r.window_hours, r.compare, r.median_days, r.direction, r.threshold, r.resolve_at, r.floor_metric, r.floor_least,
        r.evaluations, r.cooldown_minutes, r.severity, r.group_by, r.enabled, r.created_by, r.created_at, r.updated_at, r.evaluated_at
        """;

    private const string WatchesSql = """
        (r.account_ids IS NULL OR @AccountId = ANY (r.account_ids)) AND EXISTS (SELECT 1 FROM social_accounts a WHERE a.id = @AccountId)
        AND (r.campaign_ids IS NULL OR EXISTS (SELECT 1 FROM meta_campaigns c WHERE c.meta_id = ANY (r.campaign_ids) AND c.social_account_id = @AccountId))
        """;

    public Task<IReadOnlyList<AlertRule>> ListAsync(CancellationToken ct) => ListAsync(new(), ct);

    /// <summary>Those that are built in first, then by name.</summary>
    public async Task<IReadOnlyList<AlertRule>> ListAsync(AlertRuleFilter filter, CancellationToken ct)
    {
        var chosen = (filter.AccountId is null ? "" : $" AND {WatchesSql}") + (filter.ChangedSince is null ? "" : " AND r.updated_at >= @ChangedSince") + (filter.CreatedBy is null ? "" : " AND r.created_by = @CreatedBy")
            + (filter.Since is null ? "" : " AND r.created_at >= @Since::date::timestamp AT TIME ZONE 'UTC'") + (filter.Until is null ? "" : " AND r.created_at < (@Until::date + 1)::timestamp AT TIME ZONE 'UTC'");
        var listSql = $"SELECT {Columns} FROM alert_rules r WHERE {(AccountScope.IsAll ? "true" : "r.account_ids <@ @Scope")}{chosen} ORDER BY r.built_in IS NULL, r.name, r.id";
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<AlertRule>(new(listSql, new { filter.AccountId, filter.ChangedSince, filter.CreatedBy, filter.Since, filter.Until, Scope = AccountScope.Accounts }, cancellationToken: ct))).AsList();
    }

    public async Task<AlertRule?> FindAsync(Guid id, CancellationToken ct)
    {
        const string FindSql = $"SELECT {Columns} FROM alert_rules r WHERE r.id = @Id";
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<AlertRule>(new(FindSql, new { Id = id }, cancellationToken: ct));
    }

    /// <summary>Holds it until the transaction's end, for an evaluation.</summary>
    /// <returns>Null when somebody else holds it, or it is off or gone.</returns>
    internal static Task<AlertRule?> TakeAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid id, CancellationToken ct)
    {
        const string TakeSql = $"SELECT {Columns} FROM alert_rules r WHERE r.id = @Id AND r.enabled FOR NO KEY UPDATE SKIP LOCKED";
        return connection.QuerySingleOrDefaultAsync<AlertRule>(new(TakeSql, new { Id = id }, transaction, cancellationToken: ct));
    }

    /// <summary>Holds it until the transaction's end, for a change: an evaluation under way is waited for.</summary>
    internal static Task<AlertRule?> HoldAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid id, CancellationToken ct)
    {
        const string HoldSql = $"SELECT {Columns} FROM alert_rules r WHERE r.id = @Id FOR UPDATE";
        return connection.QuerySingleOrDefaultAsync<AlertRule>(new(HoldSql, new { Id = id }, transaction, cancellationToken: ct));
    }

    /// <returns>False when there are as many as there may be.</returns>
    internal async Task<bool> InsertAsync(AlertRule rule, CancellationToken ct)
    {
        var insertSql = $"""
            WITH made AS (INSERT INTO alert_rules (id, name, metric, level, account_ids, campaign_ids, window_days, window_hours, compare, median_days, direction, threshold, resolve_at, floor_metric, floor_least, evaluations,
                cooldown_minutes, severity, group_by, enabled, created_by, created_at, updated_at)
            SELECT @Id, @Name, @Metric, @Level, @AccountIds::uuid[], @CampaignIds::text[], @WindowDays, @WindowHours, @Compare, @MedianDays, @Direction, @Threshold, @ResolveAt, @FloorMetric, @FloorLeast, @Evaluations,
                @CooldownMinutes, @Severity, @GroupBy, @Enabled, @CreatedBy, @CreatedAt, @UpdatedAt
            WHERE (SELECT count(*) FROM alert_rules) < @Most AND (SELECT count(*) FROM alert_rules WHERE lower(created_by) = lower(@CreatedBy)) < @MostOfOne RETURNING id),
            act AS ({ActLog.InsertFrom("made")})
            SELECT count(*) FROM made
            """;
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<long>(new(insertSql, ActLog.With(new
        {
            rule.Id, rule.Name, rule.Metric, rule.Level, rule.AccountIds, rule.CampaignIds, rule.WindowDays, rule.WindowHours, rule.Compare, rule.MedianDays, rule.Direction, rule.Threshold, rule.ResolveAt, rule.FloorMetric,
            rule.FloorLeast, rule.Evaluations, rule.CooldownMinutes, rule.Severity, rule.GroupBy, rule.Enabled, rule.CreatedBy, rule.CreatedAt, rule.UpdatedAt, Most, MostOfOne,
        }, ActOf(null, rule, "made"), rule.CreatedAt), cancellationToken: ct)) == 1;
    }

    /// <summary>What a person does to it, for the audit.</summary>
    internal static Act ActOf(AlertRule? before, AlertRule rule, string action)
    {
        static object? Told(AlertRule? rule) => rule is null ? null : new
        {
            rule.Name, rule.Metric, rule.Level, rule.AccountIds, rule.CampaignIds, rule.WindowDays, rule.WindowHours, rule.Compare, rule.MedianDays, rule.Direction, rule.Threshold, rule.ResolveAt, rule.FloorMetric, rule.FloorLeast,
            rule.Evaluations, rule.CooldownMinutes, rule.Severity, rule.GroupBy, rule.Enabled,
        };
        return new("alert rule", $"{rule.Id}", rule.Name, action, ActLog.AccountOf((before ?? rule).AccountIds, rule.AccountIds), ActLog.Differences(Told(before), action == "removed" ? null : Told(rule)));
    }

    internal static Task UpdateAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, AlertRule rule, CancellationToken ct)
    {
        // Who sees it once it is of fewer accounts need not have seen the others: what evaluations counted in them goes.
        const string UpdateSql = """
            WITH gone AS (
                DELETE FROM alert_evaluations e USING alert_rules r
                WHERE r.id = @Id AND e.rule_id = r.id AND @AccountIds::uuid[] IS NOT NULL AND (r.account_ids IS NULL OR NOT r.account_ids <@ @AccountIds::uuid[]))
            UPDATE alert_rules SET name = @Name, account_ids = @AccountIds::uuid[], campaign_ids = @CampaignIds::text[], window_days = @WindowDays, window_hours = @WindowHours, compare = @Compare, median_days = @MedianDays,
                direction = @Direction, threshold = @Threshold, resolve_at = @ResolveAt, floor_metric = @FloorMetric, floor_least = @FloorLeast, evaluations = @Evaluations, cooldown_minutes = @CooldownMinutes,
                severity = @Severity, group_by = @GroupBy, enabled = @Enabled,
                updated_at = GREATEST(@UpdatedAt, updated_at + interval '1 microsecond')
            WHERE id = @Id
            """;
        return connection.ExecuteAsync(new(UpdateSql, new
        {
            rule.Id, rule.Name, rule.AccountIds, rule.CampaignIds, rule.WindowDays, rule.WindowHours, rule.Compare, rule.MedianDays, rule.Direction, rule.Threshold, rule.ResolveAt, rule.FloorMetric, rule.FloorLeast,
            rule.Evaluations, rule.CooldownMinutes, rule.Severity, rule.GroupBy, rule.Enabled, rule.UpdatedAt,
        }, transaction, cancellationToken: ct));
    }

    /// <returns>Those of the accounts that there are.</returns>
    internal async Task<IReadOnlySet<Guid>> KnownAccountsAsync(IReadOnlyCollection<Guid> ids, CancellationToken ct)
    {
        var knownSql = $"SELECT id FROM social_accounts WHERE id = ANY (@Ids){AccountScope.And("id")}";
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<Guid>(new(knownSql, new { Ids = ids.ToArray(), Scope = AccountScope.Accounts }, cancellationToken: ct))).ToHashSet();
    }
}
