using System.Text.Json;
using MetaAdsJobs.Core.Experiments.Judging;
using MetaAdsJobs.Core.Experiments.Planning;

namespace MetaAdsJobs.Core.Experiments.Reading;

/// <summary>An experiment in a line.</summary>
public sealed record ExperimentSummary
{
    public required Guid Id { get; init; }
    public required string Name { get; init; }
    public required Guid SocialAccountId { get; init; }
    public required string Account { get; init; }
    public required string Currency { get; init; }
    public required string Thing { get; init; }

    /// <summary>adset or ad: what each variant is.</summary>
    public required string Level { get; init; }
    public required string Metric { get; init; }

    /// <summary>running, decided or stopped.</summary>
    public required string State { get; init; }

    /// <summary>winner, no_difference or not_enough_data; null: it is not decided.</summary>
    public string? Ending { get; init; }
    public string? Winner { get; init; }

    /// <summary>The best so far; nothing says that it stays so.</summary>
    public string? Leader { get; init; }

    /// <summary>Days that count.</summary>
    public required int Days { get; init; }
    public DateOnly? Until { get; init; }
    public required int Variants { get; init; }

    /// <summary>The run that makes its tree, and how that is.</summary>
    public required Guid RequestId { get; init; }
    public required string RunStatus { get; init; }
    public string? CampaignId { get; init; }

    /// <summary>Of what is proposed: open, accepted or withdrawn; null: nothing is.</summary>
    public string? Proposal { get; init; }

    /// <summary>How often it was decided on numbers that Meta has changed since.</summary>
    public required int Reopened { get; init; }
    public required string CreatedBy { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? DecidedAt { get; init; }
    public DateTimeOffset? JudgedAt { get; init; }
    public string? StoppedBy { get; init; }
    public DateTimeOffset? StoppedAt { get; init; }
}

/// <summary>A variant: what it has of its own, and what its days add up to.</summary>
/// <param name="MetaId">Of its ad set, or of its ad; null: it is not made yet.</param>
/// <param name="Amount">What is compared: cost per result, results per link click, or value per spend.</param>
/// <param name="SpendShare">Of all variants' spend; planned is the same for each ad set; of ads in one it is Meta's choice.</param>
/// <param name="ChanceToBeat">The first variant (Bayes, flat prior): for display, nothing is decided by it.</param>
public sealed record ExperimentVariant(
    string Name, JsonElement Fields, string? MetaId, long Impressions, long LinkClicks, decimal Spend, decimal Results, decimal Value, double? Amount, double? SpendShare, double? ChanceToBeat, bool IsWinner, bool IsLoser);

/// <summary>One variant beside another, by name.</summary>
/// <inheritdoc cref="Comparison"/>
public sealed record ExperimentComparison(string From, string To, double? Effect, double? Low, double? High, double P, double? LossOfTaking, double? LossOfLeaving, double Overdispersion);

/// <param name="Name">See the documentation: full_days, whole_weeks, results, attribution_closed, spend_share (ad sets) or shown_together (ads), numbers_fresh, numbers_complete, numbers_adding_up, numbers_settled, variants_unchanged, results_arriving, results_comparable.</param>
public sealed record ExperimentGate(string Name, bool IsOpen, double? Have, double? Need);

/// <param name="State">planned, asked (see the edit), left (not wanted) or refused.</param>
public sealed record ProposalChange(string Variant, string MetaId, string Action, long? DailyBudgetCents, string State, Guid? EditId, string? EditStatus, string? Refusal);

public sealed record ExperimentProposal
{
    public required Guid Id { get; init; }
    public required int VerdictNo { get; init; }

    /// <summary>open, accepted or withdrawn.</summary>
    public required string State { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public string? WithdrawnWhy { get; init; }
    public string? AcceptedBy { get; init; }
    public DateTimeOffset? AcceptedAt { get; init; }
    public required IReadOnlyList<ProposalChange> Changes { get; init; }
}

/// <summary>How sure it was of each variant beside the first, a verdict at a time.</summary>
public sealed record ExperimentHistory
{
    public required int No { get; init; }
    public required DateTimeOffset JudgedAt { get; init; }

    /// <summary>The last day that counted.</summary>
    public DateOnly? Until { get; init; }
    public required int Days { get; init; }
    public string? Ending { get; init; }
    public required bool IsReopened { get; init; }
    public required IReadOnlyList<string> ShutGates { get; init; }

    /// <summary>Each beside the first one.</summary>
    public required IReadOnlyList<ExperimentComparison> BesideFirst { get; init; }
}

/// <summary>All there is to say of one.</summary>
public sealed record ExperimentDetail
{
    public required ExperimentSummary Experiment { get; init; }

    /// <summary>What numbers say, in a sentence.</summary>
    public required string Says { get; init; }

    /// <summary>What such a test can tell, and what it cannot.</summary>
    public required string Limits { get; init; }
    public required ExperimentPlan Plan { get; init; }
    public required int LeastResults { get; init; }
    public string? ResultType { get; init; }
    public required IReadOnlyList<ExperimentVariant> Variants { get; init; }
    public required IReadOnlyList<ExperimentComparison> Comparisons { get; init; }
    public required IReadOnlyList<ExperimentGate> Gates { get; init; }
    public required IReadOnlyList<ExperimentProposal> Proposals { get; init; }
}
