using Dapper;
using MetaAdsJobs.Core.Audit;
using Npgsql;

namespace MetaAdsJobs.Core.Experiments.Planning;

/// <summary>Ends an experiment without a verdict. Its ads are left as they are; what was proposed is taken back.</summary>
public sealed class StopExperiment(NpgsqlDataSource dataSource, TimeProvider time)
{
    /// <returns>False when it has ended before; null when there is none.</returns>
    public async Task<bool?> ExecuteAsync(Guid id, string by, CancellationToken ct)
    {
        var stopSql = $"""
            WITH stopped AS (UPDATE experiments SET state = 'stopped', stopped_by = @By, stopped_at = @Now WHERE id = @Id AND state = 'running' RETURNING id, name, social_account_id),
            taken_back AS (UPDATE experiment_proposals p SET state = 'withdrawn', withdrawn_why = @Why FROM stopped s WHERE p.experiment_id = s.id AND p.state = 'open'),
            act AS ({ActLog.InsertFrom("stopped", account: "social_account_id", name: "name")})
            SELECT EXISTS (SELECT 1 FROM stopped) FROM experiments WHERE id = @Id
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var (now, act) = (time.GetUtcNow(), new Act("experiment", $"{id}", null, "stopped", null, ActLog.Differences(new { State = "running" }, new { State = "stopped" })));
        return await connection.QuerySingleOrDefaultAsync<bool?>(new(stopSql, ActLog.With(new { Id = id, By = by, Why = "The experiment was stopped", Now = now }, act, now), cancellationToken: ct));
    }
}
