using System.Text.Json;
using System.Text.Json.Nodes;

namespace MetaAdsJobs.Core.Publishers.Templates;

/// <summary>What a publisher's clips become in one account.</summary>
public sealed record ClipTemplate
{
    public required Guid PublisherId { get; init; }
    public required Guid SocialAccountId { get; init; }
    public string? AccountName { get; init; }

    /// <summary>A request as POST /meta/orchestrate/run takes it, with placeholders in its texts; account and clip are put in.</summary>
    public required JsonObject Request { get; init; }

    /// <summary>What is put in where a clip tells nothing, by the names of placeholders.</summary>
    public required IReadOnlyDictionary<string, string> Defaults { get; init; }

    /// <summary>Nothing is made before a person has agreed.</summary>
    public required bool Approval { get; init; }

    /// <summary>Daily budgets, together, of what may be begun by itself within 24 hours, in hundredths; null: only the account's own caps hold.</summary>
    public long? DailyCapCents { get; init; }
    public required string ChangedBy { get; init; }
    public required DateTimeOffset ChangedAt { get; init; }
}

/// <summary>A template as it is stored.</summary>
internal sealed record TemplateRow
{
    public Guid PublisherId { get; init; }
    public Guid SocialAccountId { get; init; }
    public string? AccountName { get; init; }
    public string Request { get; init; } = "{}";
    public string Defaults { get; init; } = "{}";
    public bool Approval { get; init; }
    public long? DailyCapCents { get; init; }
    public string ChangedBy { get; init; } = "";
    public DateTimeOffset ChangedAt { get; init; }

    public ClipTemplate ToTemplate() => new()
    {
        PublisherId = PublisherId, SocialAccountId = SocialAccountId, AccountName = AccountName, Request = JsonNode.Parse(Request)!.AsObject(), Defaults = JsonSerializer.Deserialize<Dictionary<string, string>>(Defaults)!,
        Approval = Approval, DailyCapCents = DailyCapCents, ChangedBy = ChangedBy, ChangedAt = ChangedAt,
    };
}
