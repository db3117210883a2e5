using System.Text.Json.Nodes;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Contract;

/// <summary>What the description says of how long, how many and how much is what holds: just beyond it a field is refused by its name.</summary>
[TestFixture, HasServiceAlone]
public sealed class BoundsTests
{
    private Service _service = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _service = await SharedServices.WithoutWorker;

    [TestCase("/meta/accounts", "name", "access_token", "default_countries", "campaign_cap_cents", "approval_above_cents")]
    [TestCase("/meta/account-groups", "name", "account_ids")]
    [TestCase("/meta/users", "name", "mail", "accounts", "groups")]
    [TestCase("/meta/alerts/rules", "name", "account_ids", "campaign_ids", "threshold", "window_days", "window_hours", "median_days", "floor_least", "evaluations", "cooldown_minutes")]
    [TestCase("/meta/budget-pools", "name", "members", "max_step_percent", "least_gain_percent")]
    [TestCase("/meta/budget-pools/simulate", "members", "days", "daily_budget", "least_gain_percent", "seed")]
    [TestCase("/meta/clips", "title", "video_id", "video_url", "image_url", "thumbnail_url")]
    [TestCase("/meta/experiments", "name", "counts", "variants", "smallest_difference_percent", "least_results", "most_days", "attribution_days")]
    [TestCase("/meta/experiments/simulate", "variants", "better_percent", "smallest_difference_percent", "results_a_day", "days", "least_results", "attribution_days", "runs", "seed")]
    [TestCase("/meta/publishers", "name", "description", "runs_per_day")]
    [TestCase("/meta/webhooks", "url", "description", "event_types", "account_ids")]
    public async Task What_is_just_beyond_a_bound_is_refused_by_its_name(string path, params string[] least)
    {
        using var admin = _service.Client("admin", $"{Guid.NewGuid()}");
        var body = Call.All.Single(call => call.Method == "POST" && call.Path.TrimEnd('/') == path).Json["requestBody"]!["content"]!["application/json"]!["schema"]!;
        var schema = Document.Json["components"]!["schemas"]![((string)body["$ref"]!).Split('/')[^1]]!;
        var told = schema["properties"]!.AsObject().Select(field => (field.Key, Values: Beyond(field.Value!).ToList())).Where(field => field.Values.Count > 0).ToList();
        Assert.That(told.Select(field => field.Key), Is.SupersetOf(least));
        using var all = Assert.EnterMultipleScope();
        foreach (var (field, values) in told)
            foreach (var value in values)
            {
                var answer = await admin.PostAsync(path, new JsonObject { [field] = value });
                Assert.That(answer.Code, Is.EqualTo(422), $"{field}: {answer.Text}");
                Assert.That(answer.WrongFields, Does.Contain(field), answer.Text);
            }
    }

    private static IEnumerable<JsonNode> Beyond(JsonNode schema)
    {
        if ((int?)schema["maxLength"] is { } longest) yield return new string('x', longest + 1);
        if ((int?)schema["maxItems"] is { } most) yield return new JsonArray([.. Enumerable.Range(0, most + 1).Select(_ => (JsonNode?)1)]);
        if ((decimal?)schema["maximum"] is { } maximum) yield return maximum + 1;
        if ((decimal?)schema["minimum"] is { } minimum) yield return minimum - 1;
    }
}
