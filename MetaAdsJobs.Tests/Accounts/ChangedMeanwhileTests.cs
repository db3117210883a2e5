using System.Text.Json;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Insights;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace MetaAdsJobs.Tests.Accounts;

/// <summary>What happens to an account while something else is under way with it.</summary>
[TestFixture]
public sealed class ChangedMeanwhileTests
{
    private AccountWorld _world = null!;

    [SetUp]
    public async Task StartAsync() => _world = await AccountWorld.StartAsync();

    [TearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [Test]
    public async Task A_refusal_of_an_old_token_does_not_mark_the_new_one_and_the_run_goes_on_with_that_at_once()
    {
        var requestId = await _world.AcceptAsync();
        await RefuseAsync(190, 460, () => _world.ChangeAsync(new { access_token = "a-new-token" }));

        var outcome = await _world.RunAsync(requestId);

        Assert.That((await _world.AccountAsync()).TokenRejectedAt, Is.Null);
        Assert.That(((JobOutcome.Snoozed)outcome).Until, Is.LessThan(TimeProvider.System.GetUtcNow().AddSeconds(5)));
    }

    [Test]
    public async Task The_same_token_given_again_is_a_new_one()
    {
        var requestId = await _world.AcceptAsync();
        await RefuseAsync(190, 459, () => _world.ChangeAsync(new { access_token = "the-token" }));
        await _world.ChangeAsync(new { access_token = "the-token" });

        await _world.RunAsync(requestId);

        Assert.That((await _world.AccountAsync()).TokenRejectedAt, Is.Null);
    }

    [Test]
    public async Task A_refusal_of_the_token_that_the_account_has_marks_it_whatever_else_was_changed()
    {
        var requestId = await _world.AcceptAsync();
        await RefuseAsync(190, 460, () => _world.ChangeAsync(new { name = "Another name" }));

        await _world.RunAsync(requestId);

        Assert.That((await _world.AccountAsync()).TokenRejectedAt, Is.Not.Null);
    }

    [Test]
    public async Task A_report_refused_with_an_old_token_does_not_mark_the_new_one()
    {
        var syncId = Guid.CreateVersion7();
        var day = new DateOnly(2026, 11, 20);
        await _world.Core.Get<SyncStore>().InsertAsync(syncId, _world.AccountId, new(day, day), "tests", nightlyFor: null, jobId: "0", CancellationToken.None);
        await RefuseAsync(190, 460, () => _world.ChangeAsync(new { access_token = "a-new-token" }));

        await _world.Core.Get<RunSync>().ExecuteAsync(syncId, CancellationToken.None);

        Assert.That(_world.Graph.Calls, Is.Not.Empty);
        Assert.That((await _world.AccountAsync()).TokenRejectedAt, Is.Null);
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_block_that_was_answered_before_a_person_unblocked_the_account_does_not_block_it_again(bool unblocked)
    {
        var requestId = await _world.AcceptAsync();
        await RefuseAsync(368, null, () => unblocked ? _world.ChangeAsync(new { unblock = true }) : Task.CompletedTask);

        await _world.RunAsync(requestId);

        Assert.That((await _world.AccountAsync()).BlockedAt is null, Is.EqualTo(unblocked));
    }

    [Test]
    public async Task Of_changes_at_the_same_time_none_is_lost()
    {
        for (var round = 1; round <= 60; round++)
        {
            await Task.WhenAll(
                _world.ChangeAsync(new { name = $"Name {round}" }), _world.ChangeAsync(new { daily_cap_cents = 1000 + round }),
                _world.ChangeAsync(new { campaign_cap_cents = 100 + round }), _world.ChangeAsync(new { pixel_id = $"{round}" }));
            var account = await _world.AccountAsync();
            Assert.That((account.Name, account.DailyCapCents, account.CampaignCapCents, account.PixelId), Is.EqualTo(($"Name {round}", (long?)(1000 + round), (long?)(100 + round), $"{round}")));
        }
    }

    [Test]
    public async Task Of_changes_at_the_same_time_that_are_for_one_version_one_is_made()
    {
        var (seen, reads) = ((await _world.AccountAsync()).UpdatedAt, 0);
        using var both = new Barrier(2);
        var changed = await Task.WhenAll(Enumerable.Range(1, 2).Select(nth => Task.Run(() => _world.Core.Get<SaveAccount>().ChangeAsync(_world.AccountId, JsonSerializer.SerializeToElement(new { name = $"Name {nth}" }), IsSeen, CancellationToken.None))));
        Assert.That(changed.Select(one => one.GetType()), Is.EquivalentTo([typeof(Saved<SocialAccount>.Done), typeof(Saved<SocialAccount>.Outdated)]));

        // Neither has written anything before both have read it.
        bool IsSeen(SocialAccount account)
        {
            if (Interlocked.Increment(ref reads) <= 2) Assert.That(both.SignalAndWait(TimeSpan.FromMinutes(1)), Is.True);
            return account.UpdatedAt == seen;
        }
    }

    [Test]
    public async Task Not_even_when_the_clock_stands_still()
    {
        await using var core = InProcess.Create(await TestDatabase.CreateAsync(), new FakeTimeProvider(new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero)));
        var id = await core.AddAccountAsync();
        var versions = new List<DateTimeOffset>();
        for (var round = 1; round <= 20; round++)
        {
            var (cap, name) = (1000 + round, $"Name {round}");
            await Task.WhenAll(
                core.Get<SaveAccount>().ChangeAsync(id, JsonSerializer.SerializeToElement(new { name }), CancellationToken.None),
                core.Get<SaveAccount>().ChangeAsync(id, JsonSerializer.SerializeToElement(new { daily_cap_cents = cap }), CancellationToken.None));
            var account = (await core.Get<AccountStore>().FindAsync(id, CancellationToken.None))!;
            Assert.That((account.Name, account.DailyCapCents), Is.EqualTo((name, (long?)cap)));
            versions.Add(account.UpdatedAt);
        }

        Assert.That(versions, Is.Unique.And.Ordered);
    }

    [Test]
    public async Task Meta_s_time_zone_that_came_while_a_person_changed_the_account_stays()
    {
        var (seen, syncId, day) = (await _world.AccountAsync(), Guid.CreateVersion7(), new DateOnly(2026, 11, 20));
        await _world.Core.Get<SyncStore>().InsertAsync(syncId, _world.AccountId, new(day, day), "tests", nightlyFor: day, jobId: "0", CancellationToken.None);
        _world.Graph.Faults.Always(call => call.Edge == seen.AdAccountId, GraphFaults.Says("""{"currency":"USD","min_daily_budget":"100","timezone_name":"Asia/Kathmandu"}"""));
        _world.Graph.Faults.Always(call => call.Edge == "insights", GraphFaults.Throttled());
        await _world.Core.Get<RunSync>().ExecuteAsync(syncId, CancellationToken.None);
        var synced = await _world.AccountAsync();
        Assert.That((synced.TimezoneName, synced.UpdatedAt > seen.UpdatedAt), Is.EqualTo(("Asia/Kathmandu", true)));

        var isWritten = await _world.Core.Get<AccountStore>().UpdateAsync(seen with { Name = "Another name" }, closedToken: null, unblock: false, seen, CancellationToken.None);

        Assert.That(isWritten, Is.False, "it is read anew");
        await _world.ChangeAsync(new { name = "Another name" });
        var changed = await _world.AccountAsync();
        Assert.That((changed.Name, changed.TimezoneName), Is.EqualTo(("Another name", "Asia/Kathmandu")));
    }

    [Test]
    public async Task A_run_whose_token_does_not_open_gives_its_claim_back_and_says_why()
    {
        var requestId = await _world.AcceptAsync();
        await _world.ExecuteAsync("UPDATE social_accounts SET access_token = 'CfDJ8 of a lost key'");

        var outcome = await _world.RunAsync(requestId);

        Assert.That(((JobOutcome.Snoozed)outcome).Reason, Is.EqualTo("the account's access token cannot be opened: give the account its token again"));
        Assert.That(await _world.Core.Database.DataSource.RowsAsync("""
            orchestrations o JOIN orchestration_steps s USING (request_id)
            WHERE o.status = 'waiting' AND o.lease_until IS NULL AND o.abandoned = 0 AND o.failures = 0 AND o.wait_reason LIKE 'the account''s access token cannot be opened%' AND s.state = 'pending'
            """), Is.EqualTo(2), "campaign and media");
        Assert.That(_world.Graph.Calls, Is.Empty);

        await _world.ChangeAsync(new { access_token = "a-new-token" });
        _world.Graph.Faults.Always(call => call.IsCreateOf("adsets"), GraphFaults.ThrottledFor(TimeSpan.FromHours(1)));
        await _world.RunAsync(requestId);
        Assert.That(_world.Graph.Calls.Count(call => call.IsCreateOf("campaigns")), Is.EqualTo(1), "nothing was sent before: it need not be looked for");
        Assert.That(_world.Graph.Calls.Any(call => call.Method == "GET" && call.Edge == "campaigns"), Is.False);
    }

    [Test]
    public async Task A_sync_whose_token_does_not_open_gives_its_claim_back_and_says_why()
    {
        var syncId = Guid.CreateVersion7();
        var day = new DateOnly(2026, 11, 20);
        await _world.Core.Get<SyncStore>().InsertAsync(syncId, _world.AccountId, new(day, day), "tests", nightlyFor: null, jobId: "0", CancellationToken.None);
        await _world.ExecuteAsync("UPDATE social_accounts SET access_token = 'CfDJ8 of a lost key'");

        var outcome = await _world.Core.Get<RunSync>().ExecuteAsync(syncId, CancellationToken.None);

        Assert.That(((JobOutcome.Snoozed)outcome).Reason, Does.StartWith("the account's access token cannot be opened"));
        Assert.That(await _world.Core.Database.DataSource.RowsAsync("insight_syncs WHERE state = 'waiting' AND lease_until IS NULL AND abandoned = 0"), Is.EqualTo(1));
    }

    private Task RefuseAsync(int code, int? subcode, Func<Task> meanwhile)
    {
        _world.Graph.Faults.Always(_ => true, async (server, http, act) =>
        {
            await meanwhile();
            return await GraphFaults.Refused(code, subcode, "Refused", "By the test.")(server, http, act);
        });
        return Task.CompletedTask;
    }
}
