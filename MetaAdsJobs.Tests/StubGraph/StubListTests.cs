using System.Text.Json.Nodes;

namespace MetaAdsJobs.Tests.StubGraph;

[TestFixture]
public sealed class StubListTests
{
    private StubWorld _world = null!;

    [SetUp]
    public async Task CreateWorld() => _world = await StubWorld.CreateAsync();

    [TearDown]
    public async Task DisposeWorld() => await _world.DisposeAsync();

    [Test]
    public async Task Pages_show_every_object_once_newest_first_and_only_next_tells_that_there_is_more()
    {
        var made = new List<string>();
        for (var i = 0; i < 7; i++)
        {
            // Pairs of the same moment: the cursor must not lose one of them.
            if (i % 2 == 0)
                _world.Time.Advance(TimeSpan.FromSeconds(1));
            made.Add(await _world.CreateAsync("campaigns", StubWorld.GoodCampaign()));
        }

        var seen = new List<string>();
        JsonNode page;
        var after = "";
        do
        {
            page = await _world.GetAsync($"{StubWorld.Account}/campaigns", ("limit", "3"), ("fields", "id,name"), ("after", after));
            seen.AddRange(StubWorld.Ids(page));
            after = (string)page["paging"]!["cursors"]!["after"]!;
        }
        while (page["paging"]!["next"] is not null);

        Assert.That(seen, Is.EquivalentTo(made));
        Assert.That(seen[0], Is.EqualTo(made[6]));
        Assert.That(after, Is.Not.Empty);
    }

    [Test]
    public async Task The_next_url_carries_the_token_as_Metas_does()
    {
        await _world.CreateTreeAsync();
        await _world.CreateAsync("campaigns", StubWorld.GoodCampaign());

        var page = await _world.GetAsync($"{StubWorld.Account}/campaigns", ("limit", "1"));

        Assert.That((string?)page["paging"]!["next"], Does.Contain("access_token=token").And.Contain("after="));
    }

    [Test]
    public async Task The_name_filter_finds_a_marker_and_nothing_else()
    {
        var marked = StubWorld.GoodCampaign();
        marked["name"] = "Summer Sale [maj:ab12:c]";
        var id = await _world.CreateAsync("campaigns", marked);
        await _world.CreateAsync("campaigns", StubWorld.GoodCampaign());

        var found = await _world.GetAsync($"{StubWorld.Account}/campaigns", ("filtering", Contains("MAJ:ab12")));
        var none = await _world.GetAsync($"{StubWorld.Account}/campaigns", ("filtering", Contains("maj:%")));
        var elsewhere = await _world.GetAsync("act_999/campaigns", ("filtering", Contains("maj:ab12")));

        Assert.That(StubWorld.Ids(found), Is.EqualTo([id]));
        Assert.That(none.ToJsonString(), Is.EqualTo("""{"data":[]}"""));
        Assert.That(StubWorld.Ids(elsewhere), Is.Empty);
    }

    [Test]
    public async Task The_creatives_edge_ignores_a_filter()
    {
        var tree = await _world.CreateTreeAsync();

        var found = await _world.GetAsync($"{StubWorld.Account}/adcreatives", ("filtering", Contains("no such name")));

        Assert.That(StubWorld.Ids(found), Is.EqualTo([tree.Creative]));
    }

    [Test]
    public async Task Children_are_found_under_their_parents()
    {
        var tree = await _world.CreateTreeAsync();
        await _world.CreateTreeAsync();

        Assert.That(StubWorld.Ids(await _world.GetAsync($"{tree.Campaign}/adsets")), Is.EqualTo([tree.AdSet]));
        Assert.That(StubWorld.Ids(await _world.GetAsync($"{tree.Campaign}/ads")), Is.EqualTo([tree.Ad]));
        Assert.That(StubWorld.Ids(await _world.GetAsync($"{tree.AdSet}/ads")), Is.EqualTo([tree.Ad]));
    }

    [Test]
    public async Task Deleted_objects_are_listed_only_when_asked_for()
    {
        var tree = await _world.CreateTreeAsync();
        await _world.CallAsync("DELETE", tree.Campaign);

        var usual = await _world.GetAsync($"{StubWorld.Account}/ads");
        var deleted = await _world.GetAsync(
            $"{StubWorld.Account}/ads",
            ("filtering", """[{"field":"effective_status","operator":"IN","value":["DELETED"]}]"""));

        Assert.That(StubWorld.Ids(usual), Is.Empty);
        Assert.That(StubWorld.Ids(deleted), Is.EqualTo([tree.Ad]));
    }

    [Test]
    public async Task An_object_can_be_read_by_id_before_lists_show_it()
    {
        var id = await _world.CreateAsync("campaigns", StubWorld.GoodCampaign());
        await using (var hide = _world.DataSource.CreateCommand("UPDATE stub_graph.objects SET searchable_at = created_at + interval '5 s'"))
            await hide.ExecuteNonQueryAsync();

        Assert.That(StubWorld.Ids(await _world.GetAsync($"{StubWorld.Account}/campaigns")), Is.Empty);
        Assert.That((string?)(await _world.GetAsync(id))["id"], Is.EqualTo(id));

        _world.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.That(StubWorld.Ids(await _world.GetAsync($"{StubWorld.Account}/campaigns")), Is.EqualTo([id]));
    }

    [TestCase("limit", "501", 1)]
    [TestCase("limit", "0", 100)]
    [TestCase("after", "nonsense", 100)]
    [TestCase("fields", "id,shoe_size", 100)]
    [TestCase("filtering", """[{"field":"shoe_size","operator":"IN","value":[1]}]""", 100)]
    public async Task A_list_is_refused_for(string parameter, string value, int code)
    {
        var (_, body) = await _world.CallAsync("GET", $"{StubWorld.Account}/campaigns", new() { [parameter] = value });

        Assert.That((int?)body["error"]!["code"], Is.EqualTo(code));
    }

    private static string Contains(string text) => StubWorld.Json(new[] { new { field = "name", @operator = "CONTAIN", value = text } });
}
