namespace MetaAdsJobs.Core.Claims;

/// <summary>A write was refused, or not attempted, because another attempt holds the lease now.</summary>
internal sealed class FencedException(string why) : Exception($"This attempt no longer holds the lease: {why}");
