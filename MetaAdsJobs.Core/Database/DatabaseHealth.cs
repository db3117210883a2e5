using System.Data.Common;
using Dapper;
using MetaAdsJobs.Core.Database.Servers;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace MetaAdsJobs.Core.Database;

/// <summary>Whether the database answers, takes writes and is at this build's version.</summary>
public sealed class DatabaseHealth([FromKeyedServices(Connections.OfHealth)] NpgsqlDataSource dataSource, ConnectionPools pools)
{
    public const string Ok = "ok";

    /// <summary>A failover is under way, or somebody has set it so: nothing else can be asked of it through this service's connections.</summary>
    public const string ReadOnly = "read only";

    /// <exception cref="DbException">It does not answer.</exception>
    public async Task<string> ReadAsync(CancellationToken ct)
    {
        try
        {
            await using var connection = await dataSource.OpenConnectionAsync(ct);
            if (!await IsReadOnlyAsync(connection, ct)) return SchemaFingerprint.IsCurrent(connection) ? Ok : "not migrated";
        }
        catch (ReadOnlyServerException)
        {
            return ReadOnly;
        }

        // What the pools hold leads to a server that others write to no more.
        pools.Clear();
        return ReadOnly;
    }

    internal static Task<bool> IsReadOnlyAsync(DbConnection connection, CancellationToken ct)
    {
        const string IsReadOnlySql = "SELECT current_setting('transaction_read_only')::boolean";
        return connection.ExecuteScalarAsync<bool>(new(IsReadOnlySql, cancellationToken: ct));
    }
}
