namespace MetaAdsJobs.Core.Jobs.Recurring;

/// <summary>The nightly sync has one schedule per time zone in which accounts live.</summary>
public interface INightlySchedules
{
    /// <summary>Makes sure the zone's schedule exists; does nothing when it does.</summary>
    void Ensure(string timezoneName);
}
