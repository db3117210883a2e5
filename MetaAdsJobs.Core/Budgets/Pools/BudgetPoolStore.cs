using Dapper;
using MetaAdsJobs.Core.Access;
using Npgsql;

namespace MetaAdsJobs.Core.Budgets.Pools;

/// <summary>Which pools to list. Days are UTC, of when one was made.</summary>
/// <param name="CreatedBy">Who made it, as the audit names it.</param>
/// <param name="ChangedSince">Those that were made or changed since, by somebody.</param>
public sealed record PoolFilter(Guid? AccountId = null, DateOnly? Since = null, DateOnly? Until = null, string? CreatedBy = null, DateTimeOffset? ChangedSince = null);

/// <summary>Rows of budget_pools and budget_pool_members.</summary>
public sealed class BudgetPoolStore
{
    internal const int Most = 5000;

    /// <summary>Of one maker: the others are for others.</summary>
    internal const int MostOfOne = 1000;
    private readonly NpgsqlDataSource _dataSource;

    internal BudgetPoolStore(NpgsqlDataSource dataSource) => _dataSource = dataSource;

    private const string ReadSql = """
        SELECT p.id, p.social_account_id, p.name, p.level, p.mode, p.mode_by, p.mode_key, p.mode_why, p.max_step_percent, p.least_gain_percent, p.created_by, p.created_at, p.updated_at, m.ids, m.mins, m.maxs
        FROM budget_pools p CROSS JOIN LATERAL (
            SELECT COALESCE(array_agg(m.meta_id ORDER BY m.meta_id), '{}') AS ids, COALESCE(array_agg(COALESCE(m.min_cents, 0) ORDER BY m.meta_id), '{}') AS mins,
                COALESCE(array_agg(COALESCE(m.max_cents, 0) ORDER BY m.meta_id), '{}') AS maxs FROM budget_pool_members m WHERE m.pool_id = p.id) m
        """;

    /// <summary>A page of them, in the order in which they were made.</summary>
    public async Task<IReadOnlyList<BudgetPool>> ListAsync(PoolFilter filter, Guid? after, int limit, CancellationToken ct)
    {
        List<string> conditions = ["true"];
        if (filter.AccountId is not null) conditions.Add("p.social_account_id = @AccountId");
        if (filter.Since is not null) conditions.Add("p.created_at >= @Since::date::timestamp AT TIME ZONE 'UTC'");
        if (filter.Until is not null) conditions.Add("p.created_at < (@Until::date + 1)::timestamp AT TIME ZONE 'UTC'");
        if (filter.CreatedBy is not null) conditions.Add("p.created_by = @CreatedBy");
        if (filter.ChangedSince is not null) conditions.Add("p.updated_at >= @ChangedSince");
        if (after is not null) conditions.Add("p.id > @After");
        AccountScope.AddTo(conditions, "p.social_account_id");
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        return await ReadAsync(connection, null, $"{ReadSql} WHERE {string.Join(" AND ", conditions)} ORDER BY p.id LIMIT @Limit",
            new { filter.AccountId, filter.Since, filter.Until, filter.CreatedBy, filter.ChangedSince, After = after, Limit = limit, Scope = AccountScope.Accounts }, ct);
    }

    /// <summary>All of them, by name.</summary>
    /// <param name="accountId">Null: of all.</param>
    public async Task<IReadOnlyList<BudgetPool>> ListAsync(Guid? accountId, CancellationToken ct)
    {
        var listSql = $"{ReadSql} WHERE (@AccountId::uuid IS NULL OR p.social_account_id = @AccountId){AccountScope.And("p.social_account_id")} ORDER BY p.name, p.id";
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        return await ReadAsync(connection, null, listSql, new { AccountId = accountId, Scope = AccountScope.Accounts }, ct);
    }

    public async Task<BudgetPool?> FindAsync(Guid id, CancellationToken ct)
    {
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        return (await ListAsync(connection, null, [id], ct)).SingleOrDefault();
    }

    internal static Task<IReadOnlyList<BudgetPool>> ListAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, IReadOnlyCollection<Guid> ids, CancellationToken ct) =>
        ReadAsync(connection, transaction, $"{ReadSql} WHERE p.id = ANY (@Ids) ORDER BY p.id", new { Ids = ids.ToArray() }, ct);

    /// <summary>Holds it until the transaction's end: neither its members nor its proposals change meanwhile.</summary>
    internal static async Task<BudgetPool?> HoldAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid id, CancellationToken ct) =>
        (await ReadAsync(connection, transaction, $"{ReadSql} WHERE p.id = @Id FOR UPDATE OF p", new { Id = id }, ct)).SingleOrDefault();

    /// <returns>False when there are as many as there may be.</returns>
    internal static async Task<bool> InsertAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, BudgetPool pool, CancellationToken ct)
    {
        const string InsertSql = """
            INSERT INTO budget_pools (id, social_account_id, name, level, mode, mode_by, mode_key, max_step_percent, least_gain_percent, created_by, created_at, updated_at)
            SELECT @Id, @SocialAccountId, @Name, @Level, @Mode, @ModeBy, @ModeKey, @MaxStepPercent, @LeastGainPercent, @CreatedBy, @CreatedAt, @UpdatedAt WHERE (SELECT count(*) FROM budget_pools) < @Most AND (SELECT count(*) FROM budget_pools WHERE lower(created_by) = lower(@CreatedBy)) < @MostOfOne
            """;
        if (await connection.ExecuteAsync(new(InsertSql, new
        {
            pool.Id, pool.SocialAccountId, pool.Name, pool.Level, pool.Mode, pool.ModeBy, pool.ModeKey, pool.MaxStepPercent, pool.LeastGainPercent, pool.CreatedBy, pool.CreatedAt, pool.UpdatedAt, Most, MostOfOne,
        }, transaction, cancellationToken: ct)) == 0) return false;
        await WriteMembersAsync(connection, transaction, pool, ct);
        return true;
    }

    /// <returns>What it owed, in hundredths, and is forgotten since it is others that it would be owed to; null: nothing.</returns>
    internal static async Task<long?> UpdateAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, BudgetPool pool, BudgetPool before, CancellationToken ct)
    {
        const string UpdateSql = """
            UPDATE budget_pools SET name = @Name, mode = @Mode, mode_by = @ModeBy, mode_key = @ModeKey, mode_why = @ModeWhy, max_step_percent = @MaxStepPercent, least_gain_percent = @LeastGainPercent,
                updated_at = GREATEST(@UpdatedAt, updated_at + interval '1 microsecond')
            WHERE id = @Id
            """;
        // Who is of it decides what it owes to whom; by which bounds does not.
        const string ForgetSql = """
            WITH last AS (SELECT owed_cents FROM budget_proposals WHERE pool_id = @Id AND state IN ('done', 'partly') ORDER BY id DESC LIMIT 1), forgotten AS (UPDATE budget_proposals SET owed_cents = 0 WHERE pool_id = @Id AND owed_cents <> 0)
            SELECT NULLIF(owed_cents, 0) FROM last
            """;
        await connection.ExecuteAsync(new(UpdateSql, new { pool.Id, pool.Name, pool.Mode, pool.ModeBy, pool.ModeKey, pool.ModeWhy, pool.MaxStepPercent, pool.LeastGainPercent, pool.UpdatedAt }, transaction, cancellationToken: ct));
        if (pool.HasMembersOf(before)) return null;
        await connection.ExecuteAsync(new("DELETE FROM budget_pool_members WHERE pool_id = @Id", new { pool.Id }, transaction, cancellationToken: ct));
        await WriteMembersAsync(connection, transaction, pool, ct);
        return pool.Members.Select(member => member.MetaId).ToHashSet().SetEquals(before.Members.Select(member => member.MetaId)) ? null
            : await connection.ExecuteScalarAsync<long?>(new(ForgetSql, new { pool.Id }, transaction, cancellationToken: ct));
    }

    private static Task<int> WriteMembersAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, BudgetPool pool, CancellationToken ct)
    {
        const string MembersSql = """
            INSERT INTO budget_pool_members (pool_id, meta_id, min_cents, max_cents)
            SELECT @Id, m.id, NULLIF(m.least, 0), NULLIF(m.most, 0) FROM unnest(@Ids, @Mins, @Maxs) AS m (id, least, most)
            """;
        return connection.ExecuteAsync(new(MembersSql, new
        {
            pool.Id, Ids = pool.Members.Select(member => member.MetaId).ToArray(), Mins = pool.Members.Select(member => member.MinCents ?? 0).ToArray(), Maxs = pool.Members.Select(member => member.MaxCents ?? 0).ToArray(),
        }, transaction, cancellationToken: ct));
    }

    private static async Task<IReadOnlyList<BudgetPool>> ReadAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, string sql, object parameters, CancellationToken ct) =>
        [.. (await connection.QueryAsync<Row>(new(sql, parameters, transaction, cancellationToken: ct))).Select(row => new BudgetPool
        {
            Id = row.Id, SocialAccountId = row.SocialAccountId, Name = row.Name, Level = row.Level, Mode = row.Mode, ModeBy = row.ModeBy, ModeKey = row.ModeKey, ModeWhy = row.ModeWhy, MaxStepPercent = row.MaxStepPercent, LeastGainPercent = row.LeastGainPercent,
            CreatedBy = row.CreatedBy, CreatedAt = row.CreatedAt, UpdatedAt = row.UpdatedAt,
            Members = [.. row.Ids.Select((id, i) => new BudgetPoolMember(id, row.Mins[i] == 0 ? null : row.Mins[i], row.Maxs[i] == 0 ? null : row.Maxs[i]))],
        })];

    private sealed record Row
    {
        public Guid Id { get; init; }
        public Guid SocialAccountId { get; init; }
        public string Name { get; init; } = "";
        public string Level { get; init; } = "";
        public string Mode { get; init; } = "";
        public string ModeBy { get; init; } = "";
        public Guid? ModeKey { get; init; }
        public string? ModeWhy { get; init; }
        public int MaxStepPercent { get; init; }
        public decimal LeastGainPercent { get; init; }
        public string CreatedBy { get; init; } = "";
        public DateTimeOffset CreatedAt { get; init; }
        public DateTimeOffset UpdatedAt { get; init; }
        public string[] Ids { get; init; } = [];
        public long[] Mins { get; init; } = [];
        public long[] Maxs { get; init; } = [];
    }
}
