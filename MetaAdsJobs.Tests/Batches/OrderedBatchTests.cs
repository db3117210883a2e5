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
