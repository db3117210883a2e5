using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Meta.Graph;

namespace MetaAdsJobs.Core.Meta.Insights;

/// <summary>
/// Meta's reports, read at once or prepared in the background. Days are in the ad account's own time zone. Throws
/// <see cref="MetaException"/>. Source: Meta, Marketing API, Insights and its best practices.
/// </summary>
internal sealed class MetaInsights(GraphClient graph)
{
    /// <summary>Rows of a page; a page that is too much for Meta is asked for with fewer.</summary>
    public const int PageRows = 500;
    public const int FewestPageRows = 50;

    // Lists leave deleted and archived objects out unless they are named, and with them all others that are not named.
    private static readonly string[] CampaignStatuses = ["ACTIVE", "PAUSED", "IN_PROCESS", "WITH_ISSUES", "ARCHIVED", "DELETED"];
    private static readonly string[] AdStatuses =
        [.. CampaignStatuses, "CAMPAIGN_PAUSED", "ADSET_PAUSED", "PENDING_REVIEW", "DISAPPROVED", "PREAPPROVED", "PENDING_BILLING_INFO"];

    /// <summary>Has a report prepared in the background. Asked twice, there are two, of which one is never read: no harm.</summary>
    /// <returns>The run's id.</returns>
    public async Task<string> SubmitAsync(GraphCredential credential, ReportQuery query, CancellationToken ct)
    {
        var answer = await graph.SendAsync(HttpMethod.Post, $"{query.Node}/insights", query.ToFields().OnlyRead(), credential.For(UseCase.AdsInsights), ct);
        return GraphText.Of(answer, "report_run_id") ?? throw new MetaException(Proof.OutcomeUnknown, "Meta took a report without telling its run's id");
    }

    public async Task<ReportRun> ReadRunAsync(GraphCredential credential, string runId, CancellationToken ct)
    {
        const string Fields = "id,async_status,async_percent_completion,is_running,error_code,error_subcode,error_message,error_user_title,error_user_msg";
        var run = await graph.SendAsync(HttpMethod.Get, runId, new GraphFields().Add("fields", Fields), credential.For(UseCase.AdsInsights), ct);
        var status = GraphText.Of(run, "async_status");
        var percent = int.TryParse(GraphText.Of(run, "async_percent_completion"), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? Math.Min(number, 100) : 0;
        var isRunning = run.TryGetProperty("is_running", out var running) && running.ValueKind == JsonValueKind.True;
        switch (status)
        {
            case "Job Completed" when !isRunning:
                return new(ReportRunState.Completed, 100);
            case "Job Failed":
                var error = MetaErrors.FromRun(run);
                return new(ReportRunState.Ended, percent, $"Meta could not prepare the report: {error.ForUser}", error.IsTooMuchAsked, error.IsRequestRefused ? error : null);
            case "Job Skipped":
                return new(ReportRunState.Ended, percent, "Meta no longer has the report");
            default:
                return new(ReportRunState.Preparing, percent);
        }
    }

    /// <summary>Whether Meta takes the query at all: it is asked for a single row.</summary>
    public async Task<bool> AcceptsAsync(GraphCredential credential, ReportQuery query, CancellationToken ct)
    {
        try
        {
            await graph.SendAsync(HttpMethod.Get, $"{query.Node}/insights", query.ToFields().Add("limit", 1), credential.For(UseCase.AdsInsights).Patient(), ct);
            return true;
        }
        catch (MetaException exception) when (exception.IsTooMuchAsked || exception.IsRequestRefused)
        {
            return exception.IsTooMuchAsked;
        }
    }

    /// <summary>Whether Meta answers the account's plainest question at all.</summary>
    public async Task<bool> AnswersAsync(GraphCredential credential, CancellationToken ct)
    {
        try
        {
            await graph.SendAsync(HttpMethod.Get, credential.AdAccountId, new GraphFields().Add("fields", "id"), credential.For(UseCase.AdsInsights).Patient(), ct);
            return true;
        }
        catch (MetaException exception)
        {
            return exception.Proof == Proof.Rejected;
        }
    }

    /// <param name="runId">A completed run; null reads at once.</param>
    public async Task<UnreadPage> FetchPageAsync(GraphCredential credential, ReportQuery query, string? runId, ListTrail trail, int limit, CancellationToken ct)
    {
        var fields = (runId is null ? query.ToFields() : new GraphFields()).Add("limit", limit).Add("after", trail.Cursor);
        var page = await graph.ReadRowsAsync($"{runId ?? query.Node}/insights", fields, credential.For(UseCase.AdsInsights), ct);
        return new(page, trail.After(page));
    }

    /// <summary>What Meta says the whole account has spent, by day, in whole units of its currency: of a day without a row nothing. One whose row lacks it is missing.</summary>
    public async Task<IReadOnlyDictionary<DateOnly, decimal>> ReadAccountSpendAsync(GraphCredential credential, string adAccountId, DateOnly since, DateOnly until, CancellationToken ct)
    {
        var query = new ReportQuery { Node = adAccountId, Level = "account", Fields = ["account_id", "spend"], Since = since, Until = until };
        var rows = new InsightRows(query, new Dictionary<string, string>());
        var spend = Enumerable.Range(0, until.DayNumber - since.DayNumber + 1).Select(since.AddDays).ToDictionary(day => day, _ => 0m);
        foreach (var row in (await ReadAllAsync(credential, query, ct)).Select(row => rows.Read(row)))
        {
            if (row.Spend is { } told) spend[row.Day] = told;
            else spend.Remove(row.Day);
        }

        return spend;
    }

    /// <summary>
    /// The campaigns, or ads, that the query's rows would be about: those that delivered, or, should even that be too much, all that
    /// there are.
    /// </summary>
    /// <param name="level">campaign or ad.</param>
    public async Task<IReadOnlyList<string>> ListSubjectsAsync(GraphCredential credential, ReportQuery query, string level, CancellationToken ct)
    {
        credential = credential.Patient();
        try
        {
            var field = $"{level}_id";
            var rows = await ReadAllAsync(credential, query with { Level = level, Fields = [field], Breakdowns = [], AttributionWindows = [] }, ct);
            return Ids(rows, field);
        }
        catch (MetaException exception) when (exception.IsTooMuchAsked)
        {
            var node = level == "ad" && query.OnlyIds is [var campaign] ? campaign : query.Node;
            var shown = new JsonArray(new JsonObject { ["field"] = "effective_status", ["operator"] = "IN", ["value"] = new JsonArray([.. level == "ad" ? AdStatuses : CampaignStatuses]) });
            var fields = () => new GraphFields().Add("fields", "id").Add("filtering", shown.DeepClone());
            return Ids(await ReadAllAsync(credential.For(UseCase.AdsManagement), $"{node}/{level}s", fields, ct), "id");
        }

        static IReadOnlyList<string> Ids(List<JsonElement> rows, string field) =>
            [.. rows.Select(row => GraphText.Of(row, field)).OfType<string>().Distinct().Order(StringComparer.Ordinal)];
    }

    /// <summary>Every page of what fits into memory, as Meta gave it.</summary>
    public Task<List<JsonElement>> ReadAllAsync(GraphCredential credential, ReportQuery query, CancellationToken ct) =>
        ReadAllAsync(credential.For(UseCase.AdsInsights), $"{query.Node}/insights", query.ToFields, ct);

    private async Task<List<JsonElement>> ReadAllAsync(GraphCredential credential, string edge, Func<GraphFields> fields, CancellationToken ct)
    {
        var rows = new List<JsonElement>();
        await foreach (var row in graph.ListAsync(credential, edge, fields, PageRows, FewestPageRows, ct)) rows.Add(row);
        return rows;
    }
}
