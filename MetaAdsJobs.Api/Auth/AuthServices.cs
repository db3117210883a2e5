using System.Security.Cryptography;
using MetaAdsJobs.Console;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Configuration;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace MetaAdsJobs.Api.Auth;

internal static class AuthServices
{
    /// <summary>The scheme of programs: a key of ours, or a token.</summary>
    public const string CallerScheme = "caller";

    /// <summary>The scheme of pages: a bearer token where one is sent, else the session cookie that sign-in has set.</summary>
    public const string PageScheme = "page";

    /// <summary>The token that a person pastes into the sign-in page, checked exactly as a bearer token is.</summary>
    public const string SignInScheme = "sign-in";
    public const string SessionCookie = "metaadsjobs_session";

    public static IServiceCollection AddAuth(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptionsFor<AuthOptions>(AuthOptions.Section);
        services.AddSingleton<IValidateOptions<AuthOptions>, AuthOptionsCheck>();
        services.AddAuthentication(CallerScheme)
            .AddPolicyScheme(CallerScheme, null, scheme => scheme.ForwardDefaultSelector = http => KeyAuthentication.IsSent(http) ? KeyAuthentication.KeyScheme : JwtBearerDefaults.AuthenticationScheme)
            .AddScheme<AuthenticationSchemeOptions, KeyAuthentication>(KeyAuthentication.KeyScheme, null)
            .AddJwtBearer()
            .AddJwtBearer(SignInScheme, bearer => bearer.Events = new() { OnMessageReceived = SignInEndpoints.ReadTokenAsync })
            .AddCookie(CookieAuthenticationDefaults.AuthenticationScheme, ConfigureCookie)
            .AddOpenIdSignIn(configuration)
            .AddPolicyScheme(PageScheme, null, scheme => scheme.ForwardDefaultSelector = http =>
                http.Request.Headers.Authorization.Count > 0 ? CallerScheme : CookieAuthenticationDefaults.AuthenticationScheme);
        services.AddSingleton<IConfigureOptions<JwtBearerOptions>, ConfigureBearer>();
        services.AddSingleton<KeyTries>();
        services.AddSingleton<AuthorityCheck>().AddSingleton<IExceptionHandler>(provider => provider.GetRequiredService<AuthorityCheck>());
        services.AddAuthorizationBuilder()
            .AddPolicy(Policies.Read, policy => policy.RequireRole(Roles.Viewer, Roles.Manager, Roles.Admin))
            .AddPolicy(Policies.Operate, policy => policy.RequireRole(Roles.Manager, Roles.Admin))
            .AddPolicy(Policies.Administer, policy => policy.RequireRole(Roles.Admin))
            .AddPolicy(Policies.Dashboard, policy => policy.AddAuthenticationSchemes(PageScheme).RequireRole(Roles.Manager, Roles.Admin))
            .AddConsolePolicies(PageScheme);
        services.AddAntiforgery(antiforgery =>
        {
            antiforgery.Cookie.Name = "metaadsjobs_antiforgery";
            antiforgery.Cookie.SameSite = SameSiteMode.Strict;
            antiforgery.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        });
        return services;
    }

    private static void ConfigureCookie(CookieAuthenticationOptions cookie)
    {
        cookie.Cookie.Name = SessionCookie;
        cookie.Cookie.HttpOnly = true;
        // A link in a mail leads to its page; whatever changes something is a form with a proof of its own.
        cookie.Cookie.SameSite = SameSiteMode.Lax;
        cookie.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        cookie.LoginPath = "/signin";
        cookie.SlidingExpiration = false;
        cookie.Events.OnValidatePrincipal = BrowserSessions.CheckAsync;
        cookie.Events.OnRedirectToAccessDenied = denied => SignInPage.WriteDeniedAsync(denied.HttpContext);
    }

    /// <summary>Both bearer schemes are configured here, so that they can never differ in what they accept.</summary>
    private sealed class ConfigureBearer(AuthOptions options, AuthorityCheck check, ILogger<ConfigureBearer> logger) : IConfigureNamedOptions<JwtBearerOptions>
    {
        private readonly Lazy<SymmetricSecurityKey> _ownKey = new(() => new(OwnKey(options, logger)));

        public void Configure(string? name, JwtBearerOptions bearer)
        {
            bearer.MapInboundClaims = false;
            bearer.TokenValidationParameters.RoleClaimType = options.RoleClaim;
            bearer.TokenValidationParameters.NameClaimType = "sub";
            bearer.TokenValidationParameters.ClockSkew = TimeSpan.FromSeconds(30);
            if (options.Authority is { Length: > 0 })
            {
                bearer.Authority = options.Authority;
                bearer.Audience = options.Audience;
                bearer.RequireHttpsMetadata = !new Uri(options.Authority).IsLoopback;
                bearer.BackchannelTimeout = TimeSpan.FromSeconds(10);
                bearer.Events ??= new();
                bearer.Events.OnAuthenticationFailed = check.ThrowIfAwayAsync;
                bearer.Events.OnTokenValidated = async token =>
                {
                    // Whoever has none would be one caller with all others that have none.
                    if (token.Principal?.FindFirst("sub") is not { Value.Length: > 0 }) token.Fail("The token names no subject");
                    else if (options.AccountsClaim is { Length: > 0 } claim) await AccountClaims.ReadAsync(token, claim);
                };
                return;
            }

            bearer.TokenValidationParameters.ValidIssuer = AuthOptions.OwnIssuer;
            bearer.TokenValidationParameters.ValidAudience = AuthOptions.OwnIssuer;
            bearer.TokenValidationParameters.ValidAlgorithms = [SecurityAlgorithms.HmacSha256];
            bearer.TokenValidationParameters.IssuerSigningKey = _ownKey.Value;
        }

        public void Configure(JwtBearerOptions options) => Configure(null, options);

        private static byte[] OwnKey(AuthOptions options, ILogger logger)
        {
            if (options.SigningKey is { Length: > 0 }) return options.SigningKeyBytes;
            AuthLog.NoSigningKey(logger);
            return RandomNumberGenerator.GetBytes(48);
        }
    }
}

internal static partial class AuthLog
{
    [LoggerMessage(5010, LogLevel.Error, "AUTH_AUTHORITY {Authority} does not tell its keys, so that no token can be checked: {Reason}")]
    public static partial void AuthorityAway(ILogger logger, string authority, string reason, Exception exception);

    [LoggerMessage(5000, LogLevel.Warning, "AUTH_SIGNING_KEY is not set: this process accepts no token made elsewhere. ./run sets one")]
    public static partial void NoSigningKey(ILogger logger);

    [LoggerMessage(5001, LogLevel.Warning, "Signing in by {Issuer} failed: {Reason}")]
    public static partial void SignInFailed(ILogger logger, string issuer, string? reason);

    [LoggerMessage(5011, LogLevel.Error, "SIGN_IN_AUTHORITY {Issuer} does not tell its configuration, so that nobody can sign in by it: {Reason}")]
    public static partial void IssuerAway(ILogger logger, string issuer, string reason);
}
