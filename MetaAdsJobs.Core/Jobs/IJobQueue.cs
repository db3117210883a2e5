using MetaAdsJobs.Core.Jobs.Storage;

namespace MetaAdsJobs.Core.Jobs;

/// <summary>
/// Puts jobs on the queue. Inside <see cref="JobTransaction"/> a job exists exactly when the rows written there do.
/// Jobs carry ids only.
/// </summary>
public interface IJobQueue
{
    /// <summary>Writes a row and its job by one way to the database and one commit, or as part of the caller's transaction. Otherwise neither exists.</summary>
    /// <param name="enqueue">Puts the job on this queue, and gives its id.</param>
    /// <param name="insertSql">Writes the row, and fails when it cannot.</param>
    /// <param name="parametersOf">Its parameters, given the job's id.</param>
    Task InsertWithJobAsync(Func<string> enqueue, string insertSql, Func<string, object> parametersOf, CancellationToken ct);

    /// <returns>The queue's own id of the job.</returns>
    string EnqueueOrchestration(Guid requestId);

    /// <summary>An orchestration that is a row of a batch, or a clip that a program told of: it goes behind those that were asked for by themselves.</summary>
    /// <returns>The queue's own id of the job.</returns>
    string EnqueueRow(Guid requestId);

    /// <summary>Lets rows of a batch in.</summary>
    /// <returns>The queue's own id of the job.</returns>
    string EnqueueBatch(Guid batchId);

    /// <returns>The queue's own id of the job.</returns>
    string EnqueueSync(Guid syncId);

    /// <summary>Has one account's token checked soon.</summary>
    /// <returns>The queue's own id of the job.</returns>
    string EnqueueTokenCheck(Guid accountId);

    /// <summary>Pauses what a stop covers; goes before everything else.</summary>
    /// <returns>The queue's own id of the job.</returns>
    string EnqueuePause(Guid stopId);

    /// <param name="goesFirst">For what pauses: before everything but stops.</param>
    /// <returns>The queue's own id of the job.</returns>
    string EnqueueEdit(Guid editId, bool goesFirst);

    /// <summary>Lets go on, and activates again, what a stop that was lifted had held.</summary>
    /// <returns>The queue's own id of the job.</returns>
    string EnqueueResume(Guid stopId);

    /// <summary>Sends a webhook what is due.</summary>
    /// <returns>The queue's own id of the job.</returns>
    string EnqueueDelivery(Guid webhookId);
}
