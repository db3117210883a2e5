using System.Globalization;
using System.Net;
using System.Net.Sockets;
using MetaAdsJobs.Core.Access;

namespace MetaAdsJobs.Console.Http;

/// <summary>Whose calls are counted together, and the answer when they are too many.</summary>
public static class TooManyCalls
{
    /// <summary>Whose share a call takes from.</summary>
    public static string CallerOf(HttpContext http) => http.User.Identity?.IsAuthenticated == true ? http.User.CallerShare() : AddressOf(http);

    /// <summary>Who it is, by whichever key: what is open at once is a person's, however many keys she has.</summary>
    public static string PersonOf(HttpContext http) => http.User.Identity?.IsAuthenticated == true ? $"user {http.User.CallerName()}" : AddressOf(http);

    /// <summary>Where a call comes from. Of IPv6 that is a network of 64 bits: whoever has one of its addresses has them all.</summary>
    public static string AddressOf(HttpContext http) => "address " + NetworkOf(http.Connection.RemoteIpAddress);

    /// <summary>429, as a page to a person and as problem details to a program.</summary>
    public static async Task RefuseAsync(HttpContext http, TimeSpan wait, ProblemKind kind, string detail)
    {
        http.Response.StatusCode = StatusCodes.Status429TooManyRequests;
        http.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        if (FailurePages.AreFor(http)) await FailurePages.WriteStatusAsync(http);
        else await new Problem(kind, detail).ExecuteAsync(http);
    }

    private static IPAddress? NetworkOf(IPAddress? address)
    {
        if (address is { IsIPv4MappedToIPv6: true }) return address.MapToIPv4();
        if (address is not { AddressFamily: AddressFamily.InterNetworkV6 } || IPAddress.IsLoopback(address)) return address;
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new(bytes);
    }
}
