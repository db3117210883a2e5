using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Accounts.Tokens;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Orchestrations.Steps;
using Npgsql;

namespace MetaAdsJobs.Core.Orchestrations.Review;

/// <summary>A finished tree whose objects Meta may still be checking.</summary>
/// <param name="Credential">Null when the account's token cannot be opened.</param>
internal sealed record DueReview(Guid RequestId, int Looks, DateTimeOffset DeadlineAt, GraphCredential? Credential, IReadOnlyDictionary<string, string> MetaIds);

/// <summary>What a look found, by step.</summary>
internal sealed record ReviewedObject(string Step, string MetaId, ObjectState State);

internal sealed class ReviewStore(NpgsqlDataSource dataSource, AccountTokens tokens, TimeProvider time)
{
    private static readonly TimeSpan Taken = TimeSpan.FromMinutes(3);

    /// <summary>
    /// Takes some reviews that are due; whoever takes one has three minutes for it, then it is due again: a crash only delays.
    /// Accounts that Meta throttles or whose token it refused are left out.
    /// </summary>
    public async Task<IReadOnlyList<DueReview>> TakeAsync(int limit, CancellationToken ct)
    {
        const string TakeSql = """
            WITH due AS (
                SELECT r.request_id FROM object_reviews r
                JOIN orchestrations o ON o.request_id = r.request_id
                JOIN social_accounts a ON a.id = o.social_account_id
                WHERE r.next_at <= @Now AND a.token_rejected_at IS NULL
                  AND NOT EXISTS (SELECT 1 FROM account_pacing p
                                  WHERE p.ad_account_id = a.ad_account_id AND p.use_case = 'ads_management' AND p.blocked_until > @Now)
                ORDER BY r.next_at LIMIT @Limit FOR UPDATE OF r SKIP LOCKED),
            taken AS (
                UPDATE object_reviews r SET next_at = @Now + @Taken, looks = looks + 1 FROM due WHERE r.request_id = due.request_id
                RETURNING r.request_id, r.looks, r.deadline_at)
            SELECT t.request_id, t.looks, t.deadline_at, a.ad_account_id, a.access_token,
                   c.meta_id AS campaign_id, s.meta_id AS adset_id, r.meta_id AS creative_id, d.meta_id AS ad_id
            FROM taken t
            JOIN meta_campaigns c ON c.request_id = t.request_id
            JOIN meta_adsets s ON s.request_id = t.request_id
            JOIN meta_creatives r ON r.request_id = t.request_id
            JOIN meta_ads d ON d.request_id = t.request_id
            JOIN social_accounts a ON a.id = c.social_account_id
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<Row>(new(TakeSql, new { Now = time.GetUtcNow(), Limit = limit, Taken }, cancellationToken: ct));
        return [.. rows.Select(row => new DueReview(row.RequestId, row.Looks, row.DeadlineAt, tokens.TryOpen(row.AccessToken) is { } token ? new(row.AdAccountId, token) : null, new Dictionary<string, string>
        {
            [StepName.Campaign] = row.CampaignId, [StepName.AdSet] = row.AdsetId, [StepName.Creative] = row.CreativeId, [StepName.Ad] = row.AdId,
        }))];
    }

    /// <summary>Stores what was found, tells what Meta refused, and says when to look again; null when there is nothing more to see.</summary>
    public async Task SaveAsync(DueReview review, IReadOnlyList<ReviewedObject> found, IReadOnlyList<string> errors, DateTimeOffset? nextAt, bool settled, CancellationToken ct)
    {
        const string SaveSql = """
            WITH review AS (
                UPDATE object_reviews SET next_at = @NextAt, settled_at = CASE WHEN @Settled THEN @Now END WHERE request_id = @RequestId AND looks = @Looks
                RETURNING request_id),
            campaign AS (UPDATE meta_campaigns m SET effective_status = @CampaignStatus, issues = @CampaignIssues::jsonb FROM review WHERE m.request_id = review.request_id),
            adset AS (UPDATE meta_adsets m SET effective_status = @AdsetStatus, issues = @AdsetIssues::jsonb FROM review WHERE m.request_id = review.request_id),
            creative AS (UPDATE meta_creatives m SET effective_status = @CreativeStatus, issues = @CreativeIssues::jsonb FROM review WHERE m.request_id = review.request_id),
            ad AS (UPDATE meta_ads m SET effective_status = @AdStatus, issues = @AdIssues::jsonb FROM review WHERE m.request_id = review.request_id)
            UPDATE orchestrations o SET errors = (SELECT COALESCE(jsonb_agg(e), '[]') FROM jsonb_array_elements(o.errors) e WHERE e #>> '{}' NOT LIKE 'at Meta: %') || @Errors::jsonb
            FROM review WHERE o.request_id = review.request_id AND (@Errors <> '[]' OR o.errors::text LIKE '%at Meta: %')
            """;
        var parameters = new DynamicParameters(new
        {
            review.RequestId, review.Looks, NextAt = nextAt, Settled = settled, Now = time.GetUtcNow(), Errors = JsonSerializer.Serialize(errors),
        });
        foreach (var one in found)
        {
            var prefix = char.ToUpperInvariant(one.Step[0]) + one.Step[1..];
            parameters.Add($"{prefix}Status", one.State.Status);
            parameters.Add($"{prefix}Issues", JsonSerializer.Serialize(one.State.Issues, OrchestrationRequest.Json));
        }

        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new(SaveSql, parameters, cancellationToken: ct));
    }

    public async Task PostponeAsync(DueReview review, DateTimeOffset nextAt, CancellationToken ct)
    {
        const string PostponeSql = "UPDATE object_reviews SET next_at = @NextAt WHERE request_id = @RequestId AND looks = @Looks";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new(PostponeSql, new { review.RequestId, review.Looks, NextAt = nextAt }, cancellationToken: ct));
    }

    /// <summary>The time given is over, and nothing could be read.</summary>
    public async Task GiveUpAsync(DueReview review, string error, CancellationToken ct)
    {
        const string GiveUpSql = """
            WITH review AS (UPDATE object_reviews SET next_at = NULL WHERE request_id = @RequestId AND looks = @Looks RETURNING request_id)
            UPDATE orchestrations o SET errors = o.errors || @Errors::jsonb FROM review WHERE o.request_id = review.request_id
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new(GiveUpSql, new { review.RequestId, review.Looks, Errors = JsonSerializer.Serialize(new[] { error }) }, cancellationToken: ct));
    }

    private sealed record Row
    {
        public Guid RequestId { get; init; }
        public int Looks { get; init; }
        public DateTimeOffset DeadlineAt { get; init; }
        public string AdAccountId { get; init; } = "";
        public string AccessToken { get; init; } = "";
        public string CampaignId { get; init; } = "";
        public string AdsetId { get; init; } = "";
        public string CreativeId { get; init; } = "";
        public string AdId { get; init; } = "";
    }
}
