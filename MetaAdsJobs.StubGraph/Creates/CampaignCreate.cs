using MetaAdsJobs.StubGraph.Objects;
using Npgsql;

namespace MetaAdsJobs.StubGraph.Creates;

/// <summary>A campaign has no parent: nothing to look at.</summary>
internal static class CampaignCreate
{
    private const string InsertSql = """
        INSERT INTO stub_graph.objects (id, kind, account_id, name, status, fields, created_at, updated_at, searchable_at)
        VALUES ($1, 'campaign', $2, $3, $4, $5::jsonb, $6, $6, $6)
        """;

    public static async Task<StubRefusal?> InsertAsync(
        NpgsqlDataSource dataSource, NewObject created, StubCall call, CancellationToken ct)
    {
        if (call.IsOnlyValidating)
            return null;

        await using var command = dataSource.With(
            InsertSql, created.Id, created.AccountId, created.Name, created.Status, created.FieldsJson, created.At);
        await command.ExecuteNonQueryAsync(ct);
        return null;
    }
}
