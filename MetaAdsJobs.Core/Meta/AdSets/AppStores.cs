namespace MetaAdsJobs.Core.Meta.AdSets;

/// <summary>The stores whose apps can be promoted here, and the system that each is for, in the words of targeting.</summary>
public static class AppStores
{
    public const string Examples = "https://apps.apple.com/app/id1234567890 or https://play.google.com/store/apps/details?id=com.example.app";

    /// <returns>Null for another store, or a page that is not of one app.</returns>
    public static string? SystemOf(string storeUrl) => !Uri.TryCreate(storeUrl, UriKind.Absolute, out var url) ? null : url.Host switch
    {
        "apps.apple.com" or "itunes.apple.com" when url.AbsolutePath.Contains("/id", StringComparison.Ordinal) => "iOS",
        "play.google.com" when url.Query.Contains("id=", StringComparison.Ordinal) => "Android",
        _ => null,
    };
}
