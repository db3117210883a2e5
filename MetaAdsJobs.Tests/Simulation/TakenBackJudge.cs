using Dapper;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>What somebody has taken back, or was missed, or has failed, after it had switched something on: that is off again, unless somebody else wanted it on.</summary>
internal static class TakenBackJudge
{
    public static void End(History history, Npgsql.NpgsqlConnection connection, Guid accountId)
    {
        if (history.Retires.IsRetired(accountId)) return;
        // What was void is paused, or ended, by what made it so.
        var edits = connection.Query<(string MetaId, string Kind, string State, string? Error)>("""
            SELECT meta_id, kind, state, error FROM campaign_edits WHERE social_account_id = @accountId AND kind IN ('publish', 'resume') AND (error IS NULL OR error NOT LIKE '% has asked to %' AND error NOT LIKE '%could not be paused either%')
            """, new { accountId }).ToList();
        var published = connection.Query<string>("SELECT meta_id FROM campaign_edits WHERE social_account_id = @accountId AND kind = 'publish'", new { accountId }).AsList();
        foreach (var edit in edits.Where(edit => edit.State is "cancelled" or "failed" or "missed" or "expired").DistinctBy(edit => edit.MetaId))
        {
            if (history.World.Objects.FirstOrDefault(one => one.Id == edit.MetaId) is not { Status: "ACTIVE", Lives: true, IsByHand: false } thing) continue;
            var calls = history.World.Done.Where(done => done.Object == thing && done.Call["status"] is "ACTIVE" or "PAUSED" && !done.Call.IsCreate).Select(done => done.Call).ToList();
            var last = calls[(calls.FindLastIndex(call => call["status"] == "PAUSED") + 1)..];
            if (last.Count == 0 || !last.TrueForAll(call => call.ByKind == "edit")) continue;
            if (edits.Exists(other => other.State == "succeeded" && other.MetaId == thing.Id)) continue;
            // Taken back or void or not, what is published above it switches it on.
            if (published.Exists(above => IsBelow(thing, above))) continue;
            history.Judge.Condemn($"{thing.Kind} {thing.Id} was to be switched on by an edit that is {edit.State} ({edit.Error}), and is active");
        }
    }

    private static bool IsBelow(MetaObject one, string id) => one.Parent is { } parent && (parent.Id == id || IsBelow(parent, id));
}
