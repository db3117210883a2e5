using System.ComponentModel.DataAnnotations;
using System.Text;
using MetaAdsJobs.Core.Configuration;
using MetaAdsJobs.Core.Meta;
using Microsoft.Extensions.Options;

namespace MetaAdsJobs.Api.Auth;

public sealed class AuthOptions
{
    public const string Section = "Auth";

    /// <summary>Issuer and audience of tokens signed with our own key.</summary>
    public const string OwnIssuer = "metaadsjobs";

    /// <summary>AUTH_SIGNING_KEY: the key of our own tokens (HS256), at least 32 bytes. This or an authority is required in live mode.</summary>
    public string? SigningKey { get; set; }

    /// <summary>AUTH_AUTHORITY: an OpenID Connect issuer whose tokens are taken instead.</summary>
    public string? Authority { get; set; }

    /// <summary>AUTH_AUDIENCE: the audience its tokens must name. Required with an authority.</summary>
    public string? Audience { get; set; }

    /// <summary>AUTH_ROLE_CLAIM: the claim that holds admin, manager or viewer. Default role.</summary>
    [Required]
    public string RoleClaim { get; set; } = "role";

    /// <summary>AUTH_ACCOUNTS_CLAIM: a claim of the authority's tokens that holds the ids of the accounts they are for, or * for all. None: a token sees what its role sees.</summary>
    public string? AccountsClaim { get; set; }

    /// <summary>SIGN_IN_AUTHORITY: an OpenID Connect issuer by which people sign in to the console. None: by keys, tokens and links only.</summary>
    public string? SignInAuthority { get; set; }

    /// <summary>SIGN_IN_CLIENT_ID: as which the console is known there. Required with it.</summary>
    public string? SignInClientId { get; set; }

    /// <summary>SIGN_IN_CLIENT_SECRET: of a confidential client; PKCE is used in any case.</summary>
    public string? SignInClientSecret { get; set; }

    /// <summary>SIGN_IN_MAIL_CLAIM: the claim by which a user is found. Default email. Of another that says otherwise than email, email_verified tells nothing.</summary>
    [Required]
    public string SignInMailClaim { get; set; } = "email";

    /// <summary>SIGN_IN_MAIL_TRUSTED: the issuer tells only mails that it has verified, and does not say so: a mail is taken without email_verified, and from another claim than email. Default false.</summary>
    public bool SignInMailTrusted { get; set; }

    /// <summary>SIGN_IN_ROLE_CLAIM: a claim that holds admin, manager or viewer; users are then made and changed by it. None: our tables tell.</summary>
    public string? SignInRoleClaim { get; set; }

    /// <summary>SIGN_IN_GROUPS_CLAIM: a claim that holds names of account groups; with SIGN_IN_ROLE_CLAIM only.</summary>
    public string? SignInGroupsClaim { get; set; }

    internal byte[] SigningKeyBytes => Encoding.UTF8.GetBytes(SigningKey!);
}

/// <summary>Live mode refuses to start without auth; stub mode makes a key that lives as long as the process.</summary>
internal sealed class AuthOptionsCheck(IOptions<MetaOptions> meta) : IValidateOptions<AuthOptions>
{
    public ValidateOptionsResult Validate(string? name, AuthOptions options)
    {
        var failures = new List<string>();
        if (options.SigningKey is { Length: > 0 } && options.SigningKeyBytes.Length < 32) failures.Add("AUTH_SIGNING_KEY: must be at least 32 bytes long");
        if (options.Authority is { Length: > 0 } && string.IsNullOrEmpty(options.Audience)) failures.Add("AUTH_AUDIENCE: is required together with AUTH_AUTHORITY");
        if (options.Authority is { Length: > 0 } && options.SigningKey is { Length: > 0 }) failures.Add("AUTH_SIGNING_KEY: give this or AUTH_AUTHORITY, not both");
        if (options.Authority is { Length: > 0 } authority && !IsIssuer(authority)) failures.Add("AUTH_AUTHORITY: must be an https URL, or http on this machine");
        if (options.AccountsClaim is { Length: > 0 } && string.IsNullOrEmpty(options.Authority)) failures.Add("AUTH_AUTHORITY: is required together with AUTH_ACCOUNTS_CLAIM");
        if (options.SignInAuthority is { Length: > 0 } issuer && !IsIssuer(issuer)) failures.Add("SIGN_IN_AUTHORITY: must be an https URL, or http on this machine");
        if (options.SignInAuthority is { Length: > 0 } && string.IsNullOrEmpty(options.SignInClientId)) failures.Add("SIGN_IN_CLIENT_ID: is required together with SIGN_IN_AUTHORITY");
        if (options.SignInGroupsClaim is { Length: > 0 } && string.IsNullOrEmpty(options.SignInRoleClaim)) failures.Add("SIGN_IN_ROLE_CLAIM: is required together with SIGN_IN_GROUPS_CLAIM");
        if (meta.ValueIfRight()?.Mode == MetaMode.Live && string.IsNullOrEmpty(options.Authority) && string.IsNullOrEmpty(options.SigningKey))
            failures.Add("AUTH_SIGNING_KEY: live mode needs it, or AUTH_AUTHORITY with AUTH_AUDIENCE");
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }

    private static bool IsIssuer(string authority) =>
        Uri.TryCreate(authority, UriKind.Absolute, out var url) && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback));
}
