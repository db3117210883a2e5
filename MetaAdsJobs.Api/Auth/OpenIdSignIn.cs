using System.Globalization;
using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.People;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace MetaAdsJobs.Api.Auth;

/// <summary>Signing in to the console by an OpenID Connect issuer: code flow with PKCE. Who it is the issuer says; what that person may do our tables, or claims if those are named.</summary>
internal static class OpenIdSignIn
{
    public const string Scheme = "openid";
    public const string Path = "/signin/openid";
    private const string CallbackPath = "/signin/callback";
    private const string Confirming = "confirm";
    private const string Mail = "email";
    private const string MailVerified = "email_verified";

    // Since it has seen somebody, when it is asked to look again.
    private static readonly TimeSpan Recent = TimeSpan.FromMinutes(5);

    public static bool IsOn(IConfiguration configuration) => configuration[$"{AuthOptions.Section}:{nameof(AuthOptions.SignInAuthority)}"] is { Length: > 0 };

    public static AuthenticationBuilder AddOpenIdSignIn(this AuthenticationBuilder authentication, IConfiguration configuration)
    {
        // A scheme that waits for its callback is asked at every request: one that is not configured must not be there.
        if (!IsOn(configuration)) return authentication;
        authentication.Services.AddOptions<OpenIdConnectOptions>(Scheme).Configure<AuthOptions>(Configure);
        return authentication.AddOpenIdConnect(Scheme, null, _ => { });
    }

    /// <summary>
    /// The scheme answers its callback as whoever calls is looked for: before anybody's calls are counted, and with no limit but that of all bodies. The issuer's answer is an
    /// address that is read, so that no form of a stranger has to be.
    /// </summary>
    public static void UseOpenIdCallback(this IApplicationBuilder app, IConfiguration configuration)
    {
        if (!IsOn(configuration)) return;
        app.Use(async (http, next) =>
        {
            if (!http.Request.Path.Equals(new PathString(CallbackPath), StringComparison.OrdinalIgnoreCase) || HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method))
            {
                await next(http);
                return;
            }

            http.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            http.Response.Headers.Allow = HttpMethods.Get;
        });
    }

    public static void MapOpenIdSignIn(this IEndpointRouteBuilder app, IConfiguration configuration)
    {
        if (!IsOn(configuration)) return;
        app.MapGet(Path, ChallengeAsync).ExcludeFromDescription().RequireRateLimiting(Http.RateLimits.SignIn);
    }

    private static async Task<IResult> ChallengeAsync(HttpContext http, IOptionsMonitor<OpenIdConnectOptions> configured, IAntiforgery antiforgery, ILoggerFactory loggers, string? returnUrl, bool? confirm)
    {
        var (local, openId) = (SignInEndpoints.Local(returnUrl), configured.Get(Scheme));
        try
        {
            // What the issuer told once is kept; the challenge would throw all the same, and as a fault of ours.
            await openId.ConfigurationManager!.GetConfigurationAsync(http.RequestAborted);
        }
        catch (Exception away) when (away is not OperationCanceledException || !http.RequestAborted.IsCancellationRequested)
        {
            AuthLog.IssuerAway(loggers.CreateLogger(typeof(OpenIdSignIn)), openId.Authority!, away.Message.Split('\n')[0]);
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            http.Response.Headers.RetryAfter = "30";
            await SignInPage.WriteAsync(http, antiforgery, local, "Your organisation's issuer cannot be reached. Please try again, or paste a key or an access token.");
            return Results.Empty;
        }

        return Results.Challenge(
            new OpenIdConnectChallengeProperties(new Dictionary<string, string?> { [Confirming] = confirm == true ? Confirming : "" }) { RedirectUri = local, MaxAge = confirm == true ? Recent : null }, [Scheme]);
    }

    private static void Configure(OpenIdConnectOptions openId, AuthOptions options)
    {
        openId.Authority = options.SignInAuthority;
        openId.RequireHttpsMetadata = !new Uri(options.SignInAuthority!).IsLoopback;
        (openId.ClientId, openId.ClientSecret) = (options.SignInClientId, options.SignInClientSecret);
        (openId.ResponseType, openId.ResponseMode, openId.UsePkce) = (OpenIdConnectResponseType.Code, OpenIdConnectResponseMode.Query, true);
        (openId.CallbackPath, openId.SignInScheme) = (CallbackPath, CookieAuthenticationDefaults.AuthenticationScheme);
        // Nobody signs out at the issuer from here, or here by it: their addresses would read forms, and anybody's link would take a browser's cookie away.
        (openId.RemoteSignOutPath, openId.SignedOutCallbackPath) = (PathString.Empty, PathString.Empty);
        openId.Scope.Add("email");
        openId.MapInboundClaims = false;
        openId.BackchannelTimeout = TimeSpan.FromSeconds(10);
        openId.GetClaimsFromUserInfoEndpoint = true;
        foreach (var claim in (string?[])[MailVerified, options.SignInMailClaim, options.SignInRoleClaim, options.SignInGroupsClaim])
            if (claim is { Length: > 0 }) openId.ClaimActions.MapJsonKey(claim, claim);
        // The answer is an address that the browser is led to: lax is enough, and without TLS a browser keeps no other.
        openId.NonceCookie.SameSite = openId.CorrelationCookie.SameSite = SameSiteMode.Lax;
        openId.Events.OnTicketReceived = ticket => ReceiveAsync(ticket, options);
        openId.Events.OnRemoteFailure = async failure =>
        {
            failure.HandleResponse();
            AuthLog.SignInFailed(failure.HttpContext.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(OpenIdSignIn)), options.SignInAuthority!, failure.Failure?.Message);
            await RefuseAsync(failure.HttpContext, "The issuer did not sign you in. Please try again.");
        };
    }

    private static async Task ReceiveAsync(TicketReceivedContext ticket, AuthOptions options)
    {
        ticket.HandleResponse();
        var http = ticket.HttpContext;
        string? Claim(string type) => ticket.Principal?.FindFirst(type)?.Value;
        if (Claim(options.SignInMailClaim) is not { Length: > 0 } mail || !IsVerified(mail, Claim(Mail), Claim(MailVerified), options.SignInMailTrusted))
        {
            await RefuseAsync(http, "The issuer tells no verified mail address of you.");
            return;
        }

        var seenAt = long.TryParse(Claim("auth_time"), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds < 253_402_300_800 ? DateTimeOffset.FromUnixTimeSeconds(seconds) : (DateTimeOffset?)null;
        if (seenAt is null && ticket.Properties?.Items.TryGetValue(Confirming, out var confirming) == true && confirming == Confirming)
        {
            await RefuseAsync(http, "The issuer does not tell when you have shown who you are, so that this is no second look. Paste a key or an access token.");
            return;
        }

        var said = new SaidOfPerson(mail, Claim("name") ?? mail, options.SignInRoleClaim is { Length: > 0 } role ? [.. ticket.Principal!.FindAll(role).Select(one => one.Value)] : null,
            options.SignInGroupsClaim is { Length: > 0 } groups ? [.. ticket.Principal!.FindAll(groups).Select(one => one.Value)] : null);
        if (await http.RequestServices.GetRequiredService<SignInPerson>().ExecuteAsync(said, http.RequestAborted) is not { } user)
        {
            await RefuseAsync(http, "You are signed in at the issuer, and no user here. Ask whoever operates this service.");
            return;
        }

        await BrowserSessions.OpenAsync(http, new Caller(user.Mail, user.Role, new HashSet<Guid>(), new HashSet<Guid>()) { UserId = user.Id }, "issuer", until: null, confirmedAt: seenAt ?? DateTimeOffset.UnixEpoch);
        http.Response.Redirect(SignInEndpoints.Local(ticket.ReturnUri));
    }

    // A mail that the issuer has not seen answered may be anybody's. What it calls verified is the claim email: another claim, such as preferred_username, a person may often set to whatever he likes.
    private static bool IsVerified(string mail, string? email, string? verified, bool isTrusted) =>
        verified is null ? isTrusted : string.Equals(verified, "true", StringComparison.OrdinalIgnoreCase) && (isTrusted || string.Equals(mail, email, StringComparison.OrdinalIgnoreCase));

    private static Task RefuseAsync(HttpContext http, string why)
    {
        http.Response.StatusCode = StatusCodes.Status401Unauthorized;
        return SignInPage.WriteAsync(http, http.RequestServices.GetRequiredService<IAntiforgery>(), FailurePages.Home, why);
    }
}
