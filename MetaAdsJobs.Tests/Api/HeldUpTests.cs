using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Tests.Api.Budgets;
using MetaAdsJobs.Tests.Api.People;
using MetaAdsJobs.Tests.Support;
using Npgsql;

namespace MetaAdsJobs.Tests.Api;

/// <summary>What one caller can use up, others still have, and a stop first of all.</summary>
[TestFixture, HasServiceAlone]
public sealed class HeldUpTests
{
    private const int TooMany = SharedServices.FewCallsPerSecond * 10;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);
    private Service _service = null!;
    private ApiClient _admin = null!;
    private string _account = "";

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await SharedServices.WithFewOfEverything;
        _admin = _service.Client("admin", "an owner");
        _account = await _admin.AddAccountAsync();
    }

    [OneTimeTearDown]
    public void Stop() => _admin.Dispose();

    [Test]
    public async Task Starts_that_wait_hold_up_no_stop_and_are_counted_as_calls_are()
    {
        var stopped = await _admin.AddAccountAsync();
        await _admin.PostAsync($"/meta/accounts/{stopped}/stop");
        var starting = Enumerable.Range(0, 5).Select(n => _service.Client("manager", $"starter {n}")).ToList();
        await using (var held = await HeldAsync($"SELECT 1 FROM stops WHERE social_account_id = '{stopped}' FOR UPDATE"))
        {
            var starts = starting.Select(one => one.PostAsync($"/meta/accounts/{stopped}/start")).ToList();
            await Eventually.TrueAsync(async () => await _service.Database.DataSource.RowsAsync("pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") >= 4, () => "the starts do not wait");

            Assert.That((await _admin.PostAsync($"/meta/accounts/{_account}/stop").WaitAsync(Soon)).Code, Is.EqualTo(202));

            Assert.That(starts.Any(start => start.IsCompleted), Is.False, "they waited all the time");
            await held.LetGoAsync();
            Assert.That((await Task.WhenAll(starts)).Select(answer => answer.Code), Is.All.EqualTo(202));
        }

        starting.ForEach(one => one.Dispose());
        using var hasty = _service.Client("manager", "starting");
        var codes = await Task.WhenAll(Enumerable.Range(0, TooMany).Select(_ => hasty.PostAsync($"/meta/accounts/{stopped}/start")));
        Assert.That(codes.Select(answer => answer.Code).Distinct(), Is.EquivalentTo([202, 429]));
    }

    /// <summary>Whoever calls is looked up over few connections: what can be no key must not come so far, and health is asked by nobody.</summary>
    [Test]
    public async Task What_can_be_no_key_costs_no_look_at_the_database_and_health_none_at_all()
    {
        await using var held = await HeldAsync("LOCK TABLE api_keys IN ACCESS EXCLUSIVE MODE");
        foreach (var key in (string[])["maj_x", "maj_", $"maj_{new string('x', 42)}", $"maj_{new string('x', 44)}", $"maj_{new string('!', 43)}"])
        {
            using var stranger = Stranger("127.0.0.9", key);
            using var refused = await stranger.GetAsync("/meta/me").WaitAsync(Soon);
            Assert.That((int)refused.StatusCode, Is.EqualTo(401), key);
        }

        using var probe = Stranger("127.0.0.9", MadeUp());
        using var live = await probe.GetAsync("/health/live").WaitAsync(Soon);
        Assert.That((int)live.StatusCode, Is.EqualTo(200));
    }

    [Test]
    public async Task Who_tries_keys_is_held_up_before_they_are_looked_for_and_programs_at_the_same_address_go_on()
    {
        var (program, _, _, _, secret) = await _service.ProgramAsync(_admin, "viewer");
        program.Dispose();
        using var good = Stranger("127.0.0.10", secret);
        using (var first = await good.GetAsync("/meta/me")) Assert.That((int)first.StatusCode, Is.EqualTo(200));
        var tried = new List<(int Code, string? After)>();
        for (var n = 0; n < SharedServices.FewSignIns + 5; n++)
        {
            using var guess = Stranger("127.0.0.10", MadeUp());
            using var answer = await guess.GetAsync("/meta/me");
            tried.Add(((int)answer.StatusCode, answer.Headers.RetryAfter?.ToString()));
        }

        Assert.That(tried.Select(one => one.Code).Distinct(), Is.EqualTo([401, 429]));
        Assert.That(tried.Where(one => one.Code == 429).Select(one => one.After), Has.None.Null);
        await using (await HeldAsync("LOCK TABLE api_keys IN ACCESS EXCLUSIVE MODE"))
        {
            using var guess = Stranger("127.0.0.10", MadeUp());
            using var answer = await guess.GetAsync("/meta/me").WaitAsync(Soon);
            Assert.That((int)answer.StatusCode, Is.EqualTo(429), "not looked for");
        }

        using (var again = await good.GetAsync("/meta/me")) Assert.That((int)again.StatusCode, Is.EqualTo(200), "known before");
        using var elsewhere = Stranger("127.0.0.11", MadeUp());
        using var other = await elsewhere.GetAsync("/meta/me");
        Assert.That((int)other.StatusCode, Is.EqualTo(401), "another address");
    }

    /// <summary>Behind a proxy all may come from one address.</summary>
    [Test]
    public async Task A_stop_with_a_key_that_was_not_seen_before_is_heard_however_many_of_its_address_were_none()
    {
        var (program, _, _, _, secret) = await _service.ProgramAsync(_admin, "manager", $"+{_account}");
        program.Dispose();
        for (var n = 0; n < SharedServices.FewSignIns + 5; n++)
        {
            using var guess = Stranger("127.0.0.12", MadeUp());
            using var none = await guess.GetAsync("/meta/me");
        }

        using var stopping = Stranger("127.0.0.12", secret);
        using (var other = await stopping.GetAsync("/meta/me")) Assert.That((int)other.StatusCode, Is.EqualTo(429), "no stop");
        using (var wrong = Stranger("127.0.0.12", MadeUp()))
        using (var refused = await wrong.PostAsync($"/meta/accounts/{_account}/stop", null)) Assert.That((int)refused.StatusCode, Is.EqualTo(401));

        using (var stopped = await stopping.PostAsync($"/meta/accounts/{_account}/stop", null)) Assert.That((int)stopped.StatusCode, Is.EqualTo(202));

        using var known = await stopping.GetAsync("/meta/me");
        Assert.That((int)known.StatusCode, Is.EqualTo(200), "known from here on");
    }

    /// <summary>The connections over which it is looked up who stops are few: who guesses is to have one of them.</summary>
    [Test]
    public async Task Guesses_at_a_stop_are_looked_for_one_at_a_time_and_a_key_that_is_known_does_not_wait_for_them()
    {
        var (program, _, _, _, _) = await _service.ProgramAsync(_admin, "manager", $"+{_account}");
        using var known = program;
        Assert.That((await known.GetAsync("/meta/me")).Code, Is.EqualTo(200));
        for (var n = 0; n < SharedServices.FewSignIns + 5; n++)
        {
            using var guess = Stranger("127.0.0.13", MadeUp());
            using var none = await guess.GetAsync("/meta/me");
        }

        var guesses = Enumerable.Range(0, 8).Select(_ => Stranger("127.0.0.13", MadeUp())).ToList();
        await using (var held = await HeldAsync("LOCK TABLE api_keys IN ACCESS EXCLUSIVE MODE"))
        {
            var stops = guesses.Select(guess => guess.PostAsync($"/meta/accounts/{_account}/stop", null)).ToList();
            await Eventually.TrueAsync(async () => await WaitingAsync() == 1, () => "no guess is looked for");
            var stopping = known.PostAsync($"/meta/accounts/{_account}/stop");
            await Eventually.TrueAsync(async () => await WaitingAsync() == 2, () => "the known key waits for guesses");
            await held.LetGoAsync();
            Assert.That((await stopping).Code, Is.EqualTo(202));
            foreach (var stop in stops) using (var answer = await stop) Assert.That((int)answer.StatusCode, Is.EqualTo(401));
        }

        guesses.ForEach(guess => guess.Dispose());

        Task<long> WaitingAsync() => _service.Database.DataSource.RowsAsync("pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%k.hash = %'");
    }

    /// <summary>However long that is: whoever stops is answered, or gives up himself.</summary>
    [Test, Long]
    public async Task And_it_waits_its_turn_behind_those_that_are_none()
    {
        var (program, _, _, _, secret) = await _service.ProgramAsync(_admin, "manager", $"+{_account}");
        program.Dispose();
        for (var n = 0; n < SharedServices.FewSignIns + 5; n++)
        {
            using var guess = Stranger("127.0.0.14", MadeUp());
            using var none = await guess.GetAsync("/meta/me");
        }

        using var wrong = Stranger("127.0.0.14", MadeUp());
        using var stopping = Stranger("127.0.0.14", secret);
        await using var held = await HeldAsync("LOCK TABLE api_keys IN ACCESS EXCLUSIVE MODE");
        var (guessed, stopped) = (wrong.PostAsync($"/meta/accounts/{_account}/stop", null), stopping.PostAsync($"/meta/accounts/{_account}/stop", null));
        await Task.WhenAny(guessed, stopped, Task.Delay(TimeSpan.FromSeconds(12), TimeProvider.System));
        Assert.That((guessed.IsCompleted, stopped.IsCompleted), Is.EqualTo((false, false)), "neither is refused for what stands before it");

        await held.LetGoAsync();
        using var refused = await guessed;
        using var done = await stopped;
        Assert.That(((int)refused.StatusCode, (int)done.StatusCode), Is.EqualTo((401, 202)));
    }

    [Test]
    public async Task Whose_a_clip_is_may_take_long_to_tell_and_no_stop_waits_for_it()
    {
        var (program, _, _, _, _) = await _service.ProgramAsync(_admin, "manager", $"+{_account}");
        var (other, _, _, _, _) = await _service.ProgramAsync(_admin, "manager", $"+{_account}");
        using var looking = program;
        using var stopping = other;
        await using var held = await HeldAsync("LOCK TABLE clip_accounts IN ACCESS EXCLUSIVE MODE");
        var looks = Enumerable.Range(0, SharedServices.FewConnections).Select(_ => looking.GetAsync($"/meta/clips/{Guid.NewGuid()}")).ToList();
        await Eventually.TrueAsync(async () => await _service.Database.DataSource.RowsAsync("pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") >= 4, () => "the looks do not wait");

        Assert.That((await stopping.PostAsync($"/meta/accounts/{_account}/stop").WaitAsync(Soon)).Code, Is.EqualTo(202));

        Assert.That(looks.Any(look => look.IsCompleted), Is.False, "they waited all the time");
        await held.LetGoAsync();
        Assert.That((await Task.WhenAll(looks)).Select(answer => answer.Code), Is.All.EqualTo(404));
    }

    [TestCase("/meta/webhooks", """{"url": "https://receiver.invalid/hook"}""", """
        INSERT INTO webhooks (id, url, shown_url, format, secret, created_by, created_at, updated_at) SELECT gen_random_uuid(), 'x', 'x', 'cloudevents', 'x', @by, now(), now() FROM generate_series(1, 50)
        """, "DELETE FROM webhooks")]
    [TestCase("/meta/alerts/rules", """{"name": "Mine", "metric": "spend", "when": "above", "threshold": 5}""", """
        INSERT INTO alert_rules (id, name, metric, level, window_days, compare, direction, threshold, evaluations, cooldown_minutes, severity, group_by, enabled, created_by, created_at, updated_at)
        SELECT gen_random_uuid(), 'x', 'spend', 'campaign', 1, 'value', 'above', 1, 1, 60, 'info', 'rule', false, @by, now(), now() FROM generate_series(1, 200)
        """, "DELETE FROM alert_rules WHERE built_in IS NULL")]
    public async Task One_who_has_as_many_as_one_may_leaves_others_theirs(string url, string body, string manySql, string noneSql)
    {
        using var greedy = _service.Client("manager", "greedy@example.com");
        using var other = _service.Client("manager", "other@example.com");
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(noneSql);
        await connection.ExecuteAsync(manySql, new { by = "Greedy@example.com" });
        try
        {
            var refused = await greedy.PostAsync(url, JsonNode.Parse(body));
            refused.AssertProblem(422);
            Assert.That((string?)refused.Json["errors"]!["$"]?[0], Does.Contain("of yours"), refused.Text);
            Assert.That((await other.PostAsync(url, JsonNode.Parse(body))).Code, Is.EqualTo(201));
        }
        finally
        {
            await connection.ExecuteAsync(noneSql);
        }
    }

    [Test]
    public async Task So_it_is_with_pools_of_campaigns()
    {
        using var greedy = _service.Client("manager", "greedy@example.com");
        using var other = _service.Client("manager", "other@example.com");
        var pooled = await PooledCampaigns.AddAsync(_service.Database.DataSource, _account, $"c{Guid.NewGuid():N}"[..14], 10, 20);
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync("""
            INSERT INTO budget_pools (id, social_account_id, name, level, mode, mode_by, max_step_percent, least_gain_percent, created_by, created_at, updated_at)
            SELECT gen_random_uuid(), @account::uuid, 'x', 'campaign', 'show', 'x', 10, 10, 'Greedy@example.com', now(), now() FROM generate_series(1, 1000)
            """, new { account = _account });
        var refused = await greedy.PostAsync("/meta/budget-pools", pooled.Body);
        refused.AssertProblem(422);
        Assert.That((string?)refused.Json["errors"]!["$"]?[0], Does.Contain("of yours"), refused.Text);
        Assert.That((await other.PostAsync("/meta/budget-pools", pooled.Body)).Code, Is.EqualTo(201));
        await connection.ExecuteAsync("DELETE FROM budget_pools");
    }

    private static string MadeUp() => $"maj_{Guid.NewGuid():N}{Guid.NewGuid():N}"[..47];

    private HttpClient Stranger(string address, string key) => new(new Addressed(address)) { BaseAddress = _service.BaseUrl, DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", key) } };

    private async Task<Held> HeldAsync(string sql)
    {
        var connection = await _service.Database.DataSource.OpenConnectionAsync();
        var transaction = await connection.BeginTransactionAsync();
        await connection.ExecuteAsync(sql, transaction: transaction);
        return new(connection, transaction);
    }

    /// <summary>A lock that somebody holds.</summary>
    private sealed class Held(NpgsqlConnection connection, NpgsqlTransaction transaction) : IAsyncDisposable
    {
        public Task LetGoAsync() => transaction.RollbackAsync();

        public async ValueTask DisposeAsync()
        {
            await transaction.DisposeAsync();
            await connection.DisposeAsync();
        }
    }
}
