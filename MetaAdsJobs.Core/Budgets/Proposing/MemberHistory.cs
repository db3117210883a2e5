namespace MetaAdsJobs.Core.Budgets.Proposing;

/// <summary>A change of a member, of its campaign or of an ad of it that was done, here or in Ads Manager.</summary>
internal sealed record MemberChange
{
    public string Member { get; init; } = "";
    public DateTimeOffset At { get; init; }
    public bool IsByPool { get; init; }

    /// <summary>Of its own budget: hundredths of the currency, before and after. Null: another change.</summary>
    public long? WasCents { get; init; }
    public long? BecameCents { get; init; }

    /// <summary>Another audience, bid or content, or switched on again.</summary>
    public bool IsBig { get; init; }
}

/// <summary>What a member went through, so that a day long past is seen as it was then.</summary>
/// <param name="changes">In any order.</param>
/// <param name="nowCents">Its budget now, in hundredths.</param>
internal sealed class MemberHistory(IEnumerable<MemberChange> changes, long? nowCents)
{
    private const double Big = 0.2;
    private readonly List<MemberChange> _changes = [.. changes.OrderBy(change => change.At)];

    /// <summary>At that moment: what the next change of it found.</summary>
    public long? BudgetAt(DateTimeOffset at) => _changes.Find(change => change.At > at && change.WasCents is not null)?.WasCents ?? nowCents;

    public DateTimeOffset? ByHandBefore(DateTimeOffset at) => _changes.FindLast(change => change.At <= at && !change.IsByPool)?.At;

    public DateTimeOffset? ByPoolBefore(DateTimeOffset at) => _changes.FindLast(change => change.At <= at && change.IsByPool)?.At;

    public DateTimeOffset? BigBefore(DateTimeOffset at) => _changes.FindLast(change => change.At <= at && IsBig(change))?.At;

    private static bool IsBig(MemberChange change) => change.IsBig
        || (change is { WasCents: > 0, BecameCents: { } became } && Math.Abs(became - change.WasCents.Value) > Big * change.WasCents.Value);
}
