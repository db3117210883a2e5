using Dapper;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Jobs;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace MetaAdsJobs.Core.Campaigns.Holding;

/// <summary>
/// Asks for approvals, and ends them when what they are for has changed, ended, or waited too long. Nothing hangs on when that is done: a permit looks itself whether what stands there now is
/// approved (<see cref="Spending.Activations"/>).
/// </summary>
internal sealed class ApprovalStore(NpgsqlDataSource dataSource, CampaignTrees trees, AccountStore accounts, IJobQueue queue, HoldOptions options, TimeProvider time, ILogger<ApprovalStore> logger)
{
    private const string Us = "MetaAdsJobs";

    /// <summary>An audit row for each row that is called p; takes @Now.</summary>
    /// <param name="key">The name of the key by which; of nobody's doing there is none.</param>
    public static string Note(string what, string who, string from, string key = "NULL") => $"""
        INSERT INTO meta_changes (social_account_id, request_id, asked_by, asked_key, method, path, sent, sent_at, outcome)
        SELECT p.social_account_id, p.request_id, {who}, {key}, 'NOTE', e.meta_id, jsonb_build_object('approval', '{what}', 'approval_id', p.id::text, 'edit_id', p.edit_id::text, 'edit', e.kind, 'daily_cents', p.daily_cents::text, 'content_hash', p.content_hash), @Now, 'done'
        FROM {from} p JOIN campaign_edits e USING (edit_id)
        """;

    /// <summary>Asks, unless the same is asked for or approved already. What was approved of something else is void.</summary>
    /// <param name="dailyCents">What the campaign may spend a day afterwards, in hundredths of the currency.</param>
    /// <returns>Until when an answer is waited for; null when nobody has to be asked.</returns>
    public async Task<DateTimeOffset?> AskAsync(Guid editId, long dailyCents, CancellationToken ct)
    {
        // One implicit transaction, under the campaign's row: whoever changes what is to be approved takes that, too.
        var askSql = $"""
            SELECT 1 FROM meta_campaigns WHERE request_id = (SELECT request_id FROM campaign_edits WHERE edit_id = @EditId) FOR NO KEY UPDATE;
            WITH void AS (
                UPDATE approvals SET state = 'voided', decided_at = @Now, reason = 'what it is for has changed'
                WHERE edit_id = @EditId AND (state IN ('asked', 'approved') AND content_hash <> content_hash(edit_content(@EditId)) OR state = 'approved' AND daily_cents < @DailyCents) RETURNING *)
            {Note("voided", $"'{Us}'", "void")};
            WITH asked AS (
                INSERT INTO approvals (id, edit_id, request_id, social_account_id, state, asked_by, asked_at, expires_at, content, content_hash, daily_cents)
                SELECT @Id, e.edit_id, e.request_id, e.social_account_id, 'asked', e.asked_by, @Now, GREATEST(@ExpiresAt, e.due_at), n.content, content_hash(n.content), @DailyCents
                FROM campaign_edits e, LATERAL (SELECT edit_content(e.edit_id) AS content) n
                WHERE e.edit_id = @EditId AND e.state IN ('queued', 'running', 'waiting') AND e.ending IS NULL
                ON CONFLICT (edit_id) WHERE state IN ('asked', 'approved') DO NOTHING RETURNING *)
            {Note("asked", "p.asked_by", "asked", "e.asked_key")};
            UPDATE campaign_edits e SET state = 'waiting', held = true, wait_reason = 'somebody else has to approve it', next_attempt_at = LEAST(p.expires_at, CASE WHEN e.due_at > @Now THEN e.due_at END)
            FROM approvals p WHERE e.edit_id = @EditId AND p.edit_id = @EditId AND p.state = 'asked' AND e.state IN ('queued', 'waiting') AND {ClaimTable.Free("e")};
            SELECT expires_at FROM approvals WHERE edit_id = @EditId AND state = 'asked'
            """;
        var now = time.GetUtcNow();
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var answers = await connection.QueryMultipleAsync(new(askSql, new { EditId = editId, Id = Guid.CreateVersion7(now), DailyCents = dailyCents, Now = now, ExpiresAt = now + options.ApprovalTime }, cancellationToken: ct));
        await answers.ReadAsync<int>();
        var until = (await answers.ReadAsync<DateTimeOffset?>()).FirstOrDefault();
        if (until is not null) HoldLog.Asked(logger, editId, until.Value);
        return until;
    }

    /// <summary>For an edit that is not begun yet: what it will need is asked for now, and not when its time has come.</summary>
    public async Task PrepareAsync(Guid editId, CancellationToken ct)
    {
        const string ConcernedSql = """
            SELECT a.approval_required <> 'none' OR EXISTS (SELECT 1 FROM approvals p WHERE p.edit_id = e.edit_id) FROM campaign_edits e JOIN social_accounts a ON a.id = e.social_account_id WHERE e.edit_id = @EditId
            """;
        const string OpenSql = """
            SELECT e.edit_id FROM campaign_edits e JOIN social_accounts a ON a.id = e.social_account_id
            WHERE e.edit_id = @EditId AND e.state IN ('queued', 'waiting') AND e.ending IS NULL AND e.kind IN ('publish', 'resume') AND a.approval_required <> 'none'
              AND NOT EXISTS (SELECT 1 FROM approvals p WHERE p.edit_id = e.edit_id AND p.state IN ('asked', 'approved'))
              AND (e.level = 'campaign' OR EXISTS (SELECT 1 FROM activations v WHERE v.request_id = e.request_id AND v.state IN ('activating', 'active', 'paused')))
            """;
        await using (var connection = await dataSource.OpenConnectionAsync(ct))
        {
            if (!await connection.ExecuteScalarAsync<bool>(new(ConcernedSql, new { EditId = editId }, cancellationToken: ct))) return;
        }

        await SettleAsync(editId, ct);
        await using (var connection = await dataSource.OpenConnectionAsync(ct))
        {
            if (await connection.QueryFirstOrDefaultAsync<Guid?>(new(OpenSql, new { EditId = editId }, cancellationToken: ct)) is null) return;
        }

        if (await AmountAsync(editId, ct) is var (account, cents) && account.DemandsApproval(cents)) await AskAsync(editId, cents, ct);
    }

    /// <summary>Ends what nobody has answered in time or what is asked for no more, and asks anew for what has changed.</summary>
    /// <param name="editId">Null: all.</param>
    public async Task SettleAsync(Guid? editId, CancellationToken ct)
    {
        const string DemandedNoMore = "p.state = 'asked' AND (a.approval_required = 'none' OR a.approval_required = 'above' AND p.daily_cents <= a.approval_above_cents) AND (@EditId::uuid IS NULL OR p.edit_id = @EditId)";
        var endSql = $"""
            UPDATE approvals p SET state = 'withdrawn', decided_at = @Now, reason = 'what it was for is not to be done any more' FROM campaign_edits e
            WHERE p.state = 'asked' AND e.edit_id = p.edit_id AND (@EditId::uuid IS NULL OR p.edit_id = @EditId) AND (e.state NOT IN ('queued', 'running', 'waiting') OR e.ending IS NOT NULL);
            WITH over AS (
                UPDATE approvals p SET state = 'expired', decided_at = @Now, reason = 'nobody has answered in time' FROM campaign_edits e
                WHERE p.state = 'asked' AND p.expires_at <= @Now AND e.edit_id = p.edit_id AND (@EditId::uuid IS NULL OR p.edit_id = @EditId) AND e.state IN ('queued', 'running', 'waiting') AND {ClaimTable.Free("e")} RETURNING p.*),
            ended AS (UPDATE campaign_edits e SET {Voiding.TakeBack("expired")}, error = 'nobody has approved it in time: it stays as it is' FROM over WHERE e.edit_id = over.edit_id AND e.state IN ('queued', 'running', 'waiting') AND e.ending IS NULL)
            {Note("expired", $"'{Us}'", "over")};
            SELECT 1 FROM approvals p JOIN social_accounts a ON a.id = p.social_account_id WHERE {DemandedNoMore} ORDER BY p.number FOR UPDATE OF p;
            -- A statement of its own: what has asked for it in the moment before is seen to wait.
            WITH free AS (
                UPDATE approvals p SET state = 'withdrawn', decided_at = @Now, reason = 'the account demands no approval of it any more' FROM social_accounts a
                WHERE a.id = p.social_account_id AND {DemandedNoMore} RETURNING p.edit_id)
            UPDATE campaign_edits e SET next_attempt_at = @Now, job_id = NULL FROM free WHERE e.edit_id = free.edit_id AND e.state IN ('queued', 'waiting') AND {ClaimTable.Free("e")} RETURNING e.edit_id
            """;
        const string ChangedSql = """
            SELECT p.edit_id FROM approvals p JOIN campaign_edits e USING (edit_id)
            WHERE p.state IN ('asked', 'approved') AND e.state IN ('queued', 'waiting') AND e.ending IS NULL AND (@EditId::uuid IS NULL OR p.edit_id = @EditId) AND p.content_hash <> content_hash(edit_content(p.edit_id)) ORDER BY p.number LIMIT 500
            """;
        List<Guid> free, changed;
        await using (var connection = await dataSource.OpenConnectionAsync(ct))
        {
            await using (var answers = await connection.QueryMultipleAsync(new(endSql, new { EditId = editId, Now = time.GetUtcNow() }, cancellationToken: ct)))
            {
                await answers.ReadAsync<int>();
                free = (await answers.ReadAsync<Guid>()).AsList();
            }

            changed = (await connection.QueryAsync<Guid>(new(ChangedSql, new { EditId = editId }, cancellationToken: ct))).AsList();
        }

        foreach (var one in changed)
            if (await AmountAsync(one, ct) is var (_, cents)) await AskAsync(one, cents, ct);
        // Their own jobs snooze until long after; should this process die here, the sweep gives them others.
        foreach (var one in free) queue.EnqueueEdit(one, goesFirst: false);
    }

    private async Task<(SocialAccount Account, long DailyCents)?> AmountAsync(Guid editId, CancellationToken ct)
    {
        const string EditSql = "SELECT request_id, social_account_id, meta_id, kind, fields::text AS fields FROM campaign_edits WHERE edit_id = @EditId";
        EditRow? row;
        await using (var connection = await dataSource.OpenConnectionAsync(ct))
        {
            row = await connection.QuerySingleOrDefaultAsync<EditRow>(new(EditSql, new { EditId = editId }, cancellationToken: ct));
        }

        if (row is null || await trees.FindOfAsync(row.RequestId, ct) is not { } tree || tree.Find(row.MetaId) is not { } one || await accounts.FindAsync(row.SocialAccountId, ct) is not { } account) return null;
        return (account, tree.After(one, Enum.Parse<EditKind>(row.Kind, ignoreCase: true), EditFields.FromJson(row.Fields)).DailyAmountCents(time.GetUtcNow()));
    }
}

/// <summary>Events 10050-10099.</summary>
internal static partial class HoldLog
{
    [LoggerMessage(10050, LogLevel.Information, "Somebody else has to approve the edit {EditId} by {Until:o}")]
    public static partial void Asked(ILogger logger, Guid editId, DateTimeOffset until);

    [LoggerMessage(10051, LogLevel.Information, "{By} has {Decision} the edit {EditId}")]
    public static partial void Decided(ILogger logger, string by, string decision, Guid editId);

    [LoggerMessage(10052, LogLevel.Warning, "The edit {EditId} was due at {DueAt:o} and was missed")]
    public static partial void Missed(ILogger logger, Guid editId, DateTimeOffset dueAt);
}
