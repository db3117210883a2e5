using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.People;
using MetaAdsJobs.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace MetaAdsJobs.Tests.Api.People;

/// <summary>How long a session is one, whatever it was opened with.</summary>
[TestFixture]
public sealed class SessionEndTests
{
    private static readonly Caller Somebody = new($"{Guid.NewGuid():N}", Roles.Viewer, null, null);

    private readonly ShiftedTime _time = new();
    private ServiceProvider _core = null!;
    private SessionStore _sessions = null!;
    private CallerReader _callers = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _core = InProcess.Configure((await SharedServices.ForPages).Database.ConnectionString, _time);
        (_sessions, _callers) = (_core.GetRequiredService<SessionStore>(), _core.GetRequiredService<CallerReader>());
    }

    [OneTimeTearDown]
    public async Task StopAsync() => await _core.DisposeAsync();

    [Test]
    public async Task A_session_ends_after_twelve_hours_in_any_case()
    {
        foreach (var until in (DateTimeOffset?[])[null, _time.GetUtcNow().AddDays(30)])
        {
            var session = await _sessions.OpenAsync(Somebody, "token", until, confirmedAt: null, "a browser", CancellationToken.None);
            Assert.That(session.ExpiresAt - session.ConfirmedAt, Is.EqualTo(TimeSpan.FromHours(12)));
            _time.Advance(TimeSpan.FromHours(12) - TimeSpan.FromMinutes(1));
            Assert.That(await _callers.FindBySessionAsync(session.Id, CancellationToken.None), Is.Not.Null, "used or not");
            _time.Advance(TimeSpan.FromMinutes(2));
            Assert.That(await _callers.FindBySessionAsync(session.Id, CancellationToken.None), Is.Null, "although it was used a moment ago");
            Assert.That((await _sessions.ListAsync(Somebody, after: null, 200, CancellationToken.None)).Select(one => one.Id), Has.No.Member(session.Id));
        }
    }

    [Test]
    public async Task A_session_that_was_opened_with_a_token_ends_when_that_does()
    {
        var session = await _sessions.OpenAsync(Somebody, "token", _time.GetUtcNow().AddHours(1), confirmedAt: null, "a browser", CancellationToken.None);
        _time.Advance(TimeSpan.FromMinutes(59));
        Assert.That(await _callers.FindBySessionAsync(session.Id, CancellationToken.None), Is.Not.Null);
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.That(await _callers.FindBySessionAsync(session.Id, CancellationToken.None), Is.Null);
    }

    [Test]
    public async Task A_browser_that_calls_itself_at_length_is_let_in_and_not_cut_within_a_character()
    {
        var caller = Somebody with { Name = $"{Guid.NewGuid():N}" };
        await _sessions.OpenAsync(caller, "token", until: null, confirmedAt: null, $"{new string('x', 299)}🚀 and more", CancellationToken.None);
        Assert.That((await _sessions.ListAsync(caller, after: null, 200, CancellationToken.None)).Single().Browser, Is.EqualTo(new string('x', 299)));
    }

    /// <summary>Else a program that signs in again and again would hide one that somebody has stolen and let idle.</summary>
    [Test]
    public async Task However_many_were_opened_since_an_old_session_is_listed_first_and_all_of_them_by_pages()
    {
        var caller = Somebody with { Name = $"{Guid.NewGuid():N}" };
        List<Guid> opened = [];
        for (var no = 0; no < 205; no++)
        {
            opened.Add((await _sessions.OpenAsync(caller, "token", until: null, confirmedAt: null, "a browser", CancellationToken.None)).Id);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        List<Guid> listed = [];
        while (await _sessions.ListAsync(caller, listed.Count == 0 ? null : listed[^1], 100, CancellationToken.None) is { Count: > 0 } page) listed.AddRange(page.Select(session => session.Id));
        Assert.That(listed, Is.EqualTo(opened));
    }

    [Test]
    public async Task What_was_over_long_ago_is_kept_no_more()
    {
        var time = new ShiftedTime();
        await using var core = await InProcess.CreateAsync(time);
        var sessions = core.Get<SessionStore>();
        for (var no = 0; no < 3; no++) await sessions.OpenAsync(Somebody, "token", until: null, confirmedAt: null, "a browser", CancellationToken.None);
        time.Advance(TimeSpan.FromDays(30));
        await sessions.OpenAsync(Somebody, "token", until: null, confirmedAt: null, "a browser", CancellationToken.None);
        Assert.That(await core.Database.DataSource.RowsAsync("sessions"), Is.EqualTo(4));
        time.Advance(TimeSpan.FromDays(1));
        await sessions.OpenAsync(Somebody, "token", until: null, confirmedAt: null, "a browser", CancellationToken.None);
        Assert.That(await core.Database.DataSource.RowsAsync("sessions"), Is.EqualTo(2));
    }
}
