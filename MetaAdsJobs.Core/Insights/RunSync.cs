using System.Globalization;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Insights.Definitions;
using MetaAdsJobs.Core.Insights.Reports;
using MetaAdsJobs.Core.Insights.Storing;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Orchestrations;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace MetaAdsJobs.Core.Insights;

/// <summary>
/// Brings one account's sync forward: has Meta prepare its reports, reads them page by page into the staging table, and puts whole
/// days in place of the old ones once every page is there. It leaves whenever it would have to wait, and goes on where it was, in
/// whichever process.
/// </summary>
internal sealed class RunSync(
    SyncStore store, WorkClaims work, ReportJournal journal, RunReports runReports, Reconciliation reconciliation, MissingAds missingAds, StoreDays storeDays, SyncAccount account, InsightMonths months, ReportDefinitionStore definitions,
    ConversionEvents conversionEvents, AccountStore accounts, OrchestrationOptions options, InsightsOptions insights, TimeProvider time, ILogger<RunSync> logger)
{
    private static readonly TimeSpan ShortestOutage = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestOutage = TimeSpan.FromMinutes(5);

    public async Task<JobOutcome> ExecuteAsync(Guid syncId, CancellationToken ct)
    {
        using var scope = logger.BeginScope(new Dictionary<string, object> { ["SyncId"] = syncId });
        var lease = new Lease(time, options.Lease);
        SyncClaim? claim;
        try
        {
            claim = await store.ClaimAsync(syncId, ct);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            var (until, reason) = await store.WaitForOtherAsync(syncId, ct);
            return new JobOutcome.Snoozed(until, reason);
        }

        if (claim is null) return await work.WhyUnclaimedAsync(ClaimTable.Syncs, syncId, ct);
        return await work.RunAsync(
            ClaimTable.Syncs, syncId, claim.Attempt, lease, token => GoOnAsync(claim, token),
            overtaken: reason =>
            {
                InsightLog.Fenced(logger, reason);
                return Task.CompletedTask;
            },
            handBack: () => store.ReleaseAsync(claim, "waiting", "the worker was stopped", time.GetUtcNow(), failed: false, CancellationToken.None), ct);
    }

    private async Task<JobOutcome> GoOnAsync(SyncClaim claim, CancellationToken ct)
    {
        try
        {
            return await AdvanceAsync(claim, ct);
        }
        catch (MetaException exception) when (exception.Proof is Proof.Throttled or Proof.TokenRejected)
        {
            return await WaitForMetaAsync(claim, exception, ct);
        }
        catch (MetaException exception) when ((exception.IsOutage || exception.IsMissingObject) && time.GetUtcNow() - (claim.OutageSince ?? time.GetUtcNow()) < insights.OutagePatience)
        {
            // An account that is there Meta says now and then not to be, and shows it again minutes later. One that is gone fails when the night is over.
            return await WaitForOutageAsync(claim, exception, ct);
        }
        catch (MetaException exception) when (exception.Proof is Proof.Rejected or Proof.AccountBlocked)
        {
            return await FailAsync(claim, exception.ForUser);
        }
        catch (Exception exception) when (exception is not (FencedException or OperationCanceledException))
        {
            InsightLog.AttemptFailed(logger, exception, claim.Attempt, claim.Failures + 1);
            var reason = exception is MetaException metaException ? metaException.ForUser : exception.Message;
            if (claim.Failures >= options.MaxRetries) return await FailAsync(claim, reason);
            await store.ReleaseAsync(claim, "waiting", reason, until: null, failed: true, CancellationToken.None);
            throw; // The queue's automatic retry backs off and runs it again.
        }
    }

    private async Task<JobOutcome> AdvanceAsync(SyncClaim claim, CancellationToken ct)
    {
        if (claim.Abandoned > options.MaxAbandonedAttempts) return await FailAsync(claim, $"its worker process died {claim.Abandoned} times in a row");
        var slice = new TimeSlice(time);
        var defined = await definitions.ListAsync(claim.AccountId, ct);
        var reports = await journal.ListAsync(claim, ct);
        if (reports.Count == 0)
        {
            // Where the zone here is not Meta's, the last two days may not be over there; and in which currency it tells its numbers is to be known before any is stored.
            if (claim.IsNightly || !claim.IsCurrencyTold || claim.Range.Until >= AccountDays.Today(claim.TimezoneName, time.GetUtcNow()).AddDays(-2)) claim = await account.RefreshAsync(claim, ct);
            await months.EnsureAsync(claim.Range, ct);
            reports = await runReports.PlanAsync(claim, defined.Select(definition => definition.Id), ct);
        }
        else if (!await store.IsStagedAsync(claim, ct))
        {
            InsightLog.StagingLost(logger, claim.AccountId);
            await journal.ReadAllAgainAsync(claim, ct);
            reports = await journal.ListAsync(claim, ct);
        }

        var queries = new ReportQueries(claim, defined, await conversionEvents.ListAsync(claim.AccountId, ct));
        var pause = await runReports.AdvanceAsync(claim, reports, queries, slice, ct) ?? await StoreAsync(claim, reports, queries, slice, ct);
        if (pause is not null)
        {
            await store.ReleaseAsync(claim, "waiting", pause.Reason, pause.Until, failed: false, ct);
            return new JobOutcome.Snoozed(pause.Until, pause.Reason);
        }

        var read = reports.Where(report => report.State == ReportState.Read).ToList();
        InsightLog.Synced(logger, claim.AccountId, read.Sum(report => report.Rows), read.Sum(report => report.Pages), claim.Range.Since, claim.Range.Until);
        foreach (var report in reports.Where(report => report.Error is not null && report.State != ReportState.Split)) InsightLog.LeftOut(logger, claim.AccountId, report.Error!);
        return new JobOutcome.Completed();
    }

    private async Task<Pause?> StoreAsync(SyncClaim claim, List<SyncReport> reports, ReportQueries queries, TimeSlice slice, CancellationToken ct)
    {
        var told = await reconciliation.ReadAsync(claim, UnansweredParts.In([.. reports.Where(report => report.DefinitionId == SyncReport.OfAds)], claim.Range).AskedSince, ct);
        var staged = await missingAds.ReadDaysAsync(claim, ct);
        var more = await missingAds.AskAsync(claim, reports, staged, told.ByDay, ct);
        if (more.Count > 0)
        {
            reports.AddRange(more);
            if (await runReports.AdvanceAsync(claim, reports, queries, slice, ct) is { } pause) return pause;
            staged = await missingAds.ReadDaysAsync(claim, ct);
        }

        return await storeDays.StoreAsync(claim, reports, staged, told, slice, ct);
    }

    private async Task<JobOutcome> WaitForMetaAsync(SyncClaim claim, MetaException exception, CancellationToken ct)
    {
        var until = time.GetUtcNow().AddMinutes(5);
        if (exception.Proof == Proof.Throttled)
        {
            until = time.GetUtcNow() + (exception.RetryAfter ?? TimeSpan.FromMinutes(1));
        }
        else
        {
            if (await accounts.RejectTokenAsync(claim.AccountId, claim.Credential.StoredAs, exception.ForUser, ct)) OrchestrationLog.TokenRejected(logger, claim.AccountId, exception.ForUser);
            else until = time.GetUtcNow().AddSeconds(1); // There is another token by now.
        }

        await store.ReleaseAsync(claim, "waiting", exception.ForUser, until, failed: false, ct);
        InsightLog.Waits(logger, until, exception.ForUser);
        return new JobOutcome.Snoozed(until, exception.ForUser);
    }

    /// <summary>
    /// Retries would be over within seconds, and an outage of Meta's lasts minutes: it is waited for as long as a night may take, and the longer
    /// it lasts, the further apart are the looks.
    /// </summary>
    private async Task<JobOutcome> WaitForOutageAsync(SyncClaim claim, MetaException exception, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var since = claim.OutageSince ?? now;
        var until = now + TimeSpan.FromTicks(Math.Clamp((now - since).Ticks / 2, ShortestOutage.Ticks, LongestOutage.Ticks));
        var what = exception.IsMissingObject ? "does not show what it is asked for" : "does not answer";
        var reason = string.Create(CultureInfo.InvariantCulture, $"Meta {what} since {since:yyyy-MM-dd HH:mm} UTC and is asked again until {since + insights.OutagePatience:yyyy-MM-dd HH:mm}: {exception.ForUser}");
        await store.WaitForOutageAsync(claim, reason, until, since, ct);
        InsightLog.Waits(logger, until, reason);
        return new JobOutcome.Snoozed(until, reason);
    }

    private async Task<JobOutcome> FailAsync(SyncClaim claim, string reason)
    {
        await store.ReleaseAsync(claim, "failed", reason, until: null, failed: true, CancellationToken.None);
        InsightLog.Failed(logger, reason);
        return new JobOutcome.Stopped(reason);
    }
}
