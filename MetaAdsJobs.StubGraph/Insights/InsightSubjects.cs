using MetaAdsJobs.StubGraph.Numbers;
using MetaAdsJobs.StubGraph.Objects;
using Npgsql;

namespace MetaAdsJobs.StubGraph.Insights;

/// <summary>
/// Lists the subjects of a report that have ads in it, oldest first, from a given place on. As at Meta, an account's
/// report leaves out what is deleted unless asked for it, though the account's own sum counts it; a deleted object's own report still tells its numbers.
/// </summary>
internal sealed class InsightSubjects(NpgsqlDataSource dataSource)
{
    private const string WantedAd = """
            (ad.deleted_at IS NULL OR NOT $2)
            AND ($3::text[] IS NULL OR ad.id = ANY ($3))
            AND ($4::text[] IS NULL OR ad.parent_id = ANY ($4))
            AND ($5::text[] IS NULL
                OR (SELECT above.parent_id FROM stub_graph.objects above WHERE above.id = ad.parent_id) = ANY ($5))
            AND ($6::text[] IS NULL OR (SELECT seen.effective_status FROM stub_graph.seen WHERE seen.id = ad.id) = ANY ($6))
        """;

    private const string AdsSql = $"""
        WITH ad AS (
            SELECT id, name, parent_id, created_at FROM stub_graph.objects ad
            WHERE [scope] AND kind = 'ad' AND (created_at, id) >= ($7, $8) AND {WantedAd}
            ORDER BY created_at, id LIMIT $9
        )
        SELECT ad.created_at, ad.id, campaign.id, campaign.name, adset.id, adset.name, ad.id, ad.name, adset.fields ->> 'optimization_goal',
               campaign.fields ->> 'objective', coalesce(campaign.fields ->> 'buying_type', 'AUCTION'), ARRAY[stub_graph.with_market(ad.id)]
        FROM ad
        JOIN stub_graph.objects adset ON adset.id = ad.parent_id
        JOIN stub_graph.objects campaign ON campaign.id = adset.parent_id
        ORDER BY ad.created_at, ad.id
        """;

    private const string AdSetsSql = $"""
        SELECT adset.created_at, adset.id, campaign.id, campaign.name, adset.id, adset.name, NULL::text, NULL::text,
               adset.fields ->> 'optimization_goal', campaign.fields ->> 'objective',
               coalesce(campaign.fields ->> 'buying_type', 'AUCTION'), wanted.ads
        FROM stub_graph.objects adset
        JOIN stub_graph.objects campaign ON campaign.id = adset.parent_id
        CROSS JOIN LATERAL (SELECT array_agg(stub_graph.with_market(ad.id)) AS ads FROM stub_graph.objects ad WHERE ad.parent_id = adset.id AND {WantedAd}) wanted
        WHERE adset.[scope] AND adset.kind = 'adset' AND (adset.created_at, adset.id) >= ($7, $8) AND wanted.ads IS NOT NULL
        ORDER BY adset.created_at, adset.id LIMIT $9
        """;

    private const string CampaignsSql = $"""
        SELECT campaign.created_at, campaign.id, campaign.id, campaign.name, NULL::text, NULL::text, NULL::text, NULL::text, NULL::text,
               campaign.fields ->> 'objective', coalesce(campaign.fields ->> 'buying_type', 'AUCTION'), wanted.ads
        FROM stub_graph.objects campaign
        CROSS JOIN LATERAL (
            SELECT array_agg(stub_graph.with_market(ad.id)) AS ads FROM stub_graph.objects adset JOIN stub_graph.objects ad ON ad.parent_id = adset.id
            WHERE adset.parent_id = campaign.id AND {WantedAd}) wanted
        WHERE campaign.[scope] AND campaign.kind = 'campaign' AND (campaign.created_at, campaign.id) >= ($7, $8) AND wanted.ads IS NOT NULL
        ORDER BY campaign.created_at, campaign.id LIMIT $9
        """;

    // The account is its own only subject.
    private const string AccountSql = $"""
        SELECT 'epoch'::timestamptz, $1, NULL::text, NULL::text, NULL::text, NULL::text, NULL::text, NULL::text, NULL::text, NULL::text,
               NULL::text, wanted.ads
        FROM (SELECT array_agg(stub_graph.with_market(ad.id)) AS ads FROM stub_graph.objects ad WHERE account_id = $1 AND kind = 'ad' AND {WantedAd}) wanted
        WHERE wanted.ads IS NOT NULL AND ('epoch'::timestamptz, $1) >= ($7, $8) LIMIT $9
        """;

    public async Task<List<InsightSubject>> ListAsync(InsightNode node, InsightQuery query, StubCursor from, int limit, CancellationToken ct)
    {
        await using var command = With(Scoped(Sql(query.Level), node, query.Level), node, query, from.CreatedAt, from.Id, limit);
        var found = new List<InsightSubject>();
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct))
            found.Add(InsightSubject.Read(rows));

        return found;
    }

    private const string CountSql = $"""
        SELECT count(DISTINCT CASE $7
                   WHEN 'ad' THEN ad.id
                   WHEN 'adset' THEN ad.parent_id
                   WHEN 'campaign' THEN (SELECT above.parent_id FROM stub_graph.objects above WHERE above.id = ad.parent_id)
                   ELSE ad.account_id END),
               coalesce(bool_or(ad.id = $8), false)
        FROM stub_graph.objects ad WHERE ad.[scope] AND ad.kind = 'ad' AND {WantedAd}
        """;

    /// <summary>How many subjects the report has, and whether the given ad is in it.</summary>
    public async Task<(long Subjects, bool HasAd)> CountAsync(InsightNode node, InsightQuery query, string? adId, CancellationToken ct)
    {
        await using var command = With(Scoped(CountSql, node, InsightLevel.Ad), node, query, query.Level.Name, adId ?? "");
        await using var rows = await command.ExecuteReaderAsync(ct);
        await rows.ReadAsync(ct);
        return (rows.GetInt64(0), rows.GetBoolean(1));
    }

    private NpgsqlCommand With(string sql, InsightNode node, InsightQuery query, params ReadOnlySpan<object?> more)
    {
        var (filter, hidesDeleted) = (query.Filter, node.Level == InsightLevel.Account && query.Level != InsightLevel.Account && !query.Filter.AsksForDeleted);
        return dataSource.With(sql, [node.Id, hidesDeleted, filter.AdIds, filter.AdSetIds, filter.CampaignIds, filter.Statuses, .. more]);
    }

    private static string Sql(InsightLevel level) => level.Name switch
    {
        "ad" => AdsSql,
        "adset" => AdSetsSql,
        "campaign" => CampaignsSql,
        _ => AccountSql,
    };

    private static string Scoped(string sql, InsightNode node, InsightLevel asked) => sql.Replace("[scope]", (node.Level.Name, asked.Depth - node.Level.Depth) switch
    {
        ("account", _) => "account_id = $1",
        (_, 0) => "id = $1",
        (_, 1) => "parent_id = $1",
        // An array: PostgreSQL would take a set, whose size it does not know, for large, and go through all objects.
        _ => "parent_id = ANY (ARRAY(SELECT child.id FROM stub_graph.objects child WHERE child.parent_id = $1))",
    }, StringComparison.Ordinal);
}

/// <summary>Who a row is about, with the ids and names above it, and the ads whose numbers make up the row.</summary>
internal sealed record InsightSubject(
    StubCursor Place,
    string? CampaignId,
    string? CampaignName,
    string? AdSetId,
    string? AdSetName,
    string? AdId,
    string? AdName,
    string? OptimizationGoal,
    string? Objective,
    string? BuyingType,
    AdNumbers[] Ads)
{
    public static InsightSubject Read(NpgsqlDataReader row) => new(
        new StubCursor(row.GetFieldValue<DateTimeOffset>(0), row.GetString(1)),
        Nullable(row, 2),
        Nullable(row, 3),
        Nullable(row, 4),
        Nullable(row, 5),
        Nullable(row, 6),
        Nullable(row, 7),
        Nullable(row, 8),
        Nullable(row, 9),
        Nullable(row, 10),
        Array.ConvertAll(row.GetFieldValue<string[]>(11), AdNumbers.Of));

    private static string? Nullable(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}

/// <summary>The node a report hangs on: an account (its digits) or a campaign, ad set or ad.</summary>
internal sealed record InsightNode(string Id, InsightLevel Level, StubAccount Account)
{
    // Where nobody told the account's time zone, a day is over once it is over somewhere: yesterday always has its row.
    public DateTimeOffset Local(DateTimeOffset now) =>
        Account.IsKnown && TimeZoneInfo.TryFindSystemTimeZoneById(Account.TimezoneName, out var zone)
            ? TimeZoneInfo.ConvertTime(now, zone)
            : now.ToOffset(TimeSpan.FromHours(14));
}
