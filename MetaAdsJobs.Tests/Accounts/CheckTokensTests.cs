using Dapper;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Accounts.Tokens;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace MetaAdsJobs.Tests.Accounts;

[TestFixture]
public sealed class CheckTokensTests
{
    private FakeTimeProvider _time = null!;
    private TestDatabase _graphDatabase = null!;
    private GraphServer _graph = null!;
    private InProcess _core = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _time = new(TimeProvider.System.GetUtcNow());
        _graphDatabase = await TestDatabase.CreateAsync();
        _graph = await GraphServer.StartAsync(_graphDatabase.DataSource, _time);
        _core = await InProcess.CreateAsync(_time, [.. Live(), ("META_APP_ID", "4711"), ("META_APP_SECRET", "the app's secret")]);
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _core.DisposeAsync();
        await _graph.DisposeAsync();
        await _graphDatabase.DisposeAsync();
    }

    [Test]
    public async Task What_Meta_says_of_a_token_is_stored_and_shown()
    {
        var good = await AddAsync("a token");
        var soon = await AddAsync($"EXPIRES_{_time.GetUtcNow().AddDays(3).ToUnixTimeSeconds()}");
        var expired = await AddAsync("EXPIRED since long");
        var weak = await AddAsync("FORBIDDEN");

        Assert.That(await CheckAsync(), Is.InstanceOf<JobOutcome.Completed>());

        var (one, two, three, four) = (await FindAsync(good), await FindAsync(soon), await FindAsync(expired), await FindAsync(weak));
        Assert.Multiple(() =>
        {
            Assert.That((one.TokenCheckedAt, one.TokenRejectedAt), Is.EqualTo(((DateTimeOffset?)_time.GetUtcNow(), (DateTimeOffset?)null)).Using<DateTimeOffset?>((a, b) => (a - b)?.Duration() < TimeSpan.FromMilliseconds(1) || a == b));
            Assert.That(one.TokenScopes, Does.Contain("ads_management"));
            Assert.That(two.TokenExpiresAt, Is.EqualTo(_time.GetUtcNow().AddDays(3)).Within(TimeSpan.FromSeconds(1)));
            Assert.That(two.TokenRejectedAt, Is.Null);
            Assert.That(three.TokenRejectedAt, Is.Not.Null);
            Assert.That(three.TokenRejection, Does.Contain("give the account a new one").And.Not.Contain("EXPIRED since long"));
            Assert.That(four.TokenScopes, Is.EqualTo(["public_profile"]));
        });
        Assert.That(await _core.Get<AccountHealth>().ReadAsync(CancellationToken.None), Is.EqualTo(("1 rejected, 1 expire within 7 days", "ok")));
    }

    [Test]
    public async Task The_app_asks_and_the_account_does_not()
    {
        await AddAsync("a token");
        await CheckAsync();
        var call = Inspections.Single();
        Assert.That((call.Path, call["input_token"], call.HasAuthorization, call.HasTokenInUrl), Is.EqualTo(("debug_token", "a token", true, false)));
    }

    [Test]
    public async Task A_new_accounts_currency_is_read_once_with_the_check_of_its_token()
    {
        var (right, wrong, unread) = (await AddAsync("token 1"), await AddAsync("token 2"), await AddAsync("token 3"));
        await using (var connection = await _graphDatabase.DataSource.OpenConnectionAsync())
            await connection.ExecuteAsync("INSERT INTO stub_graph.ad_accounts VALUES (@Id, 'In yen', 'JPY', 'America/New_York')", new { Id = (await FindAsync(wrong)).AdAccountId[4..] });
        var silent = (await FindAsync(unread)).AdAccountId;
        _graph.Faults.Always(call => call.Path == silent, GraphFaults.Refused(100));

        Assert.That(await CheckAsync(), Is.InstanceOf<JobOutcome.Completed>());

        Assert.That(((await FindAsync(right)).MetaCurrency, (await FindAsync(wrong)).MetaCurrency, (await FindAsync(unread)).MetaCurrency), Is.EqualTo(("USD", "JPY", (string?)null)));
        Assert.That(await _core.Database.DataSource.RowsAsync("social_accounts WHERE token_checked_at IS NOT NULL"), Is.EqualTo(3), "no token is less checked for it");
        var reads = _graph.Calls.Count(call => call.Path.StartsWith("act_", StringComparison.Ordinal));
        _time.Advance(TimeSpan.FromHours(24));
        await CheckAsync();
        Assert.That(_graph.Calls.Count(call => call.Path.StartsWith("act_", StringComparison.Ordinal)), Is.EqualTo(reads + 2), "the confirmed one is not asked again");
    }

    [Test]
    public async Task A_token_that_never_expires_has_no_expiry()
    {
        var id = await AddAsync("a token");
        _graph.Faults.Add(_ => true, GraphFaults.Says("""{"data":{"is_valid":true,"expires_at":0,"scopes":["ads_management"]}}"""));
        await CheckAsync();
        Assert.That(((await FindAsync(id)).TokenExpiresAt, (await FindAsync(id)).TokenCheckedAt), Is.EqualTo(((DateTimeOffset?)null, (await FindAsync(id)).TokenCheckedAt)));
        Assert.That((await FindAsync(id)).TokenCheckedAt, Is.Not.Null);
    }

    [Test]
    public async Task A_token_that_is_valid_again_sends_the_accounts_jobs_on()
    {
        var id = await AddAsync("a token");
        await _core.Get<AccountStore>().RejectTokenAsync(id, await StoredAsync(id), "checkpoint", CancellationToken.None);
        var request = await WaitingAsync(id);

        await CheckAsync();

        Assert.That((await FindAsync(id)).TokenRejectedAt, Is.Null);
        Assert.That(await _core.Database.DataSource.RowsAsync($"hangfire.job WHERE arguments::text LIKE '%{request}%'"), Is.EqualTo(1));
    }

    [Test]
    public async Task A_run_that_was_killed_half_way_goes_on_with_the_rest_and_tomorrow_with_all()
    {
        for (var account = 0; account < 5; account++) await AddAsync($"token {account}");
        using var killed = new CancellationTokenSource();
        _graph.Faults.Add(call => call.Path == "debug_token" && Inspections.Count == 3, async (_, _, act) =>
        {
            await killed.CancelAsync();
            return await act();
        });
        await Assert.ThatAsync(() => _core.Get<CheckTokens>().ExecuteAsync(null, killed.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(await _core.Database.DataSource.RowsAsync("social_accounts WHERE token_checked_at IS NOT NULL"), Is.EqualTo(2));

        await CheckAsync();
        Assert.That(Inspections, Has.Count.EqualTo(3 + 3));
        await CheckAsync();
        Assert.That(Inspections, Has.Count.EqualTo(6), "all were checked today");
        _time.Advance(TimeSpan.FromHours(24));
        await CheckAsync();
        Assert.That(Inspections, Has.Count.EqualTo(11));
    }

    [Test]
    public async Task One_account_that_cannot_be_checked_does_not_stop_the_others()
    {
        for (var account = 0; account < 3; account++) await AddAsync($"token {account}");
        var unreadable = await AddAsync("x");
        await using (var connection = await _core.Database.DataSource.OpenConnectionAsync())
            await connection.ExecuteAsync("UPDATE social_accounts SET access_token = 'no ciphertext' WHERE id = @unreadable", new { unreadable });
        _graph.Faults.Always(call => call["input_token"] == "token 1", GraphFaults.Refused(100));

        Assert.That(await CheckAsync(), Is.InstanceOf<JobOutcome.Completed>());

        Assert.That(await _core.Database.DataSource.RowsAsync("social_accounts WHERE token_checked_at IS NOT NULL"), Is.EqualTo(2));
        Assert.That(await _core.Database.DataSource.RowsAsync("social_accounts WHERE token_rejected_at IS NOT NULL"), Is.Zero, "nobody knows");
    }

    [Test]
    public async Task A_throttled_check_waits_as_long_as_Meta_says()
    {
        await AddAsync("a token");
        _graph.Faults.Add(_ => true, GraphFaults.ThrottledFor(TimeSpan.FromSeconds(200)));
        var snoozed = await CheckAsync() as JobOutcome.Snoozed;
        Assert.That(snoozed?.Until, Is.EqualTo(_time.GetUtcNow().AddSeconds(200)));
    }

    [Test]
    public async Task An_app_that_Meta_refuses_condemns_no_account()
    {
        var id = await AddAsync("a token");
        _graph.Faults.Always(_ => true, GraphFaults.Refused(190, status: 401));
        var stopped = await CheckAsync() as JobOutcome.Stopped;
        Assert.That(stopped?.Reason, Does.Contain("META_APP_ID").And.Not.Contain("the app's secret"));
        Assert.That((await FindAsync(id)).TokenRejectedAt, Is.Null);
    }

    [Test]
    public async Task What_was_said_of_an_older_token_is_not_held_against_a_new_one()
    {
        var id = await AddAsync("EXPIRED");
        _graph.Faults.Add(_ => true, async (_, _, act) =>
        {
            var account = await FindAsync(id);
            await _core.Get<AccountStore>().UpdateAsync(account, _core.Get<AccountTokens>().Close("a new token"), unblock: false, account, CancellationToken.None);
            return await act();
        });
        await CheckAsync();
        Assert.That(((await FindAsync(id)).TokenRejectedAt, (await FindAsync(id)).TokenCheckedAt), Is.EqualTo(((DateTimeOffset?)null, (DateTimeOffset?)null)));
    }

    [Test]
    public async Task Without_the_apps_secret_nobody_is_asked()
    {
        await using var core = await InProcess.CreateAsync(_time, [.. Live(), ("META_APP_ID", "4711")]);
        await core.AddAccountAsync();
        Assert.That(await core.Get<CheckTokens>().ExecuteAsync(null, CancellationToken.None), Is.InstanceOf<JobOutcome.Completed>());
        Assert.That(_graph.Calls, Is.Empty);
    }

    [TestCase("{}")]
    [TestCase("[]")]
    [TestCase("""{"data":[]}""")]
    [TestCase("""{"data":{"is_valid":"yes"}}""")]
    public async Task An_answer_that_does_not_say_whether_the_token_is_valid_changes_nothing(string json)
    {
        var id = await AddAsync("a token");
        _graph.Faults.Always(_ => true, GraphFaults.Says(json));
        await CheckAsync();
        Assert.That(((await FindAsync(id)).TokenRejectedAt, (await FindAsync(id)).TokenCheckedAt), Is.EqualTo(((DateTimeOffset?)null, (DateTimeOffset?)null)));
    }

    private (string, string)[] Live() => [("META_ADS_MODE", "live"), ("META_GRAPH_URL", _graph.BaseUrl), ("DATA_PROTECTION_KEY", Convert.ToBase64String(new byte[32]))];

    private Task<JobOutcome> CheckAsync() => _core.Get<CheckTokens>().ExecuteAsync(null, CancellationToken.None);

    private async Task<SocialAccount> FindAsync(Guid id) => (await _core.Get<AccountStore>().FindAsync(id, CancellationToken.None))!;

    private async Task<string> StoredAsync(Guid id)
    {
        await using var connection = await _core.Database.DataSource.OpenConnectionAsync();
        return (await connection.ExecuteScalarAsync<string>("SELECT access_token FROM social_accounts WHERE id = @id", new { id }))!;
    }

    private async Task<Guid> AddAsync(string token)
    {
        var id = await _core.AddAccountAsync();
        await using var connection = await _core.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync("UPDATE social_accounts SET access_token = @token WHERE id = @id", new { id, token = _core.Get<AccountTokens>().Close(token) });
        return id;
    }

    private List<RecordedCall> Inspections => [.. _graph.Calls.Where(call => call.Path == "debug_token")];

    private async Task<Guid> WaitingAsync(Guid account)
    {
        await using var connection = await _core.Database.DataSource.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<Guid>("""
            WITH clip AS (INSERT INTO clips (id, title, image_url, created_at) VALUES (gen_random_uuid(), 'A clip', 'https://example.com/x.jpg', now()) RETURNING id)
            INSERT INTO orchestrations (request_id, social_account_id, clip_id, campaign_name, request, requested_by, request_hash, status, accepted_at)
            SELECT gen_random_uuid(), @account, id, 'Sale', '{}', 'tests', '', 'waiting', now() FROM clip RETURNING request_id
            """, new { account });
    }
}
