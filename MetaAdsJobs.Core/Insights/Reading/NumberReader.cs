using Dapper;
using MetaAdsJobs.Core.Access;
using Npgsql;

namespace MetaAdsJobs.Core.Insights.Reading;

/// <summary>An account whose numbers are looked at.</summary>
/// <param name="Currency">As Meta bills it, when it has told that; else as it is registered.</param>
public sealed record NumberAccount(Guid Id, string Name, string AdAccountId, string Currency, string TimezoneName);

/// <summary>How many ad accounts are billed in a currency. Money of two is never added.</summary>
/// <param name="Accounts">Retired ones, too: the days that they have read count on.</param>
/// <param name="InUse">Those that are not retired: no others are read any more.</param>
public sealed record NumberCurrency(string Currency, long Accounts, long InUse);

/// <summary>What one campaign, or one account among all, adds up to in a range.</summary>
public sealed record NumberShare
{
    /// <summary>Meta's of a campaign, ours of an account.</summary>
    public required string Id { get; init; }

    /// <summary>Null of a campaign that was not made here.</summary>
    public string? Name { get; init; }
    public Guid? RequestId { get; init; }
    public decimal? Spend { get; init; }
    public long? Impressions { get; init; }
    public long? Clicks { get; init; }
    public decimal? Results { get; init; }
    public string? ResultType { get; init; }
    public decimal? CostPerResult => Ratio.Of(Spend, Results);
}

/// <summary>
/// Reads sums per day for people: of an account, of one of its campaigns, or of all accounts of one currency. It reads only what was added
/// up when it was written, and no more of it than <see cref="MostRows"/>, which the caller keeps to by the range it asks for.
/// </summary>
public sealed class NumberReader(NpgsqlDataSource dataSource)
{
    /// <summary>So many rows are added up within some tens of milliseconds.</summary>
    public const int MostRows = 10_000;

    private const string AccountColumns = "a.id, a.name, a.ad_account_id, COALESCE(a.meta_currency, a.currency) AS currency, a.timezone_name";

    public async Task<NumberAccount?> FindAccountAsync(Guid id, CancellationToken ct)
    {
        var findSql = $"SELECT {AccountColumns} FROM social_accounts a WHERE a.id = @Id{AccountScope.And("a.id")}";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<NumberAccount>(new(findSql, new { Id = id, Scope = AccountScope.Accounts }, cancellationToken: ct));
    }

    /// <summary>The account that a campaign is of; when two of ours share it, the one that has read it last.</summary>
    public async Task<NumberAccount?> FindAccountOfAsync(string campaignId, CancellationToken ct)
    {
        var findSql = $"""
            SELECT {AccountColumns}
            FROM (SELECT social_account_id FROM insight_campaign_days WHERE campaign_meta_id = @CampaignId{AccountScope.And("social_account_id")} ORDER BY date_start DESC LIMIT 1) c
            JOIN social_accounts a ON a.id = c.social_account_id
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<NumberAccount>(new(findSql, new { CampaignId = campaignId, Scope = AccountScope.Accounts }, cancellationToken: ct));
    }

    /// <summary>The campaign was made here for the account, or a report of the account has told of it.</summary>
    public async Task<bool> HasCampaignAsync(Guid accountId, string campaignId, CancellationToken ct)
    {
        const string HasSql = """
            SELECT EXISTS (SELECT 1 FROM insight_campaign_days WHERE campaign_meta_id = @CampaignId AND social_account_id = @AccountId)
                OR EXISTS (SELECT 1 FROM meta_campaigns WHERE meta_id = @CampaignId AND social_account_id = @AccountId)
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<bool>(new(HasSql, new { AccountId = accountId, CampaignId = campaignId }, cancellationToken: ct));
    }

    /// <summary>As it was asked for; null for a campaign that was not made here.</summary>
    public async Task<string?> FindCampaignNameAsync(string campaignId, CancellationToken ct)
    {
        var nameSql = $"SELECT o.campaign_name FROM meta_campaigns m JOIN orchestrations o USING (request_id) WHERE m.meta_id = @CampaignId{AccountScope.And("o.social_account_id")}";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<string?>(new(nameSql, new { CampaignId = campaignId, Scope = AccountScope.Accounts }, cancellationToken: ct));
    }

    /// <summary>The one of the most ad accounts first.</summary>
    public async Task<IReadOnlyList<NumberCurrency>> ListCurrenciesAsync(CancellationToken ct)
    {
        var currenciesSql = $"""
            SELECT COALESCE(meta_currency, currency) AS currency, count(DISTINCT ad_account_id) AS accounts, count(DISTINCT ad_account_id) FILTER (WHERE retired_at IS NULL) AS in_use
            FROM social_accounts WHERE {AccountScope.Is("id")} GROUP BY 1 ORDER BY 2 DESC, 1
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<NumberCurrency>(new(currenciesSql, new { Scope = AccountScope.Accounts }, cancellationToken: ct))).AsList();
    }

    /// <summary>The days that were read, in order. Days are inclusive.</summary>
    public async Task<IReadOnlyList<NumberDay>> ListDaysAsync(Guid accountId, string? campaignId, DateOnly since, DateOnly until, CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<NumberDay>(new(campaignId is null ? NumberSql.AccountDays : NumberSql.CampaignDays,
            new { AccountId = accountId, CampaignId = campaignId, Since = since, Until = until }, cancellationToken: ct))).AsList();
    }

    /// <summary>Of all accounts of a currency. An ad account that two of ours share counts once: each day as it was read last.</summary>
    public async Task<IReadOnlyList<NumberDay>> ListDaysOfAllAsync(string currency, DateOnly since, DateOnly until, CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<NumberDay>(new(NumberSql.DaysOfAll, new { Currency = currency, Since = since, Until = until, Scope = AccountScope.Accounts }, cancellationToken: ct))).AsList();
    }

    /// <summary>The same accounts, each by itself, by what they have spent, the most first.</summary>
    public async Task<IReadOnlyList<NumberShare>> ListAccountsAsync(string currency, DateOnly since, DateOnly until, int limit, CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<NumberShare>(new(
            NumberSql.Accounts, new { Currency = currency, Since = since, Until = until, Limit = limit, Scope = AccountScope.Accounts }, cancellationToken: ct))).AsList();
    }

    /// <summary>An account's campaigns by what they have spent, the most first.</summary>
    public async Task<IReadOnlyList<NumberShare>> ListCampaignsAsync(Guid accountId, DateOnly since, DateOnly until, int limit, CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<NumberShare>(new(
            NumberSql.Campaigns, new { AccountId = accountId, Since = since, Until = until, Limit = limit }, cancellationToken: ct))).AsList();
    }
}
