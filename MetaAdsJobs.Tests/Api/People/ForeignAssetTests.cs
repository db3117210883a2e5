using System.Text.Json.Nodes;
using MetaAdsJobs.Tests.Api.Batches;
using MetaAdsJobs.Tests.Experiments;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.People;

/// <summary>As whom ads are shown, and by what their results are counted: where one token is for many clients, Meta takes another's.</summary>
[TestFixture]
public sealed class ForeignAssetTests : SharedPagesTests
{
    [TestCase("run", "pixel_id")]
    [TestCase("run", "instagram_user_id")]
    [TestCase("run", "post_id")]
    [TestCase("run", "ad_sets[0].ads[1].post_id")]
    [TestCase("batch", "instagram_user_id")]
    [TestCase("batch", "post_id")]
    [TestCase("experiment", "request.instagram_user_id")]
    [TestCase("experiment", "variants[1].instagram_user_id")]
    public async Task What_only_another_clients_account_uses_is_refused_where_it_stands(string kind, string field)
    {
        var theirs = NewId();
        var other = await _admin.AddAccountAsync(account => (account["page_id"], account["pixel_id"], account["instagram_user_id"]) = (theirs, theirs, theirs));
        var mine = await _admin.AddAccountAsync();
        // That she may look at the other's makes it no account of hers to advertise as.
        using var client = (await _service.ProgramAsync(_admin, "manager", $"+{mine}", other)).Client;
        var clip = (string)(await client.PostAsync("/meta/clips", new JsonObject { ["title"] = "Mine", ["image_url"] = "https://cdn.example.com/mine.jpg" })).Json["id"]!;

        foreach (var id in (string[])[theirs, $"00{theirs}"])
        {
            var refused = await SendAsync(client, id);
            Assert.That(refused.Code, Is.EqualTo(422), refused.Text);
            Assert.That(refused.Text, Does.Contain("is that of an account in which you may not spend"));
            if (kind != "batch") Assert.That(refused.WrongFields, Is.EqualTo([field]), refused.Text);
        }

        var taken = await SendAsync(client, NewId());
        Assert.That(taken.Code, Is.EqualTo(202), $"one that nobody uses: {taken.Text}");
        var byAdmin = await SendAsync(_admin, theirs);
        Assert.That(byAdmin.Code, Is.EqualTo(202), $"who sees all may: {byAdmin.Text}");

        Task<ApiAnswer> SendAsync(ApiClient by, string id) =>
            by.PostAsync(kind switch { "run" => "/meta/orchestrate/run", "batch" => "/meta/orchestrate/batch", _ => "/meta/experiments" }, BodyOf(kind, mine, clip, field, id));
    }

    private static string NewId() => $"{Random.Shared.NextInt64(1_000_000_000_000, 9_999_999_999_999)}";

    private static JsonObject BodyOf(string kind, string account, string clip, string field, string id)
    {
        var body = kind == "experiment" ? ExperimentWorld.Body(Guid.Parse(account), Guid.Parse(clip)) : ApiClient.Request(account, clip);
        switch (field)
        {
            case "pixel_id":
                (body["optimization_goal"], body[field]) = ("CONVERSIONS", id);
                break;
            case "post_id":
                foreach (var ours in (string[])["clip_id", "creative_title", "creative_description"]) body.Remove(ours);
                body[field] = $"{id}_1234567890";
                break;
            case "ad_sets[0].ads[1].post_id":
                body["ad_sets"] = new JsonArray(new JsonObject { ["ads"] = new JsonArray(new JsonObject(), new JsonObject { ["post_id"] = $"{id}_1234567890" }) });
                break;
            case "request.instagram_user_id":
                body["request"]!["instagram_user_id"] = id;
                break;
            case "variants[1].instagram_user_id":
                (body["thing"], body["variants"]) = ("creative", new JsonArray(new JsonObject { ["name"] = "Plain" }, new JsonObject { ["name"] = "Other", ["instagram_user_id"] = id }));
                break;
            default:
                body[field] = id;
                break;
        }

        return kind == "batch" ? BatchWorld.FileOf(body.Row($"{Guid.NewGuid()}")) : body;
    }
}
