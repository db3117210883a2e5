using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;

namespace MetaAdsJobs.Core.Accounts;

/// <summary>Closes an account's Meta access token for the database and opens it for a call to Meta; nowhere else is it readable.</summary>
public sealed class AccountTokens(IDataProtectionProvider protection)
{
    private readonly IDataProtector _protector = protection.CreateProtector("social_accounts.access_token");

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

    internal string Open(string stored) => _protector.Unprotect(stored);
}
