namespace MetaAdsJobs.Core.Experiments.Judging;

/// <summary>Something without which nothing is decided.</summary>
/// <param name="Have">How far it is; null where there is no number.</param>
/// <param name="Need">From where on, or up to where, it is open.</param>
public sealed record Gate(string Name, bool IsOpen, double? Have, double? Need)
{
    /// <summary>Seven full days and more.</summary>
    public const string FullDays = "full_days";

    /// <summary>Only whole weeks: weekdays differ.</summary>
    public const string WholeWeeks = "whole_weeks";

    /// <summary>Results of the variant with the fewest.</summary>
    public const string Results = "results";

    /// <summary>Each counted day was read again after its attribution window.</summary>
    public const string Attribution = "attribution_closed";

    /// <summary>The share of the spend that is furthest off its plan.</summary>
    public const string SpendShare = "spend_share";

    /// <summary>Of ads of one ad set, instead: days on which all were shown. Which of them gets how much is Meta's choice, and no plan.</summary>
    public const string ShownTogether = "shown_together";

    /// <summary>Read since yesterday.</summary>
    public const string Fresh = "numbers_fresh";

    /// <summary>No counted day is missing, was read before it was over, or lacks something that Meta would not tell.</summary>
    public const string Complete = "numbers_complete";

    /// <summary>The account's ads are what Meta says of it as a whole: else some were not shown to us, and they may be these.</summary>
    public const string AddingUp = "numbers_adding_up";

    /// <summary>What was counted before has not changed today.</summary>
    public const string Settled = "numbers_settled";

    /// <summary>No variant was made another one on the days that count.</summary>
    public const string Unchanged = "variants_unchanged";

    /// <summary>No variant has fallen silent: results that its last days lack although it spends. A broken pixel makes no loser.</summary>
    public const string Arriving = "results_arriving";

    /// <summary>All variants count the same kind of result.</summary>
    public const string Comparable = "results_comparable";

    /// <summary>About the numbers themselves: shut, an experiment does not end either when its longest time is over.</summary>
    public bool IsOfNumbers => Name is Fresh or Complete or AddingUp or Settled or Attribution;
}

/// <summary>One variant beside another.</summary>
/// <param name="From">Which, from 0 on.</param>
/// <param name="To">By how much this one is better.</param>
/// <param name="Effect">As a share: 0.2 is 20 % more for the same. Null: one of them has nothing yet.</param>
/// <param name="Low">Of the interval that holds however often one looks, for all pairs together.</param>
/// <param name="P">Always valid, by Holm for all pairs.</param>
/// <param name="Chance">That it is the better one (Bayes, flat prior). For display: nothing is decided by it.</param>
/// <param name="LossOfTaking">What is lost on average, as a share, by taking it if it is not better.</param>
/// <param name="LossOfLeaving">What is lost on average, as a share, by leaving it if it is better.</param>
/// <param name="Overdispersion">By how much days vary more than chance alone would have it; 1 where they do not.</param>
public sealed record Comparison(
    int From, int To, double? Effect, double? Low, double? High, double P, double? Chance, double? LossOfTaking, double? LossOfLeaving, double Overdispersion)
{
    public bool IsWithin(double share) => Low > (1 / (1 + share)) - 1 && High < share;
}

/// <summary>What stored numbers say of an experiment; the same numbers always say the same.</summary>
public sealed record Verdict
{
    /// <summary>The first and last day that counts; null: none yet.</summary>
    public DateOnly? Since { get; init; }
    public DateOnly? Until { get; init; }
    public required int Days { get; init; }

    /// <summary>A name of <see cref="ExperimentEnding"/>; null: it goes on.</summary>
    public string? Ending { get; init; }

    /// <summary>Which variant, from 0 on.</summary>
    public int? Winner { get; init; }

    /// <summary>The best so far.</summary>
    public int? Leader { get; init; }

    /// <summary>Those that are surely worse than the leader.</summary>
    public required IReadOnlyList<int> Losers { get; init; }
    public required IReadOnlyList<Gate> Gates { get; init; }

    /// <summary>What each variant adds up to.</summary>
    public required IReadOnlyList<VariantNumbers> Totals { get; init; }

    /// <summary>Each pair.</summary>
    public required IReadOnlyList<Comparison> Comparisons { get; init; }

    /// <summary>The day on which what had been counted was last seen to have changed.</summary>
    public DateOnly? RestatedOn { get; init; }

    /// <summary>What it was made of: the counted days.</summary>
    public required IReadOnlyList<ExperimentDay> Numbers { get; init; }

    public IEnumerable<Gate> Shut => Gates.Where(gate => !gate.IsOpen);
}
