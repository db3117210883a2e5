using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Orchestrations.Requests.Ads;
using MetaAdsJobs.Core.Orchestrations.Steps;
using Npgsql;

namespace MetaAdsJobs.Core.Campaigns.Adopting;

/// <summary>What was recorded of a campaign that was found.</summary>
/// <param name="DailyCents">What the campaign may spend a day.</param>
/// <param name="ActiveCents">What all that counts in the account may.</param>
internal sealed record Recorded(Guid? RequestId, bool IsNew, int AdSets, int Ads, long DailyCents, long ActiveCents);

/// <summary>
/// Records a campaign as a run that has succeeded and asked for nothing, so that all that knows the campaigns of runs knows it, too. What was known before is left to the comparison, which is
/// due at once.
/// </summary>
internal sealed class AdoptionStore(NpgsqlDataSource dataSource, TimeProvider time)
{
    // Also one that ended while the campaign was read: what was read of it may have been taken away again since.
    private const string Open = "(status IN ('queued', 'running', 'waiting', 'failed') OR completed_at > @Since)";

    public DateTimeOffset Now => time.GetUtcNow();

    /// <param name="since">When it began to be read.</param>
    /// <returns>One of the two: why it is not recorded.</returns>
    public async Task<(Adoption? Not, Recorded? Recorded)> SaveAsync(SocialAccount account, MetaTree found, DateTimeOffset since, string askedBy, CancellationToken ct)
    {
        // The account's row: one adoption, and no permit, at a time.
        const string KnownSql = """
            SELECT 1 FROM social_accounts WHERE id = @AccountId FOR NO KEY UPDATE;
            SELECT id, social_account_id FROM meta_campaigns WHERE meta_id = @CampaignId FOR NO KEY UPDATE;
            SELECT s.meta_id FROM meta_campaigns c JOIN meta_adsets s ON s.campaign_db_id = c.id WHERE c.meta_id = @CampaignId;
            SELECT d.meta_id FROM meta_campaigns c JOIN meta_adsets s ON s.campaign_db_id = c.id JOIN meta_ads d ON d.adset_db_id = s.id WHERE c.meta_id = @CampaignId
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        (long Id, Guid AccountId)? campaign;
        HashSet<string> adSets, ads;
        await using (var answers = await connection.QueryMultipleAsync(new(KnownSql, new { AccountId = account.Id, CampaignId = found.Id }, transaction, cancellationToken: ct)))
        {
            await answers.ReadAsync<int>();
            campaign = await answers.ReadSingleOrDefaultAsync<(long, Guid)?>();
            (adSets, ads) = ((await answers.ReadAsync<string>()).ToHashSet(), (await answers.ReadAsync<string>()).ToHashSet());
        }

        if (campaign is { } known && known.AccountId != account.Id) return (new Adoption.Refused($"The campaign {found.Id} is known here as one of another account{(AccountScope.Holds(known.AccountId) ? $", {known.AccountId}" : "")}"), null);
        if (campaign is null && await FindMakerAsync(connection, transaction, account.Id, found.Id, found.Values.Name, since, ct) is { } maker) return (new Adoption.Refused($"The campaign {found.Id} is of {(AccountScope.Holds(maker.AccountId) ? $"the run {maker.Id}" : "a run of another account")}, which has not ended well: cancel it or retry it"), null);
        var underWay = campaign is null ? [] : await ListUnderWayAsync(connection, transaction, found.Id, since, ct);
        bool IsNew(string id, ObjectValues values) => !underWay.Contains(id) && (Marker.Split(values.Name ?? "").Marker is not { } marker || !underWay.Contains(marker));
        var newAdSets = found.AdSets.Index().Where(set => !adSets.Contains(set.Item.Id) && IsNew(set.Item.Id, set.Item.Values)).ToList();
        var places = found.AdSets.Index().Where(set => adSets.Contains(set.Item.Id) || newAdSets.Exists(one => one.Item == set.Item)).ToDictionary(set => set.Item.Id, set => set.Index + 1);
        var newAds = found.Ads.Where(ad => !ads.Contains(ad.Id) && places.ContainsKey(ad.AdSetId) && IsNew(ad.Id, ad.Values))
            .GroupBy(ad => ad.AdSetId).SelectMany(set => set.Select((ad, index) => (Ad: ad, Set: places[set.Key], Number: index + 1))).ToList();
        var (now, tree) = (time.GetUtcNow(), TreeOf(account, found));
        var requestId = campaign is null || newAdSets.Count + newAds.Count > 0 ? Guid.CreateVersion7(now) : (Guid?)null;
        if (campaign is not null && requestId is not null && await IsBeingEditedAsync(connection, transaction, found.Id, ct))
            return (new Adoption.Busy($"An edit of the campaign {found.Id} is being carried out: adopt it again in a minute"), null);
        if (requestId is { } runId)
        {
            await InsertRunAsync(connection, transaction, runId, account, found, askedBy, $"{newAdSets.Count} ad sets, {newAds.Count} ads", now, ct);
            if (campaign is null) await InsertCampaignAsync(connection, transaction, runId, account, found, tree, now, ct);
            await InsertAdSetsAsync(connection, transaction, runId, account, found, newAdSets, now, ct);
            await InsertAdsAsync(connection, transaction, runId, account, newAds, now, ct);
        }

        // What has changed since is found, told and counted by the comparison; ad sets that are new of a campaign that was known count as the rest of it does, and who has looked at it before looks again.
        const string CountSql = """
            UPDATE meta_campaigns SET compare_at = clock_timestamp() WHERE @IsKnown AND meta_id = @CampaignId;
            UPDATE activations v SET daily_cents = v.daily_cents + @MoreCents, ends_at = CASE WHEN v.ends_at IS NOT NULL AND @MoreEndsAt::timestamptz IS NOT NULL THEN GREATEST(v.ends_at, @MoreEndsAt) END, changed_at = @Now
            FROM meta_campaigns c WHERE @IsKnown AND @IsMore AND c.meta_id = @CampaignId AND v.request_id = c.request_id;
            SELECT COALESCE(sum(daily_cents), 0)::bigint FROM activations WHERE social_account_id = @AccountId AND state IN ('activating', 'active') AND (ends_at IS NULL OR ends_at > @Now)
            """;
        var more = TreeOf(account, found with { AdSets = [.. newAdSets.Select(set => set.Item)] });
        var active = await connection.ExecuteScalarAsync<long>(new(CountSql, new
        {
            IsKnown = campaign is not null, CampaignId = found.Id, AccountId = account.Id, Now = now, IsMore = newAdSets.Count > 0, MoreCents = more.Campaign.Budget.IsAny ? 0 : more.DailyAmountCents(now), MoreEndsAt = more.LastEnd?.ToUniversalTime(),
        }, transaction, cancellationToken: ct));
        await transaction.CommitAsync(ct);
        return (null, new(requestId, campaign is null, newAdSets.Count, newAds.Count, tree.DailyAmountCents(now), active));
    }

    /// <summary>Whether somebody edits it who has read what is known of it, and will write by that what caps count: what comes to it meanwhile would be left out. Until the commit nobody begins to.</summary>
    private static async Task<bool> IsBeingEditedAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, string campaignId, CancellationToken ct)
    {
        const string EditsSql = "SELECT e.state FROM campaign_edits e JOIN meta_campaigns c USING (request_id) WHERE c.meta_id = @CampaignId AND e.state IN ('queued', 'running', 'waiting') ORDER BY e.number FOR NO KEY UPDATE OF e";
        return (await connection.QueryAsync<string>(new(EditsSql, new { CampaignId = campaignId }, transaction, cancellationToken: ct))).Contains("running");
    }

    /// <summary>The run that is making a campaign, or has left it: it has to come to its end first. Whatever somebody calls it since, the run has its id, or looks for its marker.</summary>
    private static async Task<(Guid Id, Guid AccountId)?> FindMakerAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid accountId, string campaignId, string? name, DateTimeOffset since, CancellationToken ct)
    {
        const string ByIdSql = $"SELECT request_id, social_account_id FROM orchestration_steps JOIN orchestrations USING (request_id) WHERE meta_id = @CampaignId AND step = 'campaign' AND {Open} LIMIT 1";
        // Whoever may have made it without having heard of it, by the marker alone: the readable part of the name may be another by now.
        const string MakersSql = $"""
            SELECT request_id, round FROM orchestrations o WHERE social_account_id = @AccountId AND {Open} AND (campaign_name = @Readable OR EXISTS (
                SELECT 1 FROM orchestration_steps s WHERE s.request_id = o.request_id AND s.step = 'campaign' AND (s.state = 'started' OR s.state = 'left' AND (s.meta_id IS NULL OR s.meta_id LIKE '%, %'))))
            """;
        if (await connection.QueryFirstOrDefaultAsync<(Guid, Guid)?>(new(ByIdSql, new { CampaignId = campaignId, Since = since }, transaction, cancellationToken: ct)) is { } maker) return maker;
        var (readable, marker) = Marker.Split(name ?? "");
        if (marker is null) return null;
        var makers = await connection.QueryAsync<(Guid Id, int Round)>(new(MakersSql, new { AccountId = accountId, Readable = readable, Since = since }, transaction, cancellationToken: ct));
        return makers.Where(run => Enumerable.Range(1, run.Round).Any(round => Marker.For(run.Id, round, StepName.Campaign) == marker)).Select(run => ((Guid, Guid)?)(run.Id, accountId)).FirstOrDefault();
    }

    /// <summary>Markers, and ids, of what runs are adding to the campaign: they record it themselves.</summary>
    private static async Task<HashSet<string>> ListUnderWayAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, string campaignId, DateTimeOffset since, CancellationToken ct)
    {
        const string RunsSql = $"""
            SELECT request_id, round, request::text, ARRAY(SELECT meta_id FROM orchestration_steps s WHERE s.request_id = o.request_id AND meta_id IS NOT NULL) AS made
            FROM orchestrations o WHERE request ? 'campaign_id' AND request ->> 'campaign_id' = @CampaignId AND {Open}
            """;
        var runs = await connection.QueryAsync<(Guid Id, int Round, string Request, string[] Made)>(new(RunsSql, new { CampaignId = campaignId, Since = since }, transaction, cancellationToken: ct));
        return [.. runs.SelectMany(run => new TreeShape(OrchestrationRequest.FromJson(run.Request)).LastFirst.SelectMany(step => Enumerable.Range(1, run.Round).Select(round => Marker.For(run.Id, round, step))).Concat(run.Made))];
    }

    private static async Task InsertRunAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid requestId, SocialAccount account, MetaTree found, string askedBy, string what, DateTimeOffset now, CancellationToken ct)
    {
        const string RunSql = """
            INSERT INTO orchestrations (request_id, social_account_id, campaign_name, request, requested_by, requested_key, request_hash, status, accepted_at, started_at, completed_at)
            VALUES (@RequestId, @AccountId, @Name, @Json::jsonb, @AskedBy, @AskedKey, @Hash, 'succeeded', @Now, @Now, @Now);
            INSERT INTO orchestration_steps (request_id, step, state, meta_id, attempt, started_at, confirmed_at) VALUES (@RequestId, 'campaign', 'confirmed', @CampaignId, 0, @Now, @Now);
            INSERT INTO meta_changes (social_account_id, request_id, asked_by, asked_key, method, path, sent, sent_at, outcome, answer) VALUES (@AccountId, @RequestId, @AskedBy, @AskedKey, 'GET', @CampaignId, '{}', @Now, 'adopted', @What)
            """;
        var name = Marker.Split(NameOf(found.Values, found.Id)).Readable;
        var json = new OrchestrationRequest { SocialAccountId = account.Id, CampaignName = name, CampaignObjective = found.Objective, OptimizationGoal = "", CampaignId = found.Id, AdSets = [] }.ToJson();
        await connection.ExecuteAsync(new(RunSql, new
        {
            RequestId = requestId, AccountId = account.Id, Name = name, Json = json, AskedBy = askedBy, AskedKey = AccountScope.Caller?.KeyName, Hash = SHA256.HashData(Encoding.UTF8.GetBytes(json)), CampaignId = found.Id, What = what, Now = now,
        }, transaction, cancellationToken: ct));
    }

    // From the moment it is known an active campaign counts against the caps, and a stop finds it.
    private static Task<int> InsertCampaignAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid requestId, SocialAccount account, MetaTree found, CampaignTree tree, DateTimeOffset now, CancellationToken ct)
    {
        const string CampaignSql = """
            INSERT INTO meta_campaigns (request_id, social_account_id, meta_id, name, objective, daily_budget, lifetime_budget, bid_strategy, status, effective_status, created_at, compared_at)
            VALUES (@RequestId, @AccountId, @CampaignId, @Name, @Objective, @DailyBudget, @LifetimeBudget, @BidStrategy, @Status, @EffectiveStatus, @Now, @Now);
            INSERT INTO activations (request_id, social_account_id, state, daily_cents, ends_at, changed_at) SELECT @RequestId, @AccountId, 'active', @DailyCents, @EndsAt, @Now WHERE @Status = 'ACTIVE'
            """;
        return connection.ExecuteAsync(new(CampaignSql, new
        {
            RequestId = requestId, AccountId = account.Id, CampaignId = found.Id, Name = NameOf(found.Values, found.Id), found.Objective, found.Values.DailyBudget, found.Values.LifetimeBudget, found.BidStrategy,
            found.Values.Status, found.Values.EffectiveStatus, DailyCents = tree.DailyAmountCents(now), EndsAt = tree.LastEnd?.ToUniversalTime(), Now = now,
        }, transaction, cancellationToken: ct));
    }

    private static Task<int> InsertAdSetsAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid requestId, SocialAccount account, MetaTree found, List<(int Index, MetaAdSet Item)> adSets, DateTimeOffset now, CancellationToken ct)
    {
        const string AdSetsSql = """
            INSERT INTO meta_adsets (request_id, step, campaign_db_id, meta_id, name, optimization_goal, billing_event, daily_budget, lifetime_budget, bid_strategy, bid_amount, start_time, end_time,
                currency, targeting, given, status, effective_status, created_at)
            SELECT @RequestId, n.step, c.id, n.meta_id, n.name, n.goal, n.billing, n.daily, n.lifetime, n.strategy, n.bid, n.starts, n.ends, @Currency, n.targeting::jsonb, n.given::jsonb, n.status, n.effective, @Now
            FROM meta_campaigns c, unnest(@Steps, @Ids, @Names, @Goals, @Billings, @Dailies::bigint[], @Lifetimes::bigint[], @Strategies, @Bids::bigint[], @Starts::timestamptz[], @Ends::timestamptz[], @Targetings, @Givens, @Statuses, @Effectives)
                AS n (step, meta_id, name, goal, billing, daily, lifetime, strategy, bid, starts, ends, targeting, given, status, effective)
            WHERE c.meta_id = @CampaignId ON CONFLICT DO NOTHING
            """;
        T[] Of<T>(Func<MetaAdSet, T> value) => [.. adSets.Select(set => value(set.Item))];
        return connection.ExecuteAsync(new(AdSetsSql, new
        {
            RequestId = requestId, CampaignId = found.Id, account.Currency, Now = now, Steps = adSets.Select(set => StepName.OfAdSet(set.Index + 1)).ToArray(), Ids = Of(one => one.Id), Names = Of(one => NameOf(one.Values, one.Id)),
            Goals = Of(one => one.Goal), Billings = Of(one => one.BillingEvent), Dailies = Of(one => one.Values.DailyBudget), Lifetimes = Of(one => one.Values.LifetimeBudget), Strategies = Of(one => one.BidStrategy),
            Bids = Of(one => one.Values.BidAmount), Starts = Of(one => one.StartTime?.ToUniversalTime()), Ends = Of(one => one.Values.EndTime?.ToUniversalTime()), Targetings = Of(one => one.Targeting.ToJsonString()),
            Givens = Of(GivenOf), Statuses = Of(one => one.Values.Status), Effectives = Of(one => one.Values.EffectiveStatus),
        }, transaction, cancellationToken: ct));
    }

    private static Task<int> InsertAdsAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid requestId, SocialAccount account, List<(MetaAd Ad, int Set, int Number)> ads, DateTimeOffset now, CancellationToken ct)
    {
        // A creative that is that of several ads is recorded for each.
        const string AdsSql = """
            INSERT INTO meta_creatives (request_id, step, social_account_id, kind, meta_id, name, created_at)
            SELECT @RequestId, n.step, @AccountId, @Outside, n.meta_id, n.name, @Now FROM unnest(@Creatives, @CreativeIds, @CreativeNames) AS n (step, meta_id, name) ON CONFLICT DO NOTHING;
            INSERT INTO meta_ads (request_id, step, adset_db_id, creative_db_id, meta_id, name, status, effective_status, created_at)
            SELECT @RequestId, n.step, s.id, r.id, n.meta_id, n.name, n.status, n.effective, @Now
            FROM unnest(@Ads, @Ids, @Names, @AdSetIds, @Creatives, @Statuses, @Effectives) AS n (step, meta_id, name, adset_id, creative, status, effective)
            JOIN meta_adsets s ON s.meta_id = n.adset_id JOIN meta_creatives r ON r.request_id = @RequestId AND r.step = n.creative ON CONFLICT DO NOTHING
            """;
        T[] Of<T>(Func<MetaAd, T> value) => [.. ads.Select(one => value(one.Ad))];
        string[] Steps(string kind) => [.. ads.Select(one => StepName.OfAd(kind, one.Set, one.Number))];
        return connection.ExecuteAsync(new(AdsSql, new
        {
            RequestId = requestId, AccountId = account.Id, Now = now, AdKind.Outside, Creatives = Steps(StepName.Creative), Ads = Steps(StepName.Ad), CreativeIds = Of(ad => ad.CreativeId), CreativeNames = Of(ad => ad.CreativeName ?? ad.CreativeId),
            Ids = Of(ad => ad.Id), Names = Of(ad => NameOf(ad.Values, ad.Id)), AdSetIds = Of(ad => ad.AdSetId), Statuses = Of(ad => ad.Values.Status), Effectives = Of(ad => ad.Values.EffectiveStatus),
        }, transaction, cancellationToken: ct));
    }

    private static CampaignTree TreeOf(SocialAccount account, MetaTree found)
    {
        TreeObject Of(AdObject kind, string id, string? parent, ObjectValues values, DateTimeOffset? start) => new(kind, id, parent, NameOf(values, id), values.Status, new(values.DailyBudget, values.LifetimeBudget, start, values.EndTime, values.BidAmount));
        return new(default, account.Id, account.Currency, Of(AdObject.Campaign, found.Id, null, found.Values, null), [.. found.AdSets.Select(set => Of(AdObject.AdSet, set.Id, found.Id, set.Values, set.StartTime))], []);
    }

    // What ads below it need to know.
    private static string GivenOf(MetaAdSet one) => JsonSerializer.Serialize(new AdSetRequest
    {
        OptimizationGoal = one.Goal, DestinationType = one.DestinationType, Targeting = one.Targeting, PixelId = one.PixelId, ConversionEvent = one.ConversionEvent, ApplicationId = one.ApplicationId,
        ObjectStoreUrl = one.ObjectStoreUrl, Ads = [],
    }, OrchestrationRequest.Json);

    private static string NameOf(ObjectValues values, string id) => values.Name ?? id;
}
