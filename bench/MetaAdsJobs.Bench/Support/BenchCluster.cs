using System.Globalization;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Launch.Postgres;
using MetaAdsJobs.StubGraph;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace MetaAdsJobs.Bench.Support;

/// <summary>A private PostgreSQL. All of a run is measured on one of PostgreSQL's defaults, fsync included, but for more connections.</summary>
internal sealed class BenchCluster : IAsyncDisposable
{
    private readonly PrivatePostgres _postgres;
    private int _databases;

    private BenchCluster(PrivatePostgres postgres) => _postgres = postgres;

    /// <summary>Where child processes write their logs; deleted at the end.</summary>
    public string Logs { get; } = Directory.CreateTempSubdirectory("metaadsjobs-bench-").FullName;

    public string ServerLog => Path.Combine(_postgres.DataFolder, "server.log");

    /// <param name="settings">Beyond that.</param>
    public static async Task<BenchCluster> StartAsync(Action<string> say, CancellationToken ct, params (string Name, string Value)[] settings) => new(await PrivatePostgres.StartAsync(
        new() { Temporary = true, Settings = settings.Append(("max_connections", "300")).ToDictionary(), Say = say }, ct));

    /// <summary>An empty database, migrated by the service's own migrator, with the tables of the stub Graph beside.</summary>
    public async Task<BenchDatabase> NewDatabaseAsync(CancellationToken ct)
    {
        var database = await NewEmptyDatabaseAsync(ct);
        Migrations.Apply(database.ConnectionString, NullLogger.Instance);
        await using var dataSource = NpgsqlDataSource.Create(database.ConnectionString);
        await StubSchema.ApplyAsync(dataSource, ct);
        return database;
    }

    public async Task<BenchDatabase> NewEmptyDatabaseAsync(CancellationToken ct)
    {
        var name = $"bench_{Interlocked.Increment(ref _databases)}";
        await _postgres.CreateDatabaseAsync(name, template: null, ct);
        return new(name, _postgres.ConnectionString(name), NpgsqlDataSource.Create(_postgres.ConnectionString("postgres")));
    }

    /// <summary>So that the server has nothing to tidy up there while the next run is measured.</summary>
    public Task DropAsync(BenchDatabase database, CancellationToken ct) => _postgres.DropDatabaseAsync(database.Name, ct);

    public async Task<int> PostmasterIdAsync()
    {
        const string FileSql = "SELECT pg_read_file('postmaster.pid')";
        await using var server = NpgsqlDataSource.Create(_postgres.ConnectionString("postgres"));
        await using var command = server.CreateCommand(FileSql);
        return int.Parse(((string)(await command.ExecuteScalarAsync())!).Split('\n')[0], CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        await _postgres.DisposeAsync();
        Directory.Delete(Logs, recursive: true);
    }
}
