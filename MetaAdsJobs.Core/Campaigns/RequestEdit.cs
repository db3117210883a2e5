using System.Data.Common;
using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Campaigns.Proposed;
using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Jobs.Storage;
using MetaAdsJobs.Core.Meta;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Core.Validation;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace MetaAdsJobs.Core.Campaigns;

/// <summary>What became of a person's wish to edit something.</summary>
public abstract record EditRequested
{
    private EditRequested() { }

    public sealed record Queued(Guid EditId) : EditRequested;

    /// <summary>No object of that level and id was made here.</summary>
    public sealed record Unknown : EditRequested;

    public sealed record Invalid(FieldErrors Errors) : EditRequested;

    /// <summary>Not as it is now.</summary>
    public sealed record Refused(string Reason) : EditRequested;
}

/// <summary>
/// Queues an edit of a campaign, ad set or ad: the row and its job commit together. A pause makes void what would have switched the same object on; an end
/// makes void all that was still to be done to it.
/// </summary>
public sealed class RequestEdit
{
    private readonly NpgsqlDataSource _dataSource;
    private readonly JudgeEdit _judge;
    private readonly IJobQueue _queue;
    private readonly OrchestrationOptions _options;
    private readonly TimeProvider _time;

    internal RequestEdit(NpgsqlDataSource dataSource, JudgeEdit judge, IJobQueue queue, OrchestrationOptions options, TimeProvider time) =>
        (_dataSource, _judge, _queue, _options, _time) = (dataSource, judge, queue, options, time);

    /// <param name="metaId">Meta's id of the object.</param>
    /// <param name="body">Of an update only.</param>
    public async Task<EditRequested> ExecuteAsync(EditLevel level, string metaId, EditKind kind, JsonElement? body, string askedBy, CancellationToken ct) =>
        (await ExecuteAsync(level, metaId, kind, body, askedBy, proposed: null, ct))!;

    /// <returns>Null: it was asked for before, or is not to be any more.</returns>
    internal Task<EditRequested?> ExecuteAsync(ProposedEdit edit, CancellationToken ct) => ExecuteAsync(edit.Level, edit.MetaId, edit.Kind, edit.Body, edit.By, edit, ct);

    private async Task<EditRequested?> ExecuteAsync(EditLevel level, string metaId, EditKind kind, JsonElement? body, string askedBy, ProposedEdit? proposed, CancellationToken ct)
    {
        var (judged, refusal) = await NothingWrittenException.IfFailsAsync(_judge.ExecuteAsync(level, metaId, kind, body, ct));
        if (refusal is not null) return refusal;
        var (tree, one, fields, _) = judged!;
        var editId = Guid.CreateVersion7(_time.GetUtcNow());
        using var transaction = JobTransaction.Begin();
        var jobId = _queue.EnqueueEdit(editId, goesFirst: kind == EditKind.Pause);
        if (!await InsertAsync(editId, tree, one, level, kind, fields, askedBy, jobId, proposed, ct)) return null;
        transaction.Complete();
        return new EditRequested.Queued(editId);
    }

    /// <returns>False when the proposal's row says that it is not to be: nothing of it may be committed.</returns>
    private async Task<bool> InsertAsync(Guid editId, CampaignTree tree, TreeObject one, EditLevel level, EditKind kind, EditFields fields, string askedBy, string jobId, ProposedEdit? proposed, CancellationToken ct)
    {
        var clips = fields.Creative is null ? [] : RequestParts.ClipsOf(JsonSerializer.SerializeToElement(fields.Creative, OrchestrationRequest.Json));
        // The campaign's row first: edits of one campaign are numbered in the order of their commits.
        var insertSql = $"""
            SELECT 1 FROM meta_campaigns WHERE request_id = @RequestId FOR NO KEY UPDATE;
            INSERT INTO campaign_edits (edit_id, social_account_id, request_id, level, meta_id, kind, fields, asked_by, asked_key, state, job_id, asked_at)
            VALUES (@EditId, @AccountId, @RequestId, @Level, @MetaId, @Kind, @Fields::jsonb, @AskedBy, @AskedKey, 'queued', @JobId, @Now);
            UPDATE campaign_edits e SET {Voiding.Set}, error = @Why
            FROM (SELECT edit_id FROM campaign_edits
                  WHERE request_id = @RequestId AND edit_id <> @EditId AND state IN ('queued', 'running', 'waiting') AND ending IS NULL AND meta_id = ANY (@Void) AND kind = ANY (@VoidKinds) ORDER BY edit_id FOR NO KEY UPDATE) void
            WHERE e.edit_id = void.edit_id;
            -- What they have done by halves is found by looking.
            {(clips.Length == 0 ? "" : $"WITH {ClipScope.ShownSql}")} UPDATE meta_campaigns SET compare_at = LEAST(compare_at, clock_timestamp() + 2 * @SettleDelay) WHERE request_id = @RequestId{(proposed is null ? "" : $";\n{proposed.Of.AskedSql}")}
            """;
        var (voided, kinds) = kind switch
        {
            EditKind.Pause => ([one.MetaId], [EditKind.Publish, EditKind.Resume]),
            EditKind.Archive or EditKind.Delete => (tree.Below(one).Select(below => below.MetaId).ToArray(), Enum.GetValues<EditKind>().Where(voided => voided != EditKind.Pause).ToArray()),
            _ => (Array.Empty<string>(), Array.Empty<EditKind>()),
        };
        await using var connection = await _dataSource.OpenConnectionAsync(ct);
        await using var read = await connection.QueryMultipleAsync(new(insertSql, new
        {
            EditId = editId, tree.AccountId, tree.RequestId, Level = EditWords.Of(level), one.MetaId, Kind = EditWords.Of(kind), Fields = fields.ToJson(), AskedBy = askedBy, AskedKey = proposed is null ? AccountScope.Caller?.KeyName : proposed.ByKey, JobId = jobId, Now = _time.GetUtcNow(),
            _options.SettleDelay, Void = voided, ClipIds = clips, IntoCampaign = (string?)null, VoidKinds = Array.ConvertAll(kinds, EditWords.Of), Why = $"{askedBy} has asked to {EditWords.Of(kind)} the {EditWords.Of(level)} since", proposed?.ProposalId,
        }, cancellationToken: ct));
        await read.ReadAsync<int>();
        return proposed is null || (await read.ReadAsync<int>()).Any();
    }
}

/// <summary>What becomes of an edit that is void, or is not to be any more: cancelled; if it may have made a creative, or switched something on, once that is taken back.</summary>
internal static class Voiding
{
    // By its own row alone: what it is just writing elsewhere is not seen here.
    private const string MayHaveMade = "e.fields ? 'creative' AND e.attempt > 0";

    // Likewise: who has died may have done so.
    private const string MayBeOn = "e.kind IN ('publish', 'resume') AND (e.switched OR e.lease_until IS NOT NULL)";

    /// <summary>
    /// The beginning of a SET list, for what a later pause or end makes void: what it has switched on is for that to see to. Takes @Now. Whoever carries it out may send something until its lease is over, and keeps that until it has told what it changed (<see cref="VoidEdits"/>); of one
    /// that has something to take back, whoever does that waits for it.
    /// </summary>
    public static readonly string Set = To("cancelled", MayHaveMade);

    /// <summary>The same of an edit that nobody carries out just now, and that nothing else pauses: who claims it next pauses what it may have switched on, and tells of an attempt that died.</summary>
    /// <param name="state">How it ends then, or at once when there is nothing to take back.</param>
    public static string TakeBack(string state) => To(state, $"({MayHaveMade} OR {MayBeOn})");

    // Of an attempt that died the lease was taken over by one that has given its claim back and told nothing: it gets that again, unless another attempt follows, which knows of it anyway.
    private static string To(string state, string waits) => $"""
        state = CASE WHEN {waits} THEN 'waiting' ELSE '{state}' END, ending = CASE WHEN {MayHaveMade} THEN 'cancelled' WHEN {waits} THEN '{state}' END, completed_at = CASE WHEN NOT ({waits}) THEN @Now END, held = e.held AND NOT ({waits}),
                wait_reason = CASE WHEN {waits} THEN 'what it has done is taken back' END, quiet_since = COALESCE(e.lease_until, e.quiet_since), lease_until = CASE WHEN NOT ({MayHaveMade}) THEN COALESCE(e.lease_until, CASE WHEN NOT ({waits}) AND e.abandoned > 0 THEN e.quiet_since END) END, next_attempt_at = NULL, failures = 0
        """;
}

/// <summary>Takes back an edit that has not begun, or waits.</summary>
public sealed class CancelEdit(NpgsqlDataSource dataSource, IJobQueue queue, OrchestrationOptions options, TimeProvider time)
{
    /// <returns>False when it is being carried out, or has ended; null when there is none.</returns>
    public async Task<bool?> ExecuteAsync(Guid editId, string cancelledBy, CancellationToken ct)
    {
        // One that has sent something before may have done a part of it: that is found by looking, but what it may have switched on is paused first.
        var cancelSql = $"""
            SELECT 1 FROM meta_campaigns WHERE request_id = (SELECT request_id FROM campaign_edits WHERE edit_id = @EditId) FOR NO KEY UPDATE;
            WITH taken AS (
                UPDATE campaign_edits e SET {Voiding.TakeBack("cancelled")}, error = concat('cancelled by ', @By::text)
                WHERE edit_id = @EditId AND state IN ('queued', 'waiting') AND ending IS NULL AND {ClaimTable.Free("e")} RETURNING social_account_id, request_id, meta_id, kind, attempt, ending, kind <> 'update' AS pauses),
            looked_at AS (UPDATE meta_campaigns c SET compare_at = LEAST(compare_at, clock_timestamp() + 2 * @SettleDelay) FROM taken WHERE c.request_id = taken.request_id AND taken.attempt > 0),
            act AS ({ActLog.InsertFrom("taken", account: "taken.social_account_id", name: "concat(taken.kind, ' ', taken.meta_id)")})
            SELECT ending, pauses FROM taken
            """;
        var (now, act) = (time.GetUtcNow(), new Act("edit", $"{editId}", null, "cancelled", null, []) { By = AccountScope.Caller ?? new(cancelledBy, "", Sees: null, Spends: null) });
        using (var transaction = JobTransaction.Begin())
        {
            List<(string? Ending, bool Pauses)> taken;
            await using (var taking = await dataSource.OpenConnectionAsync(ct))
            await using (var answers = await taking.QueryMultipleAsync(new(cancelSql, ActLog.With(new { EditId = editId, By = cancelledBy, options.SettleDelay, Now = now }, act, now), cancellationToken: ct)))
            {
                await answers.ReadAsync<int>();
                taken = (await answers.ReadAsync<(string?, bool)>()).AsList();
            }

            if (taken is [var (ending, pauses)])
            {
                // Its present job may be snoozing for long, and what it has switched on spends meanwhile.
                if (ending is not null) queue.EnqueueEdit(editId, goesFirst: pauses);
                transaction.Complete();
                return true;
            }
        }

        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<bool>(new("SELECT EXISTS (SELECT 1 FROM campaign_edits WHERE edit_id = @EditId)", new { EditId = editId }, cancellationToken: ct)) ? false : null;
    }
}

/// <summary>
/// Edits that became void while an attempt carried them out that never said how far it came: its process died. No other attempt follows that would
/// look, so what it may have changed at Meta is told as not known.
/// </summary>
internal sealed class VoidEdits(NpgsqlDataSource dataSource, CampaignTrees trees, TimeProvider time, ILogger<VoidEdits> logger)
{
    // An answer may come for so long after the lease is over; then the attempt tells of it itself.
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    public async Task TellAsync(CancellationToken ct)
    {
        const string FindSql = """
            SELECT edit_id, attempt, request_id, social_account_id, meta_id, kind, fields::text AS fields, asked_by, asked_key, asked_at FROM campaign_edits
            WHERE state IN ('cancelled', 'expired') AND lease_until < clock_timestamp() - @Grace ORDER BY edit_id LIMIT 500
            """;
        List<EditRow> rows;
        await using (var connection = await dataSource.OpenConnectionAsync(ct))
        {
            rows = (await connection.QueryAsync<EditRow>(new(FindSql, new { Grace }, cancellationToken: ct))).AsList();
        }

        foreach (var row in rows)
        {
            try
            {
                await TellAsync(row, ct);
            }
            catch (Exception exception) when (exception is not OperationCanceledException && !DatabaseErrors.IsAway(exception))
            {
                // It must not keep those behind it from being told: it is tried again with them.
                CampaignLog.VoidNotTold(logger, exception, row.EditId);
            }
        }
    }

    private async Task TellAsync(EditRow row, CancellationToken ct)
    {
        const string TellSql = $"WITH {ChangeLog.Cte}, {EditStore.Released} SELECT 1";
        var changes = await PerhapsDoneAsync(row, ct);
        var parameters = new DynamicParameters(changes.Open());
        parameters.AddDynamicParams(new { row.EditId, row.Attempt, row.RequestId, AccountId = row.SocialAccountId, row.AskedBy });
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new(TellSql, parameters, cancellationToken: ct));
    }

    private async Task<MetaChanges> PerhapsDoneAsync(EditRow row, CancellationToken ct)
    {
        var changes = new MetaChanges { AskedKey = row.AskedKey };
        if (await trees.FindOfAsync(row.RequestId, ct) is { } tree && tree.Find(row.MetaId) is { } one)
            await PerhapsDone.AddAsync(changes, dataSource, tree, one, Enum.Parse<EditKind>(row.Kind, ignoreCase: true), EditFields.FromJson(row.Fields), creativeId: null, row.AskedAt, time.GetUtcNow(), ct);
        return changes;
    }
}

/// <summary>What an attempt of an edit may have done that died before it could say so, and nobody has told of.</summary>
internal static class PerhapsDone
{
    /// <param name="creativeId">The creative that it has made; null when it has made none.</param>
    public static async Task AddAsync(MetaChanges changes, NpgsqlDataSource dataSource, CampaignTree tree, TreeObject one, EditKind kind, EditFields fields, string? creativeId, DateTimeOffset askedAt, DateTimeOffset now, CancellationToken ct)
    {
        switch (kind)
        {
            case EditKind.Publish or EditKind.Resume:
                var told = await ChangeLog.ListActivatedAsync(dataSource, tree.RequestId, askedAt, ct);
                // Also what was on, since the first attempt looks at nothing before, and what is gone by now.
                foreach (var below in kind == EditKind.Resume ? [one] : tree.Below(one))
                    if (!told.Contains(below.MetaId)) changes.AddPerhapsActivated(below.MetaId, now);
                break;
            case EditKind.Update:
                var sent = UpdateObject.SentFor(tree, one, fields, creativeId);
                if (sent.Encoded.Count > 0 && !await ChangeLog.IsToldAsync(dataSource, tree.RequestId, one.MetaId, sent, askedAt, ct)) changes.AddPerhapsSent(one.MetaId, sent, now);
                break;
            case EditKind.Archive:
                changes.AddPerhapsSent(one.MetaId, new GraphFields().Add("status", "ARCHIVED"), now);
                break;
            case EditKind.Delete:
                changes.AddPerhapsDeleted(one.MetaId, now);
                break;
        }
    }
}
