using System.Text.Json;
using MetaAdsJobs.Core.Meta.Graph;

namespace MetaAdsJobs.Core.Meta.Ads;

/// <summary>Something Meta has against an object, in its words for people.</summary>
public sealed record ObjectIssue(string Level, string? Code, string? Summary, string? Message);

/// <summary>
/// Where an object stands after Meta's own checks. The status is open text: Meta adds values, and an unknown one is shown as it is.
/// </summary>
internal sealed record ObjectState(string Status, IReadOnlyList<ObjectIssue> Issues)
{
    /// <summary>Deleted, or not visible any more.</summary>
    public static ObjectState Gone { get; } = new("DELETED", []);

    /// <summary>Meta is still at it.</summary>
    public bool IsOpen => Status is "IN_PROCESS" or "PENDING_REVIEW";

    /// <summary>Meta will not deliver it as it is.</summary>
    public bool IsRefused => Status is "DISAPPROVED" or "WITH_ISSUES" || Issues.Count > 0;

    /// <summary>The issues in one line, for people.</summary>
    public string Words => string.Join("; ", Issues.Select(issue =>
        string.Join(": ", new[] { issue.Summary, issue.Message }.OfType<string>()) + (issue.Code is null ? "" : $" (code {issue.Code})")));

    /// <exception cref="MetaException">The answer tells no status.</exception>
    public static ObjectState Read(JsonElement answer) => Find(answer) ?? throw new MetaException(Proof.OutcomeUnknown, "Meta's answer about an object holds no status");

    /// <summary>Null when it tells no status.</summary>
    public static ObjectState? Find(JsonElement answer)
    {
        if ((GraphText.Of(answer, "effective_status") ?? GraphText.Of(answer, "status")) is not { } status) return null;
        var issues = answer.TryGetProperty("issues_info", out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Where(issue => issue.ValueKind == JsonValueKind.Object)
                .Select(issue => new ObjectIssue(GraphText.Of(issue, "level") ?? "", GraphText.Of(issue, "error_code"), GraphText.Of(issue, "error_summary"), GraphText.Of(issue, "error_message"))).ToList()
            : [];
        return new(status, issues);
    }
}
