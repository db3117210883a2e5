using System.ComponentModel.DataAnnotations;

namespace MetaAdsJobs.Core.Campaigns.Holding;

public sealed class HoldOptions
{
    public const string Section = "Schedule";

    /// <summary>ACTIVATION_LATE_MINUTES: how long after its time something is still activated, when nothing but the service kept it. Default 60.</summary>
    [Range(2, 10080)]
    public int LateMinutes { get; set; } = 60;

    /// <summary>APPROVAL_HOURS: how long an approval is waited for; of what is to be activated later than that, until then. Default 72.</summary>
    [Range(1, 8760)]
    public int ApprovalHours { get; set; } = 72;

    internal TimeSpan Late => TimeSpan.FromMinutes(LateMinutes);
    internal TimeSpan ApprovalTime => TimeSpan.FromHours(ApprovalHours);
}

/// <summary>How late an edit is that had a time: what people held up from then on, or before it was late, is not late.</summary>
internal static class Lateness
{
    /// <summary>From when on nobody has held the edit r of the account a any more: its time, its approval, or that none is demanded any more, an earlier edit that waited for room, and from the last of these on the end of each freeze and the start after each stop that
    /// had begun before it was late. Null of one without a time. Takes @Now and @Late.</summary>
    public const string FreeSince = """
        CASE WHEN r.due_at IS NOT NULL THEN free_since(a.id, GREATEST(r.due_at, r.behind_until, (SELECT max(p.decided_at) FROM approvals p WHERE p.edit_id = r.edit_id AND p.state IN ('approved', 'withdrawn'))), @Late, @Now) END
        """;
}
