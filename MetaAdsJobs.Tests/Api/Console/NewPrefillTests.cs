using System.Text.Json.Nodes;
using MetaAdsJobs.Console.New;

namespace MetaAdsJobs.Tests.Api.Console;

/// <summary>What of an earlier request is asked for again, and what must not be without a person's saying so.</summary>
[TestFixture]
public sealed class NewPrefillTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeZoneInfo Madrid = TimeZoneInfo.FindSystemTimeZoneById("Europe/Madrid");

    [Test]
    public void An_end_to_come_is_kept_in_the_accounts_zone_and_the_ad_is_activated_as_it_was()
    {
        var fields = Of("2026-12-01T10:30:00+00:00");

        Assert.That(fields, Does.Contain(("end_time", "2026-12-01T11:30")).And.Contain(("auto_publish", "true")));
        Assert.That(fields.Select(field => field.Name), Does.Not.Contain("start_time"), "it began already");
        Assert.That(NewPrefill.HasPast(Request("2026-12-01T10:30:00+00:00"), Now), Is.True, "its beginning");
    }

    [Test]
    public void What_was_to_end_and_now_would_not_is_not_activated()
    {
        Assert.That(Of("2026-11-23T12:00:00+00:00").Select(field => field.Name), Does.Not.Contain("end_time").And.Not.Contain("auto_publish"));
        Assert.That(NewPrefill.HasPast(Request("2026-11-23T12:00:00+00:00"), Now), Is.True);
    }

    [Test]
    public void Without_times_nothing_is_past()
    {
        var request = new JsonObject { ["campaign_name"] = "No times", ["auto_publish"] = true };

        Assert.That(NewPrefill.HasPast(request, Now), Is.False);
        Assert.That(NewPrefill.Of(request, Madrid, Now), Does.Contain(("auto_publish", "true")));
    }

    private static List<(string Name, string? Value)> Of(string end) => [.. NewPrefill.Of(Request(end), Madrid, Now)];

    private static JsonObject Request(string end) => new() { ["campaign_name"] = "Like it", ["start_time"] = "2026-11-01T10:30:00+01:00", ["end_time"] = end, ["auto_publish"] = true };
}
