using System.Data.Common;
using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Insights;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Orchestrations.Steps;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace MetaAdsJobs.Core.Orchestrations;

/// <summary>What became of the last write.</summary>
internal enum Finished
{
    Done,

    /// <summary>Nothing was written: a cancel was asked for at the last moment.</summary>
    CancelRequested,

    /// <summary>Nothing was written: a stop has paused some of it since it was permitted, and was lifted, which leaves it to this run to activate all of it again.</summary>
    PausedSince,
}

/// <summary>
/// The last write of a successful orchestration: the four entity rows, what Meta told of first numbers and the final state in one explicit
/// transaction. Any error rolls all of it back.
/// </summary>
internal sealed class Completion(NpgsqlDataSource dataSource, FencedWrites writes, StepJournal journal, PublishAdded publish, OrchestrationOptions options, TimeProvider time, ILogger<Completion> logger)
{
    // While the stop is in force what it has noted stays noted, and its start activates that. What was noted once it was lifted is what its job had not done yet: what that had paused before is noted no more.
    private const string PausedSinceSql = """
        EXISTS (SELECT 1 FROM activations v WHERE v.request_id = @RequestId AND v.notes > @NotesBefore::int
                AND (v.paused_ids = ARRAY[]::text[] OR NOT EXISTS (SELECT 1 FROM stops s WHERE s.lifted_at IS NULL AND (s.social_account_id IS NULL OR s.social_account_id = v.social_account_id))))
        """;

    private static readonly FencedSql FinishSql = FencedSql.Ends(
        "status = 'succeeded', completed_at = @Now, wait_reason = NULL, insights_sync = @InsightsSync::jsonb, errors = @Errors::jsonb",
        only: $"ending IS NULL AND NOT cancel_requested AND NOT {PausedSinceSql}",
        also: """
            last AS (
                UPDATE orchestration_steps s SET state = 'confirmed', meta_id = d.meta_id, confirmed_at = @Now, error = NULL
                FROM fence, unnest(@Done::text[], @MetaIds::text[]) AS d(step, meta_id)
                WHERE s.request_id = fence.request_id AND s.step = d.step AND s.state = 'started'),
            activated AS (
                UPDATE activations v SET state = 'active', busy_until = clock_timestamp() + @SettleDelay, changed_at = @Now
                FROM fence WHERE v.request_id = fence.request_id AND v.state = 'activating'),
            -- What it had a permit for once, and a stop has paused, is for somebody else to permit: no start gives it back.
            left_out AS (
                UPDATE activations v SET state = CASE v.state WHEN 'paused' THEN 'idle' ELSE v.state END, paused_ids = '{}', changed_at = @Now
                FROM fence WHERE @LeavesActivation AND v.request_id = fence.request_id AND v.state <> 'activating'),
            reviewed AS (
                INSERT INTO object_reviews (request_id, next_at, deadline_at)
                SELECT request_id, @FirstReviewAt, @ReviewDeadlineAt FROM fence
                ON CONFLICT (request_id) DO UPDATE SET looks = 0, settled_at = NULL, next_at = EXCLUDED.next_at, deadline_at = EXCLUDED.deadline_at),
            -- Its job the sweep makes. Whatever else is built meanwhile is in the same sync.
            numbers AS (
                INSERT INTO insight_syncs (sync_id, social_account_id, since, until, requested_by, state, queued_at)
                SELECT @SyncId, social_account_id, @NumbersSince, @NumbersUntil, 'new campaigns', 'queued', @Now FROM fence WHERE @HasNumbers
                ON CONFLICT (social_account_id) WHERE state = 'queued' AND requested_by = 'new campaigns' DO NOTHING),
            campaign AS (
                INSERT INTO meta_campaigns (request_id, social_account_id, meta_id, name, objective, daily_budget, lifetime_budget, bid_strategy, status, created_at)
                SELECT request_id, social_account_id, @CampaignId, @CampaignName, @Objective, @CampaignDailyBudget, @CampaignLifetimeBudget, @CampaignBidStrategy, @Status, @Now FROM fence WHERE @GivenCampaignId::text IS NULL RETURNING id),
            -- Where the ad sets hang: what was ended meanwhile took with it what was made below.
            home AS (
                SELECT id, @Status AS status FROM campaign
                UNION ALL SELECT id, CASE WHEN status IN ('DELETED', 'ARCHIVED') THEN status ELSE @Status END FROM meta_campaigns WHERE meta_id = @GivenCampaignId),
            adset AS (
                INSERT INTO meta_adsets (request_id, step, campaign_db_id, meta_id, name, optimization_goal, billing_event, daily_budget, lifetime_budget,
                    bid_strategy, bid_amount, start_time, end_time, currency, targeting, status, created_at)
                SELECT fence.request_id, n.step, home.id, n.meta_id, n.name, n.goal, @BillingEvent, n.daily, n.lifetime, n.strategy, n.bid, n.starts, n.ends, @Currency, n.targeting::jsonb, home.status, @Now
                FROM fence, home, unnest(@AdSets, @AdSetIds, @AdSetNames, @Goals, @DailyBudgets::bigint[], @LifetimeBudgets::bigint[], @BidStrategies, @BidAmounts::bigint[],
                    @StartTimes::timestamptz[], @EndTimes::timestamptz[], @Targetings) AS n (step, meta_id, name, goal, daily, lifetime, strategy, bid, starts, ends, targeting)
                RETURNING id, step),
            adsets AS (SELECT id, step FROM adset UNION ALL SELECT id, 'adset' FROM meta_adsets WHERE meta_id = @GivenAdSetId),
            creative AS (
                INSERT INTO meta_creatives (request_id, step, social_account_id, kind, clip_id, meta_id, name, title, description, landing_url, video_id,
                    image_hash, image_url, thumbnail_url, created_at)
                SELECT fence.request_id, n.step, social_account_id, n.kind, n.clip_id, n.meta_id, n.name, n.title, n.description, n.landing_url, n.video_id, n.image_hash, n.image_url, n.thumbnail_url, @Now
                FROM fence, unnest(@Creatives, @Kinds, @ClipIds::uuid[], @CreativeIds, @CreativeNames, @Titles, @Descriptions, @LandingUrls, @VideoIds, @ImageHashes, @ImageUrls, @ThumbnailUrls)
                    AS n (step, kind, clip_id, meta_id, name, title, description, landing_url, video_id, image_hash, image_url, thumbnail_url)
                RETURNING id, step),
            ad AS (
                INSERT INTO meta_ads (request_id, step, adset_db_id, creative_db_id, meta_id, name, status, created_at)
                SELECT fence.request_id, n.step, adsets.id, creative.id, n.meta_id, n.name, home.status, @Now
                FROM fence, home, unnest(@Ads, @AdIds, @AdNames, @AdSetsOfAds, @Creatives) AS n (step, meta_id, name, adset, creative)
                JOIN adsets ON adsets.step = n.adset JOIN creative ON creative.step = n.creative)
            """);

    /// <exception cref="FencedException">Another attempt holds the orchestration.</exception>
    public async Task<Finished> FinishAsync(Attempt attempt, Progress.Built built, InsightsSyncResult numbers, CancellationToken ct)
    {
        try
        {
            await using var connection = await dataSource.OpenConnectionAsync(ct);
            await using var transaction = await connection.BeginTransactionAsync(ct);
            await PublishAdded.LockAsync(connection, transaction, attempt, ct);
            await WaitForStartsAsync(connection, transaction, attempt, ct);
            if (!await WriteEntitiesAsync(connection, transaction, attempt, built, numbers, ct))
            {
                await transaction.RollbackAsync(ct);
                return await WhyNotAsync(connection, attempt, ct) ?? throw new FencedException("finished by another");
            }

            var first = await publish.AskAsync(connection, transaction, attempt, built, ct);
            await transaction.CommitAsync(ct);
            publish.Enqueue(first);
            return Finished.Done;
        }
        catch (DbException) when (built.Made.Count > 0)
        {
            // The rows are rolled back, but what exists at Meta must not be forgotten with them.
            await TryConfirmAsync(attempt, built, ct);
            throw;
        }
    }

    // A statement reads as of its own begin: a start that is just lifting the stop, and leaves to this run what that has paused, is waited for by one before. The run's row first, as permits lock.
    private static async Task WaitForStartsAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Attempt attempt, CancellationToken ct)
    {
        if (attempt.NotesBefore is null) return;
        var waitSql = $"SELECT 1 FROM orchestrations WHERE {ClaimTable.Orchestrations.Held} FOR NO KEY UPDATE; SELECT 1 FROM activations WHERE request_id = @RequestId FOR NO KEY UPDATE";
        await connection.ExecuteAsync(new(waitSql, new { attempt.RequestId, Attempt = attempt.Number }, transaction, cancellationToken: ct));
    }

    private async Task<bool> WriteEntitiesAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, Attempt attempt, Progress.Built built, InsightsSyncResult first, CancellationToken ct)
    {
        var (tree, campaign) = (attempt.Tree, attempt.Tree.Campaign);
        var (adSets, ads) = (tree.Shape.NewAdSets.ToList(), tree.Shape.Ads);
        var bids = adSets.Select(adSet => tree.BidOf(adSet.Step)).ToList();
        // Of several clips the first; the request has all.
        var media = ads.Select(ad => ad.MediaSteps.Count == 0 ? null : attempt.MediaOf(ad.MediaSteps[0])).ToList();
        var now = time.GetUtcNow();
        string? FindId(string step) => built.Last.FirstOrDefault(one => one.Step == step)?.MetaId ?? attempt.FindMetaId(step);
        string IdOf(string step) => FindId(step) ?? attempt.MetaId(step);
        var (isWritten, _) = await writes.TryWriteAsync<bool>(attempt, FinishSql, new
        {
            Done = built.Last.Select(one => one.Step).ToArray(), MetaIds = built.Last.Select(one => one.MetaId).ToArray(),
            FirstReviewAt = now.AddSeconds(options.ReviewAfterSeconds), ReviewDeadlineAt = now.AddHours(options.ReviewDeadlineHours),
            InsightsSync = JsonSerializer.Serialize(first, OrchestrationRequest.Json),
            Errors = JsonSerializer.Serialize(first.Error is { } error ? [$"insights_sync: {error}"] : Array.Empty<string>()),
            attempt.NotesBefore, attempt.LeavesActivation, HasNumbers = first.InsightsSynced > 0, SyncId = Guid.CreateVersion7(now), NumbersSince = first.DateRangeStart, NumbersUntil = first.DateRangeEnd,
            Status = attempt is { Request: { AutoPublish: true, CampaignId: null }, LeavesActivation: false } ? "ACTIVE" : "PAUSED", GivenCampaignId = attempt.Request.CampaignId, GivenAdSetId = attempt.Request.AdSetId,
            CampaignId = IdOf(StepName.Campaign), CampaignName = tree.NameOf(StepName.Campaign), Objective = attempt.Request.CampaignObjective,
            CampaignDailyBudget = campaign.DailyBudget, CampaignLifetimeBudget = campaign.LifetimeBudget, CampaignBidStrategy = campaign.BidStrategy,
            AdSetSpec.BillingEvent, attempt.Account.Currency,
            AdSets = Of(adSets, adSet => adSet.Step), AdSetIds = Of(adSets, adSet => IdOf(adSet.Step)), AdSetNames = Of(adSets, adSet => tree.NameOf(adSet.Step)), Goals = Of(adSets, adSet => tree.Goal(adSet.Step)),
            DailyBudgets = Of(adSets, adSet => tree.DailyBudget(adSet.Step)), LifetimeBudgets = Of(adSets, adSet => tree.LifetimeBudget(adSet.Step)),
            BidStrategies = Of(bids, bid => bid.Strategy), BidAmounts = Of(bids, bid => bid.Amount),
            StartTimes = Of(adSets, adSet => adSet.Request.StartTime?.ToUniversalTime()), EndTimes = Of(adSets, adSet => adSet.Request.EndTime?.ToUniversalTime()),
            Targetings = Of(adSets, adSet => tree.Targeting(adSet.Step).ToJsonString()),
            Creatives = Of(ads, ad => ad.CreativeStep), CreativeIds = Of(ads, ad => IdOf(ad.CreativeStep)), CreativeNames = Of(ads, ad => tree.NameOf(ad.CreativeStep)),
            Kinds = Of(ads, ad => ad.Request.Kind), Titles = Of(ads, ad => ad.Request.CreativeTitle ?? ad.Request.Titles?[0] ?? ad.Request.Cards?[0].Title), Descriptions = Of(ads, ad => ad.Request.CreativeDescription), LandingUrls = Of(ads, ad => ad.Request.LandingUrl),
            ClipIds = Of(media, one => one?.Clip.Id), VideoIds = Of(media, one => one?.Clip.VideoId ?? (one?.Clip.IsUploadedVideo == true ? FindId(one.Step) : null)),
            ImageHashes = Of(media, one => one?.Clip.IsImage == true ? FindId(one.Step) : null), ImageUrls = Of(media, one => one?.Clip.ImageUrl), ThumbnailUrls = Of(media, one => one?.ThumbnailUrl),
            Ads = Of(ads, ad => ad.Step), AdIds = Of(ads, ad => IdOf(ad.Step)), AdNames = Of(ads, ad => tree.NameOf(ad.Step)), AdSetsOfAds = Of(ads, ad => ad.AdSetStep),
        }, connection, transaction, ct);
        return isWritten;
    }

    private static T[] Of<TOne, T>(IReadOnlyList<TOne> all, Func<TOne, T> value) => [.. all.Select(value)];

    /// <returns>Null when another attempt holds it.</returns>
    private static async Task<Finished?> WhyNotAsync(NpgsqlConnection connection, Attempt attempt, CancellationToken ct)
    {
        var heldSql = $"SELECT cancel_requested OR ending IS NOT NULL FROM orchestrations WHERE {ClaimTable.Orchestrations.Held}";
        return await connection.QuerySingleOrDefaultAsync<bool?>(new(heldSql, new { attempt.RequestId, Attempt = attempt.Number }, cancellationToken: ct)) switch
        {
            null => null,
            true => Finished.CancelRequested,
            false => Finished.PausedSince,
        };
    }

    private async Task TryConfirmAsync(Attempt attempt, Progress.Built built, CancellationToken ct)
    {
        try
        {
            await journal.AdvanceAsync(attempt, built.Made, [], [], ct);
        }
        catch (DbException exception)
        {
            foreach (var (step, metaId) in built.Made) OrchestrationLog.ConfirmAfterRollbackFailed(logger, exception, step, metaId);
        }
    }
}
