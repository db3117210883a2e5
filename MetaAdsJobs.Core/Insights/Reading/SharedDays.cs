using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Accounts;

namespace MetaAdsJobs.Core.Insights.Reading;

/// <summary>
/// Of accounts that share an ad account (two from before that was refused, or one that is retired and the one after it) a day counts once, as it was told whole last, or read: who reads no more keeps the days that it alone has read.
/// </summary>
internal static class SharedDays
{
    /// <summary>Accounts with days that another of the same ad account has read later. Those that share one are few, and are listed first: asked row by row it would be too much work. Takes @Scope.</summary>
    /// <param name="days">Which days, as the end of a WHERE over insight_days.</param>
    public static string ReadLaterElsewhere(string days) => $"""
        SELECT mine.id, theirs.date_start
        FROM social_accounts mine
        JOIN social_accounts other ON {AccountPairs.AtMeta("other.ad_account_id")} = {AccountPairs.AtMeta("mine.ad_account_id")} AND other.id <> mine.id{AccountScope.And("other.id")}{AccountScope.And("mine.id")}
        CROSS JOIN LATERAL (SELECT date_start, synced_at, {SeenAt} FROM insight_days WHERE social_account_id = other.id{days} OFFSET 0) theirs
        LEFT JOIN LATERAL (SELECT synced_at, {SeenAt} FROM insight_days WHERE social_account_id = mine.id AND date_start = theirs.date_start OFFSET 0) ours ON true
        WHERE (theirs.seen_at, theirs.synced_at, other.id) > (COALESCE(ours.seen_at, '-infinity'), COALESCE(ours.synced_at, '-infinity'), mine.id)
        """;

    // One that was told nothing of a day has zeros of it.
    private const string SeenAt = "COALESCE(seen_at, first_at, '-infinity') AS seen_at";
}
