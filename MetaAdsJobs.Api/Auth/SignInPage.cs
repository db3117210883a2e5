using System.Net;
using Microsoft.AspNetCore.Antiforgery;

namespace MetaAdsJobs.Api.Auth;

/// <summary>The few pages around a session, in plain HTML: no script runs here and nothing is kept by a cache.</summary>
internal static class SignInPage
{
    /// <summary>Where a person who asked for no page in particular is led.</summary>
    public const string Home = "/hangfire";

    public static Task WriteAsync(HttpContext http, IAntiforgery antiforgery, string returnUrl, string? message)
    {
        var alert = message is null ? "" : $"<p role=\"alert\">{WebUtility.HtmlEncode(message)}</p>";
        return WritePageAsync(http, "Sign in", $"""
            <p>Paste an access token of the API. To make one for a day:</p>
            <p><code>./run token --role admin --days 1</code></p>
            {alert}
            <form method="post" action="/signin">
              {Proof(http, antiforgery)}
              <input type="hidden" name="returnUrl" value="{WebUtility.HtmlEncode(returnUrl)}">
              <label for="token">Token</label>
              <input id="token" name="token" type="password" autocomplete="off" required autofocus>
              <button type="submit">Sign in</button>
            </form>
            """);
    }

    public static Task WriteSignOutAsync(HttpContext http, IAntiforgery antiforgery) => WritePageAsync(http, "Sign out", $"""
        <p>Ends your session in this browser. The token itself stays valid until it expires.</p>
        <form method="post" action="/signout">
          {Proof(http, antiforgery)}
          <button type="submit">Sign out</button>
        </form>
        <p><a href="{Home}">Back to the jobs</a></p>
        """);

    public static Task WriteDeniedAsync(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status403Forbidden;
        return WritePageAsync(http, "Not allowed", "<p>Your role may not see this page. <a href=\"/signin\">Sign in with another token</a>.</p>");
    }

    // Shows a post of this form to be ours: another site can neither read nor guess it.
    private static string Proof(HttpContext http, IAntiforgery antiforgery)
    {
        var tokens = antiforgery.GetAndStoreTokens(http);
        return $"<input type=\"hidden\" name=\"{tokens.FormFieldName}\" value=\"{WebUtility.HtmlEncode(tokens.RequestToken)}\">";
    }

    private static Task WritePageAsync(HttpContext http, string title, string body)
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
            <title>MetaAdsJobs: {title}</title><style>{Style}</style></head><body><main><h1>{title}</h1>{body}</main></body></html>
            """);
    }
}
