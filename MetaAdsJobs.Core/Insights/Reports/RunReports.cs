using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Meta.Insights;
using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Insights.Reports;

/// <summary>
/// Brings a sync's reports forward until every page is staged: asks for them, looks how far Meta is, reads. Waiting is done by
/// leaving, unless it is for less than a second: the report's row says where the next run goes on.
/// </summary>
internal sealed class RunReports(ReportJournal journal, MetaInsights meta, ReportSplits splits, FieldByField fields, RefusedParts refused, InsightsOptions options, TimeProvider time, ILogger<RunReports> logger)
{
    private const int AtOnce = 5;
    private const int MostSubmissions = 3;

    // A page and its rows are about a megabyte in memory.
    private const int MostPagesWaiting = 8;

    // Cutting doubles the reports: a Meta that fails them all must not be asked for ever.
    private const int MostRepeats = 300;
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(500);

    // For so short a time no run is left: going and coming back takes longer.
    private static readonly TimeSpan Stayed = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    // A run just begun may not be visible at once.
    private static readonly TimeSpan UntilVisible = TimeSpan.FromMinutes(1);

    // A completed run may show its rows only some time later, or never.
    private static readonly TimeSpan UntilReadable = TimeSpan.FromMinutes(3);

    // A report of somebody's that Meta fails while it answers everything else: so long it is waited for.
    private static readonly TimeSpan OutageOfOne = TimeSpan.FromMinutes(2);

    // Meta throws finished reports away some time after.
    private static readonly TimeSpan Kept = TimeSpan.FromHours(24);

    /// <summary>What a new sync begins with: the ads' own numbers, and each definition of the account.</summary>
    public async Task<List<SyncReport>> PlanAsync(SyncClaim claim, IEnumerable<long> definitionIds, CancellationToken ct)
    {
        var mode = claim.Range.Days <= options.DirectDays ? ReportMode.Direct : ReportMode.Async;
        List<SyncReport> reports = [.. definitionIds.Prepend(SyncReport.OfAds).Select((id, no) => SyncReport.Plan(no, id, claim.Range, mode))];
        await journal.PlanAsync(claim, reports, ct);
        return reports;
    }

    /// <param name="reports">All of the sync; brought up to date on the way.</param>
    /// <returns>Null when every report has been read.</returns>
    /// <exception cref="MetaException">Meta did not answer, or said no to the ads' own numbers.</exception>
    public async Task<Pause?> AdvanceAsync(SyncClaim claim, List<SyncReport> reports, ReportQueries queries, TimeSlice slice, CancellationToken ct)
    {
        while (reports.Exists(report => report.IsOpen))
        {
            if (slice.IsOver) return Pause.BehindTheOthers(time.GetUtcNow());
            if (FindNext(reports) is not { } next)
            {
                var pause = Wait(reports);
                if (pause.Until - time.GetUtcNow() is { } left && left > Stayed) return pause;
                if (left > TimeSpan.Zero) await Task.Delay(left, time, ct);
                continue;
            }

            try
            {
                if (next.CanBeReadNow) await ReadAsync(claim, next, reports, queries, slice, ct);
                else if (next.State == ReportState.Submitted) await PollAsync(claim, next, reports, queries, ct);
                else await SubmitAsync(claim, next, reports, queries, ct);
            }
            catch (MetaException exception) when (exception.Proof is Proof.Rejected or Proof.OutcomeUnknown or Proof.NotSent)
            {
                if (await AskForLessAsync(claim, next.No, reports, queries, exception, ct)) continue;
                if ((next.DefinitionId == SyncReport.OfAds && next.Scope != ReportScope.Deleted) || !await IsRefusedAsync(claim, exception, ct)) throw;
                InsightLog.ReportRefused(logger, queries.NameOf(next), exception.ForUser);
                Replace(reports, await journal.RefuseAsync(claim, next, $"{(next.Scope == ReportScope.Deleted ? $"{Subject(next)} in " : "")}report {queries.NameOf(next)}: {exception.ForUser}", ct));
            }
        }

        return null;
    }

    /// <summary>A field or a day that Meta refuses costs that field or day, and no other.</summary>
    /// <returns>False when it is for nothing that can be left out.</returns>
    private async Task<bool> AskForLessAsync(SyncClaim claim, int no, List<SyncReport> reports, ReportQueries queries, MetaException exception, CancellationToken ct)
    {
        var report = reports.Find(one => one.No == no)!;
        if (!exception.IsRequestRefused || report.Scope == ReportScope.Deleted) return false;
        var (since, fields) = await refused.FindAsync(claim.Credential, queries.Of(report), exception, ct);
        if ((since == report.Since && fields.Count == 0) || (since is null && !report.IsOneOfSeveral(reports))) return false;
        var what = fields.Count > 0 ? $"without {string.Join(", ", fields)}" : $"without {report.Since:yyyy-MM-dd} to {since?.AddDays(-1) ?? report.Until:yyyy-MM-dd}";
        var told = $"report {queries.NameOf(report)} of {report.Since:yyyy-MM-dd} to {report.Until:yyyy-MM-dd}, {what}: {exception.ForUser}";
        InsightLog.ReportRefused(logger, queries.NameOf(report), told);
        Replace(reports, since is { } day ? await journal.AskForLessAsync(claim, report, day, [.. report.RefusedFields, .. fields], told, ct) : await journal.LeaveOutAsync(claim, report, told, ct));
        return true;
    }

    // What Meta cannot do just now it may do later; what it does not do while it does everything else keeps nothing waiting.
    private async Task<bool> IsRefusedAsync(SyncClaim claim, MetaException exception, CancellationToken ct) =>
        exception.IsOutage || exception.IsMissingObject
            ? time.GetUtcNow() - claim.OutageSince >= OutageOfOne && await meta.AnswersAsync(claim.Credential, ct)
            : exception.Proof == Proof.Rejected || claim.Failures > 0;

    private SyncReport? FindNext(List<SyncReport> reports) =>
        reports.Find(report => report.CanBeReadNow)
        ?? reports.Find(report => report.State == ReportState.Submitted && report.NextPollAt <= time.GetUtcNow())
        ?? (reports.Count(report => report.State == ReportState.Submitted) < AtOnce ? reports.Find(report => report.State == ReportState.Planned) : null);

    private Pause Wait(List<SyncReport> reports)
    {
        var preparing = reports.FindAll(report => report.State == ReportState.Submitted);
        var percent = preparing.Count == 0 ? 0 : (int)preparing.Average(report => report.Percent);
        return new(preparing.Min(report => report.NextPollAt) ?? time.GetUtcNow(), $"Meta is preparing {preparing.Count} of {reports.Count(report => report.State != ReportState.Split)} reports: {percent} %");
    }

    private async Task SubmitAsync(SyncClaim claim, SyncReport report, List<SyncReport> reports, ReportQueries queries, CancellationToken ct)
    {
        try
        {
            var runId = await meta.SubmitAsync(claim.Credential, queries.Of(report), ct);
            Replace(reports, await journal.SubmittedAsync(claim, report, runId, time.GetUtcNow() + Shortest, ct));
        }
        catch (MetaException exception) when (exception.IsTooMuchAsked)
        {
            await SplitAsync(claim, report, reports, queries, exception.ForUser, ct);
        }
    }

    private async Task PollAsync(SyncClaim claim, SyncReport report, List<SyncReport> reports, ReportQueries queries, CancellationToken ct)
    {
        ReportRun run;
        var now = time.GetUtcNow();
        var age = now - report.SubmittedAt!.Value;
        try
        {
            run = await meta.ReadRunAsync(claim.Credential, report.RunId!, ct);
        }
        catch (MetaException exception) when (exception.IsReportUnavailable)
        {
            run = new(ReportRunState.Preparing, report.Percent);
        }
        catch (MetaException exception) when (exception.Proof == Proof.Rejected)
        {
            run = exception.IsMissingObject && age < UntilVisible ? new(ReportRunState.Preparing, 0) : new(ReportRunState.Ended, 0, exception.ForUser, exception.IsTooMuchAsked);
        }

        if (run.Refusal is { } refusal && await AskForLessAsync(claim, report.No, reports, queries, refusal, ct)) return;
        if (run is { State: ReportRunState.Ended, IsTooMuchAsked: true })
            await SplitAsync(claim, report, reports, queries, run.Reason!, ct);
        else if (run.State == ReportRunState.Ended)
            await AskAgainAsync(claim, report, reports, queries, run.Reason!, ct);
        else if (run.State == ReportRunState.Completed)
            Replace(reports, await journal.ReadyAsync(claim, report, ct));
        else if (run.Percent == report.Percent && now - report.ProgressedAt >= TimeSpan.FromMinutes(options.StallMinutes))
            await AskAgainAsync(claim, report, reports, queries, $"the report made no progress for {options.StallMinutes} minutes", ct);
        else
            Replace(reports, await journal.PolledAsync(claim, report, run.Percent, now + TimeSpan.FromTicks(Math.Clamp(age.Ticks / 2, Shortest.Ticks, Longest.Ticks)), ct));
    }

    private async Task ReadAsync(SyncClaim claim, SyncReport report, List<SyncReport> reports, ReportQueries queries, TimeSlice slice, CancellationToken ct)
    {
        if (report.Mode == ReportMode.Direct ? report.Pages > 0 : time.GetUtcNow() - report.SubmittedAt >= Kept)
        {
            // Its first pages may no longer fit the rest.
            Replace(reports, await journal.RestartAsync(claim, report, ct));
            return;
        }

        var query = queries.Of(report);
        var rows = queries.Rows(query);
        var runId = report.Mode == ReportMode.Async ? report.RunId : null;
        var (limit, began) = (MetaInsights.PageRows, time.GetTimestamp());
        while (report.IsOpen)
        {
            try
            {
                report = await ReadPagesAsync(report);
                if (!report.IsOpen) return;
                // Its slice is over. What was read at once cannot be gone on with: it is left to Meta to prepare.
                if (report.Mode == ReportMode.Direct) Replace(reports, await journal.RestartAsync(claim, report, ct));
                return;
            }
            catch (MetaException exception) when (report.Mode == ReportMode.Direct && (exception.IsTooSlowAtOnce || exception is { Proof: Proof.OutcomeUnknown, IsTooMuchAsked: false }))
            {
                Replace(reports, await journal.RestartAsync(claim, report, ct));
                return;
            }
            catch (MetaException exception) when (exception.IsPageTooLarge && limit > MetaInsights.FewestPageRows)
            {
                limit = Math.Max(MetaInsights.FewestPageRows, limit / 2);
            }
            catch (MetaException exception) when (exception.IsTooMuchAsked)
            {
                await SplitAsync(claim, report, reports, queries, exception.ForUser, ct);
                return;
            }
            catch (MetaException exception) when (exception.IsReportUnavailable && runId is not null && time.GetUtcNow() - report.ReadyAt < UntilReadable)
            {
                var waited = time.GetUtcNow() - report.ReadyAt!.Value;
                Replace(reports, await journal.UnavailableAsync(claim, report, time.GetUtcNow() + TimeSpan.FromTicks(Math.Clamp(waited.Ticks / 2, Shortest.Ticks, Longest.Ticks)), ct));
                return;
            }
            catch (MetaException exception) when (exception.IsEndlessList && report.Submissions >= MostSubmissions)
            {
                throw new MetaException(Proof.Rejected, exception.Message, exception);
            }
            catch (MetaException exception) when (runId is not null && (exception.Proof == Proof.Rejected || exception.IsEndlessList || exception.IsReportUnavailable))
            {
                // What was asked for was accepted once: it is the run that is no good any more.
                await AskAgainAsync(claim, report, reports, queries, exception.ForUser, ct);
                return;
            }
        }

        // While one page is read, the next is on its way and those before are staged; several that have come meanwhile in one commit.
        async Task<SyncReport> ReadPagesAsync(SyncReport current)
        {
            var staging = Task.FromResult(current);
            InsightPage? last = null; // Of those that are being staged.
            var waiting = new List<InsightPage>();
            var coming = FetchAsync(current.Trail);
            try
            {
                for (var goesOn = true; goesOn;)
                {
                    var page = await coming;
                    // Numbers that are read at once do not stand still, and a page may have been asked for several times.
                    if (page.Trail.Pages > 1 && runId is null && time.GetElapsedTime(began) > TimeSlice.Length) throw new MetaException(Proof.OutcomeUnknown, "the report's pages came too far apart to fit each other");
                    goesOn = page.Trail.Cursor is not null && !slice.IsOver;
                    if (waiting.Count > 0 && (staging.IsCompleted || last is { IsGivenBack: true } || waiting.Count == MostPagesWaiting)) await StageAsync();
                    if (goesOn) coming = FetchAsync(page.Trail);
                    waiting.Add(page.Read(rows));
                }
            }
            finally
            {
                // Should a page fail: the one behind it is not wanted any more, and what came before it has been read.
                await ((Task)coming).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (waiting.Count > 0) await StageAsync();
                report = await staging;
                Replace(reports, report);
            }

            return report;

            async Task StageAsync()
            {
                report = await staging;
                Replace(reports, report);
                (last, staging) = (waiting[^1], journal.StageAsync(claim, report, waiting, leftOut: null, ct));
                waiting = [];
            }
        }

        Task<UnreadPage> FetchAsync(ListTrail trail) => meta.FetchPageAsync(claim.Credential, query, runId, trail, limit, ct);
    }

    /// <summary>A report that failed without saying that it was too much may succeed the next time; after a few times it is cut.</summary>
    private async Task AskAgainAsync(SyncClaim claim, SyncReport report, List<SyncReport> reports, ReportQueries queries, string reason, CancellationToken ct)
    {
        if (reports.Where(one => one.DefinitionId == report.DefinitionId).Sum(one => Math.Max(0, one.Submissions - 1)) >= MostRepeats) throw new MetaException(Proof.Rejected, $"Meta failed too many reports, the last one so: {reason}");
        if (report.Submissions >= MostSubmissions)
        {
            await SplitAsync(claim, report, reports, queries, reason, ct);
            return;
        }

        InsightLog.AsksAgain(logger, queries.NameOf(report), report.Since, report.Until, reason);
        Replace(reports, await journal.RestartAsync(claim, report, ct));
    }

    private async Task SplitAsync(SyncClaim claim, SyncReport report, List<SyncReport> reports, ReportQueries queries, string reason, CancellationToken ct)
    {
        var query = queries.Of(report);
        var parts = await splits.FindAsync(claim.Credential, report, query, reports.Max(one => one.No) + 1, ct);
        InsightLog.Splits(logger, queries.NameOf(report), report.Since, report.Until, parts?.Count ?? 0, reason);
        if (parts is not null)
        {
            Replace(reports, await journal.SplitAsync(claim, report, parts, ct));
            reports.AddRange(parts);
            return;
        }

        var (page, leftOut) = await fields.ReadAsync(claim.Credential, query, queries.Rows, ct);
        var told = leftOut.Count == 0 ? null : $"{Subject(report)} on {report.Since:yyyy-MM-dd} in report {queries.NameOf(report)}, without {string.Join(", ", leftOut)}: too much for Meta";
        if (report.State == ReportState.Submitted || report.Pages > 0) report = await journal.RestartAsync(claim, report, ct);
        Replace(reports, await journal.StageAsync(claim, report, [page], told, ct));
    }

    private static string Subject(SyncReport report) => report.Scope switch
    {
        ReportScope.Account => "the account",
        ReportScope.Deleted => "the deleted and archived ads",
        ReportScope.Campaigns => $"campaign {report.ScopeIds[0]}",
        _ => $"ad {report.ScopeIds[0]}",
    };

    private static void Replace(List<SyncReport> reports, SyncReport report) => reports[reports.FindIndex(one => one.No == report.No)] = report;
}
