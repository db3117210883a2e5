namespace MetaAdsJobs.Launch;

/// <summary>Something the person at the keyboard can put right; the message is one line and says how.</summary>
public sealed class LaunchException(string message) : Exception(message);
