namespace MetaAdsJobs.Core.Experiments;

/// <summary>What is compared. Always so that more is better.</summary>
public static class ExperimentMetric
{
    /// <summary>Results per spend; shown as cost.</summary>
    public const string CostPerResult = "cost_per_result";

    /// <summary>Results per link click: of impressions one person has many, and they are not independent.</summary>
    public const string ResultRate = "result_rate";

    /// <summary>Value of the results per spend.</summary>
    public const string ValuePerSpend = "value_per_spend";

    public static readonly IReadOnlyList<string> All = [CostPerResult, ResultRate, ValuePerSpend];
}

/// <summary>The one thing in which the variants differ.</summary>
public static class ExperimentThing
{
    public const string Creative = "creative";
    public const string Text = "text";
    public const string Audience = "audience";
    public const string Goal = "goal";
    public const string Bid = "bid";

    public static readonly IReadOnlyList<string> All = [Creative, Text, Audience, Goal, Bid];
}

/// <summary>What the variants are at Meta.</summary>
public static class ExperimentLevel
{
    /// <summary>Ad sets with the same budget each.</summary>
    public const string AdSet = "adset";

    /// <summary>Ads of one ad set, among which Meta divides its budget as it likes.</summary>
    public const string Ad = "ad";

    public static readonly IReadOnlyList<string> All = [AdSet, Ad];
}

/// <summary>How an experiment ends.</summary>
public static class ExperimentEnding
{
    public const string Winner = "winner";

    /// <summary>Whatever difference there is, it is smaller than the smallest worth knowing.</summary>
    public const string NoDifference = "no_difference";

    /// <summary>The longest time is over, and it cannot be told.</summary>
    public const string NotEnough = "not_enough_data";
}

/// <summary>By which rules an experiment is judged. Fixed when it begins.</summary>
public sealed record ExperimentRules
{
    /// <summary>The chance of a false winner, however often one looks.</summary>
    public const double Alpha = 0.05;

    /// <summary>The chance that the planned sample finds the smallest difference.</summary>
    public const double Power = 0.80;

    /// <summary>A variant's share of the spend may be off its planned one by so much of that.</summary>
    public const double ShareTolerance = 0.10;

    /// <summary>What was counted before may change by so much and counts as settled.</summary>
    public const double RestatedTolerance = 0.01;

    /// <summary>So long after its longest time, and a window more, it ends whatever is lacking.</summary>
    public const int MostDaysLate = 28;

    /// <summary>So much of the account's spend its ads may not account for.</summary>
    public const double MostDifference = 0.01;
    public const int LeastDays = 7;

    /// <summary>Results that may be lacking by chance: of fourteen that are expected none comes once in a million.</summary>
    public const double MostSilent = 14;

    public required string Metric { get; init; }

    /// <summary>Ads of one ad set: what each spends is Meta's choice, and another one each day.</summary>
    public bool AreAds { get; init; }
    public required int Variants { get; init; }

    /// <summary>The smallest difference worth knowing, as a share: 0.2 is 20 %.</summary>
    public required double Smallest { get; init; }

    /// <summary>Results of each variant before anything is decided.</summary>
    public required int LeastResults { get; init; }

    /// <summary>Days after which Meta puts no more results down to an ad.</summary>
    public required int AttributionDays { get; init; }

    /// <summary>The longest time, in days that count.</summary>
    public required int MostDays { get; init; }

    /// <summary>Results of each variant that the plan is made for: the intervals are tightest there.</summary>
    public required double PlannedResults { get; init; }

    public int Pairs => Variants * (Variants - 1) / 2;
}
