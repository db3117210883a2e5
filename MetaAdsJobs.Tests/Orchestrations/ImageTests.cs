using System.Text.Json.Nodes;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Orchestrations;

[TestFixture]
public sealed class ImageTests
{
    private Service _service = null!;
    private ApiClient _client = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _service = await Service.StartAsync();
        _client = _service.Client();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
        await _service.DisposeAsync();
    }

    [Test]
    public async Task An_image_is_uploaded_once_for_all_later_requests_of_a_clip_and_ad_account()
    {
        var request = await _client.NewRequestAsync();
        _service.Graph.ForgetCalls();
        var first = await _client.UntilAsync(await _client.AcceptAsync(request), "succeeded");
        var second = await _client.UntilAsync(await _client.AcceptAsync(request), "succeeded");
        request["social_account_id"] = await _client.AddAccountAsync();
        await _client.UntilAsync(await _client.AcceptAsync(request), "succeeded");

        var uploads = Calls("adimages");
        Assert.That(uploads.Select(call => call["bytes"]), Is.EqualTo(Enumerable.Repeat(Convert.ToBase64String(FileServer.Picture), 2)), "one for each ad account");
        Assert.That(uploads.Select(call => call.Path).Distinct().Count(), Is.EqualTo(2));
        Assert.That(Media(first), Has.Length.EqualTo(32).And.EqualTo(Media(second)));
        foreach (var creative in Calls("adcreatives"))
            Assert.That((string?)JsonNode.Parse(creative["object_story_spec"]!)!["link_data"]!["image_hash"], Is.EqualTo(Media(first)));
    }

    [TestCase("/nowhere.png", "HTTP 404")]
    [TestCase("/page.html", "not a JPEG")]
    public async Task An_image_that_we_cannot_fetch_is_left_to_Meta(string path, string reason)
    {
        _service.Files.Add("/page.html", "<html>"u8.ToArray());
        var url = _service.Files.UrlOf(path);
        var request = await _client.NewRequestAsync(clip: new() { ["title"] = "A clip", ["image_url"] = url });
        _service.Graph.ForgetCalls();

        var run = await _client.UntilAsync(await _client.AcceptAsync(request), "succeeded");

        Assert.That(Media(run), Is.Null);
        Assert.That(Calls("adimages"), Is.Empty);
        var link = JsonNode.Parse(Calls("adcreatives").Single()["object_story_spec"]!)!["link_data"]!.AsObject();
        Assert.That((string?)link["picture"], Is.EqualTo(url));
        Assert.That(link.ContainsKey("image_hash"), Is.False);
        var warning = _service.Logs().Split('\n').Single(line => line.Contains((string)request["clip_id"]!, StringComparison.Ordinal) && line.Contains("could not be fetched", StringComparison.Ordinal));
        Assert.That(warning, Does.Contain(reason).And.Contain("Warning").And.Not.Contain(path));
    }

    [Test]
    public async Task An_upload_whose_answer_is_lost_is_simply_repeated()
    {
        var request = await _client.NewRequestAsync();
        _service.Graph.ForgetCalls();
        _service.Graph.Faults.Add(call => call.Edge == "adimages", GraphFaults.DropAfterActing);

        var run = await _client.UntilAsync(await _client.AcceptAsync(request), "succeeded");

        Assert.That(Calls("adimages"), Has.Count.EqualTo(2));
        Assert.That(Media(run), Is.Not.Null);
    }

    [Test]
    public async Task An_image_deleted_at_Meta_is_uploaded_again_by_the_retry()
    {
        var request = await _client.NewRequestAsync();
        await _client.UntilAsync(await _client.AcceptAsync(request), "succeeded");
        await using (var delete = _service.GraphDatabase.DataSource.CreateCommand("UPDATE stub_graph.objects SET deleted_at = now() WHERE kind = 'image'"))
            await delete.ExecuteNonQueryAsync();

        var id = await _client.AcceptAsync(request);
        var failed = await _client.UntilAsync(id, "failed");
        Assert.That((string?)failed["errors"]![0], Does.StartWith("Image not found"));
        await _client.PostAsync($"/meta/orchestrate/runs/{id}/retry");

        Assert.That((bool?)(await _client.UntilAsync(id, "succeeded"))["overall_success"], Is.True);
    }

    private List<RecordedCall> Calls(string edge) => [.. _service.Graph.Calls.Where(call => call.Method == "POST" && call.Edge == edge)];

    private static string? Media(JsonNode run) => (string?)run["steps"]!.AsArray().Single(step => (string?)step!["step"] == "media")!["meta_id"];
}
