using Dapper;
using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Meta;
using MetaAdsJobs.Core.Orchestrations;
using Npgsql;

namespace MetaAdsJobs.Core.Spending;

/// <summary>What the stop switch knows of activations. A write is refused when somebody else has changed the row since it was read.</summary>
internal sealed class StopStore(NpgsqlDataSource dataSource, Activations activations, OrchestrationOptions options, TimeProvider time)
{
    // A start's job may be delivered twice, and no lease keeps the other run of it from sending what it has a permit for.
    private const string OthersResume = "(resumes > @Permits AND busy_until > clock_timestamp())";

    // Below a paused campaign edits switch on without a permit, too, and count no start.
    private const string OthersMayCome = $"({OthersResume} OR @IsBelowPaused AND busy_until > @PermittedUntil::timestamptz)";

    // Of a SET list.
    private const string IsPausing = "notes = notes + 1, untold_ids = array_remove(untold_ids, @MetaId) || @MetaId::text, pausing = CASE WHEN pausing_until > clock_timestamp() THEN array_remove(pausing, @PauseId) ELSE ARRAY[]::uuid[] END || @PauseId, pausing_until = GREATEST(pausing_until, clock_timestamp() + @Longest)";

    // The stop is in force; or its start is to leave this paused, and has still to see to it.
    private const string StillPauses = $"({PermitHolder.IsLeft} OR EXISTS (SELECT 1 FROM stops s WHERE s.id = @StopId AND s.lifted_at IS NULL))";

    // Who has stood still for longer than his permit knows nothing of what has been done since.
    private const string IsPermitted = "(@PermittedUntil::timestamptz IS NULL OR @PermittedUntil > clock_timestamp())";

    // When it was listed no call was under way that may activate it, and none was permitted since. That such a call is over by now is not enough: it may have come after the pause.
    private const string IsQuiet = "(changed_at = @ChangedAt AND NOT @IsBusy)";

    public async Task<Stop?> FindAsync(Guid stopId, CancellationToken ct)
    {
        const string FindSql = "SELECT id, social_account_id, stopped_by, stopped_at, lifted_by, lifted_at, reactivate FROM stops WHERE id = @StopId";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<Stop>(new(FindSql, new { StopId = stopId }, cancellationToken: ct));
    }

    /// <summary>Nothing is left to do for the stop, or for its lifting; unless it was lifted meanwhile.</summary>
    public async Task DoneAsync(Stop stop, CancellationToken ct)
    {
        const string DoneSql = "UPDATE stops SET job_id = NULL WHERE id = @Id AND (lifted_at IS NOT NULL) = @IsLifted";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new(DoneSql, new { stop.Id, stop.IsLifted }, cancellationToken: ct));
    }

    /// <summary>Something of it that a stop has paused is to be activated again.</summary>
    public async Task<bool> IsPausedAsync(Spender spender, CancellationToken ct)
    {
        const string PausedSql = $"SELECT EXISTS (SELECT 1 FROM activations WHERE request_id = @RequestId AND cardinality(paused_ids) > 0 AND NOT {PermitHolder.IsLeft})";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<bool>(new(PausedSql, new { spender.RequestId }, cancellationToken: ct));
    }

    /// <summary>A stop has noted something of it since its permit.</summary>
    public async Task<bool> IsNotedSinceAsync(Spender spender, CancellationToken ct)
    {
        const string NotedSql = "SELECT EXISTS (SELECT 1 FROM activations WHERE request_id = @RequestId AND notes > @Notes)";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<bool>(new(NotedSql, new { spender.RequestId, spender.Notes }, cancellationToken: ct));
    }

    /// <summary>Held orchestrations that nothing holds any more, a page of them, and each once. Its own job comes at its time all the same, should who asks die before there is another one.</summary>
    public async Task<IReadOnlyList<(Guid RequestId, bool IsRow)>> TakeHeldAsync(Stop stop, CancellationToken ct)
    {
        var heldSql = $"""
            UPDATE orchestrations SET wait_reason = 'goes on after a stop', next_attempt_at = @Now
            WHERE request_id IN (
                SELECT request_id FROM orchestrations o
                WHERE status = 'waiting' AND {ClaimTable.Free("o")} AND wait_reason LIKE 'stopped by %' AND (@AccountId::uuid IS NULL OR social_account_id = @AccountId)
                  AND NOT EXISTS (SELECT 1 FROM stops s WHERE s.lifted_at IS NULL AND (s.social_account_id IS NULL OR s.social_account_id = o.social_account_id))
                ORDER BY request_id LIMIT 500 FOR NO KEY UPDATE OF o)
            RETURNING request_id, {Queues.IsRow("orchestrations")}
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<(Guid RequestId, bool IsRow)>(new(heldSql, new { AccountId = stop.SocialAccountId, Now = time.GetUtcNow() }, cancellationToken: ct))).OrderBy(held => held.RequestId).ToList();
    }

    /// <summary>The same once more, for what was paused after the stop had been lifted.</summary>
    public async Task LiftAsync(Stop stop, CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await StopSwitch.LiftAsync(connection, stop.SocialAccountId, stop.StoppedBy, stop.Reactivate, stop.LiftedAt ?? time.GetUtcNow(), time.GetUtcNow(), ct);
    }

    /// <summary>Commits what is about to be paused, before it is: after a crash nobody could tell it from what a person had paused. Until the pause is over nobody activates it, and a campaign that was found on counts.</summary>
    /// <returns>False when somebody has edited the campaign since it was listed, or looked at last: perhaps he has paused this, and then it stays so.</returns>
    /// <exception cref="FencedException">The stop was lifted meanwhile: what is on by now may be a person's, and nothing would give it back.</exception>
    public async Task<bool> NoteAsync(Spender spender, string metaId, CancellationToken ct)
    {
        const string NoteSql = $"""
            WITH noted AS (
                UPDATE activations SET paused_ids = CASE WHEN @MetaId = ANY (paused_ids) THEN paused_ids ELSE array_append(paused_ids, @MetaId) END,
                    state = CASE WHEN @IsCampaign AND state IN ('idle', 'paused') THEN 'active' ELSE state END, {IsPausing}
                WHERE request_id = @RequestId AND changed_at = @SeenAt AND {StillPauses} RETURNING 1)
            SELECT changed_at, paused_ids, EXISTS (SELECT 1 FROM noted), {StillPauses} FROM activations WHERE request_id = @RequestId
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var (changedAt, pausedIds, isNoted, stillPauses) = await connection.QuerySingleAsync<(DateTimeOffset, string[], bool, bool)>(new(NoteSql, new { spender.RequestId, spender.StopId, MetaId = metaId, IsCampaign = metaId == spender.CampaignId, spender.SeenAt, spender.PauseId, activations.Longest }, cancellationToken: ct));
        if (!isNoted && !stillPauses) throw new FencedException("the stop was lifted");
        if (isNoted)
        {
            spender.PausedIds.Add(metaId);
            spender.NotedIds.Add(metaId);
        }
        else
        {
            (spender.SeenAt, spender.PausedIds) = (changedAt, [.. pausedIds]);
        }

        return isNoted;
    }

    /// <summary>Commits that whoever has the permit is about to pause the campaign himself: as of a stop's pause, until it is over nobody activates it, who is activating it has not brought it back, and it is told when he dies.</summary>
    /// <returns>False when somebody has brought it back, or left it paused, since: it is not his to pause any more.</returns>
    public async Task<bool> PausesItselfAsync(Spender spender, CancellationToken ct)
    {
        const string PausesSql = $"UPDATE activations SET {IsPausing} WHERE request_id = @RequestId AND cardinality(paused_ids) > 0";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        if (await connection.ExecuteAsync(new(PausesSql, new { spender.RequestId, MetaId = spender.CampaignId, spender.PauseId, activations.Longest }, cancellationToken: ct)) != 1) return false;
        spender.NotedIds.Add(spender.CampaignId!);
        return true;
    }

    /// <summary>Tells what a start, or an attempt at a run, had activated, perhaps, when its process died: whoever ends that activation and does not go on with it is the last to know of it.</summary>
    /// <param name="at">Before it is paused.</param>
    public async Task TellActivatedAsync(Spender spender, DateTimeOffset at, CancellationToken ct)
    {
        const string TellSql = """
            INSERT INTO meta_changes (social_account_id, request_id, asked_by, method, path, sent, sent_at, outcome, answer)
            SELECT v.social_account_id, v.request_id, CASE o.status WHEN 'succeeded' THEN COALESCE(s.lifted_by, o.requested_by) ELSE o.requested_by END, 'POST', one.id, jsonb_build_object('status', 'ACTIVE'), @At, 'outcome_unknown', 'an attempt whose process died may have activated it'
            FROM activations v JOIN orchestrations o USING (request_id) CROSS JOIN unnest(@MetaIds::text[]) WITH ORDINALITY AS one (id, turn)
            LEFT JOIN LATERAL (SELECT * FROM stops s WHERE s.lifted_at IS NOT NULL AND (s.reactivate OR o.status <> 'succeeded') AND (s.social_account_id IS NULL OR s.social_account_id = v.social_account_id) ORDER BY s.lifted_at DESC LIMIT 1) s ON true
            WHERE v.request_id = @RequestId AND v.state = 'activating' AND (v.is_left OR o.status <> 'succeeded' OR one.id = ANY (v.paused_ids))
              AND NOT EXISTS (SELECT 1 FROM meta_changes m WHERE m.request_id = v.request_id AND m.path = one.id AND m.sent ->> 'status' = 'ACTIVE' AND m.sent_at >= COALESCE(s.lifted_at, '-infinity'))
            ORDER BY one.turn
            """;
        if (!spender.IsActivating) return;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new(TellSql, new { spender.RequestId, MetaIds = spender.Switches.ToArray(), At = at }, cancellationToken: ct));
    }

    /// <summary>
    /// Its campaign and what hangs on it are paused. An orchestration that has not ended activates again when it goes on, also when
    /// it had done so before. What another process has noted and not told stays noted: it may have died since.
    /// </summary>
    /// <returns>False while a call that activates it may still be under way: it has to be paused again.</returns>
    public Task<bool> PausedAsync(Spender spender, string askedBy, CancellationToken ct)
    {
        const string PausedSql = $"""
            WITH {ChangeLog.Cte},
            paused AS (
                UPDATE activations SET state = CASE WHEN cardinality(paused_ids) > 0 AND NOT {PermitHolder.IsLeft} THEN 'paused' ELSE 'idle' END, busy_until = NULL, changed_at = @Now, found_paused_at = @Now,
                    paused_ids = CASE WHEN {PermitHolder.IsLeft} THEN ARRAY[]::text[] ELSE paused_ids END, is_left = false,
                    untold_ids = ARRAY(SELECT id FROM unnest(untold_ids) AS id WHERE NOT id = ANY (@Told::text[])), pausing = array_remove(pausing, @OverId)
                WHERE request_id = @RequestId AND {IsQuiet}
                RETURNING request_id),
            again AS (
                UPDATE orchestration_steps s SET state = 'started' FROM paused, orchestrations o
                WHERE s.request_id = paused.request_id AND o.request_id = paused.request_id AND s.step = 'activate' AND s.state = 'confirmed'
                  AND o.status IN ('queued', 'running', 'waiting'))
            SELECT count(*) FROM paused
            """;
        return WriteAsync(PausedSql, spender, askedBy, ct);
    }

    /// <summary>Active again, and what Meta makes of its ads is looked at anew; below a campaign that a person has paused, as he has left it. What a new stop has noted meanwhile stays noted: it may have paused it already.</summary>
    /// <returns>False when a stop was quicker, or a start that is to leave it, or its permit is over.</returns>
    public Task<bool> ActivatedAsync(Spender spender, string askedBy, CancellationToken ct)
    {
        // Reviews before the activation, in the order in which others take them; should it not be written, they are looked at once more than needed.
        const string ActivatedSql = $"""
            UPDATE object_reviews r SET looks = 0, settled_at = NULL, next_at = @FirstReviewAt, deadline_at = @ReviewDeadlineAt
            FROM (SELECT request_id FROM object_reviews WHERE request_id IN (
                      SELECT d.request_id FROM meta_campaigns c JOIN meta_adsets s ON s.campaign_db_id = c.id JOIN meta_ads d ON d.adset_db_id = s.id WHERE c.request_id = @RequestId)
                  ORDER BY request_id FOR NO KEY UPDATE) of_ads
            WHERE r.request_id = of_ads.request_id;
            WITH {ChangeLog.Cte},
            activated AS (
                UPDATE activations v SET state = CASE WHEN @IsBelowPaused THEN 'idle' WHEN is_left THEN 'activating' ELSE 'active' END, changed_at = @Now, resumes = CASE WHEN {OthersResume} THEN resumes ELSE 0 END,
                    busy_until = CASE WHEN {OthersMayCome} THEN GREATEST(busy_until, clock_timestamp() + @SettleDelay) ELSE clock_timestamp() + @SettleDelay END,
                    -- A stop that has noted something since, and may be lifted by now, may have paused it again: its start brings it back.
                    paused_ids = CASE WHEN v.notes > @Notes AND NOT is_left THEN v.paused_ids ELSE ARRAY[]::text[] END
                WHERE request_id = @RequestId AND {IsPermitted} AND CASE WHEN @IsBelowPaused THEN state IN ('idle', 'paused') ELSE state IN ('activating', 'active') END RETURNING {PermitHolder.IsLeft} AS is_left)
            SELECT count(*) FROM activated WHERE NOT is_left
            """;
        return WriteAsync(ActivatedSql, spender, askedBy, ct);
    }

    /// <summary>It goes no further, since a stop has come: what it had a permit for is over, but for what may still be carried out.</summary>
    public Task<bool> YieldedAsync(Spender spender, string askedBy, CancellationToken ct)
    {
        const string YieldedSql = $"""
            WITH {ChangeLog.Cte},
            yielded AS (
                UPDATE activations SET busy_until = CASE WHEN @MayComeYet OR {OthersResume} THEN busy_until ELSE LEAST(busy_until, clock_timestamp() + @SettleDelay) END
                WHERE request_id = @RequestId AND {IsPermitted} RETURNING 1)
            SELECT count(*) FROM yielded
            """;
        return WriteAsync(YieldedSql, spender, askedBy, ct);
    }

    /// <summary>
    /// Meta will not have it active again: it stays paused, and a later stop still looks at it. As long as an earlier call may be carried out all the
    /// same it counts as active; that it is paused is found when a cap stands in the way.
    /// </summary>
    public Task<bool> LeftPausedAsync(Spender spender, string askedBy, CancellationToken ct)
    {
        const string LeftSql = $"""
            WITH {ChangeLog.Cte},
            idle AS (
                UPDATE activations SET state = CASE WHEN NOT @IsBelowPaused AND (@MayComeYet OR {OthersResume}) THEN CASE WHEN {PermitHolder.IsLeft} THEN state ELSE 'active' END ELSE 'idle' END, busy_until = CASE WHEN @MayComeYet OR {OthersMayCome} THEN busy_until END,
                    paused_ids = ARRAY[]::text[], changed_at = @Now
                WHERE request_id = @RequestId AND {IsPermitted} AND (@PermittedUntil::timestamptz IS NOT NULL OR changed_at = @ChangedAt) AND CASE WHEN @IsBelowPaused THEN state IN ('idle', 'paused') ELSE state IN ('activating', 'paused', 'active') END RETURNING 1)
            SELECT count(*) FROM idle
            """;
        return WriteAsync(LeftSql, spender, askedBy, ct);
    }

    /// <summary>What was being activated again and may not be any more is paused: the next start activates it.</summary>
    /// <returns>False while a call that activates it may still be under way, or somebody else has seen to it.</returns>
    public Task<bool> PausedAgainAsync(Spender spender, string askedBy, CancellationToken ct)
    {
        const string AgainSql = $"""
            WITH {ChangeLog.Cte},
            paused AS (
                UPDATE activations SET state = 'paused', busy_until = NULL, changed_at = @Now
                WHERE request_id = @RequestId AND state = 'activating' AND NOT is_left AND cardinality(paused_ids) > 0 AND {IsQuiet} AND NOT @MayComeYet RETURNING 1)
            SELECT count(*) FROM paused
            """;
        return WriteAsync(AgainSql, spender, askedBy, ct);
    }

    /// <summary>Gone at Meta.</summary>
    /// <param name="isOwn">True for who has a permit of his own for it; else only as it was seen, and when no call that activates can be under way.</param>
    /// <returns>False when it has to be looked at again.</returns>
    public async Task<bool> EndedAsync(Spender spender, string askedBy, bool isOwn, CancellationToken ct)
    {
        const string EndedSql = $"""
            WITH {ChangeLog.Cte},
            ended AS (
                UPDATE activations SET state = 'ended', busy_until = NULL, changed_at = @Now, paused_ids = ARRAY[]::text[]
                WHERE request_id = @RequestId AND (@IsOwn OR {IsQuiet})
                RETURNING request_id)
            SELECT count(*) FROM ended
            """;
        // Perhaps it was only not shown: where the comparison sees it, it counts again. By itself, since others lock it before its activation.
        const string ComparedSql = "UPDATE meta_campaigns SET compare_at = LEAST(compare_at, clock_timestamp() + interval '1 minute') WHERE request_id = @RequestId";
        if (!await WriteAsync(EndedSql, spender, askedBy, ct, isOwn)) return false;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new(ComparedSql, new { spender.RequestId }, cancellationToken: ct));
        return true;
    }

    public async Task AuditAsync(Spender spender, string askedBy, CancellationToken ct)
    {
        if (spender.Credential is null) return;
        spender.MayComeYet |= spender.Credential.Changes.IsAnyUnknown;
        await ChangeLog.WriteAsync(dataSource, spender.Account.Id, spender.RequestId, askedBy, spender.Credential.Changes, ct);
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await ToldAsync(connection, spender, ct);
    }

    // After the commit that tells: a crash in between only means that it is told twice.
    private static async Task ToldAsync(NpgsqlConnection connection, Spender spender, CancellationToken ct)
    {
        const string ToldSql = """
            UPDATE activations SET untold_ids = ARRAY(SELECT id FROM unnest(untold_ids) AS id WHERE NOT id = ANY (@Told::text[])), pausing = array_remove(pausing, @OverId) WHERE request_id = @RequestId
            """;
        if (spender.NotedIds.Count == 0) return;
        await connection.ExecuteAsync(new(ToldSql, new { spender.RequestId, Told = spender.NotedIds.ToArray(), spender.OverId }, cancellationToken: ct));
        spender.NotedIds.Clear();
    }

    private async Task<bool> WriteAsync(string sql, Spender spender, string askedBy, CancellationToken ct, bool isOwn = false)
    {
        spender.MayComeYet |= spender.Credential?.Changes.IsAnyUnknown == true;
        var changes = spender.Credential?.Changes.Open() ?? OpenChanges.None;
        var (parameters, now) = (new DynamicParameters(changes), time.GetUtcNow());
        parameters.AddDynamicParams(new
        {
            spender.RequestId, AccountId = spender.Account.Id, AskedBy = askedBy, Now = now, FirstReviewAt = now.AddSeconds(options.ReviewAfterSeconds), ReviewDeadlineAt = now.AddHours(options.ReviewDeadlineHours), spender.ChangedAt, options.SettleDelay, IsOwn = isOwn,
            Told = spender.NotedIds.ToArray(), spender.OverId, spender.Permits, spender.PermittedUntil, spender.Notes, spender.IsBelowPaused, spender.IsBusy, MayComeYet = spender.IsBusy || spender.Credential?.Changes.IsAnyUnknown == true,
        });
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var written = await connection.ExecuteScalarAsync<long>(new(sql, parameters, cancellationToken: ct));
        spender.Credential?.Changes.Written(changes);
        if (written != 1 || !sql.Contains("untold_ids", StringComparison.Ordinal)) await ToldAsync(connection, spender, ct);
        return written == 1;
    }
}
