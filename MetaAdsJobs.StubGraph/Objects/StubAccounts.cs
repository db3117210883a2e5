using System.Globalization;
using Npgsql;

namespace MetaAdsJobs.StubGraph.Objects;

/// <summary>
/// Ad accounts. Every id of digits is one: as stub_graph.ad_accounts says, else as the service's own account for it, so that what
/// a person set up in stub mode agrees with "Meta"; else in USD and UTC.
/// </summary>
internal sealed class StubAccounts(NpgsqlDataSource dataSource)
{
    /// <summary>In the currency's API units. Meta's differ by currency; one number keeps the stub predictable.</summary>
    public const long LeastDailyBudget = 100;

    private const string FindSql = """
        SELECT name, currency, timezone_name FROM (
            SELECT 1 AS rank, name, currency, timezone_name FROM stub_graph.ad_accounts WHERE account_id = $1
            UNION ALL
            (SELECT 2, name, currency, timezone_name FROM social_accounts WHERE ad_account_id = 'act_' || $1 ORDER BY created_at DESC LIMIT 1)
            UNION ALL
            SELECT 3, name, currency, timezone_name FROM (VALUES ('1000000002', 'Shop in Spain', 'EUR', 'Europe/Madrid'), ('1000000003', 'Shop in Japan', 'JPY', 'Asia/Tokyo')) AS standing (id, name, currency, timezone_name) WHERE id = $1) AS known
        ORDER BY rank LIMIT 1
        """;

    // What there is to choose: two that always are, what somebody has described, and what is registered.
    private const string AllSql = """
        SELECT DISTINCT ON (id) id, name, currency, timezone_name FROM (
            SELECT 1 AS rank, account_id AS id, name, currency, timezone_name, NULL::timestamptz AS created_at FROM stub_graph.ad_accounts
            UNION ALL SELECT 2, substr(ad_account_id, 5), name, currency, timezone_name, created_at FROM social_accounts
            UNION ALL SELECT 3, id, name, currency, timezone_name, NULL FROM (VALUES ('1000000002', 'Shop in Spain', 'EUR', 'Europe/Madrid'), ('1000000003', 'Shop in Japan', 'JPY', 'Asia/Tokyo')) AS standing (id, name, currency, timezone_name)) AS known
        ORDER BY id, rank, created_at DESC LIMIT 5000
        """;

    private static readonly string[] Currencies =
        ["AUD", "BRL", "CAD", "CHF", "CLP", "COP", "EUR", "GBP", "HUF", "IDR", "INR", "JPY", "KRW", "MXN", "PLN", "TWD", "USD", "VND"];

    public async Task<StubAccount> GetAsync(string accountId, CancellationToken ct)
    {
        await using var command = dataSource.With(FindSql, accountId);
        await using var rows = await command.ExecuteReaderAsync(ct);
        return await rows.ReadAsync(ct)
            ? new StubAccount(accountId, rows.GetString(0), rows.GetString(1), rows.GetString(2), IsKnown: true)
            : new StubAccount(accountId, $"Ad account {accountId}", "USD", "UTC", IsKnown: false);
    }

    public async Task<StubAnswer> ReadAsync(string accountId, StubCall call, CancellationToken ct)
    {
        var account = await GetAsync(accountId, ct);
        var names = FieldSelection.Parse(call.Text("fields"));
        var values = new Dictionary<string, object>
        {
            ["id"] = $"act_{accountId}",
            ["account_id"] = accountId,
            ["name"] = account.Name,
            ["currency"] = account.Currency,
            ["timezone_name"] = account.TimezoneName,
            ["account_status"] = 1,
            ["disable_reason"] = 0,
            ["min_daily_budget"] = LeastDailyBudget,
            ["amount_spent"] = "0",
            ["balance"] = "0",
        };
        if (names.FirstOrDefault(name => !values.ContainsKey(name)) is { } unknown)
            return FieldSelection.Unknown(unknown, "AdAccount").ToAnswer();

        return StubAnswer.Ok(json =>
        {
            json.WriteStartObject();
            foreach (var name in names.Append("id").Distinct())
            {
                json.WritePropertyName(name);
                if (values[name] is string text)
                    json.WriteStringValue(text);
                else
                    json.WriteNumberValue(Convert.ToInt64(values[name], CultureInfo.InvariantCulture));
            }

            json.WriteEndObject();
        });
    }

    /// <summary>GET me/adaccounts.</summary>
    public async Task<StubAnswer> ListAsync(StubCall call, CancellationToken ct)
    {
        var accounts = new List<StubAccount>();
        await using var command = dataSource.With(AllSql);
        await using var rows = await command.ExecuteReaderAsync(ct);
        while (await rows.ReadAsync(ct)) accounts.Add(new(rows.GetString(0), rows.GetString(1), rows.GetString(2), rows.GetString(3), IsKnown: true));
        return StubReach.AdAccounts(call, accounts);
    }

    public static StubAnswer MinimumBudgets() => StubAnswer.Ok(json =>
    {
        json.WriteStartObject();
        json.WriteStartArray("data");
        foreach (var currency in Currencies)
        {
            json.WriteStartObject();
            json.WriteString("currency", currency);
            json.WriteNumber("min_daily_budget_imp", LeastDailyBudget);
            json.WriteNumber("min_daily_budget_high_freq", 5 * LeastDailyBudget);
            json.WriteNumber("min_daily_budget_low_freq", 40 * LeastDailyBudget);
            json.WriteNumber("min_daily_budget_video_views", LeastDailyBudget);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });
}

/// <summary>An ad account; <paramref name="IsKnown"/> tells whether somebody described it or the usual values stand in.</summary>
internal sealed record StubAccount(string AccountId, string Name, string Currency, string TimezoneName, bool IsKnown)
{
    /// <summary>What is the least that can be spent: Meta counts these currencies in whole ones.</summary>
    public decimal Unit { get; } = Currency is "CLP" or "COP" or "CRC" or "HUF" or "IDR" or "ISK" or "JPY" or "KRW" or "PYG" or "TWD" or "VND" ? 1 : 0.01m;
}
