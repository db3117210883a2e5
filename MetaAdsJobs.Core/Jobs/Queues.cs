namespace MetaAdsJobs.Core.Jobs;

/// <summary>Hangfire takes from them in the order of their names: campaigns go before insights.</summary>
internal static class Queues
{
    public const string Campaigns = "campaigns";
    public const string Insights = "insights";

    public static readonly string[] All = [Campaigns, Insights];
}
