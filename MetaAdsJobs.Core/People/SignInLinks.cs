using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Audit;
using Npgsql;

namespace MetaAdsJobs.Core.People;

/// <summary>Links that open the console for a user, each once: for whoever has no other way in yet.</summary>
public sealed class SignInLinks(NpgsqlDataSource dataSource, UserStore users, TimeProvider time)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    /// <returns>Done has what the address ends with.</returns>
    public async Task<PeopleSaved<User>> MakeAsync(Guid userId, CancellationToken ct)
    {
        const string MakeSql = "DELETE FROM sign_in_links WHERE expires_at < @Now; INSERT INTO sign_in_links (hash, user_id, vouched_by, created_at, expires_at) VALUES (@Hash, @UserId, @VouchedBy, @Now, @ExpiresAt)";
        if (await users.FindAsync(userId, ct) is not { } user) return new PeopleSaved<User>.Unknown();
        if (user.DisabledAt is not null) return new PeopleSaved<User>.Refused($"{user.Mail} is disabled.");
        var (secret, now) = (Secret.MakeLink(), time.GetUtcNow());
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await connection.ExecuteAsync(new(MakeSql, new { secret.Hash, UserId = userId, VouchedBy = (string[])(AccountScope.Caller is { } by ? [by.Name, .. by.VouchedBy] : []), Now = now, ExpiresAt = now + Lifetime }, transaction, cancellationToken: ct));
        await ActLog.WriteAsync(connection, transaction, new Act("user", $"{userId}", user.Mail, "link made", null, new JsonObject()), now, ct);
        await transaction.CommitAsync(ct);
        return new PeopleSaved<User>.Done(user, secret.Text);
    }

    /// <summary>Those that nobody has used, the user's own and those of others that he stands behind, since he may have kept them: whoever is to be let in gets another.</summary>
    internal static Task ForgetAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, User user, CancellationToken ct)
    {
        const string ForgetSql = "DELETE FROM sign_in_links WHERE used_at IS NULL AND (user_id = @Id OR EXISTS (SELECT 1 FROM unnest(vouched_by) v WHERE lower(v) = lower(@Mail)))";
        return connection.ExecuteAsync(new(ForgetSql, new { user.Id, user.Mail }, transaction, cancellationToken: ct));
    }

    /// <summary>Uses it up: the second to come finds nothing.</summary>
    public async Task<Caller?> UseAsync(string secret, CancellationToken ct)
    {
        // A call that was under way may have made it after its maker, who stands first, was disabled.
        const string UseSql = """
            UPDATE sign_in_links l SET used_at = @Now FROM users u
            WHERE l.hash = @Hash AND l.used_at IS NULL AND l.expires_at > @Now AND u.id = l.user_id AND u.disabled_at IS NULL
                AND NOT EXISTS (SELECT 1 FROM users b WHERE b.disabled_at IS NOT NULL AND lower(b.mail) = lower(l.vouched_by[1]))
            RETURNING u.id, u.mail, u.role, l.vouched_by
            """;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var found = await connection.QuerySingleOrDefaultAsync<(Guid Id, string Mail, string Role, string[] VouchedBy)?>(new(UseSql, new { Hash = Secret.HashOf(secret), Now = time.GetUtcNow() }, cancellationToken: ct));
        // What it may see is read with the session, at each request.
        return found is { } user ? new Caller(user.Mail, user.Role, new HashSet<Guid>(), new HashSet<Guid>()) { UserId = user.Id, VouchedBy = user.VouchedBy } : null;
    }
}
