using Dapper;
using MetaAdsJobs.Core.Access;
using Npgsql;

namespace MetaAdsJobs.Core.Alerts.Reading;

/// <summary>Which episodes. Days are UTC, of when one began.</summary>
/// <param name="State">open or resolved; null: both, open ones first.</param>
/// <param name="AccountId">Of this one, or with a member of it.</param>
/// <param name="Person">Who has said that he is at it, or muted it.</param>
/// <param name="ChangedSince">Those that are open, and those that have ended since.</param>
public sealed record AlertFilter(string? State = null, Guid? RuleId = null, Guid? AccountId = null, string? Person = null, DateOnly? Since = null, DateOnly? Until = null, DateTimeOffset? ChangedSince = null);

/// <summary>Reads episodes for people: those that are open first, each newest first; and what a rule has to say of its objects and itself.</summary>
public sealed class AlertReader(NpgsqlDataSource dataSource)
{
    public static readonly IReadOnlyList<string> States = ["open", "resolved"];

    private const string Columns = """
        e.id, e.rule_id, e.rule_name AS rule, e.built_in, e.metric, e.level, e.severity, CASE WHEN e.closed_at IS NOT NULL THEN 'resolved' WHEN e.quiet_since IS NOT NULL THEN 'quiet' ELSE 'open' END AS state,
        e.social_account_id, a.name AS account, e.opened_at, e.quiet_since, e.closed_at AS resolved_at, e.closed_why AS resolved_why, m.firing, m.no_data, m.in_all, e.messages, e.last_message_at, m.data_at,
        e.acknowledged_by, e.acknowledged_at, e.muted_by, e.muted_at, e.muted_accounts
        """;

    private const string From = """
        LEFT JOIN social_accounts a ON a.id = e.social_account_id
        CROSS JOIN LATERAL (
            SELECT (count(*) FILTER (WHERE recovered_at IS NULL))::int AS firing, (count(*) FILTER (WHERE recovered_at IS NULL AND NOT has_data))::int AS no_data, count(*)::int AS in_all,
                min(data_at) FILTER (WHERE recovered_at IS NULL) AS data_at
            FROM alert_members WHERE episode_id = e.id) m
        """;

    // What several accounts are in is told to who sees them all: its name and its count are of them together. As a sum, so that it is looked at for the episodes of a page, and not first for all there are. Of few accounts the index of account_ids finds those that it is looked at for.
    private const string TogetherMine = "e.social_account_id IS NULL AND (SELECT bool_and(o.social_account_id = ANY (@Scope)) FROM alert_members o WHERE o.episode_id = e.id)";
    private const string Newest = "(closed_at IS NOT NULL), id DESC";

    /// <param name="filter">Of these alone.</param>
    /// <param name="after">The last one of the page before: whether it was open, and its id.</param>
    public async Task<IReadOnlyList<Alert>> ListAsync(AlertFilter filter, (bool IsOpen, Guid Id)? after, int limit, CancellationToken ct)
    {
        var (state, ruleId, accountId) = (filter.State, filter.RuleId, filter.AccountId);
        var conditions = new List<string> { "true" };
        if (state is not null) conditions.Add(state == "open" ? "e.closed_at IS NULL" : "e.closed_at IS NOT NULL");
        if (ruleId is not null) conditions.Add("e.rule_id = @RuleId");
        if (accountId is not null) conditions.Add("(e.social_account_id = @AccountId OR EXISTS (SELECT 1 FROM alert_members o WHERE o.episode_id = e.id AND o.social_account_id = @AccountId))");
        if (filter.Person is not null) conditions.Add("@Person IN (e.acknowledged_by, e.muted_by)");
        if (filter.Since is not null) conditions.Add("e.opened_at >= @Since::date::timestamp AT TIME ZONE 'UTC'");
        if (filter.Until is not null) conditions.Add("e.opened_at < (@Until::date + 1)::timestamp AT TIME ZONE 'UTC'");
        if (filter.ChangedSince is not null) conditions.Add("(e.closed_at IS NULL OR e.closed_at >= @ChangedSince)");
        if (after is not null) conditions.Add(after.Value.IsOpen ? "(e.closed_at IS NOT NULL OR e.id < @After)" : "e.closed_at IS NOT NULL AND e.id < @After");
        string Page(string where) => $"SELECT e.* FROM alert_episodes e WHERE {where} ORDER BY {Newest} LIMIT @Limit";
        var where = string.Join(" AND ", conditions);
        var listed = (AccountScope.IsAll, AccountScope.IsFew && ruleId is null && accountId is null) switch
        {
            (true, _) => Page(where),
            (_, true) => $"""
                SELECT * FROM (({AccountScope.OfEach("e.*", "alert_episodes e", where, "e.social_account_id", Newest, "@Limit")}) UNION ALL ({Page($"{where} AND e.account_ids <@ @Scope AND {TogetherMine}")})) e
                ORDER BY {Newest} LIMIT @Limit
                """,
            _ => Page($"{where} AND (e.social_account_id = ANY (@Scope) OR ({TogetherMine}))"),
        };
        var listSql = $"""
            SELECT {Columns} FROM ({listed}) e {From}
            ORDER BY e.closed_at IS NOT NULL, e.id DESC
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<Alert>(new(listSql, new { RuleId = ruleId, AccountId = accountId, filter.Person, filter.Since, filter.Until, filter.ChangedSince, After = after?.Id, Limit = limit, Scope = AccountScope.Accounts }, cancellationToken: ct))).AsList();
    }

    public async Task<Alert?> FindAsync(Guid id, CancellationToken ct)
    {
        const string FindSql = $"SELECT {Columns} FROM alert_episodes e {From} WHERE e.id = @Id";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<Alert>(new(FindSql, new { Id = id }, cancellationToken: ct));
    }

    /// <summary>Those that fire first, the newest of them first.</summary>
    public async Task<IReadOnlyList<AlertMember>> MembersAsync(Guid id, int limit, CancellationToken ct)
    {
        const string MembersSql = """
            SELECT m.object AS id, m.name, m.social_account_id, a.name AS account, CASE WHEN m.recovered_at IS NOT NULL THEN 'recovered' WHEN m.has_data THEN 'firing' ELSE 'no_data' END AS state,
                m.value, m.reference AS median, m.fired_at AS since, m.recovered_at, m.times, m.data_at
            FROM alert_members m LEFT JOIN social_accounts a ON a.id = m.social_account_id WHERE m.episode_id = @Id
            ORDER BY m.recovered_at IS NOT NULL, m.fired_at DESC, m.social_account_id, m.object LIMIT @Limit
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<AlertMember>(new(MembersSql, new { Id = id, Limit = limit }, cancellationToken: ct))).AsList();
    }

    /// <summary>What a rule has something to say of: what fires first. One that was narrowed has forgotten the others when it is evaluated next: until then, too, nobody is told of accounts that he does not see.</summary>
    public async Task<IReadOnlyList<WatchedObject>> WatchedAsync(Guid ruleId, int limit, CancellationToken ct)
    {
        var watchedSql = $"""
            SELECT s.object AS id, s.name, s.social_account_id, a.name AS account, CASE WHEN s.no_data_since IS NOT NULL THEN 'no_data' WHEN s.is_firing THEN 'firing' ELSE 'waiting' END AS state, s.is_firing, s.streak,
                COALESCE(s.no_data_since, s.since) AS since, s.value, s.reference AS median, s.data_at
            FROM alert_states s LEFT JOIN social_accounts a ON a.id = s.social_account_id WHERE s.rule_id = @RuleId{AccountScope.And("s.social_account_id")}
            ORDER BY s.is_firing DESC, s.streak DESC, s.since DESC, s.social_account_id, s.object LIMIT @Limit
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<WatchedObject>(new(watchedSql, new { RuleId = ruleId, Limit = limit, Scope = AccountScope.Accounts }, cancellationToken: ct))).AsList();
    }

    /// <summary>Newest first.</summary>
    public async Task<IReadOnlyList<AlertEvaluation>> EvaluationsAsync(Guid ruleId, int limit, CancellationToken ct)
    {
        const string EvaluationsSql = """
            SELECT first_at, last_at, times, objects, breached, too_little, waiting, no_data, firing, fired, recovered, told, held_by, milliseconds
            FROM alert_evaluations WHERE rule_id = @RuleId ORDER BY id DESC LIMIT @Limit
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<AlertEvaluation>(new(EvaluationsSql, new { RuleId = ruleId, Limit = limit }, cancellationToken: ct))).AsList();
    }
}
