using Hangfire;
using Hangfire.PostgreSql;
using Npgsql;

namespace MetaAdsJobs.Core.Jobs.Storage;

/// <summary>Hangfire on our own data source: that is what lets a job and our rows share one commit.</summary>
internal static class HangfireStorage
{
    public static JobStorage Create(NpgsqlDataSource dataSource, JobOptions jobs)
    {
        var options = new PostgreSqlStorageOptions
        {
            SchemaName = HangfireSchema.Name,
            // Migrations.Apply has installed the schema, under a lock.
            PrepareSchemaIfNecessary = false,
            AllowDegradedModeWithoutStorage = false,
            EnableTransactionScopeEnlistment = true,
            // Long polling was seen to hang with fetched jobs.
            EnableLongPolling = false,
            QueuePollInterval = TimeSpan.FromMilliseconds(jobs.PollMilliseconds),
            // Slides while the job runs: a long job is never run twice at once, a killed one is taken over soon.
            UseSlidingInvisibilityTimeout = true,
            InvisibilityTimeout = TimeSpan.FromSeconds(jobs.TakeOverSeconds),
            // A killed holder keeps its lock this long. Hangfire guards with them what is safe to do twice (moving due jobs to the
            // queue, recurring jobs), so that a short time costs nothing and a long one would stop every snooze meanwhile.
            DistributedLockTimeout = TimeSpan.FromSeconds(jobs.TakeOverSeconds),
        };
        var storage = new PostgreSqlStorage(new DataSourceConnections(dataSource), options);
        storage.QueueProviders.Add(new OnePollerQueueProvider(new PostgreSqlJobQueueProvider(storage, options), new(dataSource, options.InvisibilityTimeout)), Queues.All);
        return storage;
    }

    private sealed class DataSourceConnections(NpgsqlDataSource dataSource) : IConnectionFactory
    {
        public NpgsqlConnection GetOrCreateConnection() => dataSource.CreateConnection();
    }
}
