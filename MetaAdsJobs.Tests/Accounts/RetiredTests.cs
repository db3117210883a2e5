using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Accounts.Retiring;
using MetaAdsJobs.Core.Accounts.Tokens;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Campaigns.Adopting;
using MetaAdsJobs.Core.Campaigns.Comparing;
using MetaAdsJobs.Core.Insights.Nightly;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Jobs.Recurring;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Orchestrations.Review;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Core.Telemetry;
using MetaAdsJobs.Tests.Orchestrations;
using MetaAdsJobs.Tests.Support;
using Npgsql;

namespace MetaAdsJobs.Tests.Accounts;

/// <summary>What a retired account leaves to those that go over all accounts: nothing.</summary>
[TestFixture]
public sealed class RetiredTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private RunWorld _world = null!;

    [SetUp]
    public async Task StartAsync() => _world = await RunWorld.StartAsync(("META_APP_ID", "4711"), ("META_APP_SECRET", "the app's secret"));

    [TearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [Test]
    public async Task Nothing_that_goes_over_all_accounts_calls_Meta_for_it_any_more()
    {
        var asked = await _world.AcceptAsync();
        Assert.That((await _world.RunAsync(asked)).Result.Status, Is.EqualTo("succeeded"));
        await _world.ExecuteAsync("INSERT INTO activations (request_id, social_account_id, state, daily_cents, changed_at) VALUES (@RequestId, @AccountId, 'idle', 1, now())", asked);
        await RetireAsync(asked);
        // As if whoever retired it had died before the end, with what a stop had paused, and as if all were due.
        await _world.ExecuteAsync("""
            UPDATE meta_campaigns SET compare_at = clock_timestamp();
            UPDATE object_reviews SET next_at = now() - interval '1 day';
            UPDATE activations v SET state = 'paused', paused_ids = ARRAY[(SELECT meta_id FROM meta_campaigns c WHERE c.request_id = v.request_id)]
            """);
        var calls = _world.Graph.Calls.Count;

        var compared = await _world.Get<CompareCampaigns>().RunAsync(20, None);
        var reviewed = await _world.Get<ReviewObjects>().RunAsync(50, None);
        await _world.Get<CheckTokens>().ExecuteAsync(only: null, None);
        var tokens = (await _world.Get<TokenStore>().ListAsync(DateTimeOffset.MaxValue, null, None)).Concat(await _world.Get<TokenStore>().ListAsync(DateTimeOffset.MaxValue, asked.AccountId, None));
        var nights = await _world.Get<NightlyAccounts>().ListAsync("America/New_York", new(2031, 1, 1), None);
        await _world.Get<StopSwitch>().StopAsync(null, "ann", null, None);
        var stop = (await _world.QueryAsync<Guid>("SELECT id FROM stops WHERE lifted_at IS NULL"))[0];
        var pausing = await _world.Get<PauseSpending>().ExecuteAsync(stop, None);
        await _world.Get<StopSwitch>().StartAsync(null, "ann", reactivate: true, None);
        var resuming = await _world.Get<ResumeSpending>().ExecuteAsync(stop, None);

        using var all = Assert.EnterMultipleScope();
        Assert.That((compared, reviewed), Is.EqualTo((0, 0)), "compared and reviewed");
        Assert.That(tokens, Is.Empty, "tokens to check");
        Assert.That(nights, Is.Empty, "nights to queue");
        Assert.That((JobOutcome[])[pausing, resuming], Is.All.InstanceOf<JobOutcome.Completed>(), "the stop and the start of all accounts");
        Assert.That(_world.Graph.Calls.Skip(calls).Select(call => $"{call.Method} {call.Path}"), Is.Empty);
        Assert.That(await _world.QueryAsync<long>("SELECT count(*) FROM insight_syncs WHERE state IN ('queued', 'running', 'waiting')"), Is.EqualTo([0]));
        Assert.That(await _world.Get<AccountHealth>().ReadAsync(None), Is.EqualTo(("ok", "ok")));
        Assert.That(await _world.Get<AccountStore>().ListTimezonesAsync(None), Is.Empty);
        Assert.That(await _world.Get<AccountNames>().ListAsync(null, None), Is.Empty, "none to choose");
        Assert.That((await _world.Get<AccountNames>().ListAsync(asked.AccountId, None)).Select(name => name.Id), Is.EqualTo([asked.AccountId]), "but what was chosen");
        Assert.That(new ServiceReader(_world.Get<NpgsqlDataSource>(), _world.Get<TimeProvider>()).Read().Accounts, Is.Zero);
    }

    [Test]
    public async Task Nobody_edits_it_or_takes_a_campaign_over_for_it()
    {
        var asked = await _world.AcceptAsync();
        await _world.RunAsync(asked);
        var campaign = (await _world.QueryAsync<string>("SELECT meta_id FROM meta_campaigns"))[0];
        await RetireAsync(asked);
        var calls = _world.Graph.Calls.Count;

        foreach (var kind in Enum.GetValues<EditKind>().Where(kind => kind != EditKind.Update))
            Assert.That(await _world.Get<RequestEdit>().ExecuteAsync(EditLevel.Campaign, campaign, kind, null, "ann", None), Is.InstanceOf<EditRequested.Refused>().And.Property("Reason").Contains("retired"), $"{kind}");
        Assert.That(await _world.Get<AdoptCampaign>().ExecuteAsync(asked.AccountId, campaign, "ann", None), Is.InstanceOf<Adoption.NotNow>());
        _world.Get<RetryOrchestration>().Reopen(asked.RequestId);
        Assert.That((await _world.QueryAsync<string>("SELECT status FROM orchestrations"))[0], Is.EqualTo("succeeded"));
        Assert.That(_world.Graph.Calls.Count, Is.EqualTo(calls));
    }

    [Test]
    public async Task A_stop_that_may_still_send_a_pause_is_waited_for()
    {
        var asked = await _world.AcceptAsync();
        await _world.RunAsync(asked);
        await _world.ExecuteAsync("""
            INSERT INTO activations (request_id, social_account_id, state, daily_cents, pausing, pausing_until, changed_at)
            VALUES (@RequestId, @AccountId, 'ended', 1, ARRAY[gen_random_uuid()], clock_timestamp() + interval '5 minutes', now())
            """, asked);

        var early = await _world.Get<RetireAccount>().ExecuteAsync(asked.AccountId, _ => true, leaveActive: false, "ann", None);
        Assert.That(early, Is.InstanceOf<Retirement.Busy>().And.Property("Open").EqualTo(new StillOpen(0, 1, 0, 0)));

        await _world.ExecuteAsync("UPDATE activations SET pausing_until = clock_timestamp()");
        await RetireAsync(asked);
    }

    [Test]
    public async Task What_whoever_retired_it_left_open_when_it_died_is_ended_by_the_sweep()
    {
        var asked = await _world.AcceptAsync();
        await _world.ExecuteAsync("""
            UPDATE orchestrations SET status = 'succeeded', completed_at = now();
            INSERT INTO insight_syncs (sync_id, social_account_id, since, until, requested_by, state, holding, attempt, lease_until, queued_at) SELECT gen_random_uuid(), id, '2026-11-01', '2026-11-02', 'ann', 'running', true, 3, now() + interval '1 hour', now() FROM social_accounts;
            INSERT INTO stops (id, social_account_id, stopped_at, stopped_by, job_id) SELECT gen_random_uuid(), id, now(), 'ann', '0' FROM social_accounts;
            UPDATE social_accounts SET retired_at = now(), retired_by = 'ann', access_token = NULL
            """);

        await _world.Get<Sweep>().RescueAsync(None);

        Assert.That(await _world.QueryAsync<string>("SELECT concat(state, ' ', attempt, ' ', holding, ' ', error) FROM insight_syncs"), Is.EqualTo(["failed 4 f the account was retired"]), "and fenced");
        Assert.That(await _world.QueryAsync<string>("SELECT concat(lifted_by, ' ', job_id) FROM stops"), Is.EqualTo(["ann "]));
    }

    [Test]
    public async Task In_a_second_account_of_one_ad_account_nothing_gets_a_permit_and_what_stands_there_may_be_paused()
    {
        var (first, second) = (await _world.AcceptAsync(), await _world.AcceptAsync());
        await _world.RunAsync(second);
        var campaign = (await _world.QueryAsync<string>("SELECT meta_id FROM meta_campaigns"))[0];
        await _world.ExecuteAsync("INSERT INTO activations (request_id, social_account_id, state, daily_cents, paused_ids, changed_at) VALUES (@RequestId, @AccountId, 'paused', 1000, ARRAY['7'], now())", second);
        await _world.ExecuteAsync("UPDATE social_accounts SET double_of = @first WHERE id = @second", new { first = first.AccountId, second = second.AccountId });
        var account = (await _world.Get<AccountStore>().FindAsync(second.AccountId, None))!;

        var refused = await _world.Get<Activations>().PermitAsync(second.RequestId, account, 1000, null, PermitHolder.LiftedStop, None);
        Assert.That(refused.Refusal, Does.Contain("a second one of the ad account").And.Contain("retire one of the two first"));
        Assert.That(await _world.Get<RequestEdit>().ExecuteAsync(EditLevel.Campaign, campaign, EditKind.Publish, null, "ann", None), Is.InstanceOf<EditRequested.Refused>());
        Assert.That(await _world.Get<RequestEdit>().ExecuteAsync(EditLevel.Campaign, campaign, EditKind.Pause, null, "ann", None), Is.InstanceOf<EditRequested.Queued>());

        await _world.ExecuteAsync("UPDATE social_accounts SET double_of = NULL; UPDATE campaign_edits SET state = 'cancelled', completed_at = now()");
        Assert.That((await _world.Get<Activations>().PermitAsync(second.RequestId, account, 1000, null, PermitHolder.LiftedStop, None)).Refusal, Is.Null);
    }

    private async Task RetireAsync(Asked asked) => Assert.That(await _world.Get<RetireAccount>().ExecuteAsync(asked.AccountId, _ => true, leaveActive: false, "ann", None), Is.InstanceOf<Retirement.Done>());
}
