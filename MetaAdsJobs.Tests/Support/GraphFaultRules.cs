namespace MetaAdsJobs.Tests.Support;

/// <summary>Which calls go wrong, and how. Rules can come and go while the server runs; the first that fits a call is used.</summary>
public sealed class GraphFaultRules
{
    private readonly Lock _lock = new();
    private readonly List<Rule> _rules = [];

    /// <summary>The next <paramref name="times"/> calls that match meet the fault.</summary>
    public void Add(Func<RecordedCall, bool> match, GraphFault fault, int times = 1)
    {
        lock (_lock)
        {
            _rules.Add(new Rule(match, fault, times));
        }
    }

    public void Always(Func<RecordedCall, bool> match, GraphFault fault) => Add(match, fault, int.MaxValue);

    public void Clear()
    {
        lock (_lock)
        {
            _rules.Clear();
        }
    }

    /// <summary>How many calls may still meet a fault; 0 tells that all that were planned have happened.</summary>
    public int Left
    {
        get
        {
            lock (_lock)
            {
                return _rules.Sum(rule => Math.Min(rule.Left, 1_000_000));
            }
        }
    }

    internal GraphFault? Take(RecordedCall call)
    {
        lock (_lock)
        {
            if (_rules.Find(rule => rule.Left > 0 && rule.Match(call)) is not { } rule)
                return null;

            rule.Left--;
            return rule.Fault;
        }
    }

    private sealed class Rule(Func<RecordedCall, bool> match, GraphFault fault, int times)
    {
        public Func<RecordedCall, bool> Match { get; } = match;

        public GraphFault Fault { get; } = fault;

        public int Left { get; set; } = times;
    }
}
