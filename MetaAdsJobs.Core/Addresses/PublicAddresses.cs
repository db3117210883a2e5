using System.Net;
using System.Net.Sockets;

namespace MetaAdsJobs.Core.Addresses;

/// <summary>The host of a user's URL is, or leads to, an address that only this network can reach.</summary>
/// <param name="setting">What allows it all the same.</param>
internal sealed class PrivateAddressException(string setting) : Exception($"its host is not on the public internet ({setting})")
{
    /// <summary>It may come wrapped by the HTTP client.</summary>
    public static PrivateAddressException? In(Exception exception) => exception as PrivateAddressException ?? exception.InnerException as PrivateAddressException;
}

/// <summary>
/// Which addresses a user's URL may lead to. The connection goes to the address that was checked, at every redirect anew, so a
/// name that resolves to something else a moment later changes nothing.
/// </summary>
internal static class PublicAddresses
{
    private static readonly IPNetwork[] NotPublic =
    [
        .. ((string[])[
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
            "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            // Of IPv6 only what is assigned to the public internet passes; in that, addresses that wrap others do not.
            "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
        ]).Select(IPNetwork.Parse),
    ];

    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");

    public static bool IsPublic(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        return (address.AddressFamily == AddressFamily.InterNetwork || GlobalUnicast.Contains(address)) && !NotPublic.Any(network => network.Contains(address));
    }

    /// <summary>How connections are made that may only lead to the public internet: for every one the host's addresses are looked up anew, and what is checked is connected to.</summary>
    /// <param name="names">Where the addresses are looked up.</param>
    /// <param name="setting">What allows others, for the words of the <see cref="PrivateAddressException"/>.</param>
    public static Func<SocketsHttpConnectionContext, CancellationToken, ValueTask<Stream>> Connecting(IHostNames names, string setting) => async (context, ct) =>
    {
        var allowed = (await names.FindAsync(context.DnsEndPoint.Host, ct)).Where(IsPublic).ToArray();
        if (allowed.Length == 0) throw new PrivateAddressException(setting);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, context.DnsEndPoint.Port, ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    };
}
