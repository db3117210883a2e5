using System.Security.Cryptography;
using Dapper;
using MetaAdsJobs.Core.Jobs.Storage;
using Npgsql;

namespace MetaAdsJobs.Core.Access;

/// <summary>A caller's own name for what is asked for.</summary>
/// <param name="Hash">Of all that was sent.</param>
public sealed record AskedOnce(string Caller, string Key, byte[] Hash)
{
    public AskedOnce(string caller, string key, ReadOnlySpan<byte> sent) : this(caller, key, SHA256.HashData(sent)) { }
}

/// <summary>What was made under a key before.</summary>
/// <param name="IsSame">The same was sent.</param>
/// <param name="Told">What the answer told beside the id, as JSON.</param>
internal sealed record Earlier(Guid MadeId, bool IsSame, string? Told);

/// <summary>Under one key of one caller a thing is made once: the key commits with the thing, or neither is there.</summary>
public sealed class Once(NpgsqlDataSource dataSource, TimeProvider time)
{
    internal const string Account = "account";
    internal const string Clip = "clip";
    internal const string Sync = "sync";
    internal const string Batch = "batch";

    /// <summary>Null: the key is new, or there is none.</summary>
    internal async Task<Earlier?> FindAsync(AskedOnce? asked, string kind, CancellationToken ct)
    {
        const string FindSql = "SELECT made_id, hash = @Hash, told::text FROM idempotency_keys WHERE caller = @Caller AND kind = @Kind AND key = @Key";
        if (asked is null) return null;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var found = await connection.QuerySingleOrDefaultAsync<(Guid Id, bool IsSame, string? Told)>(new(FindSql, new { asked.Caller, Kind = kind, asked.Key, asked.Hash }, cancellationToken: ct));
        return found.Id == default ? null : new(found.Id, found.IsSame, found.Told);
    }

    /// <summary>In the transaction that makes the thing.</summary>
    /// <returns>False when somebody else with this key was quicker: nothing is to be committed then.</returns>
    internal async Task<bool> KeepAsync(AskedOnce? asked, string kind, Guid madeId, string? told, CancellationToken ct)
    {
        const string KeepSql = """
            INSERT INTO idempotency_keys (caller, kind, key, hash, made_id, told, created_at) VALUES (@Caller, @Kind, @Key, @Hash, @MadeId, @Told::jsonb, @Now)
            ON CONFLICT (caller, kind, key) DO NOTHING
            """;
        if (asked is null) return true;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        return await connection.ExecuteAsync(new(KeepSql, new { asked.Caller, Kind = kind, asked.Key, asked.Hash, MadeId = madeId, Told = told, Now = time.GetUtcNow() }, cancellationToken: ct)) == 1;
    }

    /// <summary>Makes one row and keeps its key.</summary>
    /// <param name="insert">False when there is one with this id already.</param>
    /// <returns>False when nothing was made: there is one with this id, or the key is no longer new.</returns>
    internal async Task<bool> MakeAsync(AskedOnce? asked, string kind, Guid id, Func<Task<bool>> insert, CancellationToken ct)
    {
        if (asked is null) return await insert();
        using var transaction = JobTransaction.Begin();
        if (!await insert() || !await KeepAsync(asked, kind, id, told: null, ct)) return false;
        transaction.Complete();
        return true;
    }
}
