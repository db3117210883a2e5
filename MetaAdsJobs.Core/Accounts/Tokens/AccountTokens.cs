using System.Security.Cryptography;
using MetaAdsJobs.Core.Database.Keys;
using Microsoft.AspNetCore.DataProtection;

namespace MetaAdsJobs.Core.Accounts.Tokens;

/// <summary>Closes an account's Meta access token for the database and opens it for a call to Meta; nowhere else is it readable.</summary>
public sealed class AccountTokens
{
    /// <summary>Why a run waits whose account's token does not open.</summary>
    internal const string Unreadable = "the account's access token cannot be opened: give the account its token again";

    /// <summary>How long such a run waits before it tries again.</summary>
    internal static readonly TimeSpan UntilReadable = TimeSpan.FromMinutes(1);
    private const string Purpose = "social_accounts.access_token";
    private static readonly TimeSpan BetweenReadings = TimeSpan.FromSeconds(1);
    private readonly IDataProtector _protector;
    private readonly RereadRing _ring;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private volatile IDataProtector _opener;
    private long? _readAt;

    internal AccountTokens(IDataProtectionProvider protection, RereadRing ring, TimeProvider time)
    {
        (_protector, _ring, _time) = (protection.CreateProtector(Purpose), ring, time);
        _opener = _protector;
    }

    public string Close(string accessToken) => _protector.Protect(accessToken);

    /// <returns>Null when the ring has lost the key: for those who deal with many accounts and must not stop at one.</returns>
    internal string? TryOpen(string stored)
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
    internal string Open(string stored)
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

    // Another process may have made a key since the ring was read. Not for each of many tokens that nobody can open.
    private bool Reread()
    {
        lock (_lock)
        {
            if (_readAt is { } readAt && _time.GetElapsedTime(readAt) < BetweenReadings) return false;
            _readAt = _time.GetTimestamp();
            _opener = _ring.Read().CreateProtector(Purpose);
            return true;
        }
    }
}
