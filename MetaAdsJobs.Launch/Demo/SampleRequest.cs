using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MetaAdsJobs.Launch.Demo;

/// <summary>Sends the README's sample request and tells each step as it completes.</summary>
internal sealed class SampleRequest(ServiceClient service, Action<string> say, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan PollEvery = TimeSpan.FromMilliseconds(200);
    private static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static string File => Path.Combine(ProjectFolder.Path, "docs", "sample-request.json");

    /// <summary>Whether the whole ad was made and its insights synced.</summary>
    public async Task<bool> SendAsync(CancellationToken ct)
    {
        say("POST /meta/orchestrate/run with docs/sample-request.json");
        var accepted = await service.PostAsync("/meta/orchestrate/run", await System.IO.File.ReadAllTextAsync(File, ct), ct);
        var requestId = (string?)accepted["request_id"];
        say($"accepted: request_id {requestId}");

        var result = await FollowAsync($"/meta/orchestrate/runs/{requestId}", ct);
        say(result.ToJsonString(Readable));
        var succeeded = (string?)result["status"] == "succeeded" && (bool?)result["overall_success"] == true;
        say(succeeded ? "The sample request succeeded." : $"The sample request did not succeed: its status is {(string?)result["status"]}.");
        return succeeded;
    }

    private async Task<JsonNode> FollowAsync(string path, CancellationToken ct)
    {
        var told = new HashSet<string>();
        var since = time.GetTimestamp();
        while (true)
        {
            var run = await service.GetAsync(path, ct);
            Tell(run, told);
            if ((string?)run["status"] is "succeeded" or "failed" or "cancelled" || time.GetElapsedTime(since) > Patience)
                return run;
            await Task.Delay(PollEvery, time, ct);
        }
    }

    private void Tell(JsonNode run, HashSet<string> told)
    {
        foreach (var step in run["steps"]?.AsArray() ?? [])
            if (step?["completed_at"] is not null && (string?)step["step"] is { } name && told.Add(name))
                say($"  {name,-12} {(string?)step["state"],-10} {(string?)step["meta_id"]}");
    }
}
