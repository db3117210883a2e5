using System.Collections.Concurrent;
using System.Globalization;
using Hangfire;
using Hangfire.Storage;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Insights;
using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Jobs.Recurring;

/// <summary>The recurring jobs: a nightly sync per time zone in which accounts live, the daily token check, the alert rules, the experiments, the budget pools, and the sweeps.</summary>
internal sealed partial class Schedules(IRecurringJobManagerV2 recurring, AccountStore accounts, InsightsOptions options, ILogger<Schedules> logger) : INightlySchedules
{
    private const string NightlyPrefix = "nightly insights ";

    // What was told once; another time when it is unknown again.
    private readonly ConcurrentDictionary<string, bool> _unknown = [];

    public void Ensure(string timezoneName)
    {
        var id = NightlyPrefix + timezoneName;
        var cron = string.Create(CultureInfo.InvariantCulture, $"{options.NightlyTime.Minute} {options.NightlyTime.Hour} * * *");
        // Writing takes a lock that all writers of the schedule share, and a hundred accounts may be added at once: look first.
        using (var connection = recurring.Storage.GetConnection())
        {
            // Without a next time Hangfire has disabled it: it did not know the zone, or the job, ten times in a row.
            if (connection.GetAllEntriesFromHash($"recurring-job:{id}") is { } known && known.GetValueOrDefault("Cron") == cron && known.GetValueOrDefault("NextExecution") is { Length: > 0 }) return;
        }

        recurring.AddOrUpdate<NightlySyncJob>(id, Queues.Insights, job => job.RunAsync(timezoneName, CancellationToken.None), cron,
            new RecurringJobOptions { TimeZone = TimeZoneInfo.FindSystemTimeZoneById(timezoneName) });
    }

    /// <summary>A nightly sync for every zone in which an account lives.</summary>
    /// <returns>The zones.</returns>
    public async Task<IReadOnlyList<string>> EnsureNightsAsync(CancellationToken ct)
    {
        var zones = await accounts.ListTimezonesAsync(ct);
        foreach (var (zone, isKnownThere) in zones)
        {
            if (AccountZones.IsKnown(zone)) Ensure(zone);
            if (AccountZones.IsKnown(zone) && isKnownThere)
                _unknown.TryRemove(zone, out _);
            else if (!_unknown.TryAdd(zone, true))
                continue;
            else if (AccountZones.IsKnown(zone))
                LogUnknownToDatabase(logger, zone, string.Join(", ", await accounts.ListNamesInAsync(zone, ct)));
            else
                LogUnknownZone(logger, zone, string.Join(", ", await accounts.ListNamesInAsync(zone, ct)));
        }

        return [.. zones.Select(zone => zone.Name)];
    }

    /// <summary>Hangfire disables what it could not put on the queue ten times in a row, and enables it never: a sweep as well as a night.</summary>
    public async Task EnableAgainAsync(CancellationToken ct)
    {
        using (var connection = recurring.Storage.GetConnection())
            if (connection.GetRecurringJobs().All(job => job.NextExecution is not null)) return;
        await EnsureAllAsync(ct);
    }

    /// <summary>Run at every start of a worker: schedules follow the accounts and the configuration.</summary>
    public async Task EnsureAllAsync(CancellationToken ct)
    {
        var zones = await EnsureNightsAsync(ct);
        using (var connection = recurring.Storage.GetConnection())
        {
            foreach (var stale in connection.GetRecurringJobs().Where(job =>
                job.Id.StartsWith(NightlyPrefix, StringComparison.Ordinal) && !zones.Contains(job.Id[NightlyPrefix.Length..])))
                recurring.RemoveIfExists(stale.Id);
        }

        recurring.AddOrUpdate<SweepJob>("sweep of stops", Queues.Brakes, job => job.RunBrakesAsync(CancellationToken.None), Cron.Minutely());
        recurring.AddOrUpdate<SweepJob>("sweep", Queues.Campaigns, job => job.RunAsync(CancellationToken.None), Cron.Minutely());
        recurring.AddOrUpdate<AlertJob>("alert rules", Queues.Events, job => job.RunAsync(CancellationToken.None), Cron.Minutely());
        recurring.AddOrUpdate<BudgetJob>("budget pools", Queues.Events, job => job.RunAsync(CancellationToken.None), Cron.Minutely());
        recurring.AddOrUpdate<ExperimentJob>("experiments", Queues.Insights, job => job.RunAsync(CancellationToken.None), Cron.Minutely());
        recurring.AddOrUpdate<SweepJob>("sweep of clip files", Queues.Insights, job => job.RunClipFilesAsync(CancellationToken.None), Cron.Daily(4, 10));
        recurring.AddOrUpdate<TokenCheckJob>("token check", Queues.Insights, job => job.RunAsync(CancellationToken.None), Cron.Daily(4, 30));
    }

    [LoggerMessage(4010, LogLevel.Error, "This machine does not know the time zone {TimezoneName}: no nightly sync for {Accounts} until it does, or until they are given another one")]
    private static partial void LogUnknownZone(ILogger logger, string timezoneName, string accounts);

    [LoggerMessage(4011, LogLevel.Error, "PostgreSQL does not know the time zone {TimezoneName}: no budget pools, no experiments and no rules by days for {Accounts} until it does, or until they are given another one")]
    private static partial void LogUnknownToDatabase(ILogger logger, string timezoneName, string accounts);
}
