using Dapper;
using Npgsql;

namespace MetaAdsJobs.Core.Campaigns.Reading;

/// <summary>
/// Campaigns of which something that lists tell has changed since a moment: by an edit, a comparison, a look at its ads, a stop or a start, or a run that has added to it. What edits or adds to it still may
/// change it at any time. None is missed; some are told that look as before.
/// </summary>
internal static class ChangedCampaigns
{
    /// <summary>Changes that are looked up one by one; of more than these, campaigns are walked through, newest first, and each is asked whether it has changed.</summary>
    public const int Most = 2_000;

    /// <summary>Campaigns that one page asks so.</summary>
    public const int MostWalked = 1_000;

    // That of a run which has added to another's campaign is that one's.
    private const string IntoSql = "o.request ? 'campaign_id' AND o.request -> 'validate_only' IS NULL";

    /// <summary>Of a campaign c: a condition that takes @ChangedSince. No EXISTS: whoever plans it could look through all that has ever changed first.</summary>
    public const string HasSql = $"""
        (c.told_at >= @ChangedSince
         OR (SELECT v.told_at FROM activations v WHERE v.request_id = c.request_id) >= @ChangedSince
         OR (SELECT max(COALESCE(e.completed_at, 'infinity')) FROM campaign_edits e WHERE e.request_id = c.request_id) >= @ChangedSince
         OR (SELECT o.reviewed_at FROM orchestrations o WHERE o.request_id = c.request_id) >= @ChangedSince
         OR (SELECT max(GREATEST(COALESCE(o.completed_at, 'infinity'), o.reviewed_at)) FROM orchestrations o WHERE {IntoSql} AND o.request ->> 'campaign_id' = c.meta_id) >= @ChangedSince)
        """;

    private const string FindSql = $"""
        SELECT c.request_id FROM meta_campaigns c WHERE c.told_at >= @ChangedSince
        UNION ALL SELECT v.request_id FROM activations v WHERE v.told_at >= @ChangedSince
        UNION ALL SELECT e.request_id FROM campaign_edits e WHERE e.completed_at >= @ChangedSince
        UNION ALL SELECT e.request_id FROM campaign_edits e WHERE e.state IN ('queued', 'running', 'waiting')
        UNION ALL SELECT o.request_id FROM orchestrations o WHERE o.reviewed_at >= @ChangedSince
        UNION ALL SELECT h.request_id FROM orchestrations o JOIN meta_campaigns h ON h.meta_id = o.request ->> 'campaign_id'
            WHERE {IntoSql} AND (o.status IN ('queued', 'running', 'waiting') OR o.completed_at >= @ChangedSince OR o.reviewed_at >= @ChangedSince)
        LIMIT @Limit
        """;

    /// <returns>The runs that made them; null when there are more changes than are looked up.</returns>
    public static async Task<Guid[]?> FindAsync(NpgsqlConnection connection, DateTimeOffset changedSince, CancellationToken ct)
    {
        var changes = (await connection.QueryAsync<Guid>(new(FindSql, new { ChangedSince = changedSince, Limit = Most + 1 }, cancellationToken: ct))).AsList();
        return changes.Count > Most ? null : [.. changes.Distinct()];
    }
}
