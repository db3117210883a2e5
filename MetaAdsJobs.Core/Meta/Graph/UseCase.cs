namespace MetaAdsJobs.Core.Meta.Graph;

/// <summary>Meta counts management calls and reports apart, each per ad account.</summary>
internal enum UseCase
{
    AdsManagement,
    AdsInsights,
}

/// <summary>The names Meta's usage headers give them; our own tables use the same.</summary>
internal static class UseCases
{
    public static string ToName(this UseCase useCase) => useCase == UseCase.AdsManagement ? "ads_management" : "ads_insights";

    /// <returns>Null for a use case that no call of ours counts for.</returns>
    public static UseCase? Find(string? name) => name switch
    {
        "ads_management" => UseCase.AdsManagement,
        "ads_insights" => UseCase.AdsInsights,
        _ => null,
    };
}
