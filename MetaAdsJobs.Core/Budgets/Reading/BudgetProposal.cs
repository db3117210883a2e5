using MetaAdsJobs.Core.Budgets.Deciding;

namespace MetaAdsJobs.Core.Budgets.Reading;

/// <summary>A member in a proposal. Amounts are hundredths of the account's currency a day.</summary>
/// <param name="Why">Why it is left as it is, or which bound it meets.</param>
/// <param name="Results">Those that count, the older the less.</param>
/// <param name="PredictedNow">Results a day with the budget it had.</param>
/// <param name="Predicted">The same with the one proposed.</param>
/// <param name="Marginal">Results that one more unit of the currency a day would have brought.</param>
/// <param name="EditId">The edit that changes it; null: it was not asked for.</param>
/// <param name="EditStatus">How far that is.</param>
/// <param name="Refused">Why it was not.</param>
public sealed record BudgetMove(
    string Id, string Name, long? NowCents, long? ProposedCents, long LeastCents, long MostCents, IReadOnlyList<string> Why, double Results, double PredictedNow, double Predicted, double Marginal, Guid? EditId,
    string? EditStatus, string? Refused);

/// <summary>What a pool's night has decided, what became of it, and what came of it.</summary>
public sealed record BudgetProposal
{
    public static readonly IReadOnlyList<string> States = ["none", "shown", "asked", "accepted", "done", "partly", "declined", "lapsed", "void"];

    public required Guid Id { get; init; }
    public required Guid PoolId { get; init; }

    /// <summary>Of the account's calendar, on which it is carried out.</summary>
    public required DateOnly Day { get; init; }

    /// <summary>The last day of its numbers; null: none was read whole.</summary>
    public DateOnly? Basis { get; init; }
    public required DateTimeOffset MadeAt { get; init; }

    /// <summary>none: nothing was proposed; shown; asked; accepted: it is being carried out; done; partly; declined; lapsed; void.</summary>
    public required string State { get; init; }

    /// <summary>Why nothing was proposed.</summary>
    public required IReadOnlyList<string> Why { get; init; }

    /// <summary>Why it ended as it did.</summary>
    public string? StateWhy { get; init; }
    public long TotalNowCents { get; init; }
    public long TotalCents { get; init; }

    /// <summary>Results a day, of all members of which something is known.</summary>
    public double PredictedNow { get; init; }
    public double Predicted { get; init; }
    public double GainPercent { get; init; }
    public double GainInTheEnd { get; init; }
    public double? Sureness { get; init; }
    public double? Exponent { get; init; }
    public string? DecidedBy { get; init; }
    public DateTimeOffset? DecidedAt { get; init; }
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>What came on its day, of the members that were predicted, as it stands.</summary>
    public decimal? ObservedResults { get; init; }

    /// <summary>In whole units of the currency.</summary>
    public decimal? ObservedSpend { get; init; }
    public DateTimeOffset? ObservedAt { get; init; }

    /// <summary>What was to be expected of what was done.</summary>
    public double Expected => State is "done" or "partly" ? Predicted : PredictedNow;
}

/// <summary>A member as it is now.</summary>
/// <param name="DailyCents">Its budget for a day; null: none of its own.</param>
/// <param name="LifetimeCents">Its budget for its whole life.</param>
/// <param name="WeekSpend">Of its last seven whole days, in whole units of the currency.</param>
/// <param name="Pacing">Of a budget for a whole life that has an end.</param>
public sealed record PoolMemberNow(string Id, string Name, string? Status, long? DailyCents, long? LifetimeCents, long? MinCents, long? MaxCents, decimal? WeekSpend, decimal? WeekResults, Pacing? Pacing);
