namespace MetaAdsJobs.Core.Database;
public static class DatabaseUrl { public static string ToConnectionString(string url) => url; }
