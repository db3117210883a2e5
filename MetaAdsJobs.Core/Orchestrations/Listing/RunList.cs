using Dapper;
using MetaAdsJobs.Core.Orchestrations.Steps;
using Npgsql;

namespace MetaAdsJobs.Core.Orchestrations.Listing;

/// <summary>One line of the console's list.</summary>
public sealed record ListedRun
{
    public required Guid RequestId { get; init; }
    public required string CampaignName { get; init; }
    public required string AccountName { get; init; }
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

/// <summary>Lists runs for people: newest first, by any of their marks, a page at a time.</summary>
public sealed class RunList(NpgsqlDataSource dataSource)
{
    /// <param name="before">The last request id of the page before.</param>
    public async Task<IReadOnlyList<ListedRun>> ListAsync(RunFilter filter, Guid? before, int limit, CancellationToken ct)
    {
        // The page first, its looks second: what is shown beside a run is read for these rows only.
        var sql = $"""
            WITH page AS ({Select("o.request_id", filter, before)} ORDER BY o.request_id DESC LIMIT @Limit)
            SELECT o.request_id, o.campaign_name, a.name AS account_name, o.status, o.wait_reason, o.errors ->> 0 AS error, o.accepted_at, o.started_at, o.completed_at,
                   (SELECT count(*) FROM orchestration_steps s WHERE s.request_id = o.request_id AND s.state = 'confirmed')::int AS steps_done,
                   k.video_id IS NULL AS uploads, COALESCE((o.request ->> 'auto_publish')::boolean, false) AS auto_publish, (o.request ->> 'validate_only') IS NOT NULL AS validate_only
            FROM page JOIN orchestrations o USING (request_id) JOIN social_accounts a ON a.id = o.social_account_id JOIN clips k ON k.id = o.clip_id
            ORDER BY o.request_id DESC
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return [.. (await connection.QueryAsync<Row>(new(sql, Parameters(filter, before, limit), cancellationToken: ct))).Select(row => row.ToRun())];
    }

    /// <summary>The ids of what the filter finds, newest first.</summary>
    public async Task<IReadOnlyList<Guid>> ListIdsAsync(RunFilter filter, int limit, CancellationToken ct)
    {
        var sql = $"{Select("o.request_id", filter, null)} ORDER BY o.request_id DESC LIMIT @Limit";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<Guid>(new(sql, Parameters(filter, null, limit), cancellationToken: ct))).AsList();
    }

    /// <summary>A run's request as it was accepted, to ask for one like it.</summary>
    /// <returns>JSON; null when there is no such run.</returns>
    public async Task<string?> FindRequestAsync(Guid requestId, CancellationToken ct)
    {
        const string FindSql = "SELECT request::text FROM orchestrations WHERE request_id = @RequestId";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<string?>(new(FindSql, new { RequestId = requestId }, cancellationToken: ct));
    }

    // Only the conditions that are asked for: one text for all would have to be planned for all.
    private static string Select(string columns, RunFilter filter, Guid? before)
    {
        List<string> conditions = [];
        if (before is not null) conditions.Add("o.request_id < @Last");
        if (filter.From is not null) conditions.Add("o.request_id >= @From");
        if (filter.Before is not null) conditions.Add("o.request_id < @Before");
        if (filter.Status is not null) conditions.Add("o.status = @Status");
        if (filter.AccountId is not null) conditions.Add("o.social_account_id = @AccountId");
        if (filter.SearchId is not null) conditions.Add("o.request_id = @SearchId");
        if (filter.SearchMetaId is not null) conditions.Add("o.request_id IN (SELECT s.request_id FROM orchestration_steps s WHERE s.meta_id = @SearchMetaId)");
        if (filter.SearchWords is { } words) conditions.Add(words.Length == 0 ? "false" : "to_tsvector('simple', o.campaign_name) @@ to_tsquery('simple', @SearchWords)");
        return $"SELECT {columns} FROM orchestrations o{(conditions.Count == 0 ? "" : " WHERE " + string.Join(" AND ", conditions))}";
    }

    private static object Parameters(RunFilter filter, Guid? before, int limit) => new
    {
        Last = before, filter.From, filter.Before, Status = filter.Status?.ToName(), filter.AccountId, filter.SearchId, filter.SearchMetaId, filter.SearchWords, Limit = limit,
    };

    private sealed record Row
    {
        public Guid RequestId { get; init; }
        public string CampaignName { get; init; } = "";
        public string AccountName { get; init; } = "";
        public string Status { get; init; } = "";
        public string? WaitReason { get; init; }
        public string? Error { get; init; }
        public DateTimeOffset AcceptedAt { get; init; }
        public DateTimeOffset? StartedAt { get; init; }
        public DateTimeOffset? CompletedAt { get; init; }
        public int StepsDone { get; init; }
        public bool Uploads { get; init; }
        public bool AutoPublish { get; init; }
        public bool ValidateOnly { get; init; }

        public ListedRun ToRun() => new()
        {
            RequestId = RequestId, CampaignName = CampaignName, AccountName = AccountName, Status = Status, WaitReason = WaitReason, Error = Error, AcceptedAt = AcceptedAt,
            StartedAt = StartedAt, CompletedAt = CompletedAt, StepsDone = StepsDone, StepsOfAll = StepName.For(Uploads, AutoPublish, ValidateOnly).Count,
        };
    }
}
