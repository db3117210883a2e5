using Dapper;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Accounts.Tokens;
using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Campaigns.Contents;
using MetaAdsJobs.Core.Campaigns.Holding;
using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Meta;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Orchestrations.Steps;
using MetaAdsJobs.Core.Spending;
using Npgsql;

namespace MetaAdsJobs.Core.Campaigns;

/// <summary>Rows of campaign_edits. Every transition names the state and attempt it leaves.</summary>
internal sealed class EditStore(NpgsqlDataSource dataSource, WorkClaims work, CampaignTrees trees, ContentStore contents, AccountStore accounts, AccountTokens tokens, OrchestrationOptions options, HoldOptions late, TimeProvider time)
{
    private static readonly ClaimTable Table = ClaimTable.Edits;

    /// <summary>A CTE: an attempt whose edit has become void tells what it changed, and holds it no more. Takes @EditId and @Attempt.</summary>
    public const string Released = "released AS (UPDATE campaign_edits SET lease_until = NULL WHERE edit_id = @EditId AND attempt = @Attempt AND state IN ('cancelled', 'expired'))";

    /// <summary>Null when it has ended, is held, or has to wait.</summary>
    public async Task<EditClaim?> ClaimAsync(Guid editId, Lease lease, CancellationToken ct)
    {
        // The campaign's row first: of what is held and what was asked for since one begins, and the other sees it.
        var claimSql = $"""
            SELECT 1 FROM meta_campaigns WHERE request_id = (SELECT request_id FROM campaign_edits WHERE edit_id = @EditId AND kind <> 'pause') FOR NO KEY UPDATE;
            UPDATE campaign_edits r SET held = false, stands_behind = false, switched = r.switched OR r.kind IN ('publish', 'resume') AND r.lease_until IS NOT NULL, {Table.Taken}, quiet_since = COALESCE(r.lease_until, r.quiet_since) FROM social_accounts a WHERE {Table.Claimable}
            RETURNING r.number, r.attempt, r.failures, r.abandoned, r.request_id, r.social_account_id, r.meta_id, r.kind, r.fields::text AS fields, r.asked_by, r.asked_key, r.asked_at, a.access_token, r.round, r.ending, r.switched, r.taken_back, r.error, r.quiet_since, r.due_at,
                      @Now > {Lateness.FreeSince} + @Late AS is_missed,
                      clock_timestamp() AS claimed_at, (SELECT v.state FROM activations v WHERE v.request_id = r.request_id) AS activation, COALESCE((SELECT v.notes FROM activations v WHERE v.request_id = r.request_id), 0) AS notes, (SELECT v.paused_ids FROM activations v WHERE v.request_id = r.request_id) AS paused_ids
            """;
        EditRow? row;
        await using (var connection = await dataSource.OpenConnectionAsync(ct))
        {
            await using (var answers = await connection.QueryMultipleAsync(new(claimSql, new { EditId = editId, options.Lease, late.Late, Now = time.GetUtcNow() }, cancellationToken: ct)))
            {
                await answers.ReadAsync<int>();
                row = await answers.ReadSingleOrDefaultAsync<EditRow>();
            }

            if (row is null) return null;
            if (tokens.TryOpen(row.AccessToken) is null)
            {
                await work.HandBackAsync(connection, Table, editId, row.Attempt);
                return null;
            }
        }

        return await work.ReadAsync(Table, editId, row.Attempt, () => ReadAsync(editId, row, lease, ct));
    }

    private async Task<EditClaim> ReadAsync(Guid editId, EditRow row, Lease lease, CancellationToken ct)
    {
        var account = (await accounts.FindAsync(row.SocialAccountId, ct))!;
        var tree = (await trees.FindOfAsync(row.RequestId, ct))!;
        var fields = EditFields.FromJson(row.Fields);
        var credential = new GraphCredential(account.AdAccountId, tokens.TryOpen(row.AccessToken)!) { StoredAs = row.AccessToken, BeforeSending = lease.ThrowIfOver, Changes = new() { AskedKey = row.AskedKey } };
        var making = fields.Creative is null ? null
            : await contents.MakingAsync(editId, row.Round, row.Attempt, row.Ending, row.Failures, row.QuietSince, row.AskedBy, row.RequestId, row.MetaId, fields.Creative, account, credential.Patient(), lease, ct);
        var claim = new EditClaim(editId, row.Number, row.Attempt, row.Failures, row.Abandoned, Enum.Parse<EditKind>(row.Kind, ignoreCase: true), fields, row.AskedBy, row.AskedAt, account, tree, tree.Find(row.MetaId)!,
            row.Activation, credential, making, row.Error) { ClaimedAt = row.ClaimedAt, DueAt = row.DueAt, IsMissed = row.IsMissed, TakesBack = making is null ? row.Ending : null, Switched = row.Switched, Notes = row.Notes, PausedIds = row.PausedIds ?? [] };
        // Where nothing was sent others may have switched it on since: it is found anew before anything is.
        if (row is { Switched: true, TakenBack: { } takenBack }) claim.TakenBack = takenBack.ToHashSet();
        return claim;
    }

    // Those whose ads are in the object, or are it: the campaign's own, and what was added to it. Takes @RequestId and @MetaId.
    private const string RunsOfAds = """
        SELECT d.request_id FROM meta_campaigns c JOIN meta_adsets s ON s.campaign_db_id = c.id JOIN meta_ads d ON d.adset_db_id = s.id WHERE c.request_id = @RequestId AND @MetaId IN (c.meta_id, s.meta_id, d.meta_id)
        """;

    /// <summary>Ends the attempt: with it the audit of what it has changed at Meta, what is known of the objects now, and what caps and stops go by.</summary>
    /// <returns>False when a call that activates something may have been under way when this was begun, and <see cref="EditEnd.NotWhileBusy"/>: it may come after what was sent.</returns>
    /// <exception cref="FencedException">Another attempt holds the edit, or something that was asked for later has made it void. What was changed at Meta is recorded.</exception>
    public async Task<bool> EndAsync(EditClaim claim, EditEnd end, CancellationToken ct)
    {
        // Asked for, and withdrawn since: that has woken nobody, as this was still under way. Whoever withdraws it holds it, or waits for this.
        const string IsWithdrawn = "@IsAsked AND NOT EXISTS (SELECT 1 FROM approvals p WHERE p.edit_id = @EditId AND p.state = 'asked')";
        // Reviews before the campaign, in the order in which a look that is saved takes them.
        var endSql = $"""
            SELECT 1 FROM object_reviews r WHERE (@IsReviewed OR @CreativeId::text IS NOT NULL) AND r.request_id IN ({RunsOfAds}) ORDER BY r.request_id FOR NO KEY UPDATE;
            SELECT 1 FROM meta_campaigns WHERE request_id = @RequestId FOR NO KEY UPDATE;
            SELECT COALESCE(busy_until > @ClaimedAt, false) FROM activations WHERE request_id = @RequestId FOR UPDATE;
            SELECT 1 FROM approvals WHERE @IsAsked AND edit_id = @EditId AND state = 'asked' FOR SHARE;
            WITH {ChangeLog.Cte},
            fence AS (
                UPDATE campaign_edits SET state = @State, lease_until = NULL, abandoned = 0, failures = CASE WHEN @Ending IS NOT NULL AND ending IS NULL THEN 0 ELSE failures + @Failed::int END, next_attempt_at = CASE WHEN {IsWithdrawn} THEN @Now ELSE @Until END,
                    job_id = CASE WHEN {IsWithdrawn} THEN NULL ELSE job_id END, found = COALESCE(found, @Found::jsonb),
                    wait_reason = CASE WHEN @State = 'waiting' THEN @Reason END, held = @IsHeld, ending = COALESCE(ending, @Ending), switched = switched OR @Switched,
                    error = CASE WHEN @State IN ('failed', 'cancelled', 'missed', 'expired') THEN @Reason WHEN @State = 'waiting' THEN COALESCE(@GivesUp, error) END,
                    completed_at = CASE WHEN @State IN ('succeeded', 'failed', 'cancelled', 'missed', 'expired') THEN @Now END, quiet_since = CASE WHEN @Sent THEN clock_timestamp() ELSE quiet_since END
                WHERE {Table.Held} AND (NOT @NotWhileBusy OR NOT EXISTS (SELECT 1 FROM activations v WHERE v.request_id = @RequestId AND v.busy_until > @ClaimedAt))
                RETURNING edit_id, request_id),
            {BegunStep.NotDoneOf(Table)},
            {ShownCreative.Ctes},
            -- Meta reviews an ad when it is switched on, and not when it is made. What was adopted has no review.
            looked_at_anew AS (
                UPDATE object_reviews r SET looks = 0, settled_at = NULL, next_at = @FirstReviewAt, deadline_at = @ReviewDeadlineAt
                FROM fence WHERE @IsReviewed AND r.request_id IN ({RunsOfAds})),
            n AS (SELECT n.* FROM fence, unnest(@MetaIds, @Statuses::text[], @Names::text[], @DailyBudgets::bigint[], @LifetimeBudgets::bigint[], @EndTimes::timestamptz[], @BidAmounts::bigint[], @Targetings::text[])
                  AS n (meta_id, status, name, daily, lifetime, ends, bid, targeting)),
            {Released},
            compare AS (
                UPDATE meta_campaigns m SET compare_at = clock_timestamp() + 2 * @SettleDelay FROM fence
                WHERE @State IN ('succeeded', 'failed', 'cancelled', 'missed', 'expired') AND m.request_id = fence.request_id AND NOT m.meta_id = ANY (@MetaIds)),
            campaign AS (
                UPDATE meta_campaigns m SET compare_at = clock_timestamp() + 2 * @SettleDelay, status = COALESCE(n.status, m.status), name = COALESCE(n.name, m.name),
                    daily_budget = COALESCE(n.daily, m.daily_budget), lifetime_budget = COALESCE(n.lifetime, m.lifetime_budget) FROM n WHERE m.meta_id = n.meta_id),
            adset AS (
                UPDATE meta_adsets m SET status = COALESCE(n.status, m.status), name = COALESCE(n.name, m.name), daily_budget = COALESCE(n.daily, m.daily_budget),
                    lifetime_budget = COALESCE(n.lifetime, m.lifetime_budget), end_time = COALESCE(n.ends, m.end_time), bid_amount = COALESCE(n.bid, m.bid_amount), targeting = COALESCE(n.targeting::jsonb, m.targeting) FROM n WHERE m.meta_id = n.meta_id),
            ad AS (UPDATE meta_ads m SET status = COALESCE(n.status, m.status), name = COALESCE(n.name, m.name) FROM n WHERE m.meta_id = n.meta_id),
            activation AS (
                UPDATE activations v SET state = COALESCE(@Activation, v.state), changed_at = @Now,
                    -- More may be counted than is known here, since it stands so at Meta, or may yet. Of what failed only its own is taken out; what succeeded has its own in it already.
                    daily_cents = CASE WHEN @DailyCents IS NULL THEN v.daily_cents WHEN @ChangeCents::bigint IS NULL THEN @DailyCents
                        ELSE GREATEST(@DailyCents, v.daily_cents + CASE WHEN v.set_aside_for IS DISTINCT FROM @EditId THEN @ChangeCents WHEN @State = 'succeeded' THEN 0 ELSE -v.set_aside_cents END) END,
                    ends_at = CASE WHEN @DailyCents IS NULL OR @ChangeCents IS NOT NULL AND v.ends_at IS DISTINCT FROM @EndedAt AND COALESCE(v.ends_at > @EndsAt, v.ends_at IS NULL) THEN v.ends_at ELSE @EndsAt END,
                    set_aside_for = CASE WHEN @DailyCents IS NULL OR @ChangeCents IS NOT NULL AND v.set_aside_for IS DISTINCT FROM @EditId THEN v.set_aside_for END,
                    busy_until = CASE WHEN @IsAnswered AND v.state <> 'activating' THEN GREATEST(CASE WHEN v.resumes > 0 THEN v.busy_until END, clock_timestamp() + @SettleDelay) ELSE v.busy_until END,
                    paused_ids = CASE
                        -- What a stop has paused below it comes back with a start, or with the campaign; what a person has paused does not.
                        WHEN @IsPause AND @Activation IS DISTINCT FROM 'ended' THEN ARRAY(SELECT id FROM unnest(v.paused_ids) AS id WHERE id <> ALL (@Paused))
                        WHEN @Activation IN ('idle', 'ended') THEN ARRAY[]::text[]
                        -- A stop that came since may have paused it again.
                        WHEN v.notes <= @BringsBackNotes::int THEN ARRAY[]::text[]
                        ELSE v.paused_ids END
                FROM fence WHERE v.request_id = fence.request_id AND (@Activation IS NOT NULL OR @DailyCents IS NOT NULL OR @IsAnswered OR @IsPause))
            SELECT count(*) FROM fence
            """;
        // The attempt before has died, and nobody else tells of what it did: this one may end before it has looked.
        if (claim.Abandoned > 0 && end.State != "succeeded") await PerhapsDone.AddAsync(claim.Credential.Changes, dataSource, claim.Tree, claim.Object, claim.Kind, claim.Fields, claim.Making is { } made ? made.Attempt.FindMetaId(made.Step) : null, claim.AskedAt, time.GetUtcNow(), ct);
        var changes = claim.Credential.Changes.Open();
        var parameters = new DynamicParameters(changes);
        var (objects, making) = (end.Objects, claim.Making?.Attempt);
        var notDone = BegunStep.Columns(making?.NotDone ?? []);
        parameters.AddDynamicParams(new
        {
            claim.EditId, claim.Attempt, claim.ClaimedAt, claim.Tree.RequestId, AccountId = claim.Account.Id, claim.AskedBy, end.State, end.Reason, end.Until, end.Failed, end.GivesUp, end.Ending, Switched = claim.Credential.Changes.MayHaveActivated(claim.TakenBack), Found = end.Found?.ToJson(), end.NotWhileBusy, end.IsHeld, end.IsAsked,
            MetaIds = Of(objects, one => one.MetaId), Statuses = Of(objects, one => one.Status), Names = Of(objects, one => one.Name), DailyBudgets = Of(objects, one => one.DailyBudget),
            LifetimeBudgets = Of(objects, one => one.LifetimeBudget), EndTimes = Of(objects, one => one.EndTime), BidAmounts = Of(objects, one => one.BidAmount), Targetings = Of(objects, one => one.Targeting?.ToJsonString()),
            NotDone = notDone.Steps, NotDoneErrors = notDone.Errors, NotDoneRefusals = notDone.Refusals, Sent = making?.MayHaveSent ?? false,
            end.Activation, end.DailyCents, EndsAt = end.EndsAt?.ToUniversalTime(), end.IsAnswered, end.BringsBackNotes, IsPause = end.IsPaused || claim.Kind == EditKind.Pause && end.State == "succeeded", Paused = end.IsPaused ? claim.TakenBack.ToArray() : [claim.Object.MetaId], claim.Object.MetaId,
            ChangeCents = end.State == "succeeded" ? end.DailyCents - end.Before?.DailyCents : 0, EndedAt = (end.State == "succeeded" ? end.Before?.EndsAt : end.EndsAt)?.ToUniversalTime(), options.SettleDelay, Now = time.GetUtcNow(),
            IsReviewed = end.State == "succeeded" && claim.Kind is EditKind.Publish or EditKind.Resume,
        });
        parameters.AddDynamicParams(ShownCreative.Of(end.Shows, options, time.GetUtcNow()));
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var answers = await connection.QueryMultipleAsync(new(endSql, parameters, cancellationToken: ct));
        await answers.ReadAsync<int>();
        await answers.ReadAsync<int>();
        var isBusy = (await answers.ReadAsync<bool>()).FirstOrDefault();
        await answers.ReadAsync<int>();
        var written = await answers.ReadSingleAsync<long>();
        claim.Credential.Changes.Written(changes);
        if (written == 1) return true;
        return isBusy && end.NotWhileBusy ? false : throw new FencedException("its edit was ended by another");
    }

    /// <summary>Commits what is paused when the edit does not succeed, before it switches on anything.</summary>
    /// <exception cref="FencedException">Another attempt holds the edit, or it is void.</exception>
    public async Task TakesBackAsync(EditClaim claim, IReadOnlySet<string> takenBack, CancellationToken ct)
    {
        var takesSql = $"UPDATE campaign_edits SET taken_back = @TakenBack WHERE {Table.Held}";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        if (await connection.ExecuteAsync(new(takesSql, new { claim.EditId, claim.Attempt, TakenBack = takenBack.ToArray() }, cancellationToken: ct)) != 1) throw new FencedException("its edit was ended by another");
        claim.TakenBack = takenBack;
    }

    /// <summary>The next edit of the same campaign, which has waited for one that ended. What is held comes by itself, or when it is next.</summary>
    public async Task<Guid?> FindNextAsync(Guid requestId, CancellationToken ct)
    {
        var nextSql = $"""
            SELECT r.edit_id FROM campaign_edits r JOIN social_accounts a ON a.id = r.social_account_id
            WHERE r.request_id = @RequestId AND r.state IN ('queued', 'waiting') AND {ClaimTable.Free("r")} AND (NOT r.held OR ({Table.HeldUntil}) IS NULL) ORDER BY r.held, r.number LIMIT 1
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.QueryFirstOrDefaultAsync<Guid?>(new(nextSql, new { RequestId = requestId, Now = time.GetUtcNow() }, cancellationToken: ct));
    }

    /// <summary>What is to be paused by edits asked for later: nothing of it is switched on any more.</summary>
    public async Task<IReadOnlySet<string>> ListPausedLaterAsync(EditClaim claim, CancellationToken ct)
    {
        const string LaterSql = "SELECT meta_id FROM campaign_edits WHERE request_id = @RequestId AND number > @Number AND kind = 'pause' AND state <> 'cancelled'";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<string>(new(LaterSql, new { claim.Tree.RequestId, claim.Number }, cancellationToken: ct))).ToHashSet();
    }

    /// <summary>The tree as it stands, if no earlier edit can change it any more; later ones wait for this.</summary>
    public async Task<CampaignTree?> FindSettledAsync(EditClaim claim, CancellationToken ct)
    {
        const string EarlierSql = "SELECT EXISTS (SELECT 1 FROM campaign_edits WHERE request_id = @RequestId AND number < @Number AND state IN ('queued', 'running', 'waiting') AND NOT held)";
        await using (var connection = await dataSource.OpenConnectionAsync(ct))
        {
            if (await connection.ExecuteScalarAsync<bool>(new(EarlierSql, new { claim.Tree.RequestId, claim.Number }, cancellationToken: ct))) return null;
        }

        return await trees.FindOfAsync(claim.Tree.RequestId, ct);
    }

    /// <summary>Until when something that was sent to the object may still be carried out, although nobody has heard of it, or anything by an attempt at another edit of the campaign that died; null when nothing may.
    /// For what makes the campaign spend it counts of all of it: of budgets that are on their way, and of pauses, but not of what it is to switch on itself.</summary>
    public async Task<DateTimeOffset?> FindUnknownUntilAsync(EditClaim claim, string metaId, CancellationToken ct)
    {
        // The next attempt at such an edit may long have done the same: what the dead one has sent would come after what is asked for since.
        const string UnknownSql = """
            SELECT GREATEST(
                (SELECT max(sent_at) FROM meta_changes WHERE request_id = @RequestId AND (path = @MetaId OR path = ANY (@Others) AND NOT (path = ANY (@Switched) AND sent ->> 'status' = 'ACTIVE')) AND outcome = 'outcome_unknown' AND sent_at > @Since),
                (SELECT max(d.quiet_since) FROM (
                    SELECT COALESCE(CASE WHEN state IN ('cancelled', 'expired') THEN lease_until END, quiet_since) AS quiet_since FROM campaign_edits
                    WHERE request_id = @RequestId AND edit_id <> @EditId AND kind NOT IN ('archive', 'delete')) d WHERE d.quiet_since > @Since))
            """;
        var since = time.GetUtcNow() - options.SettleDelay;
        string[] others = claim.Kind is EditKind.Publish or EditKind.Resume ? [.. claim.Tree.All.Select(one => one.MetaId)] : [];
        string[] switched = claim.Kind == EditKind.Publish ? [.. claim.Tree.Below(claim.Object).Select(one => one.MetaId)] : [];
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<DateTimeOffset?>(new(UnknownSql, new { claim.EditId, claim.Tree.RequestId, MetaId = metaId, Others = others, Switched = switched, Since = since }, cancellationToken: ct)) + options.SettleDelay;
    }

    /// <summary>Until when a call that an attempt at this edit, or a start, has sent may still switch on what it takes back; null when none may.</summary>
    public async Task<DateTimeOffset?> FindActivatedUntilAsync(EditClaim claim, CancellationToken ct)
    {
        const string SentSql = """
            SELECT GREATEST(
                (SELECT max(sent_at) FROM meta_changes WHERE request_id = @RequestId AND path = ANY (@Paths) AND outcome = 'outcome_unknown' AND sent ->> 'status' = 'ACTIVE' AND sent_at > @Since),
                (SELECT quiet_since FROM campaign_edits WHERE edit_id = @EditId AND quiet_since > @Since), @OwnSince::timestamptz) + @SettleDelay,
                (SELECT busy_until FROM activations WHERE request_id = @RequestId AND state = 'activating' AND busy_until > clock_timestamp())
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var (sent, activating) = await connection.QuerySingleAsync<(DateTimeOffset?, DateTimeOffset?)>(new(SentSql, new
        {
            claim.EditId, claim.Tree.RequestId, Paths = claim.TakenBack.ToArray(), Since = time.GetUtcNow() - options.SettleDelay, OwnSince = claim.Credential.Changes.MayActivateSince(claim.TakenBack), options.SettleDelay,
        }, cancellationToken: ct));
        return sent > activating ? sent : activating ?? sent;
    }

    /// <summary>Budget edits of the object that were sent within the last hour, oldest first.</summary>
    public async Task<IReadOnlyList<DateTimeOffset>> ListBudgetEditsAsync(EditClaim claim, CancellationToken ct)
    {
        const string SentSql = """
            SELECT sent_at FROM meta_changes WHERE request_id = @RequestId AND path = @MetaId AND sent ?| ARRAY['daily_budget', 'lifetime_budget'] AND sent_at > @Since AND outcome <> 'not_sent' ORDER BY sent_at
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<DateTimeOffset>(new(SentSql, new { claim.Tree.RequestId, claim.Object.MetaId, Since = time.GetUtcNow().AddHours(-1) }, cancellationToken: ct))).AsList();
    }

    /// <summary>Opens a failed edit again for a job that a person has requeued: behind all that was asked for since. Not one of a proposal whose night is over (what it has not given is owed), nor of an experiment: that rested on numbers of its day.</summary>
    public void Reopen(Guid editId)
    {
        const string ReopenSql = """
            SELECT 1 FROM meta_campaigns WHERE request_id = (SELECT request_id FROM campaign_edits WHERE edit_id = @EditId) FOR NO KEY UPDATE;
            SELECT 1 FROM budget_proposals q JOIN budget_moves m ON m.proposal_id = q.id WHERE m.edit_id = @EditId FOR SHARE OF q;
            UPDATE campaign_edits SET state = 'queued', number = DEFAULT, held = false, stands_behind = false, due_at = NULL, failures = 0, abandoned = 0, error = NULL, completed_at = NULL, started_at = NULL, found = NULL, ending = NULL, switched = false, taken_back = NULL, round = round + 1 WHERE edit_id = @EditId AND state = 'failed' AND NOT EXISTS (SELECT 1 FROM social_accounts a WHERE a.id = social_account_id AND a.retired_at IS NOT NULL)
                AND NOT EXISTS (SELECT 1 FROM budget_moves m JOIN budget_proposals q ON q.id = m.proposal_id WHERE m.edit_id = @EditId AND q.state <> 'accepted') AND NOT EXISTS (SELECT 1 FROM experiment_changes x WHERE x.edit_id = @EditId);
            DELETE FROM edit_steps s USING campaign_edits e WHERE s.edit_id = @EditId AND e.edit_id = s.edit_id AND e.state = 'queued'
            """;
        using var connection = dataSource.OpenConnection();
        connection.Execute(ReopenSql, new { EditId = editId });
    }

    /// <summary>Another attempt holds the edit, or it is void: what this one has changed at Meta is recorded all the same.</summary>
    public async Task AuditAsync(EditClaim claim)
    {
        const string AuditSql = $"WITH {ChangeLog.Cte}, {Released} SELECT 1";
        // The attempt before has died, and no other follows that would tell of what it did.
        if (claim.Abandoned > 0 && await IsVoidAsync(claim)) await PerhapsDone.AddAsync(claim.Credential.Changes, dataSource, claim.Tree, claim.Object, claim.Kind, claim.Fields, claim.Making is { } made ? made.Attempt.FindMetaId(made.Step) : null, claim.AskedAt, time.GetUtcNow(), CancellationToken.None);
        var changes = claim.Credential.Changes.Open();
        var parameters = new DynamicParameters(changes);
        parameters.AddDynamicParams(new { claim.EditId, claim.Attempt, claim.Tree.RequestId, AccountId = claim.Account.Id, claim.AskedBy });
        await using var connection = await dataSource.OpenConnectionAsync(CancellationToken.None);
        await connection.ExecuteAsync(AuditSql, parameters);
        claim.Credential.Changes.Written(changes);
    }

    private async Task<bool> IsVoidAsync(EditClaim claim)
    {
        const string VoidSql = "SELECT EXISTS (SELECT 1 FROM campaign_edits WHERE edit_id = @EditId AND attempt = @Attempt AND state IN ('cancelled', 'expired'))";
        await using var connection = await dataSource.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteScalarAsync<bool>(VoidSql, new { claim.EditId, claim.Attempt });
    }

    private static T[] Of<T>(IReadOnlyList<Edited> objects, Func<Edited, T> value) => [.. objects.Select(value)];
}
