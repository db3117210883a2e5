using Dapper;
using MetaAdsJobs.Core.Orchestrations.Outcomes;
using Npgsql;

namespace MetaAdsJobs.Core.Jobs;

/// <summary>Hangfire's way into <see cref="Sweep"/>. Then it makes sure of the schedules, clears the staging table and counts how runs have ended.</summary>
internal sealed class SweepJob(NpgsqlDataSource dataSource, Sweep sweep, Schedules schedules, RunDays runDays)
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
        await sweep.RescueAsync(ct);
        await schedules.EnsureNightsAsync(ct);
        await using (var connection = await dataSource.OpenConnectionAsync(ct))
            await connection.ExecuteAsync(new(StagingSql, commandTimeout: 600, cancellationToken: ct));
        // Last: what it costs keeps nobody's run waiting.
        await runDays.CountAsync(ct);
        return null;
    }
}
