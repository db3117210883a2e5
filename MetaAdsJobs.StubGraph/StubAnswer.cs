using System.Buffers;
using System.Collections.ObjectModel;
using System.Text.Json;

namespace MetaAdsJobs.StubGraph;

/// <summary>What the Graph answers: an HTTP status, a JSON body, and the headers that tell how much of the quota is used.</summary>
public sealed record StubAnswer(int Status, ReadOnlyMemory<byte> Body)
{
    public string ContentType { get; init; } = "application/json; charset=UTF-8";

    public IReadOnlyDictionary<string, string> Headers { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    internal static StubAnswer Success { get; } = Ok(json =>
    {
        json.WriteStartObject();
        json.WriteBoolean("success", true);
        json.WriteEndObject();
    });

    internal static StubAnswer Ok(Action<Utf8JsonWriter> write, int likelyBytes = 512) => Write(200, write, likelyBytes);

    internal static StubAnswer Id(string id) => Ok(json =>
    {
        json.WriteStartObject();
        json.WriteString("id", id);
        json.WriteEndObject();
    });

    internal static StubAnswer Write(int status, Action<Utf8JsonWriter> write, int likelyBytes = 512)
    {
        var buffer = new ArrayBufferWriter<byte>(likelyBytes);
        using (var json = new Utf8JsonWriter(buffer))
        {
            write(json);
        }

        return new StubAnswer(status, buffer.WrittenMemory);
    }
}
