using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Jobs.Recurring;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>One history from beginning to end: everything that happens in it follows from its choices.</summary>
internal sealed class History : IAsyncDisposable
{
    private const int MostStormySteps = 2_000;
    private const int MostSteps = 30_000;
    private static readonly TimeSpan Longest = TimeSpan.FromHours(12);
    private readonly List<SimProcess> _processes = [];
    private readonly Dictionary<Guid, string> _names = [];
    private int _born;

    public History(SimDatabase database, Choices choices, bool isOfNumbers)
    {
        (Database, Choices, IsOfNumbers) = (database, choices, isOfNumbers);
        Clockwork = new(choices, database);
        database.History = this;
        database.SetClock(Clockwork.Now);
        Odds = Odds.Draw(choices);
        MaxRetries = choices.OneOf(3, 0, 1, 2);
        Lease = TimeSpan.FromSeconds(choices.OneOf(30, 90));
        Settings = new()
        {
            ["MAX_RETRIES"] = $"{MaxRetries}", ["RETRY_DELAY_SECONDS"] = "2", ["SETTLE_DELAY_SECONDS"] = "60", ["LEASE_SECONDS"] = $"{Lease.TotalSeconds}",
            ["META_GRAPH_URL"] = "https://graph.example", ["META_ADS_MODE"] = "live", ["DATA_PROTECTION_KEY"] = Convert.ToBase64String(new byte[32]),
            ["Orchestration:OnFailure"] = choices.Chance(0.15) ? "Keep" : "Delete",
            // Days of some rows each, so that a sync is several reports, pages and commits.
            ["INSIGHTS_LOOKBACK_DAYS"] = "3", ["Insights:RowsPerCommit"] = "4", ["Insights:DirectDays"] = $"{(isOfNumbers ? choices.OneOf(7, 0, 2) : 7)}", ["Insights:OutageHours"] = "1",
            ["Spending:PausesAtOnce"] = "1", ["APPROVAL_HOURS"] = "1", ["Events:SwitchOffDays"] = "1", ["NIGHTLY_SYNC_AT"] = "00:00",
        };
        World = new(this) { ListLag = TimeSpan.FromSeconds(50) };
        Queue = new(this);
        Judge = new(this);
        Numbers = new(this);
        NumbersJudge = new(this);
        Script = new(this);
        // Drawn by what has been drawn: another choice here would make other histories of all seeds.
        Fates = new(this, isStoppedMidway: !isOfNumbers && choices.Made.Sum() % 8 == 4);
        // Two in five; those that are kept for what they once showed are of single ads.
        var sum = choices.Made.Sum();
        TreeSeed = !isOfNumbers && sum % 5 is 2 or 4 && sum is not (12 or 14) ? sum : null;
        EditSeed = !isOfNumbers && sum % 7 is 3 or 5 && sum is not (12 or 17) ? sum : null;
        // A third, of single ads and of trees, likewise.
        var weight = choices.Made.Index().Sum(choice => (choice.Index + 1) * choice.Item);
        KindSeed = !isOfNumbers && weight % 3 == 1 && weight != 73 ? weight : null;
        ContentSeed = EditSeed is not null && weight % 2 == 0 ? weight : null;
        // Of a sixth a later request adds to the campaign of an earlier one.
        IntoSeed = !isOfNumbers && weight % 6 == 5 && sum is not (12 or 14 or 17) && weight is not (89 or 107 or 137) ? weight : null;
        // Of a ninth somebody makes campaigns in Ads Manager, which are adopted.
        AdoptSeed = !isOfNumbers && weight % 9 == 4 ? weight : null;
        // Of a fifth the clip with a video is a file, sent in parts.
        FileSeed = !isOfNumbers && weight % 5 == 3 && weight is not (73 or 108) ? weight : null;
        // Of a tenth some requests have a time, and some accounts demand approval.
        HoldSeed = !isOfNumbers && weight % 10 == 7 && weight is not (107 or 137) ? weight : null;
        var later = sum is 12 or 14 or 17 || weight is 56 or 73 or 89 or 107 or 108 or 137 ? 0 : weight;
        // Of a quarter.
        MissingFor = !isOfNumbers && later % 4 == 1 ? TimeSpan.FromSeconds(20 + (later % 7 * 40)) : null;
        (Syncs, Edits, Into, Batches, Publishers, Reviews, Holds, Adopt, AdoptJudge) = (new(this), new(this), new(this), new(this, later), new(this, later), new(this, later), new(this), new(this), new(this));
        (Receiver, Deliveries, Alerts, Proposals, Starts, Caps) = (new(this), new(this, later), new(this, later), new(this, later), new(this, later), new(this, later));
        (Freezes, Terms, Retires, Nights) = (new(this, later), new(this, later), new(this, later), new(this, later));
        Midway = new(this, later);
    }

    /// <summary>About syncs and nights; else about requests and spending.</summary>
    public bool IsOfNumbers { get; }
    public SimDatabase Database { get; }
    public Choices Choices { get; }
    public Clockwork Clockwork { get; }
    public Odds Odds { get; private set; }
    public bool IsQuiet { get; private set; }
    /// <summary>From which the form of its trees is drawn; null where each request is for one ad.</summary>
    public int? TreeSeed { get; }
    /// <summary>From which is drawn what is done to campaigns after their birth; null where nothing is.</summary>
    public int? EditSeed { get; }
    /// <summary>From which is drawn what ads are to show, and ad sets to address, after their birth; null where that stays.</summary>
    public int? ContentSeed { get; }
    /// <summary>From which it is drawn what kinds its ads are of; null where each shows one clip.</summary>
    public int? KindSeed { get; }
    /// <summary>From which is drawn what is added to campaigns that are there; null where nothing is.</summary>
    public int? IntoSeed { get; }
    /// <summary>From which is drawn what somebody makes in Ads Manager, and what becomes of it when it is adopted; null where nobody does.</summary>
    public int? AdoptSeed { get; }
    /// <summary>Something may be done to campaigns after their birth.</summary>
    public bool HasEdits => EditSeed is not null || Midway.HasEdits;
    /// <summary>Ads may be given other contents.</summary>
    public bool HasContents => ContentSeed is not null || Midway.HasContents;
    /// <summary>Meta changes nothing any more of what is archived, nor of what hangs on it.</summary>
    public bool KeepsArchived => AdoptSeed is not null || Midway.HasEdits;
    /// <summary>The clip with a video is a file; null where it is a URL.</summary>
    public int? FileSeed { get; }
    /// <summary>From which is drawn what waits for a time or an approval; null where nothing does.</summary>
    public int? HoldSeed { get; }
    /// <summary>How long Meta calls an object missing once it has; null where it does so once.</summary>
    public TimeSpan? MissingFor { get; }
    public int MaxRetries { get; }
    public TimeSpan Lease { get; }
    public Dictionary<string, string> Settings { get; }
    public TimeSpan SettleDelay { get; } = TimeSpan.FromSeconds(60);
    public MetaWorld World { get; }
    public SimQueue Queue { get; }
    public Judge Judge { get; }
    public SimNumbers Numbers { get; }
    public NumbersJudge NumbersJudge { get; }
    public Script Script { get; }
    public SyncScript Syncs { get; }
    public EditScript Edits { get; }
    public IntoScript Into { get; }
    public HoldScript Holds { get; }
    public AdoptScript Adopt { get; }
    public BatchScript Batches { get; }
    public PublisherScript Publishers { get; }
    public ReviewScript Reviews { get; }
    public Midway Midway { get; }
    public Fates Fates { get; }
    public AdoptJudge AdoptJudge { get; }
    public SimReceiver Receiver { get; }
    public DeliveryScript Deliveries { get; }
    public AlertScript Alerts { get; }
    public ProposalScript Proposals { get; }
    public StartScript Starts { get; }
    public CapBook Caps { get; }
    public FreezeScript Freezes { get; }
    public TermScript Terms { get; }
    public RetireScript Retires { get; }
    public NightScript Nights { get; }

    /// <summary>Worker processes that live.</summary>
    public IReadOnlyList<SimProcess> Workers => [.. _processes.Where(process => !process.IsDead && process.Name.StartsWith('w'))];

    /// <summary>The API's process, if it lives.</summary>
    public SimProcess? Api => _processes.Find(process => !process.IsDead && process.Name.StartsWith('a'));

    public void Name(Guid id, string name) => _names[id] = name;

    public string NameOf(Guid id) => _names.GetValueOrDefault(id) ?? $"{id}"[..8];

    /// <summary>Whether it is one of those; the name is what SIMULATION_ONLY says.</summary>
    public bool Is(string name) => name switch
    {
        "deliveries" => Deliveries.IsOn, "alerts" => Alerts.IsOn, "publishers" => Publishers.IsOn, "batches" => Batches.IsOn, "proposals" => Proposals.IsOn, "adoptions" => AdoptSeed is not null, "trees" => TreeSeed is not null,
        "files" => FileSeed is not null, "edits" => HasEdits, "additions" => IntoSeed is not null, "moments" => Midway.IsOn, "starts" => Starts.LeavesSome, "caps" => Caps.LowersMidway,
        "freezes" => Freezes.IsOn, "terms" => Terms.IsOn, "retirements" => Retires.IsOn, "nights" => Nights.IsOn, _ => Midway.Is(name),
    };

    /// <returns>What is wrong; empty when nothing is.</returns>
    public async Task<IReadOnlyList<string>> RunAsync()
    {
        await Script.PrepareAsync();
        Start("api");
        for (var worker = Choices.OneOf(2, 1, 3); worker > 0; worker--) Start("worker");
        Script.Plan();
        Adopt.Plan(Script.Requests);
        Batches.Plan();
        Publishers.Plan();
        Reviews.Plan();
        Deliveries.Plan();
        Alerts.Plan();
        Proposals.Plan();
        Nights.Plan();
        Freezes.Plan();
        Retires.Plan();
        Midway.Plan();
        PlanSweep();
        // Storm, then calm: whatever is still open has to come to its end.
        Go(until: () => Clockwork.Now >= Script.CalmFrom || Clockwork.Steps > MostStormySteps);
        IsQuiet = Odds.IsQuiet;
        Odds = Odds.None;
        Clockwork.Tell("--- from now on nothing goes wrong");
        Script.PlanCalm();
        Adopt.PlanCalm();
        Batches.PlanCalm();
        Deliveries.PlanCalm();
        Proposals.PlanCalm();
        Go(until: () => Script.IsOver && Queue.Open == 0 && !Script.HasOpen() && !Batches.HasOpen() && !Proposals.HasOpen() && Judge.Verdicts.Count == 0);
        await new Afterwards(this).RunAsync();
        foreach (var judge in (Func<Task>[])[() => Reviews.EndAsync(Go), Judge.EndAsync, NumbersJudge.EndAsync])
            if (Judge.Verdicts.Count == 0) await judge();
        return Judge.Verdicts;
    }

    /// <summary>Lets things happen until then; what never comes to it is condemned.</summary>
    public void Go(Func<bool> until)
    {
        var since = Clockwork.Now;
        while (Judge.Verdicts.Count == 0 && !until())
        {
            if (Clockwork.Steps > MostSteps || Clockwork.Now - since > Longest)
            {
                Judge.Condemn($"it never ends: {Script.OpenNow()}; {Queue.Open} jobs, {(Script.IsOver ? "nobody" : "somebody")} at something; waiting: {string.Join("; ", Clockwork.Waiting().Take(5).Select(due => due.What))}");
                return;
            }

            if (!Clockwork.Step(Beforehand)) return;
            foreach (var process in _processes) process.TellToStop();
        }
    }

    // Before something happens to a process, the process may die instead.
    private bool Beforehand(Due due)
    {
        if (due.Process is not { } process || !due.CanKill) return false;
        if (Midway.Kills(due) || Alerts.Kills(due) || Choices.Chance(Odds.Death))
        {
            Clockwork.Tell($"{process.Name} dies before: {due.What}");
            Kill(process);
            return true;
        }

        if ((Midway.SleepAt(due) ?? Freezes.SleepAt(due)) is { } length ? Sleep(process, length) : process.IsAwake && Choices.Chance(Odds.Sleep) && Sleep(process, Lease * Choices.OneOf(1.3, 0.5, 3)))
        {
            Clockwork.Postpone(due, process.SleepsUntil);
            return true;
        }

        if (!process.IsStopping && Choices.Chance(Odds.Stop))
        {
            Clockwork.Tell($"{process.Name} is told to stop");
            process.Stop();
            Clockwork.Plan(TimeSpan.FromSeconds(40), null, null, $"{process.Name} has stopped", () =>
            {
                if (!process.IsDead) Kill(process);
            });
        }

        return false;
    }

    /// <summary>How long workers have slept, all together.</summary>
    public TimeSpan Slept { get; private set; }

    // SIGSTOP, or a virtual machine that stands still: nothing of it runs, and it knows nothing of it afterwards.
    private bool Sleep(SimProcess worker, TimeSpan length)
    {
        if (!Workers.Contains(worker)) return false;
        Clockwork.Tell($"{worker.Name} sleeps for {length.TotalSeconds:0} s");
        Clockwork.Delay(worker, length);
        Slept += length;
        Queue.Sleeps(worker);
        return true;
    }

    private void Kill(SimProcess process)
    {
        process.Die();
        NumbersJudge.Now();
        Queue.Died(process);
        Script.Died(process);
        var kind = process.Name.StartsWith('a') ? "api" : "worker";
        Clockwork.Plan(TimeSpan.FromSeconds(Choices.OneOf(3, 60)), null, null, $"another {kind} starts", () => Start(kind));
    }

    private void Start(string kind)
    {
        var offset = TimeSpan.FromMinutes(Choices.OneOf(0, 0, 5, -5));
        _processes.Add(new(this, $"{kind}{++_born}", offset));
        Clockwork.Tell($"{kind}{_born} starts{(offset == TimeSpan.Zero ? "" : $", its clock {offset.TotalMinutes:+0;-0} minutes off")}");
    }

    private void PlanSweep() => Clockwork.Plan(TimeSpan.FromMinutes(3), null, null, "sweep", () =>
    {
        PlanSweep();
        if (Workers.Where(worker => worker.IsAwake).ToList() is not { Count: > 0 } workers || !(Script.HasOpen() || Batches.HasOpen())) return;
        var worker = workers[Choices.Below(workers.Count)];
        worker.Begin($"{worker.Name} sweep", ct => worker.Get<Sweep>().RescueAsync(ct), _ => { });
    });

    public async ValueTask DisposeAsync()
    {
        Database.History = null;
        foreach (var process in _processes) await process.DisposeAsync();
        await Proposals.CleanAsync();
        await Script.CleanAsync();
        if (!Deliveries.IsOn && !Alerts.IsOn) return;
        await using var connection = await Database.Aside.OpenConnectionAsync();
        await Deliveries.CleanAsync(connection);
        await AlertScript.CleanAsync(connection);
    }

    public IReadOnlyList<string> Told => Clockwork.Events;
}
