using System.Net;
using System.Net.Sockets;

namespace MetaAdsJobs.Tests.Support;

/// <summary>HTTP from one of this machine's own addresses, each of which is somebody else to the service, without cookies or redirects.</summary>
internal sealed class Addressed : DelegatingHandler
{
    /// <param name="receives">Bytes that the system takes in before anybody has read; null: as it likes.</param>
    public Addressed(string address, int? receives = null) : base(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectCallback = async (context, ct) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            if (receives is { } bytes) socket.ReceiveBufferSize = bytes;
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Parse(address), 0));
                await socket.ConnectAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, ct);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    })
    {
    }
}
