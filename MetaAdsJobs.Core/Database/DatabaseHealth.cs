using Dapper;
using Npgsql;

namespace MetaAdsJobs.Core.Database;

/// <summary>Whether the database answers and is at this build's version.</summary>
public sealed class DatabaseHealth(NpgsqlDataSource dataSource)
{
    private static readonly int Newest = typeof(DatabaseHealth).Assembly.GetManifestResourceNames()
        .Where(name => name.EndsWith(".sql", StringComparison.Ordinal))
        .Max(name => int.Parse(name.AsSpan(name.LastIndexOf('V') + 1, 4), System.Globalization.CultureInfo.InvariantCulture));

    public async Task<bool> IsMigratedAsync(CancellationToken ct)
    {
        const string NewestSql = "SELECT COALESCE(max(version::int), 0) FROM schema_migrations WHERE success AND version ~ '^[0-9]+$'";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteScalarAsync<int>(new(NewestSql, commandTimeout: 5, cancellationToken: ct)) >= Newest;
    }
}
