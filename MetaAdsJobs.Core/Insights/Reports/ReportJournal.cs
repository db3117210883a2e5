using Dapper;
using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Insights.Storing;
using MetaAdsJobs.Core.Meta.Insights;
using Npgsql;

namespace MetaAdsJobs.Core.Insights.Reports;

/// <summary>
/// Rows of insight_reports. Every write names the attempt that may make it, and each returns the report as it stands afterwards.
/// A crash between Meta's answer and the write forgets the answer: a report is asked for, or a page read, once more.
/// </summary>
internal sealed class ReportJournal(NpgsqlDataSource dataSource, TimeProvider time)
{
    private static readonly string Held = $"EXISTS (SELECT 1 FROM insight_syncs WHERE {ClaimTable.Syncs.Held})";
    private const string NothingRead = "cursor = NULL, pages = 0, empty_pages = 0, known_cursor = NULL, known_rows = NULL, rows = 0";
    private const string ToldSql = "UPDATE insight_syncs SET left_out = array_append(left_out, @Told) WHERE sync_id = @SyncId";
    private static readonly string SplitSql = $"UPDATE insight_reports SET state = 'split', {NothingRead} WHERE sync_id = @SyncId AND no = @No AND {Held}";

    public async Task<List<SyncReport>> ListAsync(SyncClaim claim, CancellationToken ct)
    {
        const string ListSql = """
            SELECT no, definition_id, since, until, scope, scope_ids, mode, state, run_id, submissions, submitted_at, percent, progressed_at, next_poll_at,
                   ready_at, cursor, pages, empty_pages, known_cursor, known_rows, rows, refused_fields, error
            FROM insight_reports WHERE sync_id = @SyncId ORDER BY no
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<SyncReport>(new(ListSql, new { claim.SyncId }, cancellationToken: ct))).AsList();
    }

    public Task PlanAsync(SyncClaim claim, IReadOnlyList<SyncReport> reports, CancellationToken ct) => WriteAsync(async (connection, transaction) =>
    {
        await UpdateAsync(connection, transaction, $"UPDATE insight_syncs SET reports = @Count WHERE {ClaimTable.Syncs.Held}", new { claim.SyncId, claim.Attempt, reports.Count }, ct);
        await InsertAsync(connection, transaction, claim, reports, ct);
        await Staging.MarkAsync(connection, transaction, claim.SyncId, ct);
    }, ct);

    /// <summary>Asked for as well, in the same sync.</summary>
    public Task AddAsync(SyncClaim claim, IReadOnlyList<SyncReport> reports, CancellationToken ct) => WriteAsync(async (connection, transaction) =>
    {
        await UpdateAsync(connection, transaction, $"UPDATE insight_syncs SET reports = reports + @Count WHERE {ClaimTable.Syncs.Held}", new { claim.SyncId, claim.Attempt, reports.Count }, ct);
        await InsertAsync(connection, transaction, claim, reports, ct);
    }, ct);

    public async Task<SyncReport> SubmittedAsync(SyncClaim claim, SyncReport report, string runId, DateTimeOffset nextPollAt, CancellationToken ct)
    {
        var submittedSql = $"""
            UPDATE insight_reports SET state = 'submitted', run_id = @RunId, submissions = submissions + 1, submitted_at = @Now, percent = 0, progressed_at = @Now,
                next_poll_at = @NextPollAt
            WHERE sync_id = @SyncId AND no = @No AND state = 'planned' AND {Held}
            """;
        var now = time.GetUtcNow();
        await UpdateAsync(submittedSql, new { claim.SyncId, claim.Attempt, report.No, RunId = runId, Now = now, NextPollAt = nextPollAt }, ct);
        return report with
        {
            State = ReportState.Submitted, RunId = runId, Submissions = report.Submissions + 1, SubmittedAt = now, Percent = 0, ProgressedAt = now, NextPollAt = nextPollAt,
        };
    }

    public async Task<SyncReport> PolledAsync(SyncClaim claim, SyncReport report, int percent, DateTimeOffset nextPollAt, CancellationToken ct)
    {
        var polledSql = $"""
            UPDATE insight_reports SET percent = @Percent, progressed_at = @ProgressedAt, next_poll_at = @NextPollAt
            WHERE sync_id = @SyncId AND no = @No AND state = 'submitted' AND {Held}
            """;
        var progressedAt = percent == report.Percent ? report.ProgressedAt : time.GetUtcNow();
        await UpdateAsync(polledSql, new { claim.SyncId, claim.Attempt, report.No, Percent = percent, ProgressedAt = progressedAt, NextPollAt = nextPollAt }, ct);
        return report with { Percent = percent, ProgressedAt = progressedAt, NextPollAt = nextPollAt };
    }

    public async Task<SyncReport> ReadyAsync(SyncClaim claim, SyncReport report, CancellationToken ct)
    {
        var readySql = $"UPDATE insight_reports SET state = 'ready', percent = 100, ready_at = @ReadyAt WHERE sync_id = @SyncId AND no = @No AND state = 'submitted' AND {Held}";
        var readyAt = report.ReadyAt ?? time.GetUtcNow();
        await UpdateAsync(readySql, new { claim.SyncId, claim.Attempt, report.No, ReadyAt = readyAt }, ct);
        return report with { State = ReportState.Ready, Percent = 100, ReadyAt = readyAt };
    }

    /// <summary>Complete, and not to be seen yet: looked at again later, and then read on where it was.</summary>
    public async Task<SyncReport> UnavailableAsync(SyncClaim claim, SyncReport report, DateTimeOffset nextPollAt, CancellationToken ct)
    {
        var unavailableSql = $"UPDATE insight_reports SET state = 'submitted', next_poll_at = @NextPollAt WHERE sync_id = @SyncId AND no = @No AND state = 'ready' AND {Held}";
        await UpdateAsync(unavailableSql, new { claim.SyncId, claim.Attempt, report.No, NextPollAt = nextPollAt }, ct);
        return report with { State = ReportState.Submitted, NextPollAt = nextPollAt };
    }

    /// <summary>Asked for anew, in the background this time; what was read of it is thrown away.</summary>
    public async Task<SyncReport> RestartAsync(SyncClaim claim, SyncReport report, CancellationToken ct)
    {
        var restartSql = $"""
            UPDATE insight_reports SET state = 'planned', mode = 'async', run_id = NULL, percent = 0, {NothingRead}, next_poll_at = NULL, ready_at = NULL
            WHERE sync_id = @SyncId AND no = @No AND {Held}
            """;
        await WriteAsync(async (connection, transaction) =>
        {
            await UpdateAsync(connection, transaction, restartSql, new { claim.SyncId, claim.Attempt, report.No }, ct);
            if (report.Pages > 0) await Staging.ClearAsync(connection, transaction, claim.SyncId, report.No, ct);
        }, ct);
        return report with
        {
            State = ReportState.Planned, Mode = ReportMode.Async, RunId = null, Percent = 0, Cursor = null, Pages = 0, EmptyPages = 0, KnownCursor = null, KnownRows = null, Rows = 0,
            NextPollAt = null, ReadyAt = null,
        };
    }

    /// <summary>Asked for anew without what Meta refuses of it, which the sync tells.</summary>
    public async Task<SyncReport> AskForLessAsync(SyncClaim claim, SyncReport report, DateOnly since, string[] refusedFields, string told, CancellationToken ct)
    {
        var lessSql = $"""
            UPDATE insight_reports SET state = 'planned', run_id = NULL, percent = 0, {NothingRead}, next_poll_at = NULL, ready_at = NULL, since = @Since, refused_fields = @RefusedFields
            WHERE sync_id = @SyncId AND no = @No AND {Held}
            """;
        await WriteAsync(async (connection, transaction) =>
        {
            await UpdateAsync(connection, transaction, lessSql, new { claim.SyncId, claim.Attempt, report.No, Since = since, RefusedFields = refusedFields }, ct);
            await connection.ExecuteAsync(new(ToldSql, new { claim.SyncId, Told = told }, transaction, cancellationToken: ct));
            if (report.Pages > 0) await Staging.ClearAsync(connection, transaction, claim.SyncId, report.No, ct);
        }, ct);
        return report with
        {
            State = ReportState.Planned, RunId = null, Percent = 0, Cursor = null, Pages = 0, EmptyPages = 0, KnownCursor = null, KnownRows = null, Rows = 0,
            NextPollAt = null, ReadyAt = null, Since = since, RefusedFields = refusedFields,
        };
    }

    /// <summary>Asked for no more, as if it had been cut into nothing: Meta keeps none of its days any more, which the sync tells.</summary>
    public async Task<SyncReport> LeaveOutAsync(SyncClaim claim, SyncReport report, string told, CancellationToken ct)
    {
        await WriteAsync(async (connection, transaction) =>
        {
            await UpdateAsync(connection, transaction, SplitSql, new { claim.SyncId, claim.Attempt, report.No }, ct);
            await connection.ExecuteAsync(new(ToldSql, new { claim.SyncId, Told = told }, transaction, cancellationToken: ct));
            if (report.Pages > 0) await Staging.ClearAsync(connection, transaction, claim.SyncId, report.No, ct);
        }, ct);
        return report with { State = ReportState.Split };
    }

    /// <summary>PostgreSQL has lost what was staged: all is read again, from the runs that Meta still has.</summary>
    public Task ReadAllAgainAsync(SyncClaim claim, CancellationToken ct)
    {
        var againSql = $"""
            UPDATE insight_reports SET {NothingRead}, state = CASE WHEN run_id IS NULL THEN 'planned' ELSE 'ready' END
            WHERE sync_id = @SyncId AND state IN ('ready', 'read', 'planned') AND {Held}
            """;
        var nothingStoredSql = $"UPDATE insight_syncs SET stored_until = NULL WHERE {ClaimTable.Syncs.Held}";
        return WriteAsync(async (connection, transaction) =>
        {
            await connection.ExecuteAsync(new(againSql, new { claim.SyncId, claim.Attempt }, transaction, cancellationToken: ct));
            await UpdateAsync(connection, transaction, nothingStoredSql, new { claim.SyncId, claim.Attempt }, ct);
            await Staging.ClearAsync(connection, transaction, claim.SyncId, reportNo: null, ct);
            await Staging.MarkAsync(connection, transaction, claim.SyncId, ct);
        }, ct);
    }

    public async Task<SyncReport> SplitAsync(SyncClaim claim, SyncReport report, IReadOnlyList<SyncReport> parts, CancellationToken ct)
    {
        await WriteAsync(async (connection, transaction) =>
        {
            await UpdateAsync(connection, transaction, SplitSql, new { claim.SyncId, claim.Attempt, report.No }, ct);
            if (report.Pages > 0) await Staging.ClearAsync(connection, transaction, claim.SyncId, report.No, ct);
            await InsertAsync(connection, transaction, claim, parts, ct);
        }, ct);
        return report with { State = ReportState.Split };
    }

    public async Task<SyncReport> RefuseAsync(SyncClaim claim, SyncReport report, string reason, CancellationToken ct)
    {
        var refuseSql = $"UPDATE insight_reports SET state = 'refused', error = @Reason WHERE sync_id = @SyncId AND no = @No AND {Held}";
        await UpdateAsync(refuseSql, new { claim.SyncId, claim.Attempt, report.No, Reason = reason }, ct);
        return report with { State = ReportState.Refused, Error = reason };
    }

    /// <summary>
    /// Puts pages aside and moves the cursor behind the last of them, in one commit. That commit is not waited for: should PostgreSQL
    /// crash, the staged rows are gone with it in any case. The pages are given back as soon as nothing but the commit is left.
    /// </summary>
    /// <param name="leftOut">What Meta would not tell of it; null when it is complete.</param>
    public async Task<SyncReport> StageAsync(SyncClaim claim, SyncReport report, IReadOnlyList<InsightPage> pages, string? leftOut, CancellationToken ct)
    {
        var stagedSql = $"""
            UPDATE insight_reports SET cursor = @Cursor, empty_pages = @EmptyPages, known_cursor = @KnownCursor, known_rows = @KnownRows, pages = pages + @Count, rows = rows + @Rows, error = @LeftOut,
                state = CASE WHEN @Cursor::text IS NULL THEN 'read' ELSE state END
            WHERE sync_id = @SyncId AND no = @No AND pages = @Pages AND state IN ('planned', 'ready') AND {Held}
            RETURNING set_config('synchronous_commit', 'off', true)
            """;
        var trail = pages[^1].Trail;
        var rows = pages.Sum(page => page.Rows.Count);
        await WriteAsync(async (connection, transaction) =>
        {
            try
            {
                await Staging.CopyAsync(connection, claim.SyncId, report, pages, ct);
                var moved = await connection.QueryAsync<string>(new(stagedSql,
                    new
                    {
                        claim.SyncId, claim.Attempt, report.No, report.Pages, trail.Cursor, trail.EmptyPages, trail.KnownCursor, trail.KnownRows, pages.Count, Rows = rows, LeftOut = leftOut,
                    }, transaction, cancellationToken: ct));
                if (!moved.Any()) throw new FencedException("the report is read by another attempt");
            }
            finally
            {
                foreach (var page in pages) page.GiveBack();
            }
        }, ct);
        return report with
        {
            Cursor = trail.Cursor, EmptyPages = trail.EmptyPages, KnownCursor = trail.KnownCursor, KnownRows = trail.KnownRows, Pages = report.Pages + pages.Count,
            Rows = report.Rows + rows, Error = leftOut, State = trail.Cursor is null ? ReportState.Read : report.State,
        };
    }

    private static Task<int> InsertAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, SyncClaim claim, IReadOnlyList<SyncReport> reports, CancellationToken ct)
    {
        const string InsertSql = """
            INSERT INTO insight_reports (sync_id, no, definition_id, since, until, scope, scope_ids, mode, refused_fields, state)
            VALUES (@SyncId, @No, @DefinitionId, @Since, @Until, @Scope, @ScopeIds, @Mode, @RefusedFields, 'planned')
            """;
        return connection.ExecuteAsync(new(InsertSql, reports.Select(report => new
        {
            claim.SyncId, report.No, report.DefinitionId, report.Since, report.Until, report.ScopeIds, report.RefusedFields,
            Scope = report.Scope.ToString().ToLowerInvariant(), Mode = report.Mode.ToString().ToLowerInvariant(),
        }), transaction, cancellationToken: ct));
    }

    private async Task UpdateAsync(string sql, object parameters, CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await UpdateAsync(connection, null, sql, parameters, ct);
    }

    private static async Task UpdateAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, string sql, object parameters, CancellationToken ct)
    {
        if (await connection.ExecuteAsync(new(sql, parameters, transaction, cancellationToken: ct)) != 1) throw new FencedException("the sync was taken over by another attempt");
    }

    private async Task WriteAsync(Func<NpgsqlConnection, NpgsqlTransaction, Task> write, CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await write(connection, transaction);
        await transaction.CommitAsync(ct);
    }
}
