using Dapper;
using MetaAdsJobs.Tests.Support;
using Npgsql;

namespace MetaAdsJobs.Tests.Hosting;

/// <summary>Two hosts in DATABASE_URL, the first of which goes away for good.</summary>
[TestFixture]
public sealed class HostsTests
{
    [Test]
    public async Task With_several_hosts_jobs_and_rows_share_commits_and_the_next_host_takes_over()
    {
        var database = await TestDatabase.CreateAsync();
        var direct = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        using var first = new DatabaseProxy(direct.Port);
        using var second = new DatabaseProxy(direct.Port);
        var url = $"postgresql://{direct.Username}:{direct.Password}@127.0.0.1:{first.Port},127.0.0.1:{second.Port}/{database.Name}?target_session_attrs=primary&host_recheck_seconds=1";
        await using var service = await Service.StartAsync(workers: 1, database, ("DATABASE_URL", url));
        using var client = service.Client();
        var request = await client.NewRequestAsync();
        Assert.That((string?)(await client.UntilAsync(await client.AcceptAsync(request)))["status"], Is.EqualTo("succeeded"));

        first.Next = DatabaseProxy.Cut.Everything;
        await using (var connection = new NpgsqlConnection((await TestCluster.Postgres).ConnectionString("postgres")))
            await connection.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = @Name", new { database.Name });

        await Eventually.TrueAsync(async () => (await client.GetAsync("/health/ready")).Code == 200, () => "it is not ready again", service.Logs);
        Assert.That((string?)(await client.UntilAsync(await client.AcceptAsync(request)))["status"], Is.EqualTo("succeeded"));
    }
}
