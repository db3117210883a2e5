namespace MetaAdsJobs.Core.Jobs;

/// <summary>
/// Hangfire takes from them in the order of their names: stops go before what a start lets go on, that before campaigns, campaigns before
/// insights. Stops have threads of their own besides.
/// </summary>
internal static class Queues
{
    public const string Brakes = "brakes";
    public const string Lifted = "brakes-lifted";
    public const string Campaigns = "campaigns";
    public const string Insights = "insights";

    public static readonly string[] All = [Brakes, Lifted, Campaigns, Insights];
}
