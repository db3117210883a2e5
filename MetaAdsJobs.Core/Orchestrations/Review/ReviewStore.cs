using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Accounts.Tokens;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Orchestrations.Requests;
using Npgsql;

namespace MetaAdsJobs.Core.Orchestrations.Review;

/// <summary>A finished tree whose objects Meta may still be checking.</summary>
/// <param name="Credential">Null when the account's token cannot be opened.</param>
/// <param name="MetaIds">By the steps that made them, from the campaign down.</param>
internal sealed record DueReview(Guid RequestId, int Looks, DateTimeOffset DeadlineAt, GraphCredential? Credential, IReadOnlyList<(string Step, string MetaId)> MetaIds);

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
            SELECT t.request_id, t.looks, t.deadline_at, a.ad_account_id, a.access_token, objects.steps, objects.meta_ids
            FROM taken t
            JOIN orchestrations o ON o.request_id = t.request_id
            JOIN meta_campaigns c ON c.meta_id = COALESCE(o.request ->> 'campaign_id', (SELECT own.meta_id FROM meta_campaigns own WHERE own.request_id = t.request_id))
            JOIN social_accounts a ON a.id = c.social_account_id
            CROSS JOIN LATERAL (
                SELECT array_agg(one.step ORDER BY one.level, one.id) AS steps, array_agg(one.meta_id ORDER BY one.level, one.id) AS meta_ids
                FROM (SELECT 'campaign' AS step, 1 AS level, c.id, c.meta_id
                      UNION ALL SELECT s.step, 2, s.id, s.meta_id FROM meta_adsets s WHERE s.request_id = t.request_id
                      UNION ALL SELECT r.step, 3, r.id, r.meta_id FROM meta_creatives r WHERE r.request_id = t.request_id
                      UNION ALL SELECT d.step, 4, d.id, d.meta_id FROM meta_ads d WHERE d.request_id = t.request_id) one) objects
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<Row>(new(TakeSql, new { Now = time.GetUtcNow(), Limit = limit, Taken }, cancellationToken: ct));
        return [.. rows.Select(row => new DueReview(row.RequestId, row.Looks, row.DeadlineAt, tokens.TryOpen(row.AccessToken) is { } token ? new(row.AdAccountId, token) : null, [.. row.Steps.Zip(row.MetaIds)]))];
    }

    /// <summary>Stores what was found, tells what Meta refused, and says when to look again; null when there is nothing more to see.</summary>
    public async Task SaveAsync(DueReview review, IReadOnlyList<ReviewedObject> found, IReadOnlyList<string> errors, DateTimeOffset? nextAt, bool settled, CancellationToken ct)
    {
        const string SaveSql = """
            WITH review AS (
                UPDATE object_reviews SET next_at = @NextAt, settled_at = CASE WHEN @Settled THEN @Now END WHERE request_id = @RequestId AND looks = @Looks
                RETURNING request_id),
            found AS (SELECT f.step, f.status, f.issues::jsonb AS issues, review.request_id FROM review, unnest(@Steps, @Statuses, @Issues) AS f (step, status, issues)),
            campaign AS (UPDATE meta_campaigns m SET effective_status = f.status, issues = f.issues FROM found f WHERE m.request_id = f.request_id AND f.step = 'campaign'),
            adset AS (UPDATE meta_adsets m SET effective_status = f.status, issues = f.issues FROM found f WHERE m.request_id = f.request_id AND m.step = f.step),
            creative AS (UPDATE meta_creatives m SET effective_status = f.status, issues = f.issues FROM found f WHERE m.request_id = f.request_id AND m.step = f.step),
            ad AS (UPDATE meta_ads m SET effective_status = f.status, issues = f.issues FROM found f WHERE m.request_id = f.request_id AND m.step = f.step)
            UPDATE orchestrations o SET errors = (SELECT COALESCE(jsonb_agg(e), '[]') FROM jsonb_array_elements(o.errors) e WHERE e #>> '{}' NOT LIKE 'at Meta: %') || @Errors::jsonb
            FROM review WHERE o.request_id = review.request_id AND (@Errors <> '[]' OR o.errors::text LIKE '%at Meta: %')
            """;
        var parameters = new
        {
            review.RequestId, review.Looks, NextAt = nextAt, Settled = settled, Now = time.GetUtcNow(), Errors = JsonSerializer.Serialize(errors),
            Steps = found.Select(one => one.Step).ToArray(), Statuses = found.Select(one => one.State.Status).ToArray(),
            Issues = found.Select(one => JsonSerializer.Serialize(one.State.Issues, OrchestrationRequest.Json)).ToArray(),
        };
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
        public string[] Steps { get; init; } = [];
        public string[] MetaIds { get; init; } = [];
    }
}
