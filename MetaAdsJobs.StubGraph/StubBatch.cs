using System.Text;
using System.Text.Json;

namespace MetaAdsJobs.StubGraph;

/// <summary>POST to the root: up to 50 calls in one request, answered in order; one that fails does not stop the others.</summary>
internal static class StubBatch
{
    private const int Most = 50;

    public static async Task<StubAnswer> AnswerAsync(
        StubCall call, Func<StubCall, CancellationToken, Task<StubAnswer>> answer, CancellationToken ct)
    {
        if (call.Json("batch") is not { ValueKind: JsonValueKind.Array } batch)
            return StubRefusal.Missing("batch").ToAnswer();

        if (batch.GetArrayLength() > Most)
        {
            return new StubRefusal(100, $"(#100) Too many requests in batch message. Maximum batch size is {Most}")
            {
                Field = "batch",
            }.ToAnswer();
        }

        var answers = new List<StubAnswer>();
        foreach (var item in batch.EnumerateArray())
            answers.Add(await answer(await ReadAsync(item, call, ct), ct));

        return StubAnswer.Ok(json => Write(json, answers));
    }

    private static async Task<StubCall> ReadAsync(JsonElement item, StubCall batch, CancellationToken ct)
    {
        var url = (Property(item, "relative_url") ?? "").Split('?', 2);
        using var body = new MemoryStream(Encoding.UTF8.GetBytes(Property(item, "body") ?? ""));
        var call = await StubCallReader.ReadAsync(
            Property(item, "method") ?? "GET",
            url[0],
            url.ElementAtOrDefault(1),
            "application/x-www-form-urlencoded",
            body,
            authorization: null,
            ct);
        return call with { Token = call.Token ?? batch.Token, Version = batch.Version };
    }

    private static string? Property(JsonElement item, string name) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out var value) ? value.ToString() : null;

    private static void Write(Utf8JsonWriter json, List<StubAnswer> answers)
    {
        json.WriteStartArray();
        foreach (var answer in answers)
        {
            json.WriteStartObject();
            json.WriteNumber("code", answer.Status);
            json.WriteStartArray("headers");
            foreach (var (name, value) in answer.Headers)
            {
                json.WriteStartObject();
                json.WriteString("name", name);
                json.WriteString("value", value);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteString("body", answer.Body.Span);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
