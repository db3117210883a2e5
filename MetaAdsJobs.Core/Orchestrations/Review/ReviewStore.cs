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
/// <param name="Credential">One for all reviews of an account; null when the account's token cannot be opened.</param>
/// <param name="MetaIds">By the steps that made them, from the campaign down.</param>
internal sealed record DueReview(Guid RequestId, int Looks, DateTimeOffset DeadlineAt, GraphCredential? Credential, IReadOnlyList<(string Step, string MetaId)> MetaIds)
{
    public IReadOnlyList<string> AdIds { get; } = [.. MetaIds.Where(one => Creates.ObjectOf(one.Step) == AdObject.Ad).Select(one => one.MetaId)];
}

/// <summary>What a look found, by step.</summary>
internal sealed record ReviewedObject(string Step, string MetaId, ObjectState State);

/// <summary>What came of a look at a whole tree.</summary>
/// <param name="Errors">What Meta refused.</param>
/// <param name="NextAt">When to look again; null when there is nothing more to see.</param>
/// <param name="Settled">Meta is no longer at it.</param>
internal sealed record Reviewed(DueReview Review, IReadOnlyList<ReviewedObject> Found, IReadOnlyList<string> Errors, DateTimeOffset? NextAt, bool Settled)
{
    /// <summary>Steps whose object was not shown: what was told of it before goes on being told.</summary>
    public IReadOnlyList<string> Unseen { get; init; } = [];
}


internal sealed class ReviewStore(NpgsqlDataSource dataSource, AccountTokens tokens, TimeProvider time)
{
    // Looks are counted anew with each review; the time given to that is another one. Takes @RequestIds, and the two of them beside it, as a row l.
    private const string Fence = "r.request_id = l.request_id AND r.looks = l.looks AND r.deadline_at = l.deadline_at";

    // Who locks several of them does so in one order, else two may wait for each other.
    private const string LockSql = "SELECT 1 FROM object_reviews WHERE request_id = ANY (@RequestIds) ORDER BY request_id FOR NO KEY UPDATE;\n";

    /// <summary>For how long whoever takes a review has it.</summary>
    public static readonly TimeSpan Held = TimeSpan.FromMinutes(3);

    /// <summary>
    /// Takes some reviews that are due, those of one account together; whoever takes one has three minutes for it, then it is due again: a crash only delays.
    /// Accounts that Meta throttles or whose token it refused are left out.
    /// </summary>
    public async Task<IReadOnlyList<DueReview>> TakeAsync(int limit, CancellationToken ct)
    {
        const string TakeSql = """
            WITH earliest AS (
                SELECT r.request_id, r.next_at, a.id AS account_id FROM object_reviews r
                JOIN orchestrations o ON o.request_id = r.request_id
                JOIN social_accounts a ON a.id = o.social_account_id
                WHERE r.next_at <= @Now AND a.token_rejected_at IS NULL AND a.retired_at IS NULL
                  AND NOT EXISTS (SELECT 1 FROM account_pacing p
                                  WHERE p.ad_account_id = a.ad_account_id AND p.use_case = 'ads_management' AND p.blocked_until > @Now)
                ORDER BY r.next_at LIMIT 1000),
            by_account AS (SELECT request_id, next_at, account_id, min(next_at) OVER (PARTITION BY account_id) AS first_at FROM earliest),
            due AS (
                SELECT r.request_id FROM by_account b JOIN object_reviews r ON r.request_id = b.request_id
                WHERE r.next_at <= @Now
                ORDER BY b.first_at, b.account_id, b.next_at LIMIT @Limit FOR UPDATE OF r SKIP LOCKED),
            taken AS (
                UPDATE object_reviews r SET next_at = @Now + @Held, looks = looks + 1 FROM due WHERE r.request_id = due.request_id
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
            ORDER BY a.id, t.request_id
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<Row>(new(TakeSql, new { Now = time.GetUtcNow(), Limit = limit, Held }, cancellationToken: ct));
        return [.. rows.GroupBy(row => (row.AdAccountId, row.AccessToken)).SelectMany(account =>
        {
            var credential = tokens.TryOpen(account.Key.AccessToken) is { } token ? new GraphCredential(account.Key.AdAccountId, token) : null;
            return account.Select(row => new DueReview(row.RequestId, row.Looks, row.DeadlineAt, credential, [.. row.Steps.Zip(row.MetaIds)]));
        })];
    }

    /// <summary>Stores what was found, tells what Meta refused, and says when to look again; all in one. Whoever lost his review to another writes nothing of it.</summary>
    public async Task SaveAsync(IReadOnlyList<Reviewed> reviewed, CancellationToken ct)
    {
        const string SaveSql = $$"""
            {{LockSql}}WITH looked AS (SELECT * FROM unnest(@RequestIds, @Looks, @DeadlineAts, @NextAts::timestamptz[], @Settled, @Errors, @Unseen) AS l (request_id, looks, deadline_at, next_at, settled, errors, unseen)),
            review AS (
                UPDATE object_reviews r SET next_at = l.next_at, settled_at = CASE WHEN l.settled THEN @Now END FROM looked l
                WHERE {{Fence}}
                RETURNING r.request_id, l.errors::jsonb AS errors, l.unseen::jsonb AS unseen),
            found AS (
                SELECT review.request_id, f.step, f.meta_id, f.status, f.issues::jsonb AS issues
                FROM review JOIN unnest(@RequestIdsOfFound, @Steps, @MetaIds, @Statuses, @Issues) AS f (request_id, step, meta_id, status, issues) USING (request_id)),
            changed AS (
                SELECT f.request_id FROM found f JOIN meta_campaigns m ON m.request_id = f.request_id AND f.step = 'campaign' WHERE (m.effective_status, m.issues) IS DISTINCT FROM (f.status, f.issues)
                UNION SELECT f.request_id FROM found f JOIN meta_adsets m ON m.request_id = f.request_id AND m.step = f.step WHERE (m.effective_status, m.issues) IS DISTINCT FROM (f.status, f.issues)
                UNION SELECT f.request_id FROM found f JOIN meta_creatives m ON m.request_id = f.request_id AND m.step = f.step AND m.meta_id = f.meta_id WHERE (m.effective_status, m.issues) IS DISTINCT FROM (f.status, f.issues)
                UNION SELECT f.request_id FROM found f JOIN meta_ads m ON m.request_id = f.request_id AND m.step = f.step WHERE (m.effective_status, m.issues) IS DISTINCT FROM (f.status, f.issues)),
            campaign AS (UPDATE meta_campaigns m SET effective_status = f.status, issues = f.issues FROM found f WHERE m.request_id = f.request_id AND f.step = 'campaign'),
            adset AS (UPDATE meta_adsets m SET effective_status = f.status, issues = f.issues FROM found f WHERE m.request_id = f.request_id AND m.step = f.step),
            -- An edit may have put another creative in its place since.
            creative AS (UPDATE meta_creatives m SET effective_status = f.status, issues = f.issues FROM found f WHERE m.request_id = f.request_id AND m.step = f.step AND m.meta_id = f.meta_id),
            ad AS (UPDATE meta_ads m SET effective_status = f.status, issues = f.issues FROM found f WHERE m.request_id = f.request_id AND m.step = f.step)
            UPDATE orchestrations o SET errors = (SELECT COALESCE(jsonb_agg(e), '[]') FROM jsonb_array_elements(o.errors) e WHERE e #>> '{}' NOT LIKE 'at Meta: %' OR EXISTS (SELECT 1 FROM jsonb_array_elements_text(review.unseen) AS step WHERE starts_with(e #>> '{}', 'at Meta: the ' || step || ' is '))) || review.errors, reviewed_at = @Now
            FROM review WHERE o.request_id = review.request_id AND (review.errors <> '[]' OR o.errors::text LIKE '%at Meta: %' OR o.request_id IN (SELECT request_id FROM changed))
            """;
        var found = reviewed.SelectMany(one => one.Found.Select(thing => (one.Review.RequestId, Thing: thing))).ToList();
        var parameters = new
        {
            RequestIds = reviewed.Select(one => one.Review.RequestId).ToArray(), Looks = reviewed.Select(one => one.Review.Looks).ToArray(), DeadlineAts = reviewed.Select(one => one.Review.DeadlineAt).ToArray(), NextAts = reviewed.Select(one => one.NextAt).ToArray(),
            Settled = reviewed.Select(one => one.Settled).ToArray(), Errors = reviewed.Select(one => JsonSerializer.Serialize(one.Errors)).ToArray(), Unseen = reviewed.Select(one => JsonSerializer.Serialize(one.Unseen)).ToArray(), Now = time.GetUtcNow(),
            RequestIdsOfFound = found.Select(one => one.RequestId).ToArray(), Steps = found.Select(one => one.Thing.Step).ToArray(), MetaIds = found.Select(one => one.Thing.MetaId).ToArray(),
            Statuses = found.Select(one => one.Thing.State.Status).ToArray(), Issues = found.Select(one => JsonSerializer.Serialize(one.Thing.State.Issues, OrchestrationRequest.Json)).ToArray(),
        };
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new(SaveSql, parameters, cancellationToken: ct));
    }

    public async Task PostponeAsync(IReadOnlyList<(DueReview Review, DateTimeOffset NextAt)> later, CancellationToken ct)
    {
        const string PostponeSql = $"""
            {LockSql}UPDATE object_reviews r SET next_at = l.next_at FROM unnest(@RequestIds, @Looks, @DeadlineAts, @NextAts) AS l (request_id, looks, deadline_at, next_at)
            WHERE {Fence}
            """;
        var parameters = new
        {
            RequestIds = later.Select(one => one.Review.RequestId).ToArray(), Looks = later.Select(one => one.Review.Looks).ToArray(), DeadlineAts = later.Select(one => one.Review.DeadlineAt).ToArray(), NextAts = later.Select(one => one.NextAt).ToArray(),
        };
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new(PostponeSql, parameters, cancellationToken: ct));
    }

    /// <summary>The time given is over, and nothing could be read.</summary>
    public async Task GiveUpAsync(DueReview review, string error, CancellationToken ct)
    {
        const string GiveUpSql = """
            WITH review AS (UPDATE object_reviews SET next_at = NULL WHERE request_id = @RequestId AND looks = @Looks AND deadline_at = @DeadlineAt RETURNING request_id)
            UPDATE orchestrations o SET errors = o.errors || @Errors::jsonb, reviewed_at = @Now FROM review WHERE o.request_id = review.request_id
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new(GiveUpSql, new { review.RequestId, review.Looks, review.DeadlineAt, Errors = JsonSerializer.Serialize(new[] { error }), Now = time.GetUtcNow() }, cancellationToken: ct));
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
