using Dapper;
using Npgsql;

namespace MetaAdsJobs.Core.Access;

/// <summary>
/// Who is served, held in the transaction that makes something which goes on in that name: a webhook, a batch, a pool. Whoever takes an account from them, or revokes their key, or ends what it has made since its time is over, holds the same rows: either that comes later and sees what
/// was made, or it came first, since the caller was looked up, and whoever makes it ends it at once.
/// </summary>
/// <param name="UserIds">None: nobody's that is known here.</param>
/// <param name="EndedKeys">The key that the caller came by, and the owner's, when they are revoked by now, or what they had made was ended with their time.</param>
internal sealed record Maker(IReadOnlyCollection<Guid> UserIds, IReadOnlyCollection<Guid> EndedKeys)
{
    /// <summary>How the key @KeyId ended, in words.</summary>
    public const string EndOfKeySql = "(SELECT CASE WHEN k.revoked_at IS NULL THEN 'has expired' ELSE 'was revoked' END FROM api_keys k WHERE k.id = @KeyId)";

    /// <summary>Before any row of what is made: whoever takes something has these first, too.</summary>
    public static Task<Maker> HoldAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, CancellationToken ct) => HoldAsync(connection, transaction, owner: null, ownersKey: null, ct);

    /// <param name="owner">By name, whose it is already and stays, whoever changes it; null: nobody's.</param>
    /// <param name="ownersKey">By which that one has made it.</param>
    /// <inheritdoc cref="HoldAsync(NpgsqlConnection, NpgsqlTransaction?, CancellationToken)"/>
    public static async Task<Maker> HoldAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, string? owner, Guid? ownersKey, CancellationToken ct)
    {
        // In one order, as whoever takes something from several has them.
        const string HoldSql = """
            SELECT id FROM users WHERE id = @UserId OR lower(mail) = lower(@Owner) ORDER BY id FOR SHARE;
            SELECT id FROM api_keys WHERE id IN (@KeyId, @OwnersKey) ORDER BY id FOR SHARE;
            SELECT id FROM api_keys WHERE id IN (@KeyId, @OwnersKey) AND (revoked_at IS NOT NULL OR expired_at IS NOT NULL)
            """;
        // Whom a token names is no user: nothing is taken from him, and he has no keys.
        var (userId, keyId) = AccountScope.Caller is { UserId: { } id } caller ? ((Guid?)id, caller.KeyId) : (null, null);
        if (userId is null && owner is null && ownersKey is null) return new([], []);
        await using var answers = await connection.QueryMultipleAsync(new(HoldSql, new { UserId = userId, KeyId = keyId, Owner = owner, OwnersKey = ownersKey }, transaction, cancellationToken: ct));
        var users = (await answers.ReadAsync<Guid>()).AsList();
        await answers.ReadAsync<Guid>();
        return new(users, (await answers.ReadAsync<Guid>()).AsList());
    }

    /// <param name="ofUsers">Ends what these users may no longer have; of those who have lost nothing all goes on.</param>
    /// <param name="ofKey">Ends what was made by a key that has ended.</param>
    public async Task LookAgainAsync(Func<IReadOnlyCollection<Guid>, Task> ofUsers, Func<Guid, Task> ofKey)
    {
        if (UserIds.Count > 0) await ofUsers(UserIds);
        foreach (var key in EndedKeys) await ofKey(key);
    }
}
