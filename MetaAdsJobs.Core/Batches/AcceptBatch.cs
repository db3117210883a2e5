using System.Text.Json;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Batches.Files;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Jobs.Storage;
using MetaAdsJobs.Core.Meta;

namespace MetaAdsJobs.Core.Batches;

/// <summary>What became of a file.</summary>
public abstract record BatchAcceptance
{
    private BatchAcceptance() { }

    /// <param name="Counts">Of its rows.</param>
    /// <param name="Replayed">It was sent before, under the same key.</param>
    public sealed record Accepted(Guid BatchId, AcceptedRows Counts, bool Replayed = false) : BatchAcceptance;

    /// <summary>The idempotency key belongs to another file; nothing was written.</summary>
    public sealed record KeyReused : BatchAcceptance;

    /// <summary>What it would do; nothing was written.</summary>
    public sealed record Planned(BatchPlan Plan) : BatchAcceptance;

    /// <summary>Nothing was written.</summary>
    /// <param name="Wrong">The rows in which something is wrong, to be mended and sent again.</param>
    public sealed record Invalid(RowErrors Errors, RowFile Wrong) : BatchAcceptance;
}

/// <param name="ToCreate">Rows that become runs.</param>
/// <param name="Existing">Rows that were sent before: nothing is made for them.</param>
public sealed record AcceptedRows(int RowCount, int ToCreate, int Existing);

/// <summary>
/// Takes a file of requests: all of it is judged before anything is written, and then the batch, its rows and the job that lets them in commit together, or none of them. A row is
/// known by its account and its own id, whoever sends it: what exists is not made again.
/// </summary>
public sealed class AcceptBatch
{
    private const int LongestName = 200;

    private readonly CheckRows _check;
    private readonly BatchStore _store;
    private readonly IJobQueue _queue;
    private readonly MetaOptions _meta;
    private readonly Once _once;
    private readonly TimeProvider _time;

    internal AcceptBatch(CheckRows check, BatchStore store, IJobQueue queue, MetaOptions meta, Once once, TimeProvider time) =>
        (_check, _store, _queue, _meta, _once, _time) = (check, store, queue, meta, once, time);

    /// <param name="name">For people, such as the file's name.</param>
    public Task<BatchAcceptance> OfJsonAsync(JsonElement body, string? name, string requestedBy, bool dryRun, CancellationToken ct) => OfJsonAsync(body, name, requestedBy, asked: null, dryRun, ct);

    /// <param name="asked">The caller's own name for it, if it has one; not used by a dry run.</param>
    /// <inheritdoc cref="OfJsonAsync(JsonElement, string?, string, bool, CancellationToken)"/>
    public Task<BatchAcceptance> OfJsonAsync(JsonElement body, string? name, string requestedBy, AskedOnce? asked, bool dryRun, CancellationToken ct)
    {
        var errors = new RowErrors();
        return ExecuteAsync(BatchFile.OfJson(body, errors), errors, name, requestedBy, dryRun ? null : asked, dryRun, ct);
    }

    /// <inheritdoc cref="OfJsonAsync(JsonElement, string?, string, bool, CancellationToken)"/>
    public Task<BatchAcceptance> OfCsvAsync(ReadOnlyMemory<byte> bytes, string? name, string requestedBy, bool dryRun, CancellationToken ct) => OfCsvAsync(bytes, name, requestedBy, asked: null, dryRun, ct);

    /// <inheritdoc cref="OfJsonAsync(JsonElement, string?, string, AskedOnce?, bool, CancellationToken)"/>
    public Task<BatchAcceptance> OfCsvAsync(ReadOnlyMemory<byte> bytes, string? name, string requestedBy, AskedOnce? asked, bool dryRun, CancellationToken ct)
    {
        var errors = new RowErrors();
        return ExecuteAsync(BatchFile.OfCsv(bytes, errors), errors, name, requestedBy, dryRun ? null : asked, dryRun, ct);
    }

    private async Task<BatchAcceptance> ExecuteAsync(BatchFile? file, RowErrors errors, string? name, string requestedBy, AskedOnce? asked, bool dryRun, CancellationToken ct)
    {
        if (await NothingWrittenException.IfFailsAsync(ReplayAsync(asked, ct)) is { } replayed) return replayed;
        if (name is not null && (name.Length > LongestName || name.Any(char.IsControl))) errors.OfFile.Add("name", $"must be at most {LongestName} characters without control characters");
        if (file is null) return Invalid(null, errors);
        var rows = await NothingWrittenException.IfFailsAsync(_check.ExecuteAsync(file, errors, ct));
        // What is wrong with the ids of rows that are right is told with all the rest.
        var placed = Place(rows, await NothingWrittenException.IfFailsAsync(_store.FindHoldersAsync(rows, alone: false, ct)), errors);
        if (errors.Any) return Invalid(file, errors);
        if (dryRun) return new BatchAcceptance.Planned(BatchPlan.Of(placed, _meta, _time.GetUtcNow()));

        var batchId = Guid.CreateVersion7(_time.GetUtcNow());
        using (var transaction = JobTransaction.Begin())
        {
            var jobId = _queue.EnqueueBatch(batchId);
            placed = Place(rows, await NothingWrittenException.IfFailsAsync(_store.FindHoldersAsync(rows, alone: true, ct)), errors);
            // Another file came in between: perhaps this one, under the same key.
            if (errors.Any) return await ReplayAsync(asked, ct) ?? Invalid(file, errors);
            if (!await _store.InsertAsync(batchId, name, file, placed, requestedBy, jobId, ct))
            {
                Place(rows, await _store.FindHoldersAsync(rows, alone: false, ct), errors);
                return errors.Any ? Invalid(file, errors) : throw new InvalidOperationException("A run that a row takes the place of has changed, and shows no change");
            }

            var plan = BatchPlan.Of(placed, _meta, _time.GetUtcNow());
            var counts = new AcceptedRows(plan.RowCount, plan.ToCreate, plan.Existing);
            if (await _once.KeepAsync(asked, Once.Batch, batchId, JsonSerializer.Serialize(counts), ct))
            {
                transaction.Complete();
                return new BatchAcceptance.Accepted(batchId, counts);
            }
        }

        return await ReplayAsync(asked, ct) ?? throw new InvalidOperationException("An idempotency key was refused, but nothing holds it");
    }

    private async Task<BatchAcceptance?> ReplayAsync(AskedOnce? asked, CancellationToken ct) => await _once.FindAsync(asked, Once.Batch, ct) switch
    {
        null => null,
        // What is of an account that is seen no more, or not by this key, is not told again.
        { IsSame: true } earlier when await _store.IsInScopeAsync(earlier.MadeId, ct) => new BatchAcceptance.Accepted(earlier.MadeId, JsonSerializer.Deserialize<AcceptedRows>(earlier.Told!)!, Replayed: true),
        _ => new BatchAcceptance.KeyReused(),
    };

    private static BatchAcceptance.Invalid Invalid(BatchFile? file, RowErrors errors)
    {
        var wrong = (file?.Rows ?? []).Where(row => errors.Of(row.Number) is not null).Select(row => new SentRow(new()
        {
            Row = row.Number, RowId = errors.Of(row.Number)!.RowId ?? "", SocialAccountId = default, State = "refused", RequestId = row.ExportedRun,
            Errors = [.. errors.Of(row.Number)!.Errors.SelectMany(field => field.Value.Select(rule => new RowError(field.Key, rule, null)))],
        }, row.Sent)).ToList();
        return new(errors, new(file?.Columns is { } columns ? RowColumns.Asked(columns) : RowColumns.Of(wrong.Select(row => row.Sent)), file?.Separator ?? BatchFile.UsualSeparator, wrong.ToAsyncEnumerable()));
    }

    private static List<PlacedRow> Place(IReadOnlyList<CheckedRow> rows, IReadOnlyDictionary<(Guid, string), Holder> holders, RowErrors errors)
    {
        var placed = new List<PlacedRow>(rows.Count);
        foreach (var row in rows)
        {
            var holder = holders.GetValueOrDefault((row.Account.Id, row.RowId));
            var isSame = holder is not null && row.Hash.AsSpan().SequenceEqual(holder.Hash);
            // What failed would fail again: it is made anew once it is mended. What was never begun, or taken back, is free to be.
            var isFree = holder is null or { State: "cancelled" } || (holder.State == "failed" && !isSame);
            if (!isFree && !isSame)
                errors.Add(row.Number, row.RowId, RowColumns.RowId,
                    $"was sent before with other content, in batch {holder!.BatchId} as row {holder.Row}{(holder.RequestId is { } run ? $", run {run}" : "")}, which is {holder.State}; give a new ad an id of its own, and change what is there by an edit");
            else placed.Add(new(row, holder, IsAgain: !isFree));
        }

        return placed;
    }
}
