namespace MetaAdsJobs.Core.Meta.Ads;

/// <summary>Where people see the same objects at Meta.</summary>
public static class AdsManagerLinks
{
    private const string Root = "https://adsmanager.facebook.com/adsmanager/manage";

    /// <param name="adAccountId">act_ and digits.</param>
    public static string UrlOf(string adAccountId) => $"{Root}/campaigns?act={Digits(adAccountId)}";

    /// <param name="adAccountId">act_ and digits.</param>
    /// <param name="step">campaign, adset or ad; of others there is no page.</param>
    public static string? UrlOf(string adAccountId, string step, string? metaId) => metaId is null ? null : step switch
    {
        "campaign" => $"{Root}/campaigns?act={Digits(adAccountId)}&selected_campaign_ids={Uri.EscapeDataString(metaId)}",
        "adset" => $"{Root}/adsets?act={Digits(adAccountId)}&selected_adset_ids={Uri.EscapeDataString(metaId)}",
        "ad" => $"{Root}/ads?act={Digits(adAccountId)}&selected_ad_ids={Uri.EscapeDataString(metaId)}",
        _ => null,
    };

    private static string Digits(string adAccountId) => Uri.EscapeDataString(adAccountId.Replace("act_", "", StringComparison.Ordinal));
}
