using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Jobs.Storage;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Insights;

public abstract record SyncRequested
{
    private SyncRequested() { }

    /// <param name="Replayed">It was asked for before, under the same key.</param>
    public sealed record Queued(Guid SyncId, bool Replayed = false) : SyncRequested;

    /// <summary>The idempotency key belongs to a fetching of another account, or of other days.</summary>
    public sealed record KeyReused : SyncRequested;

    public sealed record UnknownAccount : SyncRequested;

    public sealed record Retired : SyncRequested;

    public sealed record Invalid(FieldErrors Errors) : SyncRequested;
}

/// <summary>Queues a fetching of one account's numbers; the row and its job commit together.</summary>
public sealed class RequestSync
{
    private readonly AccountStore _accounts;
    private readonly SyncStore _store;
    private readonly IJobQueue _queue;
    private readonly InsightsOptions _options;
    private readonly Once _once;
    private readonly TimeProvider _time;

    internal RequestSync(AccountStore accounts, SyncStore store, IJobQueue queue, InsightsOptions options, Once once, TimeProvider time) =>
        (_accounts, _store, _queue, _options, _once, _time) = (accounts, store, queue, options, once, time);

    /// <summary>Without days: the last INSIGHTS_LOOKBACK_DAYS complete ones.</summary>
    public Task<SyncRequested> ExecuteAsync(Guid accountId, DateOnly? since, DateOnly? until, string requestedBy, CancellationToken ct) => ExecuteAsync(accountId, since, until, requestedBy, asked: null, ct);

    /// <param name="asked">The caller's own name for it, if it has one.</param>
    /// <inheritdoc cref="ExecuteAsync(Guid, DateOnly?, DateOnly?, string, CancellationToken)"/>
    public async Task<SyncRequested> ExecuteAsync(Guid accountId, DateOnly? since, DateOnly? until, string requestedBy, AskedOnce? asked, CancellationToken ct)
    {
        if (await NothingWrittenException.IfFailsAsync(ReplayAsync(asked, ct)) is { } replayed) return replayed;
        var account = await NothingWrittenException.IfFailsAsync(_accounts.FindAsync(accountId, ct));
        if (account is null) return new SyncRequested.UnknownAccount();
        if (account.RetiredAt is not null) return new SyncRequested.Retired();

        var now = _time.GetUtcNow();
        var usual = AccountDays.LastComplete(account.TimezoneName, now, _options.LookbackDays);
        var range = new DayRange(since ?? (until < usual.Since ? until.Value : usual.Since), until ?? (since > usual.Until ? since.Value : usual.Until));
        var errors = Check(range, AccountDays.Today(account.TimezoneName, now), account.TimezoneName);
        if (errors.Any) return new SyncRequested.Invalid(errors);

        var syncId = Guid.CreateVersion7(now);
        using (var transaction = JobTransaction.Begin())
        {
            var jobId = _queue.EnqueueSync(syncId);
            await _store.InsertAsync(syncId, accountId, range, requestedBy, nightlyFor: null, jobId, ct);
            if (await _once.KeepAsync(asked, Once.Sync, syncId, told: null, ct))
            {
                transaction.Complete();
                return new SyncRequested.Queued(syncId);
            }
        }

        return await ReplayAsync(asked, ct) ?? throw new InvalidOperationException("An idempotency key was refused, but nothing holds it");
    }

    private async Task<SyncRequested?> ReplayAsync(AskedOnce? asked, CancellationToken ct) => await _once.FindAsync(asked, Once.Sync, ct) switch
    {
        null => null,
        { IsSame: true } earlier => new SyncRequested.Queued(earlier.MadeId, Replayed: true),
        _ => new SyncRequested.KeyReused(),
    };

    private static FieldErrors Check(DayRange range, DateOnly today, string timezone)
    {
        var errors = new FieldErrors();
        if (range.Since > today) errors.Add("since", $"must not be in the future: today is {today:yyyy-MM-dd} in {timezone}");
        else if (range.Since > range.Until) errors.Add("since", $"{range.Since:yyyy-MM-dd} is after until, {range.Until:yyyy-MM-dd}");
        if (range.Until > today && range.Since <= today) errors.Add("until", $"must not be in the future: today is {today:yyyy-MM-dd} in {timezone}");
        var oldest = AccountDays.Oldest(today);
        if (range.Since < oldest) errors.Add("since", $"must be {oldest:yyyy-MM-dd} or later: Meta keeps {AccountDays.RetentionMonths} months");
        return errors;
    }
}
