using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Core.Meta.Ads;
using Npgsql;

namespace MetaAdsJobs.Core.Campaigns;

/// <summary>A campaign that was made here, as lists show it.</summary>
public sealed record CampaignSummary
{
    /// <summary>Meta's id.</summary>
    public required string CampaignId { get; init; }
    public required Guid RequestId { get; init; }
    public required Guid SocialAccountId { get; init; }
    public required string Name { get; init; }
    public required string Objective { get; init; }

    /// <summary>How the campaign itself is switched, as last known: ACTIVE, PAUSED, ARCHIVED or DELETED.</summary>
    public required string Status { get; init; }

    /// <summary>What Meta makes of it; null until it was looked at.</summary>
    public string? EffectiveStatus { get; init; }

    /// <summary>Whether caps count it and stops pause it: activating, active, paused (by a stop), idle or ended; null when it was never activated.</summary>
    public string? Spending { get; init; }

    /// <summary>What it may spend a day when it is on, in hundredths of the currency.</summary>
    public long? DailyCents { get; init; }
    public required int AdSets { get; init; }
    public required int Ads { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was last compared with Meta; null: not yet.</summary>
    public DateTimeOffset? ComparedAt { get; init; }

    /// <summary>When the last change from outside was found; null: none.</summary>
    public DateTimeOffset? ChangedOutsideAt { get; init; }

    /// <summary>Edits that have not ended.</summary>
    public required int OpenEdits { get; init; }
}

/// <summary>One object of a campaign's tree. Budgets are hundredths of the account's currency.</summary>
public sealed record CampaignObject(string MetaId, string Name, string Status, long? DailyBudgetCents, long? LifetimeBudgetCents, DateTimeOffset? StartTime, DateTimeOffset? EndTime);

public sealed record CampaignAdSet(CampaignObject AdSet, IReadOnlyList<CampaignObject> Ads);

/// <summary>Something that was not as we had left it: changed in Ads Manager, or by Meta.</summary>
public sealed record OutsideChange
{
    /// <summary>campaign, adset or ad.</summary>
    public required string Level { get; init; }
    public required string MetaId { get; init; }

    /// <summary>status, name, daily_budget, lifetime_budget or end_time; budgets in Meta's units of the currency.</summary>
    public required string Field { get; init; }
    public string? Was { get; init; }
    public string? Is { get; init; }

    /// <summary>When it was seen; it was done at some time since the look before.</summary>
    public required DateTimeOffset FoundAt { get; init; }
}

/// <summary>A campaign with all that hangs on it, and the last hundred changes from outside, newest first.</summary>
public sealed record CampaignDetail(CampaignSummary Campaign, string Currency, CampaignObject Budget, IReadOnlyList<CampaignAdSet> AdSets, IReadOnlyList<OutsideChange> OutsideChanges);

public sealed record CampaignFilter(Guid? AccountId = null, string? Status = null, string? Search = null);

/// <summary>Reads campaigns and their edits for people and programs.</summary>
public sealed class CampaignReader
{
    private readonly NpgsqlDataSource _dataSource;
    private readonly CampaignTrees _trees;

    internal CampaignReader(NpgsqlDataSource dataSource, CampaignTrees trees) => (_dataSource, _trees) = (dataSource, trees);

    private const string SummarySql = """
        SELECT c.id, c.meta_id AS campaign_id, c.request_id, c.social_account_id, c.name, c.objective, c.status, c.effective_status, v.state AS spending, v.daily_cents, c.created_at, c.compared_at,
               (SELECT x.found_at FROM outside_changes x WHERE x.request_id = c.request_id ORDER BY x.id DESC LIMIT 1) AS changed_outside_at,
               (SELECT count(*) FROM meta_adsets s WHERE s.request_id = c.request_id)::int AS ad_sets, (SELECT count(*) FROM meta_ads d WHERE d.request_id = c.request_id)::int AS ads,
               (SELECT count(*) FROM campaign_edits e WHERE e.request_id = c.request_id AND e.state IN ('queued', 'running', 'waiting'))::int AS open_edits
        FROM meta_campaigns c LEFT JOIN activations v ON v.request_id = c.request_id
        """;

    /// <param name="before">The last id of the page before.</param>
    /// <returns>Newest first, and the id to go on before; null at the end.</returns>
    public async Task<(IReadOnlyList<CampaignSummary> Items, long? Next)> ListAsync(CampaignFilter filter, long? before, int limit, CancellationToken ct)
    {
        const string ListSql = $"""
            {SummarySql}
            WHERE (@AccountId::uuid IS NULL OR c.social_account_id = @AccountId) AND (@Status::text IS NULL OR c.status = @Status) AND (@Search::text IS NULL OR c.name ILIKE @Pattern OR c.meta_id = @Search)
              AND (@Before::bigint IS NULL OR c.id < @Before)
            ORDER BY c.id DESC LIMIT @Limit
            """;
        var pattern = filter.Search is null ? null : $"%{filter.Search.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal)}%";
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        var rows = (await connection.QueryAsync<SummaryRow>(new(ListSql, new { filter.AccountId, filter.Status, filter.Search, Pattern = pattern, Before = before, Limit = limit + 1 }, cancellationToken: ct))).AsList();
        var page = rows.Take(limit).ToList();
        return (page.ConvertAll(row => row.ToSummary()), rows.Count > limit ? page[^1].Id : null);
    }

    /// <param name="metaId">Meta's id of the campaign.</param>
    public async Task<CampaignDetail?> FindAsync(string metaId, CancellationToken ct)
    {
        if (await _trees.FindAsync(metaId, ct) is not { } tree || tree.Campaign.MetaId != metaId) return null;
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        var row = await connection.QuerySingleAsync<SummaryRow>(new($"{SummarySql} WHERE c.meta_id = @MetaId", new { MetaId = metaId }, cancellationToken: ct));
        const string OutsideSql = """SELECT level, meta_id, field, was, "is", found_at FROM outside_changes WHERE request_id = @RequestId ORDER BY id DESC LIMIT 100""";
        var outside = (await connection.QueryAsync<OutsideChange>(new(OutsideSql, new { tree.RequestId }, cancellationToken: ct))).AsList();
        CampaignObject Shown(TreeObject one) => new(one.MetaId, one.Name, one.Status, Cents(one.Budget.Daily), Cents(one.Budget.Lifetime), one.Budget.StartTime, one.Budget.EndTime);
        long? Cents(long? units) => units is null ? null : Currency.ToHundredths(tree.Currency, units.Value);
        return new(row.ToSummary(), tree.Currency, Shown(tree.Campaign), [.. tree.AdSets.Select(set => new CampaignAdSet(Shown(set), [.. tree.Ads.Where(ad => ad.ParentId == set.MetaId).Select(Shown)]))], outside);
    }

    private const string EditSql = """
        SELECT e.number, e.edit_id, e.social_account_id, e.request_id, c.meta_id AS campaign_id, e.level, e.meta_id, e.kind, e.fields::text AS fields, e.found::text AS found, e.asked_by, e.state AS status, e.wait_reason,
               e.next_attempt_at, e.attempt, e.error, e.asked_at, e.started_at, e.completed_at
        FROM campaign_edits e JOIN meta_campaigns c ON c.request_id = e.request_id
        """;

    public async Task<CampaignEdit?> FindEditAsync(Guid editId, CancellationToken ct)
    {
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        return (await connection.QuerySingleOrDefaultAsync<EditRow>(new($"{EditSql} WHERE e.edit_id = @EditId", new { EditId = editId }, cancellationToken: ct)))?.ToEdit();
    }

    /// <param name="campaignId">Meta's id; null for all campaigns.</param>
    /// <param name="before">The last number of the page before.</param>
    /// <returns>Newest first, and the number to go on before; null at the end.</returns>
    public async Task<(IReadOnlyList<CampaignEdit> Items, long? Next)> ListEditsAsync(string? campaignId, Guid? accountId, string? status, long? before, int limit, CancellationToken ct)
    {
        const string ListSql = $"""
            {EditSql}
            WHERE (@CampaignId::text IS NULL OR e.request_id = (SELECT request_id FROM meta_campaigns WHERE meta_id = @CampaignId)) AND (@AccountId::uuid IS NULL OR e.social_account_id = @AccountId)
              AND (@Status::text IS NULL OR e.state = @Status) AND (@Before::bigint IS NULL OR e.number < @Before)
            ORDER BY e.number DESC LIMIT @Limit
            """;
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        var rows = (await connection.QueryAsync<EditRow>(new(ListSql, new { CampaignId = campaignId, AccountId = accountId, Status = status, Before = before, Limit = limit + 1 }, cancellationToken: ct))).AsList();
        var page = rows.Take(limit).ToList();
        return (page.ConvertAll(row => row.ToEdit()), rows.Count > limit ? page[^1].Number : null);
    }

    private sealed record SummaryRow
    {
        public long Id { get; init; }
        public string CampaignId { get; init; } = "";
        public Guid RequestId { get; init; }
        public Guid SocialAccountId { get; init; }
        public string Name { get; init; } = "";
        public string Objective { get; init; } = "";
        public string Status { get; init; } = "";
        public string? EffectiveStatus { get; init; }
        public string? Spending { get; init; }
        public long? DailyCents { get; init; }
        public int AdSets { get; init; }
        public int Ads { get; init; }
        public DateTimeOffset CreatedAt { get; init; }
        public DateTimeOffset? ComparedAt { get; init; }
        public DateTimeOffset? ChangedOutsideAt { get; init; }
        public int OpenEdits { get; init; }

        public CampaignSummary ToSummary() => new()
        {
            CampaignId = CampaignId, RequestId = RequestId, SocialAccountId = SocialAccountId, Name = Name, Objective = Objective, Status = Status, EffectiveStatus = EffectiveStatus, Spending = Spending,
            DailyCents = DailyCents, AdSets = AdSets, Ads = Ads, CreatedAt = CreatedAt, ComparedAt = ComparedAt, ChangedOutsideAt = ChangedOutsideAt, OpenEdits = OpenEdits,
        };
    }

    private sealed record EditRow
    {
        public long Number { get; init; }
        public Guid EditId { get; init; }
        public Guid SocialAccountId { get; init; }
        public Guid RequestId { get; init; }
        public string CampaignId { get; init; } = "";
        public string Level { get; init; } = "";
        public string MetaId { get; init; } = "";
        public string Kind { get; init; } = "";
        public string Fields { get; init; } = "{}";
        public string? Found { get; init; }
        public string AskedBy { get; init; } = "";
        public string Status { get; init; } = "";
        public string? WaitReason { get; init; }
        public DateTimeOffset? NextAttemptAt { get; init; }
        public int Attempt { get; init; }
        public string? Error { get; init; }
        public DateTimeOffset AskedAt { get; init; }
        public DateTimeOffset? StartedAt { get; init; }
        public DateTimeOffset? CompletedAt { get; init; }

        public CampaignEdit ToEdit() => new()
        {
            EditId = EditId, SocialAccountId = SocialAccountId, RequestId = RequestId, CampaignId = CampaignId, Level = Level, MetaId = MetaId, Kind = Kind, Fields = JsonSerializer.Deserialize<JsonObject>(Fields)!,
            Found = Found is null ? null : JsonSerializer.Deserialize<JsonObject>(Found), AskedBy = AskedBy, Status = Status, WaitReason = WaitReason, NextAttemptAt = NextAttemptAt, Attempt = Attempt, Error = Error,
            AskedAt = AskedAt, StartedAt = StartedAt, CompletedAt = CompletedAt,
        };
    }
}
