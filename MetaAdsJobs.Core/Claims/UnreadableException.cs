namespace MetaAdsJobs.Core.Claims;

/// <summary>What a claim works with could not be read, as often as an attempt may fail: its row has ended as failed.</summary>
internal sealed class UnreadableException(string reason, Exception why) : Exception(reason, why);
