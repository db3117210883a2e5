using MetaAdsJobs.Core.Meta.Stub.Objects;
using Npgsql;

namespace MetaAdsJobs.Core.Meta.Stub.Insights;

/// <summary>
/// Lists the subjects of a report, oldest first, from a given place on. As at Meta, an account's report leaves out what
/// is deleted; a deleted object's own report still tells its numbers.
/// </summary>
internal sealed class InsightSubjects(NpgsqlDataSource dataSource)
{
    private const string PageSql = """
        WITH page AS (
            SELECT id, name, parent_id, created_at FROM stub_graph.objects
            WHERE [scope] AND kind = $2 AND (deleted_at IS NULL OR NOT $3) AND (created_at, id) >= ($4, $5)
            ORDER BY created_at, id LIMIT $6
        )
        """;

    private const string AdsSql = PageSql + """

        SELECT ad.created_at, ad.id, campaign.id, campaign.name, adset.id, adset.name, ad.id, ad.name, ARRAY[ad.id]
        FROM page ad
        JOIN stub_graph.objects adset ON adset.id = ad.parent_id
        JOIN stub_graph.objects campaign ON campaign.id = adset.parent_id
        ORDER BY ad.created_at, ad.id
        """;

    private const string AdSetsSql = PageSql + """

        SELECT adset.created_at, adset.id, campaign.id, campaign.name, adset.id, adset.name, NULL::text, NULL::text, ARRAY(
            SELECT ad.id FROM stub_graph.objects ad WHERE ad.parent_id = adset.id AND (ad.deleted_at IS NULL OR NOT $3))
        FROM page adset JOIN stub_graph.objects campaign ON campaign.id = adset.parent_id
        ORDER BY adset.created_at, adset.id
        """;

    private const string CampaignsSql = PageSql + """

        SELECT campaign.created_at, campaign.id, campaign.id, campaign.name, NULL::text, NULL::text, NULL::text, NULL::text, ARRAY(
            SELECT ad.id FROM stub_graph.objects adset JOIN stub_graph.objects ad ON ad.parent_id = adset.id
            WHERE adset.parent_id = campaign.id AND (ad.deleted_at IS NULL OR NOT $3))
        FROM page campaign
        ORDER BY campaign.created_at, campaign.id
        """;

    // The account is its own only subject; the unused parameters keep the numbering.
    private const string AccountSql = """
        SELECT 'epoch'::timestamptz, $1, NULL::text, NULL::text, NULL::text, NULL::text, NULL::text, NULL::text, ARRAY(
            SELECT id FROM stub_graph.objects WHERE account_id = $1 AND kind = 'ad' AND deleted_at IS NULL)
        WHERE $2::text IS NOT NULL AND $3 AND ('epoch'::timestamptz, $1) >= ($4, $5) AND $6 > 0
        """;

    public async Task<List<InsightSubject>> ListAsync(InsightNode node, InsightLevel level, StubCursor from, int limit, CancellationToken ct)
    {
        await using var command = dataSource.With(
            Sql(level).Replace("[scope]", Scope(node.Level, level), StringComparison.Ordinal),
            node.Id, level.Name, node.Level == InsightLevel.Account, from.CreatedAt, from.Id, limit);
        var found = new List<InsightSubject>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            found.Add(InsightSubject.Read(rows));

        return found;
    }

    private static string Sql(InsightLevel level) => level.Name switch
    {
        "ad" => AdsSql,
        "adset" => AdSetsSql,
        "campaign" => CampaignsSql,
        _ => AccountSql,
    };

    private static string Scope(InsightLevel own, InsightLevel asked) => (own.Name, asked.Depth - own.Depth) switch
    {
        ("account", _) => "account_id = $1",
        (_, 0) => "id = $1",
        (_, 1) => "parent_id = $1",
        _ => "parent_id IN (SELECT child.id FROM stub_graph.objects child WHERE child.parent_id = $1)",
    };
}

/// <summary>The node a report hangs on: an account (its digits) or a campaign, ad set or ad.</summary>
internal sealed record InsightNode(string Id, InsightLevel Level, StubAccount Account);
