using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Launch.Postgres;
using MetaAdsJobs.StubGraph;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace MetaAdsJobs.Bench.Support;

/// <summary>The private PostgreSQL all of a run is measured on: PostgreSQL's defaults, fsync included, but for more connections.</summary>
internal sealed class BenchCluster : IAsyncDisposable
{
    private readonly PrivatePostgres _postgres;
    private int _databases;

    private BenchCluster(PrivatePostgres postgres) => _postgres = postgres;

    /// <summary>Where child processes write their logs; deleted at the end.</summary>
    public string Logs { get; } = Directory.CreateTempSubdirectory("metaadsjobs-bench-").FullName;

    public string ServerLog => Path.Combine(_postgres.DataFolder, "server.log");

    public static async Task<BenchCluster> StartAsync(Action<string> say, CancellationToken ct) => new(await PrivatePostgres.StartAsync(
        new() { Temporary = true, Settings = new Dictionary<string, string> { ["max_connections"] = "300" }, Say = say }, ct));

    /// <summary>An empty database, migrated by the service's own migrator, with the tables of the stub Graph beside.</summary>
    public async Task<BenchDatabase> NewDatabaseAsync(CancellationToken ct)
    {
        var name = $"bench_{Interlocked.Increment(ref _databases)}";
        await _postgres.CreateDatabaseAsync(name, template: null, ct);
        var database = new BenchDatabase(name, _postgres.ConnectionString(name), NpgsqlDataSource.Create(_postgres.ConnectionString("postgres")));
        Migrations.Apply(database.ConnectionString, NullLogger.Instance);
        await using var dataSource = NpgsqlDataSource.Create(database.ConnectionString);
        await StubSchema.ApplyAsync(dataSource, ct);
        return database;
    }

    public async ValueTask DisposeAsync()
    {
        await _postgres.DisposeAsync();
        Directory.Delete(Logs, recursive: true);
    }
}
