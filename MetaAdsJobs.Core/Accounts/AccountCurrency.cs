using Dapper;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Graph;
using Npgsql;

namespace MetaAdsJobs.Core.Accounts;

/// <summary>
/// In which currency Meta bills an ad account. It never changes at Meta, so it is read once and kept: budgets are sent in its units, and
/// one that is registered here in another currency would be off by the rate, or a hundredfold.
/// </summary>
internal sealed class AccountCurrency(NpgsqlDataSource dataSource, MetaAds meta, TimeProvider time)
{
    /// <returns>As Meta has just told it.</returns>
    /// <exception cref="MetaException">Meta did not tell it.</exception>
    public async Task<string> ReadAsync(Guid accountId, GraphCredential credential, CancellationToken ct)
    {
        const string SaveSql = """
            UPDATE social_accounts SET meta_currency = @Currency, meta_currency_at = @Now
            WHERE id = @AccountId AND meta_currency IS DISTINCT FROM @Currency
            """;
        var currency = (await meta.ReadAccountAsync(credential, ct)).Currency ?? throw new MetaException(Proof.NotSent, "Meta does not tell the ad account's currency");
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new(SaveSql, new { AccountId = accountId, Currency = currency, Now = time.GetUtcNow() }, cancellationToken: ct));
        return currency;
    }

    /// <summary>What is wrong, and what to do about it; null when it is the same here and there, or not known yet.</summary>
    public static string? Difference(string adAccountId, string here, string? atMeta) => atMeta is null || atMeta == here ? null
        : $"Meta bills {adAccountId} in {atMeta}, and it is registered here in {here}: budgets would mean other amounts. Retire this account, add the ad account anew with the currency {atMeta}, and advertise with that";
}
