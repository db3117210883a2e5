using System.Text.Json;

namespace MetaAdsJobs.Core.Meta.Graph;

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

    /// <returns>Null on the last page.</returns>
    public static string? Next(JsonElement page) =>
        page.TryGetProperty("paging", out var paging) && paging.ValueKind == JsonValueKind.Object && paging.TryGetProperty("next", out var more) && more.ValueKind != JsonValueKind.Null
            ? paging.TryGetProperty("cursors", out var cursors) && cursors.ValueKind == JsonValueKind.Object && GraphText.Of(cursors, "after") is { } cursor
                ? cursor
                : throw new MetaException(Proof.OutcomeUnknown, "Meta answered a list that goes on without saying where")
            : null;
}
