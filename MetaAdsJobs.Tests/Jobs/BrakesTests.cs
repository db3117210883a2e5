using Dapper;
using Hangfire;
using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace MetaAdsJobs.Tests.Jobs;

/// <summary>A worker whose only ordinary thread is held by a call that does not end.</summary>
[TestFixture]
public sealed class BrakesTests
{
    private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private AccountWorld _world = null!;
    private IHost _worker = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _world = await AccountWorld.StartAsync();
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["DATABASE_URL"] = _world.Core.Database.ConnectionString, ["META_ADS_MODE"] = "live", ["META_GRAPH_URL"] = _world.Graph.BaseUrl,
            ["DATA_PROTECTION_KEY"] = OtherProcess.Key, ["WORKER_THREADS"] = "1", ["Jobs:StopTimeoutSeconds"] = "5",
            // Longer than all of these tests take on a busy machine.
            ["Meta:CallTimeoutSeconds"] = "300", ["SETTLE_DELAY_SECONDS"] = "300",
        });
        builder.Configuration.AddSeedKeys();
        builder.Services.AddMetaAdsJobs().AddJobServer();
        _worker = builder.Build();
        await _worker.StartAsync();

        _world.Graph.Faults.Always(call => call.IsCreateOf("campaigns"), async (_, _, act) =>
        {
            await _gate.Task;
            return await act();
        });
        await _world.AcceptAsync();
        await Eventually.TrueAsync(() => Task.FromResult(_world.Graph.Calls.Any(call => call.IsCreateOf("campaigns"))), () => "the ordinary thread was not taken");
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _gate.TrySetResult();
        await _worker.StopAsync();
        _worker.Dispose();
        await _world.DisposeAsync();
    }

    [Test]
    public async Task A_stop_is_carried_out()
    {
        var (account, campaign) = await ActiveAsync();

        await _world.Core.Get<StopSwitch>().StopAsync(account, "a test", reason: null, CancellationToken.None);

        await UntilPausedAsync(account, campaign);
    }

    [Test]
    public async Task A_stop_whose_job_was_lost_is_rescued()
    {
        var (account, campaign) = await ActiveAsync();
        await _world.ExecuteAsync("INSERT INTO stops (id, social_account_id, stopped_at, stopped_by, job_id) VALUES (gen_random_uuid(), @account, now() - interval '2 minutes', 'a test', '999999')", new { account });

        _worker.Services.GetRequiredService<IRecurringJobManager>().Trigger("sweep of stops");

        await UntilPausedAsync(account, campaign);
    }

    /// <summary>By Hangfire's own look at what is due, which makes jobs in another way than whoever asks for one.</summary>
    [Test]
    public async Task A_stop_whose_job_was_lost_is_rescued_when_the_schedule_says()
    {
        var (account, campaign) = await ActiveAsync();
        await _world.ExecuteAsync("""
            INSERT INTO stops (id, social_account_id, stopped_at, stopped_by, job_id) VALUES (gen_random_uuid(), @account, now() - interval '2 minutes', 'a test', '999999');
            UPDATE hangfire.set SET score = 0 WHERE key = 'recurring-jobs' AND value = 'sweep of stops';
            UPDATE hangfire.hash SET value = '2020-01-01T00:00:00.0000000Z' WHERE key = 'recurring-job:sweep of stops' AND field = 'NextExecution'
            """, new { account });

        await UntilPausedAsync(account, campaign);

        Assert.That(await _world.Core.Database.DataSource.RowsAsync("hangfire.hash WHERE key = 'recurring-job:sweep of stops' AND field = 'LastJobId'"), Is.EqualTo(1));
    }

    private async Task UntilPausedAsync(Guid account, string campaign)
    {
        await Eventually.TrueAsync(async () => (await _world.Core.Get<StopSwitch>().ReadAsync(account, CancellationToken.None))!.Active == 0, () => "it was not stopped");
        Assert.That(await _world.Core.Database.DataSource.RowsAsync($"stub_graph.objects WHERE id = '{campaign}' AND status = 'PAUSED'"), Is.EqualTo(1));
        Assert.That(_gate.Task.IsCompleted, Is.False);
        Assert.That(await _world.Core.Database.DataSource.RowsAsync("hangfire.job WHERE statename = 'Processing' AND invocationdata::text LIKE '%\"orchestration\"%'"), Is.EqualTo(1), "the thread was to be held");
    }

    /// <summary>A campaign that this service activated, as it is left behind by a run.</summary>
    private async Task<(Guid Account, string Campaign)> ActiveAsync()
    {
        var account = await _world.Core.AddAccountAsync();
        var campaign = $"META_CAMPAIGN_{Guid.NewGuid():N}";
        await _world.ExecuteAsync("""
            INSERT INTO stub_graph.objects (id, account_id, kind, name, status, fields, created_at, updated_at, searchable_at)
            SELECT @campaign, substr(ad_account_id, 5), 'campaign', 'Sale', 'ACTIVE', '{}', now(), now(), now() FROM social_accounts WHERE id = @account;
            WITH run AS (
                INSERT INTO orchestrations (request_id, social_account_id, clip_id, campaign_name, request, requested_by, request_hash, status, accepted_at)
                SELECT gen_random_uuid(), @account, clip_id, 'Sale', request, 'tests', '', 'succeeded', now() FROM orchestrations LIMIT 1 RETURNING request_id),
            step AS (INSERT INTO orchestration_steps (request_id, step, state, meta_id, attempt, started_at) SELECT request_id, 'campaign', 'confirmed', @campaign, 1, now() FROM run)
            INSERT INTO activations (request_id, social_account_id, state, daily_cents, changed_at) SELECT request_id, @account, 'active', 1, now() FROM run;
            """, new { account, campaign });
        return (account, campaign);
    }
}
