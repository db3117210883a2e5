using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Launch;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Contract;

/// <summary>docs/openapi.json is what the service serves: a change of the contract is a change of that file, seen by who reviews it.</summary>
[TestFixture, HasServiceAlone]
public sealed class CheckedInTests
{
    private const string Write = "WRITE_OPENAPI";
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Test]
    public async Task The_description_that_is_checked_in_is_the_one_that_is_served()
    {
        var service = await SharedServices.WithoutWorker;
        using var stranger = service.Client(role: null);
        var served = (await stranger.GetAsync("/openapi/v1.json")).Json;
        // Where it is served differs; in the file it is ./run's.
        served["servers"] = new JsonArray(new JsonObject { ["url"] = "http://127.0.0.1:5080", ["description"] = "./run" });
        var text = served.ToJsonString(Readable) + "\n";
        if (Environment.GetEnvironmentVariable(Write) is { Length: > 0 }) await File.WriteAllTextAsync(Document.Path, text);

        var lines = await File.ReadAllLinesAsync(Document.Path);
        var now = text.TrimEnd('\n').Split('\n');
        var first = Enumerable.Range(0, Math.Max(lines.Length, now.Length)).FirstOrDefault(line => line >= lines.Length || line >= now.Length || lines[line] != now[line], -1);
        Assert.That(first, Is.EqualTo(-1), () => $"""
            docs/openapi.json is not what the service serves, from line {first + 1} on: {now.ElementAtOrDefault(first)?.Trim()}
            If the contract is meant to be so, write the file anew with
                {Write}=1 ./test --filter FullyQualifiedName~{nameof(CheckedInTests)}
            and look at its diff: whoever generates a client sees it, too.
            """);
    }
}

/// <summary>The description, as it is checked in.</summary>
internal static class Document
{
    private static readonly Lazy<JsonObject> Read = new(() => JsonNode.Parse(File.ReadAllText(Path))!.AsObject());

    public static string Path => System.IO.Path.Combine(ProjectFolder.Path, "docs", "openapi.json");

    public static JsonObject Json => Read.Value;
}
