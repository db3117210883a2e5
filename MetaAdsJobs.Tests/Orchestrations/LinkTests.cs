using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Orchestrations;

/// <summary>Links arrive at Meta as the web's standards want them, and say the readable names.</summary>
[TestFixture]
public sealed class LinkTests
{
    private RunWorld _world = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _world = await RunWorld.StartAsync();

    [OneTimeTearDown]
    public ValueTask StopAsync() => _world.DisposeAsync();

    [Test]
    public async Task A_link_is_encoded_and_names_the_objects_without_our_markers()
    {
        var asked = await _world.AcceptAsync("""
            {"campaign_name":"Größe & more","landing_url":"https://exämple.com:8443/größe?c={{campaign.name}}&s={{adset.name}}&a={{ad.name}}&i={{campaign.id}}&p={{placement}}#ñ"}
            """);

        await _world.RunAsync(asked);

        const string Link = "https://xn--exmple-cua.com:8443/gr%C3%B6%C3%9Fe?c=Gr%C3%B6%C3%9Fe%20%26%20more&s=Gr%C3%B6%C3%9Fe%20%26%20more%20-%20Ad%20set"
            + "&a=Gr%C3%B6%C3%9Fe%20%26%20more%20-%20Ad&i={{campaign.id}}&p={{placement}}#%C3%B1";
        Assert.That((string?)_world.Story(asked)["link_data"]!["link"], Is.EqualTo(Link));
        Assert.That((string?)_world.Story(asked)["link_data"]!["call_to_action"]!["value"]!["link"], Is.EqualTo(Link));
    }

    [Test]
    public async Task The_addresses_of_a_clip_are_encoded()
    {
        var asked = await _world.AcceptAsync(clip: """{"video_url":"https://cdn.exämple.com/größe.mp4?a=[1]","thumbnail_url":"https://cdn.example.com/größe.jpg"}""");
        var image = await _world.AcceptAsync(clip: """{"image_url":"http://nowhere.invalid/größe.jpg"}""");

        await _world.RunAsync(asked);
        await _world.RunAsync(image);

        Assert.That(_world.Creates(asked, "advideos").Single()["file_url"], Is.EqualTo("https://cdn.xn--exmple-cua.com/gr%C3%B6%C3%9Fe.mp4?a=%5B1%5D"));
        Assert.That((string?)_world.Story(asked)["video_data"]!["image_url"], Is.EqualTo("https://cdn.example.com/gr%C3%B6%C3%9Fe.jpg"));
        Assert.That((string?)_world.Story(image)["link_data"]!["picture"], Is.EqualTo("http://nowhere.invalid/gr%C3%B6%C3%9Fe.jpg"));
    }
}
