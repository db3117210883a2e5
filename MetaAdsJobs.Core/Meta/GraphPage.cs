using System.Text.Json;

namespace MetaAdsJobs.Core.Meta;

/// <summary>
/// One page of a list. Only <c>next</c> tells that there is more, and it carries the token in its URL: the cursor is taken
/// from <c>cursors.after</c> and the next call is built anew.
/// </summary>
internal static class GraphPage
{
    public static JsonElement.ArrayEnumerator Items(JsonElement page) =>
        page.ValueKind == JsonValueKind.Object && page.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Array
            ? data.EnumerateArray()
            : throw new MetaException(Proof.OutcomeUnknown, "Meta answered a list without data");

    /// <param name="asked">The cursor this page was asked with: a list that leads back to itself never ends.</param>
    public static string? Next(JsonElement page, string? asked = null) =>
        page.TryGetProperty("paging", out var paging) && paging.ValueKind == JsonValueKind.Object && paging.TryGetProperty("next", out _)
            ? paging.TryGetProperty("cursors", out var cursors) && cursors.ValueKind == JsonValueKind.Object && cursors.TryGetProperty("after", out var after) && after.ToString() is { Length: > 0 } cursor && cursor != asked
                ? cursor
                : throw new MetaException(Proof.OutcomeUnknown, "Meta answered a list that goes on without saying where")
            : null;
}
