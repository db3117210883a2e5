using Dapper;
using EvolveDb;
using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Jobs.Storage;
using MetaAdsJobs.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace MetaAdsJobs.Tests.Hosting;

/// <summary>Two builds on one database, and two processes that would migrate it.</summary>
[TestFixture]
public sealed class OlderBuildTests
{
    private TestDatabase _database = null!;

    [SetUp]
    public async Task CreateAsync() => _database = await TestDatabase.CreateAsync();

    [TearDown]
    public async Task DropAsync() => await _database.DisposeAsync();

    [TestCase("INSERT INTO schema_migrations (type, version, description, name, checksum, installed_by, success) VALUES (0, '9001', 'x', 'V9001__x.sql', '', 'newer', true)")]
    [TestCase("UPDATE hangfire.schema SET version = 9001")]
    public async Task A_build_older_than_the_database_refuses_and_leaves_the_newer_ones_mark(string newer)
    {
        await using var connection = await _database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync($"{newer}; UPDATE schema_fingerprint SET fingerprint = 'the newer build''s'");

        var refused = Assert.Throws<ConfigurationException>(() => Migrations.Apply(_database.ConnectionString, NullLogger.Instance));

        Assert.That(refused!.Message, Does.StartWith("DATABASE_URL: a newer build has migrated this database").And.Contain("9001"));
        Assert.That(await connection.ExecuteScalarAsync<string>("SELECT fingerprint FROM schema_fingerprint"), Is.EqualTo("the newer build's"));
    }

    [Test]
    public async Task Who_waits_for_another_that_migrates_says_for_whom()
    {
        const string LockSql = "SELECT pg_advisory_xact_lock(7301552411)";
        await using var connection = await _database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync("UPDATE schema_fingerprint SET fingerprint = 'an older build''s'");
        await using var other = await connection.BeginTransactionAsync();
        await connection.ExecuteAsync(LockSql, transaction: other);
        var log = new LogLines();

        var waiting = Task.Run(() => Migrations.Apply(_database.ConnectionString, log));
        await Eventually.TrueAsync(() => Task.FromResult(log.Said.Any(line => line.Contains($"process {connection.ProcessID} of PostgreSQL", StringComparison.Ordinal))), () => "nothing was said", () => string.Join('\n', log.Said));
        Assert.That(waiting.IsCompleted, Is.False);
        await other.CommitAsync();
        await waiting;

        Assert.That(await connection.ExecuteScalarAsync<string>("SELECT fingerprint FROM schema_fingerprint"), Does.EndWith($" hangfire {HangfireSchema.Version}"));
        Assert.That(await connection.ExecuteScalarAsync<int>("SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"), Is.Zero);
    }

    [Test]
    public async Task However_a_checkout_ends_its_lines_the_migrations_are_the_same()
    {
        Assert.That(SchemaFingerprint.Of(["SELECT 1;\r\nSELECT 2;\r\n"]), Is.EqualTo(SchemaFingerprint.Of(["SELECT 1;\nSELECT 2;\n"])));
        var folder = Directory.CreateTempSubdirectory("metaadsjobs-lines-").FullName;
        try
        {
            foreach (var script in (string[])["CREATE TABLE lines_of_a_checkout ();\r\nSELECT 2;\r\n", "CREATE TABLE lines_of_a_checkout ();\nSELECT 2;\n"])
            {
                await File.WriteAllTextAsync(Path.Combine(folder, "V1__lines.sql"), script);
                await using var connection = new NpgsqlConnection(_database.ConnectionString);
                Assert.That(() => new Evolve(connection) { Locations = [folder], MetadataTableName = "lines", IsEraseDisabled = true, EnableClusterMode = false }.Migrate(), Throws.Nothing, "the migrator's own checksum");
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
