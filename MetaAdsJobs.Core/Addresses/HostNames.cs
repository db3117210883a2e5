using System.Net;

namespace MetaAdsJobs.Core.Addresses;

/// <summary>Where a host's addresses are looked up.</summary>
internal interface IHostNames
{
    Task<IPAddress[]> FindAsync(string host, CancellationToken ct);
}

/// <summary>The machine's own resolver. An address stands for itself.</summary>
internal sealed class HostNames : IHostNames
{
    public Task<IPAddress[]> FindAsync(string host, CancellationToken ct) =>
        IPAddress.TryParse(host, out var address) ? Task.FromResult<IPAddress[]>([address]) : Dns.GetHostAddressesAsync(host, ct);
}
