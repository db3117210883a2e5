namespace MetaAdsJobs.Api.Console.Parts;

/// <summary>What a chart shows, day by day.</summary>
/// <param name="Unit">count, percent (a share: 0.05 is 5 %), seconds, or a currency such as EUR.</param>
/// <param name="Days">In order, without gaps.</param>
/// <param name="Partial">Days that were not over when they were read.</param>
/// <param name="Missing">Days that were never read.</param>
public sealed record ChartOf(string Title, string Unit, IReadOnlyList<DateOnly> Days, IReadOnlyList<ChartLine> Lines, IReadOnlyList<DateOnly> Partial, IReadOnlyList<DateOnly> Missing)
{
    /// <summary>Fills the space between the first two lines.</summary>
    public bool HasBand { get; init; }
}

/// <param name="Style">line, dashed or bars; bars stand upon each other.</param>
/// <param name="Colour">1 to 4, or 0 for a quiet one.</param>
/// <param name="Values">One per day; null where there is none.</param>
public sealed record ChartLine(string Label, string Style, int Colour, IReadOnlyList<decimal?> Values);
