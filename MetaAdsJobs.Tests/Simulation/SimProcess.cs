using System.Collections.Concurrent;
using MetaAdsJobs.Core.Alerts.Evaluating;
using MetaAdsJobs.Core.Batches;
using MetaAdsJobs.Core.Budgets.CarryingOut;
using MetaAdsJobs.Core.Budgets.Proposing;
using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Events;
using MetaAdsJobs.Core.Events.Delivering;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Experiments.Evaluating;
using MetaAdsJobs.Core.Insights;
using MetaAdsJobs.Core.Insights.Nightly;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Jobs.Recurring;
using MetaAdsJobs.Core.Meta;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Meta.Media;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Spending;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;
using Npgsql;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>A job as the queue keeps it.</summary>
internal sealed record Job(string Kind, Guid Id)
{
    /// <summary>Delivered beside the one that is delivered; nothing follows from it.</summary>
    public bool IsDouble { get; init; }

    /// <summary>Hangfire's own count.</summary>
    public int Retries { get; set; }
}

/// <summary>
/// One process of the service: the real modules with a wire, a clock and a queue of the simulation's. It dies as a whole: nothing it still
/// does reaches anything, and nothing it waits for ever comes.
/// </summary>
internal sealed class SimProcess : IAsyncDisposable
{
    private static readonly EphemeralDataProtectionProvider Protection = new(NullLoggerFactory.Instance);
    private readonly History _history;
    private readonly ServiceProvider _provider;

    public SimProcess(History history, string name, TimeSpan clockOffset)
    {
        (_history, Name, ClockOffset) = (history, name, clockOffset);
        var configuration = new ConfigurationManager();
        configuration.AddInMemoryCollection(history.Settings.Append(KeyValuePair.Create("DATABASE_URL", "Host=simulated;Database=simulated"))
            .ToDictionary(pair => pair.Key, pair => (string?)pair.Value));
        configuration.AddSeedKeys();
        var machine = new SimTime(history.Clockwork, this);
        Clock = new(machine);
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(configuration).AddSingleton(Clock).AddSingleton<TimeProvider>(Clock);
        services.AddSingleton(typeof(Microsoft.Extensions.Logging.ILogger<>), typeof(NullLogger<>)).AddSingleton<Microsoft.Extensions.Logging.ILoggerFactory>(NullLoggerFactory.Instance);
        services.AddMetaAdsJobs();
        services.AddSingleton(history.Database.Service).AddSingleton<IDataProtectionProvider>(Protection);
        services.AddSingleton<IJobQueue>(new SimQueue.Client(history.Queue, this)).AddSingleton<INightlySchedules, NoSchedules>();
        services.AddSingleton(provider => new GraphClient(new(new SimWire(history, this)) { Timeout = Timeout.InfiniteTimeSpan }, provider.GetRequiredService<MetaOptions>(),
            provider.GetRequiredService<Core.Meta.Pacing.GraphPacing>(), Clock, new Random(1), NullLogger<GraphClient>.Instance));
        services.AddSingleton(provider => new ImageDownloads(new(new SimImages()) { Timeout = Timeout.InfiniteTimeSpan }, provider.GetRequiredService<MetaOptions>(), Clock));
        services.AddSingleton(provider => new WebhookSender(new(new ReceiverWire(history, this)) { Timeout = Timeout.InfiniteTimeSpan }, provider.GetRequiredService<EventOptions>(), Clock));
        services.AddTransient<SweepJob>().AddSingleton<Schedules>().AddSingleton(Substitute.For<Hangfire.IRecurringJobManagerV2>());
        _provider = services.BuildServiceProvider();
        using var connection = history.Database.Aside.OpenConnection();
        Clock.Read(connection);
    }

    public string Name { get; }

    public TimeSpan ClockOffset { get; }

    public Clockwork Clockwork => _history.Clockwork;

    public ServiceClock Clock { get; }

    /// <summary>The one delay of this length is the renewal of a lease.</summary>
    public TimeSpan RenewalInterval => _history.Lease / 3;

    public bool IsDead { get; private set; }

    /// <summary>It takes no more jobs.</summary>
    public bool IsStopping { get; set; }

    /// <summary>Until then nothing of it runs.</summary>
    public DateTimeOffset SleepsUntil { get; set; }

    /// <summary>It takes jobs.</summary>
    public bool IsAwake => !IsStopping && SleepsUntil <= _history.Clockwork.Now;

    /// <summary>Its threads that wait before a statement.</summary>
    public ConcurrentDictionary<ManualResetEventSlim, bool> Parked { get; } = [];

    public List<Activity> Activities { get; } = [];

    public T Get<T>() where T : notnull => _provider.GetRequiredService<T>();

    public static string CloseToken(string token) => Protection.CreateProtector("social_accounts.access_token").Protect(token);

    /// <summary>Begins something in this process; the clockwork has it as soon as it waits for anything.</summary>
    public void Begin(string name, Func<CancellationToken, Task> work, Action<Task> ended)
    {
        var activity = new Activity(this, name);
        Activities.Add(activity);
        _history.Clockwork.Resume(activity);
        ThreadPool.UnsafeQueueUserWorkItem(_ => RunAsync(), null);

        async void RunAsync()
        {
            Clockwork.Mine.Value = activity;
            Task task;
            try
            {
                task = work(activity.Stopping.Token);
                await task;
            }
            catch (Exception exception)
            {
                task = Task.FromException(exception);
            }

            if (!IsDead)
            {
                Activities.Remove(activity);
                ended(task);
            }

            foreach (var renewal in activity.Background) _history.Clockwork.Rests(renewal, null);
            _history.Clockwork.Ends(activity);
        }
    }

    public void Run(Job job, Action<Task<JobOutcome>> ended)
    {
        Task<JobOutcome>? task = null;
        Begin($"{Name} {job.Kind} {_history.NameOf(job.Id)}", ct => task = job.Kind switch
        {
            "orchestration" => Get<RunOrchestration>().ExecuteAsync(job.Id, ct),
            "row" => RunRowAsync(ct),
            "batch" => Get<FeedBatches>().ExecuteAsync(job.Id, ct),
            "edit" => Get<RunEdit>().ExecuteAsync(job.Id, ct),
            "sync" => Get<RunSync>().ExecuteAsync(job.Id, ct),
            "pause" => Get<PauseSpending>().ExecuteAsync(job.Id, ct),
            "resume" => Get<ResumeSpending>().ExecuteAsync(job.Id, ct),
            "delivery" => Get<DeliverEvents>().ExecuteAsync(job.Id, ct),
            "alerts" => Get<EvaluateAlerts>().ExecuteAsync(ct),
            "experiments" => Get<JudgeExperiments>().ExecuteAsync(ct),
            "propose" => Get<ProposeBudgets>().ExecuteAsync(ct),
            "carry" => Get<CarryOutProposals>().ExecuteAsync(ct),
            "nightly" => Get<NightlySync>().ExecuteAsync(SyncScript.Zone, ct),
            _ => throw new InvalidOperationException(job.Kind),
        }, failed => ended(task ?? Task.FromException<JobOutcome>(failed.Exception!.InnerException!)));

        async Task<JobOutcome> RunRowAsync(CancellationToken ct)
        {
            var outcome = await Get<RunOrchestration>().ExecuteAsync(job.Id, ct);
            await Get<FeedBatches>().AfterAsync(job.Id, ct);
            return outcome;
        }
    }

    /// <summary>SIGKILL.</summary>
    public void Die()
    {
        IsDead = true;
        _history.Clockwork.ForgetAllOf(this);
        foreach (var parked in Parked.Keys) parked.Set();
    }

    /// <summary>SIGTERM: what runs hears of it, one after the other.</summary>
    public void Stop()
    {
        IsStopping = true;
        TellToStop();
    }

    /// <summary>Who is before a statement hears of it after that: whether a cancellation or the statement arrives first is nobody's choice.</summary>
    public void TellToStop()
    {
        if (!IsStopping || IsDead) return;
        foreach (var activity in Activities.Where(activity => !activity.Stopping.IsCancellationRequested && activity.Unsent == 0).ToList())
        {
            _history.Clockwork.Fire(activity.Stopping.Cancel);
            _history.Clockwork.WaitUntilQuiet();
        }
    }

    public ValueTask DisposeAsync()
    {
        Die();
        return _provider.DisposeAsync();
    }

    private sealed class NoSchedules : INightlySchedules
    {
        public void Ensure(string timezoneName)
        {
        }
    }

    private sealed class SimImages : HttpMessageHandler
    {
        private static readonly byte[] Png = [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A, 1, 2, 3];

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage(System.Net.HttpStatusCode.OK) { Content = new ByteArrayContent(Png) });
    }
}
