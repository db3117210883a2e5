using System.Collections.Concurrent;
using System.Globalization;
using System.Threading.RateLimiting;

namespace MetaAdsJobs.Api.Http;

/// <summary>
/// A caller's bucket that can be looked into: how many calls are left is told with every answer (RateLimit, RateLimit-Policy). Buckets that nobody draws from are ended by
/// the limiter, and forgotten with that.
/// </summary>
internal sealed class CallsLeft : ReplenishingRateLimiter
{
    private static readonly ConcurrentDictionary<(object Limits, string Name, string Caller), CallsLeft> Known = new();
    private static readonly object Drawn = new();

    private readonly (object, string, string) _key;
    private readonly TokenBucketRateLimiter _bucket;
    private readonly TokenBucketRateLimiterOptions _options;

    private CallsLeft((object Limits, string Name, string Caller) key, TokenBucketRateLimiterOptions options)
    {
        (_key, _options, Name) = (key, options, key.Name);
        _options.AutoReplenishment = false;
        _bucket = new(options);
        // What a full bucket holds, and the seconds in which an empty one is full.
        Policy = string.Create(CultureInfo.InvariantCulture, $"\"{Name}\";q={options.TokenLimit};w={Seconds(options.TokenLimit)}");
        Known[key] = this;
    }

    public string Name { get; }

    public string Policy { get; }

    public int Left => (int)(_bucket.GetStatistics()?.CurrentAvailablePermits ?? 0);

    /// <summary>In seconds.</summary>
    public int FullIn => Seconds(_options.TokenLimit - Left);

    public override TimeSpan? IdleDuration => _bucket.IdleDuration;

    public override bool IsAutoReplenishing => false;

    public override TimeSpan ReplenishmentPeriod => _options.ReplenishmentPeriod;

    /// <param name="limits">Whose buckets these are: of one service, of several in a process.</param>
    public static RateLimitPartition<string> Partition(HttpContext http, object limits, string name, string caller, int perSecond)
    {
        var key = (limits, name, caller);
        http.Items[Drawn] = key;
        return RateLimitPartition.Get<string>(caller, _ => new CallsLeft(key, RateLimits.PerSecond(perSecond)));
    }

    /// <returns>Null: nobody counts this call.</returns>
    public static CallsLeft? Of(HttpContext http) =>
        http.Items.TryGetValue(Drawn, out var key) && Known.TryGetValue(((object, string, string))key!, out var calls) ? calls : null;

    public override RateLimiterStatistics? GetStatistics() => _bucket.GetStatistics();

    public override bool TryReplenish() => _bucket.TryReplenish();

    protected override RateLimitLease AttemptAcquireCore(int permitCount) => _bucket.AttemptAcquire(permitCount);

    protected override ValueTask<RateLimitLease> AcquireAsyncCore(int permitCount, CancellationToken cancellationToken) => _bucket.AcquireAsync(permitCount, cancellationToken);

    protected override void Dispose(bool disposing)
    {
        Known.TryRemove(new(_key, this));
        if (disposing) _bucket.Dispose();
        base.Dispose(disposing);
    }

    protected override ValueTask DisposeAsyncCore()
    {
        Dispose(disposing: true);
        return base.DisposeAsyncCore();
    }

    private int Seconds(int tokens) => (int)Math.Ceiling(tokens * _options.ReplenishmentPeriod.TotalSeconds / _options.TokensPerPeriod);
}
