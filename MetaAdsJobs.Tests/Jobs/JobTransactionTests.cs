using System.Text.Json;
using MetaAdsJobs.Core.Clips;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Jobs.Storage;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Tests.Support;
using Npgsql;

namespace MetaAdsJobs.Tests.Jobs;

/// <summary>Accepted is kept: a row and its job commit together, or neither exists.</summary>
[TestFixture]
public sealed class JobTransactionTests
{
    private InProcess _core = null!;

    [SetUp]
    public async Task CreateAsync() => _core = await InProcess.CreateAsync();

    [TearDown]
    public async Task DisposeAsync() => await _core.DisposeAsync();

    [Test]
    public async Task What_is_accepted_waits_for_the_disk_and_only_Hangfires_bookkeeping_does_not()
    {
        Assert.That(await ShowAsync(_core.Get<NpgsqlDataSource>()), Is.EqualTo("on"));
        Assert.That(await ShowAsync(_core.GetKeyed<NpgsqlDataSource>(Connections.OfJobServer)), Is.EqualTo("off"));

        static async Task<object?> ShowAsync(NpgsqlDataSource dataSource)
        {
            await using var command = dataSource.CreateCommand("SHOW synchronous_commit");
            return await command.ExecuteScalarAsync();
        }
    }

    [Test]
    public async Task A_rollback_leaves_neither_row_nor_job()
    {
        var id = Guid.CreateVersion7();
        using (JobTransaction.Begin())
        {
            _core.Get<IJobQueue>().EnqueueOrchestration(id);
            await InsertSomethingAsync();
        }

        Assert.That(await _core.Database.DataSource.RowsAsync("hangfire.job"), Is.Zero);
        Assert.That(await _core.Database.DataSource.RowsAsync("hangfire.jobqueue"), Is.Zero);
        Assert.That(await _core.Database.DataSource.RowsAsync("clips"), Is.Zero);
    }

    [Test]
    public async Task A_commit_keeps_both_and_nobody_sees_the_job_before_it()
    {
        using (var transaction = JobTransaction.Begin())
        {
            _core.Get<IJobQueue>().EnqueueOrchestration(Guid.CreateVersion7());
            await InsertSomethingAsync();
            using (new System.Transactions.TransactionScope(System.Transactions.TransactionScopeOption.Suppress, System.Transactions.TransactionScopeAsyncFlowOption.Enabled))
                Assert.That(await _core.Database.DataSource.RowsAsync("hangfire.jobqueue"), Is.Zero, "the job was seen before the commit");
            transaction.Complete();
        }

        Assert.That(await _core.Database.DataSource.RowsAsync("hangfire.jobqueue"), Is.EqualTo(1));
        Assert.That(await _core.Database.DataSource.RowsAsync("clips"), Is.EqualTo(1));
    }

    [Test]
    public async Task An_insert_that_fails_takes_the_job_with_it()
    {
        var accountId = await _core.AddAccountAsync();
        await InsertSomethingAsync(out var clipId);
        await using (var broken = _core.Database.DataSource.CreateCommand("ALTER TABLE orchestrations ADD CONSTRAINT none CHECK (false) NOT VALID"))
            await broken.ExecuteNonQueryAsync();
        var body = JsonSerializer.SerializeToElement(ApiClient.Request(accountId.ToString(), clipId.ToString()));

        await Assert.ThrowsAsync<Npgsql.PostgresException>(() => _core.Get<AcceptOrchestration>().ExecuteAsync(body, "a test", null, CancellationToken.None));

        Assert.That(await _core.Database.DataSource.RowsAsync("hangfire.job"), Is.Zero);
        Assert.That(await _core.Database.DataSource.RowsAsync("orchestrations"), Is.Zero);
    }

    private Task InsertSomethingAsync() => InsertSomethingAsync(out _);

    private Task InsertSomethingAsync(out Guid id)
    {
        id = Guid.NewGuid();
        return _core.Get<ClipStore>().InsertAsync(new() { Id = id, Title = "A clip", ImageUrl = "https://example.com/a.jpg" }, CancellationToken.None);
    }
}
