using Dapper;
using Npgsql;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>A rule over what campaigns have spent yesterday: numbers that come in again and again, each time others, some of them untold; and what the rule must have made of them.</summary>
internal sealed class SpendAlerts(History history, Random random)
{
    private const int FiresAbove = 50;
    private const int WellAt = 40;
    private static readonly Guid RuleId = new(50, 0, 0x7000, 0x80, 0, 0, 0, 0, 0, 0, 3);
    private static readonly DateOnly Yesterday = new(2026, 3, 1);

    // Days are looked at when numbers have come in, and once an hour in any case.
    private static readonly TimeSpan Hour = TimeSpan.FromMinutes(61);
    private static readonly int?[] Spends = [10, 30, 45, 60, 90, null];
    private readonly List<(DateTimeOffset At, Guid AccountId, string Campaign, int? Spend)> _told = [];
    private bool _isOver;

    public void Plan(NpgsqlConnection connection, TimeSpan cooldown, string groups)
    {
        connection.Execute("""
            INSERT INTO alert_rules (id, name, metric, level, window_days, compare, direction, threshold, resolve_at, evaluations, cooldown_minutes, severity, group_by, enabled, created_by, created_at, updated_at)
            VALUES (@RuleId, 'Spends', 'spend', 'campaign', 1, 'value', 'above', @FiresAbove, @WellAt, 1, @minutes, 'warning', @groups, true, 'ops', 'epoch', 'epoch')
            ON CONFLICT (id) DO UPDATE SET cooldown_minutes = EXCLUDED.cooldown_minutes, group_by = EXCLUDED.group_by, enabled = true
            """, new { RuleId, FiresAbove, WellAt, minutes = (int)cooldown.TotalMinutes, groups });
        for (var more = random.Next(4, 12); more > 0; more--)
        {
            var (account, spends) = (history.Script.Accounts[random.Next(history.Script.Accounts.Count)].Id, Enumerable.Range(0, 3).Select(_ => Spends[random.Next(Spends.Length)]).ToList());
            history.Clockwork.Plan(TimeSpan.FromSeconds(random.Next(1, 1500)), null, null, "numbers come in", () => Come(account, spends));
        }
    }

    /// <inheritdoc cref="AlertScript.EndAsync"/>
    public async Task EndAsync(Action<TimeSpan> evaluate, TimeSpan cooldown)
    {
        _isOver = true;
        evaluate(Hour);
        await using var connection = await history.Database.Aside.OpenConnectionAsync();
        await JudgeWatchedAsync(connection);
        foreach (var (id, _, _) in history.Script.Accounts) Tell(id, [10, 10, 10]);
        evaluate(Hour);
        evaluate(cooldown + Hour);
        await JudgeMembersAsync(connection);
    }

    private void Come(Guid account, IReadOnlyList<int?> spends)
    {
        if (_isOver) return;
        history.Clockwork.Tell($"numbers of {history.NameOf(account)} come in: {string.Join(", ", spends.Select(spend => spend?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "untold"))}");
        Tell(account, spends);
    }

    // As a sync leaves them, in one commit.
    private void Tell(Guid account, IReadOnlyList<int?> spends)
    {
        using var connection = history.Database.Aside.OpenConnection();
        using var transaction = connection.BeginTransaction();
        var syncId = Guid.NewGuid();
        connection.Execute("""
            INSERT INTO insight_days (social_account_id, date_start, synced_at, sync_id, is_partial, rows, spend, vanished_rows, vanished_spend, account_spend, difference, impressions, clicks, total_spend, results, currency, first_at)
            VALUES (@account, @Yesterday, clock_timestamp(), @syncId, false, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 'USD', clock_timestamp())
            ON CONFLICT (social_account_id, date_start) DO UPDATE SET synced_at = EXCLUDED.synced_at, sync_id = EXCLUDED.sync_id;
            INSERT INTO insight_syncs (sync_id, social_account_id, since, until, requested_by, state, queued_at) VALUES (@syncId, @account, @Yesterday, @Yesterday, 'x', 'running', clock_timestamp());
            UPDATE insight_syncs SET state = 'succeeded', completed_at = clock_timestamp() WHERE sync_id = @syncId
            """, new { account, Yesterday, syncId }, transaction);
        foreach (var (spend, index) in spends.Select((spend, index) => (spend, index)))
        {
            var campaign = $"{history.NameOf(account)}.{index}";
            connection.Execute("""
                INSERT INTO insight_campaign_days (social_account_id, date_start, campaign_meta_id, rows, vanished_rows, untold_rows, impressions, clicks, spend, results, result_type, currency, first_at)
                VALUES (@account, @Yesterday, @campaign, 1, 0, @untold, 1000, 100, @spend, 0, 'link_click', 'USD', clock_timestamp())
                ON CONFLICT (social_account_id, date_start, campaign_meta_id) DO UPDATE SET spend = EXCLUDED.spend, untold_rows = EXCLUDED.untold_rows
                """, new { account, Yesterday, campaign, untold = spend is null ? 1 : 0, spend }, transaction);
            _told.Add((history.Clockwork.Now, account, campaign, spend));
        }

        transaction.Commit();
    }

    // As the last numbers have it. What is between the two limits, or untold, stands as it stood.
    private async Task JudgeWatchedAsync(NpgsqlConnection connection)
    {
        var firing = (await connection.QueryAsync<string>("SELECT object FROM alert_states WHERE rule_id = @RuleId AND is_firing", new { RuleId })).ToHashSet();
        var open = (await connection.QueryAsync<string>("""
            SELECT m.object FROM alert_members m JOIN alert_episodes e ON e.id = m.episode_id WHERE e.rule_id = @RuleId AND e.closed_at IS NULL AND m.recovered_at IS NULL
            """, new { RuleId })).ToList();
        foreach (var told in _told.GroupBy(one => one.Campaign))
        {
            var (last, isEver, alerts) = (told.Last().Spend, told.Any(one => one.Spend > FiresAbove), open.Count(one => one == told.Key));
            if (last > FiresAbove && (!firing.Contains(told.Key) || alerts != 1)) history.Judge.Condemn($"{told.Key} has spent {last}, and is {(firing.Contains(told.Key) ? "" : "not ")}firing in {alerts} alerts");
            if ((last <= WellAt || !isEver) && (firing.Contains(told.Key) || alerts > 0)) history.Judge.Condemn($"{told.Key} has spent {last}, and is {(firing.Contains(told.Key) ? "" : "not ")}firing in {alerts} alerts");
            if (firing.Contains(told.Key) != (alerts == 1)) history.Judge.Condemn($"{told.Key} is {(firing.Contains(told.Key) ? "" : "not ")}firing, and in {alerts} alerts");
        }
    }

    private async Task JudgeMembersAsync(NpgsqlConnection connection)
    {
        // Within an evaluation others go on, and its process may sleep.
        var blur = TimeSpan.FromMinutes(5);
        var members = (await connection.QueryAsync<(string Campaign, DateTimeOffset FiredAt, DateTimeOffset? RecoveredAt, int Times)>("""
            SELECT m.object, m.fired_at, m.recovered_at, m.times FROM alert_members m JOIN alert_episodes e ON e.id = m.episode_id WHERE e.rule_id = @RuleId ORDER BY m.fired_at
            """, new { RuleId })).ToList();
        foreach (var member in members)
        {
            var told = _told.FindAll(one => one.Campaign == member.Campaign);
            if (!told.Exists(one => one.Spend > FiresAbove && one.At <= member.FiredAt + blur)) history.Judge.Condemn($"alert of {member.Campaign}, which had not spent so much");
            if (member.RecoveredAt is not { } recoveredAt) history.Judge.Condemn($"{member.Campaign} is well, and told to be not");
            else if (!told.Exists(one => one.Spend <= WellAt && one.At > member.FiredAt - blur && one.At <= recoveredAt + blur)) history.Judge.Condemn($"{member.Campaign} is told to be well, and was not");
        }

        foreach (var same in members.GroupBy(member => member.Campaign))
        {
            var (crossings, isBeyond) = (0, false);
            foreach (var (_, _, _, spend) in _told.Where(one => one.Campaign == same.Key))
            {
                if (spend > FiresAbove && !isBeyond) crossings++;
                isBeyond = spend > FiresAbove || spend is not <= WellAt && isBeyond;
            }

            if (same.Sum(member => member.Times) > crossings) history.Judge.Condemn($"{same.Key} has gone beyond {crossings} times, and is told to have {same.Sum(member => member.Times)}");
        }
    }
}
