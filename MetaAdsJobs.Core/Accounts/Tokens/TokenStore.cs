using Dapper;
using MetaAdsJobs.Core.Meta;
using MetaAdsJobs.Core.Meta.Ads;
using Npgsql;

namespace MetaAdsJobs.Core.Accounts.Tokens;

/// <summary>An account's token as it is stored: closed.</summary>
internal sealed record StoredToken(Guid Id, string AccessToken, bool WasRejected, string AdAccountId, string Currency, bool CurrencyConfirmed);

/// <summary>What is known of the accounts' tokens.</summary>
internal sealed class TokenStore(NpgsqlDataSource dataSource, TimeProvider time)
{
    /// <summary>Accounts not checked since; or the one account.</summary>
    public async Task<IReadOnlyList<StoredToken>> ListAsync(DateTimeOffset uncheckedSince, Guid? only, CancellationToken ct)
    {
        const string ListSql = """
            SELECT id, access_token, token_rejected_at IS NOT NULL AS was_rejected, ad_account_id, currency, meta_currency IS NOT DISTINCT FROM currency AS currency_confirmed
            FROM social_accounts
            WHERE retired_at IS NULL AND CASE WHEN @Only::uuid IS NULL THEN token_checked_at IS NULL OR token_checked_at < @Since ELSE id = @Only END
            ORDER BY token_checked_at NULLS FIRST, id
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<StoredToken>(new(ListSql, new { Since = uncheckedSince, Only = only }, cancellationToken: ct))).AsList();
    }

    /// <summary>Writes what Meta said. A token that is not valid is marked as if a call had been refused; a valid one loses the mark.</summary>
    /// <returns>False when the account has another token by now: what was said is not about it.</returns>
    public async Task<bool> SaveAsync(StoredToken token, TokenState state, CancellationToken ct)
    {
        const string SaveSql = """
            UPDATE social_accounts SET token_checked_at = @Now, token_expires_at = @ExpiresAt, token_scopes = @Scopes,
                token_rejected_at = CASE WHEN NOT @IsValid THEN COALESCE(token_rejected_at, @Now) END,
                token_rejection = CASE WHEN NOT @IsValid THEN COALESCE(token_rejection, @Why) END
            WHERE id = @Id AND access_token = @AccessToken
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteAsync(new(SaveSql, new
        {
            token.Id, token.AccessToken, state.IsValid, state.ExpiresAt, Scopes = state.Scopes.ToArray(), state.Why, Now = time.GetUtcNow(),
        }, cancellationToken: ct)) == 1;
    }
}
