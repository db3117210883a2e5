using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.People;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Mvc;

namespace MetaAdsJobs.Api.Auth;

/// <summary>
/// Turns a token into a browser session: an HttpOnly, SameSite cookie that ends when the token does and holds no token itself.
/// </summary>
internal static class SignInEndpoints
{
    /// <summary>Where a link leads that opens the console once.</summary>
    public const string LinkPath = "/signin/link";

    private const int LongestForm = 64 * 1024;

    public static void MapSignIn(this IEndpointRouteBuilder app)
    {
        app.MapGet("/signin", (HttpContext http, IAntiforgery antiforgery, string? returnUrl) =>
            SignInPage.WriteAsync(http, antiforgery, Local(returnUrl), message: null)).ExcludeFromDescription();
        // Open to strangers: small forms, and few of them.
        app.MapPost("/signin", SignInAsync).DisableAntiforgery().ExcludeFromDescription().RequireRateLimiting(RateLimits.SignIn).WithMetadata(new RequestSizeLimitAttribute(LongestForm));
        // A link is used up by a form's button: what only looks at links, as mail scanners do, uses none.
        app.MapGet(LinkPath, (HttpContext http, IAntiforgery antiforgery, string? secret, string? returnUrl) => SignInPage.WriteLinkAsync(http, antiforgery, secret ?? "", Local(returnUrl), message: null)).ExcludeFromDescription();
        app.MapPost(LinkPath, UseLinkAsync).DisableAntiforgery().ExcludeFromDescription().RequireRateLimiting(RateLimits.SignIn).WithMetadata(new RequestSizeLimitAttribute(LongestForm));
        app.MapGet("/signout", SignInPage.WriteSignOutAsync).ExcludeFromDescription();
        app.MapPost("/signout", SignOutAsync).DisableAntiforgery().ExcludeFromDescription().RequireRateLimiting(RateLimits.SignIn).WithMetadata(new RequestSizeLimitAttribute(LongestForm));
    }

    public static async Task ReadTokenAsync(MessageReceivedContext message)
    {
        var form = await message.Request.ReadFormAsync(message.HttpContext.RequestAborted);
        message.Token = form["token"].ToString().Trim();
        if (message.Token.Length == 0) message.NoResult();
    }

    private static async Task SignInAsync(HttpContext http, IAntiforgery antiforgery, CallerReader callers)
    {
        // Validated by hand, to answer with the form again instead of an empty 400.
        if (!http.Request.HasFormContentType || !await antiforgery.IsRequestValidAsync(http))
        {
            http.Response.StatusCode = StatusCodes.Status400BadRequest;
            await SignInPage.WriteAsync(http, antiforgery, FailurePages.Home, "The form had expired. Please try again.");
            return;
        }

        var returnUrl = Local((await http.Request.ReadFormAsync(http.RequestAborted))["returnUrl"]);
        (Caller Caller, DateTimeOffset? Until)? found;
        try
        {
            found = await CallerOfAsync(http, callers);
        }
        catch (AuthorityAwayException)
        {
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            await SignInPage.WriteAsync(http, antiforgery, returnUrl, "The issuer of tokens cannot be reached, so that none can be checked. Please try again.");
            return;
        }

        if (found is not var (caller, until))
        {
            http.Response.StatusCode = StatusCodes.Status401Unauthorized;
            await SignInPage.WriteAsync(http, antiforgery, returnUrl, "This token is not valid, or no longer.");
            return;
        }

        await BrowserSessions.OpenAsync(http, caller, caller.KeyId is null ? "token" : "key", until);
        http.Response.Redirect(returnUrl);
    }

    private static async Task UseLinkAsync(HttpContext http, IAntiforgery antiforgery, SignInLinks links)
    {
        var isOurs = http.Request.HasFormContentType && await antiforgery.IsRequestValidAsync(http);
        var form = isOurs ? await http.Request.ReadFormAsync(http.RequestAborted) : FormCollection.Empty;
        var returnUrl = Local(form["returnUrl"]);
        if (isOurs && await links.UseAsync(form["secret"].ToString(), http.RequestAborted) is { } caller)
        {
            await BrowserSessions.OpenAsync(http, caller, "link", until: null);
            http.Response.Redirect(returnUrl);
            return;
        }

        http.Response.StatusCode = isOurs ? StatusCodes.Status401Unauthorized : StatusCodes.Status400BadRequest;
        await SignInPage.WriteLinkAsync(http, antiforgery, form["secret"].ToString(), returnUrl, isOurs ? "This link is not valid, or has been used. Ask for another." : "The form had expired. Please try again.");
    }

    private static async Task<IResult> SignOutAsync(HttpContext http, IAntiforgery antiforgery)
    {
        if (!http.Request.HasFormContentType || !await antiforgery.IsRequestValidAsync(http)) return Problems.Of(ProblemKind.UnreadableBody, "The form had expired.");
        await BrowserSessions.CloseAsync(http);
        return Results.Redirect("/signin");
    }

    // A key of ours or a token, whichever was pasted.
    private static async Task<(Caller Caller, DateTimeOffset? Until)?> CallerOfAsync(HttpContext http, CallerReader callers)
    {
        var pasted = (await http.Request.ReadFormAsync(http.RequestAborted))["token"].ToString().Trim();
        if (KeyAuthentication.IsKey(pasted)) return Secret.MayBeKey(pasted) && await callers.FindByKeyAsync(Secret.HashOf(pasted), http.RequestAborted) is { } known ? (known, null) : null;
        var result = await http.AuthenticateAsync(AuthServices.SignInScheme);
        if (!result.Succeeded || Caller.Of(result.Principal) is not { } caller) return null;
        return (caller, result.Properties?.ExpiresUtc ?? throw new InvalidOperationException("A validated token has no expiry"));
    }

    // Only a path of this site: a link to the sign-in page must not lead elsewhere afterwards. A header takes ASCII alone, and what was asked for has been decoded.
    internal static string Local(string? url) => url is ['/', ..] && !(url.Length > 1 && url[1] is '/' or '\\') && !url.Any(char.IsControl)
        ? string.Concat(url.EnumerateRunes().Select(letter => letter.IsAscii ? letter.ToString() : Uri.EscapeDataString(letter.ToString()))) : FailurePages.Home;
}
