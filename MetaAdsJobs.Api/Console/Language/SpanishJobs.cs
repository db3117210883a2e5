namespace MetaAdsJobs.Api.Console.Language;

/// <summary>Of the pages about jobs and outcomes.</summary>
internal static class SpanishJobs
{
    public static readonly (string English, string Spanish)[] Words =
    [
    ];
}
