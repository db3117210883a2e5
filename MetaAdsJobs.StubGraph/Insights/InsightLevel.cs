namespace MetaAdsJobs.StubGraph.Insights;

/// <summary>What one row of a report is about.</summary>
internal sealed record InsightLevel(string Name, int Depth)
{
    public static readonly InsightLevel Account = new("account", 0);
    public static readonly InsightLevel Campaign = new("campaign", 1);
    public static readonly InsightLevel AdSet = new("adset", 2);
    public static readonly InsightLevel Ad = new("ad", 3);

    public static InsightLevel? Named(string name) => Array.Find([Account, Campaign, AdSet, Ad], level => level.Name == name);
}
