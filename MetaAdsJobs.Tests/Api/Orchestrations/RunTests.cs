using System.Text.Json.Nodes;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Orchestrations;

[TestFixture, HasServiceAlone]
public sealed class RunTests
{
    [Test]
    public async Task A_request_is_accepted_at_once_and_tells_where_to_look()
    {
        var service = await SharedServices.WithoutWorker;
        using var client = service.Client("manager");
        var answer = await client.PostAsync("/meta/orchestrate/run", await NewRequestAsync(service));

        Assert.That(answer.Code, Is.EqualTo(202), answer.Text);
        var id = (string)answer.Json["request_id"]!;
        Assert.That(answer.Json.AsObject().Select(field => field.Key), Is.EqualTo(["request_id", "status", "status_url"]));
        Assert.That((string?)answer.Json["status"], Is.EqualTo("queued"));
        Assert.That((string?)answer.Json["status_url"], Is.EqualTo($"/meta/orchestrate/runs/{id}"));
        Assert.That(answer.Header("Location"), Is.EqualTo($"/meta/orchestrate/runs/{id}"));
        var run = await client.GetAsync(answer.Header("Location")!);
        Assert.That((string?)run.Json["request_id"], Is.EqualTo(id), run.Text);
        Assert.That((string?)run.Json["status"], Is.EqualTo("queued"));
        Assert.That((int)run.Json["attempt"]!, Is.Zero);
        Assert.That(run.Json["steps"]!.AsArray().Select(step => (string)step!["step"]! + " " + step["state"]),
            Is.EqualTo(["campaign pending", "adset pending", "media pending", "creative pending", "ad pending"]));
    }

    [Test]
    public async Task A_caller_who_waits_gets_the_whole_result_in_the_shape_of_the_brief()
    {
        var service = await SharedServices.WithWorker;
        using var client = service.Client("manager");
        var request = await NewRequestAsync(service);
        var answer = await client.PostAsync("/meta/orchestrate/run", request, ("Prefer", "respond-async, wait=30"));

        Assert.That(answer.Code, Is.EqualTo(200), answer.Text);
        Assert.That(answer.Header("Preference-Applied"), Is.EqualTo("wait=30"));
        var result = answer.Json;
        AssertHolds(result, "request_id", "social_account_id", "clip_id", "overall_success", "started_at", "completed_at", "duration_seconds",
            "campaign_creation", "insights_sync", "errors");
        AssertHolds(result["campaign_creation"]!, "campaign_db_id", "campaign_meta_id", "adset_db_id", "adset_meta_id", "ad_db_id", "ad_meta_id",
            "creative_db_id", "creative_meta_id", "success", "error");
        AssertHolds(result["insights_sync"]!, "insights_synced", "date_range_start", "date_range_end", "success", "error");
        AssertHolds(result, "status", "attempt", "next_attempt_at", "steps");
        foreach (var step in result["steps"]!.AsArray()) AssertHolds(step!, "step", "state", "meta_id", "started_at", "completed_at", "error");

        Assert.That((bool)result["overall_success"]!, Is.True, answer.Text);
        Assert.That((bool)result["campaign_creation"]!["success"]!, Is.True);
        Assert.That(result["campaign_creation"]!["error"], Is.Null);
        Assert.That((long)result["campaign_creation"]!["ad_db_id"]!, Is.Positive);
        Assert.That((string?)result["campaign_creation"]!["campaign_meta_id"], Does.StartWith("META_CAMPAIGN_"));
        Assert.That((int)result["insights_sync"]!["insights_synced"]!, Is.EqualTo(7));
        Assert.That(result["errors"]!.AsArray(), Is.Empty);
        // Two processes go by the database's clock, each as it read it last.
        Assert.That((double)result["duration_seconds"]!, Is.Not.Negative);
        Assert.That((string?)result["started_at"], Does.EndWith("Z"));
        Assert.That((string?)result["social_account_id"], Is.EqualTo((string?)request["social_account_id"]));
    }

    [Test]
    public async Task A_caller_whose_patience_ends_first_gets_the_accepted_answer()
    {
        var service = await SharedServices.WithoutWorker;
        using var client = service.Client("manager");
        var answer = await client.PostAsync("/meta/orchestrate/run", await NewRequestAsync(service), ("Prefer", "wait=1"));
        Assert.That(answer.Code, Is.EqualTo(202), answer.Text);
        Assert.That((string?)answer.Json["status"], Is.EqualTo("queued"));
        Assert.That(answer.Header("Preference-Applied"), Is.EqualTo("wait=1"));
    }

    [TestCase("wait=0")]
    [TestCase("wait=61")]
    [TestCase("wait=soon")]
    [TestCase("handling=lenient")]
    public async Task A_preference_that_cannot_be_met_is_ignored(string prefer)
    {
        var service = await SharedServices.WithoutWorker;
        using var client = service.Client("manager");
        var answer = await client.PostAsync("/meta/orchestrate/run", await NewRequestAsync(service), ("Prefer", prefer));
        Assert.That(answer.Code, Is.EqualTo(202), answer.Text);
        Assert.That(answer.Header("Preference-Applied"), Is.Null);
    }

    [Test]
    public async Task The_second_request_of_the_brief_is_built_with_its_pixel_and_published()
    {
        var service = await SharedServices.WithWorker;
        using var client = service.Client();
        var request = await client.NewRequestAsync(account => account["pixel_id"] = "777000111");
        request["campaign_name"] = "Black Friday 2025";
        request["daily_budget_cents"] = 50000;
        request["optimization_goal"] = "CONVERSIONS";
        request["auto_publish"] = true;
        request["targeting"] = new JsonObject
        {
            ["age_min"] = 25, ["age_max"] = 54, ["genders"] = new JsonArray(1, 2),
            ["geo_locations"] = new JsonObject { ["countries"] = new JsonArray("US", "CA") },
            ["interests"] = new JsonArray(new JsonObject { ["id"] = "12345", ["name"] = "Shopping" }),
        };
        var answer = await client.PostAsync("/meta/orchestrate/run", request, ("Prefer", "wait=30"));
        Assert.That(answer.Code, Is.EqualTo(200), answer.Text);
        Assert.That((bool)answer.Json["overall_success"]!, Is.True, answer.Text);
        Assert.That((string?)answer.Json["steps"]!.AsArray()[^1]!["step"], Is.EqualTo("activate"));
    }

    private static async Task<JsonObject> NewRequestAsync(Service service)
    {
        using var admin = service.Client();
        return await admin.NewRequestAsync();
    }

    private static void AssertHolds(JsonNode node, params string[] fields) =>
        Assert.That(fields.Except(node.AsObject().Select(field => field.Key)), Is.Empty, node.ToJsonString());
}
