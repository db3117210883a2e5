using System.Globalization;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Tests.Validation;

/// <summary>Times in accounts' zones, also on the days on which clocks are changed.</summary>
[TestFixture]
public sealed class LocalMomentsTests
{
    [TestCase("Europe/Madrid", "2027-03-28T01:59:59", "2027-03-28T00:59:59Z", TestName = "{m}(Madrid, before the gap)")]
    [TestCase("Europe/Madrid", "2027-03-28T03:00", "2027-03-28T01:00:00Z", TestName = "{m}(Madrid, after the gap)")]
    [TestCase("Europe/Madrid", "2027-10-31T02:30", "2027-10-31T00:30:00Z", TestName = "{m}(Madrid, the first of two)")]
    [TestCase("Europe/Madrid", "2027-10-31T02:30:00+01:00", "2027-10-31T01:30:00Z", TestName = "{m}(Madrid, the second by its offset)")]
    [TestCase("America/New_York", "2027-03-14T03:00", "2027-03-14T07:00:00Z", TestName = "{m}(New York, after the gap)")]
    [TestCase("America/New_York", "2027-11-07T01:30", "2027-11-07T05:30:00Z", TestName = "{m}(New York, the first of two)")]
    [TestCase("America/New_York", "2027-11-07T01:30:00-05:00", "2027-11-07T06:30:00Z", TestName = "{m}(New York, the second by its offset)")]
    [TestCase("Australia/Lord_Howe", "2027-10-03T02:30", "2027-10-02T15:30:00Z", TestName = "{m}(Lord Howe, after a gap of half an hour)")]
    [TestCase("Australia/Lord_Howe", "2027-04-04T01:45", "2027-04-03T14:45:00Z", TestName = "{m}(Lord Howe, the first of two)")]
    [TestCase("Europe/Madrid", "2027-07-01T09:00:00.5Z", "2027-07-01T09:00:00.5Z", TestName = "{m}(an offset counts, whatever the zone)")]
    public void A_local_time_is_that_of_the_zone(string zone, string text, string at) =>
        Assert.That(LocalMoments.Read(text, TimeZoneInfo.FindSystemTimeZoneById(zone)), Is.EqualTo(((DateTimeOffset?)DateTimeOffset.Parse(at, CultureInfo.InvariantCulture), (string?)null)));

    [TestCase("Europe/Madrid", "2027-03-28T02:00")]
    [TestCase("Europe/Madrid", "2027-03-28T02:59:59")]
    [TestCase("America/New_York", "2027-03-14T02:30")]
    [TestCase("Australia/Lord_Howe", "2027-10-03T02:29")]
    public void A_time_that_the_zone_leaves_out_is_refused_and_said_so(string zone, string text) =>
        Assert.That(LocalMoments.Read(text, TimeZoneInfo.FindSystemTimeZoneById(zone)), Is.EqualTo(((DateTimeOffset?)null, $"is a time that does not exist in {zone}: the clocks are put forward then")));

    [TestCase("")]
    [TestCase("tomorrow")]
    [TestCase("2027-03-01")]
    [TestCase("2027-03-01 09:00")]
    [TestCase("2027-02-30T09:00")]
    [TestCase("2027-03-01T25:00")]
    [TestCase("2027-03-01T09:00+1")]
    [TestCase("9999-12-31T23:59")]
    [TestCase("0001-01-01T00:00")]
    public void What_is_no_time_is_refused(string text) => Assert.That(LocalMoments.Read(text, TimeZoneInfo.Utc), Is.EqualTo(((DateTimeOffset?)null, LocalMoments.Wrong)));
}
