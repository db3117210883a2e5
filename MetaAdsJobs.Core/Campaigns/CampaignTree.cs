using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Orchestrations.Requests;
using Npgsql;

namespace MetaAdsJobs.Core.Campaigns;

/// <summary>What may be spent, in Meta's units of the account's currency, when, and for how much each. At most one of the two budgets; none where it is the campaign's.</summary>
internal sealed record Budget(long? Daily, long? Lifetime, DateTimeOffset? StartTime = null, DateTimeOffset? EndTime = null, long? BidAmount = null)
{
    public bool IsAny => Daily is not null || Lifetime is not null;
}

/// <summary>One object of a tree, as we last knew it.</summary>
/// <param name="ParentId">An ad's ad set, an ad set's campaign.</param>
/// <param name="Status">How it is switched itself, whatever its parents are.</param>
internal sealed record TreeObject(AdObject Kind, string MetaId, string? ParentId, string Name, string Status, Budget Budget)
{
    /// <summary>Of an ad: Meta's id of what it shows.</summary>
    public string? CreativeId { get; init; }

    public bool IsGone => Status is "DELETED" or "ARCHIVED";
    public bool IsOn => Status == "ACTIVE";
}

/// <summary>A campaign that was made or adopted here, with its ad sets and ads, as we last knew them.</summary>
/// <param name="RequestId">Of the run that made or adopted the campaign; what hangs on it may be of later ones.</param>
internal sealed record CampaignTree(Guid RequestId, Guid AccountId, string Currency, TreeObject Campaign, IReadOnlyList<TreeObject> AdSets, IReadOnlyList<TreeObject> Ads)
{
    public TreeObject? Find(string metaId) => All.FirstOrDefault(one => one.MetaId == metaId);

    public IEnumerable<TreeObject> All => [Campaign, .. AdSets, .. Ads];

    /// <summary>The object and what hangs on it: from the campaign down.</summary>
    public IReadOnlyList<TreeObject> Below(TreeObject top) => [top, .. AdSets.Where(set => set.ParentId == top.MetaId),
        .. Ads.Where(ad => ad.ParentId == top.MetaId || (top.Kind == AdObject.Campaign && ad.MetaId != top.MetaId))];

    public CampaignTree With(IReadOnlyCollection<string> metaIds, Func<TreeObject, TreeObject> change)
    {
        TreeObject Changed(TreeObject one) => metaIds.Contains(one.MetaId) ? change(one) : one;
        return this with { Campaign = Changed(Campaign), AdSets = [.. AdSets.Select(Changed)], Ads = [.. Ads.Select(Changed)] };
    }

    /// <summary>As an edit would make it of what is switched and budgeted.</summary>
    public CampaignTree After(TreeObject one, EditKind kind, EditFields fields)
    {
        if (kind is EditKind.Publish or EditKind.Resume)
            return With([.. (kind == EditKind.Publish ? Below(one) : [one]).Where(each => !each.IsGone).Select(each => each.MetaId)], each => each with { Status = "ACTIVE" });
        long? Units(long? cents) => cents is null ? null : MetaAdsJobs.Core.Meta.Ads.Currency.FromHundredths(Currency, cents.Value);
        return With([one.MetaId], each => each with
        {
            Budget = each.Budget with { Daily = Units(fields.DailyBudgetCents) ?? each.Budget.Daily, Lifetime = Units(fields.LifetimeBudgetCents) ?? each.Budget.Lifetime, EndTime = fields.EndTime ?? each.Budget.EndTime },
        });
    }

    /// <summary>
    /// As it stands at Meta, as far as it was read: with the budgets and ends that were seen, and on what is on there. What is known to be on counts as on whatever is seen: it comes back
    /// with its campaign. What Meta has not shown may be there all the same.
    /// </summary>
    /// <param name="seen">By their ids.</param>
    public CampaignTree AsSeen(IReadOnlyDictionary<string, ObjectValues> seen) => With([.. seen.Keys], one =>
    {
        var now = seen[one.MetaId];
        // A budget that is not told is not one that is gone. Of ends Meta counts no fractions of seconds.
        var budget = now.DailyBudget is null && now.LifetimeBudget is null ? one.Budget : one.Budget with { Daily = now.DailyBudget, Lifetime = now.LifetimeBudget };
        if (one.Kind == AdObject.AdSet && now.EndTime?.ToUnixTimeSeconds() != budget.EndTime?.ToUnixTimeSeconds()) budget = budget with { EndTime = now.EndTime };
        return one with { Status = now.Status == "ACTIVE" ? "ACTIVE" : one.Status, Budget = budget };
    });

    /// <summary>As publishing its campaign would make it.</summary>
    public CampaignTree WithAllOn() => With([.. All.Where(one => !one.IsGone).Select(one => one.MetaId)], one => one with { Status = "ACTIVE" });

    /// <summary>What Meta makes of an object: what it said last, unless that was of switches alone. Those are as we know them since.</summary>
    /// <param name="said">What Meta has said; null when it was never asked.</param>
    public string? EffectiveStatusOf(TreeObject one, string? said)
    {
        if (one.IsGone) return one.Status;
        if (said is not ("ACTIVE" or "PAUSED" or "CAMPAIGN_PAUSED" or "ADSET_PAUSED")) return said;
        if (!one.IsOn) return "PAUSED";
        if (one.Kind == AdObject.Ad && Find(one.ParentId!) is { IsOn: false }) return "ADSET_PAUSED";
        return one.Kind != AdObject.Campaign && !Campaign.IsOn ? "CAMPAIGN_PAUSED" : "ACTIVE";
    }

    /// <summary>What it may spend a day when its campaign is on, in hundredths of the currency: of those ad sets that are on and have not ended, or of the campaign that has the budget. Meta leaves on what has ended; a later end takes a permit for it again.</summary>
    public long DailyAmountCents(DateTimeOffset now) => Campaign.Budget.IsAny
        ? PerDay(Campaign.Budget with { StartTime = AdSets.Any(set => set.Budget.StartTime is null) ? null : AdSets.Min(set => set.Budget.StartTime), EndTime = AdSets.Where(set => !set.IsGone).Max(set => set.Budget.EndTime) }, now)
        : AdSets.Where(set => set.IsOn && !(set.Budget.EndTime <= now)).Sum(set => PerDay(set.Budget, now));

    /// <summary>When the last ad set ends; null when any has no end.</summary>
    public DateTimeOffset? LastEnd => AdSets.Where(set => !set.IsGone).Select(set => set.Budget.EndTime).Aggregate((DateTimeOffset?)DateTimeOffset.MinValue, (last, end) => last is null || end is null ? null : end > last ? end : last) is { } end
        && end > DateTimeOffset.MinValue ? end : null;

    // The whole of a lifetime budget, also when some of it is spent: Meta tells that late, and too much counts for a cap rather than too little.
    private long PerDay(Budget budget, DateTimeOffset now) => MetaAdsJobs.Core.Meta.Ads.Currency.ToHundredths(Currency,
        budget.Daily ?? (budget is { Lifetime: { } lifetime, EndTime: { } end } ? Schedule.PerDay(lifetime, Schedule.Days(budget.StartTime, end, now)) : budget.Lifetime ?? 0));
}

/// <summary>Reads trees of runs that have succeeded.</summary>
internal sealed class CampaignTrees(NpgsqlDataSource dataSource)
{
    /// <param name="metaId">Meta's id of any of its objects.</param>
    public async Task<CampaignTree?> FindAsync(string metaId, CancellationToken ct) => await FindOwnerAsync(metaId, ct) is { } requestId ? await FindOfAsync(requestId, ct) : null;

    /// <summary>The run that made the campaign, or adopted it, in whose tree an object is: later ones may have added to it.</summary>
    /// <param name="metaId">Meta's id.</param>
    public async Task<Guid?> FindOwnerAsync(string metaId, CancellationToken ct)
    {
        var whoseSql = $"""
            SELECT request_id FROM meta_campaigns c WHERE c.meta_id = @MetaId{AccountScope.And("c.social_account_id")}
            UNION ALL SELECT c.request_id FROM meta_adsets s JOIN meta_campaigns c ON c.id = s.campaign_db_id WHERE s.meta_id = @MetaId{AccountScope.And("c.social_account_id")}
            UNION ALL SELECT c.request_id FROM meta_ads d JOIN meta_adsets s ON s.id = d.adset_db_id JOIN meta_campaigns c ON c.id = s.campaign_db_id WHERE d.meta_id = @MetaId{AccountScope.And("c.social_account_id")}
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.QueryFirstOrDefaultAsync<Guid?>(new(whoseSql, new { MetaId = metaId, Scope = AccountScope.Accounts }, cancellationToken: ct));
    }

    public async Task<CampaignTree?> FindOfAsync(Guid requestId, CancellationToken ct) => (await ReadAsync($"{BudgetsSql} {AdsSql}", [requestId], ct)).SingleOrDefault();

    /// <summary>Several, without their ads: what may be spent hangs on none of those.</summary>
    public Task<IReadOnlyList<CampaignTree>> ListBudgetsAsync(Guid[] requestIds, CancellationToken ct) => ReadAsync(BudgetsSql, requestIds, ct);

    private const string BudgetsSql = """
        SELECT c.request_id, 0 AS kind, c.meta_id, NULL AS parent_id, c.name, c.status, c.daily_budget, c.lifetime_budget, NULL::timestamptz AS start_time, NULL::timestamptz AS end_time, NULL::bigint AS bid_amount, c.id,
               c.social_account_id AS account_id, a.currency, NULL AS creative_id
        FROM meta_campaigns c JOIN social_accounts a ON a.id = c.social_account_id WHERE c.request_id = ANY (@RequestIds)
        UNION ALL
        SELECT c.request_id, 1, s.meta_id, c.meta_id, s.name, s.status, s.daily_budget, s.lifetime_budget, s.start_time, s.end_time, s.bid_amount, s.id, c.social_account_id, s.currency, NULL
        FROM meta_adsets s JOIN meta_campaigns c ON c.id = s.campaign_db_id WHERE c.request_id = ANY (@RequestIds)
        """;

    private const string AdsSql = """
        UNION ALL
        SELECT c.request_id, 3, d.meta_id, s.meta_id, d.name, d.status, NULL, NULL, NULL, NULL, NULL, d.id, NULL, NULL, r.meta_id
        FROM meta_ads d JOIN meta_adsets s ON s.id = d.adset_db_id JOIN meta_campaigns c ON c.id = s.campaign_db_id LEFT JOIN meta_creatives r ON r.id = d.creative_db_id WHERE c.request_id = ANY (@RequestIds)
        """;

    private async Task<IReadOnlyList<CampaignTree>> ReadAsync(string treesSql, Guid[] requestIds, CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<Row>(new($"{treesSql} ORDER BY kind, id", new { RequestIds = requestIds }, cancellationToken: ct));
        return [.. rows.GroupBy(row => row.RequestId).Select(tree =>
        {
            var first = tree.First();
            var objects = tree.Select(row => new TreeObject((AdObject)row.Kind, row.MetaId, row.ParentId, row.Name, row.Status, new(row.DailyBudget, row.LifetimeBudget, row.StartTime, row.EndTime, row.BidAmount)) { CreativeId = row.CreativeId }).ToList();
            return new CampaignTree(tree.Key, first.AccountId!.Value, first.Currency!, objects[0], [.. objects.Where(one => one.Kind == AdObject.AdSet)], [.. objects.Where(one => one.Kind == AdObject.Ad)]);
        })];
    }

    private sealed record Row
    {
        public Guid RequestId { get; init; }
        public int Kind { get; init; }
        public string MetaId { get; init; } = "";
        public string? ParentId { get; init; }
        public string Name { get; init; } = "";
        public string Status { get; init; } = "";
        public long? DailyBudget { get; init; }
        public long? LifetimeBudget { get; init; }
        public DateTimeOffset? StartTime { get; init; }
        public DateTimeOffset? EndTime { get; init; }
        public long? BidAmount { get; init; }
        public Guid? AccountId { get; init; }
        public string? Currency { get; init; }
        public string? CreativeId { get; init; }
    }
}
