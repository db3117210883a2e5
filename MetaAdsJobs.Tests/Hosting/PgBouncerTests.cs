using MetaAdsJobs.Tests.Launch;
using MetaAdsJobs.Tests.Support;
using Npgsql;

namespace MetaAdsJobs.Tests.Hosting;

/// <summary>Debian's PgBouncer as it comes, between the service and its database: 1.18, which knows nothing of prepared statements and refuses options.</summary>
[TestFixture]
[Long]
public sealed class PgBouncerTests
{
    [TestCase("transaction")]
    [TestCase("session")]
    public async Task The_whole_service_works_through_it_the_first_start_included(string mode)
    {
        var database = await TestDatabase.CreateBareAsync();
        var direct = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        var port = Launcher.FreePort();
        await using var pgbouncer = await DebianProgram.StartAsync("/usr/sbin/pgbouncer", ["-u", "nobody", "*/pgbouncer.ini"],
            ("users", $"\"{direct.Username}\" \"{direct.Password}\""),
            ("pgbouncer.ini", $"""
                [databases]
                * = host=127.0.0.1 port={direct.Port}
                [pgbouncer]
                listen_addr = 127.0.0.1
                listen_port = {port}
                unix_socket_dir =
                auth_type = scram-sha-256
                auth_file = */users
                pool_mode = {mode}
                default_pool_size = {(mode == "transaction" ? 15 : 100)}
                max_client_conn = 500
                """));
        await using var service = await Service.StartAsync(workers: 2, database, ("DATABASE_URL", $"postgresql://{direct.Username}:{direct.Password}@127.0.0.1:{port}/{database.Name}"));
        using var client = service.Client();
        var request = await client.NewRequestAsync();
        var ids = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => client.AcceptAsync(request)));
        foreach (var id in ids) Assert.That((string?)(await client.UntilAsync(id))["status"], Is.EqualTo("succeeded"));
        Assert.That((await client.GetAsync("/health/ready")).Code, Is.EqualTo(200));
        Assert.That(service.Logs(), Does.Not.Contain("42P05").And.Not.Contain("26000").And.Not.Contain("unsupported startup parameter").And.Not.Contain("\"@l\":\"Error\""));
    }
}
