using System.Text.Json.Serialization;

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
}
