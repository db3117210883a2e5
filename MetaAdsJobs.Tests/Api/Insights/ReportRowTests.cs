using System.Text.Json.Nodes;
using MetaAdsJobs.Tests.Insights.Reading;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Insights;

/// <summary>A report by age and gender, with rows as a sync would have left them, and what was restated since.</summary>
[TestFixture, HasServiceAlone]
public sealed class ReportRowTests
{
    private Service _service = null!;
    private ApiClient _client = null!;
    private string _account = "";

    [OneTimeSetUp]
    public async Task SeedAsync()
    {
        _service = await SharedServices.WithoutWorker;
        _client = _service.Client();
        _account = await _client.AddAccountAsync();
        var defined = await _client.PostAsync($"/meta/accounts/{_account}/reports", new JsonObject { ["name"] = "by-age", ["level"] = "ad", ["breakdowns"] = new JsonArray("age", "gender") });
        Assert.That(defined.Code, Is.EqualTo(201), defined.Text);
        await _service.Database.DataSource.DoAsync("SELECT ensure_insight_partitions('2026-10-01', '2026-10-31')");
        await _service.Database.DataSource.DoAsync("""
            INSERT INTO meta_report_rows (definition_id, date_start, object_id, breakdown, social_account_id, ad_meta_id, adset_meta_id, campaign_meta_id, impressions, reach, spend,
                currency, raw, is_partial, synced_at, vanished_at)
            SELECT d.id, '2026-10-01'::date + day, '1203', breakdown, d.social_account_id, '1203', '1202', '1201', 100, 80, 1.5, 'USD', '{"cpc": "0.1", "name": "x"}', false,
                '2026-10-05T03:00:00Z', CASE WHEN day = 1 THEN now() END
            FROM report_definitions d, generate_series(0, 1) day, unnest(ARRAY['["18-24","female"]', '["18-24","male"]', '["=1+1",null]']) breakdown
            WHERE d.social_account_id = @Account::uuid;
            INSERT INTO insight_changes (social_account_id, date_start, definition_id, object_id, breakdown, campaign_meta_id, metric, old_value, new_value, was_partial, changed_at)
            SELECT @Account::uuid, '2026-10-01'::date + day, definition, '1203', CASE WHEN definition = 0 THEN '[]' ELSE '["18-24","male"]' END, '1201', metric, 1, 2.5, day = 1, moment
            FROM generate_series(0, 1) day, (SELECT 0 UNION SELECT id FROM report_definitions WHERE social_account_id = @Account::uuid) d (definition),
                unnest(ARRAY['clicks', 'spend']) metric, unnest(ARRAY['2026-10-05T03:00:00.123456Z', '2026-10-06T03:00:00Z']::timestamptz[]) moment;
            """, new { Account = _account });
    }

    [OneTimeTearDown]
    public void Stop() => _client.Dispose();

    [Test]
    public async Task A_row_names_its_breakdowns_and_keeps_what_Meta_gave()
    {
        var rows = await ReadAsync($"rows?social_account_id={_account}&report=by-age", 200);
        Assert.That(rows, Has.Count.EqualTo(6));
        Assert.That(rows[0], Is.EqualTo("""
            {"date":"2026-10-01","object_id":"1203","campaign_id":"1201","adset_id":"1202","ad_id":"1203","breakdowns":{"age":"18-24","gender":"female"},"impressions":100,"clicks":null,"link_clicks":null,"reach":80,"spend":1.5000,"results":null,"result_type":null,"currency":"USD","is_partial":false,"vanished":false,"synced_at":"2026-10-05T03:00:00Z","fields":{"cpc":"0.1","name":"x"}}
            """));
        Assert.That(rows.Select(row => (bool)JsonNode.Parse(row)!["vanished"]!), Is.EqualTo([false, false, false, true, true, true]));
        Assert.That(await ReadAsync($"rows?social_account_id={_account}&report=by-age&since=2026-10-02&until=2026-10-02", 200), Is.EqualTo(rows[3..]));
    }

    [TestCase("rows", "&report=by-age", 6)]
    [TestCase("changes", "", 16)]
    [TestCase("changes", "&campaign_id=1201&since=2026-10-02&until=2026-10-02", 8)]
    public async Task Pages_of_one_hold_every_item_once_and_in_order(string list, string query, int count)
    {
        var whole = await ReadAsync($"{list}?social_account_id={_account}{query}", 200);
        Assert.That(whole, Has.Count.EqualTo(count).And.Unique);
        Assert.That(await ReadAsync($"{list}?social_account_id={_account}{query}", 1), Is.EqualTo(whole));
    }

    [Test]
    public async Task A_csv_has_a_column_per_breakdown_and_no_formulas()
    {
        var answer = await _client.SendAsync(HttpMethod.Get, $"/meta/insights/rows?social_account_id={_account}&report=by-age&until=2026-10-01", null, ("Accept", "text/csv"));
        Assert.That(answer.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.TrimEnd('\r')), Is.EqualTo((string[])
        [
            "date,object_id,campaign_id,adset_id,ad_id,age,gender,impressions,clicks,link_clicks,reach,spend,results,result_type,currency,is_partial,vanished,synced_at,fields",
            "2026-10-01,1203,1201,1202,1203,18-24,female,100,,,80,1.5000,,,USD,false,false,2026-10-05T03:00:00Z,\"{\"\"cpc\"\":\"\"0.1\"\",\"\"name\"\":\"\"x\"\"}\"",
            "2026-10-01,1203,1201,1202,1203,18-24,male,100,,,80,1.5000,,,USD,false,false,2026-10-05T03:00:00Z,\"{\"\"cpc\"\":\"\"0.1\"\",\"\"name\"\":\"\"x\"\"}\"",
            "2026-10-01,1203,1201,1202,1203,\"'=1+1\",,100,,,80,1.5000,,,USD,false,false,2026-10-05T03:00:00Z,\"{\"\"cpc\"\":\"\"0.1\"\",\"\"name\"\":\"\"x\"\"}\"",
        ]));
    }

    [Test]
    public async Task A_restated_value_is_told_with_what_it_was()
    {
        var changes = await ReadAsync($"changes?social_account_id={_account}&since=2026-10-02", 200);
        Assert.That(changes[0], Is.EqualTo("""
            {"date":"2026-10-02","object_id":"1203","ad_id":"1203","campaign_id":"1201","report":"by-age","breakdown":{"age":"18-24","gender":"male"},"metric":"spend","old":1,"new":2.5,"was_partial":true,"changed_at":"2026-10-06T03:00:00Z"}
            """));
        Assert.That(changes.Select(change => (string?)JsonNode.Parse(change)!["report"]), Is.EqualTo(["by-age", "by-age", null, null, "by-age", "by-age", null, null]));
        Assert.That(await ReadAsync($"changes?social_account_id={_account}&campaign_id=1", 200), Is.Empty);
    }

    [Test]
    public async Task An_ended_report_can_still_be_read_until_another_takes_its_name()
    {
        var account = await _client.AddAccountAsync();
        var report = new JsonObject { ["name"] = "old", ["level"] = "campaign" };
        await _client.PostAsync($"/meta/accounts/{account}/reports", report);
        Assert.That((await _client.SendAsync(HttpMethod.Delete, $"/meta/accounts/{account}/reports/old", null)).Code, Is.EqualTo(204));
        Assert.That((await _client.GetAsync($"/meta/insights/rows?social_account_id={account}&report=old")).Code, Is.EqualTo(200));
        (await _client.GetAsync($"/meta/insights/rows?social_account_id={account}&report=other")).AssertProblem(404);
        (await _client.GetAsync($"/meta/insights/rows?social_account_id={Guid.NewGuid()}&report=old")).AssertProblem(404);
    }

    [TestCase("rows", "social_account_id", "report")]
    [TestCase("rows?social_account_id=&report=&cursor=x&limit=0&since=x", "social_account_id", "report", "cursor", "limit", "since")]
    [TestCase("changes?since=2026-02-02&until=2026-02-01&cursor=W10", "social_account_id", "since", "cursor")]
    [TestCase("days", "social_account_id")]
    [TestCase("days?differing=perhaps&cursor=x", "differing", "cursor")]
    [TestCase("syncs?state=lost&cursor=x", "state", "cursor")]
    [TestCase("nights?cursor=x", "cursor")]
    [TestCase("nights/yesterday", "night")]
    public Task A_wrong_query_is_refused_by_every_name_at_once(string url, params string[] fields) =>
        _service.RefusesFieldsAsync(() => _client.GetAsync($"/meta/insights/{url}"), fields);

    private async Task<List<string>> ReadAsync(string url, int limit)
    {
        var items = new List<string>();
        string? cursor = null;
        do
        {
            var page = await _client.GetAsync($"/meta/insights/{url}&limit={limit}{(cursor is null ? "" : $"&cursor={cursor}")}");
            Assert.That(page.Code, Is.EqualTo(200), page.Text);
            items.AddRange(page.Json["items"]!.AsArray().Select(item => item!.ToJsonString(Plain)));
            cursor = (string?)page.Json["next_cursor"];
        }
        while (cursor is not null && items.Count < 100);

        return items;
    }

    private static readonly System.Text.Json.JsonSerializerOptions Plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
