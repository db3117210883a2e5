using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Core.Access;
using Npgsql;

namespace MetaAdsJobs.Core.Campaigns.Holding;

/// <summary>Something that differs from what an earlier approval of the campaign was asked for.</summary>
/// <param name="MetaId">Meta's id of the object; null of the edit itself.</param>
/// <param name="Name">As it stands at Meta; null of the edit itself.</param>
public sealed record ContentChange(string? MetaId, string? Name, string Field, string? Was, string? Is);

/// <summary>What waits for somebody's approval, or had one.</summary>
public sealed record ApprovalRequest
{
    public required Guid Id { get; init; }
    public required Guid EditId { get; init; }
    public required Guid RequestId { get; init; }
    public required Guid SocialAccountId { get; init; }
    public required string AccountName { get; init; }
    public required string Currency { get; init; }

    /// <summary>Meta's id.</summary>
    public required string CampaignId { get; init; }

    /// <summary>As it stands at Meta, with its marker.</summary>
    public required string CampaignName { get; init; }

    /// <summary>publish, resume or update.</summary>
    public required string Kind { get; init; }

    /// <summary>campaign, adset or ad.</summary>
    public required string Level { get; init; }

    /// <summary>Meta's id of what is activated or changed.</summary>
    public required string MetaId { get; init; }

    /// <summary>asked, approved, rejected, voided (what it is for has changed), expired or withdrawn.</summary>
    public required string Status { get; init; }
    public required string AskedBy { get; init; }
    public required DateTimeOffset AskedAt { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>When it is to be activated; null: as soon as it is approved.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>What the campaign may spend a day afterwards, in hundredths of the currency.</summary>
    public required long DailyCents { get; init; }

    /// <summary>What it is for: given with the approval, nothing else is approved than what was seen.</summary>
    public required string ContentHash { get; init; }

    /// <summary>What would be activated, or changed, object by object.</summary>
    public required JsonObject Content { get; init; }

    /// <summary>What differs from the last time that an approval of this campaign was asked for; empty the first time.</summary>
    public required IReadOnlyList<ContentChange> Changed { get; init; }
    public string? DecidedBy { get; init; }
    public DateTimeOffset? DecidedAt { get; init; }
    public string? Reason { get; init; }
}

/// <summary>Which approvals. Days are UTC, of when one was asked for.</summary>
/// <param name="Status">Null: whatever became of them.</param>
/// <param name="Person">Who has asked, or decided.</param>
/// <param name="ChangedSince">Those that are asked for still, and those that were decided or over since.</param>
/// <param name="ClipId">Of campaigns that show it, or were to.</param>
public sealed record ApprovalFilter(string? Status, Guid? AccountId = null, string? Person = null, DateOnly? Since = null, DateOnly? Until = null, DateTimeOffset? ChangedSince = null, Guid? ClipId = null);

/// <summary>Reads approvals for people and programs.</summary>
public sealed class ApprovalReader(NpgsqlDataSource dataSource)
{
    private static string ReadSql(string approvals) => $"""
        SELECT p.id, p.number, p.edit_id, p.request_id, p.social_account_id, a.name AS account_name, a.currency, c.meta_id AS campaign_id, c.name AS campaign_name, e.kind, e.level, e.meta_id, p.state AS status, p.asked_by, p.asked_at,
               p.expires_at, e.due_at, p.daily_cents, p.content_hash, p.content::text AS content, p.decided_by, p.decided_at, p.reason,
               (SELECT q.content::text FROM approvals q WHERE q.request_id = p.request_id AND q.number < p.number ORDER BY q.number DESC LIMIT 1) AS before
        FROM {approvals} p JOIN campaign_edits e USING (edit_id) JOIN social_accounts a ON a.id = p.social_account_id JOIN meta_campaigns c ON c.request_id = p.request_id
        """;

    public async Task<ApprovalRequest?> FindAsync(Guid id, CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QuerySingleOrDefaultAsync<Row>(new($"{ReadSql("approvals")} WHERE p.id = @Id{AccountScope.And("p.social_account_id")}", new { Id = id, Scope = AccountScope.Accounts }, cancellationToken: ct)))?.ToApproval();
    }

    /// <param name="before">The last number of the page before.</param>
    /// <returns>Newest first, and the number to go on before; null at the end.</returns>
    public async Task<(IReadOnlyList<ApprovalRequest> Items, long? Next)> ListAsync(ApprovalFilter filter, long? before, int limit, CancellationToken ct)
    {
        // Only the conditions that are asked for, since one text for all would have to be planned for all.
        List<string> conditions = [filter.Status switch { null => "true", "asked" => "p.state = 'asked'", _ => "p.state = @Status" }];
        if (filter.AccountId is not null) conditions.Add("p.social_account_id = @AccountId");
        if (filter.Person is not null) conditions.Add("@Person IN (p.asked_by, p.decided_by)");
        if (filter.Since is not null) conditions.Add("p.asked_at >= @Since::date::timestamp AT TIME ZONE 'UTC'");
        if (filter.Until is not null) conditions.Add("p.asked_at < (@Until::date + 1)::timestamp AT TIME ZONE 'UTC'");
        if (filter.ChangedSince is not null) conditions.Add("(p.state = 'asked' OR p.decided_at >= @ChangedSince)");
        if (filter.ClipId is not null) conditions.Add($"p.request_id = ANY ({ClipScope.CampaignsSql})");
        if (before is not null) conditions.Add("p.number < @Before");
        var where = string.Join(" AND ", conditions);
        // Those that are asked for have an index of their own, in which few are passed over.
        var listed = AccountScope.IsFew && filter.AccountId is null && filter.ClipId is null && filter.Status != "asked"
            ? AccountScope.OfEach("p.*", "approvals p", where, "p.social_account_id", "number DESC", "@Limit")
            : $"SELECT p.* FROM approvals p WHERE {where}{AccountScope.And("p.social_account_id")} ORDER BY number DESC LIMIT @Limit";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var rows = (await connection.QueryAsync<Row>(new($"{ReadSql($"({listed})")} ORDER BY p.number DESC",
            new { filter.Status, filter.AccountId, filter.Person, filter.Since, filter.Until, filter.ChangedSince, filter.ClipId, Before = before, Limit = limit + 1, Scope = AccountScope.Accounts }, cancellationToken: ct))).AsList();
        var page = rows.Take(limit).ToList();
        return (page.ConvertAll(row => row.ToApproval()), rows.Count > limit ? page[^1].Number : null);
    }

    private static IEnumerable<ContentChange> Differences(JsonObject was, JsonObject now)
    {
        foreach (var field in (string[])["kind", "object", "fields", "due_at", "left_out"])
            if (!JsonNode.DeepEquals(was[field], now[field])) yield return new(null, null, field, Text(was[field]), Text(now[field]));
        var (before, after) = (was["objects"]!.AsObject(), now["objects"]!.AsObject());
        foreach (var metaId in after.Concat(before).Select(one => one.Key).Distinct())
        {
            var (old, present) = (before[metaId]?.AsObject(), after[metaId]?.AsObject());
            var name = (string?)(present ?? old)!["name"];
            if (old is null || present is null) yield return new(metaId, name, old is null ? "added" : "removed", null, null);
            else
                // What an update gives is of no object's content: it is told with the fields.
                foreach (var (field, value) in present)
                    if (old.ContainsKey(field) && !JsonNode.DeepEquals(old[field], value)) yield return new(metaId, name, field, Text(old[field]), Text(value));
        }
    }

    private static string? Text(JsonNode? value) => value is null ? null : value is JsonValue ? value.ToString() : value.ToJsonString();

    private sealed record Row
    {
        public Guid Id { get; init; }
        public long Number { get; init; }
        public Guid EditId { get; init; }
        public Guid RequestId { get; init; }
        public Guid SocialAccountId { get; init; }
        public string AccountName { get; init; } = "";
        public string Currency { get; init; } = "";
        public string CampaignId { get; init; } = "";
        public string CampaignName { get; init; } = "";
        public string Kind { get; init; } = "";
        public string Level { get; init; } = "";
        public string MetaId { get; init; } = "";
        public string Status { get; init; } = "";
        public string AskedBy { get; init; } = "";
        public DateTimeOffset AskedAt { get; init; }
        public DateTimeOffset ExpiresAt { get; init; }
        public DateTimeOffset? DueAt { get; init; }
        public long DailyCents { get; init; }
        public string ContentHash { get; init; } = "";
        public string Content { get; init; } = "{}";
        public string? Before { get; init; }
        public string? DecidedBy { get; init; }
        public DateTimeOffset? DecidedAt { get; init; }
        public string? Reason { get; init; }

        public ApprovalRequest ToApproval()
        {
            var content = JsonSerializer.Deserialize<JsonObject>(Content)!;
            return new()
            {
                Id = Id, EditId = EditId, RequestId = RequestId, SocialAccountId = SocialAccountId, AccountName = AccountName, Currency = Currency, CampaignId = CampaignId, CampaignName = CampaignName, Kind = Kind, Level = Level,
                MetaId = MetaId, Status = Status, AskedBy = AskedBy, AskedAt = AskedAt, ExpiresAt = ExpiresAt, DueAt = DueAt, DailyCents = DailyCents, ContentHash = ContentHash, Content = content,
                Changed = Before is null ? [] : [.. Differences(JsonSerializer.Deserialize<JsonObject>(Before)!, content)], DecidedBy = DecidedBy, DecidedAt = DecidedAt, Reason = Reason,
            };
        }
    }
}
