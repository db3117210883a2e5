using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Orchestrations.Steps;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace MetaAdsJobs.Core.Orchestrations;

/// <summary>The ways in which a run ends without having ended its orchestration: it is snoozed until a known time, and says why.</summary>
internal sealed class SnoozeRun(
    OrchestrationClaims claims, AccountStore accounts, NpgsqlDataSource dataSource, TimeProvider time, ILogger<SnoozeRun> logger)
{
    // A person has changed the account while the call was under way: what was refused may be put right already.
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    /// <summary>Throttled, token rejected or account blocked: nothing was done, and no retry is used for waiting.</summary>
    public async Task<JobOutcome> ForMetaAsync(Attempt attempt, MetaException exception, CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var until = now + TimeSpan.FromMinutes(5);
        switch (exception.Proof)
        {
            case Proof.Throttled:
                until = now + (exception.RetryAfter ?? TimeSpan.FromMinutes(1));
                OrchestrationLog.Throttled(logger, attempt.Account.Id, until);
                break;
            case Proof.AccountBlocked:
                if (await accounts.BlockAsync(attempt.Account.Id, attempt.Account.UpdatedAt, exception.ForUser, ct)) AccountLog.Blocked(logger, attempt.Account.Id, exception.ForUser);
                else until = now + Soon;
                break;
            default:
                if (await accounts.RejectTokenAsync(attempt.Account.Id, attempt.Credential.StoredAs, exception.ForUser, ct)) OrchestrationLog.TokenRejected(logger, attempt.Account.Id, exception.ForUser);
                else until = now + Soon;
                break;
        }

        return await ForAsync(attempt, Release.Waiting(until, exception.ForUser), ct);
    }

    /// <summary>Refused in a way that may pass: the same is sent again later, and no retry is used.</summary>
    public Task<JobOutcome> ForPassingAsync(Attempt attempt, MetaException refusal, TimeSpan wait, CancellationToken ct) => ForAsync(
        attempt, Release.Waiting(time.GetUtcNow() + wait, $"Meta may accept it later, unchanged: {refusal.ForUser}"), ct);

    public async Task<JobOutcome> ForAsync(Attempt attempt, Release release, CancellationToken ct)
    {
        await claims.ReleaseAsync(attempt, release, ct);
        OrchestrationLog.Waits(logger, release.Until!.Value, release.Reason!);
        return new JobOutcome.Snoozed(release.Until.Value, release.Reason!);
    }

    /// <summary>Another attempt holds the orchestration. What this one has changed at Meta is recorded all the same.</summary>
    public Task OvertakenAsync(Attempt attempt, string reason)
    {
        OrchestrationLog.Fenced(logger, attempt.Number, reason);
        return ChangeLog.WriteAsync(dataSource, attempt.Account.Id, attempt.RequestId, attempt.AskedBy, attempt.Credential.Changes, CancellationToken.None);
    }
}
