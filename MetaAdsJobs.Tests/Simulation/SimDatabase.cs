using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using Dapper;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Tests.Support;
using Npgsql;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>What becomes of a statement.</summary>
internal enum StatementFate
{
    Done,

    /// <summary>The connection is cut before it arrives.</summary>
    CutBefore,

    /// <summary>It is committed, and the connection is cut before the answer comes.</summary>
    CutAfter,
}

/// <summary>The process that would have sent it is dead.</summary>
internal sealed class SimulatedDeathException() : Exception("this process is dead");

/// <summary>
/// A real PostgreSQL database whose clock is the simulation's: clock_timestamp() is found in a schema of its own before PostgreSQL's, and
/// reads a file. Each statement of the service, before it is sent, is a moment in which others may go on, and somebody may die.
/// </summary>
internal sealed class SimDatabase : IAsyncDisposable
{
    private static readonly StatementListener Listening = new();
    private readonly PartListener _parts = new();
    private static readonly Func<NpgsqlDataSource, (int Total, int Idle, int Busy)> Statistics = Inner(typeof(NpgsqlDataSource), "Statistics").GetMethod!.CreateDelegate<Func<NpgsqlDataSource, (int, int, int)>>();

    private static readonly PropertyInfo Parts = Inner(typeof(NpgsqlCommand), "InternalBatchCommands");
    private static readonly PropertyInfo Prepared = Inner(typeof(NpgsqlBatchCommand), "PreparedStatement");
    private static readonly PropertyInfo PreparedState = Inner(Prepared.PropertyType, "State");

    private const int Warm = 4;
    private const int RealCuts = 8;
    private readonly TestDatabase _database;
    private readonly string _clockFile;
    private readonly Microsoft.Win32.SafeHandles.SafeFileHandle _clock;
    private readonly ConditionalWeakTable<object, object> _seenTransactions = [];
    private int _parked;

    private SimDatabase(TestDatabase database, string clockFile)
    {
        (_database, _clockFile) = (database, clockFile);
        _clock = File.OpenHandle(clockFile, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        Service = Build(filtered: true);
        Aside = Build(filtered: false);
    }

    /// <summary>What the simulated processes use.</summary>
    public NpgsqlDataSource Service { get; }

    /// <summary>For setting up, judging and cutting: nothing happens to it.</summary>
    public NpgsqlDataSource Aside { get; }

    /// <summary>The history that goes on in it now.</summary>
    public History? History { get; set; }

    public static async Task<SimDatabase> CreateAsync()
    {
        GC.KeepAlive(Listening);
        // Who waits before a statement holds a thread.
        ThreadPool.SetMinThreads(100, 100);
        var database = await TestDatabase.CreateAsync();
        await using var connection = await database.DataSource.OpenConnectionAsync();
        var folder = await connection.ExecuteScalarAsync<string>("SHOW data_directory");
        var file = Path.Combine(folder!, $"clock_{database.Name}");
        await File.WriteAllTextAsync(file, new string('0', 20));
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        await connection.ExecuteAsync($"""
            ALTER TABLE meta_changes DISABLE TRIGGER meta_changes_stay;
            CREATE SCHEMA sim;
            CREATE FUNCTION sim.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
                $$ SELECT timestamptz 'epoch' + pg_catalog.pg_read_file('clock_{database.Name}')::bigint * interval '1 microsecond' $$;
            CREATE FUNCTION sim.now() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$ SELECT sim.clock_timestamp() $$;
            {EventJudge.ListenSql}
            """);
        return new(database, file);
    }

    public void SetClock(DateTimeOffset now)
    {
        var micros = (now - DateTimeOffset.UnixEpoch).Ticks / 10;
        KeepWarm();
        RandomAccess.Write(_clock, Encoding.ASCII.GetBytes(micros.ToString("D20", CultureInfo.InvariantCulture)), 0);
    }

    /// <summary>Until no statement is under way but those that wait to be sent.</summary>
    /// <returns>False when somebody keeps a connection while he waits for something else.</returns>
    public bool WaitUntilQuiet()
    {
        // Mostly it is a matter of microseconds: whoever slept here would sleep longer than that, a hundred times in each history.
        for (var look = 0; look < 2_000; look++)
        {
            if (Busy <= Volatile.Read(ref _parked)) return true;
            Thread.Yield();
        }

        return SpinWait.SpinUntil(() => Busy <= Volatile.Read(ref _parked), TimeSpan.FromSeconds(30));
    }

    // What is begun beside something else gets its connection at once, or it would come at another moment each time.
    private void KeepWarm()
    {
        if (Statistics(Service).Idle >= Warm) return;
        List<NpgsqlConnection> opened = [];
        while (opened.Count < Warm) opened.Add(Service.OpenConnection());
        foreach (var connection in opened) connection.Dispose();
    }

    private int Busy => Statistics(Service).Busy;

    // Called with each command before it is sent, on the thread that sends it.
    private bool BeforeStatement(NpgsqlCommand command)
    {
        if (History is not { Clockwork.Caller: { } activity } history) return false;
        if (activity.Process.IsDead) return Dies(command);

        var isInside = command.Transaction is not null && !IsFirst(command.Connection!);
        if (activity.IsBackground || isInside && !history.Alerts.Halts(activity, command)) return false;
        if (command.Transaction is null && System.Transactions.Transaction.Current is { } ambient && !IsFirst(ambient)) return false;

        // The first of some days' that are stored: before it, those before have been stored, or go on beside it.
        if (command.Transaction is null || isInside || (command.CommandText.StartsWith("SET LOCAL work_mem", StringComparison.Ordinal) && history.Choices.Chance(0.5)))
        {
            using var go = new ManualResetEventSlim();
            var due = history.Clockwork.Plan(TimeSpan.Zero, activity, activity.Process, "statement", () =>
            {
                history.Clockwork.Resume(activity);
                go.Set();
            }, canKill: true);
            Interlocked.Increment(ref _parked);
            activity.Process.Parked[go] = true;
            history.Clockwork.RestsOnThread(activity, due, go);
            Interlocked.Decrement(ref _parked);
            activity.Process.Parked.TryRemove(go, out _);
            if (activity.Process.IsDead) return Dies(command);
        }

        // What is only a part of a transaction cannot be committed without the rest of it.
        var isWhole = System.Transactions.Transaction.Current is null && (command.Transaction is null || command.CommandText.Contains("INSERT INTO meta_ads", StringComparison.Ordinal));
        var fate = command.Transaction is null ? history.Fates.Of(activity, isWhole) : activity.OfCopy ?? history.Fates.Of(activity, isWhole);
        var isTold = command.Transaction is not null && activity.OfCopy is not null;
        if (isTold) activity.OfCopy = null;
        if (fate == StatementFate.CutAfter) DoAside(command);
        if (fate != StatementFate.Done)
        {
            if (!isTold) history.Clockwork.Tell($"{activity.Name}: connection cut {(fate == StatementFate.CutAfter ? "after" : "before")} {Short(command.CommandText)}");
            // New connections would cost more than all the rest: most are only as good as cut.
            if (history.Clockwork.Steps % RealCuts != 0 && !MustCut(command)) throw new PostgresException("terminating connection due to administrator command", "FATAL", "FATAL", PostgresErrorCodes.AdminShutdown);
            Cut(command.Connection!.ProcessID);
        }

        return false;
    }

    private bool Dies(NpgsqlCommand command)
    {
        if (!MustCut(command)) throw new SimulatedDeathException();
        Cut(command.Connection!.ProcessID);
        return false;
    }

    // Thrown out of what is being prepared, Npgsql would take it for prepared afterwards. And who reads ahead would hear of it at another moment.
    private bool MustCut(NpgsqlCommand command) => History is { IsOfNumbers: true } ||
        ((IEnumerable)Parts.GetValue(command)!).Cast<object>().Any(part => Prepared.GetValue(part) is { } statement && $"{PreparedState.GetValue(statement)}" != "Prepared");

    // Pages are staged while the next one is asked for: what becomes of them is drawn before that, and told.
    private bool BeforeCopy(string sql)
    {
        if (History is not { Clockwork.Caller: { Process.IsDead: false } activity } history) return false;
        activity.OfCopy = history.Fates.Of(activity, isWhole: false);
        if (activity.OfCopy != StatementFate.Done) history.Clockwork.Tell($"{activity.Name}: connection cut with {Short(sql)}");
        return false;
    }

    // Of a connection's only transaction, or of an ambient one. The transaction's own object is used again by Npgsql.
    private bool IsFirst(object transaction) => _seenTransactions.TryAdd(transaction, transaction);

    private void DoAside(NpgsqlCommand command)
    {
        using var connection = Aside.OpenConnection();
        using var clone = command.Clone();
        clone.Connection = connection;
        clone.Transaction = null;
        clone.ExecuteNonQuery();
    }

    public void Cut(int backend)
    {
        using var connection = Aside.OpenConnection();
        connection.Execute("SELECT pg_terminate_backend(@backend, 5000)", new { backend });
    }

    private static string Short(string sql) => string.Join(' ', sql.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)) is { Length: > 80 } text ? $"{text[..80]}…" : sql;

    private NpgsqlDataSource Build(bool filtered)
    {
        var settings = new NpgsqlConnectionStringBuilder(_database.ConnectionString)
        {
            SearchPath = "sim,public,pg_catalog", MaxAutoPrepare = 1000, AutoPrepareMinUsages = 2, NoResetOnClose = true, MaxPoolSize = 100, MinPoolSize = filtered ? 4 : 1,
            ConnectionIdleLifetime = 3600, Multiplexing = false,
            // Of tables without statistics no plan is better than another, and thousands of histories ask for the same.
            Options = "-c plan_cache_mode=force_generic_plan",
        };
        SqlTypes.Register();
        var builder = new NpgsqlDataSourceBuilder(settings.ConnectionString);
        if (filtered)
        {
            builder.ConfigureTracing(tracing => tracing
                .ConfigureCommandFilter(BeforeStatement)
                .ConfigureBatchFilter(_ => false)
                .ConfigureCopyOperationFilter(BeforeCopy)
                .EnablePhysicalOpenTracing(false));
        }
        else
        {
            builder.ConfigureTracing(tracing => tracing.ConfigureCommandFilter(_ => false).ConfigureBatchFilter(_ => false).EnablePhysicalOpenTracing(false));
        }

        return builder.Build();
    }

    public async ValueTask DisposeAsync()
    {
        _parts.Dispose();
        await Service.DisposeAsync();
        await Aside.DisposeAsync();
        _clock.Dispose();
        File.Delete(_clockFile);
        await _database.DisposeAsync();
    }

    private static PropertyInfo Inner(Type type, string name) => type.GetProperty(name, BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public)!;
}
