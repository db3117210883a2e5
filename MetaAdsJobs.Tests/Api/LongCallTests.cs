using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Tests.Api.People;
using MetaAdsJobs.Tests.Insights.Reading;
using MetaAdsJobs.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace MetaAdsJobs.Tests.Api;

/// <summary>What lasts is bounded, and nothing that lasts is in the way of a stop.</summary>
[TestFixture, HasServiceAlone]
public sealed class LongCallTests
{
    private Service _service = null!;
    private ApiClient _admin = null!;
    private string _account = "";

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await SharedServices.WithFewOfEverything;
        _admin = _service.Client("admin", "an operator");
        _account = await _admin.AddAccountAsync();
    }

    [OneTimeTearDown]
    public void Stop() => _admin.Dispose();

    [Test]
    public async Task A_stop_is_answered_while_readers_who_do_not_read_hold_every_stream()
    {
        // Far more than fits into what lies between the database and a reader.
        await _service.Database.DataSource.DoAsync("SELECT ensure_insight_partitions('2026-10-01', '2026-10-31')");
        await _service.Database.DataSource.DoAsync("""
            INSERT INTO meta_ad_insights (social_account_id, date_start, ad_meta_id, adset_meta_id, campaign_meta_id, result_type, currency, raw, is_partial, synced_at)
            SELECT @Account::uuid, '2026-10-01'::date + n % 25, n::text, '1', '1', repeat('x', 2000), 'USD', '{}', false, now() FROM generate_series(1, 10000) n
            """, new { Account = _account });
        var open = new List<HttpResponseMessage>();
        for (var reader = 0; reader < 2; reader++) open.Add(await StreamAsync("reader 0"));
        using (var soon = await StreamAsync("reader 0")) Assert.That((int)soon.StatusCode, Is.EqualTo(429), "two are his, though there are more");
        for (var reader = 2; reader < Connections.MostOfStreams; reader++) open.Add(await StreamAsync($"reader {reader / 2}"));
        Assert.That(open.Select(answer => (int)answer.StatusCode), Is.All.EqualTo(200));

        using var third = await StreamAsync("reader 0");
        using var late = await StreamAsync("somebody else");
        Assert.That((await ProblemOfAsync(third)).Text, Does.Contain($"2 CSV streams open at once, and all callers of this process {Connections.MostOfStreams}"));
        Assert.That((int)late.StatusCode, Is.EqualTo(429));
        await AssertStoppedAsync(_admin);
        await AssertStartedAsync();
        for (var i = 0; i < SharedServices.FewConnections; i++) Assert.That((await _admin.GetAsync("/meta/accounts?limit=1")).Code, Is.EqualTo(200), "nothing else is held up either");

        open.ForEach(answer => answer.Dispose());
        await Eventually.TrueAsync(async () =>
        {
            using var again = await StreamAsync("reader 0");
            return again.IsSuccessStatusCode;
        }, () => "a reader who has gone still holds his stream");
    }

    /// <param name="byKey">Of a user who sees this account alone: who it is, and whether the account is hers, is looked up besides.</param>
    [Test]
    public async Task A_stop_is_answered_while_everything_else_waits_for_the_database([Values] bool byKey)
    {
        using var caller = byKey ? (await _service.ProgramAsync(_admin, "manager", $"+{_account}")).Client : _service.Client("admin", "an operator");
        await using var locking = await _service.Database.DataSource.OpenConnectionAsync();
        await using var transaction = await locking.BeginTransactionAsync();
        await using (var command = locking.CreateCommand())
        {
            command.CommandText = "LOCK TABLE clips IN ACCESS EXCLUSIVE MODE";
            await command.ExecuteNonQueryAsync();
        }

        var held = Enumerable.Range(0, SharedServices.FewConnections).Select(_ => _admin.GetAsync("/meta/clips")).ToList();
        await Eventually.TrueAsync(async () => await _service.Database.DataSource.RowsAsync("pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == held.Count, () => "the calls do not wait for the lock");

        await AssertStoppedAsync(caller);
        // Else whoever sends calls by it sends none any more, a stop neither.
        var ready = await caller.GetAsync("/health/ready").WaitAsync(TimeSpan.FromSeconds(5), TimeProvider.System);
        Assert.That((string?)ready.Json["checks"]!["database"], Is.EqualTo("ok"), ready.Text);

        Assert.That(held.Any(call => call.IsCompleted), Is.False, "they waited all the time");
        await transaction.RollbackAsync();
        Assert.That((await Task.WhenAll(held)).Select(answer => answer.Code), Is.All.EqualTo(200));
        await AssertStartedAsync();
    }

    [Test]
    public async Task A_stop_is_answered_while_somebody_simulates_and_who_has_gone_is_reckoned_for_no_more()
    {
        var user = Persons.UserBody("manager");
        (user["all_accounts"], user["accounts"]) = (true, new JsonArray());
        var (_, secret) = await _admin.AddKeyAsync((string)(await _admin.AddUserAsync(user))["id"]!);
        using var busy = _service.With(secret);
        using var pages = await Visitor.ByKeyAsync(_service, secret);
        using var leaving = new CancellationTokenSource();
        var calls = Enumerable.Range(0, 12).Select(_ => busy.Http.PostAsJsonAsync("/meta/experiments/simulate", new { runs = 95, days = 42, variants = 5, metric = "result_rate", results_a_day = 1000, attribution_days = 27, better_percent = 0 }, leaving.Token)).ToList();
        await Eventually.TrueAsync(() => Task.FromResult(calls.Count(call => call.IsCompleted) >= 8), () => "one is reckoned and three wait");

        await AssertStoppedAsync(_admin);
        // Whatever else is reckoned for long takes its place from the same ones, of the same person.
        var none = Guid.NewGuid();
        using (Assert.EnterMultipleScope())
        {
            foreach (var call in (string[])["budget-pools/backtest", $"budget-pools/{none}/backtest", "budget-pools/simulate", "alerts/rules/try", $"alerts/rules/{none}/try"])
                Assert.That((await busy.PostAsync($"/meta/{call}", new JsonObject())).Code, Is.EqualTo(429), call);
            foreach (var form in (string[])["budgets/new", $"budgets/{none}/edit", "alerts/rules/new", $"alerts/rules/{none}/edit"])
                Assert.That((await pages.PostAsync($"/console/{form}", "/console/me", ("do", "try"))).Code, Is.EqualTo(429), form);
        }

        await leaving.CancelAsync();
        var done = await Task.WhenAll(calls.Select(async call =>
        {
            try
            {
                using var answer = await call;
                return (int)answer.StatusCode;
            }
            catch (OperationCanceledException)
            {
                return 0;
            }
        }));
        Assert.That(done.Count(code => code == 429), Is.EqualTo(8), string.Join(' ', done));
        Assert.That((await busy.PostAsync("/meta/experiments/simulate", new JsonObject()).WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System)).Code, Is.EqualTo(200));
        await AssertStartedAsync();
    }

    /// <summary>Each reads the stored days over a connection of everybody's, for as long as the database takes.</summary>
    [Test]
    public async Task A_stop_is_answered_while_somebody_tries_rules_and_he_tries_one_at_a_time()
    {
        using var busy = _service.Client("manager", "tries");
        await using var locking = await _service.Database.DataSource.OpenConnectionAsync();
        await using var transaction = await locking.BeginTransactionAsync();
        await locking.ExecuteAsync("LOCK TABLE insight_campaign_days IN ACCESS EXCLUSIVE MODE");
        var calls = Enumerable.Range(0, 12).Select(_ => busy.PostAsync("/meta/alerts/rules/try", new JsonObject { ["name"] = "Tried", ["metric"] = "spend", ["when"] = "above", ["threshold"] = 1 })).ToList();
        await Eventually.TrueAsync(() => Task.FromResult(calls.Count(call => call.IsCompleted) >= 8), () => "one is tried and three wait");
        await Eventually.TrueAsync(async () => await _service.Database.DataSource.RowsAsync("pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") == 1, () => "it does not read");

        await AssertStoppedAsync(_admin);
        for (var i = 0; i < SharedServices.FewConnections; i++) Assert.That((await _admin.GetAsync("/meta/accounts?limit=1")).Code, Is.EqualTo(200), "nothing else is held up either");

        await transaction.RollbackAsync();
        Assert.That((await Task.WhenAll(calls)).Select(answer => answer.Code).Order(), Is.EqualTo(Enumerable.Repeat(200, 4).Concat(Enumerable.Repeat(429, 8))));
        await AssertStartedAsync();
    }

    [Test]
    public async Task A_caller_has_twenty_waiting_calls_and_one_more_is_accepted_without_waiting()
    {
        var request = await _admin.NewRequestAsync();
        using var patient = _service.Client("manager", "patient");
        using var other = _service.Client("manager", "another");
        using var leaving = new CancellationTokenSource();
        var calls = Enumerable.Range(0, 21).Select(_ => WaitAsync(patient, request, 60, leaving.Token)).ToList();

        var first = await Task.WhenAny(calls);

        Assert.That(await first, Is.Null, "it did not wait");
        calls.Remove(first);
        Assert.That(calls.Any(call => call.IsCompleted), Is.False, "the others do");
        Assert.That(await WaitAsync(other, request, 1, CancellationToken.None), Is.EqualTo("wait=1"));
        await leaving.CancelAsync();
        await Eventually.TrueAsync(async () => await WaitAsync(patient, request, 1, CancellationToken.None) == "wait=1", () => "who has gone still waits");
        foreach (var call in calls) Assert.That(async () => await call, Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task A_caller_has_two_large_bodies_at_once_and_small_ones_beside_them()
    {
        using var sender = _service.Client("manager", "sender");
        var large = $"{{\"unknown\":\"{new string('x', JsonBody.LargeBytes)}\"}}";
        using var first = await HalfSent.StartAsync(_service.BaseUrl, large, "sender");
        using var second = await HalfSent.StartAsync(_service.BaseUrl, large, "sender");
        using var third = await HalfSent.StartAsync(_service.BaseUrl, large, "sender");
        HalfSent[] all = [first, second, third];

        var refused = await Task.WhenAny(all.Select(body => body.Answer)).WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System);

        Assert.That(await refused, Does.StartWith("HTTP/1.1 429"));
        var held = all.Where(body => body.Answer != refused).ToList();
        Assert.That(held.Any(body => body.Answer.IsCompleted), Is.False);
        var told = await sender.SendAsync(HttpMethod.Post, "/meta/clips", large);
        told.AssertProblem(429);
        Assert.That((string?)told.Json["detail"], Does.StartWith("One caller may have 2 requests of such a length"));
        using var form = await sender.Http.PostAsync("/console/new", new FormUrlEncodedContent([new("campaign_name", new string('x', JsonBody.LargeBytes))]));
        Assert.That((int)form.StatusCode, Is.EqualTo(429), "a form is no way around it");
        foreach (var page in (string[])["batches/new", "webhooks/new", "clips/new"])
        {
            using var other = await sender.Http.PostAsync($"/console/{page}", new FormUrlEncodedContent([new("name", new string('x', JsonBody.LargeBytes))]));
            Assert.That((int)other.StatusCode, Is.EqualTo(429), page);
        }

        using (var unknown = new HttpRequestMessage(HttpMethod.Post, $"/console/accounts/{_account}/stop") { Content = new FormUrlEncodedContent([]), Headers = { TransferEncodingChunked = true } })
        using (var stop = await sender.Http.SendAsync(unknown))
            Assert.That((int)stop.StatusCode, Is.EqualTo(302), "a stop waits for no place, however it is sent");
        Assert.That((await sender.SendAsync(HttpMethod.Post, "/meta/clips", "\uFEFF{}")).Code, Is.EqualTo(422), "a small one");
        Assert.That((await _admin.SendAsync(HttpMethod.Post, "/meta/clips", large)).Code, Is.EqualTo(422), "somebody else's");
        foreach (var body in held) await body.SendRestAsync();
        Assert.That(await Task.WhenAll(held.Select(body => body.Answer)), Is.All.StartsWith("HTTP/1.1 422"));
        using (var page = await HalfSent.StartAsync(_service.BaseUrl, new string('x', JsonBody.LargeBytes), "sender", "/console/audit", "application/x-www-form-urlencoded"))
            Assert.That(await page.Answer.WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System), Does.StartWith("HTTP/1.1 4"), "a page takes no form, and reads none");
        await Eventually.TrueAsync(async () => (await sender.SendAsync(HttpMethod.Post, "/meta/clips", large)).Code == 422, () => "what was answered still has its place");
    }

    [Test]
    public void All_that_lasts_has_places_for_each_caller_and_for_all()
    {
        using var calls = new LongCalls();
        using var few = new Slots("things", perCaller: 2, overall: 3);
        var ann = few.TryTake(Caller("ann"));
        using var second = few.TryTake(Caller("ann"));

        Assert.That(few.TryTake(Caller("ann")), Is.Null, "two are hers");
        using var third = few.TryTake(Caller("ben"));
        Assert.That((third is null, few.TryTake(Caller("ben")) is null), Is.EqualTo((false, true)), "three are for all");
        using (var places = new Slots("things", perCaller: 1, overall: 9))
        {
            using var byKey = places.TryTake(Keyed("ann"));
            Assert.That((byKey is null, places.TryTake(Keyed("ann")) is null, places.TryTake(Keyed("ben")) is null), Is.EqualTo((false, true, false)), "another key of hers is no other person");
        }

        ann!.Dispose();
        using var fourth = few.TryTake(Caller("ben"));
        Assert.That(fourth, Is.Not.Null);
        foreach (var (slots, perCaller, overall) in ((Slots, int, int)[])[(calls.Waits, 20, 100), (calls.LivePages, 200, 2000), (calls.LargeBodies, 2, 8), (calls.Streams, 2, Connections.MostOfStreams), (calls.Computations, 1, 2), (calls.Sums, 4, 20)])
        {
            var taken = Enumerable.Range(0, 20 * (perCaller + 1)).Select(n => (Caller: n % 20, Place: slots.TryTake(Caller($"{n % 20}")))).ToList();
            Assert.That(taken.Count(one => one.Place is not null), Is.EqualTo(overall));
            Assert.That(taken.Where(one => one.Place is not null).GroupBy(one => one.Caller).Max(caller => caller.Count()), Is.LessThanOrEqualTo(perCaller));
            taken.ForEach(one => one.Place?.Dispose());
        }

        var pages = Enumerable.Range(0, 201).Select(_ => calls.LivePages.TryTake(Caller("ann"))).ToList();
        Assert.That(pages.FindIndex(page => page is null), Is.EqualTo(200));
        pages.ForEach(page => page?.Dispose());
    }

    private async Task AssertStoppedAsync(ApiClient caller)
    {
        var answer = await caller.PostAsync($"/meta/accounts/{_account}/stop");
        Assert.That((answer.Code, (bool?)answer.Json["stopped"]), Is.EqualTo((202, true)), answer.Text);
    }

    // A start may wait, as everything else does.
    private async Task AssertStartedAsync()
    {
        var answer = await _admin.PostAsync($"/meta/accounts/{_account}/start");
        Assert.That((answer.Code, (bool?)answer.Json["stopped"]), Is.EqualTo((202, false)), answer.Text);
    }

    /// <returns>What the answer says of the wait that was asked for.</returns>
    private static async Task<string?> WaitAsync(ApiClient client, JsonObject request, int seconds, CancellationToken ct)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, "/meta/orchestrate/run") { Content = new StringContent(request.ToJsonString(), MediaTypeHeaderValue.Parse("application/json")) };
        message.Headers.Add("Prefer", $"wait={seconds}");
        using var answer = await client.Http.SendAsync(message, ct);
        Assert.That((int)answer.StatusCode, Is.EqualTo(202));
        return answer.Headers.TryGetValues("Preference-Applied", out var applied) ? applied.Single() : null;
    }

    private async Task<HttpResponseMessage> StreamAsync(string subject)
    {
        var http = new HttpClient(new Addressed("127.0.0.1", receives: 4096)) { BaseAddress = _service.BaseUrl };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Service.Token("viewer", subject));
        http.DefaultRequestHeaders.Accept.Add(new("text/csv"));
        return await http.GetAsync($"/meta/insights?social_account_id={_account}", HttpCompletionOption.ResponseHeadersRead);
    }

    private static async Task<ApiAnswer> ProblemOfAsync(HttpResponseMessage message)
    {
        var answer = new ApiAnswer(message.StatusCode, message, await message.Content.ReadAsStringAsync());
        answer.AssertProblem(429);
        return answer;
    }

    private static DefaultHttpContext Caller(string name) => new() { User = new(new System.Security.Claims.ClaimsIdentity([new("sub", name)], "test")) };

    private static DefaultHttpContext Keyed(string name) => new() { User = new(new CallerIdentity(new Caller(name, "viewer", null, null) { KeyId = Guid.NewGuid() }, "test")) };
}
