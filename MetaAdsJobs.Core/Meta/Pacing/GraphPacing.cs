using System.Collections.Concurrent;
using MetaAdsJobs.Core.Meta.Graph;

namespace MetaAdsJobs.Core.Meta.Pacing;

/// <summary>
/// Keeps this process within Meta's limits, each account and use case for itself. Asked before every call and told of every answer;
/// it knows no database: whoever shares it with other processes takes its news and brings theirs.
/// </summary>
internal sealed class GraphPacing(MetaOptions options, TimeProvider time)
{
    private static readonly TimeSpan BrakeTime = TimeSpan.FromSeconds(2);
    private readonly long _start = time.GetTimestamp();
    private readonly ConcurrentDictionary<(string AdAccountId, UseCase UseCase), AccountPace> _paces = new();
    private readonly ConcurrentDictionary<string, MutationWindow> _windows = new();
    private volatile TaskCompletionSource _blocked = NewSignal();
    private volatile int _processes = 1;
    private volatile IReadOnlySet<string> _braked = new HashSet<string>();

    /// <summary>Worker processes that share every limit.</summary>
    public int Processes
    {
        get => _processes;
        set => _processes = Math.Max(1, value);
    }

    /// <summary>Ad accounts of which some process is carrying out a stop: what else would change them waits meanwhile.</summary>
    public IReadOnlySet<string> Braked
    {
        get => _braked;
        set => _braked = value;
    }

    /// <summary>Completes when an account is newly kept out, until news are taken.</summary>
    public Task NewBlock => _blocked.Task;

    private TimeSpan Now => time.GetElapsedTime(_start);

    /// <summary>Waits for the call's turn, if that is soon.</summary>
    /// <exception cref="MetaException">Throttled: nothing was sent, and RetryAfter tells when to come again.</exception>
    public async ValueTask EnterAsync(GraphCredential credential, bool mutates, CancellationToken ct)
    {
        var wait = Enter(credential, mutates);
        if (wait <= TimeSpan.Zero) return;
        await Task.Delay(wait, time, ct);
        if (credential.IsUrgent) return;
        ThrowIfBlocked(PaceOf(credential.AdAccountId, credential.UseCase));
        if (mutates) ThrowIfBraked(credential);
    }

    /// <summary>Meta has answered; what its headers told, if anything.</summary>
    public void Saw(GraphCredential credential, IReadOnlyList<UsageReading> readings)
    {
        PaceOf(credential.AdAccountId, credential.UseCase).Answered(time.GetUtcNow());
        foreach (var reading in readings)
            if (PaceOf(credential.AdAccountId, reading.UseCase).Saw(reading, Now, time.GetUtcNow())) _blocked.TrySetResult();
    }

    /// <summary>Meta refused the call because of its limits.</summary>
    /// <returns>How long the account is kept out now.</returns>
    public TimeSpan Throttled(GraphCredential credential, TimeSpan? retryAfter, string reason)
    {
        var pace = PaceOf(credential.AdAccountId, credential.UseCase);
        var now = time.GetUtcNow();
        if (pace.WasThrottled(retryAfter ?? PaceRules.UsualBlock, reason, Now, now)) _blocked.TrySetResult();
        return pace.Block(now)?.Left ?? TimeSpan.Zero;
    }

    public IReadOnlyList<PaceNews> TakeNews()
    {
        if (_blocked.Task.IsCompleted) _blocked = NewSignal();
        return [.. _paces.Where(pace => pace.Key.UseCase.IsShared()).Select(pace => pace.Value.TakeNews(Now, time.GetUtcNow())).OfType<PaceNews>()];
    }

    /// <summary>What was taken did not reach the others: it is news still.</summary>
    public void Untold(IEnumerable<PaceNews> news)
    {
        foreach (var one in news) PaceOf(one.AdAccountId, one.UseCase).Untold();
    }

    public void Learn(PaceNews news) => PaceOf(news.AdAccountId, news.UseCase).Learn(news, Now, time.GetUtcNow());

    private TimeSpan Enter(GraphCredential credential, bool mutates)
    {
        var pace = PaceOf(credential.AdAccountId, credential.UseCase);
        if (!credential.IsUrgent) ThrowIfBlocked(pace);
        var window = WindowOf(credential.AdAccountId);
        if (credential.IsUrgent) return mutates ? EnterUrgently(window, credential.HasWholeRate) : TimeSpan.Zero;
        if (mutates) ThrowIfBraked(credential);
        var share = PaceRules.Share(options.MutationsPerSecond, Processes);
        lock (window)
        {
            var now = Now;
            var (turn, apart) = pace.FindTurn(now, Processes);
            var at = mutates ? window.Find(now, turn, share) : turn;
            if (at - now > credential.Patience)
            {
                var again = at > turn ? window.ComeAgainAt(now, at, share) : pace.ComeAgainAt(now, at, apart);
                throw new MetaException(Proof.Throttled, "calls of this account are spaced to stay within Meta's limits") { RetryAfter = again - now };
            }

            pace.Take(at);
            if (mutates) window.Take(at);
            return at - now;
        }
    }

    private TimeSpan EnterUrgently(MutationWindow window, bool isOfStop)
    {
        lock (window)
        {
            var now = Now;
            var at = window.FindUrgent(now, PaceRules.Share(options.MutationsPerSecond, isOfStop ? 1 : Processes), isOfStop);
            window.TakeUrgent(at, isOfStop);
            return at - now;
        }
    }

    private void ThrowIfBraked(GraphCredential credential)
    {
        if (!credential.YieldsToStops) return;
        var window = WindowOf(credential.AdAccountId);
        bool isBraked;
        lock (window) isBraked = window.IsBraked(Now);
        if (isBraked || _braked.Contains(credential.AdAccountId)) throw new MetaException(Proof.Throttled, "a stop of this account goes first") { RetryAfter = BrakeTime };
    }

    private void ThrowIfBlocked(AccountPace pace)
    {
        if (pace.Block(time.GetUtcNow()) is { } block) throw new MetaException(Proof.Throttled, block.Reason) { RetryAfter = block.Left };
    }

    private MutationWindow WindowOf(string adAccountId) => _windows.GetOrAdd(adAccountId, _ => new());

    private AccountPace PaceOf(string adAccountId, UseCase useCase) => _paces.GetOrAdd((adAccountId, useCase), key => new(key.AdAccountId, key.UseCase));

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
