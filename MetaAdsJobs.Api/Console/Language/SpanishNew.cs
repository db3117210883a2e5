namespace MetaAdsJobs.Api.Console.Language;

/// <summary>Of the page that asks for a run.</summary>
internal static class SpanishNew
{
    public static readonly (string English, string Spanish)[] Words =
    [
    ];
}
