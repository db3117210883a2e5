using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using MetaAdsJobs.Core.Budgets.CarryingOut;
using MetaAdsJobs.Core.Budgets.Pools;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Experiments.Planning;
using MetaAdsJobs.Core.Experiments.Proposing;
using MetaAdsJobs.Core.Insights;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Spending;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>
/// An experiment, or a pool that divides its money anew, from the request on: their ads are made, numbers that say something come, and what is proposed is accepted and done, while Meta restates, somebody stops, caps change, and
/// hands reach in. What must not come of it is judged by <see cref="ProposalJudge"/>.
/// </summary>
internal sealed class ProposalScript
{
    public const string Compared = "Compared";
    public const string Pooled = "Pooled";

    /// <summary>In whose name proposals are carried out, and nothing else is done.</summary>
    public const string Proposer = "proposer";
    public const int Budget = 1000;
    private const int Variants = 3;
    private const int DaysOfNumbers = 30;
    private readonly History _history;
    private readonly Random _random;
    private readonly HashSet<Guid> _accepted = [];
    private Guid? _comparedRun;
    private Guid? _pooledRun;
    private bool _isOver;
    private double? _reachesIn;

    public ProposalScript(History history, int weight)
    {
        (_history, _random) = (history, new(unchecked((weight * 37) + 5)));
        (HasExperiment, HasPool) = (!history.IsOfNumbers && weight % 19 == 7, !history.IsOfNumbers && weight % 23 == 7);
        Judge = new(history);
    }

    /// <summary>A nineteenth of the histories.</summary>
    public bool HasExperiment { get; }

    /// <summary>A twenty-third of the histories.</summary>
    public bool HasPool { get; }

    public bool IsOn => HasExperiment || HasPool;

    public ProposalJudge Judge { get; }

    /// <summary>Nobody proposes anything more.</summary>
    public bool IsOver => _isOver;

    public void Plan()
    {
        if (HasExperiment) PlanExperiment(_history.Script.Accounts[0]);
        if (HasPool) PlanPool(_history.Script.Accounts[^1]);
        if (!IsOn) return;
        // Before the next of its edits has looked, or at any time.
        _reachesIn = _random.Next(2) == 0 ? _random.NextDouble() * (_random.Next(2) == 0 ? 2 : 20) : null;
        PlanMinute();
        PlanAnswers();
        for (var more = _random.Next(4); more > 0; more--)
        {
            var (at, account) = (_random.Next(40, 700), _history.Script.Accounts[_random.Next(_history.Script.Accounts.Count)]);
            switch (_random.Next(4))
            {
                case 0:
                    _history.Script.At(at, $"stops {account.Name}", (api, ct) => api.Get<StopSwitch>().StopAsync(account.Id, "client", null, ct));
                    _history.Script.At(at + _random.Next(5, 300), $"starts {account.Name}", (api, ct) => _history.Starts.StartAsync(api, account.Id, ct));
                    break;
                case 1:
                    var cap = _random.Next(1, 8) * Budget;
                    _history.Caps.At(at, account, cap);
                    _history.Caps.At(at + _random.Next(5, 300), $"takes the cap of {account.Name} away", account, long.MaxValue, () => """{"caps_off":true}""");
                    break;
                case 2:
                    var (nth, raise) = (_random.Next(Variants), _random.Next(-1, 2) * 300);
                    InStorm(at, "somebody changes a budget in Ads Manager", () => ChangeByHand(nth, raise));
                    break;
                default:
                    InStorm(at, "Meta restates what an experiment rests on", Restate);
                    break;
            }
        }
    }

    /// <summary>When nothing goes wrong any more: whatever is asked for is answered, and done.</summary>
    public void PlanCalm() => _history.Clockwork.Plan(TimeSpan.FromMinutes(30), null, null, "nobody proposes anything more", () => _isOver = true);

    /// <summary>Whether anything that was accepted is not done, or was not answered.</summary>
    public bool HasOpen()
    {
        if (!IsOn) return false;
        return !_isOver || IsUnderWay();
    }

    private bool IsUnderWay()
    {
        using var connection = _history.Database.Aside.OpenConnection();
        return connection.ExecuteScalar<bool>("""
            SELECT EXISTS (SELECT 1 FROM budget_proposals WHERE state = 'accepted') OR EXISTS (SELECT 1 FROM experiment_changes c JOIN experiment_proposals p ON p.id = c.proposal_id WHERE c.state = 'planned' AND p.state = 'accepted')
            """);
    }

    /// <summary>A pool's money has begun to move: somebody may just be changing what others of it have.</summary>
    public void Moved(MetaObject member)
    {
        if (_reachesIn is not { } after) return;
        _reachesIn = null;
        var raise = _random.Next(3) == 0 ? -300 : 300;
        var other = Members().FindIndex(one => one != member && one.Budget == Budget);
        InStorm(after, "somebody changes a budget in Ads Manager", () => ChangeByHand(other, raise));
    }

    public Task JudgeAsync(Npgsql.NpgsqlConnection connection) => IsOn ? Judge.EndAsync(connection, _accepted) : Task.CompletedTask;

    public async Task CleanAsync()
    {
        if (!IsOn) return;
        await using var connection = await _history.Database.Aside.OpenConnectionAsync();
        await connection.ExecuteAsync("DELETE FROM experiments; DELETE FROM budget_pools");
    }

    private void PlanExperiment((Guid Id, string AdAccountId, string Name) account)
    {
        var body = new JsonObject
        {
            ["name"] = Compared, ["thing"] = "text", ["attribution_days"] = 1, ["request"] = Request(account.Id, Compared, "LANDING_PAGE_VIEWS"),
            ["variants"] = new JsonArray([.. Enumerable.Range(0, Variants).Select(nth => new JsonObject { ["name"] = $"V{nth}", ["creative_title"] = $"Title {nth}" })]),
        };
        _history.Script.At(_random.Next(1, 20), "begins an experiment", async (api, ct) =>
        {
            if (await api.Get<StartExperiment>().ExecuteAsync(JsonSerializer.SerializeToElement(body), Proposer, "one", dryRun: false, ct) is not ExperimentStarted.Begun begun)
            {
                _history.Judge.Condemn("an experiment is refused");
                return;
            }

            if (_comparedRun is not null && _comparedRun != begun.RequestId) _history.Judge.Condemn("one key has begun two experiments");
            _comparedRun = begun.RequestId;
            _history.Name(begun.RequestId, Compared);
        });
        Later(() => _comparedRun, () => Night(account.Id, _comparedRun!.Value, "landing_page_view", [30, 30, 60]));
    }

    private void PlanPool((Guid Id, string AdAccountId, string Name) account)
    {
        var body = Request(account.Id, Pooled, "LINK_CLICKS");
        body["ad_sets"] = new JsonArray([.. Enumerable.Range(0, Variants).Select(_ => new JsonObject { ["ads"] = new JsonArray(new JsonObject()) })]);
        var mode = _random.Next(2) == 0 ? BudgetPool.Act : BudgetPool.Ask;
        _history.Script.At(_random.Next(1, 20), "asks for what is to be a pool", async (api, ct) =>
        {
            if (await api.Get<AcceptOrchestration>().ExecuteAsync(JsonSerializer.SerializeToElement(body), Proposer, "pooled", ct) is not Acceptance.Accepted accepted)
            {
                _history.Judge.Condemn("the request of a pool is refused");
                return;
            }

            _pooledRun = accepted.RequestId;
            _history.Name(accepted.RequestId, Pooled);
        });
        Later(() => _pooledRun, () =>
        {
            Night(account.Id, _pooledRun!.Value, "link_click", [10, 10, 30]);
            using var connection = _history.Database.Aside.OpenConnection();
            var members = connection.Query<string>("SELECT meta_id FROM meta_adsets WHERE request_id = @run ORDER BY step", new { run = _pooledRun });
            var pool = new JsonObject { ["social_account_id"] = account.Id, ["name"] = Pooled, ["mode"] = mode, ["members"] = new JsonArray([.. members.Select(id => new JsonObject { ["id"] = id })]) };
            _history.Script.At(0, "makes a pool", (api, ct) => api.Get<SaveBudgetPool>().CreateAsync(JsonSerializer.SerializeToElement(pool), Proposer, ct));
        });
    }

    private JsonObject Request(Guid account, string name, string goal) => new()
    {
        ["social_account_id"] = account, ["clip_id"] = _history.Script.Clips[2], ["campaign_name"] = name, ["campaign_objective"] = "OUTCOME_TRAFFIC", ["daily_budget_cents"] = Budget, ["creative_title"] = "Title",
        ["landing_url"] = "https://example.com/", ["optimization_goal"] = goal, ["auto_publish"] = true,
    };

    // Once its run has succeeded and its ads are on.
    private void Later(Func<Guid?> run, Action happens) => _history.Clockwork.Plan(TimeSpan.FromSeconds(10), null, null, "numbers come", () =>
    {
        using (var connection = _history.Database.Aside.OpenConnection())
        {
            if (run() is not { } id || !connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM orchestrations o JOIN meta_campaigns c USING (request_id) WHERE o.request_id = @id AND o.status = 'succeeded' AND c.status = 'ACTIVE')", new { id }))
            {
                if (!_isOver) Later(run, happens);
                return;
            }
        }

        happens();
    });

    // Weeks of numbers at once, as a night has read them; all of it was made long ago.
    private void Night(Guid account, Guid run, string type, int[] results)
    {
        _history.Clockwork.Tell($"numbers of {_history.NameOf(run)} are there");
        var (now, today) = (_history.Clockwork.Now, AccountDays.Today(SyncScript.Zone, _history.Clockwork.Now));
        using var connection = _history.Database.Aside.OpenConnection();
        connection.Execute("""
            SELECT ensure_insight_partitions(@today - 40, @today);
            UPDATE experiments SET created_at = @now - interval '29 days' WHERE request_id = @run; UPDATE meta_adsets SET created_at = @now - interval '40 days' WHERE request_id = @run;
            INSERT INTO insight_days (social_account_id, date_start, synced_at, sync_id, is_partial, rows, spend, vanished_rows, vanished_spend, account_spend, difference, total_spend, currency, first_at)
            SELECT @account, @today - n, @now, gen_random_uuid(), false, 0, 0, 0, 0, 30, 0, 30, 'USD', @now FROM generate_series(1, @days) n ON CONFLICT (social_account_id, date_start) DO UPDATE SET synced_at = EXCLUDED.synced_at, seen_at = EXCLUDED.synced_at;
            INSERT INTO meta_ad_insights (social_account_id, date_start, ad_meta_id, adset_meta_id, campaign_meta_id, impressions, clicks, link_clicks, spend, results, result_type, currency, raw, is_partial, synced_at)
            SELECT @account, @today - n, d.meta_id, s.meta_id, c.meta_id, 1000, 50, 40, 10, (@results::int[])[s.nth], @type, 'USD', '{}', false, @now
            FROM meta_campaigns c JOIN (SELECT *, row_number() OVER (ORDER BY step) AS nth FROM meta_adsets WHERE request_id = @run) s ON s.campaign_db_id = c.id JOIN meta_ads d ON d.adset_db_id = s.id, generate_series(1, @days) n
            WHERE c.request_id = @run ON CONFLICT (social_account_id, date_start, ad_meta_id) DO UPDATE SET spend = EXCLUDED.spend, results = EXCLUDED.results, result_type = EXCLUDED.result_type
            """, new { account, run, type, results, now, today, days = DaysOfNumbers });
        NightScript.Synced(_history, connection, account);
    }

    private void Restate()
    {
        using var connection = _history.Database.Aside.OpenConnection();
        if (_comparedRun is not { } run || connection.Execute("""
            WITH read AS (UPDATE insight_days d SET synced_at = @now, seen_at = @now FROM orchestrations o WHERE o.request_id = @run AND d.social_account_id = o.social_account_id)
            UPDATE meta_ad_insights i SET results = i.results + 9 FROM meta_campaigns c WHERE c.request_id = @run AND i.campaign_meta_id = c.meta_id AND i.social_account_id = c.social_account_id AND i.spend = 10
            """, new { run, now = _history.Clockwork.Now }) == 0) return;
        NightScript.Synced(_history, connection, connection.ExecuteScalar<Guid>("SELECT social_account_id FROM orchestrations WHERE request_id = @run", new { run }));
    }

    // One of its edits, as long as that has not begun.
    private void TakeBack()
    {
        using var connection = _history.Database.Aside.OpenConnection();
        var edits = connection.Query<Guid>("SELECT edit_id FROM campaign_edits WHERE asked_by = @Proposer AND kind IN ('pause', 'update') AND state IN ('queued', 'waiting') ORDER BY number", new { Proposer }).AsList();
        if (edits.Count == 0) return;
        var edit = edits[_random.Next(edits.Count)];
        _history.Script.At(0, "takes an edit back", (api, ct) => api.Get<CancelEdit>().ExecuteAsync(edit, "client", ct));
    }

    private void ChangeByHand(int nth, int raise)
    {
        var members = Members();
        if (nth < 0 || members.Count != Variants || members[nth].Budget + raise <= 0) return;
        _history.Clockwork.Tell($"by hand: the budget of {members[nth].Id} is {members[nth].Budget + raise}");
        members[nth].Budget += raise;
        members[nth].IsByHand = true;
        Judge.ByHand(members[nth], raise);
    }

    private List<MetaObject> Members() => [.. _history.World.Objects.Where(one => ProposalJudge.IsOf(one, Pooled))];

    // Every minute in earnest; two at once now and then, above all when something is being carried out.
    private void PlanMinute() => _history.Clockwork.Plan(TimeSpan.FromSeconds(25), null, null, "the minute of proposals", () =>
    {
        if (_isOver && !HasOpen()) return;
        PlanMinute();
        foreach (var kind in (string[])[.. HasExperiment ? ["experiments"] : Array.Empty<string>(), .. HasPool ? ["propose", "carry"] : Array.Empty<string>()])
        {
            _history.Queue.Add(new(kind, Guid.Empty), TimeSpan.Zero);
            // Those that come together read what is planned before the first of them has asked for it.
            if (kind == "carry" && IsUnderWay() && _random.Next(8) == 0) InStorm(_random.NextDouble(), "somebody takes back what was asked for", TakeBack);
            for (var more = IsUnderWay() ? _random.Next(4) : _history.Choices.Chance(_history.Odds.JobTwice) ? 1 : 0; more > 0; more--) _history.Queue.Add(new(kind, Guid.Empty) { IsDouble = true }, TimeSpan.Zero);
            // What a pool does by itself is begun in the minute in which it is proposed.
            if (kind == "carry" && _pooledRun is not null && _random.Next(2) == 0) _history.Queue.Add(new(kind, Guid.Empty) { IsDouble = true }, TimeSpan.FromMilliseconds(_random.Next(100)));
        }
    });

    private void PlanAnswers() => _history.Clockwork.Plan(TimeSpan.FromSeconds(_random.Next(20, 90)), null, null, "somebody looks at what is proposed", () =>
    {
        if (_isOver) return;
        PlanAnswers();
        using var connection = _history.Database.Aside.OpenConnection();
        foreach (var id in connection.Query<Guid>("SELECT experiment_id FROM experiment_proposals WHERE state = 'open'"))
        {
            var moves = _random.Next(4) > 0;
            _history.Script.At(0, "accepts what an experiment proposes", async (api, ct) =>
            {
                if (await api.Get<AcceptProposal>().ExecuteAsync(id, proposalId: null, moves, Proposer, ct) != ProposalAnswer.Accepted) return;
                _accepted.Add(id);
                if (_random.Next(3) == 0) InStorm(_random.NextDouble() * 0.5, "somebody takes back what was asked for", TakeBack);
            });
            // Whoever accepts begins at once, and the minute may come just then.
            if (_random.Next(2) == 0) _history.Queue.Add(new("experiments", Guid.Empty) { IsDouble = true }, TimeSpan.FromMilliseconds(_random.Next(400)));
        }

        foreach (var (id, pool) in connection.Query<(Guid, Guid)>("SELECT id, pool_id FROM budget_proposals WHERE state = 'asked'"))
            _history.Script.At(0, "accepts what a pool proposes", async (api, ct) =>
            {
                if (await api.Get<AnswerProposal>().AcceptAsync(pool, id, Proposer, ct) is ProposalAnswered.Done) _accepted.Add(id);
            });
    });

    private void InStorm(double at, string what, Action happens) => _history.Clockwork.Plan(TimeSpan.FromSeconds(at), null, null, what, () =>
    {
        if (_history.Clockwork.Now >= _history.Script.CalmFrom) return;
        _history.Clockwork.Tell(what);
        happens();
    });
}
