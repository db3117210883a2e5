namespace MetaAdsJobs.Core.Budgets.Deciding;

/// <summary>Why, and why not. Of the whole pool: nothing is proposed. Of a member: left as it is, or as far as it may go.</summary>
internal static class Reason
{
    // Of the pool.
    public const string Stale = "stale";
    public const string Incomplete = "incomplete";
    public const string Syncing = "syncing";
    public const string Differing = "differing";
    public const string Unreconciled = "unreconciled";
    public const string Restated = "restated";
    public const string Frozen = "frozen";
    public const string Stopped = "stopped";
    public const string UnderWay = "under_way";
    public const string GoalsDiffer = "goals_differ";
    public const string TooFew = "too_few";
    public const string NoResults = "no_results";
    public const string BoundsDoNotFit = "bounds_do_not_fit";
    public const string SmallGain = "small_gain";
    public const string Unsure = "unsure";

    // Of a member that is left as it is.
    public const string Gone = "gone";
    public const string Paused = "paused";
    public const string NoDailyBudget = "no_daily_budget";
    public const string Experiment = "experiment";
    public const string BeingChanged = "being_changed";
    public const string ChangedByHand = "changed_by_hand";
    public const string OnceADay = "once_a_day";
    public const string Learning = "learning";
    public const string NoSpend = "no_spend";
    public const string Withheld = "withheld";
    public const string TrackingSilent = "tracking_silent";
    public const string OutOfBounds = "out_of_bounds";

    // As far as a member may go.
    public const string Step = "step";
    public const string Least = "least";
    public const string Most = "most";
    public const string MetaMinimum = "meta_minimum";
    public const string Cap = "cap";
    public const string SpendsLess = "spends_less";
    public const string Overspends = "overspends";
}

/// <summary>What is decided about a member, and what that rests on. Amounts are in Meta's units.</summary>
internal sealed record MemberDecision
{
    public required string MetaId { get; init; }
    public string Name { get; init; } = "";
    public long? Now { get; init; }

    /// <summary>The same as now when it is left as it is.</summary>
    public long? Proposed { get; init; }
    public long Least { get; init; }
    public long Most { get; init; }

    /// <summary>Why it is left as it is, or which bound it meets.</summary>
    public IReadOnlyList<string> Why { get; init; } = [];

    /// <summary>Results that count, the older the less.</summary>
    public double Results { get; init; }

    /// <summary>Results a day with the budget it has, and with the one proposed.</summary>
    public double PredictedNow { get; init; }
    public double PredictedProposed { get; init; }

    /// <summary>What one more unit of the currency a day would bring now.</summary>
    public double MarginalNow { get; init; }

    public bool IsChanged => Proposed != Now;
}

/// <summary>A night's decision about a pool.</summary>
internal sealed record PoolDecision
{
    /// <summary>False: nothing is proposed, and <see cref="Why"/> says why.</summary>
    public required bool IsProposed { get; init; }
    public IReadOnlyList<string> Why { get; init; } = [];

    /// <summary>By their ids.</summary>
    public required IReadOnlyList<MemberDecision> Members { get; init; }
    public long TotalNow { get; init; }
    public long TotalProposed { get; init; }

    /// <summary>Results a day of all that may be moved.</summary>
    public double PredictedNow { get; init; }
    public double PredictedProposed { get; init; }

    /// <summary>More results, in percent, by tonight's step.</summary>
    public double Gain { get; init; }

    /// <summary>The same of where such steps lead.</summary>
    public double GainInTheEnd { get; init; }

    /// <summary>How likely there is a gain at all; null: nothing was compared.</summary>
    public double? Sureness { get; init; }

    /// <summary>By which results grow with spend.</summary>
    public double? Exponent { get; init; }
}
