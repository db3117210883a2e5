using Dapper;
using MetaAdsJobs.Core.Meta.Graph;
using Npgsql;

namespace MetaAdsJobs.Core.Meta.Pacing;

/// <param name="News">What others have told since the last reading.</param>
/// <param name="Processes">Worker processes, this one with them.</param>
/// <param name="Braked">Ad accounts of which a stop is being carried out.</param>
internal sealed record PaceReading(IReadOnlyList<PaceNews> News, DateTimeOffset ReadAt, int Processes, IReadOnlySet<string> Braked);

/// <summary>
/// What processes tell each other of Meta's limits. All times are compared by the database's clock, but for the end of a block. Most
/// accounts never have a row.
/// </summary>
internal sealed class PacingStore(NpgsqlDataSource dataSource)
{
    // A process is given up after three times that it was not seen.
    private const string CountSql = "SELECT count(*)::int FROM worker_processes WHERE seen_at > clock_timestamp() - interval '15 seconds'";
    private const string SeenSql = "INSERT INTO worker_processes (id, seen_at) VALUES (@Process, clock_timestamp()) ON CONFLICT (id) DO UPDATE SET seen_at = EXCLUDED.seen_at";
    private readonly Guid _process = Guid.NewGuid();

    /// <returns>The rows as they are now: a block that another process wrote meanwhile stands in them.</returns>
    public async Task<IReadOnlyList<PaceNews>> WriteAsync(IReadOnlyCollection<PaceNews> news, CancellationToken ct)
    {
        const string WriteSql = """
            INSERT INTO account_pacing (ad_account_id, use_case, blocked_until, reason, usage_pct, usage_at, written_by, updated_at)
            SELECT account, use_case, blocked_until, reason, usage_pct, CASE WHEN usage_pct IS NOT NULL THEN clock_timestamp() - make_interval(secs => age) END, @Process, clock_timestamp()
            FROM unnest(@Accounts, @UseCases, @BlockedUntil, @Reasons, @Percents, @Ages) AS t (account, use_case, blocked_until, reason, usage_pct, age)
            ORDER BY account, use_case
            ON CONFLICT (ad_account_id, use_case) DO UPDATE SET
                reason = CASE WHEN EXCLUDED.blocked_until >= COALESCE(account_pacing.blocked_until, EXCLUDED.blocked_until) THEN EXCLUDED.reason ELSE account_pacing.reason END,
                blocked_until = GREATEST(account_pacing.blocked_until, EXCLUDED.blocked_until),
                -- What was heard last: a block is told with what its teller heard, which may be older, or nothing.
                usage_pct = CASE WHEN EXCLUDED.usage_at >= COALESCE(account_pacing.usage_at, EXCLUDED.usage_at) THEN EXCLUDED.usage_pct ELSE account_pacing.usage_pct END,
                usage_at = GREATEST(account_pacing.usage_at, EXCLUDED.usage_at), written_by = EXCLUDED.written_by, updated_at = EXCLUDED.updated_at
            RETURNING updated_at AS read_at, ad_account_id, use_case, blocked_until, reason, usage_pct, EXTRACT(EPOCH FROM updated_at - usage_at)::float8 AS age
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var rows = await connection.QueryAsync<Row>(new(WriteSql, new
        {
            Process = _process, Accounts = news.Select(one => one.AdAccountId).ToArray(), UseCases = news.Select(one => one.UseCase.ToName()).ToArray(),
            BlockedUntil = news.Select(one => one.BlockedUntil).ToArray(), Reasons = news.Select(one => one.Reason).ToArray(),
            Percents = news.Select(one => one.Percent).ToArray(), Ages = news.Select(one => one.Age.TotalSeconds).ToArray(),
        }, cancellationToken: ct));
        return [.. rows.Select(row => row.ToNews())];
    }

    /// <summary>What other processes have written since; and up to when this was read, for the next time.</summary>
    /// <param name="since">The last time's answer; null for all that still counts.</param>
    public async Task<PaceReading> ReadAsync(DateTimeOffset? since, CancellationToken ct)
    {
        // One row always comes back, with the time. What was being committed when it was read last is seen again: no harm.
        const string ReadSql = $"""
            SELECT now.at AS read_at, now.processes, now.braked, p.ad_account_id, p.use_case, p.blocked_until, p.reason, p.usage_pct, EXTRACT(EPOCH FROM now.at - p.usage_at)::float8 AS age
            FROM (SELECT clock_timestamp() AS at, ({CountSql}) AS processes, ARRAY(
                    SELECT DISTINCT a.ad_account_id
                    FROM stops s JOIN activations v ON v.state IN ('activating', 'active') AND (s.social_account_id IS NULL OR v.social_account_id = s.social_account_id)
                    JOIN social_accounts a ON a.id = v.social_account_id WHERE s.lifted_at IS NULL) AS braked) now
            LEFT JOIN account_pacing p ON p.updated_at > COALESCE(@Since, now.at - interval '1 day') - interval '3 s' AND p.written_by IS DISTINCT FROM @Process
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var rows = (await connection.QueryAsync<Row>(new(ReadSql, new { Since = since, Process = _process }, cancellationToken: ct))).AsList();
        return new([.. rows.Where(row => row.AdAccountId is not null).Select(row => row.ToNews())], rows[0].ReadAt, rows[0].Processes, rows[0].Braked.ToHashSet());
    }

    /// <summary>Counts this process in, and tells how many there are with it. One process at a time: of those that start together each finds another number.</summary>
    public async Task<int> JoinAsync(CancellationToken ct)
    {
        // One implicit transaction, and so one lock. The number is any that is ours.
        const string JoinSql = $"""
            SELECT pg_advisory_xact_lock(7301552412);
            DELETE FROM worker_processes WHERE seen_at < clock_timestamp() - interval '1 hour';
            {SeenSql};
            {CountSql};
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var answers = await connection.QueryMultipleAsync(new(JoinSql, new { Process = _process }, cancellationToken: ct));
        await answers.ReadAsync<object>();
        return await answers.ReadSingleAsync<int>();
    }

    /// <summary>This process is still there.</summary>
    public async Task SeenAsync(CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new(SeenSql, new { Process = _process }, cancellationToken: ct));
    }

    public async Task LeaveAsync(CancellationToken ct)
    {
        const string LeaveSql = "DELETE FROM worker_processes WHERE id = @Process";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new(LeaveSql, new { Process = _process }, cancellationToken: ct));
    }

    private sealed record Row
    {
        public DateTimeOffset ReadAt { get; init; }
        public int Processes { get; init; }
        public string[] Braked { get; init; } = [];
        public string? AdAccountId { get; init; }
        public string? UseCase { get; init; }
        public DateTimeOffset? BlockedUntil { get; init; }
        public string? Reason { get; init; }
        public double? UsagePct { get; init; }
        public double? Age { get; init; }

        public PaceNews ToNews() =>
            new(AdAccountId!, UseCases.Find(UseCase)!.Value, BlockedUntil, UsagePct, TimeSpan.FromSeconds(Math.Clamp(Age ?? 0, 0, 86_400)), Reason);
    }
}
