using System.Globalization;
using MetaAdsJobs.Core.Meta.Graph;

namespace MetaAdsJobs.Core.Meta.Pacing;

/// <summary>
/// What is known of one account's limit for one use case. Moments of this process count from its start by a monotonic clock; the
/// end of a block is a time of day, since processes tell it each other.
/// </summary>
internal sealed class AccountPace(string adAccountId, UseCase useCase)
{
    private const double Full = 100;
    private static readonly TimeSpan Refresh = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Never = TimeSpan.FromDays(-1);
    private readonly Lock _lock = new();
    private double _percent;
    private TimeSpan _readAt = Never;
    private DateTimeOffset _blockedUntil;
    private string? _reason;

    // Since the block began nobody was answered: once it is over one call goes first, and its answer tells how things stand.
    private bool _isProbing;
    private TimeSpan _lastTurn = Never;
    private TurnQueue _turns;

    // What the others know: from us, or we from them.
    private double _toldPercent;
    private TimeSpan _toldAt = Never;
    private DateTimeOffset _toldUntil;

    /// <summary>How long the block still lasts, and why; null when there is none.</summary>
    public (TimeSpan Left, string Reason)? Block(DateTimeOffset now)
    {
        lock (_lock) return _blockedUntil > now ? (_blockedUntil - now, _reason ?? "throttled by Meta") : null;
    }

    /// <summary>When one more call may be sent, and how far apart calls are at the moment.</summary>
    public (TimeSpan At, TimeSpan Apart) FindTurn(TimeSpan now, int processes)
    {
        lock (_lock)
        {
            var apart = PaceRules.Spacing(Remembered(now) ?? 0, processes);
            var at = apart > TimeSpan.Zero ? _lastTurn + apart : now;
            return (at > now ? at : now, apart);
        }
    }

    public void Take(TimeSpan at)
    {
        lock (_lock) _lastTurn = at > _lastTurn ? at : _lastTurn;
    }

    public TimeSpan ComeAgainAt(TimeSpan now, TimeSpan earliest, TimeSpan apart)
    {
        lock (_lock)
        {
            // The answer to the first call after a block comes sooner than the next turn would.
            return _isProbing ? _turns.Next(now, now + Soon, Soon / 10) : _turns.Next(now, earliest, apart);
        }
    }

    public void Answered(DateTimeOffset wall)
    {
        lock (_lock) _isProbing &= _blockedUntil > wall;
    }

    /// <returns>True when this begins a block that others should hear of at once.</returns>
    public bool Saw(UsageReading reading, TimeSpan now, DateTimeOffset wall)
    {
        lock (_lock)
        {
            // What was sent before the block began may be answered in its midst, and proves nothing about its end.
            (_percent, _readAt, _isProbing) = (PaceRules.Effective(reading), now, _isProbing && _blockedUntil > wall);
            return PaceRules.BlockFor(reading) is { } length
                && KeepOut(wall + length, wall, string.Create(CultureInfo.InvariantCulture, $"{reading.Percent:0.#} % of Meta's limit for {useCase.ToName()} is used"));
        }
    }

    /// <summary>Meta refused a call because of its limits.</summary>
    /// <returns>True when this begins a block that others should hear of at once.</returns>
    public bool WasThrottled(TimeSpan length, string reason, TimeSpan now, DateTimeOffset wall)
    {
        lock (_lock)
        {
            var isNew = KeepOut(wall + length, wall, reason);
            (_reason, _isProbing) = (reason, true);
            return isNew;
        }
    }

    /// <summary>What the others do not know yet and that matters to them; null when there is nothing. Counts as told from now on.</summary>
    public PaceNews? TakeNews(TimeSpan now, DateTimeOffset wall)
    {
        lock (_lock)
        {
            var percent = Remembered(now);
            var isSlow = percent >= PaceRules.Slow;
            var aboutUsage = isSlow
                ? Math.Abs(percent!.Value - _toldPercent) >= 2 || (now - _toldAt >= Refresh && _readAt > _toldAt)
                : percent is not null && _toldPercent >= PaceRules.Slow;
            var aboutBlock = _blockedUntil > wall && _blockedUntil > _toldUntil + TimeSpan.FromSeconds(1);
            if (!aboutUsage && !aboutBlock) return null;
            (_toldPercent, _toldAt, _toldUntil) = (percent ?? 0, now, _blockedUntil);
            var heard = Heard(now);
            return new(adAccountId, useCase, _blockedUntil > wall ? _blockedUntil : null, heard, heard is null ? TimeSpan.Zero : now - _readAt, _reason);
        }
    }

    /// <summary>What was taken did not reach the others.</summary>
    public void Untold()
    {
        lock (_lock) (_toldPercent, _toldAt, _toldUntil) = (0, Never, default);
    }

    /// <summary>Another process's news: the longer block and the newer usage count.</summary>
    public void Learn(PaceNews news, TimeSpan now, DateTimeOffset wall)
    {
        lock (_lock)
        {
            if (news.BlockedUntil is { } until && until > _toldUntil)
            {
                KeepOut(until, wall, news.Reason ?? "throttled by Meta");
                // Over before it was heard of here, and perhaps nobody has tried since.
                if (until <= wall && wall - until < PaceRules.Memory && until > _blockedUntil && now - _readAt > wall - until) (_blockedUntil, _isProbing) = (until, true);
                _toldUntil = until;
                if (_isProbing) (_toldPercent, _toldAt) = (Full, now);
            }

            if (news.Percent is not { } percent || now - news.Age <= _readAt) return;
            (_percent, _readAt) = (percent, now - news.Age);
            // What was read before the end of a block says nothing about how things stand after it.
            _isProbing &= percent >= PaceRules.Slow || wall - news.Age < _blockedUntil;
            (_toldPercent, _toldAt) = (_isProbing ? Full : percent, now);
        }
    }

    /// <summary>The percentage to act on.</summary>
    private double? Remembered(TimeSpan now) => _isProbing ? Full : Heard(now);

    /// <summary>The percentage as Meta told it.</summary>
    private double? Heard(TimeSpan now) => now - _readAt < PaceRules.Memory ? _percent : null;

    private bool KeepOut(DateTimeOffset until, DateTimeOffset wall, string reason)
    {
        if (until <= wall || until <= _blockedUntil) return false;
        var isNew = _blockedUntil <= wall;
        (_blockedUntil, _reason, _isProbing) = (until, reason, true);
        return isNew;
    }
}
