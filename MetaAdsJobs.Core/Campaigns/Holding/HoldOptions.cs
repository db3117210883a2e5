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

/// <summary>How late an edit is that had a time: what people held up after that is not late.</summary>
internal static class Lateness
{
    /// <summary>From when on nobody has held the edit r of the account a any more: its time, its approval, or that none is demanded any more, the end of a freeze, the start after a stop, an earlier edit that waited for room. Null of one without a time. Takes @Now.</summary>
    public const string FreeSince = """
        CASE WHEN r.due_at IS NOT NULL THEN GREATEST(r.due_at, r.behind_until, (SELECT max(p.decided_at) FROM approvals p WHERE p.edit_id = r.edit_id AND p.state IN ('approved', 'withdrawn')),
            (SELECT max(s.lifted_at) FROM stops s WHERE s.lifted_at > r.due_at AND (s.social_account_id IS NULL OR s.social_account_id = a.id)),
            (SELECT max(LEAST(f.until_at, f.ended_at)) FROM freezes f WHERE f.until_at > r.due_at AND f.from_at < @Now AND (f.social_account_id IS NULL OR f.social_account_id = a.id)),
            -- One of a week may be days on end, and be ended by a person as well.
            (SELECT max(LEAST((d.day + f.until_time) AT TIME ZONE a.timezone_name, f.ended_at))
             FROM freezes f, generate_series(0, (@Now AT TIME ZONE a.timezone_name)::date - (r.due_at AT TIME ZONE a.timezone_name)::date) n, LATERAL (SELECT (r.due_at AT TIME ZONE a.timezone_name)::date + n AS day) d
             WHERE extract(isodow FROM d.day)::int = ANY (f.weekdays) AND (f.social_account_id IS NULL OR f.social_account_id = a.id)
               AND (d.day + f.until_time) AT TIME ZONE a.timezone_name > GREATEST(r.due_at, f.made_at) AND (d.day + f.from_time) AT TIME ZONE a.timezone_name < LEAST(@Now, f.ended_at))) END
        """;
}
