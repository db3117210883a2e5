using MetaAdsJobs.Core.Meta.Stub.Objects;
using Npgsql;

namespace MetaAdsJobs.Core.Meta.Stub.Insights;

/// <summary>Reads a page of a report. Nothing is stored: the rows follow from the ads and the days.</summary>
internal sealed class StubInsights(NpgsqlDataSource dataSource, TimeProvider time)
{
    private const int LongestPage = 1000;

    // A wrong answer would be worse than none: what would change the rows and is not served is refused.
    private static readonly string[] NotServed = ["filtering", "breakdowns", "sort", "date_preset", "time_ranges"];

    private readonly StubAccounts _accounts = new(dataSource);
    private readonly StubNodes _nodes = new(dataSource, time);
    private readonly InsightSubjects _subjects = new(dataSource);

    /// <param name="nodeId">act_ and digits, or the id of a campaign, ad set or ad. Null when there is no such node.</param>
    public async Task<InsightNode?> FindNodeAsync(string nodeId, CancellationToken ct)
    {
        if (nodeId.StartsWith("act_", StringComparison.Ordinal))
            return new InsightNode(nodeId[4..], InsightLevel.Account, await _accounts.GetAsync(nodeId[4..], ct));

        return await _nodes.FindAsync(nodeId, ct) is { } found && InsightLevel.Named(found.Kind.Name) is { } level
            ? new InsightNode(nodeId, level, await _accounts.GetAsync(found.AccountId, ct))
            : null;
    }

    public StubRefusal? Refuse(InsightNode node, StubCall call, out InsightQuery query)
    {
        var badQuery = InsightQuery.Refuse(call, node.Level, Today(node.Account), out query);
        return Array.Find(NotServed, name => call.Text(name) is not null) is { } name
            ? StubRefusal.Parameter(name, $"The stub Graph makes no reports with {name}")
            : badQuery;
    }

    public async Task<StubAnswer> ReadAsync(InsightNode node, StubCall call, CancellationToken ct)
    {
        var refusal = Refuse(node, call, out var query);
        var badPage = StubPage.Refuse(call, LongestPage, out var page);
        if ((refusal ?? badPage) is { } reason)
            return reason.ToAnswer();

        var periods = query.Periods(Today(node.Account));
        if (periods.Count == 0)
            return Page(call, node, query.Fields, [], isLast: true);

        // The first subject may be half shown, the last may get only half on this page: hence two more than would fill it.
        var from = page.After ?? StubCursor.Oldest;
        var limit = (page.Limit / periods.Count) + 2;
        var subjects = await _subjects.ListAsync(node, query.Level, from, limit, ct);
        var rows = subjects
            .SelectMany(subject => periods.Select((period, i) => (Subject: subject, Period: period, Shown: i + 1)))
            .Where(row => row.Subject.Place.Id != from.Id || row.Shown > from.Periods)
            .Select(row => (new ReportRow(node.Account, row.Subject, row.Period.Start, row.Period.Stop), row.Shown))
            .Take(page.Limit + 1)
            .ToList();
        var isLast = rows.Count <= page.Limit && subjects.Count < limit;
        return Page(call, node, query.Fields, [.. rows.Take(page.Limit)], isLast);
    }

    private static StubAnswer Page(
        StubCall call, InsightNode node, IReadOnlyList<string> names, List<(ReportRow Row, int Shown)> rows, bool isLast) =>
        StubAnswer.Ok(json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("data");
            foreach (var (row, _) in rows)
            {
                // Nobody's ads, nobody's numbers: Meta has no rows without delivery.
                if (row.Subject.Ads.Length > 0)
                    row.Write(json, names);
            }

            json.WriteEndArray();
            var place = rows.Select(row => row.Row.Subject.Place with { Periods = row.Shown }).ToList();
            StubPage.Write(json, call, place.FirstOrDefault(), place.LastOrDefault(), !isLast);
            json.WriteEndObject();
        });

    // Where nobody told the account's time zone, a day is over once it is over somewhere: yesterday always has its row.
    private DateOnly Today(StubAccount account)
    {
        var now = time.GetUtcNow();
        return account.IsKnown && TimeZoneInfo.TryFindSystemTimeZoneById(account.TimezoneName, out var zone)
            ? DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(now, zone).DateTime)
            : DateOnly.FromDateTime(now.AddHours(14).UtcDateTime);
    }
}
