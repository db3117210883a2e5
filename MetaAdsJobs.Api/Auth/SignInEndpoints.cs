using System.Security.Claims;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Core.Access;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Mvc;

namespace MetaAdsJobs.Api.Auth;

/// <summary>
/// Turns a token into a browser session: an HttpOnly, SameSite cookie that ends when the token does and holds no token itself.
/// </summary>
internal static class SignInEndpoints
{
    private const int LongestForm = 64 * 1024;

    public static void MapSignIn(this IEndpointRouteBuilder app)
    {
        app.MapGet("/signin", (HttpContext http, IAntiforgery antiforgery, string? returnUrl) =>
            SignInPage.WriteAsync(http, antiforgery, Local(returnUrl), message: null)).ExcludeFromDescription();
        // Open to strangers: small forms, and few of them.
        app.MapPost("/signin", SignInAsync).DisableAntiforgery().ExcludeFromDescription().RequireRateLimiting(RateLimits.SignIn).WithMetadata(new RequestSizeLimitAttribute(LongestForm));
        app.MapGet("/signout", SignInPage.WriteSignOutAsync).ExcludeFromDescription();
        app.MapPost("/signout", SignOutAsync).DisableAntiforgery().ExcludeFromDescription().RequireRateLimiting(RateLimits.SignIn).WithMetadata(new RequestSizeLimitAttribute(LongestForm));
    }

    public static async Task ReadTokenAsync(MessageReceivedContext message)
    {
        var form = await message.Request.ReadFormAsync(message.HttpContext.RequestAborted);
        message.Token = form["token"].ToString().Trim();
        if (message.Token.Length == 0) message.NoResult();
    }

    private static async Task SignInAsync(HttpContext http, IAntiforgery antiforgery)
    {
        // Validated by hand, to answer with the form again instead of an empty 400.
        if (!http.Request.HasFormContentType || !await antiforgery.IsRequestValidAsync(http))
        {
            http.Response.StatusCode = StatusCodes.Status400BadRequest;
            await SignInPage.WriteAsync(http, antiforgery, FailurePages.Home, "The form had expired. Please try again.");
            return;
        }

        var returnUrl = Local((await http.Request.ReadFormAsync(http.RequestAborted))["returnUrl"]);
        AuthenticateResult result;
        try
        {
            result = await http.AuthenticateAsync(AuthServices.SignInScheme);
        }
        catch (AuthorityAwayException)
        {
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            await SignInPage.WriteAsync(http, antiforgery, returnUrl, "The issuer of tokens cannot be reached, so that none can be checked. Please try again.");
            return;
        }

        if (!result.Succeeded)
        {
            http.Response.StatusCode = StatusCodes.Status401Unauthorized;
            await SignInPage.WriteAsync(http, antiforgery, returnUrl, "This token is not valid, or no longer.");
            return;
        }

        var roles = result.Principal.Claims.Where(claim => result.Principal.Identities.Any(identity => identity.RoleClaimType == claim.Type));
        var session = new ClaimsIdentity(
            [new Claim("sub", result.Principal.CallerName()), .. roles.Select(role => new Claim("role", role.Value))],
            CookieAuthenticationDefaults.AuthenticationScheme, "sub", "role");
        await http.SignInAsync(CookieAuthenticationDefaults.AuthenticationScheme, new(session), new()
        {
            ExpiresUtc = result.Properties?.ExpiresUtc ?? throw new InvalidOperationException("A validated token has no expiry"),
            IsPersistent = false,
        });
        http.Response.Redirect(returnUrl);
    }

    private static async Task<IResult> SignOutAsync(HttpContext http, IAntiforgery antiforgery)
    {
        if (!http.Request.HasFormContentType || !await antiforgery.IsRequestValidAsync(http)) return Problems.Of(ProblemKind.UnreadableBody, "The form had expired.");
        await http.SignOutAsync(CookieAuthenticationDefaults.AuthenticationScheme);
        return Results.Redirect("/signin");
    }

    // Only a path of this site: a link to the sign-in page must not lead elsewhere afterwards.
    private static string Local(string? url) =>
        url is ['/', ..] && !(url.Length > 1 && url[1] is '/' or '\\') && !url.Any(char.IsControl) ? url : FailurePages.Home;
}
