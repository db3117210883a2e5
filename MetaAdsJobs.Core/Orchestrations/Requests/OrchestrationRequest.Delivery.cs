using System.Text.Json.Serialization;
using MetaAdsJobs.Core.Meta.AdSets;

namespace MetaAdsJobs.Core.Orchestrations.Requests;

// What an ad set needs to know beyond whom it addresses. Ordered behind all that was there before: the hash of a request stays.
public sealed partial record OrchestrationRequest
{
    /// <summary>Where ads lead, for goals that leave a choice: MESSENGER, INSTAGRAM_DIRECT or WHATSAPP; else what the goal says.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), JsonPropertyOrder(1)]
    public string? DestinationType { get; init; }

    /// <summary>For goals that promote an app: its id at Meta.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), JsonPropertyOrder(2)]
    public string? ApplicationId { get; init; }

    /// <summary>For goals that promote an app: its page in Apple's App Store or on Google Play.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), JsonPropertyOrder(3)]
    public string? ObjectStoreUrl { get; init; }

    /// <summary>For goals that count a form's leads: the form that ads open.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), JsonPropertyOrder(4)]
    public string? LeadGenFormId { get; init; }

    /// <summary>Within how many days after a click, a view or an engaged view of a video a conversion counts. Meta's default when absent.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), JsonPropertyOrder(5)]
    public IReadOnlyList<AttributionWindow>? AttributionSpec { get; init; }

    /// <summary>How often one person is shown the ads at most; for the goals REACH and THRUPLAY.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), JsonPropertyOrder(6)]
    public IReadOnlyList<FrequencyCap>? FrequencyControlSpecs { get; init; }

    /// <summary>At which hours of which days ads run; for lifetime budgets. Always when absent.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), JsonPropertyOrder(7)]
    public IReadOnlyList<ScheduleHours>? AdsetSchedule { get; init; }

    /// <summary>
    /// Meta's id of a campaign that is there, of ours or adopted: ad sets and ads are added to it. What belongs to it is left out of a request then, and stands in what is stored.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), JsonPropertyOrder(8)]
    public string? CampaignId { get; init; }

    /// <summary>Meta's id of an ad set that is there: ads are added to it. What belongs to it, and to its campaign, is left out of a request then.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), JsonPropertyOrder(9)]
    public string? AdSetId { get; init; }

    /// <summary>When it is to be activated, in the account's own time or with an offset, as it was given: built at once, and paused until then, whatever auto_publish says.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), JsonPropertyOrder(10)]
    public string? ActivateAt { get; init; }

    /// <summary>What is there has its budget already.</summary>
    [JsonIgnore]
    public bool AddsNoBudget => AdSetId is not null || (CampaignId is not null && IsCampaignBudget);

    /// <summary>Nothing was asked for: a campaign that was found at Meta was recorded. No request has an empty list.</summary>
    [JsonIgnore]
    public bool IsAdoption => AdSets is { Count: 0 };
}

public sealed partial record AdSetRequest
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), JsonPropertyOrder(1)]
    public string? DestinationType { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), JsonPropertyOrder(2)]
    public string? ApplicationId { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), JsonPropertyOrder(3)]
    public string? ObjectStoreUrl { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), JsonPropertyOrder(4)]
    public string? LeadGenFormId { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), JsonPropertyOrder(5)]
    public IReadOnlyList<AttributionWindow>? AttributionSpec { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), JsonPropertyOrder(6)]
    public IReadOnlyList<FrequencyCap>? FrequencyControlSpecs { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull), JsonPropertyOrder(7)]
    public IReadOnlyList<ScheduleHours>? AdsetSchedule { get; init; }
}
