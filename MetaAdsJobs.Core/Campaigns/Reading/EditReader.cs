using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Core.Access;
using Npgsql;

namespace MetaAdsJobs.Core.Campaigns.Reading;

/// <summary>Which edits to list. Days are UTC, of when one was asked for.</summary>
/// <param name="CampaignId">Meta's id.</param>
/// <param name="ChangedSince">Those that have not ended, and those that have ended since.</param>
/// <param name="ClipId">Of campaigns that show it, or were to.</param>
public sealed record EditFilter(string? CampaignId, Guid? AccountId, string? Status, DateOnly? Since = null, DateOnly? Until = null, DateTimeOffset? ChangedSince = null, string? AskedBy = null, string? AskedKey = null, Guid? ClipId = null);

/// <summary>Reads edits of campaigns for people and programs.</summary>
public sealed class EditReader(NpgsqlDataSource dataSource)
{
    private const string EditSql = """
        SELECT e.number, e.edit_id, e.social_account_id, e.request_id, c.meta_id AS campaign_id, e.level, e.meta_id, e.kind, e.fields::text AS fields, e.found::text AS found, e.asked_by, e.asked_key, e.state AS status, e.wait_reason,
               e.next_attempt_at, e.attempt, e.error, e.asked_at, e.started_at, e.completed_at, e.due_at
        FROM campaign_edits e JOIN meta_campaigns c ON c.request_id = e.request_id
        """;

    public async Task<CampaignEdit?> FindAsync(Guid editId, CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QuerySingleOrDefaultAsync<Row>(new($"{EditSql} WHERE e.edit_id = @EditId{AccountScope.And("e.social_account_id")}", new { EditId = editId, Scope = AccountScope.Accounts }, cancellationToken: ct)))?.ToEdit();
    }

    /// <param name="campaignId">Meta's id; null for all campaigns.</param>
    /// <param name="before">The last number of the page before.</param>
    /// <returns>Newest first, and the number to go on before; null at the end.</returns>
    public Task<(IReadOnlyList<CampaignEdit> Items, long? Next)> ListAsync(string? campaignId, Guid? accountId, string? status, long? before, int limit, CancellationToken ct) =>
        ListAsync(new(campaignId, accountId, status), before, limit, ct);

    /// <inheritdoc cref="ListAsync(string?, Guid?, string?, long?, int, CancellationToken)"/>
    public async Task<(IReadOnlyList<CampaignEdit> Items, long? Next)> ListAsync(EditFilter filter, long? before, int limit, CancellationToken ct)
    {
        var (campaignId, accountId, status) = (filter.CampaignId, filter.AccountId, filter.Status);
        // Only the conditions that are asked for, since one text for all would have to be planned for all.
        List<string> conditions = ["true"];
        if (campaignId is not null) conditions.Add("e.request_id = (SELECT request_id FROM meta_campaigns WHERE meta_id = @CampaignId)");
        if (accountId is not null) conditions.Add("e.social_account_id = @AccountId");
        if (filter.ClipId is not null) conditions.Add($"e.request_id = ANY ({ClipScope.CampaignsSql})");
        if (status is not null) conditions.Add("e.state = @Status");
        if (filter.AskedBy is not null) conditions.Add("e.asked_by = @AskedBy");
        if (filter.AskedKey is not null) conditions.Add("e.asked_key = @AskedKey");
        if (filter.Since is not null) conditions.Add("e.asked_at >= @Since::date::timestamp AT TIME ZONE 'UTC'");
        if (filter.Until is not null) conditions.Add("e.asked_at < (@Until::date + 1)::timestamp AT TIME ZONE 'UTC'");
        if (filter.ChangedSince is not null) conditions.Add("(e.state IN ('queued', 'running', 'waiting') OR e.completed_at >= @ChangedSince)");
        if (before is not null) conditions.Add("e.number < @Before");
        AccountScope.AddTo(conditions, "e.social_account_id");
        var listSql = $"{EditSql} WHERE {string.Join(" AND ", conditions)} ORDER BY e.number DESC LIMIT @Limit";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var rows = (await connection.QueryAsync<Row>(new(listSql, new { CampaignId = campaignId, AccountId = accountId, Status = status, Before = before, Limit = limit + 1, Scope = AccountScope.Accounts, filter.Since, filter.Until, filter.ChangedSince, filter.AskedBy, filter.AskedKey, filter.ClipId }, cancellationToken: ct))).AsList();
        var page = rows.Take(limit).ToList();
        return (page.ConvertAll(row => row.ToEdit()), rows.Count > limit ? page[^1].Number : null);
    }

    private sealed record Row
    {
        public long Number { get; init; }
        public Guid EditId { get; init; }
        public Guid SocialAccountId { get; init; }
        public Guid RequestId { get; init; }
        public string CampaignId { get; init; } = "";
        public string Level { get; init; } = "";
        public string MetaId { get; init; } = "";
        public string Kind { get; init; } = "";
        public string Fields { get; init; } = "{}";
        public string? Found { get; init; }
        public string AskedBy { get; init; } = "";
        public string? AskedKey { get; init; }
        public string Status { get; init; } = "";
        public string? WaitReason { get; init; }
        public DateTimeOffset? NextAttemptAt { get; init; }
        public int Attempt { get; init; }
        public string? Error { get; init; }
        public DateTimeOffset AskedAt { get; init; }
        public DateTimeOffset? StartedAt { get; init; }
        public DateTimeOffset? DueAt { get; init; }
        public DateTimeOffset? CompletedAt { get; init; }

        public CampaignEdit ToEdit() => new()
        {
            EditId = EditId, SocialAccountId = SocialAccountId, RequestId = RequestId, CampaignId = CampaignId, Level = Level, MetaId = MetaId, Kind = Kind, Fields = JsonSerializer.Deserialize<JsonObject>(Fields)!,
            Found = Found is null ? null : JsonSerializer.Deserialize<JsonObject>(Found), AskedBy = AskedBy, AskedKey = AskedKey, Status = Status, WaitReason = WaitReason, NextAttemptAt = NextAttemptAt, Attempt = Attempt, Error = Error,
            AskedAt = AskedAt, StartedAt = StartedAt, CompletedAt = CompletedAt, DueAt = DueAt,
        };
    }
}
