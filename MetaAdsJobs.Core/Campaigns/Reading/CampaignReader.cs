using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Spending;
using Npgsql;

namespace MetaAdsJobs.Core.Campaigns.Reading;

/// <summary>Reads campaigns for people and programs. What a page reads does not grow with the table.</summary>
public sealed class CampaignReader
{
    /// <summary>Campaigns, newest first, among which one page looks for a state or for words.</summary>
    public const int MostWalked = 10_000;

    /// <summary>Whole days of numbers beside a campaign.</summary>
    public const int NumberDays = 7;

    private readonly NpgsqlDataSource _dataSource;
    private readonly CampaignTrees _trees;
    private readonly AccountStore _accounts;
    private readonly Activations _activations;
    private readonly TimeProvider _time;

    internal CampaignReader(NpgsqlDataSource dataSource, CampaignTrees trees, AccountStore accounts, Activations activations, TimeProvider time) =>
        (_dataSource, _trees, _accounts, _activations, _time) = (dataSource, trees, accounts, activations, time);

    /// <param name="before">The last id of the page before.</param>
    /// <returns>Newest first.</returns>
    public async Task<CampaignListing> ListAsync(CampaignFilter filter, long? before, int limit, CancellationToken ct)
    {
        var owner = filter.Search is null ? null : await _trees.FindOwnerAsync(filter.Search, ct);
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        var (ids, walkedTo, walkedSince) = await FindIdsAsync(connection, filter, owner, before, limit + 1, ct);
        var page = ids.Take(limit).ToArray();
        var campaigns = await SummariesAsync(connection, "c.id = ANY (@Page)", new { Page = page }, ct);
        return ids.Length > limit ? new(campaigns, page[^1], null) : new(campaigns, walkedTo, walkedSince);
    }

    /// <param name="metaId">Meta's id of the campaign.</param>
    public async Task<CampaignDetail?> FindAsync(string metaId, CancellationToken ct)
    {
        const string SaidSql = """
            SELECT meta_id, effective_status, issues::text AS issues FROM meta_campaigns WHERE request_id = @RequestId
            UNION ALL SELECT s.meta_id, s.effective_status, s.issues::text FROM meta_adsets s JOIN meta_campaigns c ON c.id = s.campaign_db_id WHERE c.request_id = @RequestId
            UNION ALL SELECT d.meta_id, d.effective_status, d.issues::text FROM meta_ads d JOIN meta_adsets s ON s.id = d.adset_db_id JOIN meta_campaigns c ON c.id = s.campaign_db_id WHERE c.request_id = @RequestId
            """;
        if (await _trees.FindAsync(metaId, ct) is not { } tree || tree.Campaign.MetaId != metaId) return null;
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        if (await SummariesAsync(connection, "c.request_id = @RequestId", new { tree.RequestId }, ct) is not [var summary]) return null;
        var said = (await connection.QueryAsync<SaidRow>(new(SaidSql, new { tree.RequestId }, cancellationToken: ct))).ToDictionary(row => row.MetaId);
        const string OutsideSql = """SELECT level, meta_id, field, was, "is", found_at FROM outside_changes WHERE request_id = @RequestId ORDER BY id DESC LIMIT 100""";
        var outside = (await connection.QueryAsync<OutsideChange>(new(OutsideSql, new { tree.RequestId }, cancellationToken: ct))).AsList();
        const string AdditionsSql = """
            SELECT request_id, requested_by, accepted_at AS requested_at, completed_at, status, request -> 'ad_sets' IS NOT DISTINCT FROM '[]' AS adopted FROM orchestrations
            WHERE request ? 'campaign_id' AND request ->> 'campaign_id' = @metaId AND request_id <> @RequestId AND request -> 'validate_only' IS NULL ORDER BY request_id DESC LIMIT 100
            """;
        var additions = (await connection.QueryAsync<CampaignAddition>(new(AdditionsSql, new { metaId, tree.RequestId }, cancellationToken: ct))).AsList();
        CampaignObject Shown(TreeObject one)
        {
            var row = said.GetValueOrDefault(one.MetaId) ?? new SaidRow();
            return new(one.MetaId, one.Name, one.Status, tree.EffectiveStatusOf(one, row.EffectiveStatus), Cents(one.Budget.Daily), Cents(one.Budget.Lifetime), one.Budget.StartTime, one.Budget.EndTime, Cents(one.Budget.BidAmount),
                JsonSerializer.Deserialize<ObjectIssue[]>(row.Issues, OrchestrationRequest.Json)!);
        }

        long? Cents(long? units) => units is null ? null : Currency.ToHundredths(tree.Currency, units.Value);
        return new(summary, tree.Currency, Shown(tree.Campaign), [.. tree.AdSets.Select(set => new CampaignAdSet(Shown(set), [.. tree.Ads.Where(ad => ad.ParentId == set.MetaId).Select(Shown)]))], outside, additions);
    }

    /// <summary>Why a campaign is paused still that a stop had paused, although that was lifted and its start is done: by what is known here, and as it stands now. It comes back when somebody resumes it, or with the start of another stop.</summary>
    /// <returns>Null: no start has left it so.</returns>
    public async Task<string?> WhyLeftPausedAsync(CampaignSummary campaign, CancellationToken ct)
    {
        // A stop that is in force, and a start that is not done, see to it themselves.
        const string UnderWaySql = "SELECT EXISTS (SELECT 1 FROM stops WHERE (lifted_at IS NULL OR job_id IS NOT NULL) AND (social_account_id IS NULL OR social_account_id = @SocialAccountId))";
        if (campaign.Spending != "paused" || await _accounts.FindAsync(campaign.SocialAccountId, ct) is not { RetiredAt: null } account) return null;
        await using (var connection = await _dataSource.OpenConnectionAsync(ct))
        {
            if (await connection.ExecuteScalarAsync<bool>(new(UnderWaySql, new { campaign.SocialAccountId }, cancellationToken: ct))) return null;
        }

        return await _activations.FindRefusalAsync(campaign.RequestId, account, ct) is { Refusal: { } refusal } ? refusal : "by what is known here nothing stands in its way any more";
    }

    // Only the conditions that are asked for, since one text for all would have to be planned for all. A state or words that nothing newer fits are not
    // looked for through the whole table at once.
    private static async Task<(long[] Ids, long? WalkedTo, DateTimeOffset? WalkedSince)> FindIdsAsync(NpgsqlConnection connection, CampaignFilter filter, Guid? owner, long? before, int limit, CancellationToken ct)
    {
        var patterns = filter.Search is null || owner is not null ? null : SearchWords.ToPatterns(filter.Search);
        if (patterns is []) return ([], null, null);
        List<string> walked = [], found = [];
        if (before is not null) walked.Add("c.id < @Before");
        if (filter.AccountId is not null) walked.Add("c.social_account_id = @AccountId");
        if (filter.Since is not null) walked.Add("c.created_at >= @Since::date::timestamp AT TIME ZONE 'UTC'");
        if (filter.Until is not null) walked.Add("c.created_at < (@Until::date + 1)::timestamp AT TIME ZONE 'UTC'");
        if (owner is not null) walked.Add("c.request_id = @Owner");
        if (filter.ClipId is not null) walked.Add($"c.request_id = ANY ({ClipScope.CampaignsSql})");
        if (filter.RequestedBy is not null) walked.Add("c.requested_by = @RequestedBy");
        AccountScope.AddTo(walked, "c.social_account_id");
        if (filter.Status is not null) found.Add("c.status = @Status");
        if (patterns is not null) found.Add("c.name ~* ALL (@Patterns)");
        var changed = filter.ChangedSince is { } moment ? await ChangedCampaigns.FindAsync(connection, moment, ct) : null;
        if (filter.ChangedSince is not null && changed is null) found.Add(ChangedCampaigns.HasSql);
        var most = filter.ChangedSince is not null && changed is null ? ChangedCampaigns.MostWalked : MostWalked;
        // A join, so that these alone are read, wherever they stand among all.
        var campaigns = (changed, AccountScope.IsFew && filter is { ChangedSince: not null, AccountId: null, ClipId: null, RequestedBy: null } && owner is null) switch
        {
            (not null, _) => "unnest(@Changed) AS n (request_id) JOIN meta_campaigns c ON c.request_id = n.request_id",
            (_, true) => $"({AccountScope.OfEach("c.id", "meta_campaigns c", string.Join(" AND ", walked), "c.social_account_id", "id DESC", "@Walk")}) n JOIN meta_campaigns c ON c.id = n.id",
            _ => "meta_campaigns c",
        };
        // Each is looked at in their order, and no further than to the last of the page.
        var walkSql = $"""
            WITH newest AS MATERIALIZED (SELECT c.id FROM {campaigns} {Where(walked)} ORDER BY c.id DESC LIMIT @Walk)
            SELECT ARRAY(
                    SELECT n.id FROM (SELECT id FROM newest ORDER BY id DESC OFFSET 0) n
                    CROSS JOIN LATERAL (SELECT 1 FROM meta_campaigns c WHERE c.id = n.id{string.Concat(found.Select(condition => $" AND {condition}"))} LIMIT 1) fits ORDER BY n.id DESC LIMIT @Limit) AS ids, l.id, l.created_at
            FROM (VALUES (1)) one (row) LEFT JOIN (SELECT c.id, c.created_at FROM meta_campaigns c WHERE c.id = (SELECT id FROM newest ORDER BY id DESC OFFSET {most - 1})) l ON true
            """;
        return await connection.QuerySingleAsync<(long[], long?, DateTimeOffset?)>(new(walkSql, new
        {
            Before = before, filter.AccountId, filter.ClipId, filter.RequestedBy, filter.Since, filter.Until, filter.ChangedSince, Changed = changed, Owner = owner, filter.Status, Patterns = patterns,
            Scope = AccountScope.Accounts, Walk = found.Count == 0 ? limit : most, Limit = limit,
        }, cancellationToken: ct));
    }

    private static string Where(List<string> conditions) => conditions.Count == 0 ? "" : "WHERE " + string.Join(" AND ", conditions);

    private async Task<IReadOnlyList<CampaignSummary>> SummariesAsync(NpgsqlConnection connection, string which, object parameters, CancellationToken ct)
    {
        var summarySql = $"""
            SELECT c.meta_id AS campaign_id, c.request_id, c.social_account_id, a.name AS account_name, a.ad_account_id, a.currency, a.timezone_name, c.name, c.objective, c.status, c.effective_status,
                   v.state AS spending, v.daily_cents, s.ad_sets, d.ads, d.refused_ads, o.requested_by, o.accepted_at AS requested_at, c.created_at, c.compared_at,
                   (SELECT x.found_at FROM outside_changes x WHERE x.request_id = c.request_id ORDER BY x.id DESC LIMIT 1) AS changed_outside_at,
                   (SELECT count(*) FROM campaign_edits e WHERE e.request_id = c.request_id AND e.state IN ('queued', 'running', 'waiting'))::int AS open_edits
            FROM meta_campaigns c JOIN social_accounts a ON a.id = c.social_account_id JOIN orchestrations o ON o.request_id = c.request_id LEFT JOIN activations v ON v.request_id = c.request_id
            CROSS JOIN LATERAL (SELECT count(*)::int AS ad_sets FROM meta_adsets s WHERE s.campaign_db_id = c.id) s
            CROSS JOIN LATERAL (
                SELECT count(*)::int AS ads, (count(*) FILTER (WHERE d.effective_status IN ('DISAPPROVED', 'WITH_ISSUES') AND d.status NOT IN ('DELETED', 'ARCHIVED')))::int AS refused_ads
                FROM meta_adsets s JOIN meta_ads d ON d.adset_db_id = s.id WHERE s.campaign_db_id = c.id) d
            WHERE {which} ORDER BY c.id DESC
            """;
        const string NumbersSql = """
            SELECT n.campaign_id, sum(d.spend) AS spend,
                   CASE WHEN count(d.result_type) = count(*) AND min(d.result_type) = max(d.result_type) THEN sum(d.results) END AS results,
                   CASE WHEN count(d.result_type) = count(*) AND min(d.result_type) = max(d.result_type) THEN min(d.result_type) END AS result_type
            FROM unnest(@CampaignIds, @AccountIds, @Since, @Until) AS n (campaign_id, account_id, since, until)
            JOIN insight_campaign_days d ON d.campaign_meta_id = n.campaign_id AND d.social_account_id = n.account_id AND d.date_start BETWEEN n.since AND n.until
            GROUP BY n.campaign_id
            """;
        var rows = (await connection.QueryAsync<SummaryRow>(new(summarySql, parameters, cancellationToken: ct))).AsList();
        if (rows.Count == 0) return [];
        var now = _time.GetUtcNow();
        var until = rows.ConvertAll(row => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(now, AccountZones.OrUtc(row.TimezoneName)).DateTime).AddDays(-1));
        var numbers = (await connection.QueryAsync<NumbersRow>(new(NumbersSql, new
        {
            CampaignIds = rows.Select(row => row.CampaignId).ToArray(), AccountIds = rows.Select(row => row.SocialAccountId).ToArray(), Since = until.Select(day => day.AddDays(1 - NumberDays)).ToArray(), Until = until.ToArray(),
        }, cancellationToken: ct))).ToDictionary(row => row.CampaignId);
        var trees = (await _trees.ListBudgetsAsync([.. rows.Select(row => row.RequestId)], ct)).ToDictionary(tree => tree.RequestId);
        return [.. rows.Select((row, i) => row.ToSummary(trees[row.RequestId], numbers.GetValueOrDefault(row.CampaignId), until[i], now))];
    }

    private sealed record SaidRow
    {
        public string MetaId { get; init; } = "";
        public string? EffectiveStatus { get; init; }
        public string Issues { get; init; } = "[]";
    }

    private sealed record NumbersRow
    {
        public string CampaignId { get; init; } = "";
        public decimal? Spend { get; init; }
        public decimal? Results { get; init; }
        public string? ResultType { get; init; }
    }

    private sealed record SummaryRow
    {
        public string CampaignId { get; init; } = "";
        public Guid RequestId { get; init; }
        public Guid SocialAccountId { get; init; }
        public string AccountName { get; init; } = "";
        public string AdAccountId { get; init; } = "";
        public string Currency { get; init; } = "";
        public string TimezoneName { get; init; } = "";
        public string Name { get; init; } = "";
        public string Objective { get; init; } = "";
        public string Status { get; init; } = "";
        public string? EffectiveStatus { get; init; }
        public string? Spending { get; init; }
        public long? DailyCents { get; init; }
        public int AdSets { get; init; }
        public int Ads { get; init; }
        public int RefusedAds { get; init; }
        public string RequestedBy { get; init; } = "";
        public DateTimeOffset RequestedAt { get; init; }
        public DateTimeOffset CreatedAt { get; init; }
        public DateTimeOffset? ComparedAt { get; init; }
        public DateTimeOffset? ChangedOutsideAt { get; init; }
        public int OpenEdits { get; init; }

        public CampaignSummary ToSummary(CampaignTree tree, NumbersRow? numbers, DateOnly until, DateTimeOffset now) => new()
        {
            CampaignId = CampaignId, RequestId = RequestId, SocialAccountId = SocialAccountId, AccountName = AccountName, AdAccountId = AdAccountId, Currency = Currency, Name = Name, Objective = Objective, Status = Status,
            EffectiveStatus = tree.EffectiveStatusOf(tree.Campaign, EffectiveStatus), Spending = Spending,
            DailyCents = Spending is "activating" or "active" or "paused" ? DailyCents!.Value : tree.WithAllOn().DailyAmountCents(now),
            AdSets = AdSets, Ads = Ads, RefusedAds = RefusedAds, RequestedBy = RequestedBy, RequestedAt = RequestedAt, CreatedAt = CreatedAt, ComparedAt = ComparedAt, ChangedOutsideAt = ChangedOutsideAt, OpenEdits = OpenEdits,
            LastDays = new(until.AddDays(1 - NumberDays), until, numbers?.Spend, numbers?.Results, numbers?.ResultType),
        };
    }
}
