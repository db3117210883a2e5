using Dapper;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Insights;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>
/// The nights of a pool after its first, in half of the histories that have one: what it did is weeks ago by then, and other members do better. In half of those somebody takes back, in the first nights, what is to be given, before it
/// has begun. What it has and is owed stays what it had, however many there are.
/// </summary>
internal sealed class NightScript(History history, int weight)
{
    private const int MostNights = 4;
    private const int MostTakenBack = 2;
    private static readonly int[][] Results = [[30, 10, 10], [10, 30, 10], [5, 10, 40], [40, 10, 5]];
    private readonly Random _random = new(unchecked((weight * 61) + 29));
    private readonly List<(Guid Edit, int Days)> _moved = [];
    private readonly HashSet<Guid> _takenBack = [];
    private int _nights;

    public bool IsOn => history.Proposals.HasPool && weight % 2 == 0;

    public void Plan() => history.Clockwork.Plan(TimeSpan.FromSeconds(_random.Next(30, 120)), null, null, "another night", () =>
    {
        if (!IsOn || _nights == MostNights || history.Proposals.IsOver) return;
        Plan();
        using var connection = history.Database.Aside.OpenConnection();
        // Once the last one has come to its end, whatever that was.
        if (connection.Query<(Guid Pool, Guid Account, string State)>("SELECT p.id, p.social_account_id, q.state FROM budget_proposals q JOIN budget_pools p ON p.id = q.pool_id ORDER BY q.id DESC LIMIT 1").FirstOrDefault() is not { State: { } state } last
            || state is "asked" or "accepted" || connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM budget_moves m JOIN campaign_edits e USING (edit_id) WHERE e.state IN ('queued', 'running', 'waiting'))")) return;
        var days = 8 * (MostNights - _nights++);
        history.Clockwork.Tell($"weeks pass, and a night of numbers comes; the last was {state}");
        _moved.AddRange(connection.Query<Guid>("""
            UPDATE budget_proposals SET day = day - @days, basis = basis - @days, made_at = made_at - make_interval(days => @days), decided_at = decided_at - make_interval(days => @days), begun_at = begun_at - make_interval(days => @days),
                completed_at = completed_at - make_interval(days => @days) WHERE pool_id = @Pool AND made_at > @now - interval '1 day';
            UPDATE outside_changes SET found_at = found_at - make_interval(days => @days) WHERE found_at > @now - interval '1 day';
            UPDATE meta_ad_insights i SET results = (@results::int[])[s.nth], spend = s.daily_budget / 100.0
            FROM (SELECT meta_id, daily_budget, row_number() OVER (ORDER BY step) AS nth FROM meta_adsets WHERE meta_id IN (SELECT meta_id FROM budget_pool_members WHERE pool_id = @Pool)) s WHERE i.adset_meta_id = s.meta_id;
            UPDATE campaign_edits SET asked_at = asked_at - make_interval(days => @days), completed_at = completed_at - make_interval(days => @days)
            WHERE state IN ('succeeded', 'failed') AND completed_at > @now - interval '1 day' AND edit_id IN (SELECT edit_id FROM budget_moves) RETURNING edit_id;
            """, new { last.Pool, days, now = history.Clockwork.Now, results = Results[_random.Next(Results.Length)] }).Select(edit => (edit, days)));
        Synced(history, connection, last.Account);
    });

    /// <summary>So much later than usual a job is delivered, and somebody comes before it.</summary>
    public TimeSpan LateBy(Job job)
    {
        if (!IsOn || weight % 4 != 0 || job.Kind != "edit" || _takenBack.Count == MostTakenBack) return TimeSpan.Zero;
        history.Clockwork.Plan(TimeSpan.FromSeconds(0.3), null, null, "somebody takes back what is to be given", TakeRaisesBack);
        return TimeSpan.FromSeconds(3);
    }

    private void TakeRaisesBack()
    {
        using var connection = history.Database.Aside.OpenConnection();
        foreach (var (proposal, edit) in connection.Query<(Guid, Guid)>("SELECT m.proposal_id, m.edit_id FROM budget_moves m JOIN campaign_edits e USING (edit_id) WHERE m.proposed_cents > m.now_cents AND e.state = 'queued' ORDER BY e.number").AsList())
        {
            if (_takenBack.Count == MostTakenBack && !_takenBack.Contains(proposal)) return;
            _takenBack.Add(proposal);
            history.Script.At(0, "takes a raise back", (api, ct) => api.Get<CancelEdit>().ExecuteAsync(edit, "client", ct));
        }
    }

    /// <summary>When it is judged: the edits have their own times again, which were told.</summary>
    public void End(Npgsql.NpgsqlConnection connection)
    {
        foreach (var (edit, days) in _moved) connection.Execute("UPDATE campaign_edits SET asked_at = asked_at + make_interval(days => @days), completed_at = completed_at + make_interval(days => @days) WHERE edit_id = @edit", new { edit, days });
    }

    public static void Synced(History history, Npgsql.NpgsqlConnection connection, Guid account)
    {
        var (id, now) = (Guid.NewGuid(), history.Clockwork.Now);
        // Whoever is told of it knows it by its id, which is another each time.
        history.Name(id, "a night");
        connection.Execute("""
            INSERT INTO insight_syncs (sync_id, social_account_id, since, until, requested_by, state, queued_at) VALUES (@id, @account, @day, @day, 'tests', 'running', @now);
            UPDATE insight_syncs SET state = 'succeeded', completed_at = @now WHERE sync_id = @id
            """, new { id, account, day = AccountDays.Today(SyncScript.Zone, now), now });
    }
}
