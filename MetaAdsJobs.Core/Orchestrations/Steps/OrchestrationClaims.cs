using Dapper;
using MetaAdsJobs.Core.Accounts.Tokens;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Clips;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Validation;
using Npgsql;

namespace MetaAdsJobs.Core.Orchestrations.Steps;

/// <summary>Why an orchestration could not be claimed.</summary>
internal sealed record Unclaimed(
    string Status, DateTimeOffset? LeaseUntil, DateTimeOffset? BlockedUntil, string? BlockedReason, string? TokenRejection, string? AccountBlock, string? Stopped,
    string? WaitReason, DateTimeOffset? NextAttemptAt);

/// <summary>Takes, renews and gives back the right to run an orchestration.</summary>
internal sealed class OrchestrationClaims(NpgsqlDataSource dataSource, AccountTokens tokens, OrchestrationOptions options, TimeProvider time)
{
    /// <summary>
    /// Claims the orchestration, loads everything its run needs and, on the very first attempt, starts the campaign and its media: one
    /// statement, one commit. Null when it is finished, held by another attempt, or its account has to wait.
    /// A crash after this commit leaves a started campaign: the next attempt looks for it.
    /// </summary>
    public async Task<Attempt?> ClaimAsync(Guid requestId, CancellationToken ct)
    {
        const string ClaimSql = $"""
            WITH claimed AS (
                UPDATE orchestrations o SET
                    attempt = o.attempt + 1,
                    status = 'running',
                    lease_until = clock_timestamp() + @Lease,
                    abandoned = o.abandoned + (o.lease_until IS NOT NULL)::int,
                    quiet_since = COALESCE(o.lease_until, o.quiet_since),
                    wait_reason = NULL, next_attempt_at = NULL,
                    started_at = COALESCE(o.started_at, @Now)
                FROM social_accounts a
                WHERE o.request_id = @RequestId AND a.id = o.social_account_id
                  AND o.status IN ('queued', 'running', 'waiting')
                  AND (o.lease_until IS NULL OR o.lease_until < clock_timestamp())
                  AND a.token_rejected_at IS NULL AND a.blocked_at IS NULL
                  AND (o.ending IS NOT NULL OR o.cancel_requested OR NOT EXISTS (
                       SELECT 1 FROM stops s WHERE s.lifted_at IS NULL AND (s.social_account_id IS NULL OR s.social_account_id = a.id)))
                  AND NOT EXISTS (SELECT 1 FROM account_pacing p
                                  WHERE p.ad_account_id = a.ad_account_id AND p.use_case = 'ads_management' AND p.blocked_until > @Now)
                RETURNING o.request_id, o.social_account_id, o.clip_id, o.attempt, o.round, o.request, o.ending, o.cancel_requested,
                          o.abandoned, o.failures, o.quiet_since, COALESCE(o.ordered_by, o.requested_by) AS asked_by),
            started AS (
                INSERT INTO orchestration_steps (request_id, step, state, attempt, started_at)
                SELECT request_id, first.step, 'started', attempt, @Now FROM claimed, unnest(ARRAY['campaign', 'media']) AS first(step)
                WHERE attempt = 1 AND NOT cancel_requested AND ending IS NULL AND request -> 'validate_only' IS DISTINCT FROM 'true'
                RETURNING step)
            SELECT c.attempt, c.round, c.request, c.ending, c.cancel_requested, c.abandoned, c.failures, c.quiet_since, c.asked_by,
                   EXISTS (SELECT 1 FROM started) AS is_started,
                   {StepRecord.AllSql} AS steps,
                   a.access_token, a.id AS account_id, a.name, a.ad_account_id, a.page_id, a.instagram_user_id, a.pixel_id, a.currency,
                   a.timezone_name, a.default_countries, a.dsa_beneficiary, a.dsa_payor, a.min_daily_budget, a.meta_currency, a.campaign_cap_cents, a.daily_cap_cents, a.caps_off, a.updated_at,
                   k.id AS clip_id, k.title, k.video_url, k.video_id, k.image_url, k.thumbnail_url,
                   (SELECT i.hash FROM clip_images i WHERE i.clip_id = k.id AND i.ad_account_id = a.ad_account_id) AS image_hash
            FROM claimed c JOIN social_accounts a ON a.id = c.social_account_id JOIN clips k ON k.id = c.clip_id
            """;
        var lease = new Lease(time, options.Lease);
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var row = await connection.QuerySingleOrDefaultAsync<ClaimRow>(new(ClaimSql,
            new { RequestId = requestId, Lease = options.Lease, Now = time.GetUtcNow() }, cancellationToken: ct));
        if (row is not null && tokens.TryOpen(row.AccessToken) is { } token) return row.ToAttempt(requestId, lease, token, options, time.GetUtcNow());
        await lease.DisposeAsync();
        if (row is not null) await HandBackAsync(connection, requestId, row.Attempt);
        return null;
    }

    // Nothing was sent: a campaign that the claim has started is pending again.
    private async Task HandBackAsync(NpgsqlConnection connection, Guid requestId, int attempt)
    {
        const string HandBackSql = """
            WITH back AS (
                UPDATE orchestrations SET status = 'waiting', lease_until = NULL, wait_reason = @Reason, next_attempt_at = @Until, abandoned = 0
                WHERE request_id = @RequestId AND attempt = @Attempt AND status = 'running' RETURNING request_id)
            UPDATE orchestration_steps s SET state = 'pending' FROM back WHERE s.request_id = back.request_id AND s.attempt = @Attempt AND s.state = 'started'
            """;
        await connection.ExecuteAsync(HandBackSql, new { RequestId = requestId, Attempt = attempt, Reason = AccountTokens.Unreadable, Until = time.GetUtcNow() + AccountTokens.UntilReadable });
    }

    /// <summary>Why a claim was refused; null when there is no such orchestration.</summary>
    public async Task<Unclaimed?> FindReasonAsync(Guid requestId, CancellationToken ct)
    {
        const string ReasonSql = """
            SELECT o.status, o.lease_until, p.blocked_until, p.reason AS blocked_reason,
                   CASE WHEN a.token_rejected_at IS NOT NULL THEN COALESCE(a.token_rejection, 'rejected') END AS token_rejection,
                   CASE WHEN a.blocked_at IS NOT NULL THEN COALESCE(a.block_reason, 'blocked') END AS account_block,
                   (SELECT concat('stopped by ', s.stopped_by, ': ' || s.reason) FROM stops s
                    WHERE s.lifted_at IS NULL AND (s.social_account_id IS NULL OR s.social_account_id = a.id) LIMIT 1) AS stopped,
                   o.wait_reason, o.next_attempt_at
            FROM orchestrations o
            JOIN social_accounts a ON a.id = o.social_account_id
            LEFT JOIN account_pacing p ON p.ad_account_id = a.ad_account_id AND p.use_case = 'ads_management' AND p.blocked_until > @Now
            WHERE o.request_id = @RequestId
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<Unclaimed>(new(ReasonSql,
            new { RequestId = requestId, Now = time.GetUtcNow() }, cancellationToken: ct));
    }

    /// <summary>Shows why an unclaimed orchestration waits; changes nothing if somebody holds it by now.</summary>
    public async Task ShowWaitAsync(Guid requestId, DateTimeOffset until, string reason, CancellationToken ct)
    {
        const string WaitSql = """
            UPDATE orchestrations SET status = 'waiting', wait_reason = @Reason, next_attempt_at = @Until
            WHERE request_id = @RequestId AND status IN ('queued', 'waiting') AND lease_until IS NULL
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new(WaitSql, new { RequestId = requestId, Until = until, Reason = reason }, cancellationToken: ct));
    }

    /// <returns>False when another attempt holds the orchestration, or the lease is over: who slept through it knows nothing of what was ordered meanwhile.</returns>
    public async Task<bool> RenewAsync(Attempt attempt, CancellationToken ct)
    {
        const string RenewSql = """
            UPDATE orchestrations SET lease_until = clock_timestamp() + @Lease
            WHERE request_id = @RequestId AND attempt = @Attempt AND status = 'running' AND lease_until > clock_timestamp()
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteAsync(new(RenewSql,
            new { attempt.RequestId, Attempt = attempt.Number, Lease = options.Lease }, cancellationToken: ct)) == 1;
    }

    /// <summary>
    /// Ends the attempt without ending the orchestration. Its steps that certainly were not done become pending again, so that the next
    /// attempt need not look for them; for any that may have been done the settle delay counts from now.
    /// </summary>
    /// <returns>Failures counted so far.</returns>
    /// <exception cref="FencedException">Another attempt holds the orchestration.</exception>
    public async Task<int> ReleaseAsync(Attempt attempt, Release released, CancellationToken ct)
    {
        const string ReleaseSql = $"""
            WITH {ChangeLog.Cte},
            fence AS (
                UPDATE orchestrations SET status = @Status, lease_until = NULL, wait_reason = @Reason, next_attempt_at = @Until,
                    abandoned = 0, failures = failures + @Failed::int,
                    quiet_since = CASE WHEN @Sent THEN clock_timestamp() ELSE quiet_since END
                WHERE request_id = @RequestId AND attempt = @Attempt AND status = 'running'
                RETURNING request_id, failures),
            {BegunStep.NotDoneCte}
            SELECT failures FROM fence
            """;
        var (changes, changeCount) = attempt.Credential.Changes.ToJson();
        var notDone = BegunStep.Columns(attempt.NotDone);
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var failures = await connection.QuerySingleOrDefaultAsync<int?>(new(ReleaseSql, new
        {
            attempt.RequestId, Attempt = attempt.Number, released.Status, released.Reason, released.Until, released.Failed, Sent = attempt.MayHaveSent,
            NotDone = notDone.Steps, NotDoneErrors = notDone.Errors, NotDoneRefusals = notDone.Refusals, AccountId = attempt.Account.Id, attempt.AskedBy, Changes = changes,
        }, cancellationToken: ct));
        attempt.Credential.Changes.Written(changeCount);
        return failures ?? throw new FencedException("released by another");
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
        public DateTimeOffset UpdatedAt { get; init; }
        public Guid ClipId { get; init; }
        public string Title { get; init; } = "";
        public string? VideoUrl { get; init; }
        public string? VideoId { get; init; }
        public string? ImageUrl { get; init; }
        public string? ThumbnailUrl { get; init; }
        public string? ImageHash { get; init; }

        public Attempt ToAttempt(Guid requestId, Lease lease, string token, OrchestrationOptions options, DateTimeOffset now)
        {
            var account = new SocialAccount
            {
                Id = AccountId, Name = Name, AdAccountId = AdAccountId, PageId = PageId, InstagramUserId = InstagramUserId, PixelId = PixelId,
                Currency = Currency, TimezoneName = TimezoneName, DefaultCountries = DefaultCountries, MinDailyBudget = MinDailyBudget,
                DsaBeneficiary = DsaBeneficiary, DsaPayor = DsaPayor,
                CampaignCapCents = CampaignCapCents, DailyCapCents = DailyCapCents, CapsOff = CapsOff, UpdatedAt = UpdatedAt,
            };
            var clip = new Clip { Id = ClipId, Title = Title, VideoUrl = VideoUrl, VideoId = VideoId, ImageUrl = ImageUrl, ThumbnailUrl = ThumbnailUrl };
            var request = OrchestrationRequest.FromJson(Request);
            var attempt = new Attempt
            {
                RequestId = requestId, Number = Attempt, Request = request, Account = account, Clip = clip, Ending = Ending,
                Tree = new(requestId, Round, request, account, clip), CancelRequested = CancelRequested, Abandoned = Abandoned, Failures = Failures, Lease = lease,
                Steps = StepRecord.ReadAll(Steps), SettledAt = (QuietSince ?? DateTimeOffset.MinValue) + options.SettleDelay,
                Credential = new(AdAccountId, token) { StoredAs = AccessToken, BeforeSending = lease.ThrowIfOver }, AskedBy = AskedBy,
                ThumbnailUrl = ThumbnailUrl is null ? null : Urls.Encode(ThumbnailUrl), MetaCurrency = MetaCurrency, KnownImageHash = ImageHash,
            };
            foreach (var step in IsStarted ? (string[])[StepName.Campaign, StepName.Media] : [])
            {
                attempt.Steps[step] = new(step, StepState.Started, null, now);
                attempt.Begun[step] = new(step);
            }

            return attempt;
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
