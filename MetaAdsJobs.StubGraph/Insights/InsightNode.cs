using MetaAdsJobs.StubGraph.Objects;

namespace MetaAdsJobs.StubGraph.Insights;

/// <summary>The node a report hangs on: an account (its digits) or a campaign, ad set or ad.</summary>
internal sealed record InsightNode(string Id, InsightLevel Level, StubAccount Account)
{
    // Where nobody told the account's time zone, a day is over once it is over somewhere: yesterday always has its row.
    public DateTimeOffset Local(DateTimeOffset now) =>
        Account.IsKnown && TimeZoneInfo.TryFindSystemTimeZoneById(Account.TimezoneName, out var zone)
            ? TimeZoneInfo.ConvertTime(now, zone)
            : now.ToOffset(TimeSpan.FromHours(14));
}
