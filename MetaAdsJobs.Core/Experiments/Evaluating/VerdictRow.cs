using MetaAdsJobs.Core.Experiments.Judging;

namespace MetaAdsJobs.Core.Experiments.Evaluating;

/// <summary>A row of experiment_verdicts.</summary>
internal sealed record VerdictRow
{
    public Guid ExperimentId { get; init; }
    public int No { get; init; }
    public DateOnly? Since { get; init; }
    public DateOnly? Until { get; init; }
    public int Days { get; init; }
    public string? Ending { get; init; }
    public int? Winner { get; init; }
    public int? Leader { get; init; }
    public int[] Losers { get; init; } = [];
    public DateOnly? RestatedOn { get; init; }
    public string Gates { get; init; } = "[]";
    public string Totals { get; init; } = "[]";
    public string Comparisons { get; init; } = "[]";
    public string Numbers { get; init; } = "[]";
    public string? Proposal { get; init; }

    public Verdict ToVerdict() => new()
    {
        Since = Since, Until = Until, Days = Days, Ending = Ending, Winner = Winner, Leader = Leader, Losers = Losers, RestatedOn = RestatedOn, Gates = VerdictJson.Read<IReadOnlyList<Gate>>(Gates),
        Totals = VerdictJson.Read<IReadOnlyList<VariantNumbers>>(Totals), Comparisons = VerdictJson.Read<IReadOnlyList<Comparison>>(Comparisons), Numbers = VerdictJson.ReadDays(Numbers),
    };
}
