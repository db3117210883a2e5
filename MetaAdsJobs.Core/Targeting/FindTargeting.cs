using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Accounts.Tokens;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Meta.Pacing;

namespace MetaAdsJobs.Core.Targeting;

/// <summary>What a search for targeting brought.</summary>
public abstract record TargetingFound
{
    private TargetingFound() { }

    public sealed record Options(IReadOnlyList<TargetingOption> Found) : TargetingFound;

    /// <param name="Why">In Meta's words, or ours.</param>
    public sealed record NotNow(string Why) : TargetingFound;

    public sealed record UnknownAccount : TargetingFound;
}

/// <summary>
/// Searches Meta's places, interests and languages with an account's token. A person waits for it, so it is asked at once from the
/// process they talk to; what all processes know of the account's limits holds for it too, and what Meta says of them is told on.
/// </summary>
public sealed class FindTargeting : IDisposable
{
    private readonly SemaphoreSlim _exchanging = new(1, 1);
    private readonly TokenStore _store;
    private readonly AccountStore _accounts;
    private readonly AccountTokens _tokens;
    private readonly MetaTargeting _meta;
    private readonly PacingExchange _pacing;

    internal FindTargeting(TokenStore store, AccountStore accounts, AccountTokens tokens, MetaTargeting meta, PacingExchange pacing) =>
        (_store, _accounts, _tokens, _meta, _pacing) = (store, accounts, tokens, meta, pacing);

    public async Task<TargetingFound> ExecuteAsync(Guid accountId, TargetingKind kind, string text, CancellationToken ct)
    {
        if (await _accounts.FindAsync(accountId, ct) is not { } account) return new TargetingFound.UnknownAccount();
        if (account.TokenRejectedAt is not null) return new TargetingFound.NotNow(account.TokenRejection ?? "Meta has rejected the account's token");
        if ((await _store.ListAsync(DateTimeOffset.MinValue, accountId, ct)) is not [{ } stored] || _tokens.TryOpen(stored.AccessToken) is not { } token)
            return new TargetingFound.NotNow("the account's token cannot be read");
        try
        {
            await ExchangeAsync(ct);
            return new TargetingFound.Options(await _meta.SearchAsync(new(account.AdAccountId, token), kind, text, ct));
        }
        catch (MetaException exception)
        {
            return new TargetingFound.NotNow(exception.ForUser);
        }
        finally
        {
            // A person who goes away takes nothing back of what Meta said.
            await ExchangeAsync(CancellationToken.None);
        }
    }

    public void Dispose() => _exchanging.Dispose();

    private async Task ExchangeAsync(CancellationToken ct)
    {
        await _exchanging.WaitAsync(ct);
        try
        {
            await _pacing.ExchangeAsync(ct);
        }
        finally
        {
            _exchanging.Release();
        }
    }
}
