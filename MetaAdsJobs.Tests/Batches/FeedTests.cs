using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Batches;
using MetaAdsJobs.Core.Campaigns.Holding;
using MetaAdsJobs.Core.Clips;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Jobs.Recurring;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Tests.Api.Batches;
using MetaAdsJobs.Tests.Support;
using Npgsql;

namespace MetaAdsJobs.Tests.Batches;

/// <summary>How rows are let in, without anybody who runs them.</summary>
[TestFixture]
public sealed class FeedTests
{
    private const int AtOnce = 3;
    private InProcess _core = null!;
    private Guid[] _accounts = [];
    private JsonObject _request = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _core = await InProcess.CreateAsync(time: null, ("BATCH_RUNS_AT_ONCE", $"{AtOnce}"), ("Batches:MostUnended", "5"));
        _accounts = [await _core.AddAccountAsync(), await _core.AddAccountAsync()];
        var clip = new Clip { Id = Guid.NewGuid(), Title = "A clip", ImageUrl = "https://example.com/a.jpg" };
        await _core.Get<ClipStore>().InsertAsync(clip, CancellationToken.None);
        _request = ApiClient.Request($"{_accounts[0]}", $"{clip.Id}");
    }

    [TearDown]
    public async Task DisposeAsync() => await _core.DisposeAsync();

    [Test]
    public async Task Of_each_account_so_many_rows_are_under_way_whatever_batch_they_are_of()
    {
        var (first, second) = (await AcceptAsync(10, account: 0), await AcceptAsync(10, account: 0, account2: 1));

        Assert.That(await FeedAsync(first), Is.InstanceOf<JobOutcome.Snoozed>());
        await FeedAsync(second);
        Assert.That(await BegunAsync(), Is.EqualTo((string[])[$"{first} 0 {AtOnce}", $"{second} 1 {AtOnce}"]));
        await FeedAsync(first);
        Assert.That(await RowsAsync("batch_rows WHERE state = 'begun'"), Is.EqualTo(AtOnce * 2));

        // Those that wait make room for others, up to a number.
        await ExecuteAsync("UPDATE orchestrations SET status = 'waiting'");
        await FeedAsync(first);
        Assert.That(await RowsAsync($"batch_rows WHERE state = 'begun' AND batch_id = '{first}'"), Is.EqualTo(5));
        await ExecuteAsync("UPDATE orchestrations SET status = 'succeeded'");
        await FeedAsync(first);
        Assert.That(await RowsAsync($"batch_rows WHERE state = 'begun' AND batch_id = '{first}'"), Is.EqualTo(5 + AtOnce));
        Assert.That(await RowsAsync("orchestrations"), Is.EqualTo(await RowsAsync("batch_rows WHERE state = 'begun'")));
    }

    [Test]
    public async Task Who_feeds_an_account_while_another_does_waits_and_lets_no_more_in()
    {
        var batch = await AcceptAsync(10, account: 0);

        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => FeedAsync(batch))));

        Assert.That(await RowsAsync("batch_rows WHERE state = 'begun'"), Is.EqualTo(AtOnce));
    }

    [Test]
    public async Task Many_feeders_at_once_whose_connections_break_let_each_row_in_once()
    {
        var batches = await Task.WhenAll(Enumerable.Range(0, 4).Select(index => AcceptAsync(15, account: index % 2, prefix: $"{index} ")));
        using var over = new CancellationTokenSource();
        var breaking = BreakConnectionsAsync(over.Token);
        var broke = 0;
        await Task.WhenAll(Enumerable.Range(0, 6).Select(async feeder =>
        {
            for (var turn = 0; turn < 60; turn++)
            {
                try
                {
                    await FeedAsync(batches[(turn + feeder) % batches.Length]);
                    if (feeder == 0) await ExecuteAsync("UPDATE orchestrations SET status = 'succeeded', completed_at = now() WHERE status = 'queued' AND request_id IN (SELECT request_id FROM batch_rows)");
                }
                catch (Exception exception) when (exception is NpgsqlException or Core.Database.NothingWrittenException or System.Transactions.TransactionException or InvalidOperationException)
                {
                    Interlocked.Increment(ref broke);
                }
            }
        }));
        await over.CancelAsync();
        await breaking;

        // Whoever is left goes on.
        _core.Get<NpgsqlDataSource>().Clear();
        _core.Database.DataSource.Clear();
        foreach (var batch in batches)
            for (var turn = 0; turn < 20 && await FeedAsync(batch) is not JobOutcome.Completed; turn++)
                await ExecuteAsync("UPDATE orchestrations SET status = 'succeeded', completed_at = now()");

        TestContext.Progress.WriteLine($"{broke} turns broke");
        Assert.That(broke, Is.GreaterThan(0));
        Assert.That(await RowsAsync("batch_rows WHERE state = 'begun'"), Is.EqualTo(60));
        Assert.That(await RowsAsync("orchestrations"), Is.EqualTo(60), "no run without its row");
        Assert.That(await RowsAsync("hangfire.job WHERE arguments::text LIKE ANY (SELECT '%' || request_id || '%' FROM orchestrations)"), Is.EqualTo(60), "one job each");
        Assert.That(await RowsAsync("batches WHERE completed_at IS NOT NULL"), Is.EqualTo(4));
    }

    [Test]
    public async Task A_row_whose_account_was_retired_before_it_is_let_in_is_refused()
    {
        var batch = await AcceptAsync(2, account: 0, account2: 1);
        await ExecuteAsync($"UPDATE social_accounts SET retired_at = now(), retired_by = 'ann', access_token = NULL WHERE id = '{_accounts[0]}'");
        await FeedAsync(batch);
        Assert.That(await RowsAsync($"batch_rows WHERE social_account_id = '{_accounts[0]}' AND state = 'refused' AND refusal::text LIKE '%the account is retired since%'"), Is.EqualTo(1));
        Assert.That(await RowsAsync($"orchestrations WHERE social_account_id = '{_accounts[0]}'"), Is.Zero);
        Assert.That(await RowsAsync("batch_rows WHERE state = 'begun'"), Is.EqualTo(1), "of the other account");
    }

    [Test]
    public async Task What_was_sent_again_in_another_batch_is_not_cancelled_with_the_first()
    {
        var file = BatchWorld.FileOf([_request.Row("row 1"), _request.Row("row 2")]);
        var (first, second, third) = (await AcceptAsync(file), await AcceptAsync(file), await AcceptAsync(file));
        await _core.Get<OrderBatch>().CancelAsync(first, "ann", CancellationToken.None);
        Assert.That(await RowsAsync($"batch_rows WHERE batch_id = '{third}' AND state = 'again' AND of_batch = '{second}'"), Is.EqualTo(2));
        await FeedAsync(second);
        Assert.That((await RowsAsync($"batch_rows WHERE batch_id = '{first}' AND state = 'cancelled'"), await RowsAsync($"batch_rows WHERE batch_id = '{second}' AND state = 'begun'"), await RowsAsync("orchestrations")), Is.EqualTo((2L, 2L, 2L)));
    }

    /// <summary>However it comes to a job again: by the sweep, or since its account was given another token.</summary>
    [TestCase(true)]
    [TestCase(false)]
    public async Task A_row_stays_behind_what_was_asked_for_by_itself(bool isSwept)
    {
        await FeedAsync(await AcceptAsync(1, account: 0));
        await ExecuteAsync($"""
            DELETE FROM hangfire.job WHERE id IN (SELECT job_id::bigint FROM orchestrations); DELETE FROM hangfire.jobqueue WHERE queue = '{Queues.Rows}';
            UPDATE orchestrations SET accepted_at = accepted_at - interval '1 hour', status = 'waiting', next_attempt_at = now() + interval '1 hour' * {(isSwept ? -1 : 1)}
            """);

        if (isSwept) await _core.Get<Sweep>().RescueAsync(CancellationToken.None);
        else await _core.Get<ResumeAccount>().ExecuteAsync(_accounts[0], CancellationToken.None);

        Assert.That(await RowsAsync($"hangfire.jobqueue WHERE queue = '{Queues.Rows}'"), Is.EqualTo(1));
    }

    /// <summary>Nor does what had held it let it go before.</summary>
    [Test]
    public async Task A_row_that_a_stop_or_a_freeze_has_held_stays_behind_what_was_asked_for_by_itself([Values] bool byStop)
    {
        await FeedAsync(await AcceptAsync(1, account: 0));
        await ExecuteAsync($"""
            DELETE FROM hangfire.job WHERE id IN (SELECT job_id::bigint FROM orchestrations); DELETE FROM hangfire.jobqueue WHERE queue = '{Queues.Rows}';
            UPDATE orchestrations SET status = 'waiting', wait_reason = '{(byStop ? "stopped" : "frozen")} by bob', next_attempt_at = now() + interval '1 hour';
            INSERT INTO freezes (id, social_account_id, from_at, until_at, made_by, made_at) VALUES ('{_accounts[0]}', '{_accounts[0]}', now() - interval '1 hour', now() + interval '1 hour', 'bob', now())
            """);
        if (byStop)
        {
            await _core.Get<StopSwitch>().StopAsync(_accounts[0], "bob", null, CancellationToken.None);
            await _core.Get<StopSwitch>().StartAsync(_accounts[0], "ann", reactivate: true, CancellationToken.None);
            await _core.Get<ResumeSpending>().ExecuteAsync(await StopIdAsync(), CancellationToken.None);
        }
        else
        {
            Assert.That(await _core.Get<Freezes>().EndAsync(_accounts[0], "ann", CancellationToken.None), Is.True);
        }

        Assert.That((await RowsAsync($"hangfire.jobqueue WHERE queue = '{Queues.Rows}'"), await RowsAsync($"hangfire.jobqueue WHERE queue = '{Queues.Campaigns}' AND jobid IN (SELECT id FROM hangfire.job WHERE invocationdata ->> 'Type' = 'orchestration')")), Is.EqualTo((1L, 0L)));

        async Task<Guid> StopIdAsync()
        {
            await using var connection = await _core.Database.DataSource.OpenConnectionAsync();
            return await connection.ExecuteScalarAsync<Guid>("SELECT id FROM stops");
        }
    }

    [TestCase("DELETE FROM hangfire.job", 1)]
    [TestCase("UPDATE hangfire.job SET statename = 'Failed'", 1)]
    [TestCase("UPDATE batches SET state = 'paused'; DELETE FROM hangfire.job", 0)]
    [TestCase("SELECT 1", 0)]
    public async Task A_batch_whose_job_is_gone_gets_another(string loss, int jobs)
    {
        await AcceptAsync(3, account: 0);
        await ExecuteAsync($"UPDATE batches SET created_at = created_at - interval '1 hour'; {loss}");
        var before = await RowsAsync("hangfire.job");

        await _core.Get<Sweep>().RescueAsync(CancellationToken.None);
        await _core.Get<Sweep>().RescueAsync(CancellationToken.None);

        Assert.That(await RowsAsync("hangfire.job") - before, Is.EqualTo(jobs));
    }

    /// <summary>Otherwise one row would have two ads: its mended one, and the run's.</summary>
    [Test]
    public async Task A_mended_row_whose_run_is_retried_in_that_very_moment_is_refused([Values] bool isRetried)
    {
        var row = _request.Row("row 1", _ => { });
        await FeedAsync(await AcceptAsync(BatchWorld.FileOf([row])));
        await ExecuteAsync("UPDATE orchestrations SET status = 'failed', completed_at = now()");
        row["campaign_name"] = "Mended";
        Task<BatchAcceptance> accepting;
        await using (var connection = await _core.Database.DataSource.OpenConnectionAsync())
        {
            await using var retry = await connection.BeginTransactionAsync();
            await connection.ExecuteAsync("UPDATE orchestrations SET status = 'queued', completed_at = NULL", transaction: retry);
            accepting = _core.Get<AcceptBatch>().OfJsonAsync(JsonSerializer.SerializeToElement(BatchWorld.FileOf([row])), null, "a test", dryRun: false, CancellationToken.None);
            await Eventually.TrueAsync(async () => await RowsAsync("pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == 1, () => "nobody waits for the run");
            await (isRetried ? retry.CommitAsync() : retry.RollbackAsync());
        }

        var accepted = await accepting;

        Assert.That(accepted, isRetried ? Is.InstanceOf<BatchAcceptance.Invalid>() : Is.InstanceOf<BatchAcceptance.Accepted>());
        if (accepted is BatchAcceptance.Invalid refused) Assert.That(refused.Errors.Rows.Single().Errors["row_id"].Single(), Does.StartWith("was sent before with other content").And.Contains("which is running"));
        Assert.That(await RowsAsync("batches"), Is.EqualTo(isRetried ? 1 : 2));
        Assert.That(await RowsAsync("orchestrations WHERE replaced_by IS NOT NULL"), Is.EqualTo(isRetried ? 0 : 1));
    }

    [Test]
    public async Task A_thousand_rows_are_judged_before_the_first_write()
    {
        var rows = BatchWorld.FileOf(Enumerable.Range(1, 1000).Select(index => _request.Row($"{index}", row => row["landing_url"] = index == 1000 ? "nowhere" : "https://example.com")));
        var watch = System.Diagnostics.Stopwatch.StartNew();

        var refused = await _core.Get<AcceptBatch>().OfJsonAsync(JsonSerializer.SerializeToElement(rows), null, "a test", dryRun: false, CancellationToken.None);

        TestContext.Progress.WriteLine($"1,000 rows judged in {watch.Elapsed.TotalSeconds:0.00} s");
        Assert.That(((BatchAcceptance.Invalid)refused).Errors.Rows.Single().Row, Is.EqualTo(1000));
        Assert.That(await RowsAsync("batches") + await RowsAsync("hangfire.job"), Is.Zero);
    }

    private async Task<Guid> AcceptAsync(int rows, int account, int? account2 = null, string prefix = "")
    {
        var file = BatchWorld.FileOf(Enumerable.Range(1, rows).Select(index => _request.Row($"{prefix}{Guid.NewGuid()}", row => row["social_account_id"] = $"{_accounts[account2 is { } other && index > rows / 2 ? other : account]}")));
        return await AcceptAsync(file);
    }

    private async Task<Guid> AcceptAsync(JsonObject file) =>
        ((BatchAcceptance.Accepted)await _core.Get<AcceptBatch>().OfJsonAsync(JsonSerializer.SerializeToElement(file), null, "a test", dryRun: false, CancellationToken.None)).BatchId;

    private Task<JobOutcome> FeedAsync(Guid batchId) => _core.Get<FeedBatches>().ExecuteAsync(batchId, CancellationToken.None);

    private async Task BreakConnectionsAsync(CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            try
            {
                await ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND random() < 0.3");
            }
            catch (NpgsqlException)
            {
                // One of the pool that it has broken itself.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(40), TimeProvider.System, CancellationToken.None);
        }
    }

    private async Task<IReadOnlyList<string>> BegunAsync()
    {
        await using var connection = await _core.Database.DataSource.OpenConnectionAsync();
        var rows = await connection.QueryAsync<(Guid Batch, Guid Account, long Count)>("SELECT batch_id, social_account_id, count(*) FROM batch_rows WHERE state = 'begun' GROUP BY 1, 2 ORDER BY 1, 2");
        return [.. rows.Select(row => $"{row.Batch} {Array.IndexOf(_accounts, row.Account)} {row.Count}")];
    }

    private Task<long> RowsAsync(string table) => _core.Database.DataSource.RowsAsync(table);

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = await _core.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(sql);
    }
}
