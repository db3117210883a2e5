using Dapper;
using Npgsql;

namespace MetaAdsJobs.Core.Experiments.Planning;

/// <summary>Ends an experiment without a verdict. Its ads are left as they are; what was proposed is taken back.</summary>
public sealed class StopExperiment(NpgsqlDataSource dataSource, TimeProvider time)
{
    /// <returns>False when it has ended before; null when there is none.</returns>
    public async Task<bool?> ExecuteAsync(Guid id, string by, CancellationToken ct)
    {
        const string StopSql = """
            WITH stopped AS (UPDATE experiments SET state = 'stopped', stopped_by = @By, stopped_at = @Now WHERE id = @Id AND state = 'running' RETURNING id),
            taken_back AS (UPDATE experiment_proposals p SET state = 'withdrawn', withdrawn_why = @Why FROM stopped s WHERE p.experiment_id = s.id AND p.state = 'open')
            SELECT EXISTS (SELECT 1 FROM stopped) FROM experiments WHERE id = @Id
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<bool?>(new(StopSql, new { Id = id, By = by, Why = "The experiment was stopped", Now = time.GetUtcNow() }, cancellationToken: ct));
    }
}
