using Dapper;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Database.Servers;
using MetaAdsJobs.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace MetaAdsJobs.Tests.Hosting;

/// <summary>What a connection of the service is, with PostgreSQL at its other end and with a pooler in between.</summary>
[TestFixture]
public sealed class ConnectionTests
{
    private TestDatabase _database = null!;

    [OneTimeSetUp]
    public async Task CreateAsync() => _database = await TestDatabase.CreateAsync();

    [OneTimeTearDown]
    public async Task DropAsync() => await _database.DisposeAsync();

    [Test]
    public async Task No_time_out_for_idle_sessions_ends_ours()
    {
        await using var dataSource = DatabaseServices.CreateDataSource(_database.ConnectionString, options: "-c synchronous_commit=off");
        await using var connection = await dataSource.OpenConnectionAsync();
        Assert.That(await connection.QuerySingleAsync<(string, string)>("SELECT current_setting('idle_session_timeout'), current_setting('synchronous_commit')"), Is.EqualTo(("0", "off")));
    }

    [TestCase("", false, 200)]
    [TestCase("", true, 0)]
    [TestCase(";Max Auto Prepare=0", false, 0)]
    [TestCase(";Max Auto Prepare=50", true, 50)]
    public void What_the_operator_says_of_prepared_statements_is_kept(string said, bool isPooled, int expected)
    {
        using var dataSource = DatabaseServices.CreateDataSource(_database.ConnectionString + said, isPooled: isPooled);
        var settings = new NpgsqlConnectionStringBuilder(dataSource.ConnectionString);
        Assert.That((settings.MaxAutoPrepare, settings.Options is null), Is.EqualTo((expected, isPooled)));
    }

    [Test]
    public async Task A_pooler_is_seen_by_the_process_it_cannot_name()
    {
        var direct = new NpgsqlConnectionStringBuilder(_database.ConnectionString);
        await using (var with = OtherProcess.Start(direct.ConnectionString)) Assert.That(with.GetRequiredService<Pooler>().IsThere, Is.False);

        using var pooler = new DatabaseProxy(direct.Port) { HidesProcess = true };
        direct.Port = pooler.Port;
        await using var through = OtherProcess.Start(direct.ConnectionString);
        Assert.That(through.GetRequiredService<Pooler>().IsThere, Is.True);
    }
}
