using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>What Meta tells of one ad and day.</summary>
internal sealed record MetaNumbers(string AdId, string AdSetId, string CampaignId, bool IsArchived, DateOnly Day, long Impressions, long Clicks, decimal Spend);

/// <summary>
/// Meta's numbers and reports. What it tells of an ad and day follows from these two and from how often it has restated: every restatement
/// changes all of an account's numbers at once, and has ads come and go. A prepared report keeps the numbers of the moment it was complete.
/// </summary>
internal sealed class SimNumbers(History history)
{
    private const int AdsOfAccount = 5;
    private const int PageRows = 3;

    // A report that is read at once stands still for so long; then its pages are of what Meta counts by then.
    private static readonly TimeSpan StandsStill = TimeSpan.FromMinutes(1);
    private readonly List<(DateTimeOffset At, string Account)> _restated = [];
    private readonly List<(DateTimeOffset At, string Account)> _cut = [];
    private readonly Dictionary<string, Run> _runs = [];

    private enum RunFate
    {
        Fine,
        Failed,
        Skipped,

        /// <summary>Complete, and its rows are not shown for a while.</summary>
        Unavailable,
        Stuck,
    }

    private sealed record Run(string Account, GraphCall Query, DateTimeOffset At, DateTimeOffset CompleteAt, DateTimeOffset ShownFrom, RunFate Fate);

    public void Restate(string account)
    {
        _restated.Add((history.Clockwork.Now, account));
        history.Clockwork.Tell($"Meta restates {account}, for the {Generation(account, history.Clockwork.Now)}. time");
    }

    public int Generation(string account, DateTimeOffset at) => _restated.Count(one => one.Account == account && one.At <= at);

    /// <summary>Somebody has asked for some campaigns or ads only: what he puts together is of several moments.</summary>
    public bool WasCut(string account, DateTimeOffset since, DateTimeOffset until) => _cut.Exists(one => one.Account == account && one.At >= since && one.At <= until);

    public string? AccountOf(string node) => _runs.GetValueOrDefault(node)?.Account;

    /// <summary>All there is of one day.</summary>
    public IEnumerable<MetaNumbers> Of(string account, DateOnly day, int generation)
    {
        var no = history.Script.Accounts.Index().First(one => one.Item.AdAccountId == account).Index + 1;
        for (var ad = 0; ad < AdsOfAccount; ad++)
        {
            var isArchived = ad == AdsOfAccount - 1;
            var mixed = Mix(ad, day.DayNumber, isArchived ? 0 : generation);
            if (!isArchived && mixed % 7 == 0) continue;
            yield return new($"7{no}{ad}", $"6{no}{ad}", $"5{no}{ad % 2}", isArchived, day, 1000 + (mixed % 5000), 1 + (mixed / 7 % 97), 5 + (mixed / 3 % 9000 / 100m));
        }
    }

    public GraphAnswer Handle(GraphCall call)
    {
        var node = call.Path.Split('/')[0];
        if (_runs.TryGetValue(node, out var run)) return Read(call, run);
        if (!node.StartsWith("act_", StringComparison.Ordinal)) return GraphAnswer.Ok("""{"data":[]}""");
        if (Filter(call).Any(filter => filter.Field is "campaign.id" or "ad.id")) _cut.Add((history.Clockwork.Now, node));
        return call.Method == "POST" ? Submit(node, call) : ReadAtOnce(node, call);
    }

    public GraphAnswer? FindRun(GraphCall call)
    {
        if (!_runs.TryGetValue(call.Path, out var run)) return null;
        var (now, is100) = (history.Clockwork.Now, history.Clockwork.Now >= run.CompleteAt);
        var percent = is100 ? 100 : run.Fate == RunFate.Stuck ? 0 : (int)(100 * ((now - run.At) / (run.CompleteAt - run.At)));
        var status = (run.Fate, is100) switch
        {
            (RunFate.Failed, true) => "Job Failed",
            (RunFate.Skipped, true) => "Job Skipped",
            (RunFate.Fine or RunFate.Unavailable, true) => "Job Completed",
            _ => "Job Running",
        };
        return GraphAnswer.Ok($$"""{"id":"{{call.Path}}","async_status":"{{status}}","async_percent_completion":{{percent}},"is_running":{{(is100 ? "false" : "true")}}}""");
    }

    private GraphAnswer Submit(string account, GraphCall call)
    {
        var (now, choices) = (history.Clockwork.Now, history.Choices);
        var fate = choices.Chance(history.Odds.Refusal) ? choices.OneOf(RunFate.Failed, RunFate.Skipped, RunFate.Unavailable, RunFate.Stuck) : RunFate.Fine;
        var complete = fate == RunFate.Stuck ? DateTimeOffset.MaxValue : now + TimeSpan.FromSeconds(choices.OneOf(1, 8, 40));
        var shown = fate == RunFate.Unavailable ? complete + TimeSpan.FromSeconds(choices.OneOf(20, 100, 600)) : complete;
        var id = (900_001 + _runs.Count).ToString(CultureInfo.InvariantCulture);
        _runs[id] = new(account, call, now, complete, shown, fate);
        history.Clockwork.Tell($"at Meta: report {id} of {account}, {call["time_range"]} {call["filtering"]}{(fate == RunFate.Fine ? "" : $" ({fate})")}");
        return GraphAnswer.Ok($$"""{"report_run_id":"{{id}}"}""");
    }

    private GraphAnswer Read(GraphCall call, Run run)
    {
        if (run.Fate is RunFate.Failed or RunFate.Skipped or RunFate.Stuck || history.Clockwork.Now < run.ShownFrom) return GraphAnswer.Error(2601, 1815107, "Loading Async Report Failed");
        var from = int.Parse(call["after"] ?? "0", CultureInfo.InvariantCulture);
        return Page(Rows(run.Account, run.Query, Generation(run.Account, run.CompleteAt)), from, next => $"{next}");
    }

    private GraphAnswer ReadAtOnce(string account, GraphCall call)
    {
        var now = history.Clockwork.Now;
        var (from, began) = (0, now);
        if (call["after"]?.Split('.') is { } cursor) (from, began) = (int.Parse(cursor[0], CultureInfo.InvariantCulture), new(long.Parse(cursor[1], CultureInfo.InvariantCulture), TimeSpan.Zero));
        return Page(Rows(account, call, Generation(account, now - began < StandsStill ? began : now)), from, next => $"{next}.{began.Ticks}");
    }

    private static GraphAnswer Page(List<object> rows, int from, Func<int, string> cursor)
    {
        var next = rows.Count > from + PageRows ? $$""","paging":{"cursors":{"after":"{{cursor(from + PageRows)}}"},"next":"https://more"}""" : "";
        return GraphAnswer.Ok($$"""{"data":{{JsonSerializer.Serialize(rows.Skip(from).Take(PageRows))}}{{next}}}""");
    }

    private List<object> Rows(string account, GraphCall query, int generation)
    {
        var range = JsonNode.Parse(query["time_range"]!)!;
        var (since, until) = (Day(range["since"]), Day(range["until"]));
        var filters = Filter(query).ToList();
        var isWhole = query["level"] != "ad";
        var all = Enumerable.Range(0, until.DayNumber - since.DayNumber + 1).SelectMany(more => Of(account, since.AddDays(more), generation)).Where(IsAskedFor);
        return [.. (query["level"] switch
        {
            "account" => all.GroupBy(one => (one.Day, "")),
            "campaign" => all.GroupBy(one => (one.Day, one.CampaignId)),
            _ => all.GroupBy(one => (one.Day, one.AdId)),
        }).Select(group => (object)Row(account, group.First(), group.Sum(one => one.Impressions), group.Sum(one => one.Clicks), group.Sum(one => one.Spend)))];

        // Archived ads are in the sums of what they belong to, and in no list that does not name them.
        bool IsAskedFor(MetaNumbers one) => filters.TrueForAll(filter => filter.Field switch
        {
            "campaign.id" => filter.Values.Contains(one.CampaignId),
            "ad.id" => filter.Values.Contains(one.AdId),
            _ => one.IsArchived,
        }) && (isWhole || !one.IsArchived || filters.Exists(filter => filter.Field == "ad.effective_status"));
    }

    private static object Row(string account, MetaNumbers one, long impressions, long clicks, decimal spend) => new
    {
        account_id = account[4..], campaign_id = one.CampaignId, campaign_name = "C", adset_id = one.AdSetId, adset_name = "S", ad_id = one.AdId, ad_name = "A",
        impressions = Text(impressions), clicks = Text(clicks), inline_link_clicks = Text(clicks), reach = Text(impressions / 2), spend = Text(spend),
        actions = new[] { new { action_type = "link_click", value = Text(clicks) } }, optimization_goal = "LINK_CLICKS", objective = "OUTCOME_TRAFFIC",
        date_start = Text(one.Day), date_stop = Text(one.Day),
    };

    private static IEnumerable<(string Field, string[] Values)> Filter(GraphCall call) => call["filtering"] is not { } filtering
        ? []
        : JsonNode.Parse(filtering)!.AsArray().Select(one => (one!["field"]!.ToString(), one["value"]!.AsArray().Select(value => value!.ToString()).ToArray()));

    private static string Text(IFormattable value) => value.ToString(value is DateOnly ? "yyyy-MM-dd" : null, CultureInfo.InvariantCulture);

    private static DateOnly Day(JsonNode? text) => DateOnly.ParseExact(text!.ToString(), "yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static uint Mix(params ReadOnlySpan<int> parts)
    {
        var mixed = 2166136261u;
        foreach (var part in parts)
        {
            mixed = unchecked((mixed ^ (uint)part) * 2654435761u);
            mixed ^= mixed >> 15;
        }

        return mixed;
    }
}
