using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Console.Http;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Diagnostics;

namespace MetaAdsJobs.Api.Auth;

/// <summary>AUTH_AUTHORITY does not tell its keys: it is away, or no issuer is there. Nothing is known of the token.</summary>
internal sealed class AuthorityAwayException(string authority, Exception cause) : Exception($"AUTH_AUTHORITY {authority} does not tell its keys", cause);

/// <summary>
/// Without the issuer's keys every token would be "not valid", and its owner would look for a fault of theirs. So a token that is refused is asked about: does the
/// issuer tell its keys? What it told once is kept; only who has never reached it, or names a wrong one, gets this far.
/// </summary>
internal sealed class AuthorityCheck(AuthOptions options, TimeProvider time, ILogger<AuthorityCheck> logger) : IExceptionHandler
{
    private static readonly TimeSpan BetweenErrors = TimeSpan.FromSeconds(30);
    private long _toldAt;

    /// <exception cref="AuthorityAwayException">It does not.</exception>
    public async Task ThrowIfAwayAsync(AuthenticationFailedContext failed)
    {
        if (failed.Options.ConfigurationManager is not { } keys) return;
        try
        {
            await keys.GetConfigurationAsync(failed.HttpContext.RequestAborted);
        }
        catch (Exception away) when (away is not OperationCanceledException || !failed.HttpContext.RequestAborted.IsCancellationRequested)
        {
            Tell(away);
            throw new AuthorityAwayException(options.Authority!, away);
        }
    }

    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is not AuthorityAwayException) return false;
        httpContext.Response.Headers.RetryAfter = "30";
        await Problems.Of(ProblemKind.IssuerAway, "No token can be checked. Please try again.").ExecuteAsync(httpContext);
        return true;
    }

    private void Tell(Exception away)
    {
        var (now, last) = (time.GetTimestamp(), Interlocked.Read(ref _toldAt));
        if ((last == 0 || time.GetElapsedTime(last, now) > BetweenErrors) && Interlocked.CompareExchange(ref _toldAt, now, last) == last) AuthLog.AuthorityAway(logger, options.Authority!, away.Message, away);
    }
}
