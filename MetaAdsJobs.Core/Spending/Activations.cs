using System.Globalization;
using Dapper;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Meta;
using MetaAdsJobs.Core.Orchestrations;
using Npgsql;

namespace MetaAdsJobs.Core.Spending;

/// <summary>
/// Who may activate. A permit is a committed row: from then on the stop switch knows that something may be active, and the caps
/// count it. Permits of one account and its stops take the account's row in turn, so none slips between.
/// </summary>
internal sealed class Activations(NpgsqlDataSource dataSource, SpendingCaps caps, MetaOptions meta, OrchestrationOptions orchestrations, TimeProvider time)
{
    // Three calls, each repeated up to three times, each waiting for its turn first; and what was given up may still be done for as long as
    // a create may stay unseen. After that none of this permit's calls can have an effect any more.
    private TimeSpan Longest => TimeSpan.FromSeconds((12 * meta.CallTimeoutSeconds) + 25) + orchestrations.SettleDelay;

    /// <summary>How long after asking for a permit a further activating call may begin: its repeats end within the permit.</summary>
    public TimeSpan SafeFor => TimeSpan.FromSeconds(8 * meta.CallTimeoutSeconds);

    /// <param name="isNew">True when everything is activated, whatever a stop had paused; false when just that is.</param>
    /// <returns>Null when permitted; else what stands against it, to be asked again later.</returns>
    public async Task<string?> PermitAsync(Guid requestId, SocialAccount account, long dailyCents, DateTimeOffset? endsAt, bool isNew, CancellationToken ct)
    {
        // One implicit transaction: the second statement sees what the account's last permit or stop committed.
        const string PermitSql = """
            SELECT 1 FROM social_accounts WHERE id = @AccountId FOR NO KEY UPDATE;
            INSERT INTO activations (request_id, social_account_id, state, daily_cents, ends_at, busy_until, changed_at)
            SELECT @RequestId, @AccountId, 'activating', @DailyCents, @EndsAt, clock_timestamp() + @Longest, @Now
            WHERE NOT EXISTS (SELECT 1 FROM stops WHERE lifted_at IS NULL AND (social_account_id IS NULL OR social_account_id = @AccountId))
              AND (@Cap::bigint IS NULL OR @DailyCents + (
                    SELECT COALESCE(sum(daily_cents), 0) FROM activations
                    WHERE social_account_id = @AccountId AND state IN ('activating', 'active') AND request_id <> @RequestId
                      AND (ends_at IS NULL OR ends_at > @Now)) <= @Cap)
            ON CONFLICT (request_id) DO UPDATE SET state = 'activating', daily_cents = EXCLUDED.daily_cents, ends_at = EXCLUDED.ends_at,
                busy_until = EXCLUDED.busy_until, changed_at = EXCLUDED.changed_at,
                paused_ids = CASE WHEN @IsNew THEN ARRAY[]::text[] ELSE activations.paused_ids END
            RETURNING 1;
            SELECT (SELECT concat('stopped by ', stopped_by, ': ' || reason) FROM stops
                    WHERE lifted_at IS NULL AND (social_account_id IS NULL OR social_account_id = @AccountId) LIMIT 1) AS stopped,
                   (SELECT COALESCE(sum(daily_cents), 0)::bigint FROM activations
                    WHERE social_account_id = @AccountId AND state IN ('activating', 'active') AND request_id <> @RequestId
                      AND (ends_at IS NULL OR ends_at > @Now)) AS active_cents
            """;
        if (caps.RefusalOf(account, dailyCents) is { } refusal) return $"its budget {refusal}";
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var answers = await connection.QueryMultipleAsync(new(PermitSql, new
        {
            RequestId = requestId, AccountId = account.Id, DailyCents = dailyCents, EndsAt = endsAt, IsNew = isNew, Longest, Cap = caps.OfDay(account), Now = time.GetUtcNow(),
        }, cancellationToken: ct));
        await answers.ReadAsync<int>();
        if ((await answers.ReadAsync<int>()).Any()) return null;
        var (stopped, activeCents) = await answers.ReadSingleAsync<(string?, long)>();
        return stopped ?? string.Create(CultureInfo.InvariantCulture,
            $"the account's active campaigns may spend {activeCents} a day already, and with {dailyCents} more they would exceed its cap of {caps.OfDay(account)}; pause some, or have an admin raise its daily_cap_cents");
    }
}
