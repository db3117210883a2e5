using Dapper;
using MetaAdsJobs.Core.Alerts.Rules;
using Npgsql;

namespace MetaAdsJobs.Core.Alerts.Evaluating;

/// <summary>Rows of states, episodes, members and evaluations, in the transaction of whoever holds the rule. As many statements for ten thousand objects as for one.</summary>
internal static class EvaluationStore
{
    public static async Task<IReadOnlyDictionary<WatchedKey, WatchState>> StatesAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid ruleId, CancellationToken ct)
    {
        const string StatesSql = """
            SELECT social_account_id AS account_id, object, name, is_firing, streak, no_data_since, since, value, reference, data_day, data_at FROM alert_states WHERE rule_id = @RuleId
            """;
        return (await connection.QueryAsync<WatchState>(new(StatesSql, new { RuleId = ruleId }, transaction, cancellationToken: ct))).ToDictionary(state => state.Key);
    }

    public static async Task<IReadOnlyList<Episode>> OpenAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid ruleId, CancellationToken ct)
    {
        const string OpenSql = """
            SELECT id, social_account_id AS account_id, opened_at, quiet_since, messages, last_message_at, CASE WHEN muted_at IS NOT NULL THEN COALESCE(muted_accounts, '{}') END AS muted_for, opened_for FROM alert_episodes WHERE rule_id = @RuleId AND closed_at IS NULL FOR NO KEY UPDATE;
            SELECT m.episode_id, m.social_account_id AS account_id, m.object, m.name, m.value, m.reference, m.data_at, m.fired_at, m.recovered_at, m.has_data, m.times, m.told_in
            FROM alert_members m JOIN alert_episodes e ON e.id = m.episode_id WHERE e.rule_id = @RuleId AND e.closed_at IS NULL;
            """;
        await using var read = await connection.QueryMultipleAsync(new(OpenSql, new { RuleId = ruleId }, transaction, cancellationToken: ct));
        var episodes = (await read.ReadAsync<EpisodeRow>()).AsList();
        var members = (await read.ReadAsync<MemberRow>()).ToLookup(row => row.EpisodeId);
        return [.. episodes.Select(row => new Episode
        {
            Id = row.Id, AccountId = row.AccountId, OpenedAt = row.OpenedAt, QuietSince = row.QuietSince, Messages = row.Messages, LastMessageAt = row.LastMessageAt, MutedFor = row.MutedFor, OpenedFor = row.OpenedFor,
            Members = members[row.Id].Select(member => member.ToMember()).ToDictionary(member => member.Key),
        })];
    }

    public static async Task WriteStatesAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid ruleId, IReadOnlyList<WatchState> changed, CancellationToken ct)
    {
        const string ForgetSql = """
            DELETE FROM alert_states s USING unnest(@Accounts, @Objects) AS gone (account, object) WHERE s.rule_id = @RuleId AND s.social_account_id = gone.account AND s.object = gone.object
            """;
        const string UpsertSql = """
            INSERT INTO alert_states (rule_id, social_account_id, object, name, is_firing, streak, no_data_since, since, value, reference, data_day, data_at)
            SELECT @RuleId, * FROM unnest(@Accounts, @Objects, @Names, @Firing, @Streaks, @NoData::timestamptz[], @Since, @Values, @References, @Days, @ReadAt::timestamptz[])
            ON CONFLICT (rule_id, social_account_id, object) DO UPDATE SET name = EXCLUDED.name, is_firing = EXCLUDED.is_firing, streak = EXCLUDED.streak, no_data_since = EXCLUDED.no_data_since, since = EXCLUDED.since,
                value = EXCLUDED.value, reference = EXCLUDED.reference, data_day = EXCLUDED.data_day, data_at = EXCLUDED.data_at
            """;
        var (plain, told) = (changed.Where(state => state.IsPlain).ToList(), changed.Where(state => !state.IsPlain).ToList());
        if (plain.Count > 0)
            await connection.ExecuteAsync(new(ForgetSql, new { RuleId = ruleId, Accounts = plain.Select(state => state.AccountId).ToArray(), Objects = plain.Select(state => state.Object).ToArray() }, transaction, cancellationToken: ct));
        if (told.Count == 0) return;
        await connection.ExecuteAsync(new(UpsertSql, new
        {
            RuleId = ruleId, Accounts = told.Select(state => state.AccountId).ToArray(), Objects = told.Select(state => state.Object).ToArray(), Names = told.Select(state => state.Name).ToArray(),
            Firing = told.Select(state => state.IsFiring).ToArray(), Streaks = told.Select(state => state.Streak).ToArray(), NoData = told.Select(state => Utc(state.NoDataSince)).ToArray(),
            Since = told.Select(state => state.Since.UtcDateTime).ToArray(), Values = told.Select(state => state.Value).ToArray(), References = told.Select(state => state.Reference).ToArray(),
            Days = told.Select(state => state.DataDay).ToArray(), ReadAt = told.Select(state => Utc(state.DataAt)).ToArray(),
        }, transaction, commandTimeout: 120, cancellationToken: ct));
    }

    public static async Task WriteEpisodeAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, AlertRule rule, EpisodeTurn turn, CancellationToken ct)
    {
        const string EpisodeSql = """
            INSERT INTO alert_episodes AS e (id, rule_id, rule_name, built_in, metric, level, severity, social_account_id, opened_at, quiet_since, closed_at, closed_why, messages, last_message_at, opened_for, account_ids)
            VALUES (@Id, @RuleId, @Name, @BuiltIn, @Metric, @Level, @Severity, @AccountId, @OpenedAt, @QuietSince, @ClosedAt, @ClosedWhy, @Messages, @LastMessageAt, @OpenedFor, @AccountIds)
            ON CONFLICT (id) DO UPDATE SET quiet_since = EXCLUDED.quiet_since, closed_at = EXCLUDED.closed_at, closed_why = EXCLUDED.closed_why, messages = EXCLUDED.messages, last_message_at = EXCLUDED.last_message_at, opened_for = EXCLUDED.opened_for,
                account_ids = EXCLUDED.account_ids
            """;
        const string MembersSql = """
            INSERT INTO alert_members (episode_id, social_account_id, object, name, value, reference, data_at, fired_at, recovered_at, has_data, times, told_in)
            SELECT @EpisodeId, * FROM unnest(@Accounts, @Objects, @Names, @Values, @References, @ReadAt::timestamptz[], @Fired, @Recovered::timestamptz[], @HasData, @Times, @ToldIn)
            ON CONFLICT (episode_id, social_account_id, object) DO UPDATE SET name = EXCLUDED.name, value = EXCLUDED.value, reference = EXCLUDED.reference, data_at = EXCLUDED.data_at,
                recovered_at = EXCLUDED.recovered_at, has_data = EXCLUDED.has_data, times = EXCLUDED.times, told_in = EXCLUDED.told_in
            """;
        var episode = turn.After;
        await connection.ExecuteAsync(new(EpisodeSql, new
        {
            episode.Id, RuleId = rule.Id, rule.Name, rule.BuiltIn, rule.Metric, rule.Level, rule.Severity, episode.AccountId, episode.OpenedAt, episode.QuietSince, episode.ClosedAt, episode.ClosedWhy, episode.Messages, episode.LastMessageAt, OpenedFor = episode.OpenedFor.ToArray(),
            AccountIds = episode.AccountId is null ? episode.Members.Values.Select(member => member.AccountId).Distinct().ToArray() : null,
        }, transaction, cancellationToken: ct));
        var members = turn.Changed;
        if (members.Count == 0) return;
        await connection.ExecuteAsync(new(MembersSql, new
        {
            EpisodeId = episode.Id, Accounts = members.Select(member => member.AccountId).ToArray(), Objects = members.Select(member => member.Object).ToArray(), Names = members.Select(member => member.Name).ToArray(),
            Values = members.Select(member => member.Value).ToArray(), References = members.Select(member => member.Reference).ToArray(), ReadAt = members.Select(member => Utc(member.DataAt)).ToArray(),
            Fired = members.Select(member => member.FiredAt.UtcDateTime).ToArray(), Recovered = members.Select(member => Utc(member.RecoveredAt)).ToArray(), HasData = members.Select(member => member.HasData).ToArray(),
            Times = members.Select(member => member.Times).ToArray(), ToldIn = members.Select(member => member.ToldIn).ToArray(),
        }, transaction, commandTimeout: 120, cancellationToken: ct));
    }

    /// <summary>Why it acted or not. What found the same as the one before is counted there.</summary>
    public static Task NoteAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid ruleId, RuleCounts counts, TimeSpan took, DateTimeOffset now, CancellationToken ct)
    {
        const string NoteSql = """
            WITH rule AS (UPDATE alert_rules SET evaluated_at = @Now WHERE id = @RuleId),
            last AS (SELECT * FROM alert_evaluations WHERE rule_id = @RuleId ORDER BY id DESC LIMIT 1),
            same AS (
                UPDATE alert_evaluations e SET last_at = @Now, times = e.times + 1, milliseconds = GREATEST(e.milliseconds, @Took)
                FROM last l WHERE e.id = l.id AND (l.objects, l.breached, l.too_little, l.waiting, l.no_data, l.firing, l.fired, l.recovered, l.told, l.held_by)
                    = (@Objects, @Breached, @TooLittle, @Waiting, @NoData, @Firing, 0, 0, '{}'::text[], @HeldBy) AND @Fired + @Recovered + cardinality(@Told) = 0
                RETURNING e.id)
            INSERT INTO alert_evaluations (rule_id, first_at, last_at, objects, breached, too_little, waiting, no_data, firing, fired, recovered, told, held_by, milliseconds)
            SELECT @RuleId, @Now, @Now, @Objects, @Breached, @TooLittle, @Waiting, @NoData, @Firing, @Fired, @Recovered, @Told, @HeldBy, @Took WHERE NOT EXISTS (SELECT 1 FROM same)
            """;
        return connection.ExecuteAsync(new(NoteSql, new
        {
            RuleId = ruleId, Now = now, counts.Objects, counts.Breached, counts.TooLittle, counts.Waiting, counts.NoData, counts.Firing, counts.Fired, counts.Recovered, counts.Told, counts.HeldBy,
            Took = (int)took.TotalMilliseconds,
        }, transaction, cancellationToken: ct));
    }

    private static DateTime? Utc(DateTimeOffset? moment) => moment?.UtcDateTime;

    private sealed record EpisodeRow
    {
        public Guid Id { get; init; }
        public Guid? AccountId { get; init; }
        public DateTimeOffset OpenedAt { get; init; }
        public DateTimeOffset? QuietSince { get; init; }
        public int Messages { get; init; }
        public DateTimeOffset? LastMessageAt { get; init; }
        public Guid[]? MutedFor { get; init; }
        public Guid[] OpenedFor { get; init; } = [];
    }

    private sealed record MemberRow
    {
        public Guid EpisodeId { get; init; }
        public Guid AccountId { get; init; }
        public string Object { get; init; } = "";
        public string? Name { get; init; }
        public decimal? Value { get; init; }
        public decimal? Reference { get; init; }
        public DateTimeOffset? DataAt { get; init; }
        public DateTimeOffset FiredAt { get; init; }
        public DateTimeOffset? RecoveredAt { get; init; }
        public bool HasData { get; init; }
        public int Times { get; init; }
        public int? ToldIn { get; init; }

        public Member ToMember() => new()
        {
            AccountId = AccountId, Object = Object, Name = Name, Value = Value, Reference = Reference, DataAt = DataAt, FiredAt = FiredAt, RecoveredAt = RecoveredAt, HasData = HasData, Times = Times, ToldIn = ToldIn,
        };
    }
}
