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
            <p>Paste an access token of the API. Whoever operates this service gives you one.</p>
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
        <p><a href="{FailurePages.Home}">Back to the console</a></p>
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

    private static Task WritePageAsync(HttpContext http, string title, string body) => PlainPage.WriteAsync(http, "en", title, body);
}
