using Dapper;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Audit;
using Npgsql;

namespace MetaAdsJobs.Core.Alerts.Reading;

/// <summary>What people do to an open episode: say that they are at it, or have nothing more told of it.</summary>
public sealed class ChangeAlert(NpgsqlDataSource dataSource, TimeProvider time)
{
    /// <returns>Whether it was open; null when there is none. The first to say so is kept.</returns>
    public Task<bool?> AcknowledgeAsync(Guid id, string by, CancellationToken ct)
    {
        const string AcknowledgeSql = "UPDATE alert_episodes SET acknowledged_by = COALESCE(acknowledged_by, @By), acknowledged_at = COALESCE(acknowledged_at, @Now) WHERE id = @Id AND closed_at IS NULL";
        return ChangeAsync(AcknowledgeSql, id, "acknowledged", by, ct);
    }

    /// <summary>No update, and not its end either, of the accounts that it is of; what joins it of others, and what comes after it, is told.</summary>
    /// <inheritdoc cref="AcknowledgeAsync"/>
    public Task<bool?> MuteAsync(Guid id, string by, CancellationToken ct)
    {
        // For the accounts that it is of now, as far as whoever mutes it may: one of all accounts together may be of others tomorrow.
        var muteSql = $"""
            UPDATE alert_episodes e SET muted_by = COALESCE(muted_by, @By), muted_at = COALESCE(muted_at, @Now), muted_accounts = ARRAY(
                SELECT unnest(e.muted_accounts) UNION SELECT e.social_account_id WHERE e.social_account_id IS NOT NULL
                UNION SELECT m.social_account_id FROM alert_members m WHERE m.episode_id = e.id{AccountScope.And("m.social_account_id")})
            WHERE id = @Id AND closed_at IS NULL
            """;
        return ChangeAsync(muteSql, id, "muted", by, ct);
    }

    private async Task<bool?> ChangeAsync(string sql, Guid id, string action, string by, CancellationToken ct)
    {
        var changeSql = $"""
            WITH changed AS ({sql} RETURNING social_account_id, rule_name),
            act AS ({ActLog.InsertFrom("changed", account: "social_account_id", name: "rule_name")})
            SELECT count(*) FROM changed
            """;
        const string KnownSql = "SELECT EXISTS (SELECT 1 FROM alert_episodes WHERE id = @Id)";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        var (now, act) = (time.GetUtcNow(), new Act("alert", $"{id}", null, action, null, ActLog.Differences(null, new Dictionary<string, string> { [$"{action}_by"] = by })));
        if (await connection.ExecuteScalarAsync<long>(new(changeSql, ActLog.With(new { Id = id, By = by, Now = now, Scope = AccountScope.Accounts }, act, now), cancellationToken: ct)) == 1) return true;
        return await connection.ExecuteScalarAsync<bool>(new(KnownSql, new { Id = id }, cancellationToken: ct)) ? false : null;
    }
}
