using System.Globalization;
using Dapper;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Meta;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Orchestrations;
using Npgsql;

namespace MetaAdsJobs.Core.Spending;

/// <summary>For whom a permit is.</summary>
/// <param name="HeldSql">Tells whether he may still act.</param>
/// <param name="State">In which the permit leaves what is not being activated already, but for a raise of what a stop has paused. Of what is activating, a stop pauses all there is; of what is active, what it finds on.</param>
/// <param name="ForgetsPauses">Whether all is activated, whatever a stop had paused.</param>
internal sealed record PermitHolder(string HeldSql, string State, bool ForgetsPauses)
{
    /// <summary>Of an activation: a start was to leave it paused while an earlier one was at it. Whatever has paused it, and may yet be noted, nobody activates it again.</summary>
    public const string IsLeft = "(state = 'activating' AND is_left)";

    /// <summary>Activates again what a stop has paused: unless a person has paused it, or is editing it, since.</summary>
    public static readonly PermitHolder LiftedStop = new($"""
        SELECT 1 FROM activations WHERE request_id = @RequestId AND cardinality(paused_ids) > 0 AND NOT {IsLeft}
          AND NOT EXISTS (SELECT 1 FROM campaign_edits e WHERE e.request_id = @RequestId AND e.state = 'running' AND e.kind <> 'pause')
        """, "activating", ForgetsPauses: false) { GivesBack = true };

    /// <summary>Likewise below a campaign that a person has paused: nothing spends there, and it stays paused.</summary>
    public static readonly PermitHolder BelowPaused = new("""
        SELECT 1 FROM activations v WHERE request_id = @RequestId AND state IN ('idle', 'paused') AND cardinality(paused_ids) > 0
          AND NOT EXISTS (SELECT 1 FROM orchestration_steps s WHERE s.request_id = @RequestId AND s.step = 'campaign' AND s.meta_id = ANY (v.paused_ids))
          AND NOT EXISTS (SELECT 1 FROM campaign_edits e WHERE e.request_id = @RequestId AND e.state = 'running' AND e.kind <> 'pause')
        """, "idle", ForgetsPauses: false) { GivesBack = true };

    /// <summary>Gives back what had been permitted before: nobody has to approve it again.</summary>
    public bool GivesBack { get; private init; }

    /// <summary>Makes spend more what is active already: up to what was approved of the campaign once nobody is asked again. What a stop has paused is judged as if it were on, and stays paused for the start that gives it back.</summary>
    public bool IsRaise { get; init; }

    /// <summary>More of it is on at Meta than is known here, and was shown to whoever has approved it: so much of a day as he has seen, and no more.</summary>
    public bool StandsOtherwise { get; init; }

    /// <summary>By how much a day it may spend more than before, in hundredths: to be taken out again when it is not done.</summary>
    public long AddsCents { get; init; }
    public Guid? EditId { get; private init; }
    public int? Attempt { get; private init; }

    public static PermitHolder Orchestration(int attempt) =>
        new($"SELECT 1 FROM orchestrations WHERE {ClaimTable.Orchestrations.Held} AND ending IS NULL", "activating", ForgetsPauses: true) { Attempt = attempt };

    /// <param name="isWhole">Whether the whole tree is activated.</param>
    public static PermitHolder Edit(Guid editId, int attempt, bool isWhole) =>
        new($"SELECT 1 FROM campaign_edits WHERE {ClaimTable.Edits.Held}", "active", isWhole) { EditId = editId, Attempt = attempt };
}

/// <summary>What became of the wish for a permit.</summary>
/// <param name="Refusal">Null when it was given.</param>
/// <param name="PausedIds">What a stop had paused, and is to be activated again.</param>
internal sealed record Permit(string? Refusal, IReadOnlyList<string> PausedIds)
{
    /// <summary>How often a stop had noted something of it by then.</summary>
    public int Notes { get; init; }

    /// <summary>Until then what was permitted may be under way, by the database's clock.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Somebody has to approve it first.</summary>
    public bool ToApprove { get; init; }

    /// <summary>Of one that is to be approved: what would be counted of the campaign.</summary>
    public long CountedCents { get; init; }

    /// <summary>The end of the freeze that stands against it.</summary>
    public DateTimeOffset? FrozenUntil { get; init; }

    /// <summary>When the next freeze begins: from then on nothing of it is sent.</summary>
    public DateTimeOffset? FreezeFrom { get; init; }

    /// <summary>When to ask again for what passes by itself.</summary>
    public DateTimeOffset? AskAgainAt { get; private init; }

    /// <summary>Refused for what others spend: whoever of them has been paused by hand makes room.</summary>
    public bool LacksRoom { get; init; }

    /// <summary>Refused for what passes when somebody does something: makes room, raises a cap, starts.</summary>
    public bool IsForRoom => Refusal is not null && !ToApprove && FrozenUntil is null && AskAgainAt is null;

    public static Permit NotYet(string why, DateTimeOffset askAgainAt) => new(why, []) { AskAgainAt = askAgainAt };
}

/// <summary>
/// Who may activate. A permit is a committed row: from then on the stop switch knows that something may be active, and the caps
/// count it. Permits of one account and its stops take the account's row in turn, so none slips between.
/// </summary>
internal sealed class Activations(NpgsqlDataSource dataSource, SpendingCaps caps, MetaOptions meta, OrchestrationOptions orchestrations, TimeProvider time)
{
    /// <summary>
    /// Three calls, each repeated up to three times, each waiting for its turn first; and what was given up may still be done for as long as
    /// a create may stay unseen. After that none of this permit's calls can have an effect any more.
    /// </summary>
    public TimeSpan Longest => TimeSpan.FromSeconds((12 * meta.CallTimeoutSeconds) + 25) + orchestrations.SettleDelay;

    /// <summary>A permit that is used for longer is asked for anew.</summary>
    public TimeSpan AskAgainAfter => SafeFor / 4;

    // So long after asking for a permit an activating call may still be sent: whatever becomes of it, it does within the permit.
    private TimeSpan SafeFor => TimeSpan.FromSeconds(8 * meta.CallTimeoutSeconds);

    /// <summary>
    /// For what is switched on below a paused campaign: it spends nothing and needs no permit, but whoever pauses it has to know that calls may be under way.
    /// </summary>
    /// <returns>What stands against it, to be asked again later; or what a stop has paused.</returns>
    /// <exception cref="FencedException">Another attempt holds the row.</exception>
    public async Task<Permit> MarkBusyAsync(Guid requestId, Guid accountId, long dailyCents, PermitHolder holder, CancellationToken ct)
    {
        var busySql = $"""
            {holder.HeldSql} FOR NO KEY UPDATE;
            SELECT {PausingSql} FROM activations WHERE request_id = @RequestId FOR NO KEY UPDATE;
            INSERT INTO activations (request_id, social_account_id, state, daily_cents, busy_until, changed_at)
            SELECT @RequestId, @AccountId, 'idle', @DailyCents, clock_timestamp() + @Longest, @Now WHERE EXISTS ({holder.HeldSql})
            ON CONFLICT (request_id) DO UPDATE SET busy_until = GREATEST(activations.busy_until, EXCLUDED.busy_until), changed_at = EXCLUDED.changed_at,
                resumes = CASE WHEN activations.busy_until > clock_timestamp() THEN activations.resumes ELSE 0 END + @GivesBack::int
                WHERE {NotPausingSql}
            RETURNING paused_ids, busy_until, notes
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var answers = await connection.QueryMultipleAsync(new(busySql, new
        {
            RequestId = requestId, AccountId = accountId, DailyCents = dailyCents, holder.EditId, holder.Attempt, holder.GivesBack, Longest, Now = time.GetUtcNow(),
        }, cancellationToken: ct));
        await answers.ReadAsync<int>();
        var pausingUntil = (await answers.ReadAsync<DateTimeOffset?>()).FirstOrDefault();
        if ((await answers.ReadAsync<(string[]? PausedIds, DateTimeOffset Until, int Notes)>()).FirstOrDefault() is ({ } pausedIds, var busyUntil, var notes)) return new(null, pausedIds) { Until = busyUntil, Notes = notes };
        return pausingUntil is { } until ? Pausing(until) : throw new FencedException("its edit was ended by another");
    }

    /// <summary>What is to end later is counted until then from now on. It may spend no more a day than it does: nothing stands against that.</summary>
    /// <returns>False when its end has passed, and others may have been given its room; or when another attempt holds the row.</returns>
    public async Task<bool> CountLongerAsync(Guid requestId, Guid accountId, DateTimeOffset endsAt, PermitHolder holder, CancellationToken ct)
    {
        // As a permit does: none is given between the two.
        var longerSql = $"""
            SELECT 1 FROM social_accounts WHERE id = @AccountId FOR NO KEY UPDATE;
            UPDATE activations SET ends_at = GREATEST(ends_at, CASE WHEN ends_at IS NOT NULL THEN @EndsAt END) WHERE request_id = @RequestId AND (ends_at IS NULL OR ends_at > @Now) AND EXISTS ({holder.HeldSql}) RETURNING 1
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var answers = await connection.QueryMultipleAsync(new(longerSql, new { RequestId = requestId, AccountId = accountId, EndsAt = endsAt, holder.EditId, holder.Attempt, Now = time.GetUtcNow() }, cancellationToken: ct));
        await answers.ReadAsync<int>();
        return (await answers.ReadAsync<int>()).Any();
    }

    /// <summary>Whether what is known of it already stands against its permit: a freeze, or a cap. A start that waits for weeks asks Meta nothing meanwhile.</summary>
    /// <returns>Null when nothing does.</returns>
    public async Task<Permit?> FindRefusalAsync(Guid requestId, SocialAccount account, CancellationToken ct)
    {
        const string KnownSql = $"""
            SELECT a.campaign_cap_cents, a.daily_cap_cents, a.caps_off, COALESCE((SELECT v.daily_cents FROM activations v WHERE v.request_id = @RequestId), 0) AS counted,
                   {OthersSql} AS active_cents,
                   f.why AS frozen, f.ends_at AS frozen_until
            FROM social_accounts a LEFT JOIN freeze_of(@AccountId, @Now) f ON true WHERE a.id = @AccountId
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var (campaignCap, dayCap, capsOff, counted, activeCents, frozen, frozenUntil) = await connection.QuerySingleAsync<(long?, long?, bool, long, long, string?, DateTimeOffset?)>(new(KnownSql, new { RequestId = requestId, AccountId = account.Id, Now = time.GetUtcNow() }, cancellationToken: ct));
        var current = account with { CampaignCapCents = campaignCap, DailyCapCents = dayCap, CapsOff = capsOff };
        if (frozen is not null) return new(frozen, []) { FrozenUntil = frozenUntil };
        if (caps.RefusalOf(current, counted) is { } refusal) return new($"its budget {refusal}", []);
        return activeCents + counted > caps.OfDay(current) ? new(NoRoom(activeCents, counted, current), []) { LacksRoom = true } : null;
    }

    private string NoRoom(long activeCents, long dailyCents, SocialAccount account) => string.Create(CultureInfo.InvariantCulture,
        $"the account's active campaigns may spend {activeCents} a day already, and with {dailyCents} more they would exceed its cap of {caps.OfDay(account)}; pause some, or have an admin raise its daily_cap_cents");

    /// <param name="askedAt">The timestamp taken before the permit was asked for.</param>
    /// <param name="permit">Null for what only pauses, and is noted likewise.</param>
    /// <exception cref="MetaException">Thrown by what is returned, once the permit is over: the stop switch does not reckon with the call any more, or a freeze has begun.</exception>
    public Action PermitFrom(long askedAt, Permit? permit) => () =>
    {
        if (!IsPermitted(askedAt)) throw new MetaException(Proof.NotSent, "what was noted of this call before it was sent is over");
        // Nothing has failed: who comes again is told until when.
        if (permit?.FreezeFrom <= time.GetUtcNow()) throw new MetaException(Proof.Throttled, "a freeze has begun since it was permitted") { RetryAfter = TimeSpan.FromSeconds(1) };
    };

    /// <param name="askedAt">The timestamp taken before the permit was asked for.</param>
    public bool IsPermitted(long askedAt) => time.GetElapsedTime(askedAt) <= SafeFor;

    // What the account's other campaigns that count may spend a day.
    private const string OthersSql =
        "(SELECT COALESCE(sum(daily_cents), 0)::bigint FROM activations WHERE social_account_id = @AccountId AND state IN ('activating', 'active') AND request_id <> @RequestId AND (ends_at IS NULL OR ends_at > @Now))";

    // A pause that a stop has sent may be carried out after the call that activates: that one waits, also when nobody lives any more who would tell of the pause.
    private const string NotPausingSql = "(activations.pausing = '{}' OR activations.pausing_until IS NULL OR activations.pausing_until < clock_timestamp())";
    private const string PausingSql = "CASE WHEN pausing <> '{}' AND pausing_until > clock_timestamp() - interval '1 second' THEN pausing_until END";

    // Mostly it is over much sooner.
    private Permit Pausing(DateTimeOffset until) => Permit.NotYet("a stop that was lifted may still be pausing it", time.GetUtcNow().AddSeconds(15) is var soon && until < soon ? until : soon);

    private const string ApprovalMissing = "somebody else has to approve it";

    // What is approved is what stands there now. Takes the permit's parameters.
    private const string ApprovedSql = $"""
        (@GivesBack OR a.approval_required = 'none' OR (a.approval_required = 'above' AND {CountedSql} <= a.approval_above_cents)
         -- A run that was permitted goes on.
         OR (@EditId::uuid IS NULL AND EXISTS (SELECT 1 FROM activations v WHERE v.request_id = @RequestId AND v.state = 'activating'))
         OR EXISTS (SELECT 1 FROM approvals p WHERE p.edit_id = @EditId AND p.state = 'approved' AND p.content_hash = content_hash(edit_content(@EditId)) AND (NOT @StandsOtherwise OR p.daily_cents >= @DailyCents))
         OR (@IsRaise AND EXISTS (SELECT 1 FROM approvals p JOIN campaign_edits e USING (edit_id) WHERE p.request_id = @RequestId AND p.state = 'approved' AND p.daily_cents >= {CountedSql} AND e.state = 'succeeded')))
        """;

    // Who gives back has read what it is before he asked: whoever was permitted more meanwhile, or an end that is later, may have made it so.
    // Who raises one budget knows little of the others: it comes on top of what is counted, unless an attempt before has set it aside already. Of a campaign that has ended nothing is.
    private const string CountedSql = """
        CASE WHEN @GivesBack THEN GREATEST(@DailyCents, (SELECT v.daily_cents FROM activations v WHERE v.request_id = @RequestId))
             WHEN @IsRaise THEN GREATEST(@DailyCents, (SELECT v.daily_cents + @AddsCents - CASE WHEN v.set_aside_for = @EditId THEN v.set_aside_cents ELSE 0 END FROM activations v WHERE v.request_id = @RequestId AND (v.ends_at IS NULL OR v.ends_at > @Now)))
             ELSE @DailyCents END
        """;

    /// <param name="holder">For whom.</param>
    /// <returns>What stands against it, to be asked again later; null when permitted. With it what a stop had paused of it.</returns>
    /// <exception cref="FencedException">Another attempt holds the row, or the orchestration is being undone: what it is undoing must not count as active.</exception>
    public async Task<Permit> PermitAsync(Guid requestId, SocialAccount account, long dailyCents, DateTimeOffset? endsAt, PermitHolder holder, CancellationToken ct)
    {
        // One implicit transaction: the second statement sees what the account's last permit or stop committed.
        var held = holder.HeldSql;
        var permitSql = $"""
            SELECT campaign_cap_cents, daily_cap_cents, caps_off, next_freeze(id, @Now), {CountedSql} AS counted FROM social_accounts WHERE id = @AccountId FOR NO KEY UPDATE;
            {held} FOR NO KEY UPDATE;
            INSERT INTO activations (request_id, social_account_id, state, daily_cents, ends_at, busy_until, changed_at, set_aside_for, set_aside_cents)
            SELECT @RequestId, @AccountId, @State, c.cents, @EndsAt, clock_timestamp() + @Longest, @Now, @EditId, @AddsCents
            FROM social_accounts a, (SELECT {CountedSql} AS cents) c
            WHERE a.id = @AccountId AND a.retired_at IS NULL AND a.double_of IS NULL AND EXISTS ({held}) AND NOT EXISTS (SELECT 1 FROM stops WHERE lifted_at IS NULL AND (social_account_id IS NULL OR social_account_id = @AccountId))
              AND NOT EXISTS (SELECT 1 FROM freeze_of(@AccountId, @Now)) AND {ApprovedSql}
              AND (a.caps_off OR COALESCE(a.campaign_cap_cents, @CampaignCap) IS NULL OR c.cents <= COALESCE(a.campaign_cap_cents, @CampaignCap))
              AND (a.caps_off OR COALESCE(a.daily_cap_cents, @DayCap) IS NULL OR c.cents + {OthersSql} <= COALESCE(a.daily_cap_cents, @DayCap))
            ON CONFLICT (request_id) DO UPDATE SET state = CASE WHEN activations.state = 'activating' OR @IsRaise AND activations.state = 'paused' THEN activations.state ELSE @State END, daily_cents = EXCLUDED.daily_cents, set_aside_for = EXCLUDED.set_aside_for, set_aside_cents = EXCLUDED.set_aside_cents, is_left = false,
                ends_at = CASE WHEN (@GivesBack OR @IsRaise) AND (activations.ends_at IS NULL OR activations.ends_at > EXCLUDED.ends_at) THEN activations.ends_at ELSE EXCLUDED.ends_at END,
                busy_until = EXCLUDED.busy_until, changed_at = EXCLUDED.changed_at, resumes = CASE WHEN activations.busy_until > clock_timestamp() THEN activations.resumes ELSE 0 END + @GivesBack::int,
                paused_ids = CASE WHEN @ForgetsPauses THEN ARRAY[]::text[] ELSE activations.paused_ids END
                -- Two of them at a time would end each other's.
                WHERE NOT (@State = 'active' AND activations.state = 'activating') AND (@IsRaise OR {NotPausingSql})
            RETURNING paused_ids, busy_until, notes;
            SELECT COALESCE((SELECT concat('stopped by ', stopped_by, ': ' || reason) FROM stops
                    WHERE lifted_at IS NULL AND (social_account_id IS NULL OR social_account_id = @AccountId) LIMIT 1),
                    CASE WHEN a.retired_at IS NOT NULL THEN 'the account is retired'
                         WHEN a.double_of IS NOT NULL THEN concat('the account is a second one of the ad account ', a.ad_account_id, ', and their caps and stops are not shared: retire one of the two first') END) AS stopped,
                   {OthersSql} AS active_cents,
                   @State = 'active' AND EXISTS (SELECT 1 FROM activations WHERE request_id = @RequestId AND state = 'activating') AS is_activating,
                   f.why AS frozen, f.ends_at AS frozen_until, NOT {ApprovedSql} AS to_approve,
                   (SELECT {PausingSql} FROM activations WHERE request_id = @RequestId AND NOT @IsRaise) AS pausing_until
            FROM social_accounts a LEFT JOIN freeze_of(@AccountId, @Now) f ON true WHERE a.id = @AccountId
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var answers = await connection.QueryMultipleAsync(new(permitSql, new
        {
            RequestId = requestId, AccountId = account.Id, DailyCents = dailyCents, EndsAt = endsAt, holder.EditId, holder.Attempt, holder.State, holder.ForgetsPauses, holder.GivesBack, holder.IsRaise, holder.StandsOtherwise, holder.AddsCents, Longest, Now = time.GetUtcNow(),
            CampaignCap = caps.UsualOfCampaign(account.Currency), DayCap = caps.UsualOfDay(account.Currency),
        }, cancellationToken: ct));
        // As they stand now that nobody else can change them: what the caller knows of the account may be older.
        var (campaignCap, dayCap, capsOff, freezeFrom, counted) = await answers.ReadSingleAsync<(long?, long?, bool, DateTimeOffset?, long)>();
        if (!(await answers.ReadAsync<int>()).Any()) throw new FencedException("a permit was refused");
        var current = account with { CampaignCapCents = campaignCap, DailyCapCents = dayCap, CapsOff = capsOff };
        if ((await answers.ReadAsync<(string[]? PausedIds, DateTimeOffset Until, int Notes)>()).FirstOrDefault() is ({ } pausedIds, var busyUntil, var notes)) return new(null, pausedIds) { Until = busyUntil, Notes = notes, FreezeFrom = freezeFrom };
        var (stopped, activeCents, isActivating, frozen, frozenUntil, toApprove, pausingUntil) = await answers.ReadSingleAsync<(string?, long, bool, string?, DateTimeOffset?, bool, DateTimeOffset?)>();
        if (stopped is null && frozen is not null) return new(frozen, []) { FrozenUntil = frozenUntil };
        if (stopped is null && toApprove) return new(ApprovalMissing, []) { ToApprove = true, CountedCents = counted };
        if (stopped is null && caps.RefusalOf(current, counted) is { } refusal) return new($"its budget {refusal}", []);
        if (stopped is null && pausingUntil is { } until) return Pausing(until);
        if (stopped is null && !isActivating && !(activeCents + counted > caps.OfDay(current))) return Permit.NotYet("what stood against it has passed", time.GetUtcNow().AddSeconds(1));
        return new(stopped ?? (isActivating ? "what a stop had paused of it is being activated again" : null) ?? NoRoom(activeCents, counted, current), []) { LacksRoom = stopped is null && !isActivating };
    }
}
