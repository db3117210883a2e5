using Hangfire;
using Hangfire.PostgreSql;
using Hangfire.Storage;
using Npgsql;

namespace MetaAdsJobs.Core.Jobs.Storage;

/// <summary>
/// Hangfire on our own data source: that is what lets a job and our rows share one commit. What is written about a new job, and about one that
/// a thread has taken, goes a shorter way (<see cref="OwnJobConnection"/>); all else is Hangfire.PostgreSql's.
/// </summary>
internal sealed class HangfireStorage : PostgreSqlStorage
{
    private HangfireStorage(NpgsqlDataSource dataSource, PostgreSqlStorageOptions options, JobOptions jobs) : base(new DataSourceConnections(dataSource), options)
    {
        Taken = new(dataSource, TimeSpan.FromSeconds(jobs.TakeOverSeconds));
        NewJobs = new(dataSource);
        QueueProviders.Add(new OnePollerQueueProvider(new PostgreSqlJobQueueProvider(this, options), Taken, TimeSpan.FromMilliseconds(jobs.PollMilliseconds)), Queues.All);
    }

    /// <summary>Has to run in one of the servers on this storage.</summary>
    public TakenJobs Taken { get; }

    public NewJobs NewJobs { get; }

    public static HangfireStorage Create(NpgsqlDataSource dataSource, JobOptions jobs) => new(dataSource, new()
    {
        SchemaName = HangfireSchema.Name,
        // Migrations.Apply has installed the schema, under a lock.
        PrepareSchemaIfNecessary = false,
        AllowDegradedModeWithoutStorage = false,
        EnableTransactionScopeEnlistment = true,
        // Long polling was seen to hang with fetched jobs.
        EnableLongPolling = false,
        // TakenJobs does it.
        UseSlidingInvisibilityTimeout = false,
        // A killed holder keeps its lock this long. Hangfire guards with them what is safe to do twice (moving due jobs to the
        // queue, recurring jobs), so that a short time costs nothing and a long one would stop every snooze meanwhile.
        DistributedLockTimeout = TimeSpan.FromSeconds(jobs.TakeOverSeconds),
    }, jobs);

    public override IStorageConnection GetConnection() => new OwnJobConnection(this);

    public override bool HasFeature(string featureId) => featureId == JobStorageFeatures.Transaction.RemoveFromQueue(typeof(TakenJob)) || base.HasFeature(featureId);

    private sealed class DataSourceConnections(NpgsqlDataSource dataSource) : IConnectionFactory
    {
        public NpgsqlConnection GetOrCreateConnection() => dataSource.CreateConnection();
    }
}
