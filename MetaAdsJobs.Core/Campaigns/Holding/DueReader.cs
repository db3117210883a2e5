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

/// <summary>Reads what is due, for people and programs.</summary>
public sealed class DueReader(NpgsqlDataSource dataSource)
{
    public const int Most = 500;

    /// <returns>The earliest first; at most <see cref="Most"/>.</returns>
    public async Task<IReadOnlyList<DueActivation>> ListAsync(Guid? accountId, DateTimeOffset from, DateTimeOffset until, CancellationToken ct)
    {
        var dueSql = $"""
            SELECT e.due_at, e.edit_id, COALESCE(e.made_by, e.request_id) AS request_id, e.social_account_id, a.name AS account_name, a.timezone_name, c.meta_id AS campaign_id, c.name, e.state AS status, COALESCE(e.error, e.wait_reason) AS reason
            FROM campaign_edits e JOIN meta_campaigns c ON c.request_id = e.request_id JOIN social_accounts a ON a.id = e.social_account_id
            WHERE e.due_at >= @From AND e.due_at < @Until AND (@AccountId::uuid IS NULL OR e.social_account_id = @AccountId){AccountScope.And("e.social_account_id")}
            UNION ALL
            SELECT o.activate_at, NULL, o.request_id, o.social_account_id, a.name, a.timezone_name, NULL, o.campaign_name, 'building', o.wait_reason
            FROM orchestrations o JOIN social_accounts a ON a.id = o.social_account_id
            WHERE o.status IN ('queued', 'running', 'waiting') AND o.activate_at >= @From AND o.activate_at < @Until AND o.request -> 'validate_only' IS NULL AND (@AccountId::uuid IS NULL OR o.social_account_id = @AccountId){AccountScope.And("o.social_account_id")}
            ORDER BY due_at, request_id LIMIT 500
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<DueActivation>(new(dueSql, new { Scope = AccountScope.Accounts, AccountId = accountId, From = from, Until = until }, cancellationToken: ct))).AsList();
    }
}
