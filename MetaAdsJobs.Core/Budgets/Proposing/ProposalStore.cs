using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Budgets.Deciding;
using MetaAdsJobs.Core.Budgets.Pools;
using Npgsql;

namespace MetaAdsJobs.Core.Budgets.Proposing;

/// <summary>Writes proposals, and what came of them. Decided twice by whoever, a night is written once.</summary>
internal static class ProposalStore
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>By this, what a proposal rests on is told from what stands there later.</summary>
    public static string HashOf(PoolPicture picture)
    {
        var text = new StringBuilder();
        foreach (var member in picture.Members.OrderBy(member => member.MetaId, StringComparer.Ordinal))
        {
            text.Append(member.MetaId);
            foreach (var day in member.Days) text.Append(CultureInfo.InvariantCulture, $" {day.Day:O} {day.Spend:R} {day.Results:R}");
            text.Append('\n');
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }

    /// <returns>How many were written: not those whose night is decided already, nor those of a pool that was changed since it was read.</returns>
    public static async Task<int> InsertAsync(NpgsqlConnection connection, IReadOnlyList<(SeenPool Seen, PoolDecision Decision)> decided, DateTimeOffset now, CancellationToken ct)
    {
        const string InsertSql = """
            WITH decided AS MATERIALIZED (
                SELECT * FROM jsonb_to_recordset(@Proposals::jsonb) AS n (id uuid, pool_id uuid, seen_at timestamptz, day date, basis date, state text, why text[], evidence_hash text, total_now_cents bigint, total_cents bigint, owed_before_cents bigint,
                    predicted_now double precision, predicted double precision, gain_percent double precision, gain_in_the_end double precision, sureness double precision, exponent double precision)),
            -- Whoever changes a pool holds it: waited for, and then it is another one.
            held AS MATERIALIZED (SELECT p.id, p.mode_by FROM budget_pools p JOIN decided n ON p.id = n.pool_id AND p.updated_at = n.seen_at ORDER BY p.id FOR SHARE OF p),
            made AS (
                INSERT INTO budget_proposals (id, pool_id, day, basis, made_at, state, why, evidence_hash, total_now_cents, total_cents, owed_before_cents, predicted_now, predicted, gain_percent, gain_in_the_end, sureness, exponent, decided_by, decided_at)
                SELECT n.id, n.pool_id, n.day, n.basis, @Now, n.state, n.why, n.evidence_hash, n.total_now_cents, n.total_cents, n.owed_before_cents, n.predicted_now, n.predicted, n.gain_percent, n.gain_in_the_end, n.sureness, n.exponent,
                    CASE WHEN n.state = 'accepted' THEN p.mode_by END, CASE WHEN n.state = 'accepted' THEN @Now END
                FROM decided n JOIN held p ON p.id = n.pool_id
                ON CONFLICT DO NOTHING RETURNING id),
            moves AS (
                INSERT INTO budget_moves (proposal_id, meta_id, name, now_cents, proposed_cents, least_cents, most_cents, why, results, predicted_now, predicted, marginal)
                SELECT m.proposal_id, m.meta_id, m.name, m.now_cents, m.proposed_cents, m.least_cents, m.most_cents, m.why, m.results, m.predicted_now, m.predicted, m.marginal
                FROM jsonb_to_recordset(@Moves::jsonb) AS m (proposal_id uuid, meta_id text, name text, now_cents bigint, proposed_cents bigint, least_cents bigint, most_cents bigint, why text[], results double precision,
                    predicted_now double precision, predicted double precision, marginal double precision)
                JOIN made ON made.id = m.proposal_id)
            SELECT count(*)::int FROM made
            """;
        var rows = decided.Select(one => (Id: Guid.CreateVersion7(now), one.Seen, one.Decision)).ToList();
        var proposals = rows.Select(row => new
        {
            row.Id, PoolId = row.Seen.Pool.Id, SeenAt = row.Seen.Pool.UpdatedAt, Day = row.Seen.Picture.Today, Basis = row.Seen.Picture.LastDay, State = StateOf(row.Seen.Pool, row.Decision), row.Decision.Why,
            EvidenceHash = HashOf(row.Seen.Picture), TotalNowCents = row.Seen.Cents(row.Decision.TotalNow), TotalCents = row.Seen.Cents(row.Decision.TotalProposed), OwedBeforeCents = row.Seen.Cents(row.Seen.Picture.Owed), PredictedNow = row.Decision.Members.Sum(member => member.PredictedNow),
            Predicted = row.Decision.Members.Sum(member => row.Decision.IsProposed ? member.PredictedProposed : member.PredictedNow), GainPercent = row.Decision.Gain, row.Decision.GainInTheEnd, row.Decision.Sureness, row.Decision.Exponent,
        });
        var moves = rows.SelectMany(row => row.Decision.Members.Select(member => new
        {
            ProposalId = row.Id, member.MetaId, member.Name, NowCents = Cents(row.Seen, member.Now), ProposedCents = Cents(row.Seen, member.Proposed), LeastCents = row.Seen.Cents(member.Least), MostCents = row.Seen.Cents(member.Most),
            member.Why, member.Results, member.PredictedNow, Predicted = member.PredictedProposed, Marginal = member.MarginalNow,
        }));
        return await connection.ExecuteScalarAsync<int>(new(InsertSql, new { Proposals = JsonSerializer.Serialize(proposals, Json), Moves = JsonSerializer.Serialize(moves, Json), Now = now }, cancellationToken: ct));
    }

    /// <summary>What came of the proposals of the last four weeks, as it stands now: of the members of which something was predicted, on days that were read whole.</summary>
    public static Task ObserveAsync(NpgsqlConnection connection, Guid[] pools, DateTimeOffset now, CancellationToken ct)
    {
        const string ObserveSql = """
            WITH days AS (
                SELECT q.id, p.level, p.social_account_id, q.day FROM budget_proposals q JOIN budget_pools p ON p.id = q.pool_id
                JOIN insight_days d ON d.social_account_id = p.social_account_id AND d.date_start = q.day AND d.first_at IS NOT NULL
                WHERE q.pool_id = ANY (@Pools) AND q.state <> 'void' AND q.day > (@Now - interval '30 days')::date),
            told AS (
                SELECT d.id, m.meta_id, i.spend, i.results, i.untold_rows > 0 OR i.results IS NULL AS is_withheld
                FROM days d JOIN budget_moves m ON m.proposal_id = d.id AND m.predicted_now > 0
                JOIN insight_campaign_days i ON i.social_account_id = d.social_account_id AND i.date_start = d.day AND i.campaign_meta_id = m.meta_id WHERE d.level = 'campaign'
                UNION ALL
                SELECT d.id, m.meta_id, i.spend, i.results, i.spend IS NULL OR i.results IS NULL
                FROM days d JOIN budget_moves m ON m.proposal_id = d.id AND m.predicted_now > 0 JOIN meta_adsets s ON s.meta_id = m.meta_id JOIN meta_campaigns c ON c.id = s.campaign_db_id
                JOIN meta_ad_insights i ON i.campaign_meta_id = c.meta_id AND i.date_start = d.day AND i.adset_meta_id = m.meta_id AND i.social_account_id = d.social_account_id WHERE d.level = 'adset'),
            sums AS (SELECT id, sum(spend) AS spend, sum(results) AS results FROM told GROUP BY id HAVING NOT bool_or(is_withheld))
            UPDATE budget_proposals q SET observed_results = s.results, observed_spend = s.spend, observed_at = @Now FROM sums s
            WHERE s.id = q.id AND (q.observed_results, q.observed_spend) IS DISTINCT FROM (s.results, s.spend)
            """;
        return connection.ExecuteAsync(new(ObserveSql, new { Pools = pools, Now = now }, commandTimeout: 120, cancellationToken: ct));
    }

    private static string StateOf(BudgetPool pool, PoolDecision decision) => !decision.IsProposed ? "none" : pool.Mode switch
    {
        BudgetPool.Act => "accepted",
        BudgetPool.Ask => "asked",
        _ => "shown",
    };

    private static long? Cents(SeenPool seen, long? units) => units is { } amount ? seen.Cents(amount) : null;
}
