using Dapper;
using Npgsql;

namespace MetaAdsJobs.Core.Telemetry;

/// <summary>An orchestration or sync that has ended, or a message of a publisher that was taken.</summary>
/// <param name="End">How.</param>
/// <param name="Took">From being asked for to its end, all waiting included.</param>
internal sealed record Ended(Guid Id, string End, TimeSpan Took, DateTimeOffset CompletedAt);

/// <summary>
/// Tells of everything that ends, once, whichever process ended it. Begins with the start of this process: a counter that restarts
/// is what those who read it are used to.
/// </summary>
internal sealed class EndedReader(NpgsqlDataSource dataSource, TimeProvider time)
{
    /// <summary>The most that one look takes in; the rest is seen by the next.</summary>
    private const int AtMost = 10_000;

    private readonly Cursor _orchestrations = new(time.GetUtcNow());
    private readonly Cursor _syncs = new(time.GetUtcNow());
    private readonly Cursor _clips = new(time.GetUtcNow());

    /// <returns>Clips are messages of publishers, once for each account, by what they became when they came.</returns>
    public (IReadOnlyList<Ended> Orchestrations, IReadOnlyList<(string Step, TimeSpan Took)> Steps, IReadOnlyList<Ended> Syncs, IReadOnlyList<Ended> Clips) Read()
    {
        const string OrchestrationsSql = """
            SELECT request_id, status, completed_at - accepted_at, completed_at FROM orchestrations
            WHERE completed_at > @After ORDER BY completed_at LIMIT @AtMost
            """;
        const string SyncsSql = """
            SELECT sync_id, state, completed_at - queued_at, completed_at FROM insight_syncs
            WHERE completed_at > @After ORDER BY completed_at LIMIT @AtMost
            """;
        // What came and what it became is one commit. One that is for no account is refused as such.
        const string ClipsSql = """
            SELECT md5(e.id::text || COALESCE(o.social_account_id::text, ''))::uuid, COALESCE(o.state, 'refused'), interval '0', e.received_at
            FROM clip_events e LEFT JOIN clip_outcomes o ON o.event_id = e.id
            WHERE e.received_at > @After AND (o.state IS NOT NULL OR e.unplaced) ORDER BY e.received_at LIMIT @AtMost
            """;
        const string StepsSql = """
            SELECT step, confirmed_at - started_at FROM orchestration_steps WHERE request_id = ANY (@Ids) AND confirmed_at >= started_at
            """;
        using var connection = dataSource.OpenConnection();
        var orchestrations = _orchestrations.Read(connection, OrchestrationsSql);
        var steps = orchestrations.Count == 0
            ? []
            : connection.Query<(string, TimeSpan)>(StepsSql, new { Ids = orchestrations.Select(one => one.Id).ToArray() }, commandTimeout: 5).AsList();
        return (orchestrations, steps, _syncs.Read(connection, SyncsSql), _clips.Read(connection, ClipsSql));
    }

    /// <summary>How far it was read. What was completed a moment earlier may commit a moment later: looks overlap, and what was seen is known.</summary>
    private sealed class Cursor(DateTimeOffset start)
    {
        private static readonly TimeSpan Overlap = TimeSpan.FromSeconds(5);
        private readonly HashSet<(Guid, DateTimeOffset CompletedAt)> _seen = [];
        private DateTimeOffset _after = start;

        public List<Ended> Read(NpgsqlConnection connection, string sql)
        {
            var rows = connection.Query<(Guid Id, string End, TimeSpan Took, DateTimeOffset CompletedAt)>(sql, new { After = _after - Overlap, AtMost }, commandTimeout: 5).AsList();
            var ended = rows.Where(row => _seen.Add((row.Id, row.CompletedAt))).Select(row => new Ended(row.Id, row.End, row.Took, row.CompletedAt)).ToList();
            if (rows.Count > 0 && rows[^1].CompletedAt > _after) _after = rows[^1].CompletedAt;
            _seen.RemoveWhere(one => one.CompletedAt <= _after - Overlap);
            return ended;
        }
    }
}
