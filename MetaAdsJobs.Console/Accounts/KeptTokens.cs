using System.Security.Cryptography;
using MetaAdsJobs.Console.Forms;
using Microsoft.AspNetCore.DataProtection;

namespace MetaAdsJobs.Console.Accounts;

/// <summary>
/// A token that was typed to see what it reaches, until the account's form is sent: no page holds what was typed into a password's field, so it goes with the form sealed, for some minutes. Sealed for this alone:
/// what the database holds of an account's token is of no use here.
/// </summary>
internal sealed class KeptTokens(IDataProtectionProvider protection)
{
    public const string Field = "kept_token";
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(30);
    private readonly ITimeLimitedDataProtector _protector = protection.CreateProtector("MetaAdsJobs.Console.KeptTokens").ToTimeLimitedDataProtector();

    public string Keep(string token) => _protector.Protect(token, Lifetime);

    /// <returns>Null when there is none, or it was sealed too long ago, or not here.</returns>
    public string? Find(IFormCollection form)
    {
        if (form[Field].ToString() is not { Length: > 0 } kept) return null;
        try
        {
            return _protector.Unprotect(kept);
        }
        catch (CryptographicException)
        {
            // Too old, or made up: as if none had been typed, which the form then tells.
            return null;
        }
    }
}
