using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Meta.Insights;

namespace MetaAdsJobs.Core.Insights.Reports;

/// <summary>
/// Finds what Meta refuses of a report that it would make without: fields, or the days it no longer keeps. Meta's words are not relied on: it is
/// asked for a single row, with less and less.
/// </summary>
internal sealed class RefusedParts(MetaInsights meta)
{
    /// <returns>From which day on, and without which fields, Meta makes what it has refused so: the same day and none when it is for neither, null when it makes it for no day.</returns>
    public async Task<(DateOnly? Since, IReadOnlyList<string> Fields)> FindAsync(GraphCredential credential, ReportQuery query, MetaException exception, CancellationToken ct) =>
        exception.IsBeyondRetention ? (await FindFirstDayAsync(credential, query, ct), []) : ((DateOnly?)query.Since, await FindFieldsAsync(credential, query, ct));

    private async Task<DateOnly?> FindFirstDayAsync(GraphCredential credential, ReportQuery query, CancellationToken ct)
    {
        var least = query with { Fields = query.NeededFields };
        if (!await meta.AcceptsAsync(credential, least with { Since = query.Until }, ct)) return null;
        var (refused, accepted) = (query.Since, query.Until);
        while (refused.AddDays(1) < accepted)
        {
            var middle = refused.AddDays((accepted.DayNumber - refused.DayNumber) / 2);
            if (await meta.AcceptsAsync(credential, least with { Since = middle }, ct)) accepted = middle;
            else refused = middle;
        }

        return accepted;
    }

    private async Task<IReadOnlyList<string>> FindFieldsAsync(GraphCredential credential, ReportQuery query, CancellationToken ct)
    {
        List<string> accepted = [.. query.NeededFields];
        var refused = new List<string>();
        var others = query.Fields.Except(accepted).ToList();
        if (others.Count == 0 || !await meta.AcceptsAsync(credential, query with { Fields = accepted }, ct)) return [];
        await TryAsync(others);
        return refused.Count == others.Count ? [] : refused;

        // Always beside those that are accepted: some are refused only together.
        async Task TryAsync(List<string> fields)
        {
            if (await meta.AcceptsAsync(credential, query with { Fields = [.. accepted, .. fields] }, ct))
            {
                accepted.AddRange(fields);
            }
            else if (fields.Count == 1)
            {
                refused.AddRange(fields);
            }
            else
            {
                await TryAsync(fields[..(fields.Count / 2)]);
                await TryAsync(fields[(fields.Count / 2)..]);
            }
        }
    }
}
