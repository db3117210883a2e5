using Microsoft.AspNetCore.DataProtection;

namespace MetaAdsJobs.Core.Accounts;

/// <summary>Closes an account's Meta access token for the database and opens it for a call to Meta; nowhere else is it readable.</summary>
public sealed class AccountTokens(IDataProtectionProvider protection)
{
    private readonly IDataProtector _protector = protection.CreateProtector("social_accounts.access_token");

    public string Close(string accessToken) => _protector.Protect(accessToken);

    internal string Open(string stored) => _protector.Unprotect(stored);
}
