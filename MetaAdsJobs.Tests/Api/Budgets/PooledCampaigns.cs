using System.Text.Json.Nodes;
using Dapper;
using Npgsql;

namespace MetaAdsJobs.Tests.Api.Budgets;

/// <summary>Campaigns with a budget of 100 a day each and four weeks of numbers, which only the database knows.</summary>
internal sealed record PooledCampaigns(string Account, IReadOnlyList<string> Ids)
{
    public JsonObject Body => new()
    {
        ["name"] = "Shoes", ["social_account_id"] = Account, ["level"] = "campaign", ["members"] = new JsonArray([.. Ids.Select(id => new JsonObject { ["id"] = id })]),
    };

    /// <param name="name">Their ids are it and a number.</param>
    /// <param name="results">A day.</param>
    public static async Task<PooledCampaigns> AddAsync(NpgsqlDataSource database, string account, string name, params int[] results)
    {
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync("""
            INSERT INTO clips (id, title, video_id, created_at) VALUES (@account::uuid, 'A clip', '1', now()) ON CONFLICT DO NOTHING;
            INSERT INTO insight_days (social_account_id, date_start, synced_at, sync_id, is_partial, rows, spend, vanished_rows, vanished_spend, account_spend, difference, total_spend, currency, first_at)
            SELECT a.id, (now() AT TIME ZONE a.timezone_name)::date - n, now(), gen_random_uuid(), false, 0, 0, 0, 0, 200, 0, 200, a.currency, now() FROM social_accounts a, generate_series(1, 28) n WHERE a.id = @account::uuid ON CONFLICT DO NOTHING
            """, new { account });
        var ids = results.Select((_, number) => $"{name} {number + 1}").ToList();
        for (var number = 0; number < results.Length; number++)
            await connection.ExecuteAsync("""
                INSERT INTO orchestrations (request_id, social_account_id, clip_id, campaign_name, request, requested_by, request_hash, status, accepted_at) VALUES (@request, @account::uuid, @account::uuid, @id, '{}', 'x', '', 'succeeded', now());
                INSERT INTO meta_campaigns (request_id, social_account_id, meta_id, name, objective, status, created_at, daily_budget) VALUES (@request, @account::uuid, @id, @id, 'OUTCOME_TRAFFIC', 'ACTIVE', now() - interval '60 days', 10000);
                INSERT INTO insight_campaign_days (social_account_id, date_start, campaign_meta_id, rows, vanished_rows, impressions, clicks, spend, results, result_type, currency, first_at, first_results)
                SELECT a.id, (now() AT TIME ZONE a.timezone_name)::date - n, @id, 1, 0, 1000, 10, 100, @results, 'link_click', a.currency, now(), @results FROM social_accounts a, generate_series(1, 28) n WHERE a.id = @account::uuid ON CONFLICT DO NOTHING
                """, new { account, request = Guid.NewGuid(), id = ids[number], results = results[number] });
        return new(account, ids);
    }
}
