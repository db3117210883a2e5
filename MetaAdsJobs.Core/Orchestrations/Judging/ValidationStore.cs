using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Orchestrations.Steps;
using Npgsql;

namespace MetaAdsJobs.Core.Orchestrations.Judging;

/// <summary>Objects of ours at Meta under which others can be judged; null where there is none.</summary>
internal sealed record StandIns(string? CampaignId, string? AdSetId, string? CreativeId);

/// <summary>What is read and written for a request that is only to be judged.</summary>
internal sealed class ValidationStore(NpgsqlDataSource dataSource, FencedWrites writes, TimeProvider time)
{
    private static readonly FencedSql RecordSql = FencedSql.Holds("validation = @Validation::jsonb");

    private static readonly FencedSql FinishSql = FencedSql.Ends(
        "status = 'succeeded', completed_at = @Now, wait_reason = NULL, validation = @Validation::jsonb", only: "ending IS NULL AND NOT cancel_requested",
        also: """
            judged AS (
                UPDATE orchestration_steps s SET state = 'confirmed', confirmed_at = @Now, error = NULL
                FROM fence WHERE s.request_id = fence.request_id AND s.step = 'validate')
            """);

    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>The account's latest campaign with the request's objective, and the latest ad under such a campaign.</summary>
    public async Task<StandIns> FindObjectsAsync(Attempt attempt, CancellationToken ct)
    {
        // Under a campaign with a budget Meta refuses ad sets with one of their own, and the other way round.
        const string SameBudget = "(c.daily_budget IS NOT NULL, c.lifetime_budget IS NOT NULL) = (@IsDaily, @IsLifetime) AND c.bid_strategy IS NOT DISTINCT FROM @Strategy";
        const string FindSql = $"""
            WITH campaign AS (
                SELECT meta_id FROM meta_campaigns c WHERE social_account_id = @AccountId AND objective = @Objective AND {SameBudget} ORDER BY id DESC LIMIT 1),
            ad AS (
                SELECT s.meta_id AS adset_id, r.meta_id AS creative_id
                FROM meta_campaigns c JOIN meta_adsets s ON s.campaign_db_id = c.id JOIN meta_ads a ON a.adset_db_id = s.id
                JOIN meta_creatives r ON r.id = a.creative_db_id
                WHERE c.social_account_id = @AccountId AND c.objective = @Objective AND {SameBudget} ORDER BY c.id DESC, a.id DESC LIMIT 1)
            SELECT (SELECT meta_id FROM campaign) AS campaign_id, (SELECT adset_id FROM ad) AS adset_id, (SELECT creative_id FROM ad) AS creative_id
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.QuerySingleAsync<StandIns>(new(FindSql,
            new
            {
                AccountId = attempt.Account.Id, Objective = attempt.Request.CampaignObjective, IsDaily = attempt.Tree.Campaign.DailyBudget is not null,
                IsLifetime = attempt.Tree.Campaign.LifetimeBudget is not null, Strategy = attempt.Tree.Campaign.BidStrategy,
            }, cancellationToken: ct));
    }

    /// <summary>Writes the findings of a run that goes on to its end as failed.</summary>
    /// <exception cref="FencedException">Another attempt holds the orchestration.</exception>
    public Task RecordAsync(Attempt attempt, CancellationToken ct) => writes.WriteAsync(attempt, RecordSql, new { Validation = ToJson(attempt) }, ct);

    /// <summary>Writes the findings and ends the orchestration: nothing was refused.</summary>
    /// <returns>False when a cancel was asked for, or another attempt holds the orchestration: nothing was written.</returns>
    public Task<bool> FinishAsync(Attempt attempt, CancellationToken ct) => writes.TryWriteAsync(attempt, FinishSql, new { Validation = ToJson(attempt) }, ct);

    private static string ToJson(Attempt attempt) => JsonSerializer.Serialize(attempt.Validation, OrchestrationRequest.Json);
}
