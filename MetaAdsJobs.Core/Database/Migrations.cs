using EvolveDb;
using EvolveDb.Configuration;
using MetaAdsJobs.Core.Jobs.Storage;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace MetaAdsJobs.Core.Database;

/// <summary>
/// Brings a database to the version this build expects: our tables from db/migrations (Evolve: checksums, one transaction
/// each), then Hangfire's own. Safe to run from several processes at once: an advisory lock lets one work and the others wait, for as long
/// as it takes: PostgreSQL lets go of the lock when the one that holds it is gone.
/// </summary>
public static partial class Migrations
{
    // Any fixed number; it only has to be ours.
    private const long LockKey = 7_301_552_411;

    public static void Apply(string connectionString, ILogger logger)
    {
        using var guard = new NpgsqlConnection(Direct(connectionString));
        guard.Open();
        if (SchemaFingerprint.IsCurrent(guard)) return;
        Lock(guard);
        if (SchemaFingerprint.IsCurrent(guard)) return; // Another process was faster.
        using var connection = new NpgsqlConnection(Direct(connectionString));
        var evolve = new Evolve(connection, message => LogEvolve(logger, message))
        {
            EmbeddedResourceAssemblies = [typeof(Migrations).Assembly],
            EmbeddedResourceFilters = ["MetaAdsJobs.Core.migrations"],
            IsEraseDisabled = true,
            EnableClusterMode = false,
            MetadataTableName = "schema_migrations",
            TransactionMode = TransactionKind.CommitEach,
            CommandTimeout = (int)TimeSpan.FromDays(1).TotalSeconds,
        };
        evolve.Migrate();
        HangfireSchema.Install(guard);
        SchemaFingerprint.Save(guard);
    }

    /// <summary>Does what one process at a time may do.</summary>
    internal static void Alone(string connectionString, Action action)
    {
        using var guard = new NpgsqlConnection(Direct(connectionString));
        guard.Open();
        Lock(guard);
        action();
    }

    private static void Lock(NpgsqlConnection guard)
    {
        using var wait = new NpgsqlCommand("SELECT pg_advisory_lock($1)", guard);
        wait.Parameters.Add(new() { Value = LockKey });
        wait.ExecuteNonQuery();
    }

    private static string Direct(string connectionString) => new NpgsqlConnectionStringBuilder(connectionString)
    {
        Pooling = false,
        // Large tables take their time, and a guard that stands idle meanwhile must not be taken for dead on its way.
        CommandTimeout = 0,
        KeepAlive = 30,
    }.ConnectionString;

    [LoggerMessage(1001, LogLevel.Debug, "Evolve: {Message}")]
    private static partial void LogEvolve(ILogger logger, string message);
}
