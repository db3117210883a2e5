using System.Security.Claims;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.People;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;

namespace MetaAdsJobs.Api.Auth;

/// <summary>The cookie of a session holds its sealed id and nothing else; whose it is, and what that person may see, is read at each request.</summary>
internal static class BrowserSessions
{
    private const string IdClaim = "sid";

    /// <param name="by">What was shown: key, token, link or issuer.</param>
    public static async Task OpenAsync(HttpContext http, Caller caller, string by, DateTimeOffset? until, DateTimeOffset? confirmedAt = null)
    {
        var sessions = http.RequestServices.GetRequiredService<SessionStore>();
        // Who signs in again has not two.
        if ((await http.AuthenticateAsync(CookieAuthenticationDefaults.AuthenticationScheme)).Principal is { } before && Caller.Of(before) is { Session: { } former } known) await sessions.EndAsync(known, former.Id, "signed in again", http.RequestAborted);
        var session = await sessions.OpenAsync(caller, by, until, confirmedAt, http.Request.Headers.UserAgent.ToString(), http.RequestAborted);
        var identity = new ClaimsIdentity([new(IdClaim, session.Id.ToString())], CookieAuthenticationDefaults.AuthenticationScheme);
        await http.SignInAsync(CookieAuthenticationDefaults.AuthenticationScheme, new(identity), new() { ExpiresUtc = session.ExpiresAt, IsPersistent = false });
    }

    public static async Task CheckAsync(CookieValidatePrincipalContext cookie)
    {
        var callers = KeyAuthentication.CallersOf(cookie.HttpContext);
        if (Guid.TryParse(cookie.Principal?.FindFirstValue(IdClaim), out var id) && await callers.FindBySessionAsync(id, cookie.HttpContext.RequestAborted) is { } caller)
            cookie.ReplacePrincipal(new(new CallerIdentity(caller, CookieAuthenticationDefaults.AuthenticationScheme)));
        else cookie.RejectPrincipal();
    }

    /// <summary>Ends the session of the cookie that was sent, if it is one.</summary>
    public static async Task CloseAsync(HttpContext http)
    {
        var known = await http.AuthenticateAsync(CookieAuthenticationDefaults.AuthenticationScheme);
        if (known.Principal is { } person && Caller.Of(person) is { Session: { } session } caller)
            await http.RequestServices.GetRequiredService<SessionStore>().EndAsync(caller, session.Id, "signed out", http.RequestAborted);
        await http.SignOutAsync(CookieAuthenticationDefaults.AuthenticationScheme);
    }
}
