using System.Collections.Concurrent;
using System.Data.Common;
using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Graph;
using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Spending;

/// <summary>
/// Carries a stop out: pauses every campaign it covers, then their ad sets and ads, and looks again until no call that activates
/// can still be under way. Pausing is repeatable: a crash anywhere here only means pausing again.
/// </summary>
internal sealed class PauseSpending(Spenders spenders, StopStore store, Activations activations, MetaAds meta, IJobQueue queue, SpendingOptions spending, TimeProvider time, ILogger<PauseSpending> logger)
{
    private const int MostNotes = 4;

    private readonly ConcurrentDictionary<Guid, Memory> _memories = [];

    public async Task<JobOutcome> ExecuteAsync(Guid stopId, CancellationToken ct)
    {
        // Of stops that another process has ended something may be left here: what is forgotten is only read again.
        if (_memories.Count > 20) _memories.Clear();
        var outcome = await ExecuteAsync(stopId, _memories.GetOrAdd(stopId, _ => new()), ct);
        // Whoever looks for this stop again, or for the next one, reads all of it.
        if (outcome is JobOutcome.Completed) _memories.TryRemove(stopId, out _);
        return outcome;
    }

    private async Task<JobOutcome> ExecuteAsync(Guid stopId, Memory memory, CancellationToken ct)
    {
        var stop = await store.FindAsync(stopId, ct);
        var (paused, busy, refused) = stop is { IsLifted: false } ? await PauseAllAsync(stop.StoppedBy, NextAsync, async () => await InForceAsync() is not null, new(memory, IsOfStop: true), ct) : (0, 0, 0);
        stop = await store.FindAsync(stopId, ct);
        if (stop is null) return new JobOutcome.Completed();
        if (paused > 0) SpendingLog.Paused(logger, paused, stop.SocialAccountId, stop.StoppedBy);
        if (stop.IsLifted)
        {
            // Lifted while we, or another who died, were at it: what was paused after the lift has to be told, and found by somebody.
            await store.LiftAsync(stop, ct);
            queue.EnqueueResume(stopId);
            return new JobOutcome.Completed();
        }

        if (busy + refused > 0)
            return new JobOutcome.Snoozed(time.GetUtcNow().AddSeconds(busy > 0 ? 2 : 10), $"{busy} campaigns are being activated, {refused} could not be paused yet");
        await store.DoneAsync(stop, ct);
        return new JobOutcome.Completed();

        async Task<Stop?> InForceAsync() => await store.FindAsync(stopId, ct) is { IsLifted: false } inForce ? inForce : null;
        async Task<IReadOnlyList<Spender>> NextAsync(Spender? after) => (after is null ? stop : await InForceAsync()) is { } inForce ? await spenders.ListSpendingAsync(inForce, after, ct) : [];
    }

    /// <summary>What a start was to leave paused: an earlier one may have called for its activation just before.</summary>
    /// <returns>How many have to be paused again until none of those calls can come any more, and how many could not be paused.</returns>
    public async Task<(int Busy, int Refused)> PauseLeftAsync(Stop stop, CancellationToken ct)
    {
        var (_, busy, refused) = await PauseAllAsync(stop.LiftedBy ?? stop.StoppedBy, after => spenders.ListLeftAsync(stop, after, ct), () => Task.FromResult(true), new(_memories.GetOrAdd(stop.Id, _ => new()), IsOfStop: false), ct);
        return (busy, refused);
    }

    /// <summary>One pass over all that is listed, a page at a time. What has not answered in an earlier one comes when all others had their turn, which has been tried longest ago first: it is not what they are left for.</summary>
    private async Task<(int Paused, int Busy, int Failed)> PauseAllAsync(string askedBy, Func<Spender?, Task<IReadOnlyList<Spender>>> next, Func<Task<bool>> goesOn, Pass pass, CancellationToken ct)
    {
        var (paused, busy, failed, memory, unanswered) = (0, 0, 0, pass.Memory, new List<Spender>());
        IReadOnlyList<Spender> page;
        Spender? after = null;
        do
        {
            page = await next(after);
            unanswered.AddRange(page.Where(spender => memory.Unanswered.ContainsKey(spender.RequestId)));
            await AddAsync([.. page.Where(spender => !memory.Unanswered.ContainsKey(spender.RequestId) && !memory.IsFound(spender))]);
            if (page.Count > 0) after = page[^1];
        }
        while (page.Count == Spenders.PageSize);
        if (unanswered.Count > 0 && await goesOn()) await AddAsync([.. unanswered.OrderBy(spender => memory.Unanswered[spender.RequestId])]);
        return (paused, busy, failed);

        async Task AddAsync(List<Spender> these)
        {
            var of = await PauseSomeAsync(askedBy, these, pass, ct);
            (paused, busy, failed) = (paused + of.Paused, busy + of.Busy, failed + of.Failed);
        }
    }

    private async Task<(int Paused, int Busy, int Failed)> PauseSomeAsync(string askedBy, List<Spender> some, Pass pass, CancellationToken ct)
    {
        var (failed, gone, left, off) = (new HashSet<Guid>(), new HashSet<Guid>(), new HashSet<Guid>(), new HashSet<Guid>());
        var (memory, paused, found) = (pass.Memory, 0, 0);
        var options = new ParallelOptions { MaxDegreeOfParallelism = spending.PausesAtOnce, CancellationToken = ct };
        List<Spender> toDo = [.. some.OrderBy(spender => spender.IsOff).ThenBy(spender => memory.Silent.ContainsKey(spender.Account.Id))];

        // All campaigns first: a paused campaign spends nothing, whatever its ad sets say.
        await Parallel.ForEachAsync(toDo, options, (spender, token) => TryAsync(spender, [spender.CampaignId], pass.SilentCampaigns, token));
        // Also of a campaign that did not answer: its ad sets may. Below one that an earlier stop has paused, and that is so, nothing spends.
        List<Spender> below = [.. toDo.Where(spender => !left.Contains(spender.RequestId) && !off.Contains(spender.RequestId))];
        await Parallel.ForEachAsync(below, options, (spender, token) => TryAsync(spender, spender.ChildIds, pass.SilentBelow, token));
        await Parallel.ForEachAsync(toDo, options, async (spender, token) =>
        {
            if (failed.Contains(spender.RequestId))
            {
                await store.AuditAsync(spender, askedBy, token);
            }
            else if (!gone.Contains(spender.RequestId) && spender is { IsIdle: true, IsBusy: false, PausedIds.Count: 0 })
            {
                // Nothing was to be done, and nothing is to be told.
                if (!await spenders.StandsAsync(spender, token)) return;
                memory.FoundPaused[spender.RequestId] = spender.ChangedAt;
                Interlocked.Increment(ref found);
            }
            else if (await (gone.Contains(spender.RequestId) ? store.EndedAsync(spender, askedBy, isOwn: false, token) : store.PausedAsync(spender, askedBy, token)))
            {
                if (off.Contains(spender.RequestId)) Interlocked.Increment(ref found);
                else Interlocked.Increment(ref paused);
            }
        });
        return (paused, toDo.Count - paused - found - failed.Count, failed.Count);

        async ValueTask TryAsync(Spender spender, IReadOnlyList<string?> metaIds, ConcurrentDictionary<Guid, bool> silent, CancellationToken token)
        {
            // Below a campaign that is paused nothing spends.
            if (pass.IsOver && !metaIds.Contains(spender.CampaignId)) return;
            // It stays listed: the next pass comes within seconds, and until then those of accounts that answer are paused.
            if (pass.IsOver || silent.ContainsKey(spender.Account.Id))
            {
                lock (left) left.Add(spender.RequestId);
                lock (failed) failed.Add(spender.RequestId);
                return;
            }

            try
            {
                if (spender.Credential is null) throw new MetaException(Proof.NotSent, "the account's access token cannot be opened; give it again");
                // Whoever was at it has had his time.
                if (spender is { IsActivating: true, IsBusy: false } && metaIds.Contains(spender.CampaignId)) await store.TellActivatedAsync(spender, time.GetUtcNow(), token);
                foreach (var metaId in metaIds.OfType<string>())
                {
                    var isThere = await TryPauseAsync(spender, spender.Credential.Urgent(), metaId, token);
                    if (metaId != spender.CampaignId) continue;
                    if (!isThere) lock (gone) gone.Add(spender.RequestId);
                    else if (spender is { IsOff: true, IsIdle: false, NotedIds.Count: 0 }) lock (off) off.Add(spender.RequestId);
                }
            }
            catch (FencedException) when (!pass.IsOfStop)
            {
                // Somebody has seen to this one since; the others are to be paused as before.
                lock (left) left.Add(spender.RequestId);
                if (metaIds.Contains(spender.CampaignId)) lock (failed) failed.Add(spender.RequestId);
            }
            catch (FencedException)
            {
                pass.IsOver = true;
                if (metaIds.Contains(spender.CampaignId)) lock (failed) failed.Add(spender.RequestId);
            }
            catch (Exception exception) when (exception is MetaException or DbException)
            {
                // A database that is away for a moment keeps no other campaign from being paused, and what was done from being told.
                lock (failed) failed.Add(spender.RequestId);
                if (exception is MetaException { IsOutage: true, HttpStatus: null }) {
                    silent[spender.Account.Id] = memory.Silent[spender.Account.Id] = true;
                    memory.Unanswered[spender.RequestId] = time.GetTimestamp();
                }

                SpendingLog.CouldNotPause(logger, spender.RequestId, spender.Account.Id, (exception as MetaException)?.ForUser ?? exception.Message);
            }
        }
    }

    /// <returns>False when it is gone: Meta says so, or has called it missing since long ago.</returns>
    private async Task<bool> TryPauseAsync(Spender spender, GraphCredential credential, string metaId, CancellationToken ct)
    {
        try
        {
            var isThere = await PauseAsync(spender, credential, metaId, ct);
            spenders.IsShown(metaId);
            return isThere;
        }
        catch (MetaException exception) when (exception.IsCalledMissing)
        {
            if (!await spenders.IsGoneAsync(spender.RequestId, metaId, ct)) throw;
            return false;
        }
        catch (MetaException exception) when (exception.IsShown)
        {
            spenders.IsShown(metaId);
            throw;
        }
    }

    /// <returns>False when it is gone.</returns>
    private async Task<bool> PauseAsync(Spender spender, GraphCredential credential, string metaId, CancellationToken ct)
    {
        for (var notes = 1; ; notes++)
        {
            var notedAt = time.GetTimestamp();
            do
            {
                // What a person has paused stays theirs. While its own activation runs, everything is ours, and may be active in a moment. What an earlier stop has paused mostly is so.
                if ((spender.PausedIds.Contains(metaId) && (!spender.IsOff || spender.NotedIds.Contains(metaId))) || (spender.IsActivating && spender.SeenAt == spender.ChangedAt)) continue;
                var now = await meta.ReadSwitchAsync(credential, metaId, ct);
                if (now is "DELETED" or "ARCHIVED") return false;
                if (now == "PAUSED") return true;
            }
            while (!await store.NoteAsync(spender, metaId, ct));

            try
            {
                // A start that has come since waits until the note is over: nothing is sent after that.
                return await meta.PauseAsync(credential.Permitted(activations.PermitFrom(notedAt, permit: null)), metaId, ct) == "PAUSED";
            }
            catch (MetaException exception) when (exception.Proof == Proof.NotSent && !activations.IsPermitted(notedAt) && notes < MostNotes)
            {
                // Noted anew.
            }
        }
    }

    /// <summary>What this process has learned in the passes of one stop. Without it everything is only read again.</summary>
    private sealed class Memory
    {
        /// <summary>Of idle campaigns that were found paused: since when they have stood as they did. There may be thousands, and passes every few seconds.</summary>
        public ConcurrentDictionary<Guid, DateTimeOffset> FoundPaused { get; } = [];

        /// <summary>Campaigns that have not answered, and when they were tried last.</summary>
        public ConcurrentDictionary<Guid, long> Unanswered { get; } = [];

        /// <summary>Their accounts: those that answer come first.</summary>
        public ConcurrentDictionary<Guid, bool> Silent { get; } = [];

        public bool IsFound(Spender spender) => spender is { IsIdle: true, IsBusy: false } && FoundPaused.TryGetValue(spender.RequestId, out var changedAt) && changedAt == spender.ChangedAt;
    }

    /// <summary>One pass over what a stop covers. A call that is not answered takes minutes with its repeats: the first one has the rest of its account left for the next pass.</summary>
    /// <param name="IsOfStop">Else of a start, which leaves paused what an earlier one was activating.</param>
    private sealed record Pass(Memory Memory, bool IsOfStop)
    {
        /// <summary>Accounts of which a campaign's own call was not answered.</summary>
        public ConcurrentDictionary<Guid, bool> SilentCampaigns { get; } = [];

        /// <summary>Accounts of which one below a campaign was not.</summary>
        public ConcurrentDictionary<Guid, bool> SilentBelow { get; } = [];

        /// <summary>The stop was lifted meanwhile: nothing more is paused for it.</summary>
        public bool IsOver { get; set; }
    }
}
