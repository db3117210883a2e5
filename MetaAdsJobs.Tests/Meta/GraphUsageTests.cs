using MetaAdsJobs.Core.Meta;

namespace MetaAdsJobs.Tests.Meta;

[TestFixture]
public sealed class GraphUsageTests
{
    private const string UseCases = "X-Business-Use-Case-Usage";
    private const string Account = "X-Ad-Account-Usage";

    [Test]
    public void The_use_case_header_tells_minutes_and_the_account_header_seconds()
    {
        Assert.That(Read((UseCases, """{"1":[{"type":"ads_management","estimated_time_to_regain_access":5}]}""")), Is.EqualTo(TimeSpan.FromMinutes(5)));
        Assert.That(Read((Account, """{"acc_id_util_pct":100,"reset_time_duration":90}""")), Is.EqualTo(TimeSpan.FromSeconds(90)));
    }

    [Test]
    public void The_largest_of_all_ids_and_all_entries_counts()
    {
        var header = """
            {"1":[{"type":"ads_insights","estimated_time_to_regain_access":2},{"type":"ads_management","estimated_time_to_regain_access":19}],
             "2":[{"type":"ads_management","estimated_time_to_regain_access":7}],"3":[]}
            """.ReplaceLineEndings("");

        Assert.That(Read((UseCases, header)), Is.EqualTo(TimeSpan.FromMinutes(19)));
    }

    [TestCase(3, 100, 180)]
    [TestCase(1, 100, 100)]
    [TestCase(0, 100, 100)]
    [TestCase(3, 0, 180)]
    public void The_longer_of_both_headers_counts(int minutes, int seconds, int expectedSeconds) => Assert.That(
        Read((UseCases, $$"""{"1":[{"estimated_time_to_regain_access":{{minutes}}}]}"""), (Account, $$"""{"reset_time_duration":{{seconds}}}""")),
        Is.EqualTo(TimeSpan.FromSeconds(expectedSeconds)));

    [Test]
    public void An_hour_in_seconds_is_an_hour() =>
        Assert.That(Read((Account, """{"reset_time_duration":3600}""")), Is.EqualTo(TimeSpan.FromHours(1)));

    [TestCase(UseCases, """{"1":[{"estimated_time_to_regain_access":1e9}]}""")]
    [TestCase(Account, """{"reset_time_duration":1e300}""")]
    public void Nobody_is_sent_away_for_more_than_a_day(string header, string value) =>
        Assert.That(Read((header, value)), Is.EqualTo(TimeSpan.FromDays(1)));

    [TestCase("")]
    [TestCase("{")]
    [TestCase("busy")]
    [TestCase("[]")]
    [TestCase("null")]
    [TestCase("17")]
    [TestCase("{}")]
    [TestCase("""{"1":null}""")]
    [TestCase("""{"1":[{"type":"ads_management"}]}""")]
    [TestCase("""{"1":[{"estimated_time_to_regain_access":"soon"}]}""")]
    [TestCase("""{"1":[{"estimated_time_to_regain_access":null}]}""")]
    [TestCase("""{"1":[{"estimated_time_to_regain_access":0}]}""")]
    [TestCase("""{"1":[{"estimated_time_to_regain_access":-5}]}""")]
    public void A_header_that_tells_nothing_is_no_advice(string value) => Assert.That(Read((UseCases, value), (Account, value)), Is.Null);

    [Test]
    public void A_malformed_header_does_not_hide_the_other() =>
        Assert.That(Read((UseCases, "{"), (Account, """{"reset_time_duration":30}""")), Is.EqualTo(TimeSpan.FromSeconds(30)));

    [Test]
    public void Without_headers_nothing_is_known() => Assert.That(Read(), Is.Null);

    private static TimeSpan? Read(params (string Name, string Value)[] headers)
    {
        using var response = new HttpResponseMessage();
        foreach (var (name, value) in headers) response.Headers.TryAddWithoutValidation(name, value);
        return GraphUsage.RetryAfter(response.Headers);
    }
}
