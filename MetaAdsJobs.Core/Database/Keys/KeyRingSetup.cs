using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.Options;

namespace MetaAdsJobs.Core.Database.Keys;

/// <summary>Keeps the key ring in the database and, when DATA_PROTECTION_KEY is given, encrypts it there.</summary>
internal sealed class KeyRingSetup(KeyRing ring, DatabaseOptions options) : IConfigureOptions<KeyManagementOptions>
{
    public void Configure(KeyManagementOptions keys)
    {
        keys.XmlRepository = ring;
        if (options.DataProtectionKey is { Length: > 0 } key) keys.XmlEncryptor = new KeyRingEncryptor(key);
    }
}
