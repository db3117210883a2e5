using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Core.Budgets.Proposing;
using MetaAdsJobs.Tests.Api.Console;
using MetaAdsJobs.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace MetaAdsJobs.Tests.Api.Budgets;

/// <summary>Budget pools over HTTP.</summary>
[TestFixture, HasServiceAlone]
public sealed class BudgetPoolTests
{
    private Service _service = null!;
    private ApiClient _manager = null!;
    private ServiceProvider _core = null!;
    private PooledCampaigns _campaigns = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await SharedServices.WithoutWorker;
        _manager = _service.Client("manager");
        _core = InProcess.Configure(_service.Database.ConnectionString, time: null);
        using var admin = _service.Client();
        _campaigns = await PooledCampaigns.AddAsync(_service.Database.DataSource, await admin.AddAccountAsync(), "api", 10, 20);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _manager.Dispose();
        await _core.DisposeAsync();
    }

    [TestCase("""{}""", "social_account_id name members")]
    [TestCase("""{"name":"x","social_account_id":"7d0c0000-0000-4000-8000-00000000ffff","members":[{"id":"a"},{"id":"b"}]}""", "social_account_id")]
    [TestCase("""{"name":"x","social_account_id":"7","members":[{"id":"a"}],"mode":"try","level":"ad","max_step_percent":21,"least_gain_percent":-1,"more":1}""", "social_account_id mode level max_step_percent least_gain_percent more")]
    [TestCase("""{"name":"x","social_account_id":"ACCOUNT","members":[{"id":"a","min_cents":5,"max_cents":4},{"min_cents":0}]}""", "members[0].min_cents members[1].id members[1].min_cents")]
    [TestCase("""{"name":"x","social_account_id":"ACCOUNT","members":[{"id":"api 1"}]}""", "members")]
    [TestCase("""{"name":"x","social_account_id":"ACCOUNT","level":"campaign","members":[{"id":"api 1"},{"id":"api 1"},{"id":"nobody"}]}""", "members[1].id")]
    [TestCase("""{"name":"x","social_account_id":"ACCOUNT","level":"campaign","members":[{"id":"api 1"},{"id":"nobody"}]}""", "members[1].id")]
    [TestCase("""{"name":"x","social_account_id":"ACCOUNT","members":[{"id":"api 1"},{"id":"api 2"}]}""", "members[0].id members[1].id")]
    [TestCase("""[1]""", "$")]
    public async Task What_is_wrong_with_a_pool_is_told_all_at_once_by_the_names_of_its_fields(string body, string fields)
    {
        body = body.Replace("ACCOUNT", _campaigns.Account, StringComparison.Ordinal);
        foreach (var url in (string[])["/meta/budget-pools", "/meta/budget-pools/backtest"])
        {
            var refused = await _manager.PostAsync(url, JsonNode.Parse(body));
            Assert.That(refused.Code, Is.EqualTo(422), refused.Text);
            Assert.That(refused.WrongFields, Is.EquivalentTo(fields.Split(' ')), refused.Text);
        }
    }

    [Test]
    public async Task A_form_that_was_opened_before_somebody_else_changed_the_pool_changes_nothing()
    {
        using var admin = _service.Client();
        var campaigns = await PooledCampaigns.AddAsync(_service.Database.DataSource, await admin.AddAccountAsync(), $"f{Guid.NewGuid():N}", 10, 20, 30);
        // In a form a line is an id and its amounts: none has a blank.
        var ids = campaigns.Ids.Select(id => id.Replace(" ", "", StringComparison.Ordinal)).ToList();
        await using (var connection = await _service.Database.DataSource.OpenConnectionAsync())
            await connection.ExecuteAsync("UPDATE meta_campaigns SET meta_id = replace(meta_id, ' ', '') WHERE meta_id = ANY (@Ids)", new { Ids = campaigns.Ids.ToArray() });
        JsonArray Members(params IEnumerable<string> members) => [.. members.Select(id => new JsonObject { ["id"] = id })];
        var pool = (string)(await _manager.PostAsync("/meta/budget-pools", With(With(campaigns.Body, "members", Members(ids)), "max_step_percent", 10))).Json["id"]!;
        var page = $"/console/budgets/{pool}/edit";
        var seen = await _manager.HiddenAsync(page, "seen");
        (string, string)[] fields = [("name", "Corrected"), ("mode", "show"), ("members", string.Join('\n', ids)), ("max_step_percent", "10"), ("least_gain_percent", "2")];
        await _manager.PatchAsync($"/meta/budget-pools/{pool}", new JsonObject { ["members"] = Members(ids[..2]) });

        var outdated = await _manager.SendFormAsync(page, page, [.. fields, ("seen", seen)]);
        Assert.That(((int)outdated.Code, outdated.Text.Contains("Somebody has changed this pool", StringComparison.Ordinal)), Is.EqualTo((422, true)), outdated.Text);
        Assert.That((await _manager.GetAsync($"/meta/budget-pools/{pool}")).Json["members"]!.AsArray(), Has.Count.EqualTo(2), "who was taken out stays out");
        Assert.That((int)(await _manager.SendFormAsync(page, page, fields)).Code, Is.EqualTo(302), "as it is now");
    }

    [Test]
    public async Task A_pool_is_tried_made_looked_at_answered_changed_and_taken_away()
    {
        var body = _campaigns.Body;
        var trial = await _manager.PostAsync("/meta/budget-pools/backtest", With(body, "days", 3));
        Assert.That((trial.Json["nights"]!.AsArray().Count, (int?)trial.Json["proposals"]), Is.EqualTo((3, 3)), trial.Text);

        body["mode"] = "ask";
        var made = await _manager.PostAsync("/meta/budget-pools", body);
        Assert.That((made.Code, (string?)made.Json["mode_by"], (int?)made.Json["max_step_percent"], (int?)made.Json["least_gain_percent"]), Is.EqualTo((201, "manager@tests", 20, 2)), made.Text);
        var url = made.Header("Location") ?? $"/meta/budget-pools/{made.Json["id"]}";
        var again = await _manager.PostAsync("/meta/budget-pools", body);
        Assert.That(again.WrongFields, Is.EqualTo(["members[0].id", "members[1].id"]), "an object is of one pool");

        await _core.GetRequiredService<ProposeBudgets>().ExecuteAsync(CancellationToken.None);
        using var viewer = _service.Client("viewer");
        var detail = (await viewer.GetAsync(url)).Json;
        var latest = detail["pool"]!["latest"]!;
        Assert.That(((string?)latest["state"], (long?)latest["total_cents"], (long?)detail["moves"]![1]!["proposed_cents"], (string?)detail["moves"]![1]!["why"]![0]), Is.EqualTo(("asked", 200_00L, 120_00L, "step")), detail.ToJsonString());
        Assert.That(((decimal?)detail["members"]![0]!["week_spend"], (string?)detail["members"]![0]!["status"]), Is.EqualTo((700m, "ACTIVE")), detail.ToJsonString());
        var proposal = $"{url}/proposals/{latest["id"]}";
        Assert.That((await viewer.PostAsync($"{proposal}/accept")).Code, Is.EqualTo(403));
        Assert.That((string?)(await _manager.PostAsync($"{proposal}/accept")).Json["decided_by"], Is.EqualTo("manager@tests"));
        Assert.That((await _manager.PostAsync($"{proposal}/decline")).Code, Is.EqualTo(409));
        Assert.That((await viewer.GetAsync(proposal)).Json["moves"]!.AsArray(), Has.Count.EqualTo(2));

        var changed = await _manager.PatchAsync(url, new JsonObject { ["mode"] = "show", ["max_step_percent"] = 10 });
        Assert.That(((string?)changed.Json["mode"], (int?)changed.Json["max_step_percent"], (string?)changed.Json["latest"]!["state"]), Is.EqualTo(("show", 10, "void")), changed.Text);
        foreach (var (field, value) in ((string, string)[])[("social_account_id", $"{Guid.NewGuid()}"), ("level", "adset")])
            Assert.That((await _manager.PatchAsync(url, new JsonObject { [field] = value })).WrongFields, Does.Contain(field));
        await _core.GetRequiredService<ProposeBudgets>().ExecuteAsync(CancellationToken.None);
        Assert.That((long?)(await viewer.GetAsync(url)).Json["moves"]![1]!["proposed_cents"], Is.EqualTo(110_00L));

        var page = (await viewer.GetAsync($"{url}/proposals?limit=1")).Json;
        Assert.That(((string?)page["items"]![0]!["state"], (string?)(await viewer.GetAsync($"{url}/proposals?limit=1&cursor={page["next_cursor"]}")).Json["items"]![0]!["state"]), Is.EqualTo(("shown", "void")));
        Assert.That((int?)(await _manager.PostAsync($"{url}/backtest", new JsonObject { ["least_gain_percent"] = 50 })).Json["proposals"], Is.Zero);
        Assert.That((await _manager.PostAsync($"{url}/backtest", new JsonObject { ["days"] = 91 })).WrongFields, Is.EqualTo(["days"]));
        Assert.That((await viewer.GetAsync($"/meta/budget-pools?social_account_id={_campaigns.Account}")).Json["items"]!.AsArray(), Has.Count.EqualTo(1));
        Assert.That((await _manager.SendAsync(HttpMethod.Delete, url, null)).Code, Is.EqualTo(204));
        Assert.That((await viewer.GetAsync(url)).Code, Is.EqualTo(404));
    }

    [Test]
    public async Task What_goes_by_a_day_of_the_account_waits_for_a_zone_that_PostgreSQL_knows()
    {
        const string ProposeSql = """
            INSERT INTO budget_proposals (id, pool_id, day, basis, made_at, state, why, evidence_hash, total_now_cents, total_cents, predicted_now, predicted, gain_percent, gain_in_the_end)
            VALUES (@proposal, @pool, current_date, current_date, now(), 'asked', '{}', 'x', 1, 1, 1, 1, 1, 1);
            UPDATE social_accounts SET timezone_name = 'Mars/Olympus_Mons' WHERE id = (SELECT social_account_id FROM budget_pools WHERE id = @pool)
            """;
        using var admin = _service.Client();
        var campaigns = await PooledCampaigns.AddAsync(_service.Database.DataSource, await admin.AddAccountAsync(), $"z{Guid.NewGuid():N}", 10, 20);
        var (pool, proposal) = (Guid.Parse((string)(await _manager.PostAsync("/meta/budget-pools", campaigns.Body)).Json["id"]!), Guid.NewGuid());
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(ProposeSql, new { pool, proposal });

        foreach (var call in (string[])[$"proposals/{proposal}/accept", "backtest"])
        {
            var refused = await _manager.PostAsync($"/meta/budget-pools/{pool}/{call}", call == "backtest" ? new JsonObject() : null);
            refused.AssertProblem(409);
            Assert.That(refused.Text, Does.Contain("The account's time zone is not known to").And.Contain("Mars/Olympus_Mons"));
        }

        Assert.That(await connection.ExecuteScalarAsync<string>("SELECT state FROM budget_proposals WHERE id = @proposal", new { proposal }), Is.EqualTo("asked"));
        await connection.ExecuteAsync("UPDATE social_accounts SET timezone_name = 'America/New_York' WHERE id = @Account::uuid; DELETE FROM budget_pools WHERE id = @pool", new { campaigns.Account, pool });
    }

    [Test]
    public async Task A_market_is_made_up_for_whoever_asks()
    {
        var market = await _manager.PostAsync("/meta/budget-pools/simulate", JsonNode.Parse("""{"scenario":"drifting","members":3,"days":10,"seed":7}"""));
        Assert.That((market.Json["days"]!.AsArray().Count, (string?)market.Json["scenario"]), Is.EqualTo((10, "drifting")), market.Text);
        Assert.That((double?)market.Json["share"], Is.InRange(0.5, 1));
        Assert.That((await _manager.PostAsync("/meta/budget-pools/simulate", JsonNode.Parse("""{"scenario":"wild","members":1,"days":1,"budget":2}"""))).WrongFields, Is.EquivalentTo(["scenario", "members", "days", "budget"]));
    }

    private static JsonObject With(JsonObject body, string name, JsonNode value)
    {
        var copy = body.DeepClone().AsObject();
        copy[name] = value;
        return copy;
    }
}
