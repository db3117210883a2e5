namespace MetaAdsJobs.Core.Jobs;

/// <summary>Hangfire takes from them in the order of their names: the stop switch goes before campaigns, campaigns before insights.</summary>
internal static class Queues
{
    public const string Brakes = "brakes";
    public const string Campaigns = "campaigns";
    public const string Insights = "insights";

    public static readonly string[] All = [Brakes, Campaigns, Insights];
}
