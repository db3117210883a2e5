namespace MetaAdsJobs.Tests.Simulation;

/// <summary>One thing under way in a simulated process: a job's run, a client's call, or the renewal of a lease.</summary>
internal sealed class Activity(SimProcess process, string name, bool isBackground = false)
{
    public SimProcess Process { get; } = process;
    public string Name { get; } = name;

    /// <summary>A lease's renewal: its statements are not waited before, since its run may be waiting for it.</summary>
    public bool IsBackground { get; } = isBackground;

    /// <summary>Whose lease it renews.</summary>
    public Activity? Of { get; init; }

    /// <summary>Renewals that this one has begun, and that end with it.</summary>
    public List<Activity> Background { get; } = [];
    public bool IsRunning { get; set; }

    /// <summary>Whatever still would let it go on, a delay that was cancelled as it fired, comes too late.</summary>
    public bool HasEnded { get; set; }

    /// <summary>What this is a part of: of steps that are under way together each is one.</summary>
    public Activity? Parent { get; init; }

    public Activity Root => Parent?.Root ?? this;

    /// <summary>Parts that have not ended: it goes on after the last of them.</summary>
    public int Parts { get; set; }

    /// <summary>The thread on which it began waits for its statements before it begins the next part.</summary>
    public bool IsAwaited { get; set; }

    /// <summary>Statements that it, or a part of it, has ready and not sent yet.</summary>
    public int Unsent { get; set; }

    /// <summary>What it waits for: the item that lets it go on.</summary>
    public Due? Waits { get; set; }
    public CancellationTokenSource Stopping { get; } = new();

    /// <summary>What becomes of the transaction that it has begun with a COPY, which says nothing of its connection.</summary>
    public StatementFate? OfCopy { get; set; }
}

/// <summary>Something that will happen: at the earliest at its time, in an order that is drawn.</summary>
/// <param name="Activity">Whose it is; null for what happens in the world outside, which outlives every process.</param>
internal sealed record Due(DateTimeOffset At, long No, Activity? Activity, SimProcess? Process, string What, Action Run)
{
    public bool CanKill { get; init; }

    /// <summary>The call whose answer it is.</summary>
    public GraphCall? Answered { get; init; }

    /// <summary>A statement that is ready to be sent.</summary>
    public bool IsStatement => What == "statement";

    /// <summary>Later when its process sleeps.</summary>
    public DateTimeOffset At { get; set; } = At;
}
