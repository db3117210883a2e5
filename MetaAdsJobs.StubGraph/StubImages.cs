using System.Buffers.Binary;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace MetaAdsJobs.StubGraph;

/// <summary>In stub mode nothing is fetched from anywhere: every URL is a small image in a colour of its own.</summary>
internal sealed class StubImages : HttpMessageHandler
{
    private const int Side = 16;

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var colour = SHA256.HashData(Encoding.UTF8.GetBytes(request.RequestUri!.AbsoluteUri)).AsSpan(0, 3);
        var content = new ByteArrayContent(Png(colour)) { Headers = { ContentType = new MediaTypeHeaderValue("image/png") } };
        return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { RequestMessage = request, Content = content });
    }

    /// <summary>A square of one colour, red, green and blue.</summary>
    public static byte[] Png(ReadOnlySpan<byte> colour)
    {
        var row = new byte[1 + (Side * 3)];
        for (var i = 1; i < row.Length; i++) row[i] = colour[(i - 1) % 3];
        using var pixels = new MemoryStream();
        using (var zip = new ZLibStream(pixels, CompressionLevel.Optimal, leaveOpen: true))
        {
            for (var y = 0; y < Side; y++) zip.Write(row);
        }

        using var png = new MemoryStream();
        png.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        Chunk(png, "IHDR"u8, [0, 0, 0, Side, 0, 0, 0, Side, 8, 2, 0, 0, 0]);
        Chunk(png, "IDAT"u8, pixels.ToArray());
        Chunk(png, "IEND"u8, []);
        return png.ToArray();
    }

    private static void Chunk(MemoryStream png, ReadOnlySpan<byte> type, ReadOnlySpan<byte> content)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, content.Length);
        png.Write(number);
        byte[] checkedPart = [.. type, .. content];
        png.Write(checkedPart);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc(checkedPart));
        png.Write(number);
    }

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var one in bytes)
        {
            crc ^= one;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) == 0 ? crc >> 1 : (crc >> 1) ^ 0xEDB88320;
        }

        return ~crc;
    }
}
