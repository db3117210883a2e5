using MetaAdsJobs.StubGraph.Objects;
using MetaAdsJobs.StubGraph.Rules;
using Npgsql;

namespace MetaAdsJobs.StubGraph.Creates;

/// <summary>An ad set is made if its campaign lives, has an objective that fits the goal, and leaves the budget to one of both.</summary>
internal static class AdSetCreate
{
    // FOR SHARE: a campaign that is being deleted takes this ad set with it or refuses it, never leaves it alone.
    // The row is sought by its id only: with the account in the WHERE, PostgreSQL may read that account's whole index instead.
    private const string InsertSql = """
        WITH campaign AS (
            SELECT kind = 'campaign' AND account_id = $2 AND deleted_at IS NULL AS is_usable,
                   fields ->> 'objective' AS objective,
                   fields ?| ARRAY['daily_budget', 'lifetime_budget'] AS has_budget
            FROM stub_graph.objects WHERE id = $7 FOR SHARE
        ), made AS (
            INSERT INTO stub_graph.objects
                (id, kind, account_id, parent_id, name, status, fields, created_at, updated_at, searchable_at)
            SELECT $1, 'adset', $2, $7, $3, $4, $5::jsonb, $6, $6, $6
            FROM campaign WHERE is_usable AND objective = ANY($8) AND has_budget <> $9 AND NOT $10
        )
        SELECT objective, has_budget FROM campaign WHERE is_usable
        """;

    public static async Task<StubRefusal?> InsertAsync(
        NpgsqlDataSource dataSource, NewObject created, StubCall call, CancellationToken ct)
    {
        await using var command = dataSource.With(
            InsertSql, created.Id, created.AccountId, created.Name, created.Status, created.FieldsJson, created.At,
            call.Text("campaign_id"), GoalRules.Objectives(call.Text("optimization_goal")!), BudgetRules.HasBudget(call),
            call.IsOnlyValidating);
        await using var rows = await command.ExecuteReaderAsync(ct);
        return await rows.ReadAsync(ct)
            ? AdSetRules.RefuseUnder(rows.GetString(0), rows.GetBoolean(1), call)
            : AdSetRules.RefuseUnder(objective: null, campaignHasBudget: false, call);
    }
}
