using Dapper;
using MetaAdsJobs.Core.Alerts.Reading;
using MetaAdsJobs.Core.Clips.Files;
using MetaAdsJobs.Core.Events.Delivering;
using MetaAdsJobs.Core.Insights.Nightly;
using MetaAdsJobs.Core.Orchestrations.Outcomes;
using MetaAdsJobs.Core.Publishers.Receiving;
using Npgsql;

namespace MetaAdsJobs.Core.Jobs.Recurring;

/// <summary>
/// Hangfire's way into <see cref="Sweep"/>; stops have a sweep of their own, on their own threads, and the files of clips theirs, daily. Then it makes sure of the schedules, makes up for nights that
/// were not fanned out, clears the staging table, forgets old events and alerts, and counts how runs have ended; what fails keeps nothing else from being done.
/// </summary>
internal sealed class SweepJob(NpgsqlDataSource dataSource, Sweep sweep, Schedules schedules, NightlySync nights, RunDays runDays, SweepClipFiles clipFiles, PurgeEvents purgeEvents, PurgeAlerts purgeAlerts, PurgeClipEvents purgeClipEvents)
{
    public const string Kind = "sweep";

    public async Task<JobOutcome?> RunAsync(CancellationToken ct)
    {
        // What a sync that has ended, or a zombie of one, may have left in the staging table.
        const string StagingSql = """
            WITH over AS (
                DELETE FROM insight_staging_marks m USING insight_syncs s WHERE s.sync_id = m.sync_id AND s.state IN ('succeeded', 'failed') RETURNING m.sync_id)
            DELETE FROM insight_staging t USING over WHERE t.sync_id = over.sync_id
            """;
        // The count last: what it costs keeps nobody's run waiting.
        await Sweep.EachAsync(() => sweep.RescueAsync(ct), () => schedules.EnsureNightsAsync(ct), MakeUpNightsAsync, ClearStagingAsync, () => purgeEvents.ExecuteAsync(ct), () => purgeAlerts.ExecuteAsync(ct), () => purgeClipEvents.ExecuteAsync(ct), () => runDays.CountAsync(ct));
        return null;

        async Task MakeUpNightsAsync() => await Sweep.EachAsync([.. (await nights.ListBehindAsync(ct)).Select(zone => (Func<Task>)(() => nights.ExecuteAsync(zone, ct)))]);

        async Task ClearStagingAsync()
        {
            await using var connection = await dataSource.OpenConnectionAsync(ct);
            await connection.ExecuteAsync(new(StagingSql, commandTimeout: 600, cancellationToken: ct));
        }
    }

    public async Task<JobOutcome?> RunClipFilesAsync(CancellationToken ct)
    {
        await clipFiles.ExecuteAsync(ct);
        return null;
    }

    public async Task<JobOutcome?> RunBrakesAsync(CancellationToken ct)
    {
        await sweep.RescueBrakesAsync(ct);
        return null;
    }
}
