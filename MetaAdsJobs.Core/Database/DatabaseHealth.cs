using Npgsql;

namespace MetaAdsJobs.Core.Database;

/// <summary>Whether the database answers and is at this build's version.</summary>
public sealed class DatabaseHealth(NpgsqlDataSource dataSource)
{
    public async Task<bool> IsMigratedAsync(CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return SchemaFingerprint.IsCurrent(connection);
    }
}
