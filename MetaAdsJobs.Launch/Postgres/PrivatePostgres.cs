using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace MetaAdsJobs.Launch.Postgres;

/// <summary>
/// A PostgreSQL server of our own on 127.0.0.1, for ./run, the tests and the benchmarks. It never outlives the process that
/// started it, however that ends. Starting again on the same folder finds the data as it was.
/// </summary>
public sealed class PrivatePostgres : IAsyncDisposable
{
    private readonly PrivatePostgresOptions _options;
    private readonly ClusterFolder _folder;
    private readonly FileStream _lock;
    private readonly ServerUser _user;
    private PostgresBinaries? _binaries;
    private ServerKeeper? _running;

    private PrivatePostgres(PrivatePostgresOptions options, ClusterFolder folder, FileStream ownerLock, ServerUser user)
    {
        (_options, _folder, _lock, _user) = (options, folder, ownerLock, user);
        Port = options.Port ?? FreePort();
    }

    /// <summary>The same across stops and restarts of this object.</summary>
    public int Port { get; private set; }

    /// <summary>Where the cluster really is; not the folder asked for if the server's user cannot get there.</summary>
    public string DataFolder => _folder.Path;

    /// <exception cref="LaunchException">No server to be found, the folder in use, or the server does not start.</exception>
    public static async Task<PrivatePostgres> StartAsync(PrivatePostgresOptions options, CancellationToken ct)
    {
        var path = options.DataFolder is { } asked
            ? Path.GetFullPath(asked)
            : Path.Combine(Path.GetTempPath(), "metaadsjobs-" + RandomNumberGenerator.GetHexString(12, lowercase: true));
        var parent = Directory.CreateDirectory(Path.GetDirectoryName(path)!).FullName;
        var user = await ServerUser.ForAsync(path, ct);
        if (options.OwnsParent)
            await user.LetThroughAsync(parent, ct);
        if (!await user.CanReachAsync(parent, ct))
            path = Elsewhere(path, options);

        ClosedFolder.Create(path);
        ClosedFolder.CloseFolder(path);
        var folder = new ClusterFolder(path);
        var postgres = new PrivatePostgres(options, folder, folder.Lock(), user);
        try
        {
            await postgres.PrepareAsync(ct);
            await postgres.StartServerAsync(portIsFree: options.Port is null, ct);
            return postgres;
        }
        catch
        {
            await postgres.DisposeAsync();
            throw;
        }
    }

    /// <summary>A superuser's connection string, with the password: not for logs.</summary>
    public string ConnectionString(string database) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = Port,
        Username = ClusterFolder.Superuser,
        Password = _folder.Password,
        Database = database,
    }.ConnectionString;

    /// <summary>Creates the database if it is not there; a template must have no connections.</summary>
    public async Task CreateDatabaseAsync(string name, string? template, CancellationToken ct)
    {
        await using var connection = await OpenMaintenanceAsync(ct);
        await using var find = new NpgsqlCommand("SELECT FROM pg_database WHERE datname = $1", connection) { Parameters = { new() { Value = name } } };
        await using (var rows = await find.ExecuteReaderAsync(ct))
            if (rows.HasRows)
                return;

        var from = template is null ? "" : $" TEMPLATE \"{template}\"";
        await using var create = new NpgsqlCommand($"CREATE DATABASE \"{name}\"{from}", connection);
        await create.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Drops the database, ending whatever is connected to it.</summary>
    public async Task DropDatabaseAsync(string name, CancellationToken ct)
    {
        await using var connection = await OpenMaintenanceAsync(ct);
        await using var drop = new NpgsqlCommand($"DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)", connection);
        await drop.ExecuteNonQueryAsync(ct);
    }

    /// <summary>Stops the server cleanly; the data stays and <see cref="RestartAsync"/> brings it back on the same port.</summary>
    public Task StopAsync() => StopServerAsync("fast");

    /// <summary>Stops the server as a power cut would: no checkpoint, sessions cut off.</summary>
    public Task CrashAsync() => StopServerAsync("immediate");

    public async Task RestartAsync(CancellationToken ct)
    {
        await StopAsync();
        await StartServerAsync(portIsFree: false, ct);
    }

    public async ValueTask DisposeAsync()
    {
        if (_running is { } running)
        {
            _running = null;
            await running.LeaveAsync();
        }

        await _lock.DisposeAsync();
        if (_options.Temporary && Directory.Exists(_folder.Path))
            Directory.Delete(_folder.Path, recursive: true);
    }

    private async Task PrepareAsync(CancellationToken ct)
    {
        _binaries = await PostgresBinaries.FindAsync(_folder.Major, _options.Say, ct);
        if (_folder.Major is null)
            await _folder.InitialiseAsync(_binaries, _user, _options.Temporary, ct);
        if (_folder.FindOrphan() is not null)
        {
            var stop = await Command.RunAsync(_user.Start(_folder.Path, _binaries["pg_ctl"], "stop", "-w", "-D", _folder.Data, "-m", "fast"), ct);
            if (!stop.Succeeded)
                throw new LaunchException($"A server left over in {_folder.Path} did not stop: {stop.Errors}");
        }
    }

    private async Task StartServerAsync(bool portIsFree, CancellationToken ct)
    {
        // Between choosing a free port and listening on it another process may take it; after a crash the old backends may
        // hold the shared memory for a moment. Both pass.
        for (var attempt = 1; _running is null; attempt++)
        {
            var settings = $"-p {Port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
                + string.Concat(_options.Settings.Select(setting => $" -c {setting.Key}={setting.Value}"));
            _running = await ServerKeeper.StartAsync(_folder, _binaries!, _user, settings, _options.Temporary, ct);
            if (_running is null && attempt == 3)
                throw new LaunchException($"PostgreSQL did not start: {_folder.LastError()} (log: {_folder.Log})");
            if (_running is null && portIsFree)
                Port = FreePort();
        }
    }

    private async Task StopServerAsync(string mode)
    {
        if (_running is not { } running)
            return;
        _running = null;
        await running.StopAsync(mode);
    }

    private async Task<NpgsqlConnection> OpenMaintenanceAsync(CancellationToken ct)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(ConnectionString("postgres")) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(ct);
        return connection;
    }

    // Named after the folder asked for, so that the next start finds the same cluster.
    private static string Elsewhere(string path, PrivatePostgresOptions options)
    {
        var parent = options.Temporary ? "/tmp" : "/var/lib";
        var other = Path.Combine(parent, "metaadsjobs-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(path)))[..12]);
        options.Say($"PostgreSQL does not run as root, and other users cannot get to {path}: the database is in {other}.");
        return other;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
