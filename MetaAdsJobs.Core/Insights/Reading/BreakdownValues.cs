using System.Text.Json.Nodes;

namespace MetaAdsJobs.Core.Insights.Reading;

internal static class BreakdownValues
{
    /// <summary>The values that a row keeps as a JSON list, under the names that its definition gives them.</summary>
    public static JsonObject Name(IReadOnlyList<string> names, string values)
    {
        var named = new JsonObject();
        if (values.Length == 0 || JsonNode.Parse(values) is not JsonArray list) return named;
        foreach (var (name, value) in names.Zip(list)) named[name] = value?.DeepClone();
        return named;
    }
}
