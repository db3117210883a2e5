using System.Globalization;
using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Accounts.Tokens;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Clips;
using MetaAdsJobs.Core.Clips.Files;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Orchestrations.Requests;
using Npgsql;

namespace MetaAdsJobs.Core.Orchestrations.Steps;

/// <summary>Takes the right to run an orchestration, with everything its run needs, and gives it back.</summary>
internal sealed class OrchestrationClaims(NpgsqlDataSource dataSource, WorkClaims work, FencedWrites writes, AccountTokens tokens, OrchestrationOptions options, ServiceClock clock, TimeProvider time)
{
    private static readonly string ClaimSql = $"""
        WITH claimed AS (
            UPDATE orchestrations r SET {ClaimTable.Orchestrations.Taken},
                quiet_since = COALESCE(r.lease_until, r.quiet_since)
            FROM social_accounts a
            WHERE {ClaimTable.Orchestrations.Claimable}
              AND a.blocked_at IS NULL
              AND ({ClaimTable.Orchestrations.TakesBack} OR NOT EXISTS (
                   SELECT 1 FROM stops s WHERE s.lifted_at IS NULL AND (s.social_account_id IS NULL OR s.social_account_id = a.id)))
            RETURNING r.request_id, r.social_account_id, r.clip_id, r.attempt, r.round, r.request, r.ending, r.cancel_requested,
                      r.abandoned, r.failures, r.quiet_since, COALESCE(r.ordered_by, r.requested_by) AS asked_by, CASE WHEN r.ordered_by IS NULL THEN r.requested_key ELSE r.ordered_key END AS asked_key),
        started AS (
            INSERT INTO orchestration_steps (request_id, step, state, attempt, started_at)
            SELECT request_id, first.step, 'started', attempt, @Now FROM claimed, unnest(ARRAY['campaign', 'media']) AS first(step)
            WHERE attempt = 1 AND NOT cancel_requested AND ending IS NULL AND request -> 'validate_only' IS DISTINCT FROM 'true' AND CASE first.step WHEN 'campaign' THEN NOT request ? 'campaign_id' ELSE clip_id IS NOT NULL END
            RETURNING step)
        SELECT c.attempt, c.round, c.request, c.ending, c.cancel_requested, c.abandoned, c.failures, c.quiet_since, c.asked_by, c.asked_key,
               EXISTS (SELECT 1 FROM started) AS is_started,
               {StepRecord.AllOf(ClaimTable.Orchestrations)} AS steps,
               a.access_token, a.id AS account_id, a.name, a.ad_account_id, a.page_id, a.instagram_user_id, a.pixel_id, a.currency,
               a.timezone_name, a.default_countries, a.dsa_beneficiary, a.dsa_payor, a.min_daily_budget, a.meta_currency, a.campaign_cap_cents, a.daily_cap_cents, a.caps_off, a.approval_required, a.approval_above_cents, a.updated_at,
               EXISTS (SELECT 1 FROM activations v WHERE v.request_id = @RequestId AND v.state = 'activating') AS is_activating,
               k.id AS clip_id, k.title, k.video_url, k.video_id, k.image_url, k.thumbnail_url, k.file_key, k.file_type, k.file_bytes, k.file_sha256,
               (SELECT i.hash FROM clip_images i WHERE i.clip_id = k.id AND i.ad_account_id = a.ad_account_id) AS image_hash,
               CASE WHEN c.request ?| ARRAY['ad_sets', 'cards', 'placement_media'] THEN (
                   SELECT json_agg(json_build_array(m.id, m.title, m.video_url, m.video_id, m.image_url, m.thumbnail_url, m.file_key, m.file_type, m.file_bytes::text, m.file_sha256,
                       (SELECT i.hash FROM clip_images i WHERE i.clip_id = m.id AND i.ad_account_id = a.ad_account_id)))
                   FROM clips m WHERE m.id <> k.id AND m.id IN (SELECT (named #>> ARRAY[]::text[])::uuid FROM jsonb_path_query(c.request, '$.**.clip_id') named)) END::text AS more_clips
        FROM claimed c JOIN social_accounts a ON a.id = c.social_account_id LEFT JOIN clips k ON k.id = c.clip_id
        """;

    private static readonly FencedSql ReleaseSql = FencedSql.Ends(
        """
        status = @Status, wait_reason = @Reason, next_attempt_at = @Until, abandoned = 0, failures = failures + @Failed::int,
                    quiet_since = CASE WHEN @Sent THEN clock_timestamp() ELSE quiet_since END
        """,
        also: BegunStep.NotDoneOf(ClaimTable.Orchestrations), tell: "failures");

    /// <summary>
    /// Claims the orchestration, loads everything its run needs and, on the very first attempt, starts the campaign and its media: one
    /// statement, one commit. Null when it is finished, held by another attempt, or its account has to wait.
    /// A crash after this commit leaves a started campaign: the next attempt looks for it.
    /// </summary>
    public async Task<Attempt?> ClaimAsync(Guid requestId, CancellationToken ct)
    {
        var lease = new Lease(time, options.Lease);
        Attempt? attempt = null;
        try
        {
            attempt = await ClaimAsync(requestId, lease, ct);
        }
        finally
        {
            if (attempt is null) await lease.DisposeAsync();
        }

        return attempt;
    }

    private async Task<Attempt?> ClaimAsync(Guid requestId, Lease lease, CancellationToken ct)
    {
        ClaimRow? row;
        string token;
        await using (var connection = await dataSource.OpenConnectionAsync(ct))
        {
            row = await connection.QuerySingleOrDefaultAsync<ClaimRow>(new(ClaimSql,
                new { RequestId = requestId, Lease = options.Lease, Now = time.GetUtcNow() }, cancellationToken: ct));
            if (row is null) return null;
            if (tokens.TryOpen(row.AccessToken) is not { } opened)
            {
                await work.HandBackAsync(connection, ClaimTable.Orchestrations, requestId, row.Attempt);
                return null;
            }

            token = opened;
        }

        return await work.ReadAsync(ClaimTable.Orchestrations, requestId, row.Attempt, () => Task.FromResult(row.ToAttempt(requestId, lease, token, options, clock, time.GetUtcNow())));
    }

    /// <summary>
    /// Ends the attempt without ending the orchestration. Its steps that certainly were not done become pending again, so that the next
    /// attempt need not look for them; for any that may have been done the settle delay counts from now.
    /// </summary>
    /// <returns>Failures counted so far.</returns>
    /// <exception cref="FencedException">Another attempt holds the orchestration.</exception>
    public Task<int> ReleaseAsync(Attempt attempt, Release released, CancellationToken ct)
    {
        var notDone = BegunStep.Columns(attempt.NotDone);
        return writes.WriteAsync<int>(attempt, ReleaseSql, new
        {
            released.Status, released.Reason, released.Until, released.Failed, Sent = attempt.MayHaveSent,
            NotDone = notDone.Steps, NotDoneErrors = notDone.Errors, NotDoneRefusals = notDone.Refusals,
        }, ct);
    }

    private sealed record ClaimRow
    {
        public int Attempt { get; init; }
        public int Round { get; init; }
        public string Request { get; init; } = "";
        public string? Ending { get; init; }
        public bool CancelRequested { get; init; }
        public int Abandoned { get; init; }
        public int Failures { get; init; }
        public DateTimeOffset? QuietSince { get; init; }
        public string AskedBy { get; init; } = "";
        public string? AskedKey { get; init; }
        public bool IsStarted { get; init; }
        public string? Steps { get; init; }
        public string AccessToken { get; init; } = "";
        public Guid AccountId { get; init; }
        public string Name { get; init; } = "";
        public string AdAccountId { get; init; } = "";
        public string PageId { get; init; } = "";
        public string? InstagramUserId { get; init; }
        public string? PixelId { get; init; }
        public string Currency { get; init; } = "";
        public string TimezoneName { get; init; } = "";
        public string[] DefaultCountries { get; init; } = [];
        public string? DsaBeneficiary { get; init; }
        public string? DsaPayor { get; init; }
        public long? MinDailyBudget { get; init; }
        public string? MetaCurrency { get; init; }
        public long? CampaignCapCents { get; init; }
        public long? DailyCapCents { get; init; }
        public bool CapsOff { get; init; }
        public string ApprovalRequired { get; init; } = "none";
        public long? ApprovalAboveCents { get; init; }
        public bool IsActivating { get; init; }
        public DateTimeOffset UpdatedAt { get; init; }

        /// <summary>The first that is brought to Meta; null when there are only existing posts.</summary>
        public Guid? ClipId { get; init; }
        public string Title { get; init; } = "";
        public string? VideoUrl { get; init; }
        public string? VideoId { get; init; }
        public string? ImageUrl { get; init; }
        public string? ThumbnailUrl { get; init; }
        public string? FileKey { get; init; }
        public string? FileType { get; init; }
        public long? FileBytes { get; init; }
        public string? FileSha256 { get; init; }
        public string? ImageHash { get; init; }

        /// <summary>Those of the other ads of a tree, and of one ad with several.</summary>
        public string? MoreClips { get; init; }

        public Attempt ToAttempt(Guid requestId, Lease lease, string token, OrchestrationOptions options, ServiceClock clock, DateTimeOffset now)
        {
            var account = new SocialAccount
            {
                Id = AccountId, Name = Name, AdAccountId = AdAccountId, PageId = PageId, InstagramUserId = InstagramUserId, PixelId = PixelId,
                Currency = Currency, TimezoneName = TimezoneName, DefaultCountries = DefaultCountries, MinDailyBudget = MinDailyBudget,
                DsaBeneficiary = DsaBeneficiary, DsaPayor = DsaPayor,
                CampaignCapCents = CampaignCapCents, DailyCapCents = DailyCapCents, CapsOff = CapsOff, UpdatedAt = UpdatedAt, ApprovalRequired = ApprovalRequired, ApprovalAboveCents = ApprovalAboveCents,
            };
            var request = OrchestrationRequest.FromJson(Request);
            var tree = new AdTree(requestId, Round, request, account);
            var clips = Clips().ToDictionary(one => one.Clip.Id);
            var attempt = new Attempt
            {
                RequestId = requestId, Number = Attempt, Request = request, Account = account, Ending = Ending,
                Media = tree.Shape.Media.ToDictionary(media => media.Step, media => new ClipMedia(media.Step, clips[media.ClipId].Clip, clips[media.ClipId].ImageHash)),
                Tree = tree, CancelRequested = CancelRequested, Abandoned = Abandoned, Failures = Failures, Lease = lease,
                Steps = StepRecord.ReadAll(Steps), SettledAt = (QuietSince ?? DateTimeOffset.MinValue) + options.SettleDelay, ClockSettledAt = () => options.SettledAfter(clock),
                Credential = new(AdAccountId, token) { StoredAs = AccessToken, BeforeSending = lease.ThrowIfOver, Changes = new() { AskedKey = AskedKey } }, AskedBy = AskedBy,
                MetaCurrency = MetaCurrency,
                // Once permitted it goes on, whatever the account demands since.
                LeavesActivation = request.AutoPublish && !IsActivating && account.DemandsApproval(request.DailyAmountCents(now)),
            };
            foreach (var step in ((string[])[StepName.Campaign, StepName.Media]).Where(step => IsStarted && (step == StepName.Campaign ? request.CampaignId is null : ClipId is not null)))
            {
                attempt.Steps[step] = new(step, StepState.Started, null, now);
                attempt.Begun[step] = new(step);
            }

            return attempt;
        }

        private IEnumerable<(Clip Clip, string? ImageHash)> Clips()
        {
            if (ClipId is { } id)
                yield return (new() { Id = id, Title = Title, VideoUrl = VideoUrl, VideoId = VideoId, ImageUrl = ImageUrl, ThumbnailUrl = ThumbnailUrl, File = ClipFile.Of(FileKey, FileType, FileBytes, FileSha256) }, ImageHash);
            foreach (var more in JsonSerializer.Deserialize<string?[][]>(MoreClips ?? "[]")!)
                yield return (new()
                {
                    Id = Guid.Parse(more[0]!), Title = more[1]!, VideoUrl = more[2], VideoId = more[3], ImageUrl = more[4], ThumbnailUrl = more[5],
                    File = ClipFile.Of(more[6], more[7], more[8] is { } bytes ? long.Parse(bytes, CultureInfo.InvariantCulture) : null, more[9]),
                }, more[10]);
        }
    }
}

/// <summary>How an attempt gives the orchestration back unfinished.</summary>
internal sealed record Release(string Status, string? Reason)
{
    /// <summary>When the next attempt is due; null when the queue decides.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>True when this attempt counts against MAX_RETRIES.</summary>
    public bool Failed { get; init; }

    public static Release Waiting(DateTimeOffset until, string reason) => new("waiting", reason) { Until = until };

    /// <summary>The process is stopping: anybody may go on at once.</summary>
    public static Release HandedBack { get; } = new("queued", "the worker was stopped");
}
