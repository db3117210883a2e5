using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace MetaAdsJobs.Core.Database.Keys;

/// <summary>
/// Makes sure that the ring has a key before the process serves anybody. Data protection would make one when it first needs it: of processes that
/// start together each would make its own, and what one closes the others could not open until they look again, a day later.
/// </summary>
internal sealed class FirstKey(IKeyManager keys, IOptions<KeyManagementOptions> options, DatabaseOptions database, TimeProvider time, ILogger<FirstKey> logger)
{
    // How far data protection itself lets clocks of processes differ.
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(5);

    public void Ensure()
    {
        if (HasUsable()) return;
        Migrations.Alone(DatabaseUrl.ToConnectionString(database.Url), logger, () =>
        {
            var now = time.GetUtcNow();
            if (!HasUsable()) keys.CreateNewKey(now, now + options.Value.NewKeyLifetime);
        });
    }

    private bool HasUsable()
    {
        var now = time.GetUtcNow();
        return keys.GetAllKeys().Any(key => !key.IsRevoked && key.ActivationDate <= now + Skew && key.ExpirationDate > now && Opens(key));
    }

    private static bool Opens(IKey key)
    {
        try
        {
            return key.CreateEncryptor() is not null;
        }
        catch (Exception unreadable) when (unreadable is CryptographicException or FormatException or InvalidOperationException)
        {
            return false;
        }
    }
}
