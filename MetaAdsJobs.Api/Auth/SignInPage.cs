using System.Net;
using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Console.Language;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.Extensions.Localization;

namespace MetaAdsJobs.Api.Auth;

/// <summary>The few pages around a session, in plain HTML and the reader's language: no script runs here and nothing is kept by a cache.</summary>
internal static class SignInPage
{
    /// <param name="message">In English, as it stands in the words.</param>
    public static Task WriteAsync(HttpContext http, IAntiforgery antiforgery, string returnUrl, string? message)
    {
        var T = Of(http);
        var alert = message is null ? "" : $"<p role=\"alert\">{WebUtility.HtmlEncode(T[message])}</p>";
        return WritePageAsync(http, T["Sign in"], $"""
            {alert}
            {IssuerLink(http, T, returnUrl)}
            <p>{T["Paste a key or an access token of the API. Whoever operates this service gives you one."]}</p>
            <form method="post" action="/signin">
              {Proof(http, antiforgery)}
              <input type="hidden" name="returnUrl" value="{WebUtility.HtmlEncode(returnUrl)}">
              <label for="token">{T["Token"]}</label>
              <input id="token" name="token" type="password" autocomplete="off" required autofocus>
              <button type="submit">{T["Sign in"]}</button>
            </form>
            {InOther("/signin", ("returnUrl", returnUrl))}
            """);
    }

    public static Task WriteLinkAsync(HttpContext http, IAntiforgery antiforgery, string secret, string returnUrl, string? message)
    {
        var T = Of(http);
        var alert = message is null ? "" : $"<p role=\"alert\">{WebUtility.HtmlEncode(T[message])}</p>";
        // The address with the secret in it is told to nobody further.
        http.Response.Headers["Referrer-Policy"] = "no-referrer";
        return WritePageAsync(http, T["Sign in"], $"""
            <p>{T["This link opens the console once."]}</p>
            {alert}
            <form method="post" action="{SignInEndpoints.LinkPath}">
              {Proof(http, antiforgery)}
              <input type="hidden" name="secret" value="{WebUtility.HtmlEncode(secret)}">
              <input type="hidden" name="returnUrl" value="{WebUtility.HtmlEncode(returnUrl)}">
              <button type="submit" autofocus>{T["Sign in"]}</button>
            </form>
            {InOther(SignInEndpoints.LinkPath, ("secret", secret), ("returnUrl", returnUrl))}
            """);
    }

    public static Task WriteSignOutAsync(HttpContext http, IAntiforgery antiforgery)
    {
        var T = Of(http);
        return WritePageAsync(http, T["Sign out"], $"""
            <p>{T["Ends your session in this browser. A key or token itself stays valid until it expires or is revoked."]}</p>
            <form method="post" action="/signout">
              {Proof(http, antiforgery)}
              <button type="submit">{T["Sign out"]}</button>
            </form>
            <p><a href="{FailurePages.Home}">{T["Back to the console"]}</a></p>
            {InOther("/signout")}
            """);
    }

    /// <param name="why">In English, as it stands in the words; null: the role.</param>
    public static Task WriteDeniedAsync(HttpContext http, string? why = null)
    {
        http.Response.StatusCode = StatusCodes.Status403Forbidden;
        var T = Of(http);
        return WritePageAsync(http, T["Not allowed"], why is null
            ? $"<p>{T["Your role may not see this page."]} <a href=\"/signin\">{T["Sign in with another token"]}</a></p>"
            : $"<p>{T[why]}</p><p><a href=\"{FailurePages.Home}\">{T["Back to the console"]}</a></p>");
    }

    private static string IssuerLink(HttpContext http, IStringLocalizer<Words> T, string returnUrl) => OpenIdSignIn.IsOn(http.RequestServices.GetRequiredService<IConfiguration>())
        ? $"<p><a class=\"button\" href=\"{OpenIdSignIn.Path}?returnUrl={Uri.EscapeDataString(returnUrl)}{(http.Request.Query.ContainsKey("confirm") ? "&amp;confirm=true" : "")}\">{T["Sign in with your organisation"]}</a></p>" : "";

    // Shows a post of this form to be ours: another site can neither read nor guess it.
    private static string Proof(HttpContext http, IAntiforgery antiforgery)
    {
        var tokens = antiforgery.GetAndStoreTokens(http);
        return $"<input type=\"hidden\" name=\"{tokens.FormFieldName}\" value=\"{WebUtility.HtmlEncode(tokens.RequestToken)}\">";
    }

    // The same page; of what was posted, the page that it was posted from.
    private static string InOther(string path, params (string Name, string Value)[] query)
    {
        var (code, name) = LanguageChoice.Other;
        var address = path + QueryString.Create(query.Append(("lang", code)).Select(one => KeyValuePair.Create(one.Item1, (string?)one.Item2)));
        return $"<p><a href=\"{WebUtility.HtmlEncode(address)}\" lang=\"{code}\" hreflang=\"{code}\">{name}</a></p>";
    }

    private static IStringLocalizer<Words> Of(HttpContext http) => http.RequestServices.GetRequiredService<IStringLocalizer<Words>>();

    private static Task WritePageAsync(HttpContext http, string title, string body) => PlainPage.WriteAsync(http, LanguageChoice.Current, title, body);
}
