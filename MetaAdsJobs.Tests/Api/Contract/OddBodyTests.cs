using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Tests.Api.People;
using MetaAdsJobs.Tests.Insights.Reading;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Contract;

/// <summary>Whatever stands in a body, or in a question's parameters, is told to be wrong, or is done: no call of the document is answered 500.</summary>
[TestFixture, Long]
public sealed partial class OddBodyTests
{
    private static readonly string[] Odd =
    [
        "null", "\"\"", "\"\\u0000\"", "\"a\\u0000b\"", "\"\\ud800\"", "\" \"", "1e308", "-1", "0", "0.5", "99999999999999999999", "9223372036854775807", "true", "[]", "{}", "[null]", "[[]]", "[\"\\u0000\"]", "[{}]", "{\"\":1}", "\"9999-12-31T23:59:59.9999999Z\"",
        "\"0001-01-01T00:00:00+14:00\"", "\"0001-01-01T00:00:00Z\"", "\"2026-02-30\"", "\"00000000-0000-0000-0000-000000000000\"", "\"infinity\"", "\"NaN\"", "\"%' OR 1=1 --\"", "\"\\ud83d\\ude42\\u202e{0}{{x}}\"",
    ];

    private static readonly string[] OddWhole = ["", "null", "[]", "\"x\"", "1", "{", "{\"a\":1,\"a\":2}", "[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]", "\"\\ud800\"", "{\"\\u0000\":1}"];

    private Service _service = null!;
    private ApiClient _admin = null!;
    private ForeignAccount _of = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await Service.StartAsync(workers: 0, database: null, ("RATE_LIMIT_PER_SECOND", "1000000"));
        _admin = _service.Client();
        _of = await ForeignAccount.AddAsync(_service, _admin);
        // As a run's is that has made something.
        await _service.Database.DataSource.DoAsync("UPDATE orchestrations SET request = @Request::jsonb", new { Request = ApiClient.Request(_of.Id, _of.Ids[Thing.Clip]).ToJsonString() });
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _admin.Dispose();
        await _service.DisposeAsync();
    }

    [Test]
    public async Task No_body_is_answered_500()
    {
        var (failed, sent) = (new List<string>(), 0);
        foreach (var call in Call.All.Where(call => call.IsOurs && call.Json["requestBody"]?["content"]?["application/json"] is not null))
        {
            var schema = Resolved(call.Json["requestBody"]!["content"]!["application/json"]!["schema"]!);
            var usual = UsualOf(schema, "", 0) as JsonObject ?? [];
            foreach (var (what, text) in OddWhole.Select(text => (What: text, Text: text)).Concat(Varied(usual, [])).DistinctBy(one => one.Text))
            {
                var answer = await _admin.SendAsync(new(call.Method), Address(call.Path), text, ("Idempotency-Key", $"{Guid.NewGuid()}"));
                sent++;
                if (answer.Code >= 500 && answer.Code != 503) failed.Add($"{call}: {answer.Code} {what}");
            }
        }

        TestContext.Progress.WriteLine($"{sent} bodies");
        Assert.That(sent, Is.GreaterThan(2000));
        Assert.That(failed, Is.Empty, string.Join('\n', failed.GroupBy(one => one.Split(':')[0]).Select(same => $"{same.First()} ({same.Count()})").Take(40).Concat(_service.Logs().Split('\n').Where(line => line.Contains("Exception", StringComparison.Ordinal)).Distinct().Take(10))));
    }

    [Test]
    public async Task No_question_is_answered_500()
    {
        string[] values = ["", "%00", "a%00b", "%F0%9F%99%82", "-1", "1e308", "9223372036854775807", "9999-12-31", "0001-01-01", "9999-12-31T23:59:59.9999999Z", "0001-01-01T00:00:00%2B14:00", "infinity", $"{Guid.Empty}", "%27", "%25_%5C", "AAAA", "eyJhIjoxfQ"];
        var (failed, sent) = (new List<string>(), 0);
        foreach (var call in Call.All.Where(call => call.IsOurs))
            foreach (var parameter in call.Parameters.Where(parameter => (string?)parameter["in"] == "query").Select(parameter => (string)parameter["name"]!))
                foreach (var value in values)
                {
                    var url = $"{Address(call.Path)}?{parameter}={value}";
                    var answer = await _admin.SendAsync(new(call.Method), url, call.Method == "GET" ? null : "{}");
                    sent++;
                    if (answer.Code >= 500 && answer.Code != 503) failed.Add($"{call.Method} {url}: {answer.Code}");
                }

        TestContext.Progress.WriteLine($"{sent} questions");
        Assert.That(failed, Is.Empty, string.Join('\n', failed.Take(40)));
    }

    // Each of its values, and of those in it, exchanged for each odd one.
    private static IEnumerable<(string What, string Text)> Varied(JsonObject usual, string[] path)
    {
        JsonNode at = usual;
        foreach (var step in path) at = at is JsonArray list ? list[int.Parse(step, null)]! : at[step]!;
        string[] steps = at switch { JsonObject one => [.. one.Select(field => field.Key)], JsonArray { Count: > 0 } => ["0"], _ => [] };
        if (path.Length == 0) yield return ("as it is", usual.ToJsonString());
        foreach (var step in steps)
        {
            foreach (var odd in Odd)
            {
                const string Mark = "\"here-it-goes\"";
                var copy = usual.DeepClone();
                JsonNode holder = copy;
                foreach (var before in path) holder = holder is JsonArray list ? list[int.Parse(before, null)]! : holder[before]!;
                if (holder is JsonArray array) array[int.Parse(step, null)] = "here-it-goes";
                else holder[step] = "here-it-goes";
                yield return ($"{string.Join('.', [.. path, step])} = {odd}", copy.ToJsonString().Replace(Mark, odd, StringComparison.Ordinal));
            }

            if (path.Length < 3)
                foreach (var deeper in Varied(usual, [.. path, step])) yield return deeper;
        }
    }

    private JsonNode? UsualOf(JsonNode schema, string name, int depth)
    {
        schema = Resolved(schema);
        if (schema["enum"] is JsonArray { Count: > 0 } words) return words[0]?.DeepClone();
        if ((schema["oneOf"] ?? schema["anyOf"]) is JsonArray choices) return UsualOf(choices.First(one => (string?)one!["type"] != "null")!, name, depth);
        var type = schema["type"] is JsonArray types ? types.Select(one => (string)one!).First(one => one != "null") : (string?)schema["type"];
        return type switch
        {
            "boolean" => false,
            "integer" => 10,
            "number" => 10.5,
            "array" => depth > 3 ? new JsonArray() : new JsonArray(UsualOf(schema["items"] ?? new JsonObject(), name, depth + 1)),
            "string" => (string?)schema["format"] switch
            {
                "uuid" => name.Contains("clip", StringComparison.Ordinal) ? _of.Ids[Thing.Clip] : _of.Id,
                "date-time" => "2030-01-01T00:00:00Z",
                "date" => "2030-01-01",
                "uri" => "https://example.com",
                _ => name.Contains("url", StringComparison.Ordinal) ? "https://example.com/x" : "x",
            },
            _ => depth > 3 || schema["properties"] is not JsonObject properties ? new JsonObject() : new JsonObject(properties.Select(field => KeyValuePair.Create(field.Key, UsualOf(field.Value!, field.Key, depth + 1)))),
        };
    }

    private static JsonNode Resolved(JsonNode schema) => (string?)schema["$ref"] is { } reference ? Document.Json["components"]!["schemas"]![reference.Split('/')[^1]]! : schema;

    private string Address(string path) => Placeholder().Replace(path, match => Uri.EscapeDataString(path switch
    {
        _ when path.Contains("/campaigns/", StringComparison.Ordinal) && match.Value == "{id}" => _of.Ids[Thing.Campaign],
        _ when path.Contains("/adsets/", StringComparison.Ordinal) => _of.Ids[Thing.AdSet],
        _ when path.Contains("/ads/", StringComparison.Ordinal) => _of.Ids[Thing.Ad],
        _ when path.Contains("/webhooks/", StringComparison.Ordinal) => match.Value == "{id}" ? _of.Ids[Thing.Webhook] : _of.Delivery,
        _ when path.Contains("/rules/", StringComparison.Ordinal) => _of.Ids[Thing.AlertRule],
        _ when path.Contains("/alerts/", StringComparison.Ordinal) => _of.Ids[Thing.Alert],
        _ when path.Contains("/budget-pools/", StringComparison.Ordinal) => match.Value == "{id}" ? _of.Ids[Thing.BudgetPool] : _of.Proposal,
        _ when path.Contains("/experiments/", StringComparison.Ordinal) => _of.Ids[Thing.Experiment],
        _ when path.Contains("/approvals/", StringComparison.Ordinal) => _of.Ids[Thing.Approval],
        _ when path.Contains("/freezes/", StringComparison.Ordinal) => _of.Ids[Thing.Freeze],
        _ when path.Contains("/edits/", StringComparison.Ordinal) => _of.Ids[Thing.Edit],
        _ when path.Contains("/runs/", StringComparison.Ordinal) => _of.Ids[Thing.Run],
        _ when path.Contains("/batches/", StringComparison.Ordinal) => _of.Ids[Thing.Batch],
        _ when path.Contains("/accounts/", StringComparison.Ordinal) || path.Contains("/sync-insights/", StringComparison.Ordinal) => match.Value == "{name}" ? _of.Mark : _of.Id,
        _ when match.Value == "{night}" => "2026-01-01",
        _ => $"{Guid.NewGuid()}",
    }));

    [GeneratedRegex(@"\{\w+\}")]
    private static partial Regex Placeholder();
}
