using MetaAdsJobs.Core.Meta;

namespace MetaAdsJobs.Core.Orchestrations.Steps;

/// <summary>
/// What a create has to know first. A read that fails is no lost answer to the create: nothing was sent, and nothing need be looked for.
/// </summary>
internal static class BeforeSending
{
    /// <exception cref="MetaException">As the read's own, but never with an unknown outcome.</exception>
    public static async Task<T> ReadAsync<T>(string what, Func<Task<T>> read)
    {
        try
        {
            return await read();
        }
        catch (MetaException exception) when (exception.Proof == Proof.OutcomeUnknown)
        {
            throw new MetaException(Proof.NotSent, $"{what} could not be read, so nothing was sent: {exception.ForUser}", exception);
        }
    }
}
