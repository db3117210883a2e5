namespace MetaAdsJobs.Core.Configuration;

/// <summary>A configuration key holds something the service cannot start with. The message names the key, never its secret value.</summary>
public sealed class ConfigurationException(string message, Exception? inner = null) : Exception(message, inner);
