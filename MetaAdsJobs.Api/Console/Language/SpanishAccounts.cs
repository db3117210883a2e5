namespace MetaAdsJobs.Api.Console.Language;

/// <summary>Of the pages about accounts and clips.</summary>
internal static class SpanishAccounts
{
    public static readonly (string English, string Spanish)[] Words =
    [
    ];
}
