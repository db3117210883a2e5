using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Tests.Api.Batches;
using MetaAdsJobs.Tests.Experiments;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.People.Walks;

/// <summary>Where no address names the account, a body or a form does: of an account in which one may not spend nothing is done, whether one may look at it or not.</summary>
[TestFixture(false), TestFixture(true)]
public sealed partial class ForeignBodyTests(bool maySee)
{
    private Service _service = null!;
    private ApiClient _admin = null!;
    private ForeignAccount _foreign = null!;
    private ApiClient _client = null!;
    private string _mail = "";
    private string _mine = "";
    private string _myClip = "";

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await SharedServices.ForPages;
        _admin = _service.Client();
        _foreign = await ForeignAccount.AddAsync(_service, _admin);
        _mine = await _admin.AddAccountAsync();
        string[] accounts = maySee ? [$"+{_mine}", _foreign.Id] : [$"+{_mine}"];
        (_client, _mail, _, _, _) = await _service.ProgramAsync(_admin, "manager", accounts);
        _myClip = (string)(await _client.PostAsync("/meta/clips", new JsonObject { ["title"] = "Mine", ["image_url"] = "https://cdn.example.com/mine.jpg" })).Json["id"]!;
    }

    [OneTimeTearDown]
    public void Stop()
    {
        _client.Dispose();
        _admin.Dispose();
    }

    [Test]
    public async Task A_body_that_names_the_account_is_refused_and_nothing_of_it_is_moved()
    {
        var before = await ReadAsync();
        var experiment = ExperimentWorld.Body(Guid.Parse(_foreign.Id), Guid.Parse(_myClip));
        experiment["request"]!["optimization_goal"] = "LANDING_PAGE_VIEWS";
        var ofAccount = new JsonArray(_foreign.Id);
        foreach (var (url, body) in ((string, JsonObject)[])
                 [
                     ("/meta/orchestrate/run", ApiClient.Request(_foreign.Id, _myClip)), ("/meta/orchestrate/run", ApiClient.Request(_mine, _foreign.Ids[Thing.Clip])),
                     ("/meta/orchestrate/batch", BatchWorld.FileOf(ApiClient.Request(_foreign.Id, _myClip).Row("one"))), ("/meta/experiments", experiment),
                     ("/meta/freezes", new() { ["social_account_id"] = _foreign.Id, ["from"] = "2030-01-01T00:00:00Z", ["until"] = "2031-01-01T00:00:00Z" }), ("/meta/freezes", new() { ["from"] = "2030-01-01T00:00:00Z", ["until"] = "2031-01-01T00:00:00Z" }),
                     ("/meta/webhooks", new() { ["url"] = "https://receiver.invalid/hook", ["account_ids"] = ofAccount.DeepClone() }), ("/meta/webhooks", new() { ["url"] = "https://receiver.invalid/hook" }),
                     ("/meta/alerts/rules", Rule(ofAccount.DeepClone())), ("/meta/alerts/rules", Rule(null)), ("/meta/alerts/rules/try", Rule(ofAccount.DeepClone())),
                     ("/meta/budget-pools", new() { ["name"] = "Mine", ["social_account_id"] = _foreign.Id, ["level"] = "campaign", ["members"] = new JsonArray(new JsonObject { ["id"] = _foreign.Ids[Thing.Campaign] }, new JsonObject { ["id"] = $"{_foreign.Mark} 2" }) }),
                 ])
        {
            var answer = await _client.PostAsync(url, body);
            Assert.That(answer.Code, Is.EqualTo(422).Or.EqualTo(404).Or.EqualTo(403), $"{url}: {answer.Text}");
            // Of a clip that was named wrong its id is told again.
            Assert.That(answer.Text.Replace(_foreign.Id, "", StringComparison.Ordinal).Replace(_foreign.Ids[Thing.Clip], "", StringComparison.Ordinal).Replace(_foreign.Ids[Thing.Campaign], "", StringComparison.Ordinal).Replace($"{_foreign.Mark} 2", "", StringComparison.Ordinal), Does.Not.Contain(_foreign.Mark), url);
        }

        Assert.That(await ReadAsync(), Is.EqualTo(before));

        static JsonObject Rule(JsonNode? accounts)
        {
            var rule = new JsonObject { ["name"] = "Mine", ["metric"] = "spend", ["when"] = "above", ["threshold"] = 5 };
            if (accounts is not null) rule["account_ids"] = accounts;
            return rule;
        }
    }

    [Test]
    public async Task A_form_that_names_the_account_does_nothing_to_it()
    {
        var before = await ReadAsync();
        using var page = await _client.Http.GetAsync("/console/me");
        var proof = Proof().Match(await page.Content.ReadAsStringAsync()).Groups["value"].Value;
        var cookie = string.Join("; ", page.Headers.GetValues("Set-Cookie").Select(one => one.Split(';')[0]));
        foreach (var (url, fields) in ((string, (string, string)[])[])
                 [
                     ("/console/campaigns/bulk/pause", [("id", _foreign.Ids[Thing.Campaign])]), ("/console/campaigns/bulk/publish", [("id", _foreign.Ids[Thing.Campaign])]),
                     ($"/console/campaigns/bulk/publish?ids={Uri.EscapeDataString(_foreign.Ids[Thing.Campaign])}", [("seen", "x")]), ("/console/campaigns/adopt", [("account", _foreign.Id), ("campaign", "120210000000000001")]),
                     ("/console/runs/bulk/cancel?status=queued", [("up_to", "ffffffff-ffff-7fff-bfff-ffffffffffff"), ("shown", "1000")]), ($"/console/runs/bulk/cancel?status=queued&account={_foreign.Id}", [("up_to", "ffffffff-ffff-7fff-bfff-ffffffffffff"), ("shown", "1000")]),
                     ("/console/runs/bulk/retry?status=failed", [("up_to", "ffffffff-ffff-7fff-bfff-ffffffffffff"), ("shown", "1000")]),
                     ("/console/due", [("social_account_id", _foreign.Id), ("from", "2030-01-01T00:00"), ("until", "2031-01-01T00:00")]), ("/console/due", [("from", "2030-01-01T00:00"), ("until", "2031-01-01T00:00")]),
                     ("/console/alerts/rules/new", [("name", "Mine"), ("metric", "spend"), ("when", "above"), ("threshold", "5"), ("account_ids", _foreign.Id)]), ("/console/webhooks/new", [("url", "https://receiver.invalid/hook"), ("format", "cloudevents"), ("account_ids", _foreign.Id)]),
                     ("/console/budgets/new", [("social_account_id", _foreign.Id), ("name", "Mine"), ("level", "campaign"), ("members", "1\n2")]),
                 ])
        {
            using var form = new FormUrlEncodedContent(fields.Append(("__RequestVerificationToken", proof)).Select(one => KeyValuePair.Create(one.Item1, one.Item2)));
            using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = form };
            request.Headers.Add("Cookie", cookie);
            using var answer = await _client.Http.SendAsync(request);
            Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK).Or.EqualTo(HttpStatusCode.UnprocessableEntity).Or.EqualTo(HttpStatusCode.Found).Or.EqualTo(HttpStatusCode.NotFound).Or.EqualTo(HttpStatusCode.SeeOther), url);
            // Else it would have been refused as no form of ours, whatever it names.
            if (answer.Headers.Location is { } onward) Assert.That(await _client.Http.GetStringAsync(onward), Does.Not.Contain("The form had expired"), url);
        }

        Assert.That(await ReadAsync(), Is.EqualTo(before));
    }

    [Test]
    public async Task What_is_under_way_there_is_in_no_count_of_whoever_may_not_see_it()
    {
        using var page = await _client.Http.GetAsync("/console");
        Assert.That(await page.Content.ReadAsStringAsync(), maySee ? Does.Contain("class=\"underway\"") : Does.Not.Contain("class=\"underway\""));
    }

    // All that could be done to it, in one text.
    private async Task<string?> ReadAsync()
    {
        await using var connection = await _service.Database.DataSource.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<string>("""
            SELECT concat_ws(' ',
                (SELECT string_agg(concat(request_id, status, cancel_requested), ',' ORDER BY request_id) FROM orchestrations WHERE social_account_id = @id),
                (SELECT string_agg(concat(edit_id, kind, state), ',' ORDER BY edit_id) FROM campaign_edits WHERE social_account_id = @id), (SELECT count(*) FROM batch_rows WHERE social_account_id = @id),
                (SELECT count(*) FROM freezes WHERE social_account_id = @id OR made_by = @mail), (SELECT count(*) FROM stops WHERE social_account_id = @id), (SELECT count(*) FROM insight_syncs WHERE social_account_id = @id),
                (SELECT count(*) FROM webhooks WHERE @id = ANY (account_ids) OR created_by = @mail), (SELECT count(*) FROM alert_rules WHERE @id = ANY (account_ids) OR created_by = @mail), (SELECT count(*) FROM budget_pools WHERE social_account_id = @id),
                (SELECT count(*) FROM experiments WHERE social_account_id = @id), (SELECT count(*) FROM recorded_acts WHERE social_account_id = @id), (SELECT updated_at FROM social_accounts WHERE id = @id))
            """, new { id = Guid.Parse(_foreign.Id), mail = _mail });
    }

    [GeneratedRegex("""name="__RequestVerificationToken"[^>]*value="(?<value>[^"]*)""")]
    private static partial Regex Proof();
}
