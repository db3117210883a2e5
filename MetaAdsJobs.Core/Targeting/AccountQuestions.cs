using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Accounts.Tokens;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Meta.Pacing;

namespace MetaAdsJobs.Core.Targeting;

/// <summary>
/// Asks Meta something with an account's token. Somebody waits for it, so it is asked at once from the process they talk to; what all
/// processes know of the account's limits holds for it too, and what Meta says of them is told on.
/// </summary>
internal sealed class AccountQuestions(TokenStore store, AccountStore accounts, AccountTokens tokens, PacingExchange pacing) : IDisposable
{
    private static readonly TimeSpan UsualAbsence = TimeSpan.FromSeconds(5);
    private readonly SemaphoreSlim _exchanging = new(1, 1);

    /// <param name="ask">What comes of it; throws <see cref="MetaException"/>.</param>
    public async Task<TargetingFound> AskAsync(Guid accountId, Func<SocialAccount, GraphCredential, Task<TargetingFound>> ask, CancellationToken ct)
    {
        if (await accounts.FindAsync(accountId, ct) is not { } account) return new TargetingFound.UnknownAccount(accountId);
        if (account.RetiredAt is not null) return Refused("the account is retired, and has no token any more");
        if (account.TokenRejectedAt is not null) return Refused(account.TokenRejection ?? "Meta has rejected the account's token");
        if ((await store.ListAsync(DateTimeOffset.MinValue, accountId, ct)) is not [{ } stored] || tokens.TryOpen(stored.AccessToken) is not { } token)
            return Refused("the account's token cannot be read");
        try
        {
            await ExchangeAsync(ct);
            return await ask(account, new(account.AdAccountId, token));
        }
        catch (MetaException exception)
        {
            return exception.Proof switch
            {
                Proof.Throttled => new TargetingFound.NotNow(exception.ForUser, NotNowReason.Throttled, exception.RetryAfter ?? UsualAbsence),
                Proof.NotSent or Proof.OutcomeUnknown => new TargetingFound.NotNow(exception.ForUser, NotNowReason.Away, UsualAbsence),
                _ => Refused(exception.ForUser),
            };
        }
        finally
        {
            // A person who goes away takes nothing back of what Meta said.
            await ExchangeAsync(CancellationToken.None);
        }
    }

    public void Dispose() => _exchanging.Dispose();

    private static TargetingFound.NotNow Refused(string why) => new(why, NotNowReason.Refused, null);

    private async Task ExchangeAsync(CancellationToken ct)
    {
        await _exchanging.WaitAsync(ct);
        try
        {
            await pacing.ExchangeAsync(ct);
        }
        finally
        {
            _exchanging.Release();
        }
    }
}
