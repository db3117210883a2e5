using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Launch.Postgres;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace MetaAdsJobs.Tests.Support;

/// <summary>A database of one fixture or test: empty, and migrated by the migrator that the service uses.</summary>
public sealed class TestDatabase : IAsyncDisposable
{
    private const string TemplateName = "migrated";

    // Migrating takes a second, copying the migrated database some tens of milliseconds.
    private static readonly Lazy<Task> Template = new(MigrateTemplateAsync);

    private readonly PrivatePostgres _postgres;

    private TestDatabase(PrivatePostgres postgres, string name)
    {
        (_postgres, Name, ConnectionString) = (postgres, name, postgres.ConnectionString(name));
        DataSource = NpgsqlDataSource.Create(ConnectionString);
    }

    public string Name { get; }

    public string ConnectionString { get; }

    public NpgsqlDataSource DataSource { get; }

    /// <summary>A database on the shared cluster.</summary>
    public static async Task<TestDatabase> CreateAsync()
    {
        await Template.Value;
        return await CreateAsync(await TestCluster.Postgres, TemplateName);
    }

    /// <summary>A database on a cluster of the test's own.</summary>
    public static async Task<TestDatabase> CreateAsync(PrivatePostgres postgres)
    {
        var database = await CreateAsync(postgres, template: null);
        Migrations.Apply(database.ConnectionString, NullLogger.Instance);
        return database;
    }

    /// <summary>Drops the database; whatever is still connected is cut off.</summary>
    public async ValueTask DisposeAsync()
    {
        await DataSource.DisposeAsync();
        await _postgres.DropDatabaseAsync(Name, CancellationToken.None);
    }

    private static async Task<TestDatabase> CreateAsync(PrivatePostgres postgres, string? template)
    {
        var name = $"test_{Guid.NewGuid():N}";
        await postgres.CreateDatabaseAsync(name, template, CancellationToken.None);
        return new TestDatabase(postgres, name);
    }

    private static async Task MigrateTemplateAsync()
    {
        var postgres = await TestCluster.Postgres;
        await postgres.CreateDatabaseAsync(TemplateName, template: null, CancellationToken.None);
        Migrations.Apply(postgres.ConnectionString(TemplateName), NullLogger.Instance);
    }
}
