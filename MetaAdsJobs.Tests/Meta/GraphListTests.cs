using System.Runtime.InteropServices;
using System.Text;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Meta.Insights;
using MetaAdsJobs.Core.Meta.Media;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Meta;

/// <summary>Whatever a list of Meta's looks like, looking something up in it ends, and only a whole list says that something is not there.</summary>
[TestFixture]
public sealed class GraphListTests
{
    private const string Marker = "[marker]";
    private const int Given = 1000;
    private TestDatabase _database = null!;
    private GraphServer _graph = null!;
    private LiveMeta _meta = null!;
    private GraphCredential _account = null!;
    private static int _accounts = 2_000_000;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _database = await TestDatabase.CreateAsync();
        _graph = await GraphServer.StartAsync(_database.DataSource);
        _meta = LiveMeta.Against(_graph);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _meta.DisposeAsync();
        await _graph.DisposeAsync();
        await _database.DisposeAsync();
    }

    [SetUp]
    public void Forget()
    {
        _graph.Faults.Clear();
        _graph.ForgetCalls();
        _account = new($"act_{Interlocked.Increment(ref _accounts)}", LiveMeta.Token);
    }

    private static IEnumerable<TestCaseData> EndlessLists()
    {
        foreach (var kind in (string[])["adsets", "ads", "adcreatives", "campaigns", "advideos", "insights"])
        {
            yield return Case("the same cursor", (_, _) => (Row(1), "x"));
            yield return Case("a circle", (after, _) => after switch { "a" => (Row(1), "b"), "b" => (Row(2), "c"), "c" => (Row(3), "d"), _ => (Row(4), "a") });
            yield return Case("a circle that is entered late", (after, _) => int.Parse(after ?? "0", null) is var at ? (Row(at), at == 40 ? "11" : $"{at + 1}") : default);
            yield return Case("the same rows under new cursors", (_, page) => (Row(page % 5), $"{page}"));
            yield return Case("empty pages", (_, page) => ("", $"{page}"));

            TestCaseData Case(string name, Func<string?, int, (string Rows, string Next)> page) => new TestCaseData(kind, page).SetArgDisplayNames(kind, name);
        }

        static string Row(int no) => $$"""{"id":"{{no}}","name":"somebody's {{no}}","title":"somebody's {{no}}","date_start":"2026-01-01"}""";
    }

    [TestCaseSource(nameof(EndlessLists))]
    public async Task A_list_that_never_ends_is_an_error_and_not_an_absence(string kind, Func<string?, int, (string Rows, string Next)> page)
    {
        var pages = 0;
        _graph.Faults.Always(_ => true, GraphFaults.Lists(after =>
        {
            var (rows, next) = page(after, ++pages);
            return pages > Given ? """{"data":[]}""" : $$$"""{"data":[{{{rows}}}],"paging":{"cursors":{"after":"{{{next}}}"},"next":"https://graph.example/next"}}""";
        }));

        var error = await Assert.ThrowsAsync<MetaException>(() => FindAsync(kind));

        Assert.That((error!.Proof, error.IsEndlessList), Is.EqualTo((Proof.OutcomeUnknown, true)));
        Assert.That(pages, Is.LessThan(130));
    }

    [TestCase("adcreatives")]
    [TestCase("advideos")]
    public async Task Empty_pages_between_others_are_no_end(string kind)
    {
        var pages = 0;
        _graph.Faults.Always(_ => true, GraphFaults.Lists(_ => ++pages <= 30
            ? $$$"""{"data":[],"paging":{"cursors":{"after":"{{{pages}}}"},"next":"https://graph.example/next"}}"""
            : $$$"""{"data":[{"id":"7","name":"Ours {{{Marker}}}","title":"Ours {{{Marker}}}"}],"paging":{"cursors":{"after":"last"} } }"""));

        Assert.That(await FindAsync(kind), Is.EqualTo(["7"]));
    }

    [TestCase("adsets")]
    [TestCase("adcreatives")]
    [TestCase("advideos")]
    public async Task What_moves_up_while_pages_are_read_is_not_passed_over(string kind)
    {
        // Pages of two, and each cursor a place. Behind the first page of the first reading the first row is deleted.
        var rows = ((string[])[.. Enumerable.Range(1, 4).Select(Row), Ours, Row(7)]).ToList();
        var calls = 0;
        _graph.Faults.Always(_ => true, GraphFaults.Lists(after =>
        {
            if (++calls == 3) rows.RemoveAt(0);
            return PageOf(rows, after);
        }));

        Assert.That(await FindAsync(kind), Is.EqualTo(["6"]));
        Assert.That(calls, Is.GreaterThan(4), "the first reading has shown it");
    }

    [Test]
    public async Task A_list_of_which_something_is_deleted_in_every_reading_tells_no_absence()
    {
        var rows = Enumerable.Range(1, 40).Select(Row).ToList();
        _graph.Faults.Always(_ => true, GraphFaults.Lists(after =>
        {
            if (after is not null && rows.Count > 5) rows.RemoveAt(0);
            return PageOf(rows, after);
        }));

        var error = await Assert.ThrowsAsync<MetaException>(() => FindAsync("adcreatives"));

        Assert.That(error!.Proof, Is.EqualTo(Proof.OutcomeUnknown));
    }

    private static string Row(int no) => $$"""{"id":"{{no}}","name":"somebody's {{no}}","title":"somebody's {{no}}"}""";

    private static string Ours => $$"""{"id":"6","name":"Ours {{Marker}}","title":"Ours {{Marker}}"}""";

    private static string PageOf(List<string> rows, string? after)
    {
        var from = int.Parse(after ?? "0", null);
        var next = rows.Count > from + 2 ? $$""","paging":{"cursors":{"after":"{{from + 2}}"},"next":"https://graph.example/next"}""" : "";
        return $$"""{"data":[{{string.Join(',', rows.Skip(from).Take(2))}}]{{next}}}""";
    }

    [TestCase("adcreatives")]
    [TestCase("campaigns")]
    [TestCase("advideos")]
    public async Task A_page_too_large_for_Meta_is_asked_for_with_fewer_rows(string kind)
    {
        _graph.Faults.Always(call => int.Parse(call["limit"]!, null) > 20, GraphFaults.Says(
            """{"error":{"code":1,"message":"Please reduce the amount of data you're asking for, then retry your request","type":"OAuthException"}}"""));
        _graph.Faults.Always(_ => true, GraphFaults.Lists(after => after is null
            ? """{"data":[{"id":"1","name":"theirs","title":"theirs"}],"paging":{"cursors":{"after":"a"},"next":"https://graph.example/next"}}"""
            : $$"""{"data":[{"id":"2","name":"Ours {{Marker}}","title":"Ours {{Marker}}"}]}"""));

        Assert.That(await FindAsync(kind), Is.EqualTo(["2"]));

        Assert.That(_graph.Calls.Select(call => call["limit"]), Is.EqualTo(["200", "100", "50", "25", "12", "12"]));
    }

    [Test]
    public async Task A_page_that_is_too_large_with_ever_so_few_rows_is_an_error()
    {
        _graph.Faults.Always(_ => true, GraphFaults.Says("""{"error":{"code":1,"message":"Please reduce the amount of data you're asking for","type":"OAuthException"}}"""));

        var error = await Assert.ThrowsAsync<MetaException>(() => FindAsync("adcreatives"));

        Assert.That(error!.Proof, Is.EqualTo(Proof.OutcomeUnknown));
        Assert.That(_graph.Calls, Has.Count.LessThan(10));
    }

    [TestCase("adsets")]
    [TestCase("adcreatives")]
    [TestCase("campaigns")]
    [TestCase("advideos")]
    public async Task Half_a_character_in_somebody_else_s_name_hides_nothing(string kind)
    {
        _graph.Faults.Always(_ => true, GraphFaults.Says($$"""
            {"data":[{"id":"1","name":"cut \ud83d","title":"cut \ud83d"},{"id":"2","name":null,"title":7},"odd",{"id":"3","name":"Ours \ude00 {{Marker}}","title":"Ours \ude00 {{Marker}}"}]}
            """));

        Assert.That(await FindAsync(kind), Is.EqualTo(["3"]));
    }

    [Test]
    public async Task Half_a_character_in_a_place_s_name_is_replaced()
    {
        _graph.Faults.Always(_ => true, GraphFaults.Says("""{"data":[{"key":"7","name":"Sankt \ud83d","type":"city"}]}"""));

        var found = await new MetaTargeting(_meta.Client).SearchAsync(_account, TargetingKind.Place, "Sankt", CancellationToken.None);

        Assert.That(found.Select(place => place.Name), Is.EqualTo(["Sankt \ufffd"]));
    }

    [Test]
    public void Bytes_that_are_no_character_are_replaced_as_well()
    {
        using var row = System.Text.Json.JsonDocument.Parse((byte[])[.. "{\"name\":\"cut "u8, 0xF0, 0x9F, 0x98, .. "\",\"id\":\"1\"}"u8]);

        Assert.That(GraphText.Of(row.RootElement, "name"), Is.EqualTo("cut \ufffd"));
        Assert.That(Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8Value(CleanJson.Of(row.RootElement))), Is.EqualTo("{\"name\":\"cut \ufffd\",\"id\":\"1\"}"));
    }

    private async Task<IReadOnlyList<string>> FindAsync(string kind) => kind switch
    {
        "adsets" => await _meta.Ads.FindAsync(_account, AdObject.AdSet, "1", Marker, CancellationToken.None),
        "ads" => await _meta.Ads.FindAsync(_account, AdObject.Ad, "1", Marker, CancellationToken.None),
        "adcreatives" => await _meta.Ads.FindAsync(_account, AdObject.Creative, null, Marker, CancellationToken.None),
        "campaigns" => await _meta.Ads.FindAsync(_account, AdObject.Campaign, null, Marker, CancellationToken.None),
        "advideos" => await new MetaVideos(_meta.Client).FindAsync(_account, Marker, CancellationToken.None),
        _ => [.. (await new MetaInsights(_meta.Client).ReadAllAsync(
            _account, new() { Node = _account.AdAccountId, Since = new(2026, 1, 1), Until = new(2026, 1, 1) }, CancellationToken.None)).Select(row => row.ToString())],
    };
}
