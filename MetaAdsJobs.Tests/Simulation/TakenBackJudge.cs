using Dapper;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>What somebody has taken back, or was missed, or has failed, after it had switched something on: that is off again, unless somebody else wanted it on.</summary>
internal static class TakenBackJudge
{
    public static void End(History history, Npgsql.NpgsqlConnection connection, Guid accountId)
    {
        if (history.Retires.IsRetired(accountId)) return;
        JudgeBelow(history, connection, accountId);
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

    /// <summary>Of a publish that has not succeeded: what it has switched on below what was on already is off again, unless something that did succeed wanted it on as well.</summary>
    private static void JudgeBelow(History history, Npgsql.NpgsqlConnection connection, Guid accountId)
    {
        var edits = connection.Query<(string MetaId, string Kind, string State, string? Error, DateTimeOffset? EndedAt)>("""
            SELECT meta_id, kind, state, error, completed_at FROM campaign_edits WHERE social_account_id = @accountId AND kind IN ('publish', 'resume')
            """, new { accountId }).ToList();
        // What is over was paused, or ended, by what made it so; or Meta has refused to pause it.
        var failed = edits.Where(edit => edit is { Kind: "publish", State: "cancelled" or "failed" or "missed" or "expired" } && edit.Error?.Contains(" has asked to ", StringComparison.Ordinal) != true && edit.Error?.Contains("could not be paused either", StringComparison.Ordinal) != true).ToList();
        foreach (var thing in history.World.Objects.Where(one => one is { Lives: true, Status: "ACTIVE", Parent: not null } && failed.Exists(edit => IsBelow(one, edit.MetaId))).ToList())
        {
            var (mine, above) = (SwitchesOf(history, thing), Above(thing).ToList());
            if (mine.Count == 0 || !mine.TrueForAll(one => one.Call.ByKind == "edit") || thing.IsByHand) continue;
            // Who has switched on what is above it afterwards has switched it on with it.
            if (!above.TrueForAll(one => one is { Status: "ACTIVE", IsByHand: false } && SwitchesOf(history, one) is { Count: > 0 } switches && switches[0].At <= mine[0].At)) continue;
            if (edits.Exists(edit => edit.State == "succeeded" && edit.EndedAt >= mine[0].At && (edit.MetaId == thing.Id || above.Exists(one => one.Id == edit.MetaId)))) continue;
            history.Judge.Condemn($"{thing.Kind} {thing.Id} spends, and was switched on last by a publish around it that has not succeeded");
        }
    }

    // The calls that have switched it on since it was off, in order.
    private static List<(DateTimeOffset At, GraphCall Call)> SwitchesOf(History history, MetaObject thing)
    {
        var calls = history.World.Done.Where(done => done.Object == thing && done.Call["status"] is "ACTIVE" or "PAUSED" && !done.Call.IsCreate).Select(done => (done.At, done.Call)).ToList();
        return calls[(calls.FindLastIndex(one => one.Call["status"] == "PAUSED") + 1)..];
    }

    private static IEnumerable<MetaObject> Above(MetaObject one) => one.Parent is { } parent ? [parent, .. Above(parent)] : [];

    private static bool IsBelow(MetaObject one, string id) => one.Parent is { } parent && (parent.Id == id || IsBelow(parent, id));
}
