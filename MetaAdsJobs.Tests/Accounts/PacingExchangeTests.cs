using Dapper;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Meta.Pacing;
using MetaAdsJobs.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace MetaAdsJobs.Tests.Accounts;

/// <summary>Worker processes that share nothing but the database tell each other what Meta told them.</summary>
[TestFixture]
public sealed class PacingExchangeTests
{
    private static readonly GraphCredential Account = new("act_1", "token");
    private InProcess _core = null!;
    private Process _one = null!;
    private Process _other = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _core = await InProcess.CreateAsync();
        await using var connection = await _core.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync("""
            CREATE TABLE pacing_writes (at timestamptz NOT NULL);
            CREATE FUNCTION count_write() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO pacing_writes VALUES (clock_timestamp()); RETURN NULL; END $$;
            CREATE TRIGGER count_write AFTER INSERT ON account_pacing FOR EACH STATEMENT EXECUTE FUNCTION count_write()
            """);
        (_one, _other) = (new(_core), new(_core));
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _one.DisposeAsync();
        await _other.DisposeAsync();
        await _core.DisposeAsync();
    }

    [Test]
    public async Task A_block_that_one_process_was_told_keeps_the_other_out()
    {
        await Task.WhenAll(_one.StartAsync(), _other.StartAsync());
        await PassAsync(1.2);

        _one.Pacing.Throttled(Account, TimeSpan.FromMinutes(1), "too many calls");
        await Eventually.TrueAsync(() => Task.FromResult(_other.Refusal(Account) is not null), () => "the other has not heard");

        Assert.That(_other.Refusal(Account)?.Message, Is.EqualTo("too many calls"));
        Assert.That(_other.Refusal(Account)?.RetryAfter, Is.GreaterThan(TimeSpan.Zero).And.LessThan(TimeSpan.FromSeconds(60)));
        Assert.That(_other.Refusal(new("act_2", "token")), Is.Null);
        Assert.That(_other.Refusal(Account.For(UseCase.AdsInsights)), Is.Null);
    }

    [Test]
    public async Task Usage_that_one_process_read_slows_the_other_and_stops_doing_so()
    {
        _one.Saw(Account, 94);
        await _one.Exchange.ExchangeAsync(CancellationToken.None);
        await _other.Exchange.ExchangeAsync(CancellationToken.None);
        Assert.That(_other.Refusal(Account), Is.Null);
        Assert.That(_other.Refusal(Account)?.Proof, Is.EqualTo(Proof.Throttled));

        _one.Saw(Account, 10);
        await _one.Exchange.ExchangeAsync(CancellationToken.None);
        await _other.Exchange.ExchangeAsync(CancellationToken.None);
        Assert.That(Enumerable.Range(0, 5).Select(_ => _other.Refusal(Account)), Is.All.Null);
    }

    [Test]
    public async Task A_process_that_starts_hears_of_blocks_that_began_long_before_and_a_shorter_one_does_not_end_a_longer()
    {
        _one.Pacing.Throttled(Account, TimeSpan.FromHours(2), "long");
        await _one.Exchange.ExchangeAsync(CancellationToken.None);
        await using (var connection = await _core.Database.DataSource.OpenConnectionAsync())
            await connection.ExecuteAsync("UPDATE account_pacing SET updated_at = now() - interval '1 hour', usage_at = now() - interval '1 hour'");
        _other.Pacing.Throttled(Account, TimeSpan.FromSeconds(30), "short");
        await _other.Exchange.ExchangeAsync(CancellationToken.None);

        await using var late = new Process(_core);
        await late.Exchange.ExchangeAsync(CancellationToken.None);

        Assert.That(late.Refusal(Account)?.Message, Is.EqualTo("long"));
        Assert.That(late.Refusal(Account)?.RetryAfter, Is.GreaterThan(TimeSpan.FromHours(1)));
    }

    [Test]
    public async Task Usage_and_its_time_stay_as_Meta_told_them_whatever_is_told_of_a_block()
    {
        _one.Saw(Account, 97);
        await _one.Exchange.ExchangeAsync(CancellationToken.None);
        // What another heard before that, as it hears of a block, and one that heard nothing.
        await using var early = new Process(_core);
        early.Pacing.Learn(new("act_1", UseCase.AdsManagement, null, 20, TimeSpan.FromSeconds(60), null));
        early.Pacing.Throttled(Account, TimeSpan.FromMinutes(5), "too many calls");
        await early.Exchange.ExchangeAsync(CancellationToken.None);
        _other.Pacing.Throttled(Account, TimeSpan.FromMinutes(10), "too many calls");
        foreach (var process in (Process[])[_other, _one, _other]) await process.Exchange.ExchangeAsync(CancellationToken.None);

        await using var connection = await _core.Database.DataSource.OpenConnectionAsync();
        Assert.That(await connection.QuerySingleAsync<(double, bool, string)>("SELECT usage_pct, usage_at < updated_at, reason FROM account_pacing"), Is.EqualTo((97d, true, "too many calls")));
    }

    [Test]
    public async Task A_burst_of_headers_is_written_at_most_once_a_second()
    {
        var began = TimeProvider.System.GetTimestamp();
        await _one.StartAsync();
        var random = new Random(1);
        for (var round = 0; round < 300; round++)
        {
            for (var call = 0; call < 20; call++) _one.Saw(new($"act_{call % 5}", "token"), 75 + random.Next(20));
            if (round % 30 == 0) _one.Pacing.Throttled(new($"act_{round % 7}", "token"), TimeSpan.FromSeconds(20 + round), "too many calls");
            await PassAsync(0.01);
        }

        await PassAsync(1.5);
        var writes = await WritesAsync();
        Assert.That(writes, Has.Count.GreaterThanOrEqualTo(3).And.Count.LessThanOrEqualTo(TimeProvider.System.GetElapsedTime(began).TotalSeconds + 2), string.Join(", ", writes));
    }

    [Test]
    public async Task In_normal_life_nothing_is_written_and_no_row_exists()
    {
        await Task.WhenAll(_one.StartAsync(), _other.StartAsync());
        for (var round = 0; round < 30; round++)
        {
            for (var call = 0; call < 50; call++) _one.Saw(new($"act_{call}", "token"), 74.0 * call / 50);
            await PassAsync(0.1);
        }

        Assert.That(await WritesAsync(), Is.Empty);
        Assert.That(await _core.Database.DataSource.RowsAsync("account_pacing"), Is.Zero);
    }

    [Test]
    public async Task Idle_processes_ask_the_database_once_a_second()
    {
        await _one.StartAsync();
        await PassAsync(1);
        var (before, began) = (await CommitsAsync(), TimeProvider.System.GetTimestamp());
        await PassAsync(4);
        Assert.That(await CommitsAsync() - before, Is.LessThan((2 * TimeProvider.System.GetElapsedTime(began).TotalSeconds) + 4), "with the counting of workers and of commits");
    }

    [Test]
    public async Task Of_processes_that_start_together_one_begins_at_once_and_the_rest_when_all_have_counted_them()
    {
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var processes = Enumerable.Range(0, 6).Select(_ => new Process(_core, time)).ToList();
        var starts = processes.Select(process => process.StartAsync()).ToList();
        await Eventually.TrueAsync(async () => await _core.Database.DataSource.RowsAsync("worker_processes") == 6 && starts.Any(start => start.IsCompleted), () => "not all have joined");
        Assert.That(starts.Count(start => start.IsCompleted), Is.EqualTo(1), "only the first may change anything before the others know of it");

        await Eventually.TrueAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return Task.FromResult(starts.All(start => start.IsCompleted));
        }, () => $"{starts.Count(start => start.IsCompleted)} have started");

        Assert.That(starts.Zip(processes).Where(one => one.First.IsCompletedSuccessfully).Select(one => one.Second.Pacing.Processes), Is.All.EqualTo(6));
        foreach (var process in processes) await process.DisposeAsync();
        Assert.That(await _core.Database.DataSource.RowsAsync("worker_processes"), Is.Zero, "who stops is counted no more");
    }

    [Test]
    public async Task All_processes_hear_within_a_second_or_so_that_an_account_is_being_stopped()
    {
        var account = await _core.AddAccountAsync();
        await using var connection = await _core.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync("""
            WITH clip AS (INSERT INTO clips (id, title, image_url, created_at) VALUES (gen_random_uuid(), 'A clip', 'https://example.com/x.jpg', now()) RETURNING id),
            run AS (
                INSERT INTO orchestrations (request_id, social_account_id, clip_id, campaign_name, request, requested_by, request_hash, status, accepted_at)
                SELECT gen_random_uuid(), @account, id, 'Sale', '{}', 'tests', '', 'succeeded', now() FROM clip RETURNING request_id)
            INSERT INTO activations (request_id, social_account_id, state, daily_cents, changed_at) SELECT request_id, @account, 'active', 1, now() FROM run;
            UPDATE social_accounts SET ad_account_id = 'act_1';
            """, new { account });
        await _one.Exchange.ExchangeAsync(CancellationToken.None);
        Assert.That(_one.Pacing.Braked, Is.Empty);

        await connection.ExecuteAsync("INSERT INTO stops (id, social_account_id, stopped_at, stopped_by) VALUES (gen_random_uuid(), @account, now(), 'a test')", new { account });
        await _one.Exchange.ExchangeAsync(CancellationToken.None);
        Assert.That(_one.Pacing.Braked, Is.EquivalentTo(["act_1"]));

        await connection.ExecuteAsync("UPDATE activations SET state = 'paused'");
        await _one.Exchange.ExchangeAsync(CancellationToken.None);
        Assert.That(_one.Pacing.Braked, Is.Empty, "all is paused: nobody has to wait any more");
    }

    private static Task PassAsync(double seconds) => Task.Delay(TimeSpan.FromSeconds(seconds), TimeProvider.System, CancellationToken.None);

    private async Task<List<DateTimeOffset>> WritesAsync()
    {
        await using var connection = await _core.Database.DataSource.OpenConnectionAsync();
        return (await connection.QueryAsync<DateTimeOffset>("SELECT at FROM pacing_writes ORDER BY at")).AsList();
    }

    private async Task<long> CommitsAsync()
    {
        await using var connection = await _core.Database.DataSource.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<long>("SELECT pg_stat_force_next_flush() IS NOT NULL; SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()");
    }

    /// <summary>One process's memory, and its way to the others'.</summary>
    private sealed class Process : IAsyncDisposable
    {
        public Process(InProcess core, TimeProvider? time = null)
        {
            Pacing = new(new(), time ?? TimeProvider.System);
            Exchange = new(Pacing, new(core.Database.DataSource), time ?? TimeProvider.System, NullLogger<PacingExchange>.Instance);
        }

        public GraphPacing Pacing { get; }

        public PacingExchange Exchange { get; }

        public Task StartAsync() => Exchange.StartAsync(CancellationToken.None);

        public void Saw(GraphCredential credential, double percent) => Pacing.Saw(credential, [new(credential.UseCase, percent, 0, null)]);

        public MetaException? Refusal(GraphCredential credential)
        {
            try
            {
                Pacing.EnterAsync(credential, mutates: false, CancellationToken.None).AsTask().GetAwaiter().GetResult();
                return null;
            }
            catch (MetaException exception)
            {
                return exception;
            }
        }

        public async ValueTask DisposeAsync()
        {
            await Exchange.StopAsync(CancellationToken.None);
            Exchange.Dispose();
        }
    }
}
