using System.Buffers;
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
    public static string? Next(JsonElement page) => page.TryGetProperty("paging", out var paging) ? NextOf(paging) : null;

    /// <returns>Null on the last page.</returns>
    public static string? NextOf(JsonElement paging) =>
        paging.ValueKind == JsonValueKind.Object && paging.TryGetProperty("next", out var more) && more.ValueKind != JsonValueKind.Null
            ? paging.TryGetProperty("cursors", out var cursors) && cursors.ValueKind == JsonValueKind.Object && GraphText.Of(cursors, "after") is { } cursor
                ? cursor
                : throw new MetaException(Proof.OutcomeUnknown, "Meta answered a list that goes on without saying where")
            : null;
}

/// <summary>A page of a report: each row is a part of the answer's own bytes, and gone once the page is given back.</summary>
internal sealed class GraphRows : IDisposable
{
    private readonly GraphBody _body;

    private GraphRows(GraphBody body, IReadOnlyList<ReadOnlyMemory<byte>> rows, string? next) => (_body, Rows, Next) = (body, rows, next);

    public IReadOnlyList<ReadOnlyMemory<byte>> Rows { get; }

    /// <summary>Where the next page begins; null on the last.</summary>
    public string? Next { get; }

    /// <returns>Null when it is no such page: an error, or nothing that Graph would say.</returns>
    public static GraphRows? TryRead(GraphBody body)
    {
        var json = new Utf8JsonReader(body.Bytes.Span);
        List<ReadOnlyMemory<byte>>? rows = null;
        string? next = null;
        try
        {
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject) return null;
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
            {
                var (isData, isPaging, isError, isSuccess) = (json.ValueTextEquals("data"u8), json.ValueTextEquals("paging"u8), json.ValueTextEquals("error"u8), json.ValueTextEquals("success"u8));
                json.Read();
                if ((isError && json.TokenType != JsonTokenType.Null) || (isSuccess && json.TokenType == JsonTokenType.False)) return null;
                if (isPaging) next = GraphPage.NextOf(JsonElement.ParseValue(ref json));
                else if (isData) rows = RowsOf(ref json, body.Bytes);
                else json.Skip();
            }

            json.Read(); // Nothing may follow.
        }
        catch (JsonException)
        {
            return null;
        }

        return rows is null ? null : new(body, rows, next);
    }

    public void Dispose() => _body.Dispose();

    private static List<ReadOnlyMemory<byte>>? RowsOf(ref Utf8JsonReader json, ReadOnlyMemory<byte> bytes)
    {
        if (json.TokenType != JsonTokenType.StartArray)
        {
            json.Skip();
            return null;
        }

        var rows = new List<ReadOnlyMemory<byte>>();
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            var from = (int)json.TokenStartIndex;
            json.Skip();
            rows.Add(bytes[from..(int)json.BytesConsumed]);
        }

        return rows;
    }
}

/// <summary>An answer as it came, in memory that is used again once it is given back: pages of reports are large, and there are thousands.</summary>
internal sealed class GraphBody : IDisposable
{
    private const int Usual = 1 << 14;
    private byte[] _bytes;
    private int _length;

    private GraphBody(byte[] bytes) => _bytes = bytes;

    public ReadOnlyMemory<byte> Bytes => _bytes.AsMemory(0, _length);

    /// <exception cref="HttpRequestException">It is longer than that (ConfigurationLimitExceeded).</exception>
    public static async Task<GraphBody> ReadAsync(HttpContent content, int most, CancellationToken ct)
    {
        var told = content.Headers.ContentLength;
        if (told > most) throw TooLong(most);
        // One more than there is, so that the end is seen without asking for more memory.
        var body = new GraphBody(ArrayPool<byte>.Shared.Rent(told is { } length ? (int)length + 1 : Usual));
        try
        {
            await using var stream = await content.ReadAsStreamAsync(ct);
            while (await stream.ReadAsync(body._bytes.AsMemory(body._length), ct) is var read and > 0)
            {
                body._length += read;
                if (body._length > most) throw TooLong(most);
                if (body._length == body._bytes.Length) body.Grow();
            }

            return body;
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        if (_bytes.Length > 0) ArrayPool<byte>.Shared.Return(_bytes);
        (_bytes, _length) = ([], 0);
    }

    private void Grow()
    {
        var larger = ArrayPool<byte>.Shared.Rent(2 * _bytes.Length);
        _bytes.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }

    private static HttpRequestException TooLong(int most) => new(HttpRequestError.ConfigurationLimitExceeded, $"an answer of more than {most} bytes");
}
