using MetaAdsJobs.Core.Access;
using Microsoft.AspNetCore.Authentication.JwtBearer;

namespace MetaAdsJobs.Api.Auth;

/// <summary>Of tokens of AUTH_AUTHORITY: the claim that names the accounts each is for, where one is configured. One that names none sees none; without such a claim configured a token sees what its role sees.</summary>
internal static class AccountClaims
{
    /// <summary>Instead of ids: all accounts.</summary>
    private const string All = "*";

    private static readonly char[] Separators = [' ', ','];

    public static Task ReadAsync(TokenValidatedContext token, string claim)
    {
        var named = token.Principal!.FindAll(claim).SelectMany(one => one.Value.Split(Separators, StringSplitOptions.RemoveEmptyEntries)).ToList();
        if (named.Contains(All) || Caller.Of(token.Principal!) is not { } caller) return Task.CompletedTask;
        var accounts = new HashSet<Guid>();
        foreach (var name in named)
        {
            if (Guid.TryParse(name, out var id)) accounts.Add(id);
            else token.Fail($"The claim {claim} names what is no account's id");
        }

        token.Principal = new(new CallerIdentity(caller with { Sees = accounts, Spends = accounts }, token.Scheme.Name));
        return Task.CompletedTask;
    }
}
