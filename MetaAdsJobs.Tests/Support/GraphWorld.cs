using Dapper;
using Npgsql;

namespace MetaAdsJobs.Tests.Support;

/// <summary>What exists at Meta, as Meta itself would count it.</summary>
public static class GraphWorld
{
    public static readonly string[] Kinds = ["campaign", "adset", "creative", "ad"];

    /// <summary>How many objects of the kind exist and are not deleted.</summary>
    public static async Task<long> CountAsync(this NpgsqlDataSource graph, string kind, string? status = null)
    {
        await using var connection = await graph.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<long>(
            "SELECT count(*) FROM stub_graph.objects WHERE kind = @kind AND deleted_at IS NULL AND (@status::text IS NULL OR status = @status)", new { kind, status });
    }

    /// <summary>How many were ever made, deleted ones included.</summary>
    public static async Task<long> CountEverAsync(this NpgsqlDataSource graph, string kind)
    {
        await using var connection = await graph.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<long>("SELECT count(*) FROM stub_graph.objects WHERE kind = @kind", new { kind });
    }

    public static async Task AssertEachAsync(this NpgsqlDataSource graph, long count)
    {
        foreach (var kind in Kinds) Assert.That(await graph.CountAsync(kind), Is.EqualTo(count), $"{kind}s at Meta");
    }

    /// <summary>Nothing that could spend: a creative is "active" by nature and spends nothing.</summary>
    public static async Task AssertNothingActiveAsync(this NpgsqlDataSource graph)
    {
        foreach (var kind in (string[])["campaign", "adset", "ad"]) Assert.That(await graph.CountAsync(kind, "ACTIVE"), Is.Zero, $"active {kind}s at Meta");
    }

    public static async Task<long> RowsAsync(this NpgsqlDataSource database, string table)
    {
        await using var connection = await database.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<long>($"SELECT count(*) FROM {table}");
    }

    public static async Task AssertEntityRowsAsync(this NpgsqlDataSource database, long count)
    {
        foreach (var table in (string[])["meta_campaigns", "meta_adsets", "meta_creatives", "meta_ads"])
            Assert.That(await database.RowsAsync(table), Is.EqualTo(count), table);
    }

    /// <summary>From now on Meta tells other numbers for about two thirds of the account's last 28 days; each call changes some once more.</summary>
    /// <param name="adAccountId">With or without act_.</param>
    public static Task RestateAsync(this NpgsqlDataSource graph, string adAccountId) => graph.ChangeAsync(
        """
        INSERT INTO stub_graph.restatements (account_id, generation) VALUES (@account, 1)
        ON CONFLICT (account_id) DO UPDATE SET generation = restatements.generation + 1
        """,
        new { account = Digits(adAccountId) });

    /// <summary>
    /// From now on a report of the account is too much when its subjects x days x metrics are more than <paramref name="cells"/>; actions are
    /// ten metrics; ids, names, dates and texts none.
    /// </summary>
    /// <param name="adAccountId">With or without act_.</param>
    /// <param name="poisonAd">A report with this ad and the field is always too much.</param>
    /// <param name="poisonField">Null for any field.</param>
    public static Task LimitInsightsAsync(
        this NpgsqlDataSource graph, string adAccountId, int cells, string? poisonAd = null, string? poisonField = null) => graph.ChangeAsync(
        """
        INSERT INTO stub_graph.insight_limits (account_id, cells, poison_ad, poison_field) VALUES (@account, @cells, @poisonAd, @poisonField)
        ON CONFLICT (account_id) DO UPDATE SET (cells, poison_ad, poison_field) = (excluded.cells, excluded.poison_ad, excluded.poison_field)
        """,
        new { account = Digits(adAccountId), cells, poisonAd, poisonField });

    private static async Task ChangeAsync(this NpgsqlDataSource graph, string sql, object parameters)
    {
        await using var connection = await graph.OpenConnectionAsync();
        await connection.ExecuteAsync(sql, parameters);
    }

    private static string Digits(string adAccountId) => adAccountId.Replace("act_", "", StringComparison.Ordinal);
}
