using System.Text.Encodings.Web;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.People;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;

namespace MetaAdsJobs.Api.Auth;

/// <summary>Programs with a key of ours as their bearer token. It is looked for at each call: one that is revoked opens nothing more, in no process.</summary>
internal sealed class KeyAuthentication(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, KeyTries tries) : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string KeyScheme = "key";
    private const string Bearer = "Bearer ";
    private bool _isHeldUp;

    public static bool IsSent(HttpContext http) => KeyOf(http) is not null;

    public static bool IsKey(string text) => text.StartsWith(Secret.KeyMark, StringComparison.Ordinal);

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (KeyOf(Context) is not { } key) return AuthenticateResult.NoResult();
        // Health, and what there is not: nobody asks who calls, and nobody is to wait for that.
        if (!IsAsked(Context.GetEndpoint())) return AuthenticateResult.NoResult();
        if (!Secret.MayBeKey(key)) return AuthenticateResult.Fail("It has not the form of a key");
        var (address, hash) = (TooManyCalls.AddressOf(Context), Secret.HashOf(key));
        var mayTry = tries.MayTry(address, hash);
        _isHeldUp = !mayTry && !(HttpMethods.IsPost(Request.Method) && ScopeTable.IsStop(Context.GetEndpoint()));
        if (_isHeldUp) return AuthenticateResult.Fail("Too many keys of this address were none");
        // A stop is never refused for what others at its address have sent: it is looked for in its turn, as long as its caller waits; one at a time, so that who guesses leaves the stops' own connections to keys that are known.
        if (!mayTry) await tries.BeyondTries.WaitAsync(Context.RequestAborted);
        Caller? found;
        try
        {
            found = await CallersOf(Context).FindByKeyAsync(hash, Context.RequestAborted);
        }
        finally
        {
            if (!mayTry) tries.BeyondTries.Release();
        }

        if (found is not { } caller)
        {
            tries.WasNone(hash);
            return AuthenticateResult.Fail("There is no such key, or no longer");
        }

        tries.WasGood(mayTry ? address : null, hash);
        return AuthenticateResult.Success(new(new(new CallerIdentity(caller, KeyScheme)), KeyScheme));
    }

    /// <summary>Over connections of their own for the stop switch, which is not to wait behind whatever else is looked up.</summary>
    public static CallerReader CallersOf(HttpContext http) =>
        ScopeTable.IsStop(http.GetEndpoint()) ? http.RequestServices.GetRequiredKeyedService<CallerReader>(Connections.OfCallers) : http.RequestServices.GetRequiredService<CallerReader>();

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        if (_isHeldUp) return TooManyCalls.RefuseAsync(Context, tries.After, ProblemKind.TooManyCalls, "Too many keys that came from this address are none; see Retry-After.");
        Response.StatusCode = StatusCodes.Status401Unauthorized;
        Response.Headers.WWWAuthenticate = "Bearer error=\"invalid_token\", error_description=\"The key is not valid, or no longer\"";
        return Task.CompletedTask;
    }

    private static bool IsAsked(Endpoint? endpoint) => endpoint?.Metadata.GetMetadata<IAuthorizeData>() is not null || endpoint?.Metadata.GetMetadata<AuthorizationPolicy>() is not null;

    private static string? KeyOf(HttpContext http) =>
        http.Request.Headers.Authorization is [{ } header] && header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) && header[Bearer.Length..].Trim() is var key && IsKey(key) ? key : null;
}

/// <summary>
/// How often an address may send keys that are none: as often as sign-in forms. Whoever calls is looked up before anybody is known whose calls could be counted, so that these are, before they are looked for. A
/// key that was good here is looked for in any case, and so is any that stops: who guesses does not shut out programs at the same address.
/// </summary>
internal sealed class KeyTries(RateLimitOptions options, TimeProvider time)
{
    // Of addresses and of keys. Beyond that it begins anew.
    private const int MostRemembered = 20_000;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (double Left, long At)> _addresses = [];
    private readonly HashSet<string> _good = [];

    /// <summary>For a stop beyond what may be tried. Who waits first is first.</summary>
    public SemaphoreSlim BeyondTries { get; } = new(1);

    /// <summary>Until one more may be tried.</summary>
    public TimeSpan After => TimeSpan.FromMinutes(1) / options.SignInsPerMinute;

    /// <returns>False: too many that came from there were none.</returns>
    public bool MayTry(string address, byte[] hash)
    {
        lock (_lock)
        {
            if (_good.Contains(Convert.ToHexString(hash))) return true;
            if (_addresses.Count >= MostRemembered) _addresses.Clear();
            var now = time.GetTimestamp();
            var left = _addresses.TryGetValue(address, out var before) ? Math.Min(options.SignInsPerMinute, before.Left + (time.GetElapsedTime(before.At, now) / After)) : options.SignInsPerMinute;
            _addresses[address] = (left < 1 ? left : left - 1, now);
            return left >= 1;
        }
    }

    /// <param name="address">Null when it was beyond what may be tried from there, so that nothing was taken for it.</param>
    public void WasGood(string? address, byte[] hash)
    {
        lock (_lock)
        {
            if (_good.Count >= MostRemembered) _good.Clear();
            // It was counted, and is given back.
            if (_good.Add(Convert.ToHexString(hash)) && address is not null && _addresses.TryGetValue(address, out var before)) _addresses[address] = (before.Left + 1, before.At);
        }
    }

    public void WasNone(byte[] hash)
    {
        lock (_lock) _good.Remove(Convert.ToHexString(hash));
    }
}
