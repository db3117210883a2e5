using System.Text.Json;
using MetaAdsJobs.Core.Clips;
using MetaAdsJobs.Core.Jobs.Recurring;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.People;
using MetaAdsJobs.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace MetaAdsJobs.Tests.Jobs;

[TestFixture]
public sealed class SweepTests
{
    private FakeTimeProvider _time = null!;
    private InProcess _core = null!;
    private Guid _requestId;

    [SetUp]
    public async Task AcceptAsync()
    {
        _time = new(new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero));
        _core = await InProcess.CreateAsync(_time);
        var accountId = await _core.AddAccountAsync();
        var clip = new Clip { Id = Guid.NewGuid(), Title = "A clip", ImageUrl = "https://example.com/a.jpg" };
        await _core.Get<ClipStore>().InsertAsync(clip, CancellationToken.None);
        var body = JsonSerializer.SerializeToElement(ApiClient.Request(accountId.ToString(), clip.Id.ToString()));
        _requestId = ((Acceptance.Accepted)await _core.Get<AcceptOrchestration>().ExecuteAsync(body, "a test", null, CancellationToken.None)).RequestId;
    }

    [TearDown]
    public async Task DisposeAsync() => await _core.DisposeAsync();

    [TestCase("DELETE FROM hangfire.job")]
    [TestCase("UPDATE hangfire.job SET statename = 'Deleted'")]
    [TestCase("UPDATE hangfire.job SET statename = 'Failed'")]
    public async Task A_request_whose_job_is_gone_gets_a_new_one_after_a_minute(string loss)
    {
        await ExecuteAsync(loss);

        await SweepAsync();
        Assert.That(await JobsAsync(), Is.Zero, "too early: the job may be on its way");
        _time.Advance(TimeSpan.FromMinutes(2));
        await SweepAsync();
        await SweepAsync();

        Assert.That(await JobsAsync(), Is.EqualTo(1), "one new job, and not another with the next sweep");
    }

    [Test]
    public async Task A_request_whose_job_waits_in_a_long_queue_is_left_alone()
    {
        _time.Advance(TimeSpan.FromHours(5));
        await SweepAsync();

        Assert.That(await JobsAsync(), Is.EqualTo(1));
    }

    [TestCase("status = 'succeeded'")]
    [TestCase("next_attempt_at = '2026-11-22T13:00:00Z', status = 'waiting'")]
    [TestCase("lease_until = '2026-11-22T13:00:00Z', status = 'running'")]
    public async Task A_request_that_has_ended_or_is_cared_for_gets_no_job(string state)
    {
        await ExecuteAsync($"DELETE FROM hangfire.job; UPDATE orchestrations SET {state}");
        _time.Advance(TimeSpan.FromMinutes(30));

        await SweepAsync();

        Assert.That(await JobsAsync(), Is.Zero);
    }

    [TestCase("activations", "orchestration", TestName = "{m}(stops)")]
    [TestCase("orchestrations", "stop", TestName = "{m}(orchestrations)")]
    public async Task What_cannot_be_looked_for_keeps_nothing_else_from_being_rescued(string broken, string rescued)
    {
        await ExecuteAsync("DELETE FROM hangfire.job; INSERT INTO stops (id, social_account_id, stopped_at, stopped_by, job_id) SELECT gen_random_uuid(), id, '2026-11-22T12:00:00Z', 'a test', '999' FROM social_accounts");
        _time.Advance(TimeSpan.FromMinutes(2));
        await ExecuteAsync($"ALTER TABLE {broken} RENAME TO lost");

        Assert.That(SweepAsync, Throws.InstanceOf<AggregateException>());

        Assert.That(await _core.Database.DataSource.RowsAsync($"hangfire.job WHERE statename = 'Enqueued' AND invocationdata::text LIKE '%\"{rescued}\"%'"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_key_is_told_to_have_expired_once_and_not_before_its_time()
    {
        var user = (PeopleSaved<User>.Done)await _core.Get<SaveUser>().CreateAsync(JsonElement.Parse("""{"name":"Ann","mail":"ann@example.com","role":"manager"}"""), "a test", CancellationToken.None);
        Assert.That(await _core.Get<ApiKeyStore>().CreateAsync(user.Value.Id, JsonElement.Parse("""{"name":"laptop","expires_at":"2026-11-22T13:00:00Z"}"""), "a test", CancellationToken.None), Is.InstanceOf<PeopleSaved<ApiKey>.Done>());
        await SweepAsync();
        Assert.That(await _core.Database.DataSource.RowsAsync("recorded_acts WHERE action = 'expired'"), Is.Zero);
        _time.Advance(TimeSpan.FromMinutes(61));
        for (var sweep = 0; sweep < 2; sweep++) await SweepAsync();
        Assert.That(await _core.Database.DataSource.RowsAsync("recorded_acts WHERE action = 'expired' AND kind = 'key' AND object_name = 'laptop' AND person = 'service'"), Is.EqualTo(1));
    }

    private Task SweepAsync() => _core.Get<Sweep>().RescueAsync(CancellationToken.None);

    private Task<long> JobsAsync() => _core.Database.DataSource.RowsAsync($"hangfire.job j WHERE j.statename = 'Enqueued' AND j.arguments::text LIKE '%{_requestId}%'");

    private async Task ExecuteAsync(string sql)
    {
        await using var command = _core.Database.DataSource.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
