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
    private readonly Sealer _sealer;

    internal AccountTokens(IDataProtectionProvider protection, RereadRing ring, TimeProvider time) => _sealer = new("social_accounts.access_token", protection, ring, time);

    public string Close(string accessToken) => _sealer.Close(accessToken);

    /// <returns>Null when the ring has lost the key: for those who deal with many accounts and must not stop at one.</returns>
    internal string? TryOpen(string stored) => _sealer.TryOpen(stored);

    /// <exception cref="CryptographicException">The ring has lost the key.</exception>
    internal string Open(string stored) => _sealer.Open(stored);
}
