using Dapper;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Jobs.Watching;
using MetaAdsJobs.Core.Telemetry;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Telemetry;

/// <summary>What the database tells of the whole service.</summary>
[TestFixture]
public sealed class ServiceReaderTests
{
    private InProcess _core = null!;

    [SetUp]
    public async Task StartAsync() => _core = await InProcess.CreateAsync();

    [TearDown]
    public async Task StopAsync() => await _core.DisposeAsync();

    [Test]
    public void A_queue_is_as_old_as_the_job_that_has_waited_longest_for_a_worker()
    {
        var queue = _core.Get<IJobQueue>();
        var snoozed = queue.EnqueueOrchestration(Guid.NewGuid());
        queue.EnqueueOrchestration(Guid.NewGuid());
        // Put back on the queue just now: its id is the lower one, and it has not waited.
        Execute("""
            UPDATE hangfire.state SET createdat = createdat - interval '100 seconds' WHERE jobid <> @Job;
            DELETE FROM hangfire.jobqueue WHERE jobid = @Job;
            INSERT INTO hangfire.jobqueue (jobid, queue) VALUES (@Job, 'campaigns');
            """, new { Job = long.Parse(snoozed, null) });

        var numbers = _core.Get<QueueReader>().Read();

        Assert.That(numbers.Waiting["campaigns"].Jobs, Is.EqualTo(2));
        Assert.That(numbers.Waiting["campaigns"].Oldest.TotalSeconds, Is.InRange(100, 130));
        Assert.That((numbers.Waiting.ContainsKey("insights"), numbers.WorkersAlive), Is.EqualTo((false, 0)));
    }

    [Test]
    public async Task Accounts_are_counted_by_what_they_lack()
    {
        var (read, missed, rejected) = (await _core.AddAccountAsync("Asia/Tokyo"), await _core.AddAccountAsync("America/New_York"), await _core.AddAccountAsync("Europe/Madrid"));
        Execute("""
            UPDATE social_accounts SET created_at = now() - interval '90 days';
            UPDATE social_accounts SET token_rejected_at = now() WHERE id = @Rejected;
            UPDATE social_accounts SET token_expires_at = now() + interval '3 days', blocked_at = now() WHERE id = @Missed;
            INSERT INTO insight_days (social_account_id, date_start, synced_at, sync_id, is_partial, rows, spend, vanished_rows, vanished_spend, difference, first_at)
            SELECT id, (now() AT TIME ZONE timezone_name)::date - ago, now(), gen_random_uuid(), ago = 0, 1, 1, 0, 0, CASE WHEN ago = 3 THEN 0.5 ELSE 0 END, CASE WHEN ago > 0 THEN now() END
            FROM social_accounts, (VALUES (0), (3), (4)) AS t (ago) WHERE id IN (@Read, @Missed) AND (id = @Missed OR ago < 4);
            INSERT INTO insight_days (social_account_id, date_start, synced_at, sync_id, is_partial, rows, spend, vanished_rows, vanished_spend, first_at)
            SELECT id, (now() AT TIME ZONE timezone_name)::date - 1, now(), gen_random_uuid(), false, 1, 1, 0, 0, CASE WHEN id = @Read THEN now() END FROM social_accounts WHERE id IN (@Read, @Missed);
            INSERT INTO insight_syncs (sync_id, social_account_id, since, until, requested_by, nightly_for, state, queued_at, completed_at)
            SELECT gen_random_uuid(), id, current_date - 28, current_date - 1, 'night', current_date, 'succeeded', now() - ago, now() - ago
            FROM social_accounts, LATERAL (SELECT CASE WHEN id = @Read THEN interval '2 hours' ELSE interval '27 hours' END AS ago) t WHERE id IN (@Read, @Missed);
            INSERT INTO account_pacing (ad_account_id, use_case, blocked_until, reason, usage_pct, usage_at, updated_at)
            VALUES ('act_1', 'ads_management', now() + interval '1 minute', 'full', 100, now(), now()), ('act_2', 'ads_management', NULL, NULL, 80, now(), now()),
                   ('act_3', 'ads_insights', now() - interval '1 minute', 'was full', 90, now() - interval '1 hour', now());
            INSERT INTO stops (id, stopped_at, stopped_by) VALUES (gen_random_uuid(), now(), 'ops');
            UPDATE alert_rules SET evaluated_at = now() - CASE WHEN built_in = 'sync_late' THEN interval '10 minutes' ELSE interval '1 minute' END, enabled = built_in <> 'run_failed';
            UPDATE alert_rules SET evaluated_at = now() - interval '1 day' WHERE NOT enabled;
            INSERT INTO alert_episodes (id, rule_id, rule_name, metric, level, severity, opened_at, closed_at, messages)
            SELECT gen_random_uuid(), gen_random_uuid(), 'x', 'spend', 'campaign', severity, now(), closed_at, 1 FROM (VALUES ('critical', NULL), ('warning', NULL), ('warning', NULL), ('info', now())) AS e (severity, closed_at);
            INSERT INTO webhooks (id, url, shown_url, format, secret, state, created_by, created_at, updated_at) VALUES (gen_random_uuid(), '', '', 'slack', '', 'off', 'ops', now(), now()), (gen_random_uuid(), '', '', 'slack', '', 'on', 'ops', now(), now());
            INSERT INTO events (id, type, subject, occurred_at, data) SELECT gen_random_uuid(), 'sync.failed', n::text, now() - n * interval '1 minute', '{}' FROM generate_series(1, 9) n;
            INSERT INTO event_deliveries (webhook_id, event_id, type, occurred_at, state, next_at)
            SELECT w.id, e.id, e.type, e.occurred_at, CASE WHEN e.subject::int <= 4 THEN 'pending' WHEN e.subject::int <= 6 THEN 'failed' WHEN e.subject::int = 7 THEN 'held' ELSE 'delivered' END, now() FROM events e, webhooks w WHERE w.state = 'on';
            INSERT INTO publishers (id, name, runs_per_day, secret, created_by, created_at, updated_at) VALUES (gen_random_uuid(), 'studio', 1, '', 'ops', now(), now());
            INSERT INTO clip_events (id, publisher_id, message_id, body_hash, type, clip_key, title, data, changed_at, received_at)
            SELECT gen_random_uuid(), p.id, n::text, '', 'clip.published', n::text, 'A clip', '{}', now(), now() - n * interval '1 minute' FROM publishers p, generate_series(1, 5) n;
            UPDATE clip_events SET unplaced = true WHERE clip_key = '5';
            INSERT INTO clip_outcomes (event_id, social_account_id, state, decided_at) SELECT id, @Read, CASE WHEN clip_key::int <= 2 THEN 'refused' WHEN clip_key::int = 3 THEN 'held' ELSE 'outdated' END, now() FROM clip_events;
            """, new { Read = read, Missed = missed, Rejected = rejected });

        var numbers = new ServiceReader(_core.Database.DataSource, TimeProvider.System).Read();

        var today = TimeZoneInfo.ConvertTime(TimeProvider.System.GetUtcNow(), TimeZoneInfo.FindSystemTimeZoneById("America/New_York")).TimeOfDay;
        Assert.Multiple(() =>
        {
            Assert.That(numbers.Accounts, Is.EqualTo(3));
            Assert.That(numbers.Attention, Is.EqualTo(new Dictionary<string, long> { ["token_rejected"] = 1, ["token_expiring"] = 1, ["blocked_by_meta"] = 1 }));
            Assert.That(numbers.WithoutNight, Is.EqualTo(1), "the rejected one is told of by itself");
            Assert.That(numbers.OldestDay, Is.EqualTo(TimeSpan.FromDays(2) + today).Within(TimeSpan.FromMinutes(1)), "neither is today's complete, nor yesterday's, of which Meta told nothing; three days ago is, and ended two midnights before today's");
            Assert.That(numbers.Alerts, Is.EqualTo(new Dictionary<string, long> { ["critical"] = 1, ["warning"] = 2 }));
            Assert.That(numbers.AlertsEvaluated, Is.EqualTo(TimeSpan.FromMinutes(10)).Within(TimeSpan.FromMinutes(1)), "what is off waits for nobody");
            Assert.That(numbers.DifferingDays, Is.EqualTo(2));
            Assert.That((numbers.Webhooks.Pending, numbers.Webhooks.Failed, numbers.Webhooks.SwitchedOff), Is.EqualTo((4, 2, 1)));
            Assert.That(numbers.Webhooks.Oldest.TotalMinutes, Is.EqualTo(4).Within(0.5));
            Assert.That(numbers.ClipEvents, Is.EqualTo(new Dictionary<string, long> { ["refused"] = 3, ["held"] = 1 }));
            Assert.That(numbers.ClipsOldest.TotalMinutes, Is.EqualTo(5).Within(0.5), "it is for no account; the fourth was outdated, and waits for nobody");
            Assert.That(numbers.Pacing["ads_management"], Is.EqualTo((1, 1.0)));
            Assert.That(numbers.Pacing["ads_insights"], Is.EqualTo((0, 0.0)));
            Assert.That(numbers.Stops, Is.EqualTo(new Dictionary<string, long> { ["all"] = 1, ["account"] = 0 }));
        });
    }

    [Test]
    public async Task What_has_ended_is_told_once_even_if_it_commits_late()
    {
        var ended = new EndedReader(_core.Database.DataSource, TimeProvider.System);
        var account = await _core.AddAccountAsync();

        Assert.That(End("succeeded", secondsAgo: -5), Is.EqualTo(["succeeded"]));
        Assert.That(End("failed", secondsAgo: -2), Is.EqualTo(["failed"]), "completed before the other, committed after it");
        Assert.That(ended.Read().Syncs, Is.Empty);
        Assert.That(End("succeeded", secondsAgo: 60), Is.Empty, "before this process was there");

        IEnumerable<string> End(string state, int secondsAgo)
        {
            Execute("""
                INSERT INTO insight_syncs (sync_id, social_account_id, since, until, requested_by, state, queued_at, completed_at)
                VALUES (gen_random_uuid(), @Account, current_date, current_date, 'test', @State, now() - interval '1 hour', now() - make_interval(secs => @Ago))
                """, new { Account = account, State = state, Ago = secondsAgo });
            return ended.Read().Syncs.Select(one => one.End);
        }
    }

    [Test]
    public async Task Messages_of_publishers_are_told_once_by_what_they_became_in_each_account()
    {
        var (one, other) = (await _core.AddAccountAsync(), await _core.AddAccountAsync());
        var ended = new EndedReader(_core.Database.DataSource, TimeProvider.System);
        Execute("""
            INSERT INTO publishers (id, name, runs_per_day, secret, created_by, created_at, updated_at) VALUES (gen_random_uuid(), 'studio', 1, '', 'ops', now(), now());
            INSERT INTO clip_events (id, publisher_id, message_id, body_hash, type, clip_key, title, data, changed_at, received_at, unplaced)
            SELECT gen_random_uuid(), p.id, n::text, '', 'clip.published', n::text, 'A clip', '{}', now(), now() + CASE n WHEN 4 THEN interval '-1 minute' ELSE interval '1 second' END, n = 3 FROM publishers p, generate_series(1, 4) n;
            INSERT INTO clip_outcomes (event_id, social_account_id, state, decided_at)
            SELECT e.id, a.id, CASE WHEN a.id = @One THEN 'held' ELSE 'outdated' END, now() FROM clip_events e, (VALUES (@One), (@Other)) a (id) WHERE clip_key IN ('1', '4') OR clip_key = '2' AND a.id = @One;
            """, new { One = one, Other = other });

        Assert.That(ended.Read().Clips.Select(clip => clip.End), Is.EquivalentTo((string[])["held", "outdated", "held", "refused"]), "the fourth came before this process was there");
        Assert.That(ended.Read().Clips, Is.Empty);
    }

    private void Execute(string sql, object parameters)
    {
        using var connection = _core.Database.DataSource.OpenConnection();
        connection.Execute(sql, parameters);
    }
}
