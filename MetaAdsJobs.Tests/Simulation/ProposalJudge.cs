using Dapper;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>
/// What must be so of proposals that are carried out: each change is asked for once and none is lost; a pool never has more at Meta than it had; a winner gets nothing before those it is taken from are paused.
/// </summary>
internal sealed class ProposalJudge(History history)
{
    private readonly Dictionary<MetaObject, (DateTimeOffset At, long Was, long Budget)> _changedByHand = [];
    private long _byHand;
    private long _netByHand;

    /// <summary>An ad set of the campaign of that name.</summary>
    public static bool IsOf(MetaObject one, string campaign) => one is { Kind: "adsets", Parent: { } parent } && parent.Name.StartsWith($"{campaign} [", StringComparison.Ordinal);

    /// <summary>Somebody gives, or takes, in Ads Manager.</summary>
    public void ByHand(MetaObject member, long raise)
    {
        _byHand += Math.Max(0, raise);
        _netByHand += raise;
        _changedByHand[member] = (history.Clockwork.Now, _changedByHand.TryGetValue(member, out var before) ? before.Was : member.Budget - raise, member.Budget);
    }

    /// <summary>A budget has been changed at Meta by us.</summary>
    public void Switched(MetaObject thing, GraphCall call)
    {
        if (call["daily_budget"] is null || thing.Kind != "adsets") return;
        var siblings = history.World.Objects.Where(one => one.Kind == "adsets" && one.Parent == thing.Parent).ToList();
        if (IsOf(thing, ProposalScript.Pooled) && siblings.Sum(one => one.Budget) is var sum && sum > (ProposalScript.Budget * siblings.Count) + _byHand)
            history.Judge.Condemn($"a pool of {ProposalScript.Budget * siblings.Count} a day{(_byHand > 0 ? $" and {_byHand} by hand" : "")} has {sum}");
        if (_changedByHand.TryGetValue(thing, out var byHand) && history.World.AllSent.Any(sent => sent.At > byHand.At && sent.Call.Method == "GET" && sent.Call.Path == thing.Id && sent.Call.By == call.By) && !IsProposedFor(thing, byHand.At, byHand.Budget))
            history.Judge.Condemn($"somebody has changed the budget of ad set {thing.Id}, and what was proposed before is put in its place");
        // What was changed between a look and the call is gone, and was seen by nobody.
        _changedByHand.Remove(thing);
        if (IsOf(thing, ProposalScript.Pooled)) history.Proposals.Moved(thing);
        if (!IsOf(thing, ProposalScript.Compared)) return;
        foreach (var other in siblings.Where(one => one != thing && one is { Status: "ACTIVE", Lives: true }))
            history.Judge.Condemn($"ad set {thing.Id} has got {thing.Budget}, and {other.Id}, which was to be paused for it, is active");
    }

    // A later night goes by what stands there; and somebody may have made it what it was.
    private bool IsProposedFor(MetaObject thing, DateTimeOffset at, long budget)
    {
        using var connection = history.Database.Aside.OpenConnection();
        return connection.ExecuteScalar<bool>("""
            SELECT EXISTS (SELECT 1 FROM campaign_edits e LEFT JOIN budget_moves m ON m.edit_id = e.edit_id LEFT JOIN budget_proposals q ON q.id = m.proposal_id
                WHERE e.meta_id = @Id AND e.state = 'running' AND (q.made_at > @at OR (e.fields ->> 'if_budget_is')::bigint = @budget))
            """, new { thing.Id, at, budget });
    }

    /// <param name="accepted">Experiments and proposals of pools of which somebody heard that they are accepted.</param>
    public async Task EndAsync(Npgsql.NpgsqlConnection connection, IReadOnlyCollection<Guid> accepted)
    {
        var odd = await connection.QueryAsync<string>("""
            WITH changes AS (
                SELECT m.meta_id, m.edit_id, m.refused, q.state FROM budget_moves m JOIN budget_proposals q ON q.id = m.proposal_id WHERE m.now_cents <> m.proposed_cents AND q.state NOT IN ('none', 'shown', 'asked')
                UNION ALL SELECT c.meta_id, c.edit_id, CASE WHEN c.state IN ('refused', 'left') THEN c.state END, p.state FROM experiment_changes c JOIN experiment_proposals p ON p.id = c.proposal_id)
            SELECT 'a change of ' || meta_id || ' is ' || state || ', and neither asked for nor refused' FROM changes WHERE state IN ('accepted', 'done', 'partly') AND edit_id IS NULL AND refused IS NULL
            UNION ALL SELECT 'a change of ' || meta_id || ' is asked for, and refused' FROM changes WHERE edit_id IS NOT NULL AND refused IS NOT NULL
            UNION ALL SELECT 'a change of ' || meta_id || ' is asked for by an edit that there is not' FROM changes c WHERE edit_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM campaign_edits e WHERE e.edit_id = c.edit_id)
            UNION ALL SELECT 'a change of ' || meta_id || ' is asked for although it is ' || state FROM changes WHERE edit_id IS NOT NULL AND state IN ('open', 'withdrawn', 'declined', 'lapsed', 'void')
            UNION ALL SELECT e.kind || ' of ' || e.meta_id || ' was asked for once more than it was proposed' FROM campaign_edits e WHERE e.asked_by = @Proposer AND e.kind IN ('pause', 'update') AND NOT EXISTS (SELECT 1 FROM changes c WHERE c.edit_id = e.edit_id)
            """, new { ProposalScript.Proposer });
        foreach (var one in odd) history.Judge.Condemn(one);
        // What frees it was waited for, and came.
        var lost = await connection.QueryAsync<string>("""
            SELECT 'a raise of ' || c.meta_id || ' is refused for pauses that were all made' FROM experiment_changes c WHERE c.refusal LIKE 'what was to be paused for it was not:%'
                AND NOT EXISTS (SELECT 1 FROM experiment_changes o LEFT JOIN campaign_edits e ON e.edit_id = o.edit_id WHERE o.proposal_id = c.proposal_id AND o.action = 'pause' AND e.state IS DISTINCT FROM 'succeeded')
            UNION ALL SELECT 'a raise of ' || m.meta_id || ' is refused for lowerings that were all made' FROM budget_moves m WHERE m.refused LIKE 'what was to be taken for it%'
                AND NOT EXISTS (SELECT 1 FROM budget_moves o LEFT JOIN campaign_edits e ON e.edit_id = o.edit_id WHERE o.proposal_id = m.proposal_id AND o.proposed_cents < o.now_cents AND e.state IS DISTINCT FROM 'succeeded')
            """);
        foreach (var one in lost) history.Judge.Condemn(one);
        JudgeSum(connection);
        JudgeHands(connection);
        foreach (var id in accepted.Where(id => !connection.ExecuteScalar<bool>("""
            SELECT EXISTS (SELECT 1 FROM experiment_proposals WHERE experiment_id = @id AND state = 'accepted') OR EXISTS (SELECT 1 FROM budget_proposals WHERE id = @id AND state IN ('done', 'partly', 'void', 'lapsed'))
            """, new { id }))) history.Judge.Condemn($"a proposal of {history.NameOf(id)} was accepted, and nothing became of it");
    }

    // What a pool has taken and not given is owed, however many nights it takes; what somebody has given by hand since the night that left it so is given already. Of what failed nobody knows whether it was done, and what a hand has
    // changed between a look and the call is gone.
    private void JudgeSum(Npgsql.NpgsqlConnection connection)
    {
        var members = history.World.Objects.Where(one => IsOf(one, ProposalScript.Pooled)).ToList();
        var byHand = connection.Query<(DateTimeOffset At, long Raise)>("SELECT found_at, \"is\"::bigint - was::bigint FROM outside_changes WHERE field = 'daily_budget' AND meta_id = ANY (@ids)", new { ids = members.ConvertAll(one => one.Id).ToArray() }).AsList();
        if (byHand.Sum(one => one.Raise) != _netByHand || members.Exists(one => !one.Lives || one.Parent!.IsByHand) || connection.ExecuteScalar<bool>("""
            SELECT EXISTS (SELECT 1 FROM budget_moves m JOIN campaign_edits e ON e.edit_id = m.edit_id JOIN meta_changes c ON c.request_id = e.request_id AND c.path = m.meta_id AND c.outcome = 'outcome_unknown' AND c.sent ? 'daily_budget' WHERE e.state <> 'succeeded')
            """)) return;
        var (total, owed, since) = ((long)ProposalScript.Budget * members.Count, 0L, DateTimeOffset.MinValue);
        foreach (var (madeAt, left) in connection.Query<(DateTimeOffset, long?)>("SELECT made_at, owed_cents FROM budget_proposals WHERE state IN ('done', 'partly') ORDER BY id").Append((DateTimeOffset.MaxValue, null)))
        {
            var given = byHand.Where(one => one.At > since && one.At <= madeAt).Sum(one => one.Raise);
            var back = Math.Min(owed, Math.Max(0, given));
            (total, owed, since) = (total + given - back, left ?? owed - back, madeAt);
        }

        // A hand may have done just what was proposed: then both count, and less is given than could be.
        var (sum, least) = (members.Sum(one => one.Budget) + owed, total - byHand.Sum(one => Math.Max(0, one.Raise)));
        if (sum > total || sum < least) history.Judge.Condemn($"a pool that is to have {total} a day has {sum - owed}, and is owed {owed}");
    }

    // Whoever leaves alone what people have changed has to know of it.
    private void JudgeHands(Npgsql.NpgsqlConnection connection)
    {
        foreach (var (member, (at, was, budget)) in _changedByHand.Where(one => one.Key is { Lives: true, Parent.Lives: true } && one.Key.Budget == one.Value.Budget && one.Value.Was != one.Value.Budget))
            if (connection.ExecuteScalar<bool>("""
                SELECT EXISTS (SELECT 1 FROM meta_adsets s JOIN meta_campaigns c ON c.id = s.campaign_db_id WHERE s.meta_id = @Id AND c.compared_at > @at + interval '10 minutes')
                    AND NOT EXISTS (SELECT 1 FROM outside_changes WHERE meta_id = @Id AND field = 'daily_budget' AND "is" = @Is)
                """, new { member.Id, at, Is = $"{budget}" })) history.Judge.Condemn($"somebody has changed the budget of ad set {member.Id} from {was} to {budget}, and nobody is told");
    }
}
