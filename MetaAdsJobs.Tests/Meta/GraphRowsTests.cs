using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using MetaAdsJobs.Core.Meta.Graph;

namespace MetaAdsJobs.Tests.Meta;

/// <summary>A page of a report read row by row is what reading all of it would have given, and what is no page is not taken for one.</summary>
[TestFixture]
public sealed class GraphRowsTests
{
    [TestCase("""{"data":[{"ad_id":"1","actions":[{"value":"2"}]}, {"ad_id":"ä"} ],"paging":{"cursors":{"before":"a","after":"b"},"next":"https://x"}}""")]
    [TestCase("""{"paging":{"cursors":{"before":"a","after":"b"}},"data":[{"ad_id":"1"}]}""")]
    [TestCase("""{"data":[],"error":null,"success":true,"summary":{"data":[1]}}""")]
    [TestCase("""{"d\u0061ta":[[1],"two",3,null],"paging":null}""")]
    [TestCase("""{"data":[1],"data":[{"x":2}]}""")]
    public async Task A_page_is_the_same_whichever_way_it_is_read(string page)
    {
        var whole = JsonElement.Parse(page);
        using var rows = GraphRows.TryRead(await BodyAsync(page));

        Assert.That(rows!.Rows.Select(row => Encoding.UTF8.GetString(row.Span)), Is.EqualTo(GraphPage.Items(whole).Select(row => Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8Value(row)))));
        Assert.That(rows.Next, Is.EqualTo(GraphPage.Next(whole)));
        Assert.That(ListTrail.Start.After(rows), Is.EqualTo(ListTrail.Start.After(whole)));
    }

    [TestCase("""{"error":{"code":1}}""")]
    [TestCase("""{"data":[{"ad_id":"1"}],"error":{"code":1}}""")]
    [TestCase("""{"data":[{"ad_id":"1"}],"success":false}""")]
    [TestCase("""{"paging":{}}""")]
    [TestCase("""{"data":{"ad_id":"1"}}""")]
    [TestCase("""{"data":[{"ad_id":"1"}""")]
    [TestCase("""{"data":[]} and more""")]
    [TestCase("[]")]
    [TestCase("<html></html>")]
    [TestCase("")]
    public async Task What_is_no_page_is_not_taken_for_one(string answer) => Assert.That(GraphRows.TryRead(await BodyAsync(answer)), Is.Null);

    [Test]
    public async Task A_page_that_goes_on_without_saying_where_is_an_error()
    {
        var body = await BodyAsync("""{"data":[],"paging":{"next":"https://x"}}""");

        Assert.That(() => GraphRows.TryRead(body), Throws.TypeOf<MetaException>());
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(16 * 1024)]
    [TestCase((16 * 1024) + 1)]
    [TestCase(700_000)]
    public async Task An_answer_is_read_whole_whether_or_not_its_length_is_told(int length)
    {
        var sent = Enumerable.Range(0, length).Select(no => (byte)no).ToArray();

        using var told = await GraphBody.ReadAsync(new ByteArrayContent(sent), 700_000, CancellationToken.None);
        using var untold = await GraphBody.ReadAsync(Untold(sent), 700_000, CancellationToken.None);

        Assert.That(told.Bytes.ToArray(), Is.EqualTo(sent));
        Assert.That(untold.Bytes.ToArray(), Is.EqualTo(sent));
    }

    [Test]
    public void An_answer_that_is_too_long_is_not_read_whether_or_not_its_length_is_told()
    {
        var sent = new byte[700_001];

        Assert.That(() => GraphBody.ReadAsync(new ByteArrayContent(sent), 700_000, CancellationToken.None), Throws.TypeOf<HttpRequestException>());
        Assert.That(() => GraphBody.ReadAsync(Untold(sent), 700_000, CancellationToken.None), Throws.TypeOf<HttpRequestException>());
    }

    private static StreamContent Untold(byte[] sent)
    {
        var pipe = new System.IO.Pipelines.Pipe(new(pauseWriterThreshold: 0));
        pipe.Writer.Write(sent);
        pipe.Writer.Complete();
        return new(pipe.Reader.AsStream());
    }

    private static Task<GraphBody> BodyAsync(string answer) => GraphBody.ReadAsync(new ByteArrayContent(Encoding.UTF8.GetBytes(answer)), 1_000_000, CancellationToken.None);
}
