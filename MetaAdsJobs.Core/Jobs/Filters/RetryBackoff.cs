using MetaAdsJobs.Core.Orchestrations;

namespace MetaAdsJobs.Core.Jobs.Filters;

/// <summary>Waits between retries: RETRY_DELAY_SECONDS, doubled each time, up to an hour, give or take a quarter.</summary>
internal static class RetryBackoff
{
    private const double Longest = 3600;

    public static int Seconds(OrchestrationOptions options, long attempt) => Seconds(options.RetryDelaySeconds, attempt, Random.Shared.NextDouble());

    /// <param name="retryDelay">Seconds before the first retry.</param>
    /// <param name="attempt">1 for the first retry.</param>
    /// <param name="chance">From 0 to 1: spreads retries that failed together.</param>
    internal static int Seconds(int retryDelay, long attempt, double chance)
    {
        var delay = Math.Min(Longest, retryDelay * Math.Pow(2, Math.Clamp(attempt - 1, 0, 30)));
        return (int)Math.Ceiling(delay * (0.75 + (chance / 2)));
    }
}
