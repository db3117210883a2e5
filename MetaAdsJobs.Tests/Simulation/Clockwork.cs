namespace MetaAdsJobs.Tests.Simulation;

/// <summary>
/// The heart of the simulation: lets one activity go on at a time, until it waits for Meta, the database or the clock, and draws which is
/// next. Time stands still while anything can happen, and jumps to the next thing due when nothing can.
/// </summary>
internal sealed class Clockwork(Choices choices, SimDatabase database)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    // A thread that fires something must not be taken for at rest while it is at it, unless it comes to wait itself.
    [ThreadStatic]
    private static bool t_isFiring;
    // Whose code is on this thread's stack, the last one's on top.
    [ThreadStatic]
    private static List<Activity>? t_below;

    private readonly object _lock = new();
    private readonly List<Due> _due = [];
    private readonly HashSet<Activity> _runningNow = [];
    private long _nextNo;
    private int _running;

    public DateTimeOffset Now { get; private set; } = new(2026, 3, 2, 12, 0, 0, TimeSpan.Zero);

    /// <summary>Whom the clockwork has let go on last.</summary>
    public Activity? Current { get; private set; }

    /// <summary>Whose code this thread runs: the flow tells, also of one whose process is dead.</summary>
    public Activity? Caller => Mine.Value ?? Current;

    public static AsyncLocal<Activity?> Mine { get; } = new(Changed);

    public List<string> Events { get; } = [];

    public int Steps { get; private set; }

    public void Tell(string what)
    {
        lock (_lock) Events.Add($"{Now - new DateTimeOffset(2026, 3, 2, 12, 0, 0, TimeSpan.Zero):hh\\:mm\\:ss\\.fff}  {what}");
    }

    public Due Plan(TimeSpan after, Activity? activity, SimProcess? process, string what, Action run, bool canKill = false, GraphCall? answered = null)
    {
        lock (_lock)
        {
            var at = Now + after;
            if (process is not null && process.SleepsUntil > at) at = process.SleepsUntil;
            var due = new Due(at, _nextNo++, activity, process, what, run) { CanKill = canKill, Answered = answered };
            _due.Add(due);
            return due;
        }
    }

    /// <returns>False when it has happened already.</returns>
    public bool Forget(Due due)
    {
        lock (_lock) return _due.Remove(due);
    }

    public void ForgetAllOf(SimProcess process)
    {
        lock (_lock)
        {
            _due.RemoveAll(due => due.Process == process);
            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>Nothing of the process goes on for so long; what is due for it meanwhile comes afterwards.</summary>
    public void Delay(SimProcess process, TimeSpan length)
    {
        process.SleepsUntil = Now + length;
        lock (_lock)
        {
            foreach (var due in _due.Where(due => due.Process == process && due.At < process.SleepsUntil)) due.At = process.SleepsUntil;
        }
    }

    /// <summary>What was about to happen does so later.</summary>
    public void Postpone(Due due, DateTimeOffset until)
    {
        due.At = until;
        lock (_lock) _due.Add(due);
    }

    public bool Any(Func<Due, bool> which)
    {
        lock (_lock) return _due.Any(which);
    }

    public IReadOnlyList<Due> Waiting()
    {
        lock (_lock) return [.. _due.OrderBy(due => due.At)];
    }

    /// <summary>Lets the next thing happen.</summary>
    /// <param name="beforehand">Called with it; true: it does not happen, something else did in its place.</param>
    /// <returns>False when nothing will ever happen.</returns>
    public bool Step(Func<Due, bool> beforehand)
    {
        Due next;
        lock (_lock)
        {
            if (_due.Count == 0) return false;
            var at = _due.Min(due => due.At);
            if (at > Now) Now = at;
            var ready = _due.Where(due => due.At <= Now).OrderBy(due => due.No).ToList();
            // A renewal that finds the lease lost cancels its run, which hears of it after the statement that it has ready.
            if (ready.FindAll(due => due.Activity?.Of is not { Unsent: > 0 }) is { Count: > 0 } others) ready = others;
            next = ready[ready.Count == 1 ? 0 : choices.Below(ready.Count)];
            _due.Remove(next);
            Now += TimeSpan.FromMilliseconds(1);
        }

        Steps++;
        database.SetClock(Now);
        if (beforehand(next)) return true;
        Current = next.Activity;
        next.Run();
        WaitUntilQuiet();
        return true;
    }

    /// <summary>Before an activity is let go on.</summary>
    public void Resume(Activity activity)
    {
        lock (_lock)
        {
            Current = activity;
            activity.Waits = null;
            if (activity.IsAwaited)
            {
                activity.IsAwaited = false;
                Resume(activity.Parent!);
            }

            if (activity.IsRunning || activity.HasEnded) return;
            activity.IsRunning = true;
            _runningNow.Add(activity);
            _running++;
        }
    }

    /// <summary>The activity has come to wait for something, or has ended.</summary>
    public void Rests(Activity activity, Due? waitsFor)
    {
        lock (_lock)
        {
            activity.Waits = waitsFor;
            if (!activity.IsRunning) return;
            activity.IsRunning = false;
            _runningNow.Remove(activity);
            _running--;
            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>The thread itself stands still with the activity before a statement, until <paramref name="go"/>.</summary>
    public void RestsOnThread(Activity activity, Due waitsFor, ManualResetEventSlim go)
    {
        var isParentBelow = activity.Parent is { IsRunning: true } parent && t_below?.Contains(parent) == true;
        lock (_lock) activity.Root.Unsent++;
        if (isParentBelow) Rests(activity.Parent!, null);
        Rests(activity, waitsFor);
        // Its lease's renewal may have found that lost, and tell so on this thread.
        foreach (var renewal in activity.Root.Background) Rests(renewal, null);
        EndFiring();
        go.Wait();
        lock (_lock) activity.Root.Unsent--;
        if (isParentBelow && !activity.Process.IsDead) Resume(activity.Parent!);
    }

    /// <summary>A part of an activity begins, on the thread and in the flow of what it is a part of.</summary>
    public Activity Begins(Activity whole)
    {
        var part = new Activity(whole.Process, whole.Name) { Parent = whole };
        lock (_lock) whole.Parts++;
        if (!whole.Process.IsDead) Resume(part);
        return part;
    }

    /// <summary>Whatever it has waited for and is cancelled now lets it go on no more.</summary>
    public void Ends(Activity activity)
    {
        lock (_lock)
        {
            activity.HasEnded = true;
            if (activity.Parent is { } whole && --whole.Parts == 0 && !activity.Process.IsDead) Resume(whole);
            Rests(activity, null);
        }
    }

    // A thread turns from one flow to another. Whoever has begun parts and returns from his code waits for them.
    private static void Changed(AsyncLocalValueChangedArgs<Activity?> change)
    {
        var below = t_below ??= [];
        if (change.CurrentValue is not { } now) below.Clear();
        else if (below.LastIndexOf(now) is >= 0 and var place) below.RemoveRange(place + 1, below.Count - place - 1);
        else below.Add(now);
        if (!change.ThreadContextChanged || change.PreviousValue is not { } before || before == change.CurrentValue) return;
        var clockwork = before.Process.Clockwork;
        if (before.Parent is not null && before.Parent == change.CurrentValue) clockwork.AwaitRest(before);
        lock (clockwork._lock)
        {
            if (before.Parts > 0) clockwork.Rests(before, null);
        }
    }

    // A part that has sent its statement goes on elsewhere when the answer comes, unless that was there at once. Either way the next part
    // begins when this one waits for something else than a statement.
    private void AwaitRest(Activity part)
    {
        lock (_lock)
        {
            while (!part.Process.IsDead && (part.IsRunning || part.Waits is { IsStatement: true }))
            {
                if (!part.IsRunning && !part.IsAwaited)
                {
                    part.IsAwaited = true;
                    Rests(part.Parent!, null);
                }

                if (!Monitor.Wait(_lock, Patience)) break;
            }
        }
    }

    /// <summary>Does something that may let an activity go on, on a thread of its own: it may go on on that.</summary>
    public void Fire(Action action)
    {
        lock (_lock) _running++;
        ThreadPool.UnsafeQueueUserWorkItem(_ =>
        {
            t_isFiring = true;
            try
            {
                action();
            }
            finally
            {
                EndFiring();
            }
        }, null);
    }

    private void EndFiring()
    {
        if (!t_isFiring) return;
        t_isFiring = false;
        lock (_lock)
        {
            _running--;
            Monitor.PulseAll(_lock);
        }
    }

    // Looked at several times: of somebody who reads ahead nothing is to be seen between an answer of the database and what follows from it.
    public void WaitUntilQuiet()
    {
        for (var look = 0; look < 4; look++, Thread.Yield()) Quieten();
    }

    private void Quieten()
    {
        var deadline = TimeProvider.System.GetTimestamp();
        lock (_lock)
        {
            while (_running > 0)
            {
                if (!Monitor.Wait(_lock, Patience) && TimeProvider.System.GetElapsedTime(deadline) > Patience)
                    throw new InvalidOperationException($"The simulation stands still: {Current?.Name} neither waits nor ends ({_running} running: {string.Join(", ", _runningNow.Select(one => $"{one.Name}{(one.Parent is null ? "" : ", a part")}, {one.Parts} parts"))}).\n{string.Join('\n', Events.TakeLast(20))}");
            }
        }

        if (!database.WaitUntilQuiet()) throw new InvalidOperationException($"{Current?.Name} holds a connection to the database while it waits for something else.");
    }
}
