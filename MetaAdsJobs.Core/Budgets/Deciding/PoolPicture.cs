namespace MetaAdsJobs.Core.Budgets.Deciding;

/// <summary>One whole day of a member, of the account's calendar.</summary>
/// <param name="Spend">Whole units of the currency; null: Meta has not told it.</param>
/// <param name="Results">Null: Meta has not told them, or they are of different kinds.</param>
/// <param name="Budget">What it was on that day, in Meta's units; null: not known.</param>
internal sealed record MemberDay(DateOnly Day, double? Spend, double? Results, long? Budget);

/// <summary>A member of a pool and all that a decision about it rests on.</summary>
internal sealed record PoolMember
{
    public required string MetaId { get; init; }
    public string Name { get; init; } = "";

    /// <summary>A day, in Meta's units; null: it has none of its own, or one for its whole life.</summary>
    public required long? Budget { get; init; }

    /// <summary>What its owner allows, in Meta's units.</summary>
    public long? Least { get; init; }
    public long? Most { get; init; }

    /// <summary>Meta's least for a day of what it is optimised for, in its units; null: not known, and the account's holds.</summary>
    public long? MetaMinimum { get; init; }

    /// <summary>Itself and its campaign are switched on.</summary>
    public bool IsOn { get; init; } = true;

    /// <summary>Deleted, archived, or its end has passed.</summary>
    public bool IsGone { get; init; }

    /// <summary>What its results are of: the pool's members must count the same.</summary>
    public string? Goal { get; init; }

    /// <summary>What the campaign above may still be raised by under its cap, in Meta's units; null: no cap.</summary>
    public long? CapRoom { get; init; }

    /// <summary>Of an experiment that is not over.</summary>
    public bool IsInExperiment { get; init; }

    /// <summary>A change of it is under way or waits.</summary>
    public bool IsBeingChanged { get; init; }

    /// <summary>By a person, here or in Ads Manager.</summary>
    public DateTimeOffset? ChangedByHandAt { get; init; }

    /// <summary>By a pool.</summary>
    public DateOnly? LastMovedOn { get; init; }

    /// <summary>Made, budget changed by more than a fifth, or another audience, bid or content: from then on Meta learns anew.</summary>
    public DateTimeOffset? LearnsSince { get; init; }

    /// <summary>How much of what older days had brought was restated within the last day, as a share.</summary>
    public double Restated { get; init; }

    /// <summary>In order; a whole day without a row counts as one of zeros.</summary>
    public IReadOnlyList<MemberDay> Days { get; init; } = [];
}

/// <summary>Everything that one decision rests on. The same for what happens, for what would have happened, and for a market that is made up.</summary>
internal sealed record PoolPicture
{
    /// <summary>Days that count, at the most; the oldest weighs a sixteenth.</summary>
    public const int Window = 56;

    public required DateTimeOffset Now { get; init; }

    /// <summary>The day of the account's calendar on which the proposal would be carried out.</summary>
    public required DateOnly Today { get; init; }

    /// <summary>The last day that was read whole after it was over; null: none.</summary>
    public DateOnly? LastDay { get; init; }

    /// <summary>Those of the window that were read whole.</summary>
    public IReadOnlySet<DateOnly> WholeDays { get; init; } = new HashSet<DateOnly>();

    /// <summary>The last week's spend that ads do not account for, as a share of Meta's own sum.</summary>
    public double Difference { get; init; }

    /// <summary>Of a day of the last week Meta has not told its own sum: what ads do not account for is not known.</summary>
    public bool IsUnreconciled { get; init; }

    /// <summary>How many of one whole unit of the currency Meta's are: 1 or 100.</summary>
    public required int Offset { get; init; }

    /// <summary>Its numbers are just being read again.</summary>
    public bool IsSyncing { get; init; }

    /// <summary>Nothing may be raised now.</summary>
    public bool IsFrozen { get; init; }

    /// <summary>The stop switch is on.</summary>
    public bool IsStopped { get; init; }

    /// <summary>The proposal before is still being carried out.</summary>
    public bool IsUnderWay { get; init; }

    /// <summary>All of the account's campaigns spent, on the last day, what its cap allows, or more.</summary>
    public bool IsAtCap { get; init; }

    /// <summary>What proposals before have taken from members and not given to others, in Meta's units.</summary>
    public long Owed { get; init; }

    /// <summary>Meta's least for a day, in its units.</summary>
    public long? MetaMinimum { get; init; }

    /// <summary>How much of a day's results is known when it is first read, from days that are settled.</summary>
    public double FirstShare { get; init; } = 1;

    /// <summary>A day, in percent; at most 20.</summary>
    public int MostStep { get; init; } = 20;

    /// <summary>In percent: below it nothing is proposed.</summary>
    public double LeastGain { get; init; } = 2;
    public required IReadOnlyList<PoolMember> Members { get; init; }
}
