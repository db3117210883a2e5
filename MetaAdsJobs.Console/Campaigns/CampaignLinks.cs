using System.Globalization;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Campaigns.Reading;

namespace MetaAdsJobs.Console.Campaigns;

/// <summary>Addresses of what can be looked at and done, and the words of orders in them.</summary>
internal static class CampaignLinks
{
    /// <summary>Its numbers over the days that lists show.</summary>
    public static string Numbers(CampaignSummary campaign) => string.Create(CultureInfo.InvariantCulture,
        $"/console/numbers?account={campaign.SocialAccountId}&campaign={Uri.EscapeDataString(campaign.CampaignId)}&since={campaign.LastDays.Since:yyyy-MM-dd}&until={campaign.LastDays.Until:yyyy-MM-dd}");

    public static string Campaign(string campaignId) => $"/console/campaigns/{Uri.EscapeDataString(campaignId)}";

    public static string Edit(string campaignId, EditKind kind, string metaId) => $"{Campaign(campaignId)}/{WordOf(kind)}/{Uri.EscapeDataString(metaId)}";

    /// <summary>The form for what is added to it, or to one of its ad sets.</summary>
    public static string New(string campaignId, string? adSetId) => $"/console/new?campaign={Uri.EscapeDataString(campaignId)}{(adSetId is null ? "" : $"&ad_set={Uri.EscapeDataString(adSetId)}")}";

    public static string Publish(IEnumerable<string> campaignIds) => $"/console/campaigns/bulk/publish?ids={Uri.EscapeDataString(string.Join(',', campaignIds))}";

    /// <returns>Null of what is no order.</returns>
    public static EditKind? KindOf(string word) => Enum.GetValues<EditKind>().Cast<EditKind?>().FirstOrDefault(kind => WordOf(kind!.Value) == word);

    private static string WordOf(EditKind kind) => kind == EditKind.Update ? "change" : kind.ToString().ToLowerInvariant();
}
