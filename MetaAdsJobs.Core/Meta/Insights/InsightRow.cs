using MetaAdsJobs.Core.Meta.Graph;

namespace MetaAdsJobs.Core.Meta.Insights;

/// <summary>
/// One row of a report: what one thing did on one day, in one cell of the breakdowns. A metric that was not asked for, or that
/// Meta leaves out, is null. Spend is in whole units of the account's currency, as Meta reports it.
/// </summary>
internal sealed record InsightRow
{
    /// <summary>Of the report's level: the ad's id in a report of ads.</summary>
    public required string ObjectId { get; init; }

    /// <summary>The breakdowns' values in the order asked for, as a JSON list.</summary>
    public required string Breakdown { get; init; }

    public required DateOnly Day { get; init; }
    public string? AdId { get; init; }
    public string? AdSetId { get; init; }
    public string? CampaignId { get; init; }
    public long? Impressions { get; init; }
    public long? Clicks { get; init; }
    public long? LinkClicks { get; init; }
    public long? Reach { get; init; }
    public decimal? Spend { get; init; }

    /// <summary>How often the action has happened that the ad set is optimised for; null where there is no such action.</summary>
    public decimal? Results { get; init; }

    /// <summary>The one action that <see cref="Results"/> counts.</summary>
    public string? ResultType { get; init; }

    /// <summary>The row as Meta gave it, in JSON: UTF-8 as it came, a part of its page.</summary>
    public required ReadOnlyMemory<byte> Raw { get; init; }

    /// <summary>Some of the metrics asked for are not in it: Meta would not tell them.</summary>
    public bool IsIncomplete { get; init; }
}

/// <param name="Trail">How far the report has been read with this page: where the next begins.</param>
/// <param name="Answer">What the rows are parts of; null when each has memory of its own.</param>
internal sealed record InsightPage(IReadOnlyList<InsightRow> Rows, ListTrail Trail, GraphRows? Answer = null)
{
    private volatile bool _isGivenBack;

    public bool IsGivenBack => _isGivenBack;

    /// <summary>Nobody reads the rows any more: their memory serves the next pages.</summary>
    public void GiveBack()
    {
        Answer?.Dispose();
        _isGivenBack = true;
    }
}

/// <summary>A page that has come, and of which only is known where the next begins: that one can be asked for before this is read.</summary>
internal sealed record UnreadPage(GraphRows Answer, ListTrail Trail)
{
    /// <exception cref="MetaException">A row cannot be read.</exception>
    public InsightPage Read(InsightRows rows) => new([.. Answer.Rows.Select(row => rows.Read(row))], Trail, Answer);
}
