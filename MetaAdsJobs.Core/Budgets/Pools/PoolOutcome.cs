using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Budgets.Pools;

/// <summary>What became of a wish to write a pool, or to try one.</summary>
public abstract record PoolOutcome<T>
{
    private PoolOutcome() { }

    public sealed record Done(T Value) : PoolOutcome<T>;

    public sealed record Invalid(FieldErrors Errors) : PoolOutcome<T>;

    public sealed record Unknown : PoolOutcome<T>;

    /// <summary>Not as it is now.</summary>
    public sealed record Refused(string Reason) : PoolOutcome<T>;

    /// <summary>It is no longer what the change was made for.</summary>
    public sealed record Outdated : PoolOutcome<T>;
}
