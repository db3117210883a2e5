using Dapper;
using MetaAdsJobs.Core.Meta;
using Npgsql;

namespace MetaAdsJobs.Core.Audit;

/// <summary>Writes the audit of changes at Meta: as part of the statement that journals them, so that it costs no commit of its own.</summary>
internal static class ChangeLog
{
    /// <summary>
    /// A CTE for the journal's statements; takes @AccountId, @RequestId, @AskedBy and @Changes. It does not depend on the fence:
    /// what was changed at Meta is recorded even when the journal's own write is refused.
    /// </summary>
    public const string Cte = """
        changes AS (
            INSERT INTO meta_changes (social_account_id, request_id, asked_by, method, path, sent, sent_at, outcome, http_status, answer)
            SELECT @AccountId, @RequestId, @AskedBy, c.method, c.path, c.sent, c.sent_at, c.outcome, c.http_status, c.answer
            FROM jsonb_to_recordset(@Changes::jsonb)
                AS c(method text, path text, sent jsonb, sent_at timestamptz, outcome text, http_status int, answer text))
        """;

    /// <summary>For changes no journal follows any more.</summary>
    public static async Task WriteAsync(NpgsqlDataSource dataSource, Guid accountId, Guid? requestId, string askedBy, MetaChanges changes, CancellationToken ct)
    {
        const string WriteSql = $"WITH {Cte} SELECT 1";
        var (json, count) = changes.ToJson();
        if (count == 0) return;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new(WriteSql, new { AccountId = accountId, RequestId = requestId, AskedBy = askedBy, Changes = json }, cancellationToken: ct));
        changes.Written(count);
    }
}
