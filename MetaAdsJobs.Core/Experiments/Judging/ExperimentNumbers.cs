namespace MetaAdsJobs.Core.Experiments.Judging;

/// <summary>What Meta told of a variant, on a day or in all.</summary>
/// <param name="Spend">In whole units of the account's currency.</param>
/// <param name="Value">Of the results, in the same.</param>
public readonly record struct VariantNumbers(double Impressions, double LinkClicks, double Spend, double Results, double Value)
{
    public static VariantNumbers operator +(VariantNumbers one, VariantNumbers other) => new(
        one.Impressions + other.Impressions, one.LinkClicks + other.LinkClicks, one.Spend + other.Spend, one.Results + other.Results, one.Value + other.Value);
}

/// <summary>A day of the account's own calendar.</summary>
/// <param name="ReadOn">The day, in the same calendar, on which it was last read.</param>
/// <param name="IsWhole">Read after it was over, and Meta left nothing untold of the variants, nor its own sum of the account.</param>
public sealed record ExperimentDay(DateOnly Day, DateOnly ReadOn, bool IsWhole, IReadOnlyList<VariantNumbers> Variants)
{
    /// <summary>Meta puts nothing more down to it.</summary>
    public bool IsClosed(int attributionDays) => ReadOn > Day.AddDays(attributionDays);
}

/// <summary>A day's spend of the whole account.</summary>
/// <param name="Told">Meta's own sum.</param>
/// <param name="Difference">What its ads do not account for.</param>
public readonly record struct AccountSum(double Told, double Difference);

/// <summary>Everything a verdict is made of: what was stored when it was made.</summary>
/// <param name="Today">In the account's own calendar.</param>
/// <param name="Days">The earliest first; one that was never read is missing.</param>
/// <param name="IsComparable">The variants count the same kind of result.</param>
/// <param name="Sums">Of days of which Meta told one.</param>
/// <param name="ChangedOn">Days on which something of a variant was made another than it was: its text, its audience, its bid.</param>
public sealed record ExperimentNumbers(
    DateOnly Today, IReadOnlyList<ExperimentDay> Days, bool IsComparable, IReadOnlyDictionary<DateOnly, AccountSum>? Sums = null, IReadOnlyList<DateOnly>? ChangedOn = null)
{
    /// <summary>By how much these days' ads do not add up to what Meta says of the account, as a share.</summary>
    public double DifferenceOn(IEnumerable<ExperimentDay> days)
    {
        var sums = days.Select(day => Sums?.GetValueOrDefault(day.Day) ?? default).ToList();
        var (told, differs) = (sums.Sum(sum => Math.Abs(sum.Told)), sums.Sum(sum => Math.Abs(sum.Difference)));
        return differs == 0 ? 0 : told == 0 ? 1 : differs / told;
    }

    /// <summary>The first day on which any variant was shown: it may have been asked for long before. Null before.</summary>
    public DateOnly? ShownFrom => Days.FirstOrDefault(day => day.Variants.Any(one => one.Impressions > 0))?.Day;

    /// <summary>The first whole day: the one after that on which every variant was shown. Null before.</summary>
    public DateOnly? First => Days.FirstOrDefault(day => day.Variants.All(one => one.Impressions > 0))?.Day.AddDays(1);
}
