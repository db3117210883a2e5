using MetaAdsJobs.Core.Meta.Graph;

namespace MetaAdsJobs.Core.Insights.Reports;

internal enum ReportState
{
    Planned,

    /// <summary>Meta prepares it.</summary>
    Submitted,

    /// <summary>Meta has prepared it: its pages can be read.</summary>
    Ready,

    /// <summary>Every page is in the staging table.</summary>
    Read,

    /// <summary>It was too much for Meta: others are asked for in its place. None are when Meta keeps none of its days any more.</summary>
    Split,

    /// <summary>Meta will not make it. Only for a definition's reports and for deleted ads: without those of the ads there is no sync.</summary>
    Refused,
}

internal enum ReportScope
{
    Account,
    Campaigns,
    Ads,

    /// <summary>The deleted and archived ads of all of the account, which its own report leaves out.</summary>
    Deleted,
}

internal enum ReportMode
{
    /// <summary>Read at once; started over when it breaks off, since Meta may have counted on meanwhile.</summary>
    Direct,

    /// <summary>Prepared in the background: its rows stand still, so that reading goes on where it broke off.</summary>
    Async,
}

/// <summary>One report of a sync: what it asks for, and how far it has got. A row of insight_reports.</summary>
internal sealed record SyncReport
{
    /// <summary>The report of the ads, which every sync has; others have a definition.</summary>
    public const long OfAds = 0;

    public required int No { get; init; }
    public required long DefinitionId { get; init; }
    public required DateOnly Since { get; init; }
    public required DateOnly Until { get; init; }
    public required ReportScope Scope { get; init; }
    public required string[] ScopeIds { get; init; }
    public required ReportMode Mode { get; init; }
    public ReportState State { get; init; }
    public string? RunId { get; init; }
    public int Submissions { get; init; }
    public DateTimeOffset? SubmittedAt { get; init; }
    public int Percent { get; init; }
    public DateTimeOffset? ProgressedAt { get; init; }
    public DateTimeOffset? NextPollAt { get; init; }

    /// <summary>When Meta first said that it is complete.</summary>
    public DateTimeOffset? ReadyAt { get; init; }

    /// <summary>Where the next page begins; null before the first.</summary>
    public string? Cursor { get; init; }
    public int Pages { get; init; }
    public int EmptyPages { get; init; }
    public string? KnownCursor { get; init; }
    public string? KnownRows { get; init; }
    public long Rows { get; init; }

    /// <summary>What Meta has refused of it, and is asked for no more.</summary>
    public string[] RefusedFields { get; init; } = [];

    /// <summary>What is not in it, or why it was refused.</summary>
    public string? Error { get; init; }

    public ListTrail Trail => new(Pages, EmptyPages, Cursor, KnownCursor, KnownRows);

    public bool IsOpen => State is ReportState.Planned or ReportState.Submitted or ReportState.Ready;

    public bool CanBeReadNow => State == ReportState.Ready || (State == ReportState.Planned && Mode == ReportMode.Direct);

    /// <summary>Cut by days, and not the only one of them that is left: it may lie wholly before what Meta keeps, when the account's day has ended since.</summary>
    public bool IsOneOfSeveral(IEnumerable<SyncReport> reports) =>
        Scope == ReportScope.Account && reports.Any(one => one.DefinitionId == DefinitionId && one.Scope != ReportScope.Deleted && one.State != ReportState.Split && (one.Since != Since || one.Until != Until));

    public static SyncReport Plan(int no, long definitionId, DayRange days, ReportMode mode) => new()
    {
        No = no, DefinitionId = definitionId, Since = days.Since, Until = days.Until, Scope = ReportScope.Account, ScopeIds = [], Mode = mode,
    };

    /// <summary>A part of this one, to be asked for in its place.</summary>
    public SyncReport Part(int no, DayRange days, ReportScope scope, string[] ids) => new()
    {
        No = no, DefinitionId = DefinitionId, Since = days.Since, Until = days.Until, Scope = scope, ScopeIds = ids, Mode = ReportMode.Async, RefusedFields = RefusedFields,
    };
}
