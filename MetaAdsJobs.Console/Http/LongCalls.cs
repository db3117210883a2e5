using System.Threading.RateLimiting;
using MetaAdsJobs.Core.Database;

namespace MetaAdsJobs.Console.Http;

/// <summary>The calls that last: how many of each one caller may have open at once, and all callers of this process together.</summary>
public sealed class LongCalls : IDisposable
{
    /// <summary>Each holds a connection for as long as its reader takes.</summary>
    public Slots Streams { get; } = new("CSV streams", perCaller: 2, overall: Connections.MostOfStreams);

    /// <summary>Each looks at the database twice a second.</summary>
    public Slots Waits { get; } = new("calls that wait", perCaller: 20, overall: 100);

    /// <summary>Each is a connection of a browser's; one look at the database a second is for all of them.</summary>
    public Slots LivePages { get; } = new("live pages", perCaller: 200, overall: 2000);

    /// <summary>Requests with a large body, until they are answered: each is held in memory, read, about ten times.</summary>
    public Slots LargeBodies { get; } = new("requests of such a length", perCaller: 2, overall: 8);

    /// <summary>Each holds a connection and a file for as long as its sender takes, and no memory.</summary>
    public Slots Files { get; } = new("files that are sent", perCaller: 4, overall: 16);

    /// <summary>Each takes a whole core for as long as it lasts. The next ones wait in a queue: most last for less than a second.</summary>
    public Slots Computations { get; } = new("simulations and trials", perCaller: 1, overall: 2, queued: 3);

    /// <summary>Each reads all days that were asked for, for minutes where they are many, over a connection that everything else needs as well.</summary>
    public Slots Sums { get; } = new("sums over numbers", perCaller: 4, overall: 20, queued: 10);

    public void Dispose()
    {
        Sums.Dispose();
        Computations.Dispose();
        Files.Dispose();
        LargeBodies.Dispose();
        Streams.Dispose();
        Waits.Dispose();
        LivePages.Dispose();
    }
}

/// <summary>Places for what lasts. A place is held until it is disposed.</summary>
/// <param name="what">Of which there may be so many, for people.</param>
/// <param name="queued">How many more of one caller, and of all together for each place, may wait for one.</param>
public sealed class Slots(string what, int perCaller, int overall, int queued = 0) : IDisposable
{
    private readonly PartitionedRateLimiter<string> _places = PartitionedRateLimiter.CreateChained(Places(caller => caller, perCaller, queued), Places(_ => "", overall, overall * queued));

    /// <returns>Null when none is left.</returns>
    public IDisposable? TryTake(HttpContext http)
    {
        var place = _places.AttemptAcquire(TooManyCalls.PersonOf(http));
        if (place.IsAcquired) return place;
        place.Dispose();
        return null;
    }

    /// <summary>Waits for a place, where there is a queue.</summary>
    /// <returns>Null when too many wait already.</returns>
    public async Task<IDisposable?> TakeAsync(HttpContext http)
    {
        var place = await _places.AcquireAsync(TooManyCalls.PersonOf(http), cancellationToken: http.RequestAborted);
        if (place.IsAcquired) return place;
        place.Dispose();
        return null;
    }

    /// <summary>429 that says how many there may be.</summary>
    public IResult Refused() => new Refusal($"One caller may have {perCaller} {what} open at once, and all callers of this process {overall}: end one, or wait until one has ended.");

    public void Dispose() => _places.Dispose();

    private sealed class Refusal(string detail) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => TooManyCalls.RefuseAsync(httpContext, TimeSpan.FromSeconds(5), ProblemKind.TooManyOpen, detail);
    }

    private static PartitionedRateLimiter<string> Places(Func<string, string> whose, int most, int queued) => PartitionedRateLimiter.Create<string, string>(
        caller => RateLimitPartition.GetConcurrencyLimiter(whose(caller), _ => new() { PermitLimit = most, QueueLimit = queued, QueueProcessingOrder = QueueProcessingOrder.OldestFirst }));
}
