using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Orchestrations.Steps;
using Npgsql;

namespace MetaAdsJobs.Core.Orchestrations.Listing;

/// <summary>One line of the console's list.</summary>
public sealed record ListedRun
{
    public required Guid RequestId { get; init; }
    public required string CampaignName { get; init; }
    public required string AccountName { get; init; }

    /// <summary>Who asked for it, and by which key; null: by none.</summary>
    public required string RequestedBy { get; init; }
    public string? RequestedKey { get; init; }
    public required string Status { get; init; }
    public string? WaitReason { get; init; }

    /// <summary>The first of its errors.</summary>
    public string? Error { get; init; }
    public required DateTimeOffset AcceptedAt { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? CompletedAt { get; init; }
    public required int StepsDone { get; init; }
    public required int StepsOfAll { get; init; }
}

/// <summary>One page of the list.</summary>
/// <param name="Next">The cursor of the page after it; null on the last one.</param>
/// <param name="SearchedBackTo">The words fit so many runs that only those asked for since this moment were looked at; Next leads further back. Null: nothing was left out.</param>
public sealed record RunPage(IReadOnlyList<ListedRun> Runs, Guid? Next, DateTimeOffset? SearchedBackTo);

/// <summary>Lists runs for people: newest first, by any of their marks, a page at a time. What a page reads does not grow with the table.</summary>
public sealed class RunList(NpgsqlDataSource dataSource)
{
    /// <summary>Runs whose names are compared with the words, newest first, before the index of words is asked.</summary>
    public const int MostWalked = 2000;

    /// <summary>Runs that the index of words may find; more common words are walked for, page by page.</summary>
    internal const int MostFound = 2000;

    private const string NameFits = "o.campaign_name ~* ALL (@NamePatterns)";

    /// <param name="before">The cursor of the page before.</param>
    public async Task<RunPage> ListAsync(RunFilter filter, Guid? before, int limit, CancellationToken ct)
    {
        if (filter.SearchMetaId is not null && await HasNoneAsync(filter, ct)) filter = filter with { IsByName = true };
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var (ids, walkedTo) = filter.SearchWords is { Length: > 0 }
            ? await SearchAsync(connection, filter, before, limit + 1, ct)
            : ((await connection.QueryAsync<Guid>(new(filter.NewestIds(before, "@Limit"), filter.Parameters(before, limit + 1), cancellationToken: ct))).AsList(), null);
        var page = ids.Take(limit).ToArray();
        var runs = await LooksAsync(connection, page, ct);
        return ids.Count > limit ? new(runs, page[^1], null) : new(runs, walkedTo?.Id, walkedTo?.AcceptedAt);
    }

    /// <summary>The ids of what the filter finds, newest first: for what changes them all. By words, among the newest runs only; see <see cref="MostWalked"/>.</summary>
    public async Task<IReadOnlyList<Guid>> ListIdsAsync(RunFilter filter, int limit, CancellationToken ct)
    {
        if (filter.SearchMetaId is not null && await HasNoneAsync(filter, ct)) filter = filter with { IsByName = true };
        var walkSql = $"""
            SELECT o.request_id FROM ({filter.NewestIds(null, $"{MostWalked}")}) newest JOIN orchestrations o USING (request_id)
            WHERE {NameFits} ORDER BY o.request_id DESC LIMIT @Limit
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var sql = filter.SearchWords is { Length: > 0 } ? walkSql : filter.NewestIds(null, "@Limit");
        return (await connection.QueryAsync<Guid>(new(sql, filter.Parameters(null, limit), cancellationToken: ct))).AsList();
    }

    // Digits may as well be a part of a name, such as a date.
    private async Task<bool> HasNoneAsync(RunFilter filter, CancellationToken ct)
    {
        const string StepSql = "SELECT NOT EXISTS (SELECT 1 FROM orchestration_steps WHERE meta_id = @SearchMetaId)";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<bool>(new(StepSql, new { filter.SearchMetaId }, cancellationToken: ct));
    }

    // A common word is found by walking through the newest runs, a rare one by the index of words. Neither alone is bounded: the walk finds
    // a rare word after a million runs, and the index lists half a million of a common one, in no order. Of whole words the index compares
    // lists as far as it has to; of beginnings it makes the whole list first, so that they are only asked for when nothing else is found.
    private static async Task<(IReadOnlyList<Guid> Ids, (Guid Id, DateTimeOffset AcceptedAt)? WalkedTo)> SearchAsync(NpgsqlConnection connection, RunFilter filter, Guid? before, int limit, CancellationToken ct)
    {
        var (walked, lastId, lastAt, runs) = await WalkAsync(connection, filter, before, limit, ct);
        if (walked.Length == limit || lastId is null) return (walked, null);
        // As common among all runs as among these, which are the newest of all: the index would find too many.
        if (filter.IsOfWordsAlone && AccountScope.IsAll && (double)walked.Length / MostWalked * runs > 2 * MostFound) return (walked, (lastId.Value, lastAt!.Value));
        // What lies behind the walk.
        var found = await FindAsync(connection, filter, lastId.Value, limit, filter.WholeWords, ct);
        if (found is [] && walked is []) found = await FindAsync(connection, filter, lastId.Value, limit, filter.LastBeginning, ct);
        if (found is null) return (walked, (lastId.Value, lastAt!.Value));
        return ([.. walked.Concat(found).Take(limit)], null);
    }

    // Names are read one after the other, newest first, until there are enough: what is common fills a page from the first of them.
    /// <returns>What fits among the newest runs; the last of these, null when there are fewer; and about how many runs there are of all accounts.</returns>
    private static Task<(Guid[] Ids, Guid? Id, DateTimeOffset? At, float Runs)> WalkAsync(NpgsqlConnection connection, RunFilter filter, Guid? before, int limit, CancellationToken ct)
    {
        var walkSql = $"""
            WITH newest AS MATERIALIZED ({filter.NewestIds(before, $"{MostWalked}")}),
            last AS (SELECT request_id FROM newest ORDER BY request_id DESC OFFSET {MostWalked - 1})
            SELECT ARRAY(
                    SELECT n.request_id FROM (SELECT request_id FROM newest ORDER BY request_id DESC) n
                    CROSS JOIN LATERAL (SELECT 1 FROM orchestrations o WHERE o.request_id = n.request_id AND {NameFits} LIMIT 1) fits ORDER BY n.request_id DESC LIMIT @Limit) AS ids,
                (SELECT request_id FROM last), (SELECT o.accepted_at FROM orchestrations o WHERE o.request_id = (SELECT request_id FROM last)) AS accepted_at,
                (SELECT reltuples FROM pg_class WHERE oid = 'orchestrations'::regclass) AS runs
            """;
        return connection.QuerySingleAsync<(Guid[] Ids, Guid? Id, DateTimeOffset? At, float Runs)>(new(walkSql, filter.Parameters(before, limit), cancellationToken: ct));
    }

    /// <returns>Null when the words are too common.</returns>
    private static async Task<Guid[]?> FindAsync(NpgsqlConnection connection, RunFilter filter, Guid before, int limit, string words, CancellationToken ct)
    {
        // The words stand in the text, so that this is planned for them and not for words in general; they are letters and digits only. The
        // limit stands before the other conditions: what is fetched counts, not what is left of it.
        var findSql = $"""
            WITH o AS MATERIALIZED (
                SELECT o.request_id, o.status, o.social_account_id, o.requested_by FROM orchestrations o
                WHERE to_tsvector('simple', regexp_replace(o.campaign_name, '[^[:alnum:]]+', ' ', 'g')) @@ to_tsquery('simple', '{words.Replace("'", "''", StringComparison.Ordinal)}') LIMIT {MostFound + 1})
            SELECT (SELECT count(*) FROM o)::int, ARRAY(SELECT o.request_id FROM o {filter.Where(before)} ORDER BY o.request_id DESC LIMIT @Limit)
            """;
        var (count, ids) = await connection.QuerySingleAsync<(int Count, Guid[] Ids)>(new(findSql, filter.Parameters(before, limit), cancellationToken: ct));
        return count <= MostFound ? ids : null;
    }

    /// <summary>Some runs as the list shows them, newest first.</summary>
    public async Task<IReadOnlyList<ListedRun>> FindAsync(Guid[] requestIds, CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await LooksAsync(connection, requestIds, ct);
    }

    // What is shown beside a run is read for the rows of the page only.
    private static async Task<IReadOnlyList<ListedRun>> LooksAsync(NpgsqlConnection connection, Guid[] page, CancellationToken ct)
    {
        var looksSql = $"""
            SELECT o.request_id, o.campaign_name, a.name AS account_name, o.requested_by, o.requested_key, o.status, o.wait_reason, o.errors ->> 0 AS error, o.accepted_at, o.started_at, o.completed_at,
                   (SELECT count(*) FROM orchestration_steps s WHERE s.request_id = o.request_id AND s.state = 'confirmed')::int AS steps_done,
                   (k.video_id IS NULL OR o.status IN ('queued', 'running', 'waiting')
                       OR EXISTS (SELECT 1 FROM orchestration_steps s WHERE s.request_id = o.request_id AND s.step = 'media')) AS has_media,
                   CASE WHEN o.request ? 'ad_sets' THEN jsonb_array_length(o.request -> 'ad_sets') + 2 * (SELECT count(*) FROM jsonb_path_query(o.request, '$.ad_sets[*].ads[*]'))
                       + (SELECT count(DISTINCT clip) FROM jsonb_path_query(o.request, '$.ad_sets[*].ads[*].**.clip_id') clip)
                       WHEN o.request ?| ARRAY['cards', 'placement_media', 'post_id', 'instagram_media_id'] THEN 3 + (SELECT count(DISTINCT clip) FROM jsonb_path_query(o.request, '$.**.clip_id') clip)
                       END::int AS steps_of_several,
                   COALESCE((o.request ->> 'auto_publish')::boolean, false) AS auto_publish, (o.request ->> 'validate_only') IS NOT NULL AS validate_only
            FROM orchestrations o JOIN social_accounts a ON a.id = o.social_account_id LEFT JOIN clips k ON k.id = o.clip_id
            WHERE o.request_id = ANY (@Page){AccountScope.And("o.social_account_id")} ORDER BY o.request_id DESC
            """;
        return page.Length == 0 ? [] : [.. (await connection.QueryAsync<Row>(new(looksSql, new { Page = page, Scope = AccountScope.Accounts }, cancellationToken: ct))).Select(row => row.ToRun())];
    }

    private sealed record Row
    {
        public Guid RequestId { get; init; }
        public string CampaignName { get; init; } = "";
        public string AccountName { get; init; } = "";
        public string RequestedBy { get; init; } = "";
        public string? RequestedKey { get; init; }
        public string Status { get; init; } = "";
        public string? WaitReason { get; init; }
        public string? Error { get; init; }
        public DateTimeOffset AcceptedAt { get; init; }
        public DateTimeOffset? StartedAt { get; init; }
        public DateTimeOffset? CompletedAt { get; init; }
        public int StepsDone { get; init; }
        public bool HasMedia { get; init; }
        public bool AutoPublish { get; init; }
        public bool ValidateOnly { get; init; }

        /// <summary>Ad sets, ads, creatives and media; null for a request of one ad with one clip.</summary>
        public int? StepsOfSeveral { get; init; }

        private int StepsOfAll => ValidateOnly ? 1 : 1 + (StepsOfSeveral ?? (HasMedia ? 4 : 3)) + (AutoPublish ? 1 : 0);

        public ListedRun ToRun() => new()
        {
            RequestId = RequestId, CampaignName = CampaignName, AccountName = AccountName, RequestedBy = RequestedBy, RequestedKey = RequestedKey, Status = Status, WaitReason = WaitReason, Error = Error, AcceptedAt = AcceptedAt,
            StartedAt = StartedAt, CompletedAt = CompletedAt, StepsDone = StepsDone, StepsOfAll = StepsOfAll,
        };
    }
}
