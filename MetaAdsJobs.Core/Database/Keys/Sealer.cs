using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;

namespace MetaAdsJobs.Core.Database.Keys;

/// <summary>Closes secrets for the database and opens them again, each kind for its own purpose.</summary>
internal class Sealer
{
    private static readonly TimeSpan BetweenReadings = TimeSpan.FromSeconds(1);
    private readonly string _purpose;
    private readonly IDataProtector _protector;
    private readonly RereadRing _ring;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private volatile IDataProtector _opener;
    private long? _readAt;

    public Sealer(string purpose, IDataProtectionProvider protection, RereadRing ring, TimeProvider time)
    {
        (_purpose, _protector, _ring, _time) = (purpose, protection.CreateProtector(purpose), ring, time);
        _opener = _protector;
    }

    public string Close(string secret) => _protector.Protect(secret);

    /// <returns>Null when the ring has lost the key: for those who deal with many and must not stop at one.</returns>
    public string? TryOpen(string stored)
    {
        try
        {
            return Open(stored);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    /// <exception cref="CryptographicException">The ring has lost the key.</exception>
    public string Open(string stored)
    {
        try
        {
            return _opener.Unprotect(stored);
        }
        catch (CryptographicException) when (Reread())
        {
            return _opener.Unprotect(stored);
        }
    }

    // Another process may have made a key since the ring was read. Not for each of many secrets that nobody can open.
    private bool Reread()
    {
        lock (_lock)
        {
            if (_readAt is { } readAt && _time.GetElapsedTime(readAt) < BetweenReadings) return false;
            _readAt = _time.GetTimestamp();
            _opener = _ring.Read().CreateProtector(_purpose);
            return true;
        }
    }
}
