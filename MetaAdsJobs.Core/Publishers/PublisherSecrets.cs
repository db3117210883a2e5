using MetaAdsJobs.Core.Database.Keys;
using Microsoft.AspNetCore.DataProtection;

namespace MetaAdsJobs.Core.Publishers;

/// <summary>Closes publishers' secrets for the database and opens them to check a signature; nowhere else are they readable.</summary>
internal sealed class PublisherSecrets(IDataProtectionProvider protection, RereadRing ring, TimeProvider time)
{
    private readonly Sealer _sealer = new("publishers", protection, ring, time);

    public string Close(string secret) => _sealer.Close(secret);

    /// <returns>Null when the ring has lost the key.</returns>
    public string? TryOpen(string stored) => _sealer.TryOpen(stored);
}
