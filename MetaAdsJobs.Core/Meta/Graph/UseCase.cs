namespace MetaAdsJobs.Core.Meta.Graph;

/// <summary>Meta counts management calls, reports and lists of audiences apart, each per ad account.</summary>
internal enum UseCase
{
    AdsManagement,
    AdsInsights,
    CustomAudience,
}

/// <summary>The names Meta's usage headers give them; our own tables use the same.</summary>
internal static class UseCases
{
    public static string ToName(this UseCase useCase) => useCase switch
    {
        UseCase.AdsManagement => "ads_management",
        UseCase.AdsInsights => "ads_insights",
        _ => "custom_audience",
    };

    /// <summary>Whether processes tell each other of it. Audiences are listed for people who look, in the one process they talk to: it learns by itself.</summary>
    public static bool IsShared(this UseCase useCase) => useCase != UseCase.CustomAudience;

    /// <returns>Null for a use case that no call of ours counts for.</returns>
    public static UseCase? Find(string? name) => name switch
    {
        "ads_management" => UseCase.AdsManagement,
        "ads_insights" => UseCase.AdsInsights,
        "custom_audience" => UseCase.CustomAudience,
        _ => null,
    };
}
