using System.Globalization;
using CsCheck;
using MetaAdsJobs.Core.Insights;

namespace MetaAdsJobs.Tests.Insights;

[TestFixture]
public sealed class AccountDaysTests
{
    private static readonly string[] Zones =
    [
        "UTC", "America/New_York", "America/Los_Angeles", "America/Sao_Paulo", "America/St_Johns", "Europe/Berlin", "Africa/Casablanca", "Asia/Kathmandu", "Asia/Kolkata",
        "Asia/Tokyo", "Australia/Lord_Howe", "Pacific/Chatham", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Pacific/Apia",
    ];

    private static readonly Gen<DateTimeOffset> Moments =
        Gen.Long[DateTimeOffset.Parse("2000-01-01Z", CultureInfo.InvariantCulture).ToUnixTimeSeconds(), DateTimeOffset.Parse("2060-01-01Z", CultureInfo.InvariantCulture).ToUnixTimeSeconds()]
            .Select(DateTimeOffset.FromUnixTimeSeconds);

    [TestCase("Asia/Kathmandu", "2026-01-01T18:14:59Z", "2026-01-01")]
    [TestCase("Asia/Kathmandu", "2026-01-01T18:15:00Z", "2026-01-02")]
    [TestCase("Pacific/Kiritimati", "2026-01-01T09:59:59Z", "2026-01-01")]
    [TestCase("Pacific/Kiritimati", "2026-01-01T10:00:00Z", "2026-01-02")]
    [TestCase("Pacific/Pago_Pago", "2026-01-01T10:59:59Z", "2025-12-31")]
    [TestCase("Pacific/Pago_Pago", "2026-01-01T11:00:00Z", "2026-01-01")]
    // The day of 23 hours on which New York's clocks go forward …
    [TestCase("America/New_York", "2026-03-08T04:59:59Z", "2026-03-07")]
    [TestCase("America/New_York", "2026-03-08T05:00:00Z", "2026-03-08")]
    [TestCase("America/New_York", "2026-03-09T03:59:59Z", "2026-03-08")]
    [TestCase("America/New_York", "2026-03-09T04:00:00Z", "2026-03-09")]
    // … and the one of 25 on which they go back.
    [TestCase("America/New_York", "2026-11-01T03:59:59Z", "2026-10-31")]
    [TestCase("America/New_York", "2026-11-01T04:00:00Z", "2026-11-01")]
    [TestCase("America/New_York", "2026-11-02T04:59:59Z", "2026-11-01")]
    [TestCase("America/New_York", "2026-11-02T05:00:00Z", "2026-11-02")]
    // Samoa had no 30 December 2011.
    [TestCase("Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-29")]
    [TestCase("Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-31")]
    public void A_day_begins_at_midnight_where_the_account_is(string zone, string now, string expected) =>
        Assert.That(AccountDays.Today(zone, DateTimeOffset.Parse(now, CultureInfo.InvariantCulture)), Is.EqualTo(DateOnly.Parse(expected, CultureInfo.InvariantCulture)));

    [TestCase("America/New_York", "2026-11-22T07:59:59Z", "2026-11-21")]
    [TestCase("America/New_York", "2026-11-22T08:00:00Z", "2026-11-22")]
    [TestCase("America/New_York", "2026-11-23T04:59:59Z", "2026-11-22")]
    [TestCase("Pacific/Kiritimati", "2026-11-22T12:59:59Z", "2026-11-22")]
    [TestCase("Pacific/Kiritimati", "2026-11-22T13:00:00Z", "2026-11-23")]
    // Clocks go from two to three, and from two back to one.
    [TestCase("America/New_York", "2026-03-08T06:59:59Z", "2026-03-07")]
    [TestCase("America/New_York", "2026-03-08T07:00:00Z", "2026-03-08")]
    [TestCase("America/New_York", "2026-11-01T07:59:59Z", "2026-10-31")]
    [TestCase("America/New_York", "2026-11-01T08:00:00Z", "2026-11-01")]
    public void A_night_of_three_o_clock_begins_then_where_the_account_is(string zone, string now, string expected) =>
        Assert.That(AccountDays.Night(zone, DateTimeOffset.Parse(now, CultureInfo.InvariantCulture), new(3, 0)), Is.EqualTo(DateOnly.Parse(expected, CultureInfo.InvariantCulture)));

    [Test]
    public void A_night_of_midnight_is_today() =>
        Gen.Select(Gen.OneOf(Zones), Moments).Sample((zone, now) => AccountDays.Night(zone, now, TimeOnly.MinValue) == AccountDays.Today(zone, now));

    [Test]
    public void It_does_not_matter_in_which_offset_now_is_given() =>
        Gen.Select(Gen.OneOf(Zones), Moments, Gen.Int[-14 * 60, 14 * 60]).Sample((zone, now, offset) =>
            AccountDays.Today(zone, now.ToOffset(TimeSpan.FromMinutes(offset))) == AccountDays.Today(zone, now));

    [Test]
    public void The_last_complete_days_are_as_many_as_asked_and_end_yesterday() =>
        Gen.Select(Gen.OneOf(Zones), Moments, Gen.Int[1, 400]).Sample((zone, now, days) =>
        {
            var range = AccountDays.LastComplete(zone, now, days);
            return range.Days == days && range.Until == AccountDays.Today(zone, now).AddDays(-1) && range.Since == range.Until.AddDays(1 - days);
        });

    [Test]
    public void Every_day_of_the_range_is_over_where_the_account_is() =>
        Gen.Select(Gen.OneOf(Zones), Moments).Sample((zone, now) =>
        {
            var info = TimeZoneInfo.FindSystemTimeZoneById(zone);
            var midnight = AccountDays.LastComplete(zone, now, 1).Until.AddDays(1).ToDateTime(TimeOnly.MinValue);
            return now.UtcDateTime + info.GetUtcOffset(now) >= midnight;
        });

    [Test]
    public void A_nightly_sync_at_any_local_time_reads_the_day_before_last_midnight_whatever_the_clocks_do() =>
        Gen.Select(Gen.OneOf(Zones), Moments, Gen.Int[0, (24 * 60) - 1]).Sample((zone, near, minutes) =>
        {
            var info = TimeZoneInfo.FindSystemTimeZoneById(zone);
            var night = AccountDays.Today(zone, near);
            var local = night.ToDateTime(new TimeOnly(minutes / 60, minutes % 60));
            if (info.IsInvalidTime(local)) local = local.AddHours(1); // The scheduler runs as soon as the clock has passed over it.
            if (info.IsInvalidTime(local)) return true; // A day that never was (Samoa, 30 December 2011).
            var offsets = info.IsAmbiguousTime(local) ? info.GetAmbiguousTimeOffsets(local) : [info.GetUtcOffset(local)];
            return offsets.All(offset => AccountDays.LastComplete(zone, new DateTimeOffset(local, offset), 1).Until == DateOnly.FromDateTime(local).AddDays(-1));
        });

    [Test]
    public void A_year_of_nights_covers_every_day_whatever_the_clocks_do()
    {
        foreach (var zone in Zones)
        {
            var seen = new HashSet<DateOnly>();
            var start = DateTimeOffset.Parse("2026-01-01T00:00Z", CultureInfo.InvariantCulture);
            for (var hour = 0; hour < 24 * 370; hour += 24) seen.Add(AccountDays.LastComplete(zone, start.AddHours(hour), 1).Until);

            var first = seen.Min();
            for (var day = 0; day < 365; day++) Assert.That(seen, Does.Contain(first.AddDays(day)), zone);
        }
    }
}
