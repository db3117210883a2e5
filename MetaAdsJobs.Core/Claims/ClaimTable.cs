namespace MetaAdsJobs.Core.Claims;

/// <summary>
/// A table whose rows are pieces of work. Each is done by one attempt at a time, under a lease; its row says how far that is, what it waits for,
/// how often it failed and died. The tables differ in their names only, so the statements are written once. In them the row is r, its account a.
/// </summary>
/// <param name="Parameter">The key's name as a parameter.</param>
/// <param name="Since">When the work was asked for.</param>
/// <param name="UseCase">Whose limit at Meta it goes by.</param>
internal sealed record ClaimTable(string Name, string Key, string Parameter, string State, string Since, string UseCase)
{
    public static readonly ClaimTable Orchestrations = new("orchestrations", "request_id", "RequestId", "status", "accepted_at", "ads_management")
    {
        YieldsToPeople = true,
        TakesBack = "(r.ending IS NOT NULL OR r.cancel_requested)",
        Steps = "orchestration_steps",
        HasManySteps = "request ? 'ad_sets'",
        Fenced = "request_id, social_account_id, clip_id, cancel_requested, failures, quiet_since, errors",
        GivenUp = "CASE WHEN cancel_requested THEN 'cancelled' ELSE 'failed' END",
        WithGivenUp = "ending = CASE WHEN cancel_requested THEN 'cancelled' ELSE 'failed' END, errors = errors || jsonb_build_array(@Reason::text)",
        HasNothing = "(ending IS NULL AND NOT EXISTS (SELECT 1 FROM orchestration_steps s WHERE s.request_id = orchestrations.request_id AND s.state <> 'pending' AND NOT (s.state = 'started' AND s.attempt = @Attempt)))",
        // Nothing was sent: what the claim has started is pending again.
        WithHandedBack = "UPDATE orchestration_steps s SET state = 'pending' FROM back WHERE s.request_id = back.request_id AND s.attempt = @Attempt AND s.state = 'started'",
    };

    public static readonly ClaimTable Syncs = new("insight_syncs", "sync_id", "SyncId", "state", "queued_at", "ads_insights")
    {
        WithGivenUp = "holding = false, error = @Reason",
        Progress = """
            , pages_read = p.pages, rows_read = p.rows, reports = p.reports, reports_read = p.reports_read
            FROM (SELECT COALESCE(sum(pages), 0) AS pages, COALESCE(sum(rows), 0) AS rows, count(*) FILTER (WHERE state <> 'split') AS reports,
                         count(*) FILTER (WHERE state IN ('read', 'refused')) AS reports_read
                  FROM insight_reports WHERE sync_id = @SyncId) p
            """,
    };

    // What pauses: at once, or what was switched on and is taken back.
    private const string PausesFirst = "(r.kind = 'pause' OR r.ending IS NOT NULL AND r.kind IN ('publish', 'resume'))";

    // Of an earlier edit e that is held: another change of the same object, r, waits for it all the same, or the earlier one would be the last. Not for a freeze or an approval.
    private const string KeepsLater = """
        (e.kind = 'update' AND e.meta_id = r.meta_id AND (SELECT ends_at FROM freeze_of(a.id, @Now)) IS NULL AND NOT EXISTS (SELECT 1 FROM approvals p WHERE p.edit_id = e.edit_id AND p.state IN ('asked', 'approved')))
        """;

    /// <summary>Why an edit waits for another that was asked for before.</summary>
    public const string BehindAnEarlier = "an earlier edit of the same campaign comes first";

    // An earlier edit e of what is spent that is held for what it stands behind, and has not had its turn: what makes the room may pass it, and not what spends more. One that was begun before it was held behind another change of its object has not had it either.
    private const string StandsBehind = """
        (e.held AND e.ending IS NULL AND (e.started_at IS NULL OR e.stands_behind) AND (e.due_at IS NULL OR e.due_at <= @Now) AND NOT EXISTS (SELECT 1 FROM approvals p WHERE p.edit_id = e.edit_id AND p.state = 'asked')
            AND (e.kind IN ('publish', 'resume') OR e.kind = 'update' AND e.fields ?| ARRAY['daily_budget_cents', 'lifetime_budget_cents', 'end_time', 'bid_amount_cents', 'targeting']))
        """;

    /// <summary>
    /// Edits of one campaign are done in the order in which they were asked for; what pauses waits for nothing, and nothing for what only takes back what it has made. What is held, until its time or
    /// for an approval or a freeze, for room or a start, keeps nothing else waiting (but for room or a start: another change of the same object, or the earlier one would be the last, and what switches on behind that), and begins when nothing else is being done. What was published or resumed and is
    /// paused again before it ends goes before all that waits, and only pauses and ends come before that is over: it would pause what they switch on. What a paused ad shows cannot make it spend; of one that is on, Meta may have refused what it
    /// showed, and accept the new.
    /// </summary>
    public static readonly ClaimTable Edits = new("campaign_edits", "edit_id", "EditId", "state", "asked_at", "ads_management")
    {
        GoesFirst = PausesFirst,
        Steps = "edit_steps",
        Fenced = "edit_id, request_id, social_account_id, false AS cancel_requested, failures, quiet_since",
        WaitsFor = $"""
            CASE WHEN NOT {PausesFirst} AND a.blocked_at IS NOT NULL THEN concat('the account is blocked by Meta: ', COALESCE(a.block_reason, 'blocked'))
                 WHEN r.ending IS NOT NULL THEN CASE WHEN r.kind IN ('publish', 'resume') AND EXISTS (SELECT 1 FROM campaign_edits e WHERE e.request_id = r.request_id AND e.edit_id <> r.edit_id AND e.state = 'running' AND e.kind <> 'pause')
                                                     THEN 'another edit of the same campaign is being carried out' END
                 WHEN r.due_at > @Now THEN 'its time has not come yet'
                 WHEN EXISTS (SELECT 1 FROM approvals p WHERE p.edit_id = r.edit_id AND p.state = 'asked') THEN 'somebody else has to approve it'
                 WHEN r.kind <> 'pause' AND EXISTS (SELECT 1 FROM campaign_edits e WHERE e.request_id = r.request_id AND e.number < r.number AND e.state IN ('queued', 'running', 'waiting')
                                                         AND (e.ending IS NULL OR e.kind IN ('publish', 'resume')) AND (NOT e.held OR {KeepsLater} OR r.kind IN ('publish', 'resume') AND {StandsBehind})
                                                         AND (e.kind <> 'pause' AND e.ending IS NULL OR r.kind NOT IN ('archive', 'delete')))
                 THEN '{BehindAnEarlier}'
                 WHEN r.kind <> 'pause' AND EXISTS (SELECT 1 FROM campaign_edits e WHERE e.request_id = r.request_id AND e.number > r.number AND e.state = 'running' AND e.kind <> 'pause' AND (e.ending IS NULL OR e.kind IN ('publish', 'resume')))
                 THEN 'another edit of the same campaign is being carried out'
                 WHEN r.kind IN ('publish', 'resume') OR r.fields ? 'creative' AND EXISTS (SELECT 1 FROM meta_ads d WHERE d.meta_id = r.meta_id AND d.status = 'ACTIVE') THEN COALESCE((
                    SELECT concat('stopped by ', s.stopped_by, ': ' || s.reason) FROM stops s
                    WHERE s.lifted_at IS NULL AND (s.social_account_id IS NULL OR s.social_account_id = a.id) LIMIT 1),
                    CASE WHEN r.kind IN ('publish', 'resume') THEN (SELECT why FROM freeze_of(a.id, @Now)) END) END
            """,
        HeldUntil = $"""
            CASE WHEN r.ending IS NULL THEN COALESCE(
                LEAST(CASE WHEN r.due_at > @Now THEN r.due_at END, (SELECT p.expires_at FROM approvals p WHERE p.edit_id = r.edit_id AND p.state = 'asked')),
                CASE WHEN r.kind IN ('publish', 'resume') THEN (SELECT ends_at FROM freeze_of(a.id, @Now)) END,
                -- Nor does what waits behind what is held keep others waiting: they may make the room for it.
                CASE WHEN r.kind IN ('update', 'publish', 'resume') AND EXISTS (
                    SELECT 1 FROM campaign_edits e WHERE e.request_id = r.request_id AND e.number < r.number AND e.state IN ('queued', 'waiting') AND e.ending IS NULL AND e.held
                      AND (r.kind = 'update' AND {KeepsLater} OR r.kind <> 'update' AND {StandsBehind})) THEN @Now + interval '30 seconds' END,
                -- When a start comes nobody knows.
                CASE WHEN (r.kind IN ('publish', 'resume') OR r.fields ? 'creative' AND EXISTS (SELECT 1 FROM meta_ads d WHERE d.meta_id = r.meta_id AND d.status = 'ACTIVE'))
                       AND EXISTS (SELECT 1 FROM stops s WHERE s.lifted_at IS NULL AND (s.social_account_id IS NULL OR s.social_account_id = a.id)) THEN @Now + interval '30 seconds' END) END
            """,
        IsHeld = "held",
        WithGivenUp = "held = false, error = @Reason",
        HasNothing = """
            (ending IS NULL AND quiet_since IS NULL AND abandoned = 0 AND NOT switched AND NOT EXISTS (SELECT 1 FROM edit_steps s WHERE s.edit_id = campaign_edits.edit_id)
                AND NOT EXISTS (SELECT 1 FROM meta_changes c WHERE c.request_id = campaign_edits.request_id AND c.path = campaign_edits.meta_id AND c.outcome = 'outcome_unknown' AND c.sent_at >= campaign_edits.asked_at))
            """,
        // Not late for as long, and it has not had its turn, whatever it waits for later.
        WithHeld = $", behind_until = CASE WHEN @Reason = '{BehindAnEarlier}' THEN @Until ELSE r.behind_until END, stands_behind = r.stands_behind OR @Reason = '{BehindAnEarlier}'",
    };

    /// <summary>True for what neither a stop of the account nor Meta's block lets begin.</summary>
    public bool YieldsToPeople { get; private init; }

    /// <summary>Of which rows a stop holds nothing back all the same: what they have made is taken back.</summary>
    public string TakesBack { get; private init; } = "false";

    /// <summary>The table of the steps that its rows are done in, with the same key.</summary>
    public string Steps { get; private init; } = "";

    /// <summary>Whether a row's steps may be hundreds.</summary>
    public string HasManySteps { get; private init; } = "false";

    /// <summary>What statements of an attempt know of its row.</summary>
    public string Fenced { get; private init; } = "";

    /// <summary>Of which rows Meta's limits hold nothing back.</summary>
    public string GoesFirst { get; private init; } = "false";

    /// <summary>What else a row waits for, in words; null when nothing. Takes @Now.</summary>
    public string WaitsFor { get; private init; } = "NULL::text";

    /// <summary>Until when a row is held whatever becomes of others; null when it is not. Takes @Now.</summary>
    public string HeldUntil { get; private init; } = "NULL::timestamptz";

    /// <summary>The column that tells others of it; null where there is none.</summary>
    public string? IsHeld { get; private init; }

    /// <summary>What is written beside that. Takes @Reason and @Until.</summary>
    public string WithHeld { get; private init; } = "";

    /// <summary>The end of a SET list, and the FROM of its update: how far the work has come, where that is counted elsewhere.</summary>
    public string Progress { get; private init; } = "";

    /// <summary>A statement beside that of a claim that is given back at once.</summary>
    public string WithHandedBack { get; private init; } = "SELECT 1 FROM back";

    /// <summary>Of which rows certainly nothing is at Meta. Takes @Attempt, the one that could not be read.</summary>
    public string HasNothing { get; private init; } = "true";

    /// <summary>How a row ends that nobody can read.</summary>
    public string GivenUp { get; private init; } = "'failed'";

    /// <summary>What else is set of it. Takes @Reason.</summary>
    public string WithGivenUp { get; private init; } = "";

    /// <summary>The fence: the attempt that writes still holds the row. Takes the key and @Attempt.</summary>
    public string Held => $"{Key} = @{Parameter} AND attempt = @Attempt AND {State} = 'running'";

    /// <summary>What a claim sets. Takes @Lease and @Now.</summary>
    public string Taken => $"""
        {State} = 'running', attempt = r.attempt + 1, lease_until = clock_timestamp() + @Lease, wait_reason = NULL, next_attempt_at = NULL,
                -- A lease that nobody gave back: the attempt before died.
                abandoned = r.abandoned + (r.lease_until IS NOT NULL)::int,
                -- When this is done, and not when somebody who has slept since meant to: what others have stored before is older.
                started_at = COALESCE(r.started_at, GREATEST(@Now, clock_timestamp()))
        """;

    /// <summary>Which row may be claimed. Takes the key and @Now.</summary>
    public string Claimable => $"""
        r.{Key} = @{Parameter} AND a.id = r.social_account_id AND r.{Unfinished}
                  AND {Free("r")} AND a.token_rejected_at IS NULL AND a.retired_at IS NULL
                  AND ({GoesFirst} OR NOT EXISTS (SELECT 1 FROM account_pacing p WHERE p.ad_account_id = a.ad_account_id AND p.use_case = '{UseCase}' AND p.blocked_until > @Now))
                  AND ({WaitsFor}) IS NULL
        """;

    /// <summary>No attempt holds the row: the last one has given it back, or died, or slept too long.</summary>
    public static string Free(string row) => $"({row}.lease_until IS NULL OR {row}.lease_until < clock_timestamp())";

    public string Unfinished => $"{State} IN ('queued', 'running', 'waiting')";
}
