using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Core.Audit;
using MetaAdsJobs.Core.Database;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace MetaAdsJobs.Core.Accounts.Retiring;

/// <summary>What of an account is under way or may spend: without the account's token nobody here could pause it, or bring it to its end.</summary>
/// <param name="ActiveCampaigns">That are active, or may be.</param>
/// <param name="CallsUnderWay">Campaigns that a call which was sent may still switch on, or that a stop may still send a pause of.</param>
/// <param name="OpenRuns">That have not ended.</param>
/// <param name="OpenEdits">That have not ended, those that wait for their time or for an approval among them.</param>
public sealed record StillOpen(long ActiveCampaigns, long CallsUnderWay, long OpenRuns, long OpenEdits)
{
    internal bool Any => ActiveCampaigns + CallsUnderWay + OpenRuns + OpenEdits > 0;
}

/// <summary>What became of the wish to retire an account.</summary>
public abstract record Retirement
{
    private Retirement() { }

    public sealed record Done(SocialAccount Account) : Retirement;

    public sealed record Unknown : Retirement;

    /// <summary>Somebody else has changed it since the caller saw it; nothing was written.</summary>
    public sealed record Outdated : Retirement;

    /// <param name="MayBeLeft">Meta refuses the token: nobody here can pause what is active, so that it may be left behind.</param>
    public sealed record Busy(StillOpen Open, bool MayBeLeft) : Retirement;
}

/// <summary>
/// Retires an account: its token is deleted, nothing is synced, begun or changed in it any more, and its history stays. What is active at Meta would go on spending out of reach of every stop, so that is
/// paused first, and what is under way ends first.
/// </summary>
public sealed class RetireAccount(NpgsqlDataSource dataSource, AccountStore accounts, EndOfRetired end, TimeProvider time, ILogger<RetireAccount> logger)
{
    // Whoever begins something, or is about to pause something, shares this row until his commit (refuse_in_retired): what he has begun is counted, or he is refused.
    private const string LockSql = "SELECT updated_at, token_rejected_at IS NOT NULL AS is_rejected FROM social_accounts WHERE id = @Id AND retired_at IS NULL FOR UPDATE";

    private const string OpenSql = """
        SELECT (SELECT count(*) FROM activations WHERE social_account_id = @Id AND state IN ('activating', 'active')) AS active_campaigns,
               (SELECT count(*) FROM activations WHERE social_account_id = @Id AND state NOT IN ('activating', 'active') AND (busy_until > clock_timestamp() OR pausing <> '{}' AND pausing_until > clock_timestamp())) AS calls_under_way,
               (SELECT count(*) FROM orchestrations WHERE social_account_id = @Id AND status IN ('queued', 'running', 'waiting')) AS open_runs,
               (SELECT count(*) FROM campaign_edits WHERE social_account_id = @Id AND state IN ('queued', 'running', 'waiting')) AS open_edits
        """;

    // Nothing that is known of the token outlives it. Of accounts of one ad account the next in line is no second any more.
    private const string RetireSql = $"""
        UPDATE social_accounts SET retired_at = @Now, retired_by = @By, access_token = NULL, token_rejected_at = NULL, token_rejection = NULL, token_checked_at = NULL, token_expires_at = NULL, token_scopes = ARRAY[]::text[],
            updated_at = GREATEST(@Now, updated_at + interval '1 microsecond') WHERE id = @Id;
        {ActLog.InsertSql};
        SELECT id FROM social_accounts WHERE double_of = @Id AND retired_at IS NULL ORDER BY created_at, id FOR NO KEY UPDATE
        """;

    private const string NextSql = "UPDATE social_accounts SET double_of = CASE WHEN id = @Next THEN NULL ELSE @Next END WHERE id = ANY (@Doubles)";

    /// <param name="isSeen">Whether the account is still as the caller saw it.</param>
    /// <param name="leaveActive">What is active stays so, out of reach: only when Meta refuses the account's token, and nobody here could pause it anyway.</param>
    public async Task<Retirement> ExecuteAsync(Guid id, Func<SocialAccount, bool> isSeen, bool leaveActive, string by, CancellationToken ct)
    {
        while (true)
        {
            var current = await NothingWrittenException.IfFailsAsync(accounts.FindAsync(id, ct));
            if (current is null) return new Retirement.Unknown();
            // Once more: perhaps whoever retired it died before all of it had ended.
            if (current.RetiredAt is null)
            {
                if (!isSeen(current)) return new Retirement.Outdated();
                // Null: somebody else was quicker, and it is read again.
                if (await RetireAsync(current, leaveActive, by, ct) is not { } open) continue;
                if (open.Refusal is { } busy) return busy;
                AccountLog.Retired(logger, id, by, open.Left);
            }

            // A crash at this line leaves syncs and stops open that nobody goes on with: the sweep ends them.
            await end.ExecuteAsync(ct);
            return new Retirement.Done((await accounts.FindAsync(id, ct))!);
        }
    }

    private async Task<(Retirement.Busy? Refusal, long Left)?> RetireAsync(SocialAccount seen, bool leaveActive, string by, CancellationToken ct)
    {
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var locked = await connection.QuerySingleOrDefaultAsync<(DateTimeOffset UpdatedAt, bool IsRejected)?>(new(LockSql, new { seen.Id }, transaction, cancellationToken: ct));
        if (locked is not { } row || row.UpdatedAt != seen.UpdatedAt) return null;
        // A statement of its own, that sees what was committed while it waited for the row.
        var open = await connection.QuerySingleAsync<StillOpen>(new(OpenSql, new { seen.Id }, transaction, cancellationToken: ct));
        if (open.Any && !(leaveActive && row.IsRejected)) return (new(open, row.IsRejected), 0);
        var fields = new JsonObject { ["retired"] = new JsonObject { ["old"] = false, ["new"] = true }, ["access_token"] = new JsonObject { ["old"] = "given", ["new"] = null } };
        if (open.Any) fields["left_active"] = new JsonObject { ["old"] = null, ["new"] = open.ActiveCampaigns };
        var now = time.GetUtcNow();
        var doubles = (await connection.QueryAsync<Guid>(new(RetireSql, ActLog.With(new { seen.Id, By = by, Now = now }, new("account", $"{seen.Id}", seen.Name, "retired", seen.Id, fields), now), transaction, cancellationToken: ct))).AsList();
        if (doubles is [var next, ..]) await connection.ExecuteAsync(new(NextSql, new { Next = next, Doubles = doubles.ToArray() }, transaction, cancellationToken: ct));
        await transaction.CommitAsync(ct);
        return (null, open.ActiveCampaigns);
    }
}
