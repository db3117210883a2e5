using Dapper;
using MetaAdsJobs.Core.Clips;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Orchestrations.Outcomes;
using MetaAdsJobs.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace MetaAdsJobs.Tests.Orchestrations.Outcomes;

/// <summary>How runs end, counted per day.</summary>
[TestFixture]
public sealed class RunDaysTests
{
    private static readonly DateOnly Day = new(2026, 11, 20);
    private FakeTimeProvider _time = null!;
    private InProcess _core = null!;
    private Guid _account, _other, _clip;

    [SetUp]
    public async Task StartAsync()
    {
        _time = new(new DateTimeOffset(2026, 11, 20, 12, 0, 0, TimeSpan.Zero));
        _core = await InProcess.CreateAsync(_time);
        (_account, _other, _clip) = (await _core.AddAccountAsync(), await _core.AddAccountAsync("Europe/Madrid"), Guid.NewGuid());
        await _core.Get<ClipStore>().InsertAsync(new() { Id = _clip, Title = "A clip", ImageUrl = "https://example.com/a.jpg" }, CancellationToken.None);
    }

    [TearDown]
    public async Task StopAsync() => await _core.DisposeAsync();

    [Test]
    public async Task A_day_tells_how_many_ended_how_and_how_long_they_took()
    {
        for (var seconds = 1; seconds <= 21; seconds++) await EndAsync(_account, "succeeded", At(10), asked: seconds + 5, worked: seconds);
        await EndAsync(_other, "succeeded", At(10), asked: 1000, worked: 1000);
        await EndAsync(_account, "failed", At(11), asked: 5000, worked: 5000);
        await EndAsync(_other, "cancelled", At(11), asked: 5000, worked: null);

        await CountAsync();

        var (all, one) = (await ReadAsync(null, Day), await ReadAsync(_account, Day));
        Assert.That((all.Succeeded, all.Failed, all.Cancelled, all.IsClosed), Is.EqualTo((22, 1, 1, false)));
        Assert.That((one.Succeeded, one.Failed, one.Cancelled), Is.EqualTo((21, 1, 0)));
        Assert.That((one.AskedP50, one.AskedP95, one.WorkedP50, one.WorkedP95), Is.EqualTo((16.0, 25.0, 11.0, 20.0)), "of those that succeeded");
        Assert.That(all.WorkedP95, Is.EqualTo(20.95).Within(0.001), "of all runs together, not of the accounts' percentiles");
        Assert.That(all.CountedAt, Is.EqualTo(_time.GetUtcNow()));
    }

    [Test]
    public async Task A_run_counts_on_the_day_it_ended_and_not_on_the_one_it_was_asked_for()
    {
        await EndAsync(_account, "succeeded", new(2026, 11, 20, 0, 0, 0, TimeSpan.Zero), asked: 3600, worked: 3600);
        await EndAsync(_account, "succeeded", new DateTimeOffset(2026, 11, 20, 0, 0, 0, TimeSpan.Zero).AddMilliseconds(-1), asked: 60, worked: 60);

        await CountAsync();

        Assert.That(((await ReadAsync(_account, Day)).Succeeded, (await ReadAsync(_account, Day.AddDays(-1))).Succeeded), Is.EqualTo((1, 1)));
        Assert.That((await ReadAsync(_account, Day)).WorkedP50, Is.EqualTo(3600));
    }

    [Test]
    public async Task A_day_is_counted_until_a_quarter_past_midnight_and_never_again()
    {
        await EndAsync(_account, "succeeded", At(12), 1, 1);
        await CountAsync();
        _time.SetUtcNow(new(2026, 11, 21, 0, 14, 0, TimeSpan.Zero));
        await EndAsync(_account, "succeeded", At(23), 1, 1);
        await CountAsync();
        Assert.That(((await ReadAsync(null, Day)).Succeeded, (await ReadAsync(null, Day)).IsClosed), Is.EqualTo((2, false)), "an end was committed late");

        _time.SetUtcNow(new(2026, 11, 21, 0, 15, 0, TimeSpan.Zero));
        await CountAsync();
        await EndAsync(_account, "succeeded", At(23), 1, 1);
        await CountAsync();

        Assert.That(((await ReadAsync(null, Day)).Succeeded, (await ReadAsync(null, Day)).IsClosed), Is.EqualTo((2, true)));
        Assert.That((await ReadAsync(null, Day.AddDays(1))).Succeeded, Is.Zero);
    }

    [Test]
    public async Task After_days_of_silence_all_are_made_up_for_the_empty_ones_too()
    {
        await EndAsync(_account, "succeeded", At(12), 1, 1);
        await EndAsync(_account, "failed", At(12).AddDays(3), 1, 1);
        _time.Advance(TimeSpan.FromDays(9));

        Assert.That((await _core.Get<RunDayReader>().ListAsync(null, Day.AddDays(-2), Day.AddDays(9), CancellationToken.None)).Select(day => day.Day),
            Is.EqualTo([Day.AddDays(-2), Day.AddDays(-1)]), "before anything had ended there was nothing; from then on nothing is known yet");
        await CountAsync();

        var days = await _core.Get<RunDayReader>().ListAsync(_account, Day.AddDays(-2), Day.AddDays(20), CancellationToken.None);
        Assert.That(days.Select(day => (day.Day, day.Succeeded, day.Failed)), Is.EqualTo(Enumerable.Range(-2, 12).Select(n => (Day.AddDays(n), n == 0 ? 1 : 0, n == 3 ? 1 : 0))));
        Assert.That(days.Select(day => day.IsClosed), Is.EqualTo(Enumerable.Repeat(true, 11).Append(false)));
    }

    [Test]
    public async Task A_failure_that_is_retried_stays_a_failure_of_its_day_and_the_new_end_counts_on_its_own()
    {
        var id = await EndAsync(_account, "failed", At(9), asked: 100, worked: 100);
        await _core.Get<RetryOrchestration>().ExecuteAsync(id, "a person", CancellationToken.None);
        Assert.That((await CountedAsync()).Failed, Is.EqualTo(1), "before its first count");

        _time.Advance(TimeSpan.FromSeconds(40));
        await ExecuteAsync("UPDATE orchestrations SET status = 'succeeded', completed_at = @Now WHERE request_id = @id", new { id, Now = _time.GetUtcNow() });

        var day = await CountedAsync();
        Assert.That((day.Succeeded, day.Failed), Is.EqualTo((1, 1)));
        Assert.That((day.AskedP50, day.WorkedP50), Is.EqualTo((40.0, 40.0)), "since the retry");

        async Task<RunDay> CountedAsync()
        {
            await CountAsync();
            return await ReadAsync(_account, Day);
        }
    }

    [Test]
    public async Task Runs_that_only_validate_count_nowhere_not_even_when_retried()
    {
        var failed = await EndAsync(_account, "failed", At(9), 1, 1, request: """{"validate_only": "full"}""");
        await EndAsync(_account, "succeeded", At(9), 1, 1, request: """{"validate_only": "full"}""");
        await EndAsync(_account, "succeeded", At(9), 1, 1);
        await _core.Get<RetryOrchestration>().ExecuteAsync(failed, "a person", CancellationToken.None);

        await CountAsync();

        var day = await ReadAsync(null, Day);
        Assert.That((day.Succeeded, day.Failed), Is.EqualTo((1, 0)));
    }

    [Test]
    public async Task Two_sweeps_at_once_do_not_collide()
    {
        for (var day = 0; day < 30; day++) await EndAsync(_account, "succeeded", At(12).AddDays(-day), 1, 1);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(CountAsync)));
        await CountAsync();

        var days = await _core.Get<RunDayReader>().ListAsync(null, Day.AddDays(-29), Day, CancellationToken.None);
        Assert.That(days.Select(day => day.Succeeded), Is.EqualTo(Enumerable.Repeat(1, 30)));
        Assert.That(await _core.Database.DataSource.RowsAsync("run_days"), Is.EqualTo(60), "one of the account and one of all a day");
    }

    private Task CountAsync() => _core.Get<RunDays>().CountAsync(CancellationToken.None);

    private async Task<RunDay> ReadAsync(Guid? account, DateOnly day) => (await _core.Get<RunDayReader>().ListAsync(account, day, day, CancellationToken.None)).Single();

    private static DateTimeOffset At(int hour) => new(2026, 11, 20, hour, 0, 0, TimeSpan.Zero);

    private async Task<Guid> EndAsync(Guid account, string status, DateTimeOffset at, double asked, double? worked, string request = "{}")
    {
        var id = Guid.CreateVersion7(at);
        await ExecuteAsync("""
            INSERT INTO orchestrations (request_id, social_account_id, clip_id, campaign_name, request, requested_by, request_hash, status, accepted_at, started_at, completed_at)
            VALUES (@id, @account, @_clip, 'A campaign', @request::jsonb, 'tests', '\x00', @status, @at - make_interval(secs => @asked), @at - make_interval(secs => @worked), @at)
            """, new { id, account, _clip, request, status, at, asked, worked });
        return id;
    }

    private async Task ExecuteAsync(string sql, object parameters)
    {
        await using var connection = await _core.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(sql, parameters);
    }
}
