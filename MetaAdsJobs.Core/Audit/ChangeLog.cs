using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Meta;
using MetaAdsJobs.Core.Meta.Graph;
using Npgsql;

namespace MetaAdsJobs.Core.Audit;

/// <summary>Writes the audit of changes at Meta: as part of the statement that journals them, so that it costs no commit of its own.</summary>
internal static class ChangeLog
{
    /// <summary>
    /// A CTE for the journal's statements; takes @AccountId, @RequestId, @AskedBy and <see cref="OpenChanges"/>. It does not depend on the fence:
    /// what was changed at Meta is recorded even when the journal's own write is refused.
    /// </summary>
    public const string Cte = """
        changes AS (
            INSERT INTO meta_changes (social_account_id, request_id, asked_by, asked_key, method, path, sent, sent_at, outcome, http_status, answer)
            SELECT @AccountId, @RequestId, @AskedBy, @AskedKey, c.*
            FROM unnest(@Methods::text[], @Paths::text[], @Sents::jsonb[], @SentAts::timestamptz[], @Outcomes::text[], @HttpStatuses::int[], @Answers::text[]) AS c)
        """;

    /// <summary>Which objects the audit tells were activated since then, or perhaps were.</summary>
    public static async Task<IReadOnlySet<string>> ListActivatedAsync(NpgsqlDataSource dataSource, Guid requestId, DateTimeOffset since, CancellationToken ct)
    {
        const string ListSql = "SELECT DISTINCT path FROM meta_changes WHERE request_id = @RequestId AND sent ->> 'status' = 'ACTIVE' AND sent_at >= @Since";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<string>(new(ListSql, new { RequestId = requestId, Since = since }, cancellationToken: ct))).ToHashSet();
    }

    /// <summary>Which of these objects the audit tells were deleted, by Meta's own answer.</summary>
    public static async Task<IReadOnlySet<string>> ListDeletedAsync(NpgsqlDataSource dataSource, Guid requestId, IReadOnlyList<string> metaIds, CancellationToken ct)
    {
        const string DeletedSql = "SELECT DISTINCT path FROM meta_changes WHERE request_id = @RequestId AND method = 'DELETE' AND outcome = 'done' AND path = ANY (@MetaIds)";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<string>(new(DeletedSql, new { RequestId = requestId, MetaIds = metaIds.ToArray() }, cancellationToken: ct))).ToHashSet();
    }

    /// <summary>Whether the audit tells that these values were sent to the object, or perhaps were, since then.</summary>
    public static async Task<bool> IsToldAsync(NpgsqlDataSource dataSource, Guid requestId, string metaId, GraphFields sent, DateTimeOffset since, CancellationToken ct)
    {
        const string ToldSql = "SELECT EXISTS (SELECT 1 FROM meta_changes WHERE request_id = @RequestId AND path = @MetaId AND sent_at >= @Since AND sent @> @Sent::jsonb)";
        var json = JsonSerializer.Serialize(MetaChanges.Told(sent));
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<bool>(new(ToldSql, new { RequestId = requestId, MetaId = metaId, Since = since, Sent = json }, cancellationToken: ct));
    }

    /// <summary>For changes no journal follows any more.</summary>
    public static async Task WriteAsync(NpgsqlDataSource dataSource, Guid accountId, Guid? requestId, string askedBy, MetaChanges changes, CancellationToken ct)
    {
        const string WriteSql = $"WITH {Cte} SELECT 1";
        var open = changes.Open();
        if (open.Count == 0) return;
        var parameters = new DynamicParameters(open);
        parameters.AddDynamicParams(new { AccountId = accountId, RequestId = requestId, AskedBy = askedBy });
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new(WriteSql, parameters, cancellationToken: ct));
        changes.Written(open);
    }
}
