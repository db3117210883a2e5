using Hangfire;
using Hangfire.AspNetCore;
using Hangfire.Common;
using Hangfire.Server;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Events;
using MetaAdsJobs.Core.Insights.Storing;
using MetaAdsJobs.Core.Jobs.Filters;
using MetaAdsJobs.Core.Jobs.Recurring;
using MetaAdsJobs.Core.Jobs.Storage;
using MetaAdsJobs.Core.Jobs.Watching;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Orchestrations.Review;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace MetaAdsJobs.Core.Jobs;

public static class JobServices
{
    /// <summary>What every process needs: the storage, the client that enqueues, and the filters that give states their meaning.</summary>
    public static IServiceCollection AddJobs(this IServiceCollection services)
    {
        services.AddOptionsFor<JobOptions>(JobOptions.Section);
        services.AddSingleton<JobStorage>(provider => HangfireStorage.Create(provider.GetRequiredService<NpgsqlDataSource>(), provider.GetRequiredService<JobOptions>()));
        services.AddKeyedSingleton(Connections.OfJobServer, (provider, _) => DatabaseServices.CreateDataSource(provider,
            most: provider.GetRequiredService<JobOptions>().WorkerThreads + provider.GetRequiredService<JobOptions>().BrakeThreads + Connections.MoreOfJobServer, options: "-c synchronous_commit=off"));
        services.AddSingleton<RequeueFilter>();
        services.AddSingleton<IJobFilterProvider>(provider => Filters(
            provider.GetRequiredService<OrchestrationOptions>(), provider.GetRequiredService<RequeueFilter>(), provider.GetRequiredService<TimeProvider>()));
        // Our own instead of Hangfire's global one, which is of whichever host was built last.
        services.AddSingleton<JobActivator>(provider => new AspNetCoreJobActivator(provider.GetRequiredService<IServiceScopeFactory>()));
        services.AddHangfire(hangfire => hangfire.UseTypeSerializer(JobKinds.Serialize).UseTypeResolver(JobKinds.Resolve));
        services.AddSingleton<IJobQueue, HangfireJobQueue>();
        services.AddSingleton<Schedules>();
        services.AddSingleton<INightlySchedules>(provider => provider.GetRequiredService<Schedules>());
        services.AddSingleton<Sweep>();
        services.AddSingleton<JobNames>();
        services.AddSingleton<JobPresses>();
        services.AddSingleton<QueueReader>();
        services.AddSingleton<JobHistory>();
        services.AddSingleton<WorkerHealth>();
        services.AddSingleton(provider => new JobReader(provider.GetRequiredService<NpgsqlDataSource>(), provider.GetRequiredService<JobNames>()));
        return services;
    }

    /// <summary>What a worker process adds: the server that runs the jobs, and the schedules.</summary>
    public static IServiceCollection AddJobServer(this IServiceCollection services)
    {
        services.AddTransient<OrchestrationJob>();
        services.AddTransient<CampaignEditJob>();
        services.AddTransient<BatchJob>();
        services.AddTransient<InsightSyncJob>();
        services.AddTransient<NightlySyncJob>();
        services.AddTransient<SweepJob>();
        services.AddTransient<TokenCheckJob>();
        services.AddPacingExchange();
        services.AddTransient<PauseSpendingJob>();
        services.AddTransient<ResumeSpendingJob>();
        services.AddTransient<DeliveryJob>();
        services.AddTransient<AlertJob>();
        services.AddTransient<BudgetJob>();
        services.AddTransient<ExperimentJob>();
        services.AddDeliveryBell();
        services.AddHostedService<EnsureSchedules>();
        services.AddHostedService<ReviewLoop>();
        services.AddKeyedSingleton(Connections.OfJobServer, (provider, _) =>
            HangfireStorage.Create(provider.GetRequiredKeyedService<NpgsqlDataSource>(Connections.OfJobServer), provider.GetRequiredService<JobOptions>()));
        // It keeps what both have taken.
        services.AddSingleton<IHostedService>(provider => Server(provider, (_, _) => { }, provider.GetRequiredKeyedService<HangfireStorage>(Connections.OfJobServer).Taken));
        // However long the threads above are held by slow calls: a stop is carried out at once. What is due is put on the queue by the server above.
        services.AddSingleton<IHostedService>(provider => Server(provider, (server, jobs) =>
            (server.WorkerCount, server.Queues, server.IsLightweightServer) = (jobs.BrakeThreads, [Queues.Brakes], true)));
        // However many rows of batches there are: what somebody asks for by itself finds a thread at once. They look only while all others are at work.
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<JobOptions>().ReservedThreads == 0 ? new NoServer() : Server(provider, (server, jobs) =>
            (server.WorkerCount, server.Queues, server.IsLightweightServer) = (jobs.ReservedThreads, Queues.Reserved, true)));
        services.AddSingleton<Microsoft.Extensions.Options.IConfigureOptions<HostOptions>>(provider =>
            new Microsoft.Extensions.Options.ConfigureOptions<HostOptions>(host =>
                host.ShutdownTimeout = TimeSpan.FromSeconds(provider.GetRequiredService<JobOptions>().StopTimeoutSeconds + 5)));
        return services;
    }

    /// <summary>The same queue, written over other connections: a job joins only the commit of rows that are written over these too.</summary>
    internal static IJobQueue QueueOver(IServiceProvider provider, NpgsqlDataSource dataSource) => new HangfireJobQueue(
        provider.GetRequiredService<IBackgroundJobClientFactoryV2>().GetClientV2(HangfireStorage.Create(dataSource, provider.GetRequiredService<JobOptions>())), dataSource);

    private static BackgroundJobServerHostedService Server(IServiceProvider provider, Action<BackgroundJobServerOptions, JobOptions> configure, params IBackgroundProcess[] more)
    {
        var jobs = provider.GetRequiredService<JobOptions>();
        var server = new BackgroundJobServerOptions
        {
            WorkerCount = jobs.WorkerThreads - jobs.ReservedThreads,
            Queues = Queues.All,
            SchedulePollingInterval = TimeSpan.FromSeconds(jobs.SchedulePollSeconds),
            HeartbeatInterval = TimeSpan.FromSeconds(10),
            ServerTimeout = TimeSpan.FromMinutes(1),
            ShutdownTimeout = TimeSpan.FromSeconds(jobs.StopTimeoutSeconds),
            // Jobs hear of the stop this soon; they end their call to Meta, hand the rest back, and another worker goes on.
            StopTimeout = TimeSpan.FromSeconds(1),
            CancellationCheckInterval = TimeSpan.FromSeconds(5),
            Activator = provider.GetRequiredService<JobActivator>(),
            FilterProvider = provider.GetRequiredService<IJobFilterProvider>(),
            TimeZoneResolver = provider.GetService<ITimeZoneResolver>(),
        };
        configure(server, jobs);
        // What Hangfire configures globally has to be before its first server.
        provider.GetRequiredService<IGlobalConfiguration>();
        return new(provider.GetRequiredKeyedService<HangfireStorage>(Connections.OfJobServer), server, more, provider.GetService<IHostApplicationLifetime>());
    }

    // Our own set instead of Hangfire's global one: nothing static, and no filter whose rows nobody reads.
    private static JobFilterProviderCollection Filters(OrchestrationOptions options, RequeueFilter requeue, TimeProvider time)
    {
        var filters = new JobFilterCollection
        {
            { new AutomaticRetryAttribute { Attempts = options.MaxRetries, DelayInSecondsByAttemptFunc = attempt => RetryBackoff.Seconds(options, attempt) }, 10 },
            { new JobOutcomeFilter(), 20 },
            { requeue, 30 },
            { new JobTelemetryFilter(time), 35 },
            { new JobLogFilter(), 40 },
            { new StatisticsHistoryAttribute(), 50 },
        };
        return [new JobFilterAttributeFilterProvider(), filters];
    }

    private sealed class NoServer : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
