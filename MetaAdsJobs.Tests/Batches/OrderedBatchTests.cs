using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Core.Batches;
using MetaAdsJobs.Core.Clips;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Tests.Api.Batches;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Batches;

/// <summary>What orders of a batch do to its runs, and to other batches, without anybody who runs them.</summary>
[TestFixture]
public sealed class OrderedBatchTests
{
    private InProcess _core = null!;
    private Guid[] _accounts = [];
    private JsonObject _request = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _core = await InProcess.CreateAsync();
        _accounts = [await _core.AddAccountAsync(), await _core.AddAccountAsync()];
        var clip = new Clip { Id = Guid.NewGuid(), Title = "A clip", ImageUrl = "https://example.com/a.jpg" };
        await _core.Get<ClipStore>().InsertAsync(clip, CancellationToken.None);
        _request = ApiClient.Request($"{_accounts[0]}", $"{clip.Id}");
    }

    [TearDown]
    public async Task DisposeAsync() => await _core.DisposeAsync();

    /// <summary>Whatever a worker does next, it finds the cancel. The batch's job only has those looked at whose own jobs snooze.</summary>
    [Test]
    public async Task A_cancel_is_that_of_each_run_in_the_same_commit_and_what_is_retried_afterwards_goes_on()
    {
        var batch = await AcceptAsync(BatchWorld.FileOf(Enumerable.Range(1, 5).Select(index => _request.Row($"{index}"))));
        await FeedAsync(batch);
        await ExecuteAsync($"""
            UPDATE orchestrations SET status = 'failed', completed_at = now() WHERE request_id = {RunOf(1)};
            UPDATE orchestrations SET status = 'waiting', next_attempt_at = now() + interval '1 day' WHERE request_id = {RunOf(2)};
            UPDATE orchestrations SET status = 'running', ending = 'failed' WHERE request_id = {RunOf(3)};
            UPDATE orchestrations SET cancel_requested = true, ordered_by = 'bob' WHERE request_id = {RunOf(4)}
            """);

        Assert.That(await _core.Get<OrderBatch>().CancelAsync(batch, "ann", CancellationToken.None), Is.InstanceOf<Change.Done>());
        Assert.That(await ListAsync<string>("SELECT concat(r.row, ' ', o.ordered_by) FROM orchestrations o JOIN batch_rows r USING (request_id) WHERE o.cancel_requested ORDER BY r.row"), Is.EqualTo((string[])["2 ann", "4 bob", "5 ann"]));

        var jobs = await JobsAsync();
        await FeedAsync(batch);
        await FeedAsync(batch);
        Assert.That(await JobsAsync() - jobs, Is.EqualTo(2), "one for each that was cancelled with it");

        var failed = (await ListAsync<Guid>($"SELECT {RunOf(1)}")).Single();
        Assert.That(await _core.Get<RetryOrchestration>().ExecuteAsync(failed, "bob", CancellationToken.None), Is.InstanceOf<Change.Done>());
        Assert.That(await FeedAsync(batch), Is.InstanceOf<JobOutcome.Snoozed>(), "it has not ended");
        Assert.That(await ListAsync<string>($"SELECT concat(status, ' ', cancel_requested, ' ', ordered_by) FROM orchestrations WHERE request_id = '{failed}'"), Is.EqualTo((string[])["queued f bob"]));
    }

    /// <summary>Perhaps nobody may ever resume that one; behind a person's pause it waits, and is told so.</summary>
    [Test]
    public async Task What_waits_behind_a_batch_that_was_paused_by_itself_takes_its_place([Values] bool byItself)
    {
        var file = BatchWorld.FileOf(_request.Row("1"), _request.Row("2"));
        var (first, second, third) = (await AcceptAsync(file), await AcceptAsync(file), await AcceptAsync(file));
        await PauseAsync(first, byItself);
        var rows = await _core.Get<BatchReader>().ListRowsAsync(second, 0, 10, state: null, CancellationToken.None);
        Assert.That(rows.Select(row => (row.State, row.WaitsFor)), Is.All.EqualTo(("waiting", "the same row of another batch, which was sent before and is paused: somebody who may has to resume or cancel it")));

        // Once to take the places, once to let them in; and the third comes too late.
        foreach (var batch in (Guid[])[second, second, third]) await FeedAsync(batch);

        Assert.That(await _core.Database.DataSource.RowsAsync("orchestrations"), Is.EqualTo(byItself ? 2 : 0));
        Assert.That(await StatesAsync(first, second, third), Is.EqualTo(byItself ? (string[])["again of 2", "begun", "again of 2"] : ["waiting", "again of 1", "again of 1"]));
        Assert.That(await _core.Get<OrderBatch>().ResumeAsync(first, "ann", CancellationToken.None), Is.InstanceOf<Change.Done>());
        await FeedAsync(first);
        Assert.That(await _core.Database.DataSource.RowsAsync("orchestrations"), Is.EqualTo(2), "each once");
        Assert.That(await _core.Database.DataSource.RowsAsync("batch_rows WHERE holds"), Is.EqualTo(2));
    }

    [Test]
    public async Task What_was_sent_again_waits_in_a_running_batch_rather_than_in_a_paused_one_when_the_first_is_cancelled()
    {
        var file = BatchWorld.FileOf(_request.Row("1"), _request.Row("2"));
        var (first, second, third) = (await AcceptAsync(file), await AcceptAsync(file), await AcceptAsync(file));
        await PauseAsync(second, byItself: false);
        await _core.Get<OrderBatch>().CancelAsync(first, "ann", CancellationToken.None);
        Assert.That(await StatesAsync(first, second, third), Is.EqualTo((string[])["cancelled", "again of 3", "waiting"]));
    }

    /// <summary>Whichever of the two comes first.</summary>
    [TestCase(0)]
    [TestCase(1)]
    public async Task An_account_whose_rows_cannot_be_judged_keeps_no_other_from_its_turn(int broken)
    {
        var batch = await AcceptAsync(BatchWorld.FileOf(_accounts.Select(account => _request.Row("1", row => row["social_account_id"] = $"{account}"))));
        await ExecuteAsync($"UPDATE batch_rows SET sent = '[]' WHERE social_account_id = '{_accounts[broken]}'");

        Assert.That(() => FeedAsync(batch), Throws.InvalidOperationException);

        Assert.That(await ListAsync<Guid>("SELECT social_account_id FROM batch_rows WHERE state = 'begun'"), Is.EqualTo((Guid[])[_accounts[1 - broken]]));
        await ExecuteAsync("UPDATE batch_rows r SET sent = o.sent || jsonb_build_object('social_account_id', r.social_account_id) FROM batch_rows o WHERE r.sent = '[]' AND o.sent <> '[]'");
        await FeedAsync(batch);
        Assert.That(await _core.Database.DataSource.RowsAsync("batch_rows WHERE state = 'begun'"), Is.EqualTo(2), "mended");
    }

    private async Task PauseAsync(Guid batch, bool byItself)
    {
        if (!byItself)
        {
            Assert.That(await _core.Get<OrderBatch>().PauseAsync(batch, "ann", CancellationToken.None), Is.InstanceOf<Change.Done>());
            return;
        }

        var key = Guid.NewGuid();
        await ExecuteAsync($"UPDATE batches SET requested_key = '{key}' WHERE batch_id = '{batch}'");
        await using var connection = await _core.Database.DataSource.OpenConnectionAsync();
        await BatchesOfUsers.PauseOfKeyAsync(connection, null, key, DateTimeOffset.UnixEpoch, CancellationToken.None);
    }

    // How the rows of each stand, and of which batch they are the same.
    private async Task<IReadOnlyList<string>> StatesAsync(params Guid[] batches)
    {
        var states = new List<string>();
        foreach (var batch in batches)
        {
            var rows = await ListAsync<(string State, Guid? OfBatch, bool IsInOrder)>($"SELECT state, of_batch, of_row IS NULL OR of_row = row FROM batch_rows WHERE batch_id = '{batch}'");
            Assert.That(rows.Select(row => row.IsInOrder), Is.All.True);
            states.Add(string.Join(", ", rows.Select(row => row.OfBatch is { } of ? $"{row.State} of {Array.IndexOf(batches, of) + 1}" : row.State).Distinct()));
        }

        return states;
    }

    // Of the only batch with runs.
    private static string RunOf(int row) => $"(SELECT request_id FROM batch_rows WHERE row = {row} AND state = 'begun')";

    private Task<long> JobsAsync() => _core.Database.DataSource.RowsAsync("hangfire.job WHERE invocationdata ->> 'Type' = 'orchestration'");

    private async Task<Guid> AcceptAsync(JsonObject file) =>
        ((BatchAcceptance.Accepted)await _core.Get<AcceptBatch>().OfJsonAsync(JsonSerializer.SerializeToElement(file), null, "a test", dryRun: false, CancellationToken.None)).BatchId;

    private Task<JobOutcome> FeedAsync(Guid batchId) => _core.Get<FeedBatches>().ExecuteAsync(batchId, CancellationToken.None);

    private async Task<IReadOnlyList<T>> ListAsync<T>(string sql)
    {
        await using var connection = await _core.Database.DataSource.OpenConnectionAsync();
        return (await connection.QueryAsync<T>(sql)).AsList();
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = await _core.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(sql);
    }
}
