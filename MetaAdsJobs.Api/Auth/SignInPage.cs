using System.Net;
using System.Security.Claims;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authentication.JwtBearer;

namespace MetaAdsJobs.Api.Auth;

/// <summary>
/// Turns a token into a browser session: an HttpOnly, SameSite cookie that ends when the token does and holds no token itself.
/// </summary>
internal static class SignInPage
{
    public static void MapSignIn(this IEndpointRouteBuilder app)
    {
        app.MapGet("/signin", (HttpContext http, IAntiforgery antiforgery, string? returnUrl) =>
            WriteAsync(http, antiforgery, Local(returnUrl), message: null)).ExcludeFromDescription();
        app.MapPost("/signin", PostAsync).DisableAntiforgery().ExcludeFromDescription();
        app.MapPost("/signout", SignOutAsync).DisableAntiforgery().ExcludeFromDescription();
    }

    private static async Task PostAsync(HttpContext http, IAntiforgery antiforgery)
    {
        // Validated by hand, to answer with the form again instead of an empty 400.
        if (!http.Request.HasFormContentType || !await antiforgery.IsRequestValidAsync(http))
        {
            http.Response.StatusCode = StatusCodes.Status400BadRequest;
            await WriteAsync(http, antiforgery, "/hangfire", "The form had expired. Please try again.");
            return;
        }

        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        var returnUrl = Local(form["returnUrl"]);
        http.Request.Headers.Authorization = $"Bearer {form["token"].ToString().Trim()}";
        var result = await http.AuthenticateAsync(JwtBearerDefaults.AuthenticationScheme);
        http.Request.Headers.Remove("Authorization");
        if (!result.Succeeded)
        {
            http.Response.StatusCode = StatusCodes.Status401Unauthorized;
            await WriteAsync(http, antiforgery, returnUrl, "This token is not valid, or no longer.");
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
        if (!http.Request.HasFormContentType || !await antiforgery.IsRequestValidAsync(http)) return Results.BadRequest();
        await http.SignOutAsync(CookieAuthenticationDefaults.AuthenticationScheme);
        return Results.Redirect("/signin");
    }

    public static Task WriteDeniedAsync(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status403Forbidden;
        return WritePageAsync(http, "<h1>Not allowed</h1><p>Your role may not see this page. <a href=\"/signin\">Sign in with another token</a>.</p>");
    }

    private static Task WriteAsync(HttpContext http, IAntiforgery antiforgery, string returnUrl, string? message)
    {
        var tokens = antiforgery.GetAndStoreTokens(http);
        var alert = message is null ? "" : $"<p role=\"alert\">{WebUtility.HtmlEncode(message)}</p>";
        return WritePageAsync(http, $"""
            <h1>Sign in</h1>
            <p>Paste an access token of the API. <code>./run token --role admin --days 1</code> makes one.</p>
            {alert}
            <form method="post" action="/signin">
              <input type="hidden" name="{tokens.FormFieldName}" value="{WebUtility.HtmlEncode(tokens.RequestToken)}">
              <input type="hidden" name="returnUrl" value="{WebUtility.HtmlEncode(returnUrl)}">
              <label for="token">Token</label>
              <input id="token" name="token" type="password" autocomplete="off" required autofocus>
              <button type="submit">Sign in</button>
            </form>
            """);
    }

    private static Task WritePageAsync(HttpContext http, string body)
    {
        const string Style = """
            :root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:26rem;margin:12vh auto;padding:0 1rem}
            label,input,button{display:block;width:100%;box-sizing:border-box;font:inherit}input{padding:.5rem;margin:.25rem 0 1rem}
            button{padding:.6rem;cursor:pointer}[role=alert]{color:#b3261e;font-weight:600}@media(prefers-color-scheme:dark){[role=alert]{color:#ffb4ab}}
            """;
        http.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
        http.Response.Headers.CacheControl = "no-store";
        http.Response.ContentType = "text/html; charset=utf-8";
        return http.Response.WriteAsync($"""
            <!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
            <title>MetaAdsJobs: sign in</title><style>{Style}</style></head><body><main>{body}</main></body></html>
            """);
    }

    // Only a path of this site: a link to the sign-in page must not lead elsewhere afterwards.
    private static string Local(string? url) =>
        url is ['/', ..] && !(url.Length > 1 && url[1] is '/' or '\\') && !url.Any(char.IsControl) ? url : "/hangfire";
}
