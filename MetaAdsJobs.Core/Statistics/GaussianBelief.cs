using MathNet.Numerics.Distributions;

namespace MetaAdsJobs.Core.Statistics;

/// <summary>What is believed of an effect: a normal distribution.</summary>
internal readonly record struct GaussianBelief(double Mean, double Deviation)
{
    /// <summary>After an estimate. Without a prior every effect was as likely as any other.</summary>
    public static GaussianBelief After(double estimate, double variance, GaussianBelief? prior = null)
    {
        if (prior is not { } before) return new(estimate, Math.Sqrt(variance));
        var (known, held) = (1 / variance, 1 / (before.Deviation * before.Deviation));
        return new(((estimate * known) + (before.Mean * held)) / (known + held), Math.Sqrt(1 / (known + held)));
    }

    /// <summary>The chance that the effect is above nothing.</summary>
    public double ChanceAbove => Normal.CDF(0, 1, Mean / Deviation);

    /// <summary>What is lost on average by leaving it, when there is an effect above nothing.</summary>
    public double LossOfLeaving => (Mean * ChanceAbove) + (Deviation * Normal.PDF(0, 1, Mean / Deviation));

    /// <summary>What is lost on average by taking it, when the effect is below nothing.</summary>
    public double LossOfTaking => LossOfLeaving - Mean;

    public Interval Within(double alpha) => Interval.Around(Mean, Normal.InvCDF(0, 1, 1 - (alpha / 2)) * Deviation);
}
