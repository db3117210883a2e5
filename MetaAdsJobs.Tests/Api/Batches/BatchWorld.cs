using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Api.Batches;

/// <summary>Files of requests, as their users send them.</summary>
internal static class BatchWorld
{
    /// <summary>A request that is right in every field, as a row.</summary>
    public static JsonObject Row(this JsonObject request, string rowId, Action<JsonObject>? change = null)
    {
        var row = request.DeepClone().AsObject();
        row["row_id"] = rowId;
        change?.Invoke(row);
        return row;
    }

    public static JsonObject FileOf(params IEnumerable<JsonObject> rows) => new() { ["rows"] = new JsonArray([.. rows.Select(row => row.DeepClone())]) };

    public static Task<ApiAnswer> PostBatchAsync(this ApiClient client, JsonObject file, string query = "") => client.PostAsync($"/meta/orchestrate/batch{query}", file);

    public static Task<ApiAnswer> PostCsvAsync(this ApiClient client, string csv, string query = "", bool wantsCsv = false) => client.PostCsvAsync(Encoding.UTF8.GetBytes(csv), query, wantsCsv);

    public static async Task<ApiAnswer> PostCsvAsync(this ApiClient client, byte[] csv, string query = "", bool wantsCsv = false)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/meta/orchestrate/batch{query}") { Content = new ByteArrayContent(csv) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("text/csv");
        if (wantsCsv) request.Headers.TryAddWithoutValidation("Accept", "text/csv");
        var answer = await client.Http.SendAsync(request);
        return new(answer.StatusCode, answer, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Posts a file that must be accepted; its batch id.</summary>
    public static async Task<string> AcceptBatchAsync(this ApiClient client, JsonObject file, string query = "")
    {
        var answer = await client.PostBatchAsync(file, query);
        Assert.That(answer.Code, Is.EqualTo(202), answer.Text);
        return (string)answer.Json["batch_id"]!;
    }

    /// <summary>A batch of a row for each of these accounts, with a new clip.</summary>
    public static async Task<string> SendBatchAsync(this ApiClient client, params string[] accounts)
    {
        var clip = (string)(await client.PostAsync("/meta/clips", new JsonObject { ["title"] = "Mine", ["image_url"] = "https://cdn.example.com/mine.jpg" })).Json["id"]!;
        return await client.AcceptBatchAsync(FileOf(accounts.Select(account => ApiClient.Request(account, clip).Row($"{Guid.NewGuid()}"))));
    }

    public static async Task<string> BatchStatesAsync(this ApiClient client, params string[] batches)
    {
        var states = new List<string?>();
        foreach (var batch in batches) states.Add((string?)(await client.BatchAsync(batch))["batch"]!["state"]);
        return string.Join(' ', states);
    }

    public static async Task<JsonNode> BatchAsync(this ApiClient client, string batchId) => (await client.GetAsync($"/meta/batches/{batchId}")).Json;

    /// <summary>Waits until every row has ended; the batch.</summary>
    public static async Task<JsonNode> UntilBatchEndsAsync(this ApiClient client, string batchId)
    {
        JsonNode batch = null!;
        await Eventually.TrueAsync(async () => (batch = (await client.BatchAsync(batchId))["batch"]!)["completed_at"] is not null, () => $"{batch.ToJsonString()} {client.Progress()}", client.Details);
        return batch;
    }

    public static async Task<JsonArray> ReportAsync(this ApiClient client, string batchId) => (await client.GetAsync($"/meta/batches/{batchId}/report")).Json.AsArray();

    /// <summary>As in 3 created, 1 failed.</summary>
    public static string Counts(JsonNode batch) => string.Join(", ", batch["counts"]!.AsObject().Where(one => one.Key != "ended" && (int)one.Value! > 0).Select(one => $"{one.Value} {one.Key}"));
}
