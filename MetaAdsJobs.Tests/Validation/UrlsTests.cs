using System.Text.Json;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Tests.Validation;

[TestFixture]
public sealed class UrlsTests
{
    [TestCase("https://example.com/sale", "https://example.com/sale")]
    [TestCase("HTTPS://Example.COM/Sale", "https://example.com/Sale")]
    [TestCase("https://example.com", "https://example.com")]
    [TestCase("https://example.com?a=1", "https://example.com?a=1")]
    [TestCase("https://example.com/a/../b/./c?x=/../", "https://example.com/a/../b/./c?x=/../")]
    [TestCase("https://bücher.example/größe", "https://xn--bcher-kva.example/gr%C3%B6%C3%9Fe")]
    [TestCase("https://例え.テスト/道?夏=🏖️", "https://xn--r8jz45g.xn--zckzah/%E9%81%93?%E5%A4%8F=%F0%9F%8F%96%EF%B8%8F")]
    [TestCase("https://example.com/%C3%B6/100%/%zz/%2f", "https://example.com/%C3%B6/100%25/%25zz/%2f")]
    [TestCase("https://example.com/?a[]=1|2&b=\"c\"<d>^e`{f}", "https://example.com/?a%5B%5D=1%7C2&b=%22c%22%3Cd%3E%5Ee%60%7Bf%7D")]
    [TestCase("https://example.com/?c={{campaign.id}}ü{{site_source_name}}&d={{no", "https://example.com/?c={{campaign.id}}%C3%BC{{site_source_name}}&d=%7B%7Bno")]
    [TestCase("https://example.com:8443/#ñ", "https://example.com:8443/#%C3%B1")]
    [TestCase("http://[2001:db8::1]:80/ü", "http://[2001:db8::1]:80/%C3%BC")]
    [TestCase("http://192.0.2.7/ü", "http://192.0.2.7/%C3%BC")]
    public void What_may_not_stand_in_a_URL_is_encoded_and_the_rest_stays(string given, string expected)
    {
        Assert.That(Urls.Encode(given), Is.EqualTo(expected));
        Assert.That(Urls.Encode(expected), Is.EqualTo(expected), "twice is once");
        Assert.That(Read(given), Is.Empty);
    }

    [TestCase("https://example.com/a b")]
    [TestCase("https://example.com\\a")]
    [TestCase("https://user@example.com/")]
    [TestCase("https://{{campaign.name}}.example.com/")]
    [TestCase("https://\uFFFDexample.com/")]
    [TestCase("ftp://example.com/")]
    [TestCase("//example.com/")]
    public void What_cannot_be_sent_is_refused_with_its_field_and_otherwise_left_alone(string given)
    {
        Assert.That(Read(given), Is.EqualTo(["landing_url"]));
        Assert.That(Urls.Encode(given), Is.EqualTo(given));
    }

    private static IEnumerable<string> Read(string url)
    {
        var errors = new FieldErrors();
        new JsonFields(JsonSerializer.SerializeToElement(new { landing_url = url }), errors).HttpUrl("landing_url");
        return errors.ToDictionary().Keys;
    }
}
