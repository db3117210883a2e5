using System.Net;
using System.Net.Sockets;
using System.Text;

namespace MetaAdsJobs.Tests.Support;

/// <summary>Stands between a process and its database, and can break a connection around a commit.</summary>
internal sealed class DatabaseProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly int _port;
    private int _cut;
    private string? _losesAnswerTo;

    public DatabaseProxy(int port)
    {
        _port = port;
        _listener.Start();
        _ = ListenAsync();
    }

    public enum Cut
    {
        Nothing,
        BeforeCommit,
        AfterCommit,

        /// <summary>Whatever comes.</summary>
        Everything,
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>What becomes of the next transaction: once, but for everything.</summary>
    public Cut Next
    {
        get => (Cut)Volatile.Read(ref _cut);
        set => Volatile.Write(ref _cut, (int)value);
    }

    /// <summary>What the next transaction is known by when it commits.</summary>
    public string CommitWords { get; set; } = "COMMIT\0";

    /// <summary>Words of a statement that is carried out and whose answer does not come, once; null when that has happened.</summary>
    public string? LosesAnswerTo
    {
        get => Volatile.Read(ref _losesAnswerTo);
        set => Volatile.Write(ref _losesAnswerTo, value);
    }

    /// <summary>The answer is not waited for, but this: the statement goes on without anybody who hears of it.</summary>
    public Func<Task>? BreaksAfter { get; init; }

    /// <summary>The process that serves a session is another than the one it is told, as it is with a pooler.</summary>
    public bool HidesProcess { get; init; }

    private async Task ListenAsync()
    {
        try
        {
            while (true) _ = ServeAsync(await _listener.AcceptTcpClientAsync());
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var near = client;
        using var far = new TcpClient();
        if (Next == Cut.Everything) return;
        await far.ConnectAsync(IPAddress.Loopback, _port);
        var (one, other) = (near.GetStream(), far.GetStream());
        var loses = new TaskCompletionSource();
        try
        {
            await Task.WhenAny(SendAsync(one, other, loses), AnswerAsync(other, one, loses.Task, HidesProcess));
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // Closed by either side.
        }
    }

    // The answer to the COMMIT has no way back: this ends both directions as soon as the database has done it.
    private async Task SendAsync(NetworkStream client, NetworkStream database, TaskCompletionSource loses)
    {
        var bytes = new byte[64 * 1024];
        while (await client.ReadAsync(bytes) is > 0 and var count)
        {
            if (Next == Cut.Everything) return;
            var commits = bytes.AsSpan(0, count).IndexOf(Encoding.UTF8.GetBytes(CommitWords)) >= 0;
            if (commits && Takes(Cut.BeforeCommit)) return;
            var cutsAfter = commits && Takes(Cut.AfterCommit);
            if (LosesAnswerTo is { } words && bytes.AsSpan(0, count).IndexOf(Encoding.UTF8.GetBytes(words)) >= 0 && Interlocked.CompareExchange(ref _losesAnswerTo, null, words) == words) loses.SetResult();
            if (cutsAfter) client.Socket.Shutdown(SocketShutdown.Both);
            await database.WriteAsync(bytes.AsMemory(0, count));
            if (cutsAfter) return;
            if (BreaksAfter is null || !loses.Task.IsCompleted) continue;
            await BreaksAfter();
            return;
        }
    }

    // What the database answers, it has committed.
    private static async Task AnswerAsync(NetworkStream database, NetworkStream client, Task loses, bool hidesProcess)
    {
        var bytes = new byte[64 * 1024];
        while (await database.ReadAsync(bytes) is > 0 and var count && !loses.IsCompleted)
        {
            // BackendKeyData: its letter, a length of twelve, the process, a key.
            if (hidesProcess && bytes.AsSpan(0, count).IndexOf("K\0\0\0\f"u8) is >= 0 and var at) bytes[at + 8] ^= 1;
            await client.WriteAsync(bytes.AsMemory(0, count));
        }
    }

    private bool Takes(Cut cut) => Interlocked.CompareExchange(ref _cut, (int)Cut.Nothing, (int)cut) == (int)cut;

    public void Dispose() => _listener.Dispose();
}
