using System.Net;
using MetaAdsJobs.Console.Http;
using Microsoft.AspNetCore.Antiforgery;

namespace MetaAdsJobs.Api.Auth;

/// <summary>The few pages around a session, in plain HTML: no script runs here and nothing is kept by a cache.</summary>
internal static class SignInPage
{
    public static Task WriteAsync(HttpContext http, IAntiforgery antiforgery, string returnUrl, string? message)
    {
        var alert = message is null ? "" : $"<p role=\"alert\">{WebUtility.HtmlEncode(message)}</p>";
        return WritePageAsync(http, "Sign in", $"""
            {alert}
            {IssuerLink(http, returnUrl)}
            <p>Paste a key or an access token of the API. Whoever operates this service gives you one.</p>
            <form method="post" action="/signin">
              {Proof(http, antiforgery)}
              <input type="hidden" name="returnUrl" value="{WebUtility.HtmlEncode(returnUrl)}">
              <label for="token">Token</label>
              <input id="token" name="token" type="password" autocomplete="off" required autofocus>
              <button type="submit">Sign in</button>
            </form>
            """);
    }

    public static Task WriteLinkAsync(HttpContext http, IAntiforgery antiforgery, string secret, string returnUrl, string? message)
    {
        var alert = message is null ? "" : $"<p role=\"alert\">{WebUtility.HtmlEncode(message)}</p>";
        // The address with the secret in it is told to nobody further.
        http.Response.Headers["Referrer-Policy"] = "no-referrer";
        return WritePageAsync(http, "Sign in", $"""
            <p>This link opens the console once.</p>
            {alert}
            <form method="post" action="{SignInEndpoints.LinkPath}">
              {Proof(http, antiforgery)}
              <input type="hidden" name="secret" value="{WebUtility.HtmlEncode(secret)}">
              <input type="hidden" name="returnUrl" value="{WebUtility.HtmlEncode(returnUrl)}">
              <button type="submit" autofocus>Sign in</button>
            </form>
            """);
    }

    public static Task WriteSignOutAsync(HttpContext http, IAntiforgery antiforgery) => WritePageAsync(http, "Sign out", $"""
        <p>Ends your session in this browser. A key or token itself stays valid until it expires or is revoked.</p>
        <form method="post" action="/signout">
          {Proof(http, antiforgery)}
          <button type="submit">Sign out</button>
        </form>
        <p><a href="{FailurePages.Home}">Back to the console</a></p>
        """);

    public static Task WriteDeniedAsync(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status403Forbidden;
        return WritePageAsync(http, "Not allowed", "<p>Your role may not see this page. <a href=\"/signin\">Sign in with another token</a>.</p>");
    }

    private static string IssuerLink(HttpContext http, string returnUrl) => OpenIdSignIn.IsOn(http.RequestServices.GetRequiredService<IConfiguration>())
        ? $"<p><a class=\"button\" href=\"{OpenIdSignIn.Path}?returnUrl={Uri.EscapeDataString(returnUrl)}{(http.Request.Query.ContainsKey("confirm") ? "&amp;confirm=true" : "")}\">Sign in with your organisation</a></p>" : "";

    // Shows a post of this form to be ours: another site can neither read nor guess it.
    private static string Proof(HttpContext http, IAntiforgery antiforgery)
    {
        var tokens = antiforgery.GetAndStoreTokens(http);
        return $"<input type=\"hidden\" name=\"{tokens.FormFieldName}\" value=\"{WebUtility.HtmlEncode(tokens.RequestToken)}\">";
    }

    private static Task WritePageAsync(HttpContext http, string title, string body) => PlainPage.WriteAsync(http, "en", title, body);
}
