using System.Text.Json;

namespace MetaAdsJobs.Core.Validation;

/// <summary>Where in a body something stands.</summary>
public static class JsonPaths
{
    /// <summary>The paths of all fields of this name that hold one of these ids.</summary>
    public static IEnumerable<(string Path, Guid Id)> Of(JsonElement body, string field, IReadOnlyCollection<Guid> ids) => ids.Count == 0 ? [] : Of(body, field, ids.ToHashSet(), "");

    private static IEnumerable<(string Path, Guid Id)> Of(JsonElement element, string field, HashSet<Guid> ids, string path) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(one => one.Name == field && one.Value.ValueKind == JsonValueKind.String
            ? one.Value.TryGetGuid(out var id) && ids.Contains(id) ? [(Join(path, one.Name), id)] : Array.Empty<(string, Guid)>() : Of(one.Value, field, ids, Join(path, one.Name))),
        JsonValueKind.Array => element.EnumerateArray().Index().SelectMany(one => Of(one.Item, field, ids, $"{path}[{one.Index}]")),
        _ => [],
    };

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";
}
