using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Database.Servers;
using MetaAdsJobs.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace MetaAdsJobs.Tests.Hosting;

/// <summary>A server that is set read only, and one that ends all connections: as a failover looks from here.</summary>
[TestFixture]
public sealed class ReadOnlyTests
{
    private Service _service = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _service = await Service.StartAsync(workers: 1);

    [OneTimeTearDown]
    public async Task StopAsync() => await _service.DisposeAsync();

    [Test]
    public async Task While_the_server_is_read_only_the_service_says_so_and_is_well_again_by_itself()
    {
        using var client = _service.Client();
        var request = await client.NewRequestAsync();
        await SetReadOnlyAsync(true);
        try
        {
            // New connections are refused; those in the pools were made before.
            await CutAsync();
            Assert.That((await client.GetAsync("/health/ready")).Code, Is.EqualTo(503), "at once");
            await Eventually.TrueAsync(async () => (string?)(await client.GetAsync("/health/ready")).Json["checks"]!["database"] == "read only", () => "it does not say why", _service.Logs);
            var refused = await client.PostAsync("/meta/orchestrate/run", request);
            Assert.That((refused.Code, refused.Header("Retry-After")), Is.EqualTo((503, "5")), refused.Text);
        }
        finally
        {
            await SetReadOnlyAsync(false);
        }

        await Eventually.TrueAsync(async () => (await client.GetAsync("/health/ready")).Code == 200, () => "it is not well again", _service.Logs);
        Assert.That((string?)(await client.UntilAsync(await client.AcceptAsync(request)))["status"], Is.EqualTo("succeeded"));
    }

    [Test]
    public async Task A_write_that_a_server_refuses_as_read_only_is_told_as_such()
    {
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await connection.ExecuteAsync("SET TRANSACTION READ ONLY", transaction: transaction);
        var refused = Assert.Throws<PostgresException>(() => connection.Execute("DELETE FROM clips", transaction: transaction));
        Assert.That(DatabaseErrors.IsAway(refused!), Is.True);
    }

    /// <summary>As a switch-over that cuts no connection leaves them: what was opened before writes nothing any more, what is opened now does.</summary>
    [Test]
    public async Task Sessions_that_were_set_read_only_are_given_up_in_every_pool([Values("a probe", "the clock", "a write")] string seenBy)
    {
        await using var core = InProcess.Configure(_service.Database.ConnectionString, time: null);
        List<NpgsqlDataSource> pools = [core.GetRequiredService<NpgsqlDataSource>(), .. Connections.All.Select(key => core.GetRequiredKeyedService<NpgsqlDataSource>(key))];
        foreach (var pool in pools)
        {
            await using var connection = await pool.OpenConnectionAsync();
            await connection.ExecuteAsync("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY");
        }

        var all = core.GetRequiredService<ConnectionPools>();
        if (seenBy == "a probe") Assert.That(await core.GetRequiredService<DatabaseHealth>().ReadAsync(CancellationToken.None), Is.EqualTo(DatabaseHealth.ReadOnly));
        else if (seenBy == "the clock") await new ServiceClockReadings(new(TimeProvider.System), pools[0], all).ReadAsync(CancellationToken.None);
        else
        {
            await using var connection = await pools[0].OpenConnectionAsync();
            var refused = Assert.Throws<PostgresException>(() => connection.Execute("DELETE FROM clips"));
            // Whoever it is told to: here a person at a page, which another handler shows.
            await new DatabaseAwayHandler(all).TryHandleAsync(new DefaultHttpContext { Request = { Path = "/console", Headers = { Accept = "text/html" } } }, refused!, CancellationToken.None);
        }

        foreach (var pool in pools)
        {
            await using var connection = await pool.OpenConnectionAsync();
            Assert.That(await connection.ExecuteScalarAsync<string>("SHOW transaction_read_only"), Is.EqualTo("off"));
        }
    }

    [Test]
    public async Task Idle_connections_that_the_server_has_ended_cost_no_request()
    {
        using var client = _service.Client();
        // Several idle ones in the pool.
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => client.GetAsync("/meta/accounts")));
        await CutAsync();
        await Eventually.TrueAsync(async () => await CountAsync() > 0, () => "nobody has come back", _service.Logs);

        for (var call = 0; call < 10; call++) Assert.That((await client.GetAsync("/meta/accounts")).Code, Is.EqualTo(200));
        Assert.That((await client.PostAsync("/meta/clips", new JsonObject { ["title"] = "after the cut", ["image_url"] = client.ImageUrl })).Code, Is.EqualTo(201));
    }

    private async Task SetReadOnlyAsync(bool isReadOnly)
    {
        await using var connection = new NpgsqlConnection((await TestCluster.Postgres).ConnectionString("postgres"));
        await connection.ExecuteAsync($"ALTER DATABASE {_service.Database.Name} SET default_transaction_read_only = {(isReadOnly ? "on" : "off")}");
    }

    // The test's own connections have no name.
    private async Task CutAsync()
    {
        await using var connection = new NpgsqlConnection((await TestCluster.Postgres).ConnectionString("postgres"));
        await connection.ExecuteAsync("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = @Name AND application_name <> ''", new { _service.Database.Name });
    }

    private async Task<int> CountAsync()
    {
        await using var connection = new NpgsqlConnection((await TestCluster.Postgres).ConnectionString("postgres"));
        return await connection.ExecuteScalarAsync<int>("SELECT count(*)::int FROM pg_stat_activity WHERE datname = @Name AND application_name <> ''", new { _service.Database.Name });
    }
}
