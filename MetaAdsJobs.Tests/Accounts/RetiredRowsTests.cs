using Dapper;
using MetaAdsJobs.Tests.Support;
using Npgsql;

namespace MetaAdsJobs.Tests.Accounts;

/// <summary>The last guard of a retired account: whatever would begin something in it, or go on with it, does not commit. Whoever is asked says so before; this is for who was right a moment ago.</summary>
[TestFixture]
public sealed class RetiredRowsTests
{
    private InProcess _core = null!;
    private Guid _account;
    private Guid _other;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _core = await InProcess.CreateAsync();
        (_account, _other) = (await _core.AddAccountAsync(), await _core.AddAccountAsync());
        foreach (var account in (Guid[])[_account, _other]) await ExecuteAsync("""
            INSERT INTO publishers (id, name, secret, is_on, runs_per_day, created_by, created_at, updated_at) VALUES (@account, @account::text, '', true, 1, 'ann', now(), now());
            INSERT INTO orchestrations (request_id, social_account_id, campaign_name, request, requested_by, request_hash, status, accepted_at, completed_at) VALUES (@account, @account, 'Sale', '{}', 'ann', '', 'failed', now(), now());
            INSERT INTO campaign_edits (edit_id, social_account_id, request_id, level, meta_id, kind, fields, asked_by, state, asked_at, completed_at) VALUES (@account, @account, @account, 'campaign', '1', 'pause', '{}', 'ann', 'failed', now(), now());
            INSERT INTO insight_syncs (sync_id, social_account_id, since, until, requested_by, state, queued_at, completed_at) VALUES (@account, @account, '2026-11-01', '2026-11-02', 'ann', 'failed', now(), now());
            INSERT INTO activations (request_id, social_account_id, state, daily_cents, changed_at) VALUES (@account, @account, 'paused', 1, now())
            """, account);
        await ExecuteAsync("UPDATE social_accounts SET retired_at = now(), retired_by = 'ann', access_token = NULL WHERE id = @account", _account);
    }

    [OneTimeTearDown]
    public async Task StopAsync() => await _core.DisposeAsync();

    [TestCase("INSERT INTO orchestrations (request_id, social_account_id, campaign_name, request, requested_by, request_hash, status, accepted_at) VALUES (gen_random_uuid(), @account, 'Sale', '{}', 'ann', '', 'queued', now())")]
    [TestCase("INSERT INTO campaign_edits (edit_id, social_account_id, request_id, level, meta_id, kind, fields, asked_by, state, asked_at) VALUES (gen_random_uuid(), @account, @account, 'campaign', '1', 'pause', '{}', 'ann', 'queued', now())")]
    [TestCase("INSERT INTO campaign_edits (edit_id, social_account_id, request_id, level, meta_id, kind, fields, asked_by, state, asked_at, due_at) VALUES (gen_random_uuid(), @account, @account, 'campaign', '1', 'publish', '{}', 'ann', 'waiting', now(), now() + interval '1 day')")]
    [TestCase("INSERT INTO insight_syncs (sync_id, social_account_id, since, until, requested_by, state, queued_at) VALUES (gen_random_uuid(), @account, '2026-11-01', '2026-11-02', 'ann', 'queued', now())")]
    [TestCase("DELETE FROM activations WHERE request_id = @account; INSERT INTO activations (request_id, social_account_id, state, daily_cents, changed_at) VALUES (@account, @account, 'activating', 1, now())")]
    [TestCase("INSERT INTO budget_pools (id, social_account_id, name, level, mode, mode_by, max_step_percent, least_gain_percent, created_by, created_at, updated_at) VALUES (gen_random_uuid(), @account, 'Shoes', 'campaign', 'ask', 'ann', 10, 1, 'ann', now(), now())")]
    [TestCase("INSERT INTO clip_templates (publisher_id, social_account_id, request, defaults, approval, changed_by, changed_at) VALUES (@account, @account, '{}', '{}', false, 'ann', now())")]
    [TestCase("UPDATE orchestrations SET status = 'queued', completed_at = NULL WHERE request_id = @account")]
    [TestCase("UPDATE campaign_edits SET state = 'queued', completed_at = NULL WHERE edit_id = @account")]
    [TestCase("UPDATE insight_syncs SET state = 'queued', completed_at = NULL WHERE sync_id = @account")]
    [TestCase("UPDATE activations SET state = 'activating' WHERE request_id = @account")]
    [TestCase("UPDATE activations SET notes = notes + 1 WHERE request_id = @account")]
    public async Task Nothing_is_begun_or_gone_on_with(string sql)
    {
        var refused = await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(sql, _account));
        Assert.That(refused.ConstraintName, Is.EqualTo("account_is_not_retired"), refused.Message);
        await ExecuteAsync($"BEGIN; {sql}; ROLLBACK", _other);
    }

    private async Task ExecuteAsync(string sql, Guid account)
    {
        await using var connection = await _core.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(sql, new { account });
    }
}
