using Hangfire.Common;
using MetaAdsJobs.Core.Accounts.Tokens;
using MetaAdsJobs.Core.Alerts.Evaluating;
using MetaAdsJobs.Core.Batches;
using MetaAdsJobs.Core.Budgets.CarryingOut;
using MetaAdsJobs.Core.Budgets.Proposing;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Events.Delivering;
using MetaAdsJobs.Core.Experiments.Evaluating;
using MetaAdsJobs.Core.Insights.Nightly;
using MetaAdsJobs.Core.Insights;
using MetaAdsJobs.Core.Jobs.Filters;
using MetaAdsJobs.Core.Jobs.Recurring;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Spending;

namespace MetaAdsJobs.Core.Jobs;

/// <summary>Jobs are stored under a kind that survives the renaming of a class, not under the class's name.</summary>
internal static class JobKinds
{
    private static readonly Dictionary<string, Type> Types = new()
    {
        [OrchestrationJob.Kind] = typeof(OrchestrationJob),
        [InsightSyncJob.Kind] = typeof(InsightSyncJob),
        [NightlySyncJob.Kind] = typeof(NightlySyncJob),
        [TokenCheckJob.Kind] = typeof(TokenCheckJob),
        [PauseSpendingJob.Kind] = typeof(PauseSpendingJob),
        [ResumeSpendingJob.Kind] = typeof(ResumeSpendingJob),
        [CampaignEditJob.Kind] = typeof(CampaignEditJob),
        [BatchJob.Kind] = typeof(BatchJob),
        [DeliveryJob.Kind] = typeof(DeliveryJob),
        [AlertJob.Kind] = typeof(AlertJob),
        [BudgetJob.Kind] = typeof(BudgetJob),
        [ExperimentJob.Kind] = typeof(ExperimentJob),
        [SweepJob.Kind] = typeof(SweepJob),
    };

    private static readonly Dictionary<Type, string> Kinds = Types.ToDictionary(pair => pair.Value, pair => pair.Key);

    public static string Serialize(Type type) => Kinds.GetValueOrDefault(type) ?? TypeHelper.SimpleAssemblyTypeSerializer(type);

    public static Type Resolve(string name) => Types.GetValueOrDefault(name) ?? TypeHelper.IgnoredAssemblyVersionTypeResolver(name);
}

/// <summary>Hangfire's way into <see cref="RunOrchestration"/>.</summary>
internal sealed class OrchestrationJob(RunOrchestration run, FeedBatches batches)
{
    public const string Kind = "orchestration";

    public async Task<JobOutcome?> RunAsync(Guid requestId, CancellationToken ct) => (await run.ExecuteAsync(requestId, ct)).Noteworthy();

    /// <summary>The next row of its account is let in after it. Who dies in between leaves that to the batch's own job.</summary>
    public async Task<JobOutcome?> RunRowAsync(Guid requestId, CancellationToken ct)
    {
        var outcome = await run.ExecuteAsync(requestId, ct);
        await batches.AfterAsync(requestId, ct);
        return outcome.Noteworthy();
    }
}

/// <summary>Hangfire's way into <see cref="FeedBatches"/>.</summary>
internal sealed class BatchJob(FeedBatches feed)
{
    public const string Kind = "batch";

    public async Task<JobOutcome?> RunAsync(Guid batchId, CancellationToken ct) => (await feed.ExecuteAsync(batchId, ct)).Noteworthy();
}

/// <summary>Hangfire's way into <see cref="RunSync"/>.</summary>
internal sealed class InsightSyncJob(RunSync run)
{
    public const string Kind = "insights";

    public async Task<JobOutcome?> RunAsync(Guid syncId, CancellationToken ct) => (await run.ExecuteAsync(syncId, ct)).Noteworthy();
}

/// <summary>Hangfire's way into <see cref="NightlySync"/>: one run per time zone and night.</summary>
internal sealed class NightlySyncJob(NightlySync run)
{
    public const string Kind = "nightly";

    public async Task<JobOutcome?> RunAsync(string timezoneName, CancellationToken ct) => (await run.ExecuteAsync(timezoneName, ct)).Noteworthy();
}

/// <summary>Hangfire's way into <see cref="CheckTokens"/>: all accounts once a day, and one after its token was given.</summary>
internal sealed class TokenCheckJob(CheckTokens check)
{
    public const string Kind = "tokens";

    public async Task<JobOutcome?> RunAsync(CancellationToken ct) => (await check.ExecuteAsync(only: null, ct)).Noteworthy();

    public async Task<JobOutcome?> RunOneAsync(Guid accountId, CancellationToken ct) => (await check.ExecuteAsync(accountId, ct)).Noteworthy();
}

/// <summary>Hangfire's way into <see cref="RunEdit"/>.</summary>
internal sealed class CampaignEditJob(RunEdit run)
{
    public const string Kind = "edit";

    public async Task<JobOutcome?> RunAsync(Guid editId, CancellationToken ct) => (await run.ExecuteAsync(editId, ct)).Noteworthy();
}

/// <summary>Hangfire's way into <see cref="PauseSpending"/>.</summary>
internal sealed class PauseSpendingJob(PauseSpending run)
{
    public const string Kind = "stop";

    public async Task<JobOutcome?> RunAsync(Guid stopId, CancellationToken ct) => (await run.ExecuteAsync(stopId, ct)).Noteworthy();
}

/// <summary>Hangfire's way into <see cref="ResumeSpending"/>.</summary>
internal sealed class ResumeSpendingJob(ResumeSpending run)
{
    public const string Kind = "start";

    public async Task<JobOutcome?> RunAsync(Guid stopId, CancellationToken ct) => (await run.ExecuteAsync(stopId, ct)).Noteworthy();
}

/// <summary>Hangfire's way into <see cref="DeliverEvents"/>.</summary>
internal sealed class DeliveryJob(DeliverEvents run)
{
    public const string Kind = "events";

    public async Task<JobOutcome?> RunAsync(Guid webhookId, CancellationToken ct) => (await run.ExecuteAsync(webhookId, ct)).Noteworthy();
}

/// <summary>Hangfire's way into <see cref="EvaluateAlerts"/>.</summary>
internal sealed class AlertJob(EvaluateAlerts evaluate)
{
    public const string Kind = "alerts";

    public async Task<JobOutcome?> RunAsync(CancellationToken ct) => (await evaluate.ExecuteAsync(ct)).Noteworthy();
}

/// <summary>Hangfire's way into <see cref="ProposeBudgets"/> and <see cref="CarryOutProposals"/>; what fails of one keeps the other from nothing.</summary>
internal sealed class BudgetJob(ProposeBudgets propose, CarryOutProposals carryOut)
{
    public const string Kind = "budgets";

    public async Task<JobOutcome?> RunAsync(CancellationToken ct)
    {
        await Sweep.EachAsync(() => propose.ExecuteAsync(ct), () => carryOut.ExecuteAsync(ct));
        return null;
    }
}

/// <summary>Hangfire's way into <see cref="JudgeExperiments"/>.</summary>
internal sealed class ExperimentJob(JudgeExperiments judge)
{
    public const string Kind = "experiments";

    public async Task<JobOutcome?> RunAsync(CancellationToken ct) => (await judge.ExecuteAsync(ct)).Noteworthy();
}
