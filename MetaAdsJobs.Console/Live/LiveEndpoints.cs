using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.People;
using Microsoft.AspNetCore.Authentication;

namespace MetaAdsJobs.Console.Live;

/// <summary>
/// Server-sent events for the console's script: which kinds of things have moved, and that the session is over, or the key. The page then reads
/// itself anew.
/// </summary>
internal static class LiveEndpoints
{
    private static readonly TimeSpan LookAtCaller = TimeSpan.FromSeconds(10);

    public static void MapLive(this IEndpointRouteBuilder console) =>
        console.MapGet("/live", async (LiveChanges changes, LongCalls calls, HttpContext http, TimeProvider time, IHostApplicationLifetime host) =>
        {
            // nginx holds answers back until they are some kilobytes, which these never are.
            http.Response.Headers["X-Accel-Buffering"] = "no";
            using var place = calls.LivePages.TryTake(http);
            if (place is null) await calls.LivePages.Refused().ExecuteAsync(http);
            else await TypedResults.ServerSentEvents(EventsAsync(changes, SessionEnd(http), Caller.Of(http.User), http.RequestServices.GetRequiredService<CallerReader>(), time, host, http.RequestAborted)).ExecuteAsync(http);
        }).RequireAuthorization(ConsolePolicies.Read);

    private static DateTimeOffset? SessionEnd(HttpContext http) => http.Features.Get<IAuthenticateResultFeature>()?.AuthenticateResult?.Properties?.ExpiresUtc;

    private static async IAsyncEnumerable<SseItem<string>> EventsAsync(
        LiveChanges changes, DateTimeOffset? sessionEnd, Caller? caller, CallerReader callers, TimeProvider time, IHostApplicationLifetime host, [EnumeratorCancellation] CancellationToken ct)
    {
        yield return new("", "open");
        // A stream that was opened in time must not outlive its session, nor hold up the process that stops.
        var left = sessionEnd - time.GetUtcNow();
        using var over = new CancellationTokenSource(left is null ? Timeout.InfiniteTimeSpan : Longest(left.Value), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(over.Token, host.ApplicationStopping, ct);
        var (lookedAt, isRevoked) = (time.GetTimestamp(), false);
        await using var moves = changes.WatchAsync(either.Token).GetAsyncEnumerator(CancellationToken.None);
        while (true)
        {
            try
            {
                if (!await moves.MoveNextAsync()) yield break;
            }
            catch (OperationCanceledException) when (either.IsCancellationRequested)
            {
                break;
            }

            // Ended elsewhere, perhaps: looked at now and then, and the next click tells in any case.
            if (time.GetElapsedTime(lookedAt) >= LookAtCaller)
            {
                lookedAt = time.GetTimestamp();
                isRevoked = await IsRevokedAsync(caller, callers, ct);
                if (isRevoked) break;
            }

            yield return moves.Current == LiveChanges.Still ? new("", "still") : new(moves.Current, "moved");
        }

        if (over.IsCancellationRequested || isRevoked) yield return new("", "over");
    }

    // A token that was signed elsewhere ends with its time alone.
    private static async Task<bool> IsRevokedAsync(Caller? caller, CallerReader callers, CancellationToken ct) => caller switch
    {
        { Session.Id: var session } => await callers.FindBySessionAsync(session, ct) is null,
        { KeyId: { } key } => await callers.FindByKeyAsync(key, ct) is null,
        _ => false,
    };

    // A timer takes no more than about 49 days.
    private static TimeSpan Longest(TimeSpan left) => left < TimeSpan.Zero ? TimeSpan.Zero : left > TimeSpan.FromDays(40) ? TimeSpan.FromDays(40) : left;
}
