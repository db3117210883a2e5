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
}
