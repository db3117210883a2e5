using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Batches.Files;
using MetaAdsJobs.Core.Clips;
using Npgsql;

namespace MetaAdsJobs.Core.Batches;

internal sealed record KnownClip(string Title, bool IsImage);

/// <summary>What the database knows of what the rows of a file name.</summary>
/// <param name="Runs">Of which row each is.</param>
internal sealed record KnownOfRows(IReadOnlyDictionary<Guid, SocialAccount> Accounts, IReadOnlyDictionary<Guid, KnownClip> Clips, IReadOnlyDictionary<Guid, RowOfRun> Runs);

internal sealed record RowOfRun(Guid SocialAccountId, string RowId);

/// <summary>The row that stands for an account's row id, and how it is.</summary>
internal sealed record Holder
{
    public Guid SocialAccountId { get; init; }
    public string RowId { get; init; } = "";
    public Guid BatchId { get; init; }
    public int Row { get; init; }
    public byte[] Hash { get; init; } = [];
    public Guid? RequestId { get; init; }
    public string State { get; init; } = "";
}

/// <summary>What becomes of a row that is accepted.</summary>
/// <param name="Earlier">The row that stands for its id so far.</param>
/// <param name="IsAgain">It is the same, and nothing is made for it; else it takes that one's place.</param>
internal sealed record PlacedRow(CheckedRow Row, Holder? Earlier, bool IsAgain);

internal sealed class BatchStore(NpgsqlDataSource dataSource, TimeProvider time)
{
    /// <summary>How a row stands. Of rows r, their earlier ones h, and the runs o of either.</summary>
    public const string StateSql = """
        CASE COALESCE(h.state, r.state) WHEN 'begun' THEN
            CASE o.status WHEN 'succeeded' THEN CASE r.state WHEN 'again' THEN 'existing' ELSE 'created' END WHEN 'failed' THEN 'failed' WHEN 'cancelled' THEN 'cancelled' ELSE 'running' END
            ELSE COALESCE(h.state, r.state) END
        """;

    public const string RowsSql = """
        batch_rows r LEFT JOIN batch_rows h ON h.batch_id = r.of_batch AND h.row = r.of_row LEFT JOIN orchestrations o ON o.request_id = COALESCE(r.request_id, h.request_id)
        """;

    // Two files that come in the same moment are written one after the other: who is second sees what the first has written.
    internal const string OneAtATimeSql = "SELECT pg_advisory_xact_lock(7301552412)";

    /// <summary>Whether the caller looks into all its accounts.</summary>
    public async Task<bool> IsInScopeAsync(Guid batchId, CancellationToken ct)
    {
        const string OthersSql = "SELECT NOT EXISTS (SELECT 1 FROM batch_rows WHERE batch_id = @BatchId AND social_account_id <> ALL (@Scope))";
        if (AccountScope.IsAll) return true;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<bool>(new(OthersSql, new { BatchId = batchId, Scope = AccountScope.Accounts }, cancellationToken: ct));
    }

    public async Task<KnownOfRows> FindKnownAsync(Guid[] accountIds, Guid[] clipIds, Guid[] runs, CancellationToken ct)
    {
        var findSql = $"""
            SELECT {AccountStore.Columns} FROM social_accounts WHERE id = ANY (@AccountIds){AccountScope.And("id")};
            SELECT k.id, k.title, {ClipStore.IsImageSql} FROM clips k WHERE k.id = ANY (@ClipIds){ClipScope.And("k.id")};
            SELECT request_id, social_account_id, row_id FROM batch_rows WHERE request_id = ANY (@Runs){AccountScope.And("social_account_id")};
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var read = await connection.QueryMultipleAsync(new(findSql, new { AccountIds = accountIds, ClipIds = clipIds, Runs = runs, Scope = AccountScope.Accounts }, cancellationToken: ct));
        var accounts = (await read.ReadAsync<SocialAccount>()).ToDictionary(account => account.Id);
        var clips = (await read.ReadAsync<(Guid Id, string Title, bool IsImage)>()).ToDictionary(clip => clip.Id, clip => new KnownClip(clip.Title, clip.IsImage));
        return new(accounts, clips, (await read.ReadAsync<(Guid Id, Guid AccountId, string RowId)>()).ToDictionary(run => run.Id, run => new RowOfRun(run.AccountId, run.RowId)));
    }

    /// <summary>The rows that stand for these ids.</summary>
    /// <param name="alone">Until the transaction's end nobody else accepts a file.</param>
    public async Task<IReadOnlyDictionary<(Guid, string), Holder>> FindHoldersAsync(IReadOnlyList<CheckedRow> rows, bool alone, CancellationToken ct)
    {
        const string FindSql = $"""
            SELECT r.social_account_id, r.row_id, r.batch_id, r.row, r.hash, r.request_id, {StateSql} AS state
            FROM unnest(@Accounts, @RowIds) k (account, row_id) CROSS JOIN {RowsSql} WHERE r.social_account_id = k.account AND r.row_id = k.row_id AND r.holds
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        // A statement of its own: the next sees what was written while it waited.
        if (alone)
        {
            // As of whoever takes something from them: users and keys before batches, and those before this lock.
            await Maker.HoldAsync(connection, null, ct);
            await connection.ExecuteAsync(new(OneAtATimeSql, cancellationToken: ct));
        }

        var holders = await connection.QueryAsync<Holder>(new(FindSql,
            new { Accounts = rows.Select(row => row.Account.Id).ToArray(), RowIds = rows.Select(row => row.RowId).ToArray() }, cancellationToken: ct));
        return holders.ToDictionary(holder => (holder.SocialAccountId, holder.RowId));
    }

    /// <returns>False when a failed run whose place a row takes was retried in this moment; nothing is to be committed then.</returns>
    public async Task<bool> InsertAsync(Guid batchId, string? name, BatchFile file, IReadOnlyList<PlacedRow> rows, string requestedBy, string jobId, CancellationToken ct)
    {
        const string InsertSql = """
            INSERT INTO batches (batch_id, name, columns, separator, row_count, requested_by, requested_key, state, created_at, job_id)
            VALUES (@BatchId, @Name, @Columns, @Separator, @RowCount, @RequestedBy, @KeyId, 'running', @Now, @JobId)
            """;
        // Who took a failed row's place before: the id is free again for one.
        const string ReplaceSql = "UPDATE batch_rows r SET holds = false FROM unnest(@Batches, @Rows) e (batch_id, row) WHERE r.batch_id = e.batch_id AND r.row = e.row";
        const string RowsSql = """
            INSERT INTO batch_rows (batch_id, row, row_id, social_account_id, sent, campaign_name, hash, state, of_batch, of_row, holds)
            SELECT @BatchId, row, row_id, account, sent::jsonb, name, hash, CASE WHEN of_row IS NULL THEN 'waiting' ELSE 'again' END, of_batch, of_row, of_row IS NULL
            FROM unnest(@Numbers, @RowIds, @Accounts, @Sent, @Names, @Hashes, @OfBatches, @OfRows) n (row, row_id, account, sent, name, hash, of_batch, of_row)
            """;
        // Whoever retries such a run has either done so, or never will.
        const string OvertakeSql = "UPDATE orchestrations SET replaced_by = @BatchId WHERE request_id = ANY (@Runs) AND status = 'failed' AND replaced_by IS NULL";
        var replaced = rows.Where(row => row is { Earlier: not null, IsAgain: false }).Select(row => row.Earlier!).ToList();
        var failed = replaced.Where(one => one.State == "failed").Select(one => one.RequestId!.Value).ToArray();
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var (maker, now) = (await Maker.HoldAsync(connection, null, ct), time.GetUtcNow());
        if (failed.Length > 0 && await connection.ExecuteAsync(new(OvertakeSql, new { BatchId = batchId, Runs = failed }, cancellationToken: ct)) != failed.Length) return false;
        await connection.ExecuteAsync(new(InsertSql, new { BatchId = batchId, Name = name, Columns = file.Columns?.ToArray(), Separator = file.Columns is null ? null : $"{file.Separator}", RowCount = rows.Count, RequestedBy = requestedBy, AccountScope.Caller?.KeyId, Now = now, JobId = jobId }, cancellationToken: ct));
        await connection.ExecuteAsync(new(ReplaceSql, new { Batches = replaced.Select(one => one.BatchId).ToArray(), Rows = replaced.Select(one => one.Row).ToArray() }, cancellationToken: ct));
        await connection.ExecuteAsync(new(RowsSql, new
        {
            BatchId = batchId, Numbers = rows.Select(row => row.Row.Number).ToArray(), RowIds = rows.Select(row => row.Row.RowId).ToArray(), Accounts = rows.Select(row => row.Row.Account.Id).ToArray(),
            Sent = rows.Select(row => row.Row.Sent.ToJsonString()).ToArray(), Names = rows.Select(row => row.Row.CampaignName).ToArray(), Hashes = rows.Select(row => row.Row.Hash).ToArray(),
            OfBatches = rows.Select(row => row.IsAgain ? row.Earlier!.BatchId : (Guid?)null).ToArray(), OfRows = rows.Select(row => row.IsAgain ? row.Earlier!.Row : (int?)null).ToArray(),
        }, cancellationToken: ct));
        await maker.LookAgainAsync(users => BatchesOfUsers.PauseAsync(connection, null, users, now, ct), key => BatchesOfUsers.PauseOfKeyAsync(connection, null, key, now, ct));
        return true;
    }
}
