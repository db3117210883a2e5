namespace MetaAdsJobs.Api.Console.Language;

/// <summary>Of the pages about numbers.</summary>
internal static class SpanishNumbers
{
    public static readonly (string English, string Spanish)[] Words =
    [
    ];
}
