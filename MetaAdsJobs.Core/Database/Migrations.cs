using System.Text.RegularExpressions;
using Dapper;
using EvolveDb;
using EvolveDb.Configuration;
using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.Core.Jobs.Storage;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace MetaAdsJobs.Core.Database;

/// <summary>
/// Brings a database to the version this build expects: our tables from db/migrations (Evolve: checksums, one transaction
/// each), then Hangfire's own. Safe to run from several processes at once: an advisory lock lets one work and the others wait, for as long
/// as it takes. The lock ends with the transaction that holds it: PostgreSQL lets go of it when its process is gone, and a pooler cannot keep it.
/// </summary>
public static partial class Migrations
{
    // Any fixed number; it only has to be ours.
    private const long LockKey = 7_301_552_411;

    /// <exception cref="ConfigurationException">The database is a newer build's, or cannot be migrated; told in one line.</exception>
    public static void Apply(string connectionString, ILogger logger)
    {
        // Apart from the lock's, whose transaction would keep what it has read from being altered.
        using var look = Open(connectionString);
        if (SchemaFingerprint.IsCurrent(look)) return;
        RefuseIfNewer(look);
        try
        {
            using var guard = Open(connectionString);
            using var turn = TakeTurn(guard, logger);
            if (SchemaFingerprint.IsCurrent(look)) return; // Another process was faster.
            RefuseIfNewer(look);
            Migrate(connectionString, logger);
            LogMigrated(logger, Known().Max(int.Parse));
        }
        catch (Exception exception) when (exception is EvolveException or PostgresException)
        {
            throw new ConfigurationException(Explain(exception, look), exception);
        }
    }

    /// <summary>Does what one process at a time may do.</summary>
    internal static void Alone(string connectionString, ILogger logger, Action action)
    {
        using var guard = Open(connectionString);
        using var turn = TakeTurn(guard, logger);
        action();
    }

    private static void Migrate(string connectionString, ILogger logger)
    {
        using (var connection = new NpgsqlConnection(Direct(connectionString)))
            new Evolve(connection, message => LogEvolve(logger, message))
            {
                EmbeddedResourceAssemblies = [typeof(Migrations).Assembly],
                EmbeddedResourceFilters = ["MetaAdsJobs.Core.migrations"],
                IsEraseDisabled = true,
                EnableClusterMode = false,
                MetadataTableName = "schema_migrations",
                TransactionMode = TransactionKind.CommitEach,
                CommandTimeout = (int)TimeSpan.FromDays(1).TotalSeconds,
            }.Migrate();
        using var done = Open(connectionString);
        HangfireSchema.Install(done);
        SchemaFingerprint.Save(done);
    }

    /// <summary>An older build must neither work on tables it does not know nor put its own mark on them.</summary>
    private static void RefuseIfNewer(NpgsqlConnection connection)
    {
        const string AppliedSql = "SELECT version FROM schema_migrations WHERE type = 0 AND success ORDER BY id DESC";
        string[] applied = connection.ExecuteScalar<bool>("SELECT to_regclass('schema_migrations') IS NOT NULL") ? [.. connection.Query<string>(AppliedSql).Select(version => version.TrimStart('0'))] : [];
        var known = Known();
        if (applied.FirstOrDefault(version => !known.Contains(version)) is { } unknown)
            throw new ConfigurationException($"DATABASE_URL: a newer build has migrated this database: it has version {unknown}, and this build knows {known.Max(int.Parse)} as the last. Start the newer one");
        if (HangfireSchema.VersionOf(connection) is { } version && version > HangfireSchema.Version)
            throw new ConfigurationException($"DATABASE_URL: a newer build has migrated this database: Hangfire's tables have version {version}, and this build knows {HangfireSchema.Version}. Start the newer one");
    }

    private static HashSet<string> Known() =>
        [.. typeof(Migrations).Assembly.GetManifestResourceNames().Select(name => Version().Match(name)).Where(name => name.Success).Select(name => name.Groups[1].Value)];

    private static NpgsqlTransaction TakeTurn(NpgsqlConnection guard, ILogger logger)
    {
        // The operator's time-outs are for those who forget their transactions: this one waits, then stands still while others work.
        const string NoTimeoutSql = "SELECT set_config(name, '0', true) FROM pg_settings WHERE name IN ('statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout')";
        const string LockSql = "SET LOCAL lock_timeout = '2s'; SELECT pg_advisory_xact_lock(@LockKey)";
        const string HolderSql = """
            SELECT format('process %s of PostgreSQL, %s, connected since %s', a.pid, a.application_name, a.backend_start) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
            WHERE l.locktype = 'advisory' AND l.granted AND (l.classid::bigint << 32 | l.objid::bigint) = @LockKey AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
            """;
        while (true)
        {
            var turn = guard.BeginTransaction();
            try
            {
                guard.Execute(NoTimeoutSql, transaction: turn);
                guard.Execute(LockSql, new { LockKey }, turn);
                return turn;
            }
            catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.LockNotAvailable)
            {
                turn.Dispose();
                LogWaits(logger, guard.QueryFirstOrDefault<string>(HolderSql, new { LockKey }));
            }
        }
    }

    private static string Explain(Exception exception, NpgsqlConnection connection)
    {
        var cause = exception as PostgresException ?? exception.InnerException as PostgresException;
        var role = new NpgsqlConnectionStringBuilder(connection.ConnectionString).Username;
        return cause?.SqlState switch
        {
            PostgresErrorCodes.InsufficientPrivilege =>
                $"DATABASE_URL: the database is to be migrated, and the role {role} may not do that: {cause.MessageText}. Start the program with the argument migrate and a role that owns the tables, "
                + "then this one again: docs/hosting.md lists the privileges",
            _ => $"DATABASE_URL: the database cannot be migrated: {cause?.MessageText ?? exception.Message}",
        };
    }

    private static NpgsqlConnection Open(string connectionString)
    {
        var connection = new NpgsqlConnection(Direct(connectionString));
        connection.Open();
        return connection;
    }

    private static string Direct(string connectionString) => new NpgsqlConnectionStringBuilder(connectionString)
    {
        Pooling = false,
        // Few statements, each once; and there may be a pooler in between.
        MaxAutoPrepare = 0,
        // Large tables take their time, and a guard that stands idle meanwhile must not be taken for dead on its way.
        CommandTimeout = 0,
        KeepAlive = 30,
    }.ConnectionString;

    [GeneratedRegex(@"\.V0*(\d+)__")]
    private static partial Regex Version();

    [LoggerMessage(1001, LogLevel.Debug, "Evolve: {Message}")]
    private static partial void LogEvolve(ILogger logger, string message);

    [LoggerMessage(1003, LogLevel.Information, "The database is migrated to version {Version}")]
    private static partial void LogMigrated(ILogger logger, int version);

    [LoggerMessage(1002, LogLevel.Warning, "Waiting for another process that migrates the database: {Holder}")]
    private static partial void LogWaits(ILogger logger, string? holder);
}
