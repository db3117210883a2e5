using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Batches.Files;
using MetaAdsJobs.Core.Orchestrations.Listing;
using Npgsql;

namespace MetaAdsJobs.Core.Batches;

/// <summary>Which batches to list. Days are UTC, of when one was sent.</summary>
/// <param name="AccountId">With rows of this account.</param>
/// <param name="RequestedBy">Who sent it, as the audit names it.</param>
/// <param name="ChangedSince">Those that have not ended, and those that have ended since.</param>
/// <param name="State">One of <see cref="Batch.States"/>.</param>
/// <param name="ClipId">With a row whose run, or an edit since, was to show it; a row that is not begun has no run.</param>
public sealed record BatchFilter(Guid? AccountId = null, DateOnly? Since = null, DateOnly? Until = null, string? RequestedBy = null, DateTimeOffset? ChangedSince = null, string? State = null, Guid? ClipId = null);

/// <summary>Reads batches for people. How a row stands is never stored twice: it is its run's state.</summary>
public sealed class BatchReader(NpgsqlDataSource dataSource)
{
    private const string Columns = """
        b.batch_id, b.name, b.state, b.row_count, b.requested_by, (SELECT k.name FROM api_keys k WHERE k.id = b.requested_key) AS requested_key, b.ordered_by,
        b.resumed_by, (SELECT k.name FROM api_keys k WHERE k.id = b.resumed_key) AS resumed_key, b.created_at, b.completed_at
        """;

    // A file is seen by who sees all accounts that it names. OFFSET keeps it from being looked at for all rows of all files first.
    private const string OnlyMine = " AND NOT EXISTS (SELECT 1 FROM batch_rows r WHERE r.batch_id = t.batch_id AND r.social_account_id <> ALL (@Scope) OFFSET 0)";

    private const string CountsSql = $"""
        LEFT JOIN LATERAL (
            SELECT count(*) FILTER (WHERE s = 'waiting')::int AS waiting, count(*) FILTER (WHERE s = 'running')::int AS running, count(*) FILTER (WHERE s = 'created')::int AS created,
                   count(*) FILTER (WHERE s = 'existing')::int AS existing, count(*) FILTER (WHERE s = 'refused')::int AS refused, count(*) FILTER (WHERE s = 'failed')::int AS failed,
                   count(*) FILTER (WHERE s = 'cancelled')::int AS cancelled
            FROM (SELECT {BatchStore.StateSql} AS s FROM {BatchStore.RowsSql} WHERE r.batch_id = b.batch_id) n) c ON true
        """;

    private const string RowColumnsSql = $"""
        r.row, r.row_id, r.social_account_id, (SELECT a.name FROM social_accounts a WHERE a.id = r.social_account_id) AS account_name, COALESCE(o.campaign_name, r.campaign_name) AS campaign_name, {BatchStore.StateSql} AS state, o.request_id, COALESCE(r.refusal, h.refusal)::text AS refusal,
        CASE WHEN h.state = 'waiting' THEN (SELECT p.state FROM batches p WHERE p.batch_id = h.batch_id) END AS behind,
        CASE WHEN o.status IN ('failed', 'cancelled') THEN o.errors::text END AS failures,
        CASE WHEN o.status = 'failed' THEN (SELECT s.step FROM orchestration_steps s WHERE s.request_id = o.request_id AND s.error IS NOT NULL ORDER BY s.started_at DESC LIMIT 1) END AS step,
        CASE WHEN o.status = 'succeeded' THEN (SELECT m.meta_id FROM meta_campaigns m WHERE m.request_id = o.request_id) END AS campaign_meta_id
        """;

    /// <summary>Newest first.</summary>
    /// <param name="before">The cursor of the page before.</param>
    public Task<IReadOnlyList<Batch>> ListAsync(Guid? before, int limit, CancellationToken ct) => ListAsync(new(), before, limit, ct);

    /// <inheritdoc cref="ListAsync(Guid?, int, CancellationToken)"/>
    public async Task<IReadOnlyList<Batch>> ListAsync(BatchFilter filter, Guid? before, int limit, CancellationToken ct)
    {
        List<string> conditions = ["true"];
        if (before is not null) conditions.Add("t.batch_id < @Before");
        if (filter.Since is not null) conditions.Add("t.batch_id >= @From");
        if (filter.Until is not null) conditions.Add("t.batch_id < @Until");
        if (filter.RequestedBy is not null) conditions.Add("t.requested_by = @RequestedBy");
        if (filter.ChangedSince is not null) conditions.Add("(t.completed_at IS NULL OR t.completed_at >= @ChangedSince)");
        // Completed is no state of its own: it is running, and every row has ended.
        if (filter.State is not null) conditions.Add(filter.State == Batch.Completed ? "t.state = 'running' AND t.completed_at IS NOT NULL" : "t.state = @State AND (t.state <> 'running' OR t.completed_at IS NULL)");
        if (filter.AccountId is not null) conditions.Add("EXISTS (SELECT 1 FROM batch_rows r WHERE r.batch_id = t.batch_id AND r.social_account_id = @AccountId)");
        if (filter.ClipId is not null) conditions.Add("t.batch_id IN (SELECT r.batch_id FROM run_clips k JOIN batch_rows r ON r.request_id = k.request_id WHERE k.clip_id = @ClipId)");
        var listSql = $"""
            SELECT {Columns}, c.* FROM (SELECT * FROM batches t WHERE {string.Join(" AND ", conditions)}{(AccountScope.IsAll ? "" : OnlyMine)} ORDER BY batch_id DESC LIMIT @Limit) b {CountsSql} ORDER BY b.batch_id DESC
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return [.. (await connection.QueryAsync<HeadRow>(new(listSql, new
        {
            Before = before, Limit = limit, Scope = AccountScope.Accounts, filter.AccountId, From = RunFilter.FirstOf(filter.Since), Until = RunFilter.FirstAfter(filter.Until),
            filter.RequestedBy, filter.ChangedSince, filter.State, filter.ClipId,
        }, cancellationToken: ct))).Select(row => row.ToBatch())];
    }

    public async Task<Batch?> FindAsync(Guid batchId, CancellationToken ct)
    {
        const string FindSql = $"SELECT {Columns}, c.* FROM batches b {CountsSql} WHERE b.batch_id = @BatchId";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QuerySingleOrDefaultAsync<HeadRow>(new(FindSql, new { BatchId = batchId }, cancellationToken: ct)))?.ToBatch();
    }

    /// <summary>The rows in their order in the file.</summary>
    /// <param name="after">The number of the row before the first.</param>
    /// <param name="state">Only those that stand so; null for all.</param>
    public Task<IReadOnlyList<BatchRow>> ListRowsAsync(Guid batchId, int after, int limit, string? state, CancellationToken ct) => ListRowsAsync(batchId, after, limit, state, accountId: null, ct);

    /// <param name="accountId">Only those of the account; null for all.</param>
    /// <inheritdoc cref="ListRowsAsync(Guid, int, int, string?, CancellationToken)"/>
    public async Task<IReadOnlyList<BatchRow>> ListRowsAsync(Guid batchId, int after, int limit, string? state, Guid? accountId, CancellationToken ct)
    {
        var chosen = (state is null ? "" : $" AND {BatchStore.StateSql} = @State") + (accountId is null ? "" : " AND r.social_account_id = @AccountId");
        var listSql = $"SELECT {RowColumnsSql} FROM {BatchStore.RowsSql} WHERE r.batch_id = @BatchId AND r.row > @After{chosen} ORDER BY r.row LIMIT @Limit";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return [.. (await connection.QueryAsync<ReportedRow>(new(listSql, new { BatchId = batchId, After = after, State = state, AccountId = accountId, Limit = limit }, cancellationToken: ct))).Select(row => row.ToRow())];
    }

    /// <summary>A file of the batch's rows, as they were sent.</summary>
    /// <param name="onlyWrong">Only those that were refused or failed: to be mended and sent again.</param>
    /// <returns>Null when there is no such batch.</returns>
    public async Task<RowFile?> FindFileAsync(Guid batchId, bool onlyWrong, CancellationToken ct)
    {
        const string FormSql = """
            SELECT b.columns, b.separator, CASE WHEN b.columns IS NULL THEN ARRAY(SELECT DISTINCT k FROM batch_rows r, jsonb_object_keys(r.sent) k WHERE r.batch_id = b.batch_id) END
            FROM batches b WHERE b.batch_id = @BatchId
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        if (await connection.QuerySingleOrDefaultAsync<(string[]? Columns, string? Separator, string[]? Fields)?>(new(FormSql, new { BatchId = batchId }, cancellationToken: ct)) is not { } form) return null;
        return new(form.Columns is null ? RowColumns.Of(form.Fields!) : RowColumns.Asked(form.Columns), form.Separator?[0] ?? BatchFile.UsualSeparator, ReadSentAsync(batchId, onlyWrong, ct));
    }

    private async IAsyncEnumerable<SentRow> ReadSentAsync(Guid batchId, bool onlyWrong, [EnumeratorCancellation] CancellationToken ct)
    {
        const string ReadSql = $"""
            SELECT {RowColumnsSql}, r.sent::text AS sent FROM {BatchStore.RowsSql}
            WHERE r.batch_id = @BatchId AND (NOT @OnlyWrong OR {BatchStore.StateSql} IN ('refused', 'failed')) ORDER BY r.row
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await foreach (var row in connection.QueryUnbufferedAsync<ReportedRow>(ReadSql, new { BatchId = batchId, OnlyWrong = onlyWrong }).WithCancellation(ct))
            yield return new(row.ToRow(), JsonNode.Parse(row.Sent)!.AsObject());
    }

    private sealed record HeadRow
    {
        public Guid BatchId { get; init; }
        public string? Name { get; init; }
        public string State { get; init; } = "";
        public int RowCount { get; init; }
        public string RequestedBy { get; init; } = "";
        public string? RequestedKey { get; init; }
        public string? OrderedBy { get; init; }
        public string? ResumedBy { get; init; }
        public string? ResumedKey { get; init; }
        public DateTimeOffset CreatedAt { get; init; }
        public DateTimeOffset? CompletedAt { get; init; }
        public int Waiting { get; init; }
        public int Running { get; init; }
        public int Created { get; init; }
        public int Existing { get; init; }
        public int Refused { get; init; }
        public int Failed { get; init; }
        public int Cancelled { get; init; }

        public Batch ToBatch() => new()
        {
            BatchId = BatchId, Name = Name, State = State == "running" && CompletedAt is not null ? Batch.Completed : State, RowCount = RowCount, RequestedBy = RequestedBy, RequestedKey = RequestedKey, OrderedBy = OrderedBy,
            ResumedBy = ResumedBy, ResumedKey = ResumedKey, CreatedAt = CreatedAt, CompletedAt = CompletedAt, Counts = new(Waiting, Running, Created, Existing, Refused, Failed, Cancelled),
        };
    }

    private sealed record ReportedRow
    {
        public int Row { get; init; }
        public string RowId { get; init; } = "";
        public Guid SocialAccountId { get; init; }
        public string? AccountName { get; init; }
        public string? CampaignName { get; init; }
        public string State { get; init; } = "";
        public Guid? RequestId { get; init; }
        public string? Refusal { get; init; }
        public string? Behind { get; init; }
        public string? Failures { get; init; }
        public string? Step { get; init; }
        public string? CampaignMetaId { get; init; }
        public string Sent { get; init; } = "{}";

        public BatchRow ToRow() => new()
        {
            Row = Row, RowId = RowId, SocialAccountId = SocialAccountId, AccountName = AccountName, CampaignName = CampaignName, State = State, RequestId = RequestId, CampaignMetaId = CampaignMetaId,
            WaitsFor = Behind is null ? null : $"the same row of another batch, which was sent before and is {Behind}{(Behind == "paused" ? ": somebody who may has to resume or cancel it" : "")}",
            Errors = Refusal is not null ? [.. JsonSerializer.Deserialize<SortedDictionary<string, string[]>>(Refusal)!.SelectMany(field => field.Value.Select(rule => new RowError(field.Key, rule, null)))]
                : Failures is not null ? [.. JsonSerializer.Deserialize<string[]>(Failures)!.Index().Select(one => new RowError(one.Index == 0 ? Step : null, null, one.Item))] : [],
        };
    }
}
