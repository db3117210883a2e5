using Dapper;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Launch;
using MetaAdsJobs.StubGraph;
using MetaAdsJobs.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace MetaAdsJobs.Tests.StubGraph;

/// <summary>The stub's tables: made where it is plugged in, whatever the service's migrations have left of them.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
public sealed class StubSchemaTests
{
    private const string Exists = "SELECT to_regnamespace('stub_graph') IS NOT NULL";

    [TestCase("stub", ExpectedResult = true)]
    [TestCase("live", ExpectedResult = false)]
    public async Task<bool> A_process_makes_them_in_stub_mode_only(string mode)
    {
        await using var database = await TestDatabase.CreateBareAsync();
        var log = Path.GetTempFileName();
        var worker = await HostedPart.StartWorkerAsync(new Dictionary<string, string?>
        {
            ["DATABASE_URL"] = database.ConnectionString, ["META_ADS_MODE"] = mode, ["DATA_PROTECTION_KEY"] = OtherProcess.Key,
        }, log);
        await worker.StopAsync();
        File.Delete(log);

        return await database.DataSource.ScalarAsync<bool>(Exists);
    }

    [Test]
    public async Task Several_processes_may_make_them_at_once_and_again()
    {
        await using var database = await TestDatabase.CreateBareAsync();

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => StubSchema.ApplyAsync(database.DataSource, CancellationToken.None)));
        await StubSchema.ApplyAsync(database.DataSource, CancellationToken.None);

        Assert.That(await ShapeAsync(database.DataSource), Is.Not.Empty);
    }

    [Test]
    public async Task They_are_what_the_services_migrations_once_made()
    {
        await using var former = await TestDatabase.CreateBareAsync();
        await MigrateAsync(former.DataSource, "V0002", "V0010");
        await using var database = await TestDatabase.CreateBareAsync();
        await StubSchema.ApplyAsync(database.DataSource, CancellationToken.None);
        // Came later.
        await database.DataSource.ExecuteAsync("DROP TABLE stub_graph.uploads, stub_graph.markets");

        Assert.That(await ShapeAsync(database.DataSource), Is.EqualTo(await ShapeAsync(former.DataSource)));
    }

    [TestCase("INSERT INTO stub_graph.objects VALUES ('META_CAMPAIGN_1', 'campaign', '1', NULL, NULL, 'Kept', 'PAUSED', '{}', now(), now(), now())", "objects")]
    [TestCase("INSERT INTO stub_graph.ad_accounts VALUES ('1', 'Kept', 'EUR', 'UTC')", "ad_accounts")]
    [TestCase("INSERT INTO stub_graph.report_runs VALUES ('META_REPORT_1', '1', 'act_1', '{}', now())", "report_runs")]
    [TestCase("INSERT INTO stub_graph.restatements VALUES ('1', 2)", "restatements")]
    [TestCase("INSERT INTO stub_graph.insight_limits VALUES ('1', 100)", "insight_limits")]
    public async Task What_is_in_those_of_the_migrations_lives_on(string insert, string table)
    {
        await using var database = await TestDatabase.CreateBareAsync();
        await MigrateAsync(database.DataSource, "V0002", "V0010");
        await database.DataSource.ExecuteAsync(insert);

        await MigrateAsync(database.DataSource, "V0031");
        await StubSchema.ApplyAsync(database.DataSource, CancellationToken.None);

        Assert.That(await database.DataSource.RowsAsync($"stub_graph.{table}"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_service_without_a_stub_has_none()
    {
        await using var database = await TestDatabase.CreateBareAsync();

        Migrations.Apply(database.ConnectionString, NullLogger.Instance);

        Assert.That(await database.DataSource.ScalarAsync<bool>(Exists), Is.False);
    }

    private static async Task MigrateAsync(NpgsqlDataSource database, params string[] versions)
    {
        foreach (var version in versions)
            await database.ExecuteAsync(await File.ReadAllTextAsync(Directory.GetFiles(Path.Combine(ProjectFolder.Path, "db", "migrations"), $"{version}__*.sql").Single()));
    }

    private static async Task<IReadOnlyList<string>> ShapeAsync(NpgsqlDataSource database)
    {
        await using var connection = await database.OpenConnectionAsync();
        return [.. await connection.QueryAsync<string>("""
            SELECT concat_ws(' ', table_name, ordinal_position, column_name, data_type, is_nullable, column_default) FROM information_schema.columns WHERE table_schema = 'stub_graph'
            UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'stub_graph'
            UNION ALL SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'stub_graph'::regnamespace
            UNION ALL SELECT pg_get_viewdef('stub_graph.seen'::regclass)
            ORDER BY 1
            """)];
    }
}

file static class Sql
{
    public static async Task<T?> ScalarAsync<T>(this NpgsqlDataSource database, string sql)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<T>(sql);
    }

    public static async Task ExecuteAsync(this NpgsqlDataSource database, string sql)
    {
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync(sql);
    }
}
