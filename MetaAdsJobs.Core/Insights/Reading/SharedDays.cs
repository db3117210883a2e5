using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Accounts;

namespace MetaAdsJobs.Core.Insights.Reading;

/// <summary>
/// Of accounts that share an ad account (two from before that was refused, or one that is retired and the one after it) a day counts once, as it was told whole last, or read: who reads no more keeps the days that it alone has read.
/// </summary>
internal static class SharedDays
{
    /// <summary>
    /// Accounts with days that another of the same ad account has read later. Those that share one are few, and are listed first: asked row by row it would be too much work. One of each two is retired, or told to be the
    /// other's double: no third way leads past social_accounts_of_meta. Takes @Scope.
    /// </summary>
    /// <param name="days">Which days, as the end of a WHERE over insight_days.</param>
    public static string ReadLaterElsewhere(string days) => $"""
        SELECT pair.mine AS id, theirs.date_start
        FROM social_accounts one
        JOIN social_accounts two ON {AccountPairs.AtMeta("two.ad_account_id")} = {AccountPairs.AtMeta("one.ad_account_id")} AND two.id <> one.id{AccountScope.And("two.id")}
        CROSS JOIN LATERAL (VALUES (one.id, two.id), (two.id, one.id)) pair (mine, other)
        CROSS JOIN LATERAL (SELECT date_start, synced_at, {SeenAt} FROM insight_days WHERE social_account_id = pair.other{days} OFFSET 0) theirs
        LEFT JOIN LATERAL (SELECT synced_at, {SeenAt} FROM insight_days WHERE social_account_id = pair.mine AND date_start = theirs.date_start OFFSET 0) ours ON true
        WHERE (one.retired_at IS NOT NULL OR one.double_of IS NOT NULL){AccountScope.And("one.id")}
            AND (theirs.seen_at, theirs.synced_at, pair.other) > (COALESCE(ours.seen_at, '-infinity'), COALESCE(ours.synced_at, '-infinity'), pair.mine)
        """;

    // One that was told nothing of a day has zeros of it.
    private const string SeenAt = "COALESCE(seen_at, first_at, '-infinity') AS seen_at";
}
