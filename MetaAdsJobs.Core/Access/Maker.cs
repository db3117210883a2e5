using Dapper;
using Npgsql;

namespace MetaAdsJobs.Core.Access;

/// <summary>
/// Who is served, held in the transaction that makes something which goes on in that name: a webhook, a batch, a pool. Whoever takes an account from them, or revokes their key, holds the same rows: either that comes later and sees what
/// was made, or it came first, since the caller was looked up, and whoever makes it ends it at once.
/// </summary>
/// <param name="UserId">Null: nobody's that is known here.</param>
/// <param name="RevokedKey">The key that the caller came by, when it is revoked by now.</param>
internal sealed record Maker(Guid? UserId, Guid? RevokedKey)
{
    /// <summary>Before any row of what is made: whoever takes something has these first, too.</summary>
    public static async Task<Maker> HoldAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, CancellationToken ct)
    {
        const string HoldSql = """
            SELECT 1 FROM users WHERE id = @UserId FOR SHARE;
            SELECT id FROM api_keys WHERE id = @KeyId FOR SHARE;
            SELECT id FROM api_keys WHERE id = @KeyId AND revoked_at IS NOT NULL
            """;
        if (AccountScope.Caller is not { UserId: { } userId } caller) return new(null, null);
        await using var answers = await connection.QueryMultipleAsync(new(HoldSql, new { UserId = userId, caller.KeyId }, transaction, cancellationToken: ct));
        await answers.ReadAsync<int>();
        await answers.ReadAsync<Guid>();
        return new(userId, await answers.ReadSingleOrDefaultAsync<Guid?>());
    }

    /// <param name="ofUsers">Ends what these users may no longer have; of those who have lost nothing all goes on.</param>
    /// <param name="ofKey">Ends what was made by a key that is revoked.</param>
    public async Task LookAgainAsync(Func<IReadOnlyCollection<Guid>, Task> ofUsers, Func<Guid, Task> ofKey)
    {
        if (UserId is { } user) await ofUsers([user]);
        if (RevokedKey is { } key) await ofKey(key);
    }
}
