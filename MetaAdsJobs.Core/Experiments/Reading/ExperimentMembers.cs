using Dapper;
using Npgsql;

namespace MetaAdsJobs.Core.Experiments.Reading;

/// <summary>Which objects are compared with others just now: whoever moved their budgets would spoil the comparison.</summary>
internal static class ExperimentMembers
{
    /// <returns>Those of the given campaigns and ad sets, by Meta's ids, that are of an experiment which is not over.</returns>
    public static async Task<IReadOnlySet<string>> ListAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, IReadOnlyCollection<string> metaIds, CancellationToken ct)
    {
        const string MembersSql = """
            SELECT s.meta_id FROM experiments x JOIN meta_adsets s ON s.request_id = x.request_id
            WHERE x.state = 'running' AND s.meta_id = ANY (@MetaIds)
            UNION SELECT c.meta_id FROM experiments x JOIN meta_campaigns c ON c.request_id = x.request_id WHERE x.state = 'running' AND c.meta_id = ANY (@MetaIds)
            """;
        return (await connection.QueryAsync<string>(new(MembersSql, new { MetaIds = metaIds.ToArray() }, transaction, cancellationToken: ct))).ToHashSet(StringComparer.Ordinal);
    }
}
