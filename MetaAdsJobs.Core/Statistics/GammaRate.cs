namespace MetaAdsJobs.Core.Statistics;

/// <summary>What is known of a rate by exposure, such as results per spend: a Gamma distribution.</summary>
/// <param name="Rate">The exposure.</param>
internal readonly record struct GammaRate(double Shape, double Rate)
{
    public double Mean => Shape / Rate;

    /// <summary>After so many results of so much exposure.</summary>
    public static GammaRate After(double results, double exposure) => new(1 + results, exposure);

    /// <summary>The chance that this one is above the other.</summary>
    public double ChanceAbove(GammaRate other) => IncompleteBeta.Of(other.Shape, Shape, other.Rate / (other.Rate + Rate));

    /// <summary>What is lost on average, in the rate's own unit, when this one is chosen and the other is the better.</summary>
    public double LossAgainst(GammaRate other) =>
        (other.Mean * (other with { Shape = other.Shape + 1 }).ChanceAbove(this)) - (Mean * (1 - (this with { Shape = Shape + 1 }).ChanceAbove(other)));
}
