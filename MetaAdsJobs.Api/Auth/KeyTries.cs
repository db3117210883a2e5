using MetaAdsJobs.Api.Http;

namespace MetaAdsJobs.Api.Auth;

/// <summary>
/// How often an address may send keys that are none: as often as sign-in forms. Whoever calls is looked up before anybody is known whose calls could be counted, so that these are, before they are looked for. A
/// key that was good here is looked for in any case: who guesses does not shut out programs at the same address.
/// </summary>
internal sealed class KeyTries(RateLimitOptions options, TimeProvider time)
{
    // Of addresses and of keys. Beyond that it begins anew.
    private const int MostRemembered = 20_000;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (double Left, long At)> _addresses = [];
    private readonly HashSet<string> _good = [];

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

    public void WasGood(string address, byte[] hash)
    {
        lock (_lock)
        {
            if (_good.Count >= MostRemembered) _good.Clear();
            // It was counted, and is given back.
            if (_good.Add(Convert.ToHexString(hash)) && _addresses.TryGetValue(address, out var before)) _addresses[address] = (before.Left + 1, before.At);
        }
    }

    public void WasNone(byte[] hash)
    {
        lock (_lock) _good.Remove(Convert.ToHexString(hash));
    }
}
