namespace MetaAdsJobs.Core.Statistics;

/// <summary>Student's distribution beside the normal one, however far out (Wallace 1959): MathNet's search for it ends without an answer there.</summary>
internal static class Students
{
    private const double Farthest = 300;

    /// <summary>What is as improbable by Student's distribution as so many standard errors are by the normal one.</summary>
    public static double FromNormal(double deviations, double freedom)
    {
        var scaled = deviations * ((8 * freedom) + 3) / ((8 * freedom) + 1);
        // Beyond this there are no numbers, and no difference any more.
        return Math.Sign(deviations) * Math.Sqrt(freedom * (Math.Exp(Math.Min(Farthest, scaled * scaled / freedom)) - 1));
    }
}
