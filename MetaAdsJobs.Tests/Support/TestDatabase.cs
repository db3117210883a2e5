using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Launch.Postgres;
using MetaAdsJobs.StubGraph;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace MetaAdsJobs.Tests.Support;

/// <summary>A database of one fixture or test: empty, and migrated by the migrator that the service uses, with the tables of the stub Graph beside.</summary>
public sealed class TestDatabase : IAsyncDisposable
{
    private const string TemplateName = "migrated";

    // Migrating takes a second, copying the migrated database some tens of milliseconds.
    private static readonly Lazy<Task> Template = new(MigrateTemplateAsync);

    private readonly PrivatePostgres _postgres;

    private TestDatabase(PrivatePostgres postgres, string name, string? schema = null)
    {
        (_postgres, Name, ConnectionString) = (postgres, name, new NpgsqlConnectionStringBuilder(postgres.ConnectionString(name)) { SearchPath = schema }.ConnectionString);
        DataSource = NpgsqlDataSource.Create(ConnectionString);
    }

    public string Name { get; }

    public string ConnectionString { get; }

    public NpgsqlDataSource DataSource { get; }

    /// <summary>A database on the shared cluster.</summary>
    public static async Task<TestDatabase> CreateAsync()
    {
        await Template.Value;
        var postgres = await TestCluster.Postgres;
        var database = new TestDatabase(postgres, NewName());
        await using var connection = new NpgsqlConnection(postgres.ConnectionString("postgres"));
        await connection.OpenAsync();
        // Copied as files, where the server can, and not through its log: several times as fast.
        var how = connection.PostgreSqlVersion.Major >= 15 ? " STRATEGY file_copy" : "";
        await using var copy = new NpgsqlCommand($"CREATE DATABASE {database.Name} TEMPLATE {TemplateName}{how}", connection);
        await copy.ExecuteNonQueryAsync();
        return database;
    }

    /// <summary>A database on a cluster of the test's own.</summary>
    public static async Task<TestDatabase> CreateAsync(PrivatePostgres postgres)
    {
        var database = new TestDatabase(postgres, NewName());
        await postgres.CreateDatabaseAsync(database.Name, template: null, CancellationToken.None);
        await MigrateAsync(database.ConnectionString);
        return database;
    }

    /// <summary>A database on the shared cluster with nothing in it, not even tables.</summary>
    /// <param name="name">Whatever its letters are.</param>
    /// <param name="schema">In which the service's tables will be; public if none is given.</param>
    public static async Task<TestDatabase> CreateBareAsync(string? name = null, string? schema = null)
    {
        var postgres = await TestCluster.Postgres;
        var database = new TestDatabase(postgres, name ?? NewName(), schema);
        await postgres.CreateDatabaseAsync(database.Name, template: null, CancellationToken.None);
        return database;
    }

    /// <summary>Drops the database; whatever is still connected is cut off.</summary>
    public async ValueTask DisposeAsync()
    {
        await DataSource.DisposeAsync();
        await _postgres.DropDatabaseAsync(Name, CancellationToken.None);
    }

    private static string NewName() => $"test_{Guid.NewGuid():N}";

    private static async Task MigrateTemplateAsync()
    {
        var postgres = await TestCluster.Postgres;
        await postgres.CreateDatabaseAsync(TemplateName, template: null, CancellationToken.None);
        await MigrateAsync(postgres.ConnectionString(TemplateName));
    }

    private static async Task MigrateAsync(string connectionString)
    {
        Migrations.Apply(connectionString, NullLogger.Instance);
        await using var dataSource = NpgsqlDataSource.Create(connectionString);
        await StubSchema.ApplyAsync(dataSource, CancellationToken.None);
    }
}
