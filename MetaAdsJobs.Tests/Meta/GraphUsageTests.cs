using CsCheck;
using MetaAdsJobs.Core.Meta.Graph;

namespace MetaAdsJobs.Tests.Meta;

[TestFixture]
public sealed class GraphUsageTests
{
    private const string UseCaseHeader = "X-Business-Use-Case-Usage";
    private const string Account = "X-Ad-Account-Usage";

    [Test]
    public void The_use_case_header_tells_minutes_and_the_account_header_seconds()
    {
        Assert.That(Read((UseCaseHeader, """{"1":[{"type":"ads_management","estimated_time_to_regain_access":5}]}""")), Is.EqualTo(TimeSpan.FromMinutes(5)));
        Assert.That(Read((Account, """{"acc_id_util_pct":100,"reset_time_duration":90}""")), Is.EqualTo(TimeSpan.FromSeconds(90)));
    }

    [Test]
    public void The_largest_of_all_ids_and_all_entries_counts()
    {
        var header = """
            {"1":[{"type":"ads_insights","estimated_time_to_regain_access":2},{"type":"ads_management","estimated_time_to_regain_access":19}],
             "2":[{"type":"ads_management","estimated_time_to_regain_access":7}],"3":[]}
            """.ReplaceLineEndings("");

        Assert.That(Read((UseCaseHeader, header)), Is.EqualTo(TimeSpan.FromMinutes(19)));
    }

    [TestCase(3, 100, 180)]
    [TestCase(1, 100, 100)]
    [TestCase(0, 100, 100)]
    [TestCase(3, 0, 180)]
    public void The_longer_of_both_headers_counts(int minutes, int seconds, int expectedSeconds) => Assert.That(
        Read((UseCaseHeader, $$"""{"1":[{"estimated_time_to_regain_access":{{minutes}}}]}"""), (Account, $$"""{"reset_time_duration":{{seconds}}}""")),
        Is.EqualTo(TimeSpan.FromSeconds(expectedSeconds)));

    [Test]
    public void An_hour_in_seconds_is_an_hour() =>
        Assert.That(Read((Account, """{"reset_time_duration":3600}""")), Is.EqualTo(TimeSpan.FromHours(1)));

    [TestCase(UseCaseHeader, """{"1":[{"estimated_time_to_regain_access":1e9}]}""")]
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
    public void A_header_that_tells_nothing_is_no_advice(string value) => Assert.That(Read((UseCaseHeader, value), (Account, value)), Is.Null);

    [Test]
    public void A_malformed_header_does_not_hide_the_other() =>
        Assert.That(Read((UseCaseHeader, "{"), (Account, """{"reset_time_duration":30}""")), Is.EqualTo(TimeSpan.FromSeconds(30)));

    [Test]
    public void Without_headers_nothing_is_known() => Assert.That(Read(), Is.Null);

    [Test]
    public void Usage_is_told_by_every_header_and_the_largest_number_counts()
    {
        var use = """{"1":[{"type":"ads_management","call_count":40,"total_cputime":61,"total_time":2}],"2":[{"type":"ads_management","call_count":3,"total_cputime":1,"total_time":50}]}""";
        var app = """{"call_count":7,"total_cputime":80.5,"total_time":9}""";

        Assert.That(Usage(UseCase.AdsManagement, (UseCaseHeader, use)).Single().Percent, Is.EqualTo(61));
        Assert.That(Usage(UseCase.AdsManagement, (UseCaseHeader, use), (Account, """{"acc_id_util_pct":72.5}""")).Single().Percent, Is.EqualTo(72.5));
        Assert.That(Usage(UseCase.AdsManagement, (UseCaseHeader, use), (Account, """{"acc_id_util_pct":72.5}"""), ("X-App-Usage", app)).Single().Percent, Is.EqualTo(80.5));
    }

    [Test]
    public void An_entry_counts_for_its_own_use_case_and_what_names_none_for_the_calls()
    {
        var readings = Usage(UseCase.AdsManagement,
            (UseCaseHeader, """{"1":[{"type":"ads_insights","call_count":90,"estimated_time_to_regain_access":3},{"type":"ads_management","call_count":20},{"type":"custom_audience","call_count":10},{"type":"messenger","call_count":99}]}"""),
            (Account, """{"acc_id_util_pct":30}"""));

        Assert.That(readings, Is.EquivalentTo([
            new UsageReading(UseCase.AdsInsights, 90, 0, TimeSpan.FromMinutes(3)), new UsageReading(UseCase.AdsManagement, 30, 0, null), new UsageReading(UseCase.CustomAudience, 10, 0, null)]));
        Assert.That(Usage(UseCase.AdsInsights, (UseCaseHeader, """{"1":[{"call_count":20}]}""")).Single().UseCase, Is.EqualTo(UseCase.AdsInsights));
    }

    [Test]
    public void The_time_until_the_score_is_back_at_nothing_is_a_wait_only_when_the_limit_is_reached()
    {
        Assert.That(Usage(UseCase.AdsManagement, (Account, """{"acc_id_util_pct":94.9,"reset_time_duration":300}""")).Single().Regain, Is.Null);
        Assert.That(Usage(UseCase.AdsManagement, (Account, """{"acc_id_util_pct":95,"reset_time_duration":300}""")).Single().Regain, Is.EqualTo(TimeSpan.FromMinutes(5)));
    }

    [Test]
    public void The_insights_throttle_is_a_brake_for_insights_alone() => Assert.That(
        Usage(UseCase.AdsManagement, ("X-FB-Ads-Insights-Throttle", """{"app_id_util_pct":100,"acc_id_util_pct":12}""")),
        Is.EqualTo([new UsageReading(UseCase.AdsInsights, 0, 100, null)]));

    [Test]
    public void No_header_is_too_odd_to_be_read()
    {
        string[] numbers = ["0", "1e308", "-1e308", "\"80\"", "\"NaN\"", "\"\\ud800\"", "null", "[1]", "{}", "true"];
        string[] names = ["call_count", "acc_id_util_pct", "type", "estimated_time_to_regain_access", "reset_time_duration"];
        string[] shapes = ["{0}", "[{0}]", "{{\"1\":[{0},{0}]}}", "{{\"1\":{0}}}", "{0}x", "[[[{0}"];
        var entry = Gen.Select(Gen.OneOf(names), Gen.OneOf(numbers)).List[0, 4]
            .Select(fields => "{" + string.Join(',', fields.Select(field => $"\"{field.Item1}\":{field.Item2}")) + "}");
        var value = Gen.Select(entry, Gen.OneOf(shapes)).Select(pair => string.Format(null, pair.Item2, pair.Item1));

        value.Sample(text =>
        {
            var headers = ((string, string)[])[(UseCaseHeader, text), (Account, text), ("X-App-Usage", text), ("X-FB-Ads-Insights-Throttle", text)];
            return Usage(UseCase.AdsManagement, headers).All(reading => reading.Percent is >= 0 and <= 1000 && !(reading.Regain > TimeSpan.FromDays(1))) && !(Read(headers) > TimeSpan.FromDays(1));
        });
    }

    private static IReadOnlyList<UsageReading> Usage(UseCase called, params (string Name, string Value)[] headers)
    {
        using var response = new HttpResponseMessage();
        foreach (var (name, value) in headers) response.Headers.TryAddWithoutValidation(name, value);
        return GraphUsage.Read(response.Headers, called);
    }

    private static TimeSpan? Read(params (string Name, string Value)[] headers)
    {
        using var response = new HttpResponseMessage();
        foreach (var (name, value) in headers) response.Headers.TryAddWithoutValidation(name, value);
        return GraphUsage.RetryAfter(response.Headers);
    }
}
