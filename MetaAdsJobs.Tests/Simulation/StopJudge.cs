using Dapper;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>What stops have paused, or a start that Meta refused in passing: when all are lifted it is active again, or somebody here knows of it.</summary>
internal static class StopJudge
{
    public static async Task EndAsync(History history, Npgsql.NpgsqlConnection connection, Guid accountId, string adAccountId)
    {
        // Whoever is retired stays paused.
        if (history.Retires.IsRetired(accountId)) return;
        // Of what failed nobody knows how it stands, and what a person has paused or ended stays so.
        var known = (await connection.QueryAsync<string>("SELECT unnest(paused_ids) FROM activations WHERE social_account_id = @accountId", new { accountId })).ToHashSet();
        var judged = (await connection.QueryAsync<string>("""
            SELECT c.meta_id FROM meta_campaigns c JOIN orchestrations o USING (request_id) WHERE c.social_account_id = @accountId AND o.status = 'succeeded'
              AND NOT EXISTS (SELECT 1 FROM campaign_edits e WHERE e.request_id = c.request_id AND (e.kind IN ('archive', 'delete') OR e.kind IN ('publish', 'resume') AND e.state <> 'succeeded'))
            """, new { accountId })).ToHashSet();
        var all = history.World.Objects.Where(one => one.AccountId == adAccountId && one.Kind is "campaigns" or "adsets" or "ads").ToLookup(TopOf);
        // Nor does a start activate what had ended by then, whatever end it is given since.
        var startedAt = await connection.ExecuteScalarAsync<DateTimeOffset?>("SELECT max(lifted_at) FROM stops WHERE social_account_id IS NULL OR social_account_id = @accountId", new { accountId });
        bool HasNewEnd(MetaObject one) => history.World.Done.Any(done => done.Object == one && done.Call["end_time"] is not null && !done.Call.IsCreate && done.At > startedAt);
        foreach (var campaign in all.Where(campaign => judged.Contains(campaign.Key.Id) && !campaign.Any(HasNewEnd) && campaign.All(one => one is { Lives: true, IsByHand: false, Status: not "ARCHIVED" } && !(one.EndTime <= history.Clockwork.Now))))
            foreach (var one in campaign.Where(one => one.Status == "PAUSED" && !known.Contains(one.Id) && IsPausedByStop(history, one) && !history.Starts.IsLeft(connection, one)))
                history.Judge.Condemn($"{one.Kind} {one.Id} was paused by a stop, which is lifted, and nobody will activate it again");
    }

    private static bool IsPausedByStop(History history, MetaObject one)
    {
        var calls = history.World.Done.Where(done => done.Object == one && done.Call["status"] is "ACTIVE" or "PAUSED" && !done.Call.IsCreate).Select(done => done.Call).ToList();
        var pauses = calls[(calls.FindLastIndex(call => call["status"] == "ACTIVE") + 1)..];
        return pauses.Count < calls.Count && pauses.Count > 0 && pauses.TrueForAll(call => call.ByKind is "pause" or "resume");
    }

    private static MetaObject TopOf(MetaObject one) => one.Parent is { } parent ? TopOf(parent) : one;
}
