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
