using System.Globalization;
using System.Text.Json.Nodes;

namespace MetaAdsJobs.Tests.StubGraph;

/// <summary>Reports of the stub Graph as a test reads and adds them.</summary>
internal static class StubReports
{
    public const string Week = """{"since":"2026-11-15","until":"2026-11-21"}""";

    /// <summary>Of every ad and day of a week, unless told otherwise. An empty value takes a parameter away.</summary>
    public static Dictionary<string, string> Parameters(params ReadOnlySpan<(string Name, string Value)> others)
    {
        var parameters = new Dictionary<string, string>
        {
            ["level"] = "ad",
            ["fields"] = "ad_id,adset_id,campaign_id,ad_name,date_start,impressions,clicks,reach,spend,actions,action_values",
            ["time_range"] = Week,
            ["time_increment"] = "1",
            ["limit"] = "500",
        };
        foreach (var (name, value) in others)
            parameters[name] = value;
        return parameters;
    }

    public static string Days(string since, string until) => $$"""{"since":"{{since}}","until":"{{until}}"}""";

    /// <summary>Numbers follow from the ad's id: with one of the test's choosing they are the same in every run.</summary>
    public static async Task<StubTree> CreateTreeAsync(this StubWorld world, string adId)
    {
        var tree = await world.CreateTreeAsync();
        await using var rename = world.DataSource.CreateCommand($"UPDATE stub_graph.objects SET id = '{adId}' WHERE id = '{tree.Ad}'");
        await rename.ExecuteNonQueryAsync();
        return tree with { Ad = adId };
    }

    /// <summary>All pages, read with GET.</summary>
    public static async Task<List<JsonNode>> ReadReportAsync(this StubWorld world, string path, params (string Name, string Value)[] others)
    {
        var rows = new List<JsonNode>();
        var parameters = Parameters(others);
        JsonNode page;
        do
        {
            (var status, page) = await world.CallAsync("GET", path, parameters);
            Assert.That(status, Is.EqualTo(200), page.ToJsonString());
            rows.AddRange(page["data"]!.AsArray().Select(row => row!));
            if (page["paging"] is { } paging)
                parameters["after"] = (string)paging["cursors"]!["after"]!;
        }
        while (page["paging"]?["next"] is not null);
        return rows;
    }

    public static async Task<string> StartReportAsync(this StubWorld world, string path, params (string Name, string Value)[] others)
    {
        var (status, started) = await world.CallAsync("POST", path, Parameters(others));
        Assert.That(status, Is.EqualTo(200), started.ToJsonString());
        return (string)started["report_run_id"]!;
    }

    public static decimal Sum(this IEnumerable<JsonNode> rows, string field) => rows.Sum(row => Number(row[field]));

    public static decimal Spend(this IEnumerable<JsonNode> rows) => rows.Sum("spend");

    public static decimal Number(JsonNode? value) => value is null ? 0 : decimal.Parse((string)value!, CultureInfo.InvariantCulture);

    /// <param name="list">actions, action_values …</param>
    /// <param name="key">value, or an attribution window.</param>
    public static decimal Actions(this IEnumerable<JsonNode> rows, string type, string list = "actions", string key = "value") =>
        rows.SelectMany(row => row[list]?.AsArray() ?? []).Where(action => (string?)action!["action_type"] == type).Sum(action => Number(action![key]));

    public static IEnumerable<string?> Texts(this IEnumerable<JsonNode> rows, string field) => rows.Select(row => (string?)row[field]);

    public static IEnumerable<string> Json(this IEnumerable<JsonNode> rows) => rows.Select(row => row.ToJsonString());
}
