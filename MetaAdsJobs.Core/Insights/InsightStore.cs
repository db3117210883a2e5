using Dapper;
using MetaAdsJobs.Core.Meta;
using Npgsql;
using NpgsqlTypes;

namespace MetaAdsJobs.Core.Insights;

/// <summary>Writes numbers per ad and day. A row is only ever replaced by a newer one; what Meta no longer returns stays.</summary>
internal sealed class InsightStore(TimeProvider time)
{
    private const string OnConflict = """
        ON CONFLICT (ad_meta_id, date_start) DO UPDATE SET
            social_account_id = EXCLUDED.social_account_id, campaign_meta_id = EXCLUDED.campaign_meta_id, adset_meta_id = EXCLUDED.adset_meta_id,
            impressions = EXCLUDED.impressions, clicks = EXCLUDED.clicks, reach = EXCLUDED.reach, spend = EXCLUDED.spend,
            currency = EXCLUDED.currency, actions = EXCLUDED.actions, synced_at = EXCLUDED.synced_at
        """;

    /// <summary>Writes rows that fit into memory with one statement, in the caller's transaction.</summary>
    public async Task UpsertAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, Guid accountId, string currency, IReadOnlyList<InsightRow> rows, CancellationToken ct)
    {
        const string UpsertSql = $"""
            INSERT INTO meta_ad_insights (ad_meta_id, date_start, social_account_id, campaign_meta_id, adset_meta_id, impressions, clicks, reach,
                spend, currency, actions, synced_at)
            SELECT ad, day, @AccountId, campaign, adset, impressions, clicks, reach, spend, @Currency, actions::jsonb, @Now
            FROM unnest(@Ads, @Days, @Campaigns, @AdSets, @Impressions, @Clicks, @Reach, @Spend, @Actions)
                AS r (ad, day, campaign, adset, impressions, clicks, reach, spend, actions)
            {OnConflict}
            """;
        if (rows.Count == 0) return;
        // A page may repeat a row while Meta counts; the last one stands.
        var distinct = rows.GroupBy(row => (row.AdId, row.Day)).Select(group => group.Last()).ToList();
        await connection.ExecuteAsync(new(UpsertSql, new
        {
            AccountId = accountId, Currency = currency, Now = time.GetUtcNow(),
            Ads = distinct.Select(row => row.AdId).ToArray(), Days = distinct.Select(row => row.Day).ToArray(),
            Campaigns = distinct.Select(row => row.CampaignId).ToArray(), AdSets = distinct.Select(row => row.AdSetId).ToArray(),
            Impressions = distinct.Select(row => row.Impressions).ToArray(), Clicks = distinct.Select(row => row.Clicks).ToArray(),
            Reach = distinct.Select(row => row.Reach).ToArray(), Spend = distinct.Select(row => row.Spend).ToArray(),
            Actions = distinct.Select(row => row.ActionsJson).ToArray(),
        }, transaction, cancellationToken: ct));
    }

    /// <summary>Puts a page aside by COPY; it counts for nothing until <see cref="UpsertStagedAsync"/>.</summary>
    public static async Task StageAsync(
        NpgsqlConnection connection, Guid syncId, int attempt, string currency, IReadOnlyList<InsightRow> rows, CancellationToken ct)
    {
        const string CopySql = """
            COPY insight_staging (sync_id, attempt, ad_meta_id, date_start, campaign_meta_id, adset_meta_id, impressions, clicks, reach, spend, currency, actions)
            FROM STDIN (FORMAT BINARY)
            """;
        await using var copy = await connection.BeginBinaryImportAsync(CopySql, ct);
        foreach (var row in rows)
        {
            await copy.StartRowAsync(ct);
            await copy.WriteAsync(syncId, NpgsqlDbType.Uuid, ct);
            await copy.WriteAsync(attempt, NpgsqlDbType.Integer, ct);
            await copy.WriteAsync(row.AdId, NpgsqlDbType.Text, ct);
            await copy.WriteAsync(row.Day, NpgsqlDbType.Date, ct);
            await copy.WriteAsync(row.CampaignId, NpgsqlDbType.Text, ct);
            await copy.WriteAsync(row.AdSetId, NpgsqlDbType.Text, ct);
            await copy.WriteAsync(row.Impressions, NpgsqlDbType.Bigint, ct);
            await copy.WriteAsync(row.Clicks, NpgsqlDbType.Bigint, ct);
            await copy.WriteAsync(row.Reach, NpgsqlDbType.Bigint, ct);
            await copy.WriteAsync(row.Spend, NpgsqlDbType.Numeric, ct);
            await copy.WriteAsync(currency, NpgsqlDbType.Text, ct);
            await copy.WriteAsync(row.ActionsJson, NpgsqlDbType.Jsonb, ct);
        }

        await copy.CompleteAsync(ct);
    }

    /// <summary>Moves everything this attempt has staged into the table, in the caller's transaction.</summary>
    public Task UpsertStagedAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Guid syncId, int attempt, Guid accountId, CancellationToken ct)
    {
        const string StagedSql = $"""
            INSERT INTO meta_ad_insights (ad_meta_id, date_start, social_account_id, campaign_meta_id, adset_meta_id, impressions, clicks, reach,
                spend, currency, actions, synced_at)
            SELECT DISTINCT ON (ad_meta_id, date_start) ad_meta_id, date_start, @AccountId, campaign_meta_id, adset_meta_id, impressions, clicks, reach,
                spend, currency, actions, @Now
            FROM insight_staging WHERE sync_id = @SyncId AND attempt = @Attempt
            {OnConflict}
            """;
        return connection.ExecuteAsync(new(StagedSql,
            new { SyncId = syncId, Attempt = attempt, AccountId = accountId, Now = time.GetUtcNow() }, transaction, commandTimeout: 600, cancellationToken: ct));
    }
}
