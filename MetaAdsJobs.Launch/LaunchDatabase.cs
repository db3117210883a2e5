using System.Data.Common;
using EvolveDb;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Launch.Postgres;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace MetaAdsJobs.Launch;

/// <summary>The database that is served: the one DATABASE_URL names, else one on a private cluster in the data folder.</summary>
internal sealed class LaunchDatabase : IAsyncDisposable
{
    /// <summary>The file that tells other commands where it is; a launcher that is killed leaves it.</summary>
    public const string Told = "served-database";

    private readonly PrivatePostgres? _postgres;
    private string? _told;

    private LaunchDatabase(string connectionString, PrivatePostgres? postgres) => (ConnectionString, _postgres) = (connectionString, postgres);

    public string ConnectionString { get; }

    /// <summary>Where it is, for a person: no user, no password.</summary>
    public string Description { get; private init; } = "";

    /// <exception cref="LaunchException">It cannot be reached or migrated, told in one line without the password.</exception>
    public static async Task<LaunchDatabase> OpenAsync(LaunchOptions options, Action<string> say, CancellationToken ct)
    {
        if (options.DatabaseUrl is not null)
        {
            var given = new LaunchDatabase(await ReachAsync(options.DatabaseUrl, ct), postgres: null) { Description = "the one in DATABASE_URL" };
            given.Migrate("DATABASE_URL: ");
            return given;
        }

        var postgres = await PrivatePostgres.StartAsync(
            new PrivatePostgresOptions { DataFolder = Path.Combine(options.DataFolder, "postgres"), OwnsParent = ClosedFolder.Ensure(options.DataFolder), Say = say }, ct);
        var own = new LaunchDatabase(postgres.ConnectionString("metaadsjobs"), postgres)
        {
            Description = $"PostgreSQL on port {postgres.Port}, data in {postgres.DataFolder}",
        };
        try
        {
            await postgres.CreateDatabaseAsync("metaadsjobs", template: null, ct);
            own.Migrate("");
            own.Tell(PathIn(options));
            return own;
        }
        catch
        {
            await own.DisposeAsync();
            throw;
        }
    }

    /// <summary>Where a ./run that serves at the moment has its own database; null: there is none.</summary>
    public static async Task<string?> RunningAsync(LaunchOptions options, CancellationToken ct)
    {
        if (!File.Exists(PathIn(options))) return null;
        var told = await File.ReadAllTextAsync(PathIn(options), ct);
        try
        {
            return await ReachAsync(told, ct);
        }
        catch (LaunchException)
        {
            // Left by one that was killed.
            return null;
        }
    }

    public ValueTask DisposeAsync()
    {
        if (_told is not null) File.Delete(_told);
        return _postgres?.DisposeAsync() ?? ValueTask.CompletedTask;
    }

    private static string PathIn(LaunchOptions options) => Path.Combine(options.DataFolder, Told);

    // For commands beside this one; like the keys, for its owner only.
    private void Tell(string path)
    {
        var file = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) file.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        File.Delete(path);
        using var writer = new StreamWriter(path, file);
        writer.Write(ConnectionString);
        _told = path;
    }

    private static async Task<string> ReachAsync(string url, CancellationToken ct)
    {
        try
        {
            var connectionString = DatabaseUrl.ToConnectionString(url);
            await using var connection = new NpgsqlConnection(
                new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, Timeout = 10 }.ConnectionString);
            await connection.OpenAsync(ct);
            return connectionString;
        }
        catch (FormatException unreadable)
        {
            throw new LaunchException(unreadable.Message);
        }
        catch (Exception refused) when (refused is DbException or TimeoutException or IOException or ArgumentException)
        {
            throw new LaunchException($"DATABASE_URL: cannot connect: {OneLine(refused)}");
        }
    }

    private void Migrate(string key)
    {
        try
        {
            Migrations.Apply(ConnectionString, NullLogger.Instance);
        }
        catch (Exception failed) when (failed is DbException or EvolveException or TimeoutException)
        {
            throw new LaunchException($"{key}the migrations could not be applied: {OneLine(failed)}");
        }
    }

    private static string OneLine(Exception exception) => exception.Message.ReplaceLineEndings(" ").Trim();
}
