using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Tests.Api.Console;
using MetaAdsJobs.Tests.Experiments;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Experiments;

/// <summary>Experiments over HTTP.</summary>
[TestFixture, HasServiceAlone]
public sealed class ExperimentApiTests
{
    private Service _service = null!;
    private ApiClient _manager = null!;
    private JsonObject _request = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await SharedServices.WithoutWorker;
        _manager = _service.Client("manager");
        using var admin = _service.Client();
        _request = await admin.NewRequestAsync();
    }

    [OneTimeTearDown]
    public void Stop() => _manager.Dispose();

    [TestCase("""{}""", "")]
    [TestCase("""{"name":null,"thing":null,"variants":null,"request":null}""", "name thing variants request")]
    [TestCase("""{"thing":"colour","metric":"ctr","smallest_difference_percent":1,"least_results":1,"attribution_days":29,"most_days":10,"split":true,"more":1}""",
        "thing metric smallest_difference_percent least_results attribution_days most_days split more")]
    [TestCase("""{"variants":[{"name":"A"}]}""", "variants")]
    [TestCase("""{"variants":[{"name":"A"},{"name":"a","creative_title":"T"},{"name":"C","creative_title":"T"}]}""", "variants[1].name variants[2]")]
    [TestCase("""{"variants":[{"name":"A"},{"name":"B","targeting":{}}]}""", "variants[1].targeting")]
    [TestCase("""{"variants":[{"name":"A"},{"creative_title":"B"},7]}""", "variants[1].name variants[2]")]
    [TestCase("""{"thing":"goal","variants":[{"name":"A"},{"name":"B","optimization_goal":"LANDING_PAGE_VIEWS"}]}""", "counts")]
    [TestCase("""{"counts":"FAME"}""", "counts")]
    [TestCase("""{"attribution_days":28}""", "attribution_days")]
    [TestCase("""{"metric":"result_rate"}""", "metric")]
    [TestCase("""{"level":"ad"}""", "")]
    [TestCase("""{"level":"campaign"}""", "level")]
    [TestCase("""{"level":"ad","metric":"value_per_spend"}""", "metric")]
    [TestCase("""{"level":"ad","thing":"bid","variants":[{"name":"A"},{"name":"B","bid_strategy":"LOWEST_COST_WITHOUT_CAP"}]}""", "level")]
    public async Task What_is_wrong_is_told_all_at_once_by_the_names_of_its_fields(string change, string fields)
    {
        var refused = await _manager.PostAsync("/meta/experiments?dry_run=true", Body(change));

        Assert.That(refused.Code, Is.EqualTo(fields.Length == 0 ? 200 : 422), refused.Text);
        if (fields.Length > 0) Assert.That(refused.WrongFields, Is.EquivalentTo(fields.Split(' ')), refused.Text);
    }

    /// <summary>The tree is judged by the rules of every request, and its errors stand where the caller wrote what is wrong.</summary>
    [TestCase("""{"daily_budget_cents":-1,"campaign_objective":"FAME"}""", """[{"name":"A"},{"name":"B","creative_title":""}]""", "variants[1].creative_title request.daily_budget_cents request.campaign_objective")]
    [TestCase("""{"clip_id":"7d0c0000-0000-4000-8000-00000000ffff"}""", """[{"name":"A"},{"name":"B","creative_title":"B"}]""", "request.clip_id")]
    [TestCase("""{"ad_sets":[],"budget_at":"campaign","lifetime_budget_cents":1,"campaign_id":"1","ad_set_id":"1","validate_only":true}""", """[{"name":"A"},{"name":"B","creative_title":"B"}]""",
        "request.ad_sets request.budget_at request.lifetime_budget_cents request.campaign_id request.ad_set_id request.validate_only")]
    public async Task What_is_wrong_with_the_request_is_told_where_it_stands(string request, string variants, string fields)
    {
        var body = Body("{}");
        foreach (var (name, value) in JsonNode.Parse(request)!.AsObject()) body["request"]![name] = value?.DeepClone();
        body["variants"] = JsonNode.Parse(variants);
        var refused = await _manager.PostAsync("/meta/experiments", body);

        Assert.That(refused.Code, Is.EqualTo(422), refused.Text);
        Assert.That(refused.WrongFields, Is.EquivalentTo(fields.Split(' ')), refused.Text);
    }

    [Test]
    public async Task An_experiment_is_begun_listed_read_and_stopped()
    {
        var begun = await _manager.PostAsync("/meta/experiments", Body("{}"), ("Idempotency-Key", "the first"));
        Assert.That(begun.Code, Is.EqualTo(202), begun.Text);
        Assert.That(((double?)begun.Json["plan"]!["results_per_variant"], (int?)begun.Json["plan"]!["most_days"]), Is.Not.EqualTo(((double?)null, (int?)null)));
        var again = await _manager.PostAsync("/meta/experiments", Body("{}"), ("Idempotency-Key", "the first"));
        Assert.That((string?)again.Json["experiment_id"], Is.EqualTo((string?)begun.Json["experiment_id"]));
        var url = (string)begun.Json["status_url"]!;

        var read = await _manager.GetAsync(url);
        Assert.That(((string?)read.Json["experiment"]!["state"], (string?)read.Json["experiment"]!["run_status"], read.Json["variants"]!.AsArray().Count), Is.EqualTo(("running", "queued", 2)), read.Text);
        Assert.That((string?)read.Json["limits"], Does.Contain("Meta decides who sees it"));
        var list = await _manager.GetAsync($"/meta/experiments?state=running&social_account_id={_request["social_account_id"]}&limit=1");
        Assert.That((string?)list.Json["items"]![0]!["id"], Is.EqualTo((string?)begun.Json["experiment_id"]));
        Assert.That((await _manager.GetAsync($"{url}/verdicts")).Json.AsArray(), Is.Empty);
        Assert.That((await _manager.PostAsync($"{url}/proposal/accept", null)).Code, Is.EqualTo(409));
        Assert.That((await _manager.PostAsync($"{url}/proposal/accept", new JsonObject { ["move_budget"] = "yes", ["proposal_id"] = "x", ["more"] = 1 })).WrongFields, Is.EquivalentTo(["move_budget", "proposal_id", "more"]));
        using (var inChunks = new HttpRequestMessage(HttpMethod.Post, $"{url}/proposal/accept") { Content = JsonContent.Create(new { move_budget = "yes" }), Headers = { TransferEncodingChunked = true } })
        using (var refused = await _manager.Http.SendAsync(inChunks))
            Assert.That((int)refused.StatusCode, Is.EqualTo(422), "a body is read, though nobody has said how long it is");
        Assert.That((await _manager.PostAsync($"{url}/stop", null)).Code, Is.EqualTo(200));
        Assert.That((await _manager.PostAsync($"{url}/stop", null)).Code, Is.EqualTo(409));
        Assert.That((await _manager.GetAsync("/meta/experiments?state=lost&cursor=1&limit=0")).WrongFields, Is.EquivalentTo(["state", "cursor", "limit"]));
    }

    /// <summary>Numbers that Meta has restated have it decided anew while somebody still looks at the page.</summary>
    [Test]
    public async Task What_was_shown_is_accepted_and_never_what_has_taken_its_place()
    {
        var id = (string)(await _manager.PostAsync("/meta/experiments", Body("{}"))).Json["experiment_id"]!;
        var (shown, since, page) = (Guid.NewGuid(), Guid.NewGuid(), $"/console/experiments/{id}");
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync("""
            INSERT INTO experiment_proposals (id, experiment_id, verdict_no, state, created_at, withdrawn_why) VALUES (@shown, @id::uuid, 1, 'withdrawn', now(), 'It was decided anew'), (@since, @id::uuid, 2, 'open', now(), NULL);
            UPDATE experiments SET judged_at = now() WHERE id = @id::uuid;
            INSERT INTO insight_days (social_account_id, date_start, synced_at, sync_id, is_partial, rows, spend, vanished_rows, vanished_spend, account_spend, difference, first_at)
                SELECT a.id, (now() AT TIME ZONE a.timezone_name)::date - n, now(), gen_random_uuid(), false, 0, 0, 0, 0, 0, 0, now() FROM social_accounts a, generate_series(1, 16) n WHERE a.id = @account::uuid ON CONFLICT DO NOTHING;
            INSERT INTO insight_syncs (sync_id, social_account_id, since, until, requested_by, state, queued_at, completed_at) SELECT gen_random_uuid(), @account::uuid, current_date, current_date, 'tests', 'succeeded', now(), now() - interval '1 minute'
            """, new { id, shown, since, account = (string)_request["social_account_id"]! });

        (await _manager.PostAsync($"/meta/experiments/{id}/proposal/accept", new JsonObject { ["proposal_id"] = $"{shown}" })).AssertProblem(409);
        foreach (var stale in (string[])[$"{shown}", ""]) Assert.That((await _manager.SendFormAsync(page, $"{page}/accept", ("proposal", stale))).Location!.ToString(), Does.Contain("problem="), stale);
        Assert.That(await connection.ExecuteScalarAsync<string>("SELECT state FROM experiment_proposals WHERE id = @since", new { since }), Is.EqualTo("open"));

        Assert.That((await _manager.SendFormAsync(page, $"{page}/accept")).Location!.ToString(), Does.Contain("done="));
        Assert.That(await connection.ExecuteScalarAsync<string>("SELECT state FROM experiment_proposals WHERE id = @since", new { since }), Is.EqualTo("accepted"));
    }

    [Test]
    public async Task A_market_that_is_made_up_is_judged_by_the_code_that_judges_at_night()
    {
        var market = await _manager.PostAsync("/meta/experiments/simulate", JsonNode.Parse("""{"better_percent":60,"results_a_day":40,"days":28,"attribution_days":1,"runs":5,"seed":7}"""));
        Assert.That(market.Code, Is.EqualTo(200), market.Text);
        Assert.That(((int)market.Json["right"]!, (int)market.Json["wrong"]!, (string?)market.Json["nights"]!.AsArray()[^1]!["ending"]), Is.EqualTo((5, 0, "winner")), market.Text);
        Assert.That((await _manager.PostAsync("/meta/experiments/simulate", JsonNode.Parse("""{"better_percent":60,"results_a_day":40,"days":28,"attribution_days":1,"runs":5,"seed":7}"""))).Text, Is.EqualTo(market.Text));
        Assert.That((await _manager.PostAsync("/meta/experiments/simulate", JsonNode.Parse("""{"scenario":"wild","variants":9,"days":8,"runs":0,"more":1}"""))).WrongFields, Is.EquivalentTo(["scenario", "variants", "days", "runs", "more"]));
        Assert.That((await _manager.PostAsync("/meta/experiments/simulate", JsonNode.Parse("""{"variants":5,"days":84,"runs":200}"""))).WrongFields, Is.EqualTo(["runs"]), "more than somebody would wait for");
    }

    private JsonObject Body(string change)
    {
        var body = ExperimentWorld.Body(Guid.Parse((string)_request["social_account_id"]!), Guid.Parse((string)_request["clip_id"]!), "{}");
        var goal = change.Contains("result_rate", StringComparison.Ordinal) ? "LINK_CLICKS" : "LANDING_PAGE_VIEWS";
        body["request"]!["optimization_goal"] = goal;
        foreach (var (name, value) in JsonNode.Parse(change)!.AsObject())
            if (value is null) body.Remove(name);
            else body[name] = value.DeepClone();
        return body;
    }
}
