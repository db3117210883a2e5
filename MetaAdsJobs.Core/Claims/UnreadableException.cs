namespace MetaAdsJobs.Core.Claims;

/// <summary>What a claim works with could not be read.</summary>
/// <param name="until">When it is tried again; null: its row has ended, since that was so as often as an attempt may fail.</param>
internal sealed class UnreadableException(string reason, DateTimeOffset? until, Exception why) : Exception(reason, why)
{
    public DateTimeOffset? Until => until;
}
