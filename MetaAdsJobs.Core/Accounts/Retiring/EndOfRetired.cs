using Dapper;
using Npgsql;

namespace MetaAdsJobs.Core.Accounts.Retiring;

/// <summary>
/// Ends what retired accounts leave open: nobody claims it any more, and so nobody else would end it. After each retirement, and with each sweep. Whoever still holds some of it is fenced by its next write.
/// Statements of their own, as they lock rows that others lock before the account's.
/// </summary>
public sealed class EndOfRetired(NpgsqlDataSource dataSource, TimeProvider time)
{
    private const string Why = "the account was retired";
    private const string Left = "the account was retired while Meta refused its token: what it has made at Meta is left there";

    private const string SyncsSql = """
        UPDATE insight_syncs s SET state = 'failed', holding = false, lease_until = NULL, attempt = s.attempt + 1, next_attempt_at = NULL, wait_reason = NULL, error = @Why, completed_at = @Now
        FROM social_accounts a WHERE a.retired_at IS NOT NULL AND s.social_account_id = a.id AND s.state IN ('queued', 'running', 'waiting')
        """;

    // A stop that nobody can carry out any more, nor lift.
    private const string StopsSql = """
        UPDATE stops s SET lifted_at = COALESCE(lifted_at, @Now), lifted_by = COALESCE(lifted_by, a.retired_by), reactivate = false, job_id = NULL
        FROM social_accounts a WHERE a.retired_at IS NOT NULL AND s.social_account_id = a.id AND (s.lifted_at IS NULL OR s.job_id IS NOT NULL)
        """;

    private const string ExperimentsSql = """
        UPDATE experiments e SET state = 'stopped', stopped_at = @Now, stopped_by = a.retired_by FROM social_accounts a WHERE a.retired_at IS NOT NULL AND e.social_account_id = a.id AND e.state = 'running'
        """;

    private const string ProposalsSql = """
        UPDATE budget_proposals q SET state = 'lapsed', state_why = @Why, completed_at = @Now FROM budget_pools p JOIN social_accounts a ON a.id = p.social_account_id
        WHERE a.retired_at IS NOT NULL AND q.pool_id = p.id AND (q.state = 'asked' OR q.state = 'accepted' AND q.begun_at IS NULL)
        """;

    // In the order of ids, here and below: others lock several of them, too. There are such only where Meta refused the token, and somebody has said that they may be left.
    private const string RunsSql = """
        WITH ended AS (
            UPDATE orchestrations o SET status = 'failed', ending = 'failed', completed_at = @Now, lease_until = NULL, attempt = o.attempt + 1, next_attempt_at = NULL, wait_reason = NULL, errors = o.errors || jsonb_build_array(@Left::text)
            FROM (SELECT r.request_id FROM orchestrations r JOIN social_accounts a ON a.id = r.social_account_id
                  WHERE a.retired_at IS NOT NULL AND r.status IN ('queued', 'running', 'waiting') ORDER BY r.request_id FOR NO KEY UPDATE OF r) one
            WHERE o.request_id = one.request_id RETURNING o.request_id)
        UPDATE orchestration_steps s SET state = 'left', error = @Left FROM ended WHERE s.request_id = ended.request_id AND s.state IN ('started', 'confirmed')
        """;

    private const string EditsSql = """
        UPDATE campaign_edits e SET state = 'failed', held = false, completed_at = @Now, lease_until = NULL, attempt = e.attempt + 1, next_attempt_at = NULL, wait_reason = NULL, error = @Left
        FROM (SELECT r.edit_id FROM campaign_edits r JOIN social_accounts a ON a.id = r.social_account_id
              WHERE a.retired_at IS NOT NULL AND r.state IN ('queued', 'running', 'waiting') ORDER BY r.edit_id FOR NO KEY UPDATE OF r) one
        WHERE e.edit_id = one.edit_id
        """;

    // Neither caps nor stops reach it any more. What is paused stays known as what it is.
    private const string ActivationsSql = """
        UPDATE activations v SET state = CASE WHEN v.state IN ('activating', 'active') THEN 'ended' WHEN v.state = 'paused' THEN 'idle' ELSE v.state END, paused_ids = '{}', changed_at = @Now
        FROM (SELECT r.request_id FROM activations r JOIN social_accounts a ON a.id = r.social_account_id
              WHERE a.retired_at IS NOT NULL AND (r.state IN ('activating', 'active', 'paused') OR r.paused_ids <> '{}') ORDER BY r.request_id FOR NO KEY UPDATE OF r) one
        WHERE v.request_id = one.request_id
        """;

    public async Task ExecuteAsync(CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        // The runs first: what they may have activated is looked at after nobody writes of it any more.
        foreach (var sql in (string[])[SyncsSql, RunsSql, EditsSql, ActivationsSql, StopsSql, ExperimentsSql, ProposalsSql])
            await connection.ExecuteAsync(new(sql, new { Why, Left, Now = time.GetUtcNow() }, cancellationToken: ct));
    }
}

/// <summary>What a statement is refused with that begins something in an account which was retired in the same moment.</summary>
public static class RetiredMeanwhile
{
    private const string Constraint = "account_is_not_retired";

    public static bool IsBehind(Exception? exception)
    {
        for (var one = exception; one is not null; one = one.InnerException)
            if (one is PostgresException { ConstraintName: Constraint }) return true;
        return false;
    }
}
