using System.Data.Common;
using Dapper;
using MetaAdsJobs.Core.Database.Servers;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace MetaAdsJobs.Core.Database;

/// <summary>
/// The one clock that leases, settle delays and waits go by: PostgreSQL's, which all processes share. SQL reads it itself; code goes by
/// what was read last and counts on from there by the machine's own steady counter, so that a machine whose time of day is off by
/// minutes changes nothing. What is told here is never ahead of PostgreSQL's time, but for a server that was set back since.
/// </summary>
public sealed class ServiceClock(TimeProvider machine) : TimeProvider
{
    private sealed record Reading(DateTimeOffset At, long AskedAt, long Stamp, DateTimeOffset SteadySince);

    private sealed class Sleep(DateTimeOffset began, long stamp)
    {
        public DateTimeOffset Began { get; } = began;
        public long Stamp { get; } = stamp;
        public TimeSpan Slept { get; set; }
    }

    // A time of day is corrected by so much every now and then.
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(1);

    private readonly Sleep _asleep = new(machine.GetUtcNow(), machine.GetTimestamp());
    private volatile Reading? _last;

    public override long TimestampFrequency => machine.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => machine.LocalTimeZone;

    /// <summary>Before the first reading, at the very start of a process, the machine's own time.</summary>
    public override DateTimeOffset GetUtcNow() => _last is { } last ? last.At + machine.GetElapsedTime(last.Stamp) : machine.GetUtcNow();

    /// <summary>
    /// When PostgreSQL's time was last seen to have jumped ahead of the machine's counter, as that of a standby may that has taken over: what was to take time
    /// since a moment before that may have taken none. A machine that was suspended sees its sleep as one, and only waits. The earliest time there is when none was seen.
    /// </summary>
    internal DateTimeOffset SteadySince => _last?.SteadySince ?? DateTimeOffset.MinValue;

    /// <summary>
    /// The machine's counter, and the time it slept: counters stand still while a machine is suspended, its time of day does not. A time of
    /// day that was only set forward counts as sleep, too: whoever thought to hold something gives it up, and no harm is done.
    /// </summary>
    public override long GetTimestamp()
    {
        var (counter, now) = (machine.GetTimestamp(), machine.GetUtcNow());
        lock (_asleep)
        {
            var slept = (now - _asleep.Began) - machine.GetElapsedTime(_asleep.Stamp, counter);
            if (slept > _asleep.Slept + Tolerance) _asleep.Slept = slept;
            return counter + (long)(_asleep.Slept.TotalSeconds * machine.TimestampFrequency);
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => machine.CreateTimer(callback, state, dueTime, period);

    /// <summary>Reads the database's clock. Counted from after the answer: the way back makes this clock late, never early.</summary>
    /// <exception cref="DbException">The database is away.</exception>
    public void Read(DbConnection connection)
    {
        const string NowSql = "SELECT clock_timestamp()";
        var asked = machine.GetTimestamp();
        var at = connection.ExecuteScalar<DateTimeOffset>(NowSql);
        var stamp = machine.GetTimestamp();
        // Counted from before the last question: an answer that was slow is no jump.
        var hasJumped = _last is { } last && at - last.At > machine.GetElapsedTime(last.AskedAt, stamp) + Tolerance;
        _last = new(at, asked, stamp, hasJumped ? at : SteadySince);
    }
}

/// <summary>
/// Reads the database's clock again every half minute, as long as the process lives: counters drift, and machines are put to sleep. In passing it sees a server that was set read only, which nobody asks of in a worker.
/// </summary>
internal sealed class ServiceClockReadings(ServiceClock clock, NpgsqlDataSource dataSource, ConnectionPools pools) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Interval, clock, stoppingToken);
            await ReadAsync(stoppingToken);
        }
    }

    internal async Task ReadAsync(CancellationToken ct)
    {
        try
        {
            await using var connection = await dataSource.OpenConnectionAsync(ct);
            clock.Read(connection);
            if (await DatabaseHealth.IsReadOnlyAsync(connection, ct)) pools.Clear();
        }
        catch (DbException)
        {
            // The database is away: everything else tells it, and this clock counts on.
        }
    }
}
