using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Audit;
using Npgsql;

namespace MetaAdsJobs.Core.Accounts;

public sealed class AccountStore(NpgsqlDataSource dataSource, TimeProvider time)
{
    internal const string Columns = """
        social_accounts.id, name, ad_account_id, page_id, instagram_user_id, pixel_id, currency, timezone_name, default_countries,
        dsa_beneficiary, dsa_payor, min_daily_budget, meta_currency, campaign_cap_cents, daily_cap_cents, caps_off, approval_required, approval_above_cents, token_rejected_at, token_rejection,
        token_checked_at, token_expires_at, token_scopes, blocked_at, block_reason, social_accounts.created_at, updated_at, retired_at, retired_by, double_of IS NOT NULL AS is_double
        """;

    /// <summary>A part of the name or of the ad account's id, as @Search.</summary>
    internal const string SearchSql = "(strpos(lower(name), lower(@Search)) > 0 OR strpos(ad_account_id, lower(@Search)) > 0)";

    // Only one whom the caller looks into is told which was there first.
    private static string Told => $"{Columns}, CASE WHEN {AccountScope.Is("double_of")} THEN double_of END AS double_of";

    /// <returns>False when an account with this id exists already; nothing is changed then.</returns>
    /// <exception cref="TakenException">The ad account is that of another account.</exception>
    public async Task<bool> InsertAsync(SocialAccount account, string closedToken, CancellationToken ct)
    {
        var insertSql = $"""
            WITH made AS (
            INSERT INTO social_accounts (id, name, ad_account_id, page_id, instagram_user_id, pixel_id, currency, timezone_name,
                default_countries, dsa_beneficiary, dsa_payor, campaign_cap_cents, daily_cap_cents, caps_off, approval_required, approval_above_cents, access_token, created_at, updated_at)
            VALUES (@Id, @Name, @AdAccountId, @PageId, @InstagramUserId, @PixelId, @Currency, @TimezoneName,
                @Countries, @DsaBeneficiary, @DsaPayor, @CampaignCapCents, @DailyCapCents, @CapsOff, @ApprovalRequired, @ApprovalAboveCents, @ClosedToken, @Now, @Now)
            ON CONFLICT (id) DO NOTHING RETURNING id),
            act AS ({ActLog.InsertFrom("made")})
            SELECT count(*) FROM made
            """;
        var act = new Act("account", $"{account.Id}", account.Name, "made", account.Id, Differences(null, account, hasToken: true, unblock: false));
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        try
        {
            return await connection.ExecuteScalarAsync<long>(new(insertSql, ActLog.With(Parameters(account, closedToken), act, time.GetUtcNow()), cancellationToken: ct)) == 1;
        }
        catch (PostgresException refused) when (refused.ConstraintName == AccountPairs.OneOfEach)
        {
            throw new TakenException(refused);
        }
    }

    /// <summary>Those pages and the like that only accounts use which the caller does not look into. A token may reach them all the same, when one is for many clients.</summary>
    /// <param name="named">Each with the field of an account that holds such an id.</param>
    internal async Task<IReadOnlySet<(string Field, string Id)>> ListForeignAsync(IReadOnlyCollection<(string Field, string Id)> named, CancellationToken ct)
    {
        // Zeros in front make no other id.
        const string ForeignSql = """
            SELECT one.field, one.id FROM unnest(@Fields, @Ids) AS one (field, id)
            JOIN (
                SELECT u.field, ltrim(u.id, '0') AS id, a.id AS account
                FROM social_accounts a CROSS JOIN LATERAL (VALUES ('page_id', a.page_id), ('instagram_user_id', a.instagram_user_id), ('pixel_id', a.pixel_id)) u (field, id)) used
            ON used.field = one.field AND used.id = ltrim(one.id, '0')
            GROUP BY one.field, one.id HAVING NOT bool_or(used.account = ANY (@Scope))
            """;
        if (AccountScope.IsAll || named.Count == 0) return new HashSet<(string, string)>();
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<(string Field, string Id)>(new(ForeignSql,
            new { Fields = named.Select(one => one.Field).ToArray(), Ids = named.Select(one => one.Id).ToArray(), Scope = AccountScope.Accounts }, cancellationToken: ct))).ToHashSet();
    }

    /// <summary>Writes the whole account; a new token also lifts the mark of a rejected one, and nothing is known of it yet.</summary>
    /// <param name="seen">As it was read: nothing is written when somebody has changed it since.</param>
    public async Task<bool> UpdateAsync(SocialAccount account, string? closedToken, bool unblock, SocialAccount seen, CancellationToken ct)
    {
        var updateSql = $"""
            WITH made AS (
            UPDATE social_accounts SET name = @Name, ad_account_id = @AdAccountId, page_id = @PageId,
                instagram_user_id = @InstagramUserId, pixel_id = @PixelId, currency = @Currency, timezone_name = @TimezoneName,
                default_countries = @Countries, dsa_beneficiary = @DsaBeneficiary, dsa_payor = @DsaPayor,
                campaign_cap_cents = @CampaignCapCents, daily_cap_cents = @DailyCapCents, caps_off = @CapsOff, approval_required = @ApprovalRequired, approval_above_cents = @ApprovalAboveCents,
                access_token = COALESCE(@ClosedToken, access_token),
                token_rejected_at = CASE WHEN @ClosedToken IS NULL THEN token_rejected_at END,
                token_rejection = CASE WHEN @ClosedToken IS NULL THEN token_rejection END,
                token_checked_at = CASE WHEN @ClosedToken IS NULL THEN token_checked_at END,
                token_expires_at = CASE WHEN @ClosedToken IS NULL THEN token_expires_at END,
                token_scopes = CASE WHEN @ClosedToken IS NULL THEN token_scopes ELSE ARRAY[]::text[] END,
                blocked_at = CASE WHEN NOT @Unblock THEN blocked_at END, block_reason = CASE WHEN NOT @Unblock THEN block_reason END,
                -- Another moment each time, whatever the clock says: it is what tells one version from the next.
                updated_at = GREATEST(@Now, updated_at + interval '1 microsecond')
            WHERE id = @Id AND updated_at = @Seen RETURNING id),
            act AS ({ActLog.InsertFrom("made")})
            SELECT count(*) FROM made
            """;
        var act = new Act("account", $"{account.Id}", account.Name, "changed", account.Id, Differences(seen, account, closedToken is not null, unblock));
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<long>(new(updateSql, ActLog.With(Parameters(account, closedToken, unblock, seen.UpdatedAt), act, time.GetUtcNow()), cancellationToken: ct)) == 1;
    }

    public async Task<SocialAccount?> FindAsync(Guid id, CancellationToken ct)
    {
        var findSql = $"SELECT {Told} FROM social_accounts WHERE id = @Id{AccountScope.And("id")}";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<SocialAccount>(new(findSql, new { Id = id, Scope = AccountScope.Accounts }, cancellationToken: ct));
    }

    public Task<IReadOnlyList<SocialAccount>> ListAsync(Guid after, int limit, CancellationToken ct) => ListAsync(changedSince: null, since: null, until: null, retired: null, search: null, after, limit, ct);

    /// <param name="changedSince">By a person, or added.</param>
    /// <param name="since">A day in UTC on which they were added, or a later one.</param>
    /// <param name="retired">Only those that are, or are not; null: all.</param>
    /// <param name="search">A part of the name or of the ad account's id.</param>
    public async Task<IReadOnlyList<SocialAccount>> ListAsync(DateTimeOffset? changedSince, DateOnly? since, DateOnly? until, bool? retired, string? search, Guid after, int limit, CancellationToken ct)
    {
        var days = $"{(since is null ? "" : " AND created_at >= @Since::date::timestamp AT TIME ZONE 'UTC'")}{(until is null ? "" : " AND created_at < (@Until::date + 1)::timestamp AT TIME ZONE 'UTC'")}";
        var conditions = $"{days}{(changedSince is null ? "" : " AND updated_at >= @ChangedSince")}{(retired is null ? "" : $" AND retired_at IS {(retired == true ? "NOT " : "")}NULL")}{(search is null ? "" : $" AND {SearchSql}")}{AccountScope.And("id")}";
        var listSql = $"SELECT {Told} FROM social_accounts WHERE id > @After{conditions} ORDER BY id LIMIT @Limit";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<SocialAccount>(new(listSql, new { After = after, Limit = limit, ChangedSince = changedSince, Since = since, Until = until, Search = search, Scope = AccountScope.Accounts }, cancellationToken: ct))).AsList();
    }

    /// <summary>The zones in which at least one account lives: each has a nightly schedule of its own.</summary>
    /// <returns>And whether PostgreSQL knows the zone.</returns>
    public async Task<IReadOnlyList<(string Name, bool IsKnown)>> ListTimezonesAsync(CancellationToken ct)
    {
        const string ListSql = "SELECT timezone_name, known_zone(timezone_name) IS NOT NULL FROM (SELECT DISTINCT timezone_name FROM social_accounts WHERE retired_at IS NULL) z ORDER BY timezone_name";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<(string, bool)>(new(ListSql, cancellationToken: ct))).AsList();
    }

    /// <summary>Names of accounts that live in the zone, a few of them.</summary>
    public async Task<IReadOnlyList<string>> ListNamesInAsync(string timezoneName, CancellationToken ct)
    {
        const string ListSql = "SELECT name FROM social_accounts WHERE timezone_name = @TimezoneName AND retired_at IS NULL ORDER BY name LIMIT 10";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<string>(new(ListSql, new { TimezoneName = timezoneName }, cancellationToken: ct))).AsList();
    }

    /// <summary>Marks the token as refused by Meta; the account's jobs wait from now on until a new token is given.</summary>
    /// <param name="closedToken">The token as it was stored when the refused call was prepared.</param>
    /// <returns>False when the account has another token by now: the refusal is not about it.</returns>
    public async Task<bool> RejectTokenAsync(Guid id, string closedToken, string rejection, CancellationToken ct)
    {
        const string RejectSql = """
            UPDATE social_accounts SET token_rejected_at = COALESCE(token_rejected_at, @Now),
                token_rejection = CASE WHEN token_rejected_at IS NULL THEN @Rejection ELSE token_rejection END
            WHERE id = @Id AND access_token = @ClosedToken
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteAsync(new(RejectSql, new { Id = id, ClosedToken = closedToken, Rejection = rejection, Now = time.GetUtcNow() }, cancellationToken: ct)) == 1;
    }

    /// <summary>Marks the account as blocked by Meta; its orchestrations wait from now on until a person unblocks it.</summary>
    /// <param name="seen">When the account had last been changed as it was read for the refused call.</param>
    /// <returns>False when somebody has changed the account since, perhaps unblocked it: the next call tells.</returns>
    public async Task<bool> BlockAsync(Guid id, DateTimeOffset seen, string reason, CancellationToken ct)
    {
        const string BlockSql = """
            UPDATE social_accounts SET blocked_at = COALESCE(blocked_at, @Now), block_reason = CASE WHEN blocked_at IS NULL THEN @Reason ELSE block_reason END
            WHERE id = @Id AND updated_at = @Seen
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteAsync(new(BlockSql, new { Id = id, Seen = seen, Reason = reason, Now = time.GetUtcNow() }, cancellationToken: ct)) == 1;
    }

    // Of a token that it was given, and nothing of the token.
    private static JsonObject Differences(SocialAccount? before, SocialAccount after, bool hasToken, bool unblock)
    {
        static object? Told(SocialAccount? account) => account is null ? null : new
        {
            account.Name, account.AdAccountId, account.PageId, account.InstagramUserId, account.PixelId, account.Currency, account.TimezoneName, account.DefaultCountries, account.DsaBeneficiary, account.DsaPayor,
            account.CampaignCapCents, account.DailyCapCents, account.CapsOff, account.ApprovalRequired, account.ApprovalAboveCents,
        };
        var changes = ActLog.Differences(Told(before), Told(after));
        if (hasToken) changes["access_token"] = new JsonObject { ["old"] = null, ["new"] = "given" };
        if (unblock) changes["unblock"] = new JsonObject { ["old"] = false, ["new"] = true };
        return changes;
    }

    private object Parameters(SocialAccount account, string? closedToken, bool unblock = false, DateTimeOffset? seen = null) => new
    {
        account.Id, account.Name, account.AdAccountId, account.PageId, account.InstagramUserId, account.PixelId, account.Currency,
        account.TimezoneName, Countries = account.DefaultCountries.ToArray(), account.DsaBeneficiary, account.DsaPayor,
        account.CampaignCapCents, account.DailyCapCents, account.CapsOff, account.ApprovalRequired, account.ApprovalAboveCents, ClosedToken = closedToken, Unblock = unblock, Seen = seen, Now = time.GetUtcNow(),
    };
}

/// <summary>The ad account is that of another account which is not retired; nothing was written.</summary>
internal sealed class TakenException(Exception inner) : Exception("There is an account of this ad account already", inner);
