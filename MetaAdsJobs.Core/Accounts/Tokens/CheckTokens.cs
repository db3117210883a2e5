using System.Security.Cryptography;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Meta;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Graph;
using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Accounts.Tokens;

/// <summary>
/// Asks Meta about every account's token before a job meets a dead one. Each answer is stored as it comes: killed half-way, the next
/// run goes on with those that were not asked about today.
/// </summary>
internal sealed class CheckTokens(TokenStore store, AccountTokens tokens, MetaTokens meta, MetaOptions options, AccountCurrency currencies, ResumeAccount resume, TimeProvider time, ILogger<CheckTokens> logger)
{
    public static readonly TimeSpan WarnBefore = TimeSpan.FromDays(7);
    private static readonly TimeSpan Fresh = TimeSpan.FromHours(20);

    /// <param name="only">One account, whenever it was last checked; null for all that are due.</param>
    public async Task<JobOutcome> ExecuteAsync(Guid? only, CancellationToken ct)
    {
        if (!options.CanCheckTokens)
        {
            AccountLog.TokensUnchecked(logger);
            return new JobOutcome.Completed();
        }

        var (done, failed) = (0, 0);
        foreach (var token in await store.ListAsync(time.GetUtcNow() - Fresh, only, ct))
        {
            ct.ThrowIfCancellationRequested();
            try
            {
                await CheckAsync(token, ct);
                done++;
            }
            catch (MetaException exception) when (exception.Proof == Proof.Throttled)
            {
                return new JobOutcome.Snoozed(time.GetUtcNow() + (exception.RetryAfter ?? TimeSpan.FromMinutes(1)), exception.ForUser);
            }
            catch (MetaException exception) when (exception.Proof == Proof.TokenRejected)
            {
                // Not the account's token: what is wrong with that one stands in the answer. The app's own was refused.
                AccountLog.AppRefused(logger, exception.ForUser);
                return new JobOutcome.Stopped($"Meta refuses META_APP_ID and META_APP_SECRET: {exception.ForUser}");
            }
            catch (Exception exception) when (exception is MetaException or CryptographicException)
            {
                AccountLog.TokenCheckFailed(logger, token.Id, exception is MetaException refused ? refused.ForUser : "the stored token cannot be opened");
                failed++;
            }
        }

        if (only is null) AccountLog.TokensChecked(logger, done, failed);
        return new JobOutcome.Completed();
    }

    private async Task CheckAsync(StoredToken token, CancellationToken ct)
    {
        var state = await meta.InspectAsync(tokens.Open(token.AccessToken), ct);
        if (!await store.SaveAsync(token, state, ct)) return;
        if (!state.IsValid)
        {
            AccountLog.TokenInvalid(logger, token.Id, state.Why!);
            return;
        }

        if (state.ExpiresAt is { } expiresAt && expiresAt < time.GetUtcNow() + WarnBefore) AccountLog.TokenExpiresSoon(logger, token.Id, expiresAt);
        if (!state.MayWrite) AccountLog.TokenLacksScope(logger, token.Id, TokenState.WriteScope);
        if (!token.CurrencyConfirmed) await CheckCurrencyAsync(token, ct);
        if (!token.WasRejected) return;
        // A crash before this line leaves them snoozing: they go on by themselves within minutes.
        await resume.ExecuteAsync(token.Id, ct);
        AccountLog.TokenValidAgain(logger, token.Id);
    }

    // Only so that people hear of it early: no orchestration goes by what was not read here.
    private async Task CheckCurrencyAsync(StoredToken token, CancellationToken ct)
    {
        try
        {
            var atMeta = await currencies.ReadAsync(token.Id, new(token.AdAccountId, tokens.Open(token.AccessToken)), ct);
            if (AccountCurrency.Difference(token.AdAccountId, token.Currency, atMeta) is { } difference) AccountLog.CurrencyDiffers(logger, token.Id, difference);
        }
        catch (MetaException exception)
        {
            AccountLog.CurrencyUnread(logger, token.Id, exception.ForUser);
        }
    }
}
