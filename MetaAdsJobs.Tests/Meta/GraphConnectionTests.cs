using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Meta;

/// <summary>The client's connections, against a server that does to them what no HTTP framework would do.</summary>
[TestFixture]
public sealed class GraphConnectionTests
{
    [Test]
    public async Task A_create_on_a_connection_that_the_server_closes_is_not_repeated()
    {
        await using var server = new RawServer(closesSecond: true);
        await using var meta = LiveMeta.Against(server.Url);
        await meta.Client.SendOnceAsync(HttpMethod.Get, "1", new(), LiveMeta.Credential, CancellationToken.None);

        // .NET would send a request without a body again by itself: the connection was in use before, nothing of an answer had come.
        var lost = await Assert.ThrowsAsync<MetaException>(() => meta.Ads.CreateCampaignAsync(LiveMeta.Credential, new("Name", "OUTCOME_SALES"), CancellationToken.None));

        Assert.That(lost!.Proof, Is.EqualTo(Proof.OutcomeUnknown));
        Assert.That(server.Requests.Count(line => line.StartsWith("POST", StringComparison.Ordinal)), Is.EqualTo(1));
    }

    [Test]
    public async Task A_read_on_a_connection_that_the_server_closes_succeeds()
    {
        await using var server = new RawServer(closesSecond: true);
        await using var meta = LiveMeta.Against(server.Url);
        await meta.Client.SendOnceAsync(HttpMethod.Get, "1", new(), LiveMeta.Credential, CancellationToken.None);

        await meta.Client.SendOnceAsync(HttpMethod.Get, "2", new(), LiveMeta.Credential, CancellationToken.None);

        Assert.That(server.Requests, Has.Count.EqualTo(3));
    }

    [Test]
    public async Task Calls_one_after_the_other_share_a_connection_and_ask_for_compressed_answers()
    {
        await using var server = new RawServer(closesSecond: false);
        await using var meta = LiveMeta.Against(server.Url);
        for (var call = 0; call < 5; call++) await meta.Client.SendOnceAsync(HttpMethod.Get, $"{call}", new(), LiveMeta.Credential, CancellationToken.None);

        Assert.That((server.Requests.Count, server.Connections), Is.EqualTo((5, 1)));
        Assert.That(server.Headers, Has.All.Contain("Accept-Encoding: gzip"));
    }

    [Test]
    public async Task A_compressed_answer_is_bounded_by_what_it_unpacks_to()
    {
        using var packed = new MemoryStream();
        await using (var gzip = new System.IO.Compression.GZipStream(packed, System.IO.Compression.CompressionLevel.SmallestSize, leaveOpen: true))
            for (var megabyte = 0; megabyte < 200; megabyte++) await gzip.WriteAsync(new byte[1024 * 1024]);
        Assert.That(packed.Length, Is.LessThan(1024 * 1024));
        await using var server = new RawServer(closesSecond: false, packed.ToArray());
        await using var meta = LiveMeta.Against(server.Url);
        var before = GC.GetTotalAllocatedBytes();

        var exception = await Assert.ThrowsAsync<MetaException>(() => meta.Client.SendOnceAsync(HttpMethod.Get, "1", new(), LiveMeta.Credential, CancellationToken.None));

        Assert.That((exception!.Proof, exception.Message), Is.EqualTo((Proof.OutcomeUnknown, "Meta's answer is larger than 16 MB and was not read")));
        Assert.That((GC.GetTotalAllocatedBytes() - before) / 1024 / 1024, Is.LessThan(100));
    }

    /// <summary>Answers the first request of a connection; hangs up on the second when told to.</summary>
    private sealed class RawServer : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly bool _closesSecond;
        private readonly byte[]? _gzip;
        private readonly Task _accepting;
        private int _connections;

        public RawServer(bool closesSecond, byte[]? gzip = null)
        {
            (_closesSecond, _gzip) = (closesSecond, gzip);
            _listener.Start();
            _accepting = AcceptAsync();
        }

        public string Url => $"http://{_listener.LocalEndpoint}";

        public ConcurrentQueue<string> Headers { get; } = new();

        public IReadOnlyList<string> Requests => [.. Headers.Select(request => request.Split('\r')[0])];

        public int Connections => _connections;

        public async ValueTask DisposeAsync()
        {
            _listener.Stop();
            await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        private async Task AcceptAsync()
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync();
                Interlocked.Increment(ref _connections);
                _ = ServeAsync(client, _connections == 1);
            }
        }

        private async Task ServeAsync(TcpClient client, bool isFirst)
        {
            using var _ = client;
            var stream = client.GetStream();
            for (var number = 1; await ReadRequestAsync(stream) is { } request; number++)
            {
                Headers.Enqueue(request);
                if (isFirst && number == 2 && _closesSecond) return;
                var body = _gzip ?? """{"id":"1"}"""u8.ToArray();
                var head = $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n{(_gzip is null ? "" : "Content-Encoding: gzip\r\n")}\r\n";
                await stream.WriteAsync(Encoding.ASCII.GetBytes(head));
                await stream.WriteAsync(body);
            }
        }

        private static async Task<string?> ReadRequestAsync(NetworkStream stream)
        {
            var (buffer, text) = (new byte[65536], "");
            while (true)
            {
                var read = await stream.ReadAsync(buffer);
                if (read == 0) return null;
                text += Encoding.ASCII.GetString(buffer, 0, read);
                var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
                if (end < 0) continue;
                var length = text.Split("\r\n").FirstOrDefault(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase)) is { } line ? int.Parse(line[15..], null) : 0;
                if (text.Length >= end + 4 + length) return text;
            }
        }
    }
}
