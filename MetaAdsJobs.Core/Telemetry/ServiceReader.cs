using Dapper;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Accounts.Tokens;
using MetaAdsJobs.Core.Insights;
using Npgsql;

namespace MetaAdsJobs.Core.Telemetry;

/// <summary>
/// Reads how the whole service stands. Every statement keeps to an index of what is open or recent, or to one row per account; none
/// goes through what has ended.
/// </summary>
internal sealed class ServiceReader(NpgsqlDataSource dataSource, TimeProvider time)
{
    /// <summary>A night that is a little late is no missed one.</summary>
    private static readonly TimeSpan NightPatience = TimeSpan.FromHours(26);

    private static readonly TimeSpan UsageMemory = TimeSpan.FromMinutes(5);
    private const int DifferingWithinDays = 35;

    /// <summary>Not asynchronous: measurements are asked for by code that cannot wait otherwise.</summary>
    public ServiceNumbers Read()
    {
        const string Sql = """
            SELECT status, count(*) FROM orchestrations WHERE status IN ('queued', 'running', 'waiting') GROUP BY status;

            SELECT state, count(*) FROM insight_syncs WHERE state IN ('queued', 'running', 'waiting') GROUP BY state;

            SELECT use_case, count(*) FILTER (WHERE blocked_until > @Now) AS blocked,
                   COALESCE(max(usage_pct) FILTER (WHERE usage_at > @UsedSince), 0) / 100 AS highest_usage
            FROM account_pacing GROUP BY use_case;

            SELECT count(*), count(*) FILTER (WHERE token_rejected_at IS NOT NULL), count(*) FILTER (WHERE token_rejected_at IS NULL AND token_expires_at < @Soon),
                   count(*) FILTER (WHERE blocked_at IS NOT NULL)
            FROM social_accounts WHERE retired_at IS NULL;

            SELECT count(*) FILTER (WHERE social_account_id IS NULL) AS everything, count(*) FILTER (WHERE social_account_id IS NOT NULL) AS accounts
            FROM stops WHERE lifted_at IS NULL;

            SELECT count(*), min(occurred_at), (SELECT count(*) FROM event_deliveries WHERE state = 'failed'), (SELECT count(*) FROM webhooks WHERE state = 'off')
            FROM event_deliveries WHERE state = 'pending';

            SELECT state, sum(events)::bigint FROM (
                SELECT state, count(*) AS events FROM clip_outcomes WHERE state IN ('refused', 'held', 'over_limit') GROUP BY state
                UNION ALL SELECT 'refused', count(*) FROM clip_events WHERE unplaced) open GROUP BY state;

            SELECT LEAST(
                (SELECT min(e.received_at) FROM clip_outcomes o JOIN clip_events e ON e.id = o.event_id WHERE o.state IN ('refused', 'held', 'over_limit')),
                (SELECT min(received_at) FROM clip_events WHERE unplaced));

            SELECT severity, count(*) FROM alert_episodes WHERE closed_at IS NULL GROUP BY severity;

            SELECT min(COALESCE(evaluated_at, updated_at)) FROM alert_rules WHERE enabled;

            SELECT count(*) FROM insight_days WHERE difference <> 0 AND date_start > @DifferingSince;

            -- An account whose token was rejected is told of by itself, and would hide all others here.
            SELECT count(*) FROM social_accounts a
            WHERE a.token_rejected_at IS NULL AND a.retired_at IS NULL AND a.created_at < @NightSince
              AND NOT EXISTS (SELECT 1 FROM insight_syncs s WHERE s.social_account_id = a.id AND s.nightly_for IS NOT NULL AND s.state = 'succeeded' AND s.completed_at > @NightSince);

            SELECT a.timezone_name, min(d.date_start) AS day, min(a.created_at) FILTER (WHERE d.date_start IS NULL) AS added_at
            FROM social_accounts a
            LEFT JOIN LATERAL (SELECT date_start FROM insight_days WHERE social_account_id = a.id AND first_at IS NOT NULL ORDER BY date_start DESC LIMIT 1) d ON true
            WHERE a.token_rejected_at IS NULL AND a.retired_at IS NULL
            GROUP BY a.timezone_name;
            """;
        var now = time.GetUtcNow();
        using var connection = dataSource.OpenConnection();
        using var read = connection.QueryMultiple(Sql, new
        {
            Now = now, UsedSince = now - UsageMemory, Soon = now + CheckTokens.WarnBefore, NightSince = now - NightPatience,
            DifferingSince = DateOnly.FromDateTime(now.UtcDateTime).AddDays(-DifferingWithinDays),
        }, commandTimeout: 5);
        var (orchestrations, syncs) = (Counts(read), Counts(read));
        var pacing = read.Read<(string UseCase, long Blocked, double HighestUsage)>().ToDictionary(row => row.UseCase, row => (row.Blocked, row.HighestUsage));
        var (accounts, rejected, expiring, blocked) = read.ReadSingle<(long, long, long, long)>();
        var (everything, single) = read.ReadSingle<(long, long)>();
        var (pending, oldest, failed, switchedOff) = read.ReadSingle<(long, DateTimeOffset?, long, long)>();
        return new()
        {
            Orchestrations = orchestrations,
            Syncs = syncs,
            Pacing = pacing,
            Accounts = accounts,
            Attention = new Dictionary<string, long> { ["token_rejected"] = rejected, ["token_expiring"] = expiring, ["blocked_by_meta"] = blocked },
            Stops = new Dictionary<string, long> { ["all"] = everything, ["account"] = single },
            Webhooks = (pending, oldest is { } since && since < now ? now - since : TimeSpan.Zero, failed, switchedOff),
            ClipEvents = Counts(read),
            ClipsOldest = read.ReadSingle<DateTimeOffset?>() is { } came && came < now ? now - came : TimeSpan.Zero,
            Alerts = Counts(read),
            AlertsEvaluated = read.ReadSingle<DateTimeOffset?>() is { } evaluated && evaluated < now ? now - evaluated : TimeSpan.Zero,
            DifferingDays = read.ReadSingle<long>(),
            WithoutNight = read.ReadSingle<long>(),
            OldestDay = read.Read<(string Zone, DateOnly? Day, DateTimeOffset? AddedAt)>().Where(zone => AccountZones.IsKnown(zone.Zone)).Select(zone => Behind(zone.Zone, zone.Day, zone.AddedAt, now)).DefaultIfEmpty().Max(),
        };
    }

    private static Dictionary<string, long> Counts(SqlMapper.GridReader read) => read.Read<(string State, long Count)>().ToDictionary(row => row.State, row => row.Count);

    // An account that was never read is as far behind as it is old.
    private static TimeSpan Behind(string timezone, DateOnly? day, DateTimeOffset? addedAt, DateTimeOffset now)
    {
        var today = AccountDays.Today(timezone, now);
        var sinceDay = day is { } last ? TimeSpan.FromDays(today.DayNumber - last.DayNumber - 1) + TimeOfDay(timezone, now) : TimeSpan.Zero;
        var sinceAdded = addedAt is { } added ? now - added : TimeSpan.Zero;
        return new[] { sinceDay, sinceAdded, TimeSpan.Zero }.Max();
    }

    private static TimeSpan TimeOfDay(string timezone, DateTimeOffset now) => TimeZoneInfo.ConvertTime(now, TimeZoneInfo.FindSystemTimeZoneById(timezone)).TimeOfDay;
}
