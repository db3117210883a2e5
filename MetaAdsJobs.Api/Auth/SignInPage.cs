using System.Net;
using Microsoft.AspNetCore.Antiforgery;

namespace MetaAdsJobs.Api.Auth;

/// <summary>The few pages around a session, in plain HTML: no script runs here and nothing is kept by a cache.</summary>
internal static class SignInPage
{
    /// <summary>Where a person who asked for no page in particular is led.</summary>
    public const string Home = "/console";

    public static Task WriteAsync(HttpContext http, IAntiforgery antiforgery, string returnUrl, string? message)
    {
        var alert = message is null ? "" : $"<p role=\"alert\">{WebUtility.HtmlEncode(message)}</p>";
        return WritePageAsync(http, "Sign in", $"""
            <p>Paste an access token of the API. One for a day is made by</p>
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
        <p><a href="{Home}">Back to the console</a></p>
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
            :root{color-scheme:light dark;--accent:light-dark(#1a56b0,#8ab4f8);--wrong:light-dark(#b3261e,#ffb4ab);--line:light-dark(#767676,#8c8c8c)}
            body{font:16px/1.5 system-ui,sans-serif;max-width:30rem;margin:12vh auto;padding:0 1rem}
            .product{margin:0;color:light-dark(#555,#aaa)}h1{margin:0 0 1rem;font-size:1.75rem}a{color:var(--accent)}
            code{display:block;padding:.5rem .75rem;border-radius:.25rem;background:light-dark(#f1f3f4,#2b2b2b);overflow-x:auto;white-space:nowrap}
            label,input,button{display:block;width:100%;box-sizing:border-box;font:inherit}label{font-weight:600}
            input{padding:.5rem;margin:.25rem 0 1rem;border:1px solid var(--line);border-radius:.25rem}
            button{padding:.6rem;border:0;border-radius:.25rem;background:var(--accent);color:light-dark(#fff,#121212);font-weight:600;cursor:pointer}
            input:focus-visible,button:focus-visible,a:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
            [role=alert]{margin:0 0 .75rem;padding-left:.75rem;border-left:.25rem solid var(--wrong);color:var(--wrong);font-weight:600}
            """;
        http.Response.Headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
        http.Response.Headers.CacheControl = "no-store";
        http.Response.ContentType = "text/html; charset=utf-8";
        return http.Response.WriteAsync($"""
            <!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
            <title>MetaAdsJobs: {title}</title><style>{Style}</style></head><body><main><p class="product">MetaAdsJobs</p><h1>{title}</h1>{body}</main></body></html>
            """);
    }
}
