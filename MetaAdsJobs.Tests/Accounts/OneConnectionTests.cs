using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Campaigns.Holding;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Tests.Support;
using Npgsql;

namespace MetaAdsJobs.Tests.Accounts;

/// <summary>A process that may open a single connection: who held one while it waits for something else would never end.</summary>
[TestFixture]
public sealed class OneConnectionTests
{
    private AccountWorld _world = null!;

    [SetUp]
    public async Task StartAsync() => _world = await AccountWorld.StartAsync();

    [TearDown]
    public async Task StopAsync() => await _world.DisposeAsync();

    [Test]
    public async Task Sending_an_accounts_runs_on_holds_no_connection_while_it_queues_them()
    {
        await _world.AcceptAsync();
        await _world.ExecuteAsync("UPDATE orchestrations SET status = 'waiting'; DELETE FROM hangfire.job");
        await using var core = Small();

        await core.Get<ResumeAccount>().ExecuteAsync(_world.AccountId, CancellationToken.None);

        Assert.That(await _world.Core.Database.DataSource.RowsAsync("hangfire.job"), Is.EqualTo(1));
    }

    [Test]
    public async Task Looking_at_counted_campaigns_holds_no_connection_while_Meta_answers()
    {
        var requestId = await _world.AcceptAsync();
        await _world.ExecuteAsync("""
            INSERT INTO orchestration_steps (request_id, step, state, meta_id, attempt, started_at) VALUES (@requestId, 'campaign', 'confirmed', 'META_CAMPAIGN_1', 1, now());
            INSERT INTO activations (request_id, social_account_id, state, daily_cents, changed_at) SELECT request_id, social_account_id, 'active', 1, now() - interval '1 hour' FROM orchestrations
            """, new { requestId });
        await using var core = Small();
        var free = false;
        _world.Graph.Faults.Add(_ => true, async (server, http, act) =>
        {
            await using (await core.Get<NpgsqlDataSource>().OpenConnectionAsync()) free = true;
            return await GraphFaults.Says("""{"id":"META_CAMPAIGN_1","status":"PAUSED","effective_status":"PAUSED"}""")(server, http, act);
        });

        Assert.That(await core.Get<CountedCampaigns>().RefreshAsync(_world.AccountId, new("act_1", "token"), CancellationToken.None), Is.True);
        Assert.That(free, Is.True);
    }

    [Test]
    public async Task Setting_a_freeze_holds_no_connection_while_it_is_read_again()
    {
        await using var core = Small();
        var body = JsonElement.Parse($$"""{"social_account_id":"{{_world.AccountId}}","from":"2099-01-01T00:00:00Z","until":"2099-01-02T00:00:00Z"}""");

        Assert.That(await core.Get<Freezes>().AddAsync(body, "bob", CancellationToken.None), Is.InstanceOf<Saved<Freeze>.Done>());
    }

    // Shares the world's database, which is dropped with the world.
    private Borrowed Small() => new(InProcess.Configure(
        new NpgsqlConnectionStringBuilder(_world.Core.Database.ConnectionString) { MaxPoolSize = 1, Timeout = 3 }.ConnectionString, time: null,
        ("META_ADS_MODE", "live"), ("META_GRAPH_URL", _world.Graph.BaseUrl), ("DATA_PROTECTION_KEY", OtherProcess.Key)));

    private sealed class Borrowed(Microsoft.Extensions.DependencyInjection.ServiceProvider provider) : IAsyncDisposable
    {
        public T Get<T>() where T : notnull => Microsoft.Extensions.DependencyInjection.ServiceProviderServiceExtensions.GetRequiredService<T>(provider);

        public ValueTask DisposeAsync() => provider.DisposeAsync();
    }
}
