namespace MetaAdsJobs.Core.Statistics;

/// <summary>Student's distribution beside the normal one, however far out (Wallace 1959): MathNet's search for it ends without an answer there.</summary>
internal static class Students
{
    /// <summary>What is as improbable by Student's distribution as so many standard errors are by the normal one.</summary>
    public static double FromNormal(double deviations, double freedom)
    {
        var scaled = deviations * ((8 * freedom) + 3) / ((8 * freedom) + 1);
        return Math.Sign(deviations) * Math.Sqrt(freedom * (Math.Exp(scaled * scaled / freedom) - 1));
    }
}
