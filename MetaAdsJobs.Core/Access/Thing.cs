using Dapper;
using Npgsql;

namespace MetaAdsJobs.Core.Access;

/// <summary>What an id in an address may be of.</summary>
public enum Thing
{
    Account,
    Run,
    Edit,
    Campaign,
    AdSet,
    Ad,
    Approval,
    Freeze,
    Sync,
    Batch,
    Experiment,
    Alert,
    AlertRule,
    BudgetPool,
    Webhook,
    Clip,
}

/// <summary>Whether somebody may look at a thing, and whether he may change it.</summary>
public enum Reach
{
    /// <summary>There is none of that id: whoever is asked for it says so.</summary>
    Unknown,

    /// <summary>As if there were none.</summary>
    Hidden,
    Seen,
    Moved,
}

/// <summary>Tells which accounts a thing is of. What is of several is seen by those who see them all; a clip by who sees one of its accounts; what is of all accounts, by who has all.</summary>
public sealed class ThingAccounts(NpgsqlDataSource dataSource)
{
    public async Task<Reach> ReachAsync(Caller caller, Thing thing, string id, CancellationToken ct)
    {
        if (caller.HasAllAccounts) return Reach.Moved;
        var isMetas = thing is Thing.Campaign or Thing.AdSet or Thing.Ad;
        var ours = Guid.Empty;
        if (!isMetas && !Guid.TryParse(id, out ours)) return Reach.Unknown;
        await using var connection = await dataSource.OpenConnectionAsync(ct);
        if (thing == Thing.Clip) return await ReachClipAsync(connection, caller, ours, ct);
        var accounts = (await connection.QueryAsync<Guid?>(new(SqlOf(thing), isMetas ? new { MetaId = id } : new { Id = ours }, cancellationToken: ct))).AsList();
        // One of all accounts holds everybody's: who sees some looks at it, as lists tell, and does not end it.
        if (thing == Thing.Freeze && accounts is [null]) return Reach.Seen;
        return accounts.Count == 0 ? Reach.Unknown : !AreIn(caller.Sees, accounts) ? Reach.Hidden : AreIn(caller.Spends, accounts) ? Reach.Moved : Reach.Seen;
    }

    private static bool AreIn(IReadOnlySet<Guid>? mine, List<Guid?> accounts) => mine is null || accounts.All(account => account is { } one && mine.Contains(one));

    // One of its accounts is enough: a clip may have been used in very many runs, which are not listed.
    private static async Task<Reach> ReachClipAsync(NpgsqlConnection connection, Caller caller, Guid id, CancellationToken ct)
    {
        var clipSql = $"SELECT {(caller.Sees is null ? "true" : ClipScope.IsOf("k.id", "@Sees"))}, {(caller.Spends is null ? "true" : ClipScope.IsOf("k.id", "@Spends"))} FROM clips k WHERE k.id = @Id";
        var found = await connection.QuerySingleOrDefaultAsync<(bool Sees, bool Spends)?>(new(clipSql, new { Id = id, Sees = caller.Sees?.ToArray(), Spends = caller.Spends?.ToArray() }, cancellationToken: ct));
        return found is not { } reach ? Reach.Unknown : !reach.Sees ? Reach.Hidden : reach.Spends ? Reach.Moved : Reach.Seen;
    }

    // One row for each account; null is all of them. No row: there is no such thing.
    private static string SqlOf(Thing thing) => thing switch
    {
        Thing.Account => "SELECT id FROM social_accounts WHERE id = @Id",
        Thing.Run => "SELECT social_account_id FROM orchestrations WHERE request_id = @Id",
        Thing.Edit => "SELECT social_account_id FROM campaign_edits WHERE edit_id = @Id",
        Thing.Campaign => "SELECT social_account_id FROM meta_campaigns WHERE meta_id = @MetaId",
        Thing.AdSet => "SELECT c.social_account_id FROM meta_adsets s JOIN meta_campaigns c ON c.id = s.campaign_db_id WHERE s.meta_id = @MetaId",
        Thing.Ad => "SELECT c.social_account_id FROM meta_ads d JOIN meta_adsets s ON s.id = d.adset_db_id JOIN meta_campaigns c ON c.id = s.campaign_db_id WHERE d.meta_id = @MetaId",
        Thing.Approval => "SELECT social_account_id FROM approvals WHERE id = @Id",
        Thing.Freeze => "SELECT social_account_id FROM freezes WHERE id = @Id",
        Thing.Sync => "SELECT social_account_id FROM insight_syncs WHERE sync_id = @Id",
        Thing.Batch => "SELECT DISTINCT social_account_id FROM batch_rows WHERE batch_id = @Id",
        Thing.Experiment => "SELECT social_account_id FROM experiments WHERE id = @Id",
        // Of a rule of all accounts together: those of its objects.
        Thing.Alert => """
            SELECT DISTINCT CASE WHEN e.social_account_id IS NOT NULL THEN e.social_account_id ELSE m.social_account_id END
            FROM alert_episodes e LEFT JOIN alert_members m ON m.episode_id = e.id AND e.social_account_id IS NULL WHERE e.id = @Id
            """,
        Thing.AlertRule => "SELECT a FROM alert_rules r LEFT JOIN LATERAL unnest(r.account_ids) a ON true WHERE r.id = @Id",
        Thing.BudgetPool => "SELECT social_account_id FROM budget_pools WHERE id = @Id",
        Thing.Webhook => "SELECT a FROM webhooks w LEFT JOIN LATERAL unnest(w.account_ids) a ON true WHERE w.id = @Id",
        _ => throw new ArgumentOutOfRangeException(nameof(thing), thing, "is told by no table"),
    };
}

/// <summary>Clips belong to no account by themselves: to those they were made for, and to those they are shown in (clip_accounts).</summary>
public static class ClipScope
{
    /// <summary>As the end of a WHERE that takes @Scope; nothing for whom all accounts are open.</summary>
    public static string And(string clipId) => AccountScope.IsAll ? "" : $" AND {Is(clipId)}";

    public static string Is(string clipId) => AccountScope.IsAll ? "true" : IsOf(clipId, "@Scope");

    /// <param name="accounts">A parameter.</param>
    internal static string IsOf(string clipId, string accounts) => $"EXISTS (SELECT 1 FROM clip_accounts ca WHERE ca.clip_id = {clipId} AND ca.social_account_id = ANY ({accounts}))";

    /// <summary>An array of the runs that made the campaigns of @ClipId: whose run, or an edit since, was to show it, and to which a run that ended well has added it.</summary>
    internal const string CampaignsSql = """
        ARRAY(
            SELECT k.request_id FROM run_clips k WHERE k.clip_id = @ClipId
            UNION SELECT h.request_id FROM run_clips k JOIN orchestrations o ON o.request_id = k.request_id JOIN meta_campaigns h ON h.meta_id = k.into_campaign WHERE k.clip_id = @ClipId AND k.into_campaign IS NOT NULL AND o.status = 'succeeded')
        """;

    /// <summary>CTEs: the run @RequestId of @AccountId shows the clips @ClipIds, each of which is there, in @IntoCampaign if that was there before; whoever sees that account sees them from now on.</summary>
    internal const string ShownSql = """
        shown AS (INSERT INTO run_clips (clip_id, request_id, social_account_id, into_campaign) SELECT k, @RequestId, @AccountId, @IntoCampaign::text FROM unnest(@ClipIds) k ON CONFLICT DO NOTHING),
            seen AS (INSERT INTO clip_accounts (clip_id, social_account_id) SELECT k, @AccountId FROM unnest(@ClipIds) k
                WHERE NOT EXISTS (SELECT 1 FROM clip_accounts ca WHERE ca.clip_id = k AND ca.social_account_id = @AccountId))
        """;
}
