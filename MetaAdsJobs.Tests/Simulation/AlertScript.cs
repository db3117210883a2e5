using Dapper;
using MetaAdsJobs.Core.Alerts.Evaluating;
using Npgsql;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>One rule, over runs that failed or over numbers, evaluated by whichever worker comes to it, sometimes by two at once; and what its episodes and messages must have been.</summary>
internal sealed class AlertScript(History history, int weight)
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Window = TimeSpan.FromHours(1);
    private TimeSpan _cooldown;
    private readonly HashSet<Activity> _telling = [];
    private readonly Random _worst = new(weight);
    private SpendAlerts? _spends;
    private Activity? _doomed;
    private int _deaths = 2;
    private bool _isOver;

    /// <summary>Two seventeenths of the histories: one for each rule.</summary>
    public bool IsOn { get; } = !history.IsOfNumbers && weight % 17 is 9 or 10;

    public void Plan()
    {
        if (!IsOn) return;
        var random = new Random(unchecked((weight * 29) + 3));
        _cooldown = TimeSpan.FromMinutes(random.Next(5, 40));
        var groups = random.Next(2) == 0 ? "rule" : "account";
        using var connection = history.Database.Aside.OpenConnection();
        connection.Execute("""
            UPDATE alert_rules SET enabled = COALESCE(built_in = 'run_failed', false) AND @isOfRuns, evaluated_at = NULL;
            UPDATE alert_rules SET window_hours = @hours, cooldown_minutes = @minutes, group_by = @groups WHERE enabled;
            """, new { isOfRuns = weight % 17 == 9, hours = (int)Window.TotalHours, minutes = (int)_cooldown.TotalMinutes, groups });
        if (weight % 17 == 10) _spends = new(history, random);
        _spends?.Plan(connection, _cooldown, groups);
        PlanMinute();
    }

    /// <summary>Within the one transaction of an evaluation: before some of its statements, but for those of states, others go on, and its process may die there.</summary>
    public bool Halts(Activity activity, NpgsqlCommand command)
    {
        if (IsOn && command.CommandText.Contains("tell_event(", StringComparison.Ordinal)) _telling.Add(activity);
        if (!IsOn || !command.CommandText.Contains("alert_", StringComparison.Ordinal) || command.CommandText.Contains("alert_states", StringComparison.Ordinal)) return false;
        if (command.CommandText.Contains("INSERT INTO alert_evaluations", StringComparison.Ordinal) && _telling.Remove(activity) && _deaths > 0 && history.Clockwork.Now < history.Script.CalmFrom && _worst.Next(3) == 0)
        {
            // All of an alert is written, and told, and nothing of it is committed.
            (_doomed, _deaths) = (activity, _deaths - 1);
            return true;
        }

        return history.Choices.Chance(0.25);
    }

    /// <summary>Whether a process dies at the worst moment.</summary>
    public bool Kills(Due due)
    {
        if (_doomed is null || due.Activity != _doomed || !due.IsStatement) return false;
        _doomed = null;
        return true;
    }

    /// <summary>After all has ended: what stands then is told, and is over when it has been well for long enough.</summary>
    /// <param name="evaluate">Lets one worker evaluate, so much later.</param>
    public async Task EndAsync(Action<TimeSpan> evaluate)
    {
        if (!IsOn) return;
        _isOver = true;
        await using var connection = await history.Database.Aside.OpenConnectionAsync();
        if (_spends is not null)
        {
            await _spends.EndAsync(evaluate, _cooldown);
        }
        else
        {
            evaluate(TimeSpan.Zero);
            await JudgeWatchedAsync(connection);
            evaluate(Window + TimeSpan.FromMinutes(1));
            evaluate(_cooldown + TimeSpan.FromMinutes(1));
            await JudgeMembersAsync(connection);
        }

        await JudgeToldAsync(connection);
    }

    public static Task CleanAsync(NpgsqlConnection connection) => connection.ExecuteAsync("DELETE FROM alert_episodes; DELETE FROM alert_states; DELETE FROM alert_evaluations");

    private void PlanMinute() => history.Clockwork.Plan(Minute, null, null, "the minute of the alert rules", () =>
    {
        if (_isOver) return;
        PlanMinute();
        history.Queue.Add(new("alerts", Guid.Empty), TimeSpan.Zero);
        if (history.Choices.Chance(history.Odds.JobTwice)) history.Queue.Add(new("alerts", Guid.Empty) { IsDouble = true }, TimeSpan.Zero);
    });

    // Whatever has failed is in the one alert that is open of its group, and what is told to be well is.
    private async Task JudgeWatchedAsync(NpgsqlConnection connection)
    {
        var wrong = await connection.QueryAsync<string>("""
            SELECT 'failed run ' || o.campaign_name || ' is in ' || count(m.*) || ' open alerts' FROM orchestrations o
            -- Nothing is told of an account that is retired.
            JOIN social_accounts a ON a.id = o.social_account_id AND a.retired_at IS NULL
            LEFT JOIN alert_members m ON m.object = o.request_id::text AND EXISTS (SELECT 1 FROM alert_episodes e WHERE e.id = m.episode_id AND e.closed_at IS NULL)
            WHERE o.status = 'failed' AND o.replaced_by IS NULL AND o.completed_at > clock_timestamp() - @Window GROUP BY o.request_id HAVING count(m.*) <> 1
            UNION ALL SELECT 'failed run ' || o.campaign_name || ' is told to be well' FROM orchestrations o JOIN alert_members m ON m.object = o.request_id::text
            WHERE o.status = 'failed' AND o.replaced_by IS NULL AND m.recovered_at >= o.completed_at AND m.recovered_at < o.completed_at + @Window
            """, new { Window });
        foreach (var verdict in wrong) history.Judge.Condemn(verdict);
    }

    private async Task JudgeMembersAsync(NpgsqlConnection connection)
    {
        // Of a run each end is told, the failures that were tried again among them; clocks of processes differ by less than a second.
        var wrong = await connection.QueryAsync<string>("""
            WITH failures AS (SELECT subject, social_account_id, occurred_at FROM events WHERE type = 'orchestration.failed')
            SELECT 'alert of ' || COALESCE(m.name, m.object) || ', which had not failed' FROM alert_members m
            WHERE NOT EXISTS (SELECT 1 FROM failures f WHERE f.subject = m.object AND f.social_account_id = m.social_account_id AND f.occurred_at <= m.fired_at + interval '1 second')
            UNION ALL SELECT COALESCE(m.name, m.object) || ' has failed ' || (SELECT count(*) FROM failures f WHERE f.subject = m.object) || ' times, and is told to have ' || sum(m.times) FROM alert_members m
            GROUP BY m.object, m.name HAVING sum(m.times) > (SELECT count(*) FROM failures f WHERE f.subject = m.object)
            """);
        foreach (var verdict in wrong) history.Judge.Condemn(verdict);
    }

    private async Task JudgeToldAsync(NpgsqlConnection connection)
    {
        var wrong = await connection.QueryAsync<string>("""
            WITH told AS (
                SELECT e.type, e.subject FROM events e JOIN event_deliveries d ON d.event_id = e.id AND d.webhook_id = '00000000-0000-4000-8000-000000000001' WHERE e.type LIKE 'alert.%')
            SELECT 'alert ' || e.id || ' says ' || e.messages || ' messages, and there are ' || (SELECT count(*) FROM told t WHERE t.subject = e.id::text) FROM alert_episodes e
            WHERE e.messages <> (SELECT count(*) FROM told t WHERE t.subject = e.id::text)
            UNION ALL SELECT 'alert ' || e.id || ' is told to be new ' || (SELECT count(*) FROM told t WHERE t.subject = e.id::text AND t.type = 'alert.opened') || ' times' FROM alert_episodes e
            WHERE (SELECT count(*) FROM told t WHERE t.subject = e.id::text AND t.type = 'alert.opened') <> 1
            UNION ALL SELECT 'alert ' || e.id || ' of ' || e.opened_at || ' is ' || COALESCE('closed since ' || e.closed_why, 'open') || ', and told to be over '
                || (SELECT count(*) FROM told t WHERE t.subject = e.id::text AND t.type = 'alert.resolved') || ' times' FROM alert_episodes e
            WHERE e.closed_why IS NULL OR (SELECT count(*) FROM told t WHERE t.subject = e.id::text AND t.type = 'alert.resolved') <> 1
            UNION ALL SELECT type || ' is told of no alert' FROM told t WHERE NOT EXISTS (SELECT 1 FROM alert_episodes e WHERE e.id::text = t.subject)
            UNION ALL SELECT 'alert ' || e.id || ' is of nothing' FROM alert_episodes e WHERE NOT EXISTS (SELECT 1 FROM alert_members m WHERE m.episode_id = e.id)
            UNION ALL SELECT 'alerts ' || e.id || ' and ' || o.id || ' are of the same at the same time' FROM alert_episodes e
            JOIN alert_episodes o ON o.id > e.id AND o.rule_id = e.rule_id AND o.social_account_id IS NOT DISTINCT FROM e.social_account_id AND o.opened_at < COALESCE(e.closed_at, 'infinity') AND e.opened_at < COALESCE(o.closed_at, 'infinity')
            """);
        foreach (var verdict in wrong) history.Judge.Condemn(verdict);
    }
}
