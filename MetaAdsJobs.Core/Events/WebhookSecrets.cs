using MetaAdsJobs.Core.Database.Keys;
using Microsoft.AspNetCore.DataProtection;

namespace MetaAdsJobs.Core.Events;

/// <summary>Closes webhooks' secrets and addresses for the database and opens them for a delivery; nowhere else are they readable.</summary>
internal sealed class WebhookSecrets(IDataProtectionProvider protection, RereadRing ring, TimeProvider time)
{
    private readonly Sealer _sealer = new("webhooks", protection, ring, time);

    public string Close(string secret) => _sealer.Close(secret);

    /// <returns>Null when the ring has lost the key.</returns>
    public string? TryOpen(string stored) => _sealer.TryOpen(stored);
}
