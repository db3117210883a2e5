using System.Security.Cryptography;
using Npgsql;

namespace MetaAdsJobs.StubGraph.Objects;

/// <summary>Images go by a hash of their bytes: the same bytes twice are one image of the account.</summary>
internal static class ImageCreate
{
    public static StubRefusal? Refuse(StubCall call) =>
        call.Files.Count > 0 || TryDecode(call, out _)
            ? null
            : StubRefusal.Parameter("bytes", "Either a file part or bytes, base64 of an image, is required");

    private const string InsertSql = """
        INSERT INTO stub_graph.objects (id, kind, account_id, name, status, fields, created_at, updated_at, searchable_at)
        SELECT DISTINCT ON (hash) $1 || ':' || hash, 'image', $1, name, 'ACTIVE', jsonb_build_object('hash', hash, 'url', url), $5, $5, $5
        FROM unnest($2::text[], $3::text[], $4::text[]) AS image (hash, name, url)
        ON CONFLICT (id) DO UPDATE SET deleted_at = NULL, status = 'ACTIVE' WHERE objects.deleted_at IS NOT NULL
        """;

    public static async Task<StubAnswer> InsertAsync(
        NpgsqlDataSource dataSource, string accountId, StubCall call, DateTimeOffset now, CancellationToken ct)
    {
        var images = Images(call).ToList();
        await using var command = dataSource.With(
            InsertSql,
            accountId,
            images.Select(image => image.Hash).ToArray(),
            images.Select(image => image.Name).ToArray(),
            images.Select(image => image.Url).ToArray(),
            now);
        await command.ExecuteNonQueryAsync(ct);
        return StubAnswer.Ok(json =>
        {
            json.WriteStartObject();
            json.WriteStartObject("images");
            foreach (var image in images)
            {
                json.WriteStartObject(image.Name);
                json.WriteString("hash", image.Hash);
                json.WriteString("url", image.Url);
                json.WriteEndObject();
            }

            json.WriteEndObject();
            json.WriteEndObject();
        });
    }

    // Meta answers under the file's name, and under "bytes" when the image came without one.
    private static IEnumerable<(string Name, string Hash, string Url)> Images(StubCall call)
    {
        foreach (var file in call.Files)
            yield return Describe(file.FileName, file.Content.Span);

        if (TryDecode(call, out var bytes))
            yield return Describe(call.Text("name") ?? "bytes", bytes);
    }

    private static (string Name, string Hash, string Url) Describe(string name, ReadOnlySpan<byte> content)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 16));
        return (name, hash, $"https://scontent.example.com/images/{hash}.jpg");
    }

    private static bool TryDecode(StubCall call, out byte[] bytes)
    {
        var text = call.Text("bytes") ?? "";
        bytes = new byte[text.Length];
        var isImage = Convert.TryFromBase64String(text, bytes, out var length) && length > 0;
        bytes = bytes[..length];
        return isImage;
    }
}
