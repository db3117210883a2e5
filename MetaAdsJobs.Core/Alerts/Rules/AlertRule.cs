namespace MetaAdsJobs.Core.Alerts.Rules;

/// <summary>What is watched, and when somebody is told. Rules are data: what they can say is a closed list (<see cref="AlertMetric"/>).</summary>
public sealed record AlertRule
{
    public const string Value = "value";
    public const string Median = "median";
    public const string Above = "above";
    public const string Below = "below";
    public const string ByRule = "rule";
    public const string ByAccount = "account";

    public static readonly IReadOnlyList<string> Severities = ["info", "warning", "critical"];

    public required Guid Id { get; init; }

    /// <summary>Of those that every installation has: which of them.</summary>
    public string? BuiltIn { get; init; }
    public required string Name { get; init; }

    /// <summary>A name of <see cref="AlertMetric.All"/>.</summary>
    public required string Metric { get; init; }

    /// <summary>What the numbers are added up for, and what is listed: account, campaign, adset, ad or run.</summary>
    public required string Level { get; init; }

    /// <summary>Null: all.</summary>
    public Guid[]? AccountIds { get; init; }

    /// <summary>Meta's ids; null: all.</summary>
    public string[]? CampaignIds { get; init; }

    /// <summary>Days of the account's own calendar that are finally stored.</summary>
    public int? WindowDays { get; init; }
    public int? WindowHours { get; init; }

    /// <summary><see cref="Value"/>, or <see cref="Median"/>: with the object's own days before the window.</summary>
    public required string Compare { get; init; }

    /// <summary>7 or 28; null unless it is compared with them.</summary>
    public int? MedianDays { get; init; }

    /// <summary><see cref="Above"/> or <see cref="Below"/>.</summary>
    public required string Direction { get; init; }

    /// <summary>Of the metric; of the median in percent.</summary>
    public required decimal Threshold { get; init; }

    /// <summary>Where it is well again. Null: at the threshold.</summary>
    public decimal? ResolveAt { get; init; }

    /// <summary>With less of this within the window nothing is judged.</summary>
    public string? FloorMetric { get; init; }
    public decimal? FloorLeast { get; init; }

    /// <summary>For so many evaluations in a row; of days, an evaluation is a day that was not there before.</summary>
    public required int Evaluations { get; init; }

    /// <summary>For so long all has to be well until it counts as over, and between two messages.</summary>
    public required int CooldownMinutes { get; init; }
    public required string Severity { get; init; }

    /// <summary><see cref="ByRule"/>: one episode for all accounts; <see cref="ByAccount"/>: one for each.</summary>
    public required string GroupBy { get; init; }
    public required bool Enabled { get; init; }
    public required string CreatedBy { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; init; }
    public DateTimeOffset? EvaluatedAt { get; init; }

    public TimeSpan Cooldown => TimeSpan.FromMinutes(CooldownMinutes);

    public AlertMetric Watched => AlertMetric.Of(Metric);
}
