namespace MetaAdsJobs.Core.Budgets.Deciding;

/// <summary>
/// Days on which a member spent and not one result came, though by its own days before so many were to be expected that chance is out of the question: a pixel that says nothing, not an ad that brings nothing. They are no
/// evidence, and while they last the member is left as it is: whoever gave its money to others would pay for a broken tag.
/// </summary>
internal static class SilentTracking
{
    // Zero by chance: once in some twenty thousand times.
    private const double TooMany = 10;

    /// <param name="days">In order, with spend.</param>
    public static IReadOnlySet<DateOnly> Of(IReadOnlyList<UsedDay> days)
    {
        var silent = new HashSet<DateOnly>();
        var (results, exposure, expected) = (0.0, 0.0, 0.0);
        var run = new List<UsedDay>();
        foreach (var day in days)
        {
            if (day.Results > 0) End();
            if (day.Results > 0) Count(day);
            else if (exposure > 0)
            {
                run.Add(day);
                expected += results / exposure * day.Exposure(Response.Usual);
            }
            else Count(day);
        }

        End();
        return silent;

        void Count(UsedDay day)
        {
            var fade = Math.Pow(0.5, 1.0 / Evidence.HalfLife);
            (results, exposure) = ((results * fade) + day.Results, (exposure * fade) + day.Exposure(Response.Usual));
        }

        void End()
        {
            if (expected >= TooMany) silent.UnionWith(run.Select(day => day.Day));
            else run.ForEach(Count);
            (run, expected) = ([], 0);
        }
    }
}
