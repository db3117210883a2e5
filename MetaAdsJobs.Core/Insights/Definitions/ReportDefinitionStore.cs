using Dapper;
using Npgsql;

namespace MetaAdsJobs.Core.Insights.Definitions;

internal sealed class ReportDefinitionStore(NpgsqlDataSource dataSource)
{
    public async Task<IReadOnlyList<ReportDefinition>> ListAsync(Guid socialAccountId, CancellationToken ct)
    {
        const string ListSql = """
            SELECT id, social_account_id, name, level, fields, breakdowns, attribution_windows, created_at FROM report_definitions
            WHERE social_account_id = @AccountId AND ended_at IS NULL ORDER BY id
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<ReportDefinition>(new(ListSql, new { AccountId = socialAccountId }, cancellationToken: ct))).AsList();
    }
}
