using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Meta;

namespace MetaAdsJobs.Core.Orchestrations.Steps;

/// <summary>Stands before the first creates of an orchestration: Meta must bill the account in the currency in which the budget is meant.</summary>
internal sealed class CurrencyCheck(AccountCurrency currencies)
{
    /// <summary>Costs nothing once the account is confirmed; before that, or when it differs, Meta is asked.</summary>
    /// <exception cref="MetaException">It differs, or Meta did not tell: either way nothing was sent.</exception>
    public async Task ConfirmAsync(Attempt attempt, CancellationToken ct)
    {
        if (attempt.MetaCurrency == attempt.Account.Currency) return;
        attempt.MetaCurrency = await BeforeSending.ReadAsync("the ad account's currency", () => currencies.ReadAsync(attempt.Account.Id, attempt.Credential, ct));
        if (AccountCurrency.Difference(attempt.Account.AdAccountId, attempt.Account.Currency, attempt.MetaCurrency) is { } difference)
            throw new MetaException(Proof.Rejected, difference);
    }
}
