using System.Transactions;

namespace MetaAdsJobs.Core.Jobs.Storage;

/// <summary>
/// One commit for our rows and the queue's. Connections opened inside join it by themselves; hold none of them open while
/// a job is being enqueued, since a second one would make the transaction a distributed one.
/// </summary>
public static class JobTransaction
{
    public static TransactionScope Begin() => new(
        TransactionScopeOption.Required,
        new TransactionOptions { IsolationLevel = IsolationLevel.ReadCommitted, Timeout = TimeSpan.FromSeconds(30) },
        TransactionScopeAsyncFlowOption.Enabled);
}
