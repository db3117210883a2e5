using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using MetaAdsJobs.Api.Auth;

namespace MetaAdsJobs.Api.Console.Live;

/// <summary>Server-sent events for the console's script: which kinds of things have moved. The page then reads itself anew.</summary>
internal static class LiveEndpoints
{
    public static void MapLive(this IEndpointRouteBuilder console) =>
        console.MapGet("/live", (LiveChanges changes, HttpContext http) => TypedResults.ServerSentEvents(EventsAsync(changes, http.RequestAborted)))
            .RequireAuthorization(Policies.Console);

    private static async IAsyncEnumerable<SseItem<string>> EventsAsync(LiveChanges changes, [EnumeratorCancellation] CancellationToken ct)
    {
        yield return new("", "open");
        await foreach (var kind in changes.WatchAsync(ct)) yield return new(kind, "moved");
    }
}
