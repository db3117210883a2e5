namespace MetaAdsJobs.StubGraph.Numbers;

/// <summary>
/// What is counted of an ad's day. Everything else in a report follows from these by adding or dividing, so that rows of
/// any cut add up. Purchases are kept apart by how long after which contact they happened, each purchase in one place.
/// </summary>
internal enum Metric
{
    Impressions,
    Reach,
    Clicks,
    LinkClicks,
    LandingPageViews,
    VideoViews,
    ThruPlays,
    SpendMinor,
    BoughtInADay,
    BoughtInAWeek,
    BoughtInAMonth,
    BoughtAfterAView,

    // What was paid in each of the four, in minor units.
    PaidInADay,
    PaidInAWeek,
    PaidInAMonth,
    PaidAfterAView,
}
