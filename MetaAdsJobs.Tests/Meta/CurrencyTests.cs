using CsCheck;
using MetaAdsJobs.Core.Meta.Ads;

namespace MetaAdsJobs.Tests.Meta;

[TestFixture]
public sealed class CurrencyTests
{
    // Meta's table, not ISO 4217: https://developers.facebook.com/docs/marketing-api/currencies
    private static readonly string[] Whole = ["CLP", "COP", "CRC", "HUF", "IDR", "ISK", "JPY", "KRW", "PYG", "TWD", "VND"];
    private static readonly string[] Hundredths = ["USD", "EUR", "GBP", "BRL", "INR", "MXN", "PLN", "SEK", "BHD", "JOD", "KWD", "OMR", "TND", "AUD", "CHF"];

    [TestCaseSource(nameof(Whole))]
    public void Currencies_that_Meta_counts_whole_have_offset_1(string code) => Assert.That(Currency.Offset(code), Is.EqualTo(1));

    [TestCaseSource(nameof(Hundredths))]
    public void Currencies_that_Meta_counts_in_hundredths_have_offset_100(string code) => Assert.That(Currency.Offset(code), Is.EqualTo(100));

    [TestCase("XXX")]
    [TestCase("usd")]
    [TestCase("")]
    [TestCase("US")]
    public void An_unknown_currency_is_refused_and_never_guessed(string code)
    {
        Assert.That(Currency.IsKnown(code), Is.False);
        Assert.Throws<ArgumentException>(() => Currency.Offset(code));
        Assert.Throws<ArgumentException>(() => Currency.FromHundredths(code, 100));
    }

    [TestCase("USD", 10000, 10000L)]
    [TestCase("JPY", 10000, 100L)]
    [TestCase("JPY", 10050, null)]
    [TestCase("JPY", 99, null)]
    [TestCase("HUF", 100, 1L)]
    [TestCase("BHD", 1, 1L)]
    public void Hundredths_become_Metas_units_or_nothing(string code, long hundredths, long? expected) =>
        Assert.That(Currency.FromHundredths(code, hundredths), Is.EqualTo(expected));

    [Test]
    public void What_converts_converts_back_and_no_fraction_is_lost()
    {
        var codes = Gen.OneOf([.. Whole, .. Hundredths]);

        Gen.Select(codes, Gen.Long[0, 10_000_000_000]).Sample((code, hundredths) => Currency.FromHundredths(code, hundredths) is { } units
            ? Currency.ToHundredths(code, units) == hundredths
            : hundredths % 100 != 0 && Currency.Offset(code) == 1);
    }
}
