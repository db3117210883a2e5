using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Core.Accounts.Tokens;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Orchestrations.Steps;
using Npgsql;

namespace MetaAdsJobs.Core.Campaigns.Comparing;

/// <summary>A campaign that is due to be compared with Meta, as it was known when it was taken.</summary>
/// <param name="Credential">Null when the account's token cannot be opened.</param>
/// <param name="LastEdit">Number of the last edit that was asked for; 0 when there was none.</param>
/// <param name="CarriedOutAt">When Meta last carried something out of what we sent of it: it was there.</param>
/// <param name="QuietSince">When something of it was last sent by us, as far as is known.</param>
/// <param name="TakenUntil">When it is due again if nobody says otherwise.</param>
/// <param name="IsPaused">A stop has paused it, or something of it, and no start has given that back: it stays as it was known before.</param>
internal sealed record DueCampaign(CampaignTree Tree, GraphCredential? Credential, long LastEdit, DateTimeOffset? ActivationChangedAt, DateTimeOffset? QuietSince, DateTimeOffset? CarriedOutAt, DateTimeOffset? MissingSince, string[]? MissingIds, bool IsPaused, DateTimeOffset TakenUntil);

/// <summary>What Meta has called missing, and is asked for again before that is believed.</summary>
/// <param name="Since">When it was first called so; all of it was at each look since.</param>
internal sealed record Missing(string[] Ids, DateTimeOffset Since);

/// <summary>Something that is not as it was left.</summary>
internal sealed record OutsideDifference(TreeObject Object, string Field, string? Was, string? Is);

/// <summary>What comparing keeps: when each campaign is due, and what was found.</summary>
internal sealed class CompareStore(NpgsqlDataSource dataSource, CampaignTrees trees, AccountTokens tokens, TimeProvider time)
{
    private static readonly TimeSpan Taken = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Takes some campaigns that are due; whoever takes one has ten minutes for it, then it is due again: a crash only delays. Those with open edits, and accounts
    /// that Meta throttles or whose token it refused, are left for later.
    /// </summary>
    public async Task<IReadOnlyList<DueCampaign>> TakeAsync(int limit, CancellationToken ct)
    {
        const string TakeSql = """
            WITH due AS (
                SELECT c.id, c.compare_at FROM meta_campaigns c JOIN social_accounts a ON a.id = c.social_account_id
                WHERE c.compare_at <= clock_timestamp() AND c.status NOT IN ('DELETED', 'ARCHIVED') AND a.token_rejected_at IS NULL AND a.retired_at IS NULL
                  AND NOT EXISTS (SELECT 1 FROM campaign_edits e WHERE e.request_id = c.request_id AND e.state IN ('queued', 'running', 'waiting')
                                    -- What is held has done nothing yet, or what it did is told as sent by us, and it may be held for weeks.
                                    -- An attempt at it that died has told nothing. Of what a stop has paused only the campaign is looked at, and nothing of ours can have switched that on since.
                                    AND NOT (e.held AND (NOT e.switched AND (e.kind NOT IN ('publish', 'resume') OR e.lease_until IS NULL)
                                                         OR EXISTS (SELECT 1 FROM activations v WHERE v.request_id = c.request_id AND v.state = 'paused' AND v.paused_ids <> '{}'))))
                  -- What it did is not told yet: it would be taken for somebody else's.
                  AND NOT EXISTS (SELECT 1 FROM campaign_edits e WHERE e.request_id = c.request_id AND e.state IN ('cancelled', 'expired') AND e.lease_until IS NOT NULL)
                  -- What is read before a call is carried out tells nothing of what comes after it, also when it is over by the time that is saved.
                  AND NOT EXISTS (SELECT 1 FROM activations v WHERE v.request_id = c.request_id AND (v.state = 'activating' OR v.busy_until > clock_timestamp()))
                  AND NOT EXISTS (SELECT 1 FROM account_pacing p WHERE p.ad_account_id = a.ad_account_id AND p.use_case = 'ads_management' AND p.blocked_until > @Now)
                ORDER BY c.compare_at, c.id LIMIT @Limit FOR NO KEY UPDATE OF c SKIP LOCKED),
            taken AS (
                UPDATE meta_campaigns c SET compare_at = clock_timestamp() + @Taken FROM due, social_accounts a WHERE c.id = due.id AND a.id = c.social_account_id
                RETURNING c.request_id, a.ad_account_id, a.access_token, (SELECT COALESCE(max(number), 0) FROM campaign_edits e WHERE e.request_id = c.request_id) AS last_edit,
                    (SELECT v.changed_at FROM activations v WHERE v.request_id = c.request_id) AS changed_at, (SELECT max(sent_at) FROM meta_changes m WHERE m.request_id = c.request_id) AS quiet_since,
                    (SELECT max(sent_at) FROM meta_changes m WHERE m.request_id = c.request_id AND m.outcome = 'done' AND m.method <> 'NOTE') AS carried_out_at,
                    c.missing_since, c.missing_ids, EXISTS (SELECT 1 FROM activations v WHERE v.request_id = c.request_id AND cardinality(v.paused_ids) > 0) AS is_paused, c.compare_at AS taken_until, due.compare_at AS due_at, c.id)
            SELECT request_id, ad_account_id, access_token, last_edit, changed_at, quiet_since, carried_out_at, missing_since, missing_ids, is_paused, taken_until FROM taken ORDER BY due_at, id
            """;
        List<(Guid RequestId, string AdAccountId, string AccessToken, long LastEdit, DateTimeOffset? ChangedAt, DateTimeOffset? QuietSince, DateTimeOffset? CarriedOutAt, DateTimeOffset? MissingSince, string[]? MissingIds, bool IsPaused, DateTimeOffset TakenUntil)> rows;
        await using (var connection = await dataSource.OpenConnectionAsync(ct))
        {
            rows = (await connection.QueryAsync<(Guid, string, string, long, DateTimeOffset?, DateTimeOffset?, DateTimeOffset?, DateTimeOffset?, string[]?, bool, DateTimeOffset)>(new(TakeSql, new { Now = time.GetUtcNow(), Limit = limit, Taken }, cancellationToken: ct))).AsList();
        }

        var due = new List<DueCampaign>();
        foreach (var row in rows)
            if (await trees.FindOfAsync(row.RequestId, ct) is { } tree)
                due.Add(new(tree, tokens.TryOpen(row.AccessToken) is { } token ? new(row.AdAccountId, token) : null, row.LastEdit, row.ChangedAt, row.QuietSince, row.CarriedOutAt, row.MissingSince, row.MissingIds, row.IsPaused, row.TakenUntil));
        return due;
    }

    /// <param name="isShown">Nothing of it is missing.</param>
    public async Task PostponeAsync(DueCampaign due, DateTimeOffset until, CancellationToken ct, bool isShown = false)
    {
        // Whoever has edited it since has it compared when that is over.
        const string PostponeSql = """
            UPDATE meta_campaigns SET compare_at = CASE WHEN compare_at = @TakenUntil THEN @Until ELSE compare_at END, missing_since = CASE WHEN NOT @IsShown THEN missing_since END
            WHERE request_id = @RequestId AND (compare_at = @TakenUntil OR @IsShown AND missing_since IS NOT DISTINCT FROM @Before::timestamptz)
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new(PostponeSql, new { due.Tree.RequestId, due.TakenUntil, Until = until, IsShown = isShown, Before = due.MissingSince }, cancellationToken: ct));
    }

    /// <summary>Nothing of it can be told.</summary>
    public async Task MissingAsync(DueCampaign due, Missing missing, DateTimeOffset until, CancellationToken ct)
    {
        // Also where somebody has it compared soon: only another look knows better.
        const string MissingSql = "UPDATE meta_campaigns SET missing_since = @Since, missing_ids = @Ids, compare_at = CASE WHEN compare_at = @TakenUntil THEN @Until ELSE compare_at END WHERE request_id = @RequestId AND missing_since IS NOT DISTINCT FROM @Before::timestamptz";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new(MissingSql, new { due.Tree.RequestId, due.TakenUntil, Until = until, missing.Since, missing.Ids, Before = due.MissingSince }, cancellationToken: ct));
    }

    // Nobody of ours has begun anything with it since it was taken, nor asked to have it compared anew. What was held may have begun: it takes the campaign's row first, too.
    private const string Stands = """
        c.compare_at = @TakenUntil
        AND (SELECT COALESCE(max(number), 0) FROM campaign_edits e WHERE e.request_id = c.request_id) = @LastEdit
        AND (SELECT v.changed_at FROM activations v WHERE v.request_id = c.request_id) IS NOT DISTINCT FROM @ActivationChangedAt
        AND NOT EXISTS (SELECT 1 FROM activations v WHERE v.request_id = c.request_id AND (v.state = 'activating' OR v.busy_until > clock_timestamp()))
        AND NOT EXISTS (SELECT 1 FROM campaign_edits e WHERE e.request_id = c.request_id AND e.state = 'running' AND e.kind <> 'pause')
        """;

    /// <summary>
    /// A campaign that a stop has paused is on: it counts against the cap again, and a stop that is in force, or the next one, pauses it. What a start gives back that is still to come stays noted; without one it is compared like others from now on.
    /// </summary>
    /// <param name="stands">As it stands at Meta.</param>
    /// <returns>Whether a stop or a start has still to see to it; null when somebody of ours has changed the campaign meanwhile.</returns>
    public async Task<bool?> SwitchedOnAsync(DueCampaign due, CampaignTree stands, CancellationToken ct)
    {
        const string OnSql = $$"""
            SELECT 1 FROM meta_campaigns WHERE request_id = @RequestId FOR NO KEY UPDATE;
            SELECT 1 FROM activations WHERE request_id = @RequestId FOR UPDATE;
            WITH fence AS (
                SELECT v.request_id, v.social_account_id, v.state AS was FROM meta_campaigns c JOIN activations v USING (request_id) WHERE c.request_id = @RequestId AND {{Stands}}),
            counted AS (
                UPDATE activations v SET state = 'active', daily_cents = GREATEST(v.daily_cents, @DailyCents), ends_at = @EndsAt, changed_at = @Now,
                    paused_ids = CASE WHEN EXISTS (SELECT 1 FROM stops s WHERE (s.lifted_at IS NULL OR s.job_id IS NOT NULL) AND (s.social_account_id IS NULL OR s.social_account_id = v.social_account_id)) THEN v.paused_ids ELSE '{}' END
                FROM fence WHERE v.request_id = fence.request_id RETURNING v.paused_ids <> '{}' AS is_paused),
            told AS (
                INSERT INTO outside_changes (social_account_id, request_id, level, meta_id, field, was, "is", found_at)
                SELECT social_account_id, request_id, 'campaign', @CampaignId, 'status', 'PAUSED', 'ACTIVE', @Now FROM fence WHERE was IN ('paused', 'idle'))
            SELECT is_paused FROM counted
            """;
        var now = time.GetUtcNow();
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var answers = await connection.QueryMultipleAsync(new(OnSql, new
        {
            due.Tree.RequestId, due.TakenUntil, due.LastEdit, due.ActivationChangedAt, Now = now, CampaignId = due.Tree.Campaign.MetaId, DailyCents = stands.DailyAmountCents(now), EndsAt = stands.LastEnd?.ToUniversalTime(),
        }, cancellationToken: ct));
        await answers.ReadAsync<int>();
        await answers.ReadAsync<int>();
        return (await answers.ReadAsync<bool?>()).SingleOrDefault();
    }

    /// <summary>
    /// Records what has changed and takes it over. A campaign that was switched on by hand counts against the cap from now on, and a stop that is in force pauses it; one that
    /// was switched off or ended counts no more.
    /// </summary>
    /// <param name="missing">What is left as it was known, and goes on counting for what it was counted; null when nothing is.</param>
    /// <returns>What somebody else has changed; null when somebody of ours has changed the campaign meanwhile: what was read is old.</returns>
    public async Task<IReadOnlyList<OutsideDifference>?> SaveAsync(DueCampaign due, IReadOnlyList<OutsideDifference> changes, Missing? missing, DateTimeOffset nextAt, CancellationToken ct)
    {
        const string SaveSql = $"""
            SELECT 1 FROM meta_campaigns WHERE request_id = @RequestId FOR NO KEY UPDATE;
            SELECT 1 FROM activations WHERE request_id = @RequestId FOR UPDATE;
            WITH fence AS (
                UPDATE meta_campaigns c SET compared_at = CASE WHEN @MissingIds::text[] IS NULL THEN @Now ELSE c.compared_at END, compare_at = @NextAt, missing_since = @MissingSince, missing_ids = @MissingIds, told_at = CASE WHEN @IsChanged THEN @Now ELSE c.told_at END FROM (SELECT id, compared_at FROM meta_campaigns) earlier WHERE c.request_id = @RequestId AND earlier.id = c.id
                  AND {Stands} AND NOT EXISTS (SELECT 1 FROM activations v WHERE v.request_id = c.request_id AND cardinality(v.paused_ids) > 0)
                RETURNING c.request_id, c.social_account_id, COALESCE(earlier.compared_at, c.created_at) AS since),
            told AS (
                INSERT INTO outside_changes (social_account_id, request_id, level, meta_id, field, was, "is", since, found_at)
                SELECT fence.social_account_id, fence.request_id, n.level, n.meta_id, n.field, n.was, n.now, fence.since, @Now
                FROM fence, unnest(@Levels, @MetaIds, @Fields, @Was::text[], @Is::text[]) AS n (level, meta_id, field, was, now)
                RETURNING 1),
            active AS (
                INSERT INTO activations (request_id, social_account_id, state, daily_cents, ends_at, changed_at)
                SELECT request_id, social_account_id, 'active', @DailyCents, @EndsAt, @Now FROM fence WHERE @State = 'active'
                ON CONFLICT (request_id) DO UPDATE SET state = 'active', daily_cents = CASE WHEN @MissingIds::text[] IS NULL THEN EXCLUDED.daily_cents ELSE GREATEST(activations.daily_cents, EXCLUDED.daily_cents) END,
                    ends_at = CASE WHEN @MissingIds::text[] IS NULL THEN EXCLUDED.ends_at ELSE NULLIF(GREATEST(COALESCE(activations.ends_at, 'infinity'), COALESCE(EXCLUDED.ends_at, 'infinity')), 'infinity') END, changed_at = EXCLUDED.changed_at),
            inactive AS (
                UPDATE activations v SET state = CASE WHEN v.state IN ('active', 'idle') OR @State = 'ended' THEN @State ELSE v.state END, changed_at = @Now, daily_cents = CASE WHEN @MissingIds::text[] IS NULL THEN @DailyCents ELSE GREATEST(v.daily_cents, @DailyCents) END,
                    ends_at = CASE WHEN @MissingIds::text[] IS NULL THEN @EndsAt::timestamptz ELSE NULLIF(GREATEST(COALESCE(v.ends_at, 'infinity'), COALESCE(@EndsAt::timestamptz, 'infinity')), 'infinity') END
                FROM fence WHERE v.request_id = fence.request_id AND @State <> 'active')
            SELECT count(*) FROM fence
            """;
        const string TakeOverSql = """
            UPDATE meta_campaigns SET status = COALESCE(@Status, status), name = COALESCE(@Name, name), daily_budget = CASE WHEN @SetsDaily THEN @Daily ELSE daily_budget END,
                lifetime_budget = CASE WHEN @SetsLifetime THEN @Lifetime ELSE lifetime_budget END WHERE meta_id = @MetaId;
            UPDATE meta_adsets SET status = COALESCE(@Status, status), name = COALESCE(@Name, name), daily_budget = CASE WHEN @SetsDaily THEN @Daily ELSE daily_budget END,
                lifetime_budget = CASE WHEN @SetsLifetime THEN @Lifetime ELSE lifetime_budget END, end_time = CASE WHEN @SetsEnd THEN @End::timestamptz ELSE end_time END, bid_amount = CASE WHEN @SetsBid THEN @Bid ELSE bid_amount END WHERE meta_id = @MetaId;
            UPDATE meta_ads SET status = COALESCE(@Status, status), name = COALESCE(@Name, name) WHERE meta_id = @MetaId;
            -- What it shows is not known here.
            UPDATE meta_creatives r SET meta_id = @CreativeId, kind = 'outside', clip_id = NULL, title = NULL, description = NULL, landing_url = NULL, video_id = NULL, image_hash = NULL, image_url = NULL, thumbnail_url = NULL,
                content = NULL, effective_status = NULL, issues = '[]' FROM meta_ads d WHERE @CreativeId::text IS NOT NULL AND d.meta_id = @MetaId AND r.id = d.creative_db_id;
            """;
        var tree = After(due.Tree, changes);
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var told = await ListOutsideAsync(connection, transaction, due.Tree, changes, ct);
        await using (var answers = await connection.QueryMultipleAsync(new(SaveSql, new
        {
            due.Tree.RequestId, due.TakenUntil, due.LastEdit, due.ActivationChangedAt, Now = time.GetUtcNow(), NextAt = nextAt, MissingIds = missing?.Ids, MissingSince = missing?.Since, IsChanged = changes.Count > 0,
            Levels = Of(told, change => LevelOf(change.Object.Kind)), MetaIds = Of(told, change => change.Object.MetaId), Fields = Of(told, change => change.Field), Was = Of(told, change => change.Was), Is = Of(told, change => change.Is),
            State = tree.Campaign.IsOn ? "active" : tree.Campaign.IsGone ? "ended" : "idle", DailyCents = tree.DailyAmountCents(time.GetUtcNow()), EndsAt = tree.LastEnd?.ToUniversalTime(),
        }, transaction, cancellationToken: ct)))
        {
            await answers.ReadAsync<int>();
            await answers.ReadAsync<int>();
            if (await answers.ReadSingleAsync<long>() != 1) return null;
        }

        foreach (var one in changes.GroupBy(change => change.Object.MetaId))
        {
            string? Is(string field) => one.FirstOrDefault(change => change.Field == field)?.Is;
            bool Sets(string field) => one.Any(change => change.Field == field);
            await connection.ExecuteAsync(new(TakeOverSql, new
            {
                MetaId = one.Key, Status = Is("status"), Name = Is("name"), SetsDaily = Sets("daily_budget"), Daily = Number(Is("daily_budget")),
                SetsLifetime = Sets("lifetime_budget"), Lifetime = Number(Is("lifetime_budget")), SetsEnd = Sets("end_time"), End = Is("end_time"), SetsBid = Sets("bid_amount"), Bid = Number(Is("bid_amount")), CreativeId = Is("creative"),
            }, transaction, cancellationToken: ct));
        }

        await transaction.CommitAsync(ct);
        return told;
    }

    /// <summary>All but what was sent by us last since the comparison before, by whoever failed, became void or died before he could say so.</summary>
    private static async Task<IReadOnlyList<OutsideDifference>> ListOutsideAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, CampaignTree tree, IReadOnlyList<OutsideDifference> changes, CancellationToken ct)
    {
        // A comparison of which something was missing is none of the whole: what it has told as changed since it was sent is ours no more.
        const string SentSql = """
            SELECT m.path, CASE m.method WHEN 'DELETE' THEN '{"status":"DELETED"}'
                ELSE (m.sent - ARRAY(SELECT o.field FROM outside_changes o WHERE o.request_id = m.request_id AND o.meta_id = m.path AND o.found_at > m.sent_at))::text END
            FROM meta_changes m
            WHERE m.request_id = @RequestId AND m.outcome IN ('done', 'outcome_unknown') AND m.path = ANY (@Paths) AND m.sent_at > COALESCE((SELECT compared_at FROM meta_campaigns WHERE request_id = @RequestId), '-infinity') ORDER BY m.sent_at, m.id
            """;
        if (changes.Count == 0) return changes;
        // With what is deleted or archived goes what hangs on it.
        string[] PathsOf(OutsideDifference change) => change is { Field: "status", Is: "DELETED" or "ARCHIVED" } ? [change.Object.MetaId, change.Object.ParentId ?? "", tree.Campaign.MetaId] : [change.Object.MetaId];
        var sent = (await connection.QueryAsync<(string Path, string Fields)>(new(SentSql, new { tree.RequestId, Paths = changes.SelectMany(PathsOf).Distinct().ToArray() }, transaction, cancellationToken: ct)))
            .Select(one => (one.Path, Fields: JsonNode.Parse(one.Fields)!)).ToList();
        return [.. changes.Where(change => !IsOfOtherRound(change)
            && ((string?)sent.LastOrDefault(one => PathsOf(change).Contains(one.Path) && one.Fields[change.Field] is not null).Fields?[change.Field] is not { } last || !IsSame(change, last)))];
    }

    // What a run had made that was retried was kept with the marker it had.
    private static bool IsOfOtherRound(OutsideDifference change) => change is { Field: "name", Was: { } was, Is: { } now }
        && Marker.Split(was) is { Marker: not null } known && Marker.Split(now) is { Marker: not null } found && known.Readable == found.Readable;

    private static bool IsSame(OutsideDifference change, string sent) => change.Field switch
    {
        "creative" => change.Is is { } id && sent.Contains($"\"{id}\"", StringComparison.Ordinal),
        "end_time" => MetaEdits.Moment(sent) == MetaEdits.Moment(change.Is),
        _ => sent == change.Is,
    };

    private static CampaignTree After(CampaignTree tree, IReadOnlyList<OutsideDifference> changes) => changes.Aggregate(tree, (now, change) => now.With([change.Object.MetaId], one => change.Field switch
    {
        "status" => one with { Status = change.Is! },
        "daily_budget" => one with { Budget = one.Budget with { Daily = Number(change.Is) } },
        "lifetime_budget" => one with { Budget = one.Budget with { Lifetime = Number(change.Is) } },
        "end_time" => one with { Budget = one.Budget with { EndTime = change.Is is null ? null : DateTimeOffset.Parse(change.Is, System.Globalization.CultureInfo.InvariantCulture) } },
        _ => one,
    }));

    private static string LevelOf(AdObject kind) => kind == AdObject.Campaign ? "campaign" : kind == AdObject.AdSet ? "adset" : "ad";

    private static long? Number(string? text) => text is null ? null : long.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    private static T[] Of<T>(IReadOnlyList<OutsideDifference> changes, Func<OutsideDifference, T> value) => [.. changes.Select(value)];
}
