using MetaAdsJobs.StubGraph;

namespace MetaAdsJobs.Tests.StubGraph;

[TestFixture]
public sealed class StubImagesTests
{
    [Test]
    public async Task Every_address_is_an_image_of_its_own_and_always_the_same()
    {
        using var http = new HttpClient(new StubImages());
        var one = await http.GetByteArrayAsync("https://example.com/autumn.jpg");
        Assert.That(await http.GetByteArrayAsync("https://example.com/autumn.jpg"), Is.EqualTo(one));
        Assert.That(await http.GetByteArrayAsync("https://example.com/winter.jpg"), Is.Not.EqualTo(one));
        Assert.That(one, Has.Length.LessThan(1000));
    }

    /// <summary>Written by another program: python3, zlib.crc32 over "IEND".</summary>
    [Test]
    public void It_ends_as_every_PNG_ends() => Assert.That(Convert.ToHexString(StubImages.Png([1, 2, 3]).AsSpan(^12..)), Is.EqualTo("0000000049454E44AE426082"));
}
