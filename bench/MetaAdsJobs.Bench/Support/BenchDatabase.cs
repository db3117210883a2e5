using System.Data;
using System.Globalization;
using Dapper;
using Npgsql;

namespace MetaAdsJobs.Bench.Support;

/// <summary>One database of the cluster and what PostgreSQL itself counts of it.</summary>
internal sealed class BenchDatabase(string name, string connectionString, NpgsqlDataSource outside) : IAsyncDisposable
{
    private readonly NpgsqlDataSource _inside = NpgsqlDataSource.Create(connectionString + ";Application Name=bench");

    public string Name { get; } = name;

    public string ConnectionString { get; } = connectionString;

    public async Task<T?> ScalarAsync<T>(string sql, object? parameters = null)
    {
        await using var connection = await _inside.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<T>(sql, parameters);
    }

    public async Task ExecuteAsync(string sql, object? parameters = null)
    {
        await using var connection = await _inside.OpenConnectionAsync();
        await connection.ExecuteAsync(sql, parameters, commandTimeout: 900, commandType: CommandType.Text);
    }

    public async Task<IReadOnlyList<T>> ListAsync<T>(string sql)
    {
        await using var connection = await _inside.OpenConnectionAsync();
        return (await connection.QueryAsync<T>(sql)).AsList();
    }

    /// <summary>Transactions that have written something, in the whole cluster: each takes a number, and a read takes none.</summary>
    public async Task<long> CountWritesAsync()
    {
        const string NextNumberSql = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text";
        await using var connection = await outside.OpenConnectionAsync();
        return long.Parse((await connection.ExecuteScalarAsync<string>(NextNumberSql))!, CultureInfo.InvariantCulture);
    }

    /// <summary>Transactions of this database, reads included, asked from outside it so that asking does not count.</summary>
    public async Task<long> CountCommitsAsync()
    {
        const string CommitsSql = "SELECT xact_commit FROM pg_stat_database WHERE datname = @Name";
        await using var connection = await outside.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<long>(CommitsSql, new { Name });
    }

    /// <summary>From the next connection on, every statement goes to the server's log.</summary>
    public async Task LogStatementsAsync()
    {
        await using var connection = await outside.OpenConnectionAsync();
        await connection.ExecuteAsync($"ALTER DATABASE {Name} SET log_statement = 'all'");
    }

    public async ValueTask DisposeAsync()
    {
        await _inside.DisposeAsync();
        await outside.DisposeAsync();
    }
}
