using System.Text.Encodings.Web;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.People;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace MetaAdsJobs.Api.Auth;

/// <summary>Programs with a key of ours as their bearer token. It is looked for at each call: one that is revoked opens nothing more, in no process.</summary>
internal sealed class KeyAuthentication(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, CallerReader callers) : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string KeyScheme = "key";
    private const string Bearer = "Bearer ";

    public static bool IsSent(HttpContext http) => KeyOf(http) is not null;

    public static bool IsKey(string text) => text.StartsWith(Secret.KeyMark, StringComparison.Ordinal);

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (KeyOf(Context) is not { } key) return AuthenticateResult.NoResult();
        if (await callers.FindByKeyAsync(Secret.HashOf(key), Context.RequestAborted) is not { } caller) return AuthenticateResult.Fail("There is no such key, or no longer");
        return AuthenticateResult.Success(new(new(new CallerIdentity(caller, KeyScheme)), KeyScheme));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.StatusCode = StatusCodes.Status401Unauthorized;
        Response.Headers.WWWAuthenticate = "Bearer error=\"invalid_token\", error_description=\"The key is not valid, or no longer\"";
        return Task.CompletedTask;
    }

    private static string? KeyOf(HttpContext http) =>
        http.Request.Headers.Authorization is [{ } header] && header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) && header[Bearer.Length..].Trim() is var key && IsKey(key) ? key : null;
}
