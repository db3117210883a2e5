using System.Globalization;
using Dapper;
using MetaAdsJobs.Core.Access;
using Npgsql;

namespace MetaAdsJobs.Core.Campaigns.Holding;

/// <summary>Something that is, or was, to be activated at a time.</summary>
public sealed record DueActivation
{
    public required DateTimeOffset DueAt { get; init; }

    /// <summary>Null while it is still being built.</summary>
    public Guid? EditId { get; init; }

    /// <summary>Of the run that has asked for it; else of the run that made the campaign.</summary>
    public required Guid RequestId { get; init; }
    public required Guid SocialAccountId { get; init; }
    public required string AccountName { get; init; }
    public required string TimezoneName { get; init; }

    /// <summary>Meta's id; null while it is still being built.</summary>
    public string? CampaignId { get; init; }
    public required string Name { get; init; }

    /// <summary>The edit's state; building of a run that has not ended yet.</summary>
    public required string Status { get; init; }

    /// <summary>What it waits for, or why it ended.</summary>
    public string? Reason { get; init; }
}

/// <summary>After which one a list goes on.</summary>
/// <param name="EditId">Empty for one that is still being built.</param>
public sealed record DuePlace(DateTimeOffset DueAt, Guid RequestId, Guid EditId)
{
    public static DuePlace Of(DueActivation due) => new(due.DueAt, due.RequestId, due.EditId ?? Guid.Empty);

    /// <returns>Null when it is none of ours.</returns>
    public static DuePlace? Read(string text) =>
        text.Split('_') is [var at, var request, var edit] && long.TryParse(at, NumberStyles.None, CultureInfo.InvariantCulture, out var ticks) && ticks <= DateTimeOffset.MaxValue.UtcTicks
        && Guid.TryParseExact(request, "N", out var requestId) && Guid.TryParseExact(edit, "N", out var editId) ? new(new(ticks, TimeSpan.Zero), requestId, editId) : null;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{DueAt.UtcTicks}_{RequestId:N}_{EditId:N}");
}

/// <summary>Which of what is due to list: from the first moment on, before the second.</summary>
/// <param name="ClipId">Of campaigns that show it, or were to.</param>
/// <param name="Person">Who asked for it, as the audit names it.</param>
public sealed record DueFilter(DateTimeOffset From, DateTimeOffset Until, Guid? AccountId = null, Guid? ClipId = null, string? Person = null);

/// <summary>Reads what is due, for people and programs.</summary>
public sealed class DueReader(NpgsqlDataSource dataSource)
{
    /// <returns>The earliest first.</returns>
    public async Task<IReadOnlyList<DueActivation>> ListAsync(DueFilter filter, DuePlace? after, int limit, CancellationToken ct)
    {
        var ofEdits = $"{(filter.AccountId is null ? "" : " AND e.social_account_id = @AccountId")}{(filter.ClipId is null ? "" : $" AND e.request_id = ANY ({ClipScope.CampaignsSql})")}{(filter.Person is null ? "" : " AND e.asked_by = @Person")}";
        var ofRuns = $"{(filter.AccountId is null ? "" : " AND o.social_account_id = @AccountId")}{(filter.ClipId is null ? "" : " AND o.request_id IN (SELECT k.request_id FROM run_clips k WHERE k.clip_id = @ClipId)")}{(filter.Person is null ? "" : " AND o.requested_by = @Person")}";
        var dueSql = $"""
            SELECT * FROM (
            SELECT e.due_at, e.edit_id, COALESCE(e.made_by, e.request_id) AS request_id, e.social_account_id, a.name AS account_name, a.timezone_name, c.meta_id AS campaign_id, c.name, e.state AS status, COALESCE(e.error, e.wait_reason) AS reason
            FROM campaign_edits e JOIN meta_campaigns c ON c.request_id = e.request_id JOIN social_accounts a ON a.id = e.social_account_id
            WHERE e.due_at >= @From AND e.due_at < @Until{ofEdits}{AccountScope.And("e.social_account_id")}
            UNION ALL
            SELECT o.activate_at, NULL, o.request_id, o.social_account_id, a.name, a.timezone_name, NULL, o.campaign_name, 'building', o.wait_reason
            FROM orchestrations o JOIN social_accounts a ON a.id = o.social_account_id
            WHERE o.status IN ('queued', 'running', 'waiting') AND o.activate_at >= @From AND o.activate_at < @Until AND o.request -> 'validate_only' IS NULL{ofRuns}{AccountScope.And("o.social_account_id")}
            ) due {(after is null ? "" : "WHERE (due_at, request_id, COALESCE(edit_id, '00000000-0000-0000-0000-000000000000')) > (@At, @RequestId, @EditId)")}
            ORDER BY due_at, request_id, COALESCE(edit_id, '00000000-0000-0000-0000-000000000000') LIMIT @Limit
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<DueActivation>(new(dueSql, new { Scope = AccountScope.Accounts, filter.AccountId, filter.ClipId, filter.Person, filter.From, filter.Until, At = after?.DueAt, after?.RequestId, after?.EditId, Limit = limit }, cancellationToken: ct))).AsList();
    }
}
