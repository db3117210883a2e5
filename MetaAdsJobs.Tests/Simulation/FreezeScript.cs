using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Campaigns.Holding;
using MetaAdsJobs.Core.Spending;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>
/// Freezes, in a thirteenth of the histories: set long before or at once, while an activation waits, or just before a call that makes more spend; lifted or not; and of a week. Who has a permit may sleep until one has begun. What must not be
/// sent while one is in force.
/// </summary>
internal sealed class FreezeScript(History history, int weight)
{
    // So long before it is sent a call may have been permitted.
    private static readonly TimeSpan LongestPermit = TimeSpan.FromMinutes(4);

    // A moment of the service's is its own reading of the clock.
    private static readonly TimeSpan Blur = TimeSpan.FromSeconds(1);
    private readonly Random? _random = !history.IsOfNumbers && weight % 13 == 2 ? new(unchecked((weight * 47) + 17)) : null;
    private readonly List<Set> _sets = [];
    private int _left = 3;
    private Set? _edge;

    public bool IsOn => _random is not null;

    public void Plan()
    {
        if (_random is null) return;
        var published = history.Script.Requests.Where(asked => asked.Publishes).ToList();
        if (published.Count > 0 && history.Choices.Below(2) == 0) PlanEdge(history.Script.Accounts.First(account => account.Id == published[^1].AccountId));
        else for (var number = _random.Next(1, 4); number > 0; number--)
        {
            var (accountId, length) = (_random.Next(4) == 0 ? (Guid?)null : history.Script.Accounts[_random.Next(history.Script.Accounts.Count)].Id, _random.Next(20, 700));
            Freeze(_random.Next(300), accountId, ahead: ((int[])[0, 20, 100, 245, 300])[_random.Next(5)], length, lifted: _random.Next(2) == 0 ? _random.Next(1, length) : null, isWeekly: _random.Next(4) == 0);
        }

        PlanLook();
    }

    /// <summary>For how long a process stands still that has a permit in its hand.</summary>
    public TimeSpan? SleepAt(Due due)
    {
        if (_edge is not { } edge || edge.Body.Length == 0) return null;
        var left = edge.From - history.Clockwork.Now;
        if (left < TimeSpan.Zero) _edge = null;
        if (left < TimeSpan.Zero || left > TimeSpan.FromSeconds(6) || !history.Workers.Contains(due.Process!)) return null;
        using var connection = history.Database.Aside.OpenConnection();
        if (!connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM activations WHERE social_account_id = @AccountId AND busy_until IS NOT NULL AND resumes > 0 AND changed_at > @since)", new { edge.AccountId, since = edge.From.AddSeconds(-6) }) || _random!.Next(3) > 0) return null;
        _edge = null;
        return left + TimeSpan.FromSeconds(2 + _random.Next(20));
    }

    // Known for as long as any permit lasts, and something is given back in the moment in which it begins.
    private void PlanEdge((Guid Id, string AdAccountId, string Name) account)
    {
        var (at, ahead) = (history.Choices.OneOf(1, 10, 30), 245 + history.Choices.Below(30));
        _edge = Freeze(at, account.Id, ahead, history.Choices.OneOf(60, 200, 400), lifted: null, isWeekly: false);
        history.Script.At(at + ahead - history.Choices.OneOf(30, 60, 100), $"stops {account.Name}", (api, ct) => api.Get<StopSwitch>().StopAsync(account.Id, "client", null, ct));
        history.Script.At(at + ahead - history.Choices.OneOf(0.6, 1, 2, 4), $"starts {account.Name}", (api, ct) => history.Starts.StartAsync(api, account.Id, ct));
    }

    /// <summary>A call is about to be sent.</summary>
    public void Sends(GraphCall call)
    {
        if (_random is null || history.World.Objects.FirstOrDefault(one => one.Id == call.Path) is not { } thing || !MakesMoreSpend(call, thing)) return;
        foreach (var one in _sets.Where(one => (one.AccountId is null || history.Script.Accounts.First(account => account.Id == one.AccountId).AdAccountId == thing.AccountId) && one.Holds(history.Clockwork.Now)))
            history.Judge.Condemn($"{call} was sent {history.Clockwork.Now - one.From} after {one.Name} had begun, which was set {one.From - one.AnsweredAt} before");
        if (_left == 0 || history.Clockwork.Now >= history.Script.CalmFrom || _random.Next(2) == 0) return;
        _left--;
        Freeze(((double[])[0.01, 0.4, 3])[_random.Next(3)], history.Script.Accounts.First(account => account.AdAccountId == thing.AccountId).Id, ahead: 0, _random.Next(20, 400), lifted: _random.Next(2) == 0 ? _random.Next(1, 60) : null, isWeekly: false);
    }

    // Below a paused campaign nothing spends, whatever is switched there.
    private static bool MakesMoreSpend(GraphCall call, MetaObject thing)
    {
        if (call.Activates) return thing.Kind == "campaigns" || TopOf(thing).Status == "ACTIVE";
        return call["daily_budget"] is { } budget && long.Parse(budget, null) > thing.Budget && thing.Status == "ACTIVE" && TopOf(thing).Status == "ACTIVE";
    }

    private Set Freeze(double at, Guid? accountId, int ahead, int length, int? lifted, bool isWeekly)
    {
        var name = $"F{_sets.Count + 1}";
        var set = new Set(name, accountId);
        _sets.Add(set);
        history.Script.At(at, $"freezes {(accountId is { } one ? history.NameOf(one) : "all")}: {name}, {ahead} s ahead, for {length} s{(isWeekly ? ", every week" : "")}", async (api, ct) =>
        {
            set.Begin(history.Clockwork.Now, ahead, length, isWeekly);
            if (await api.Get<Freezes>().AddAsync(JsonElement.Parse(set.Body), "client", ct) is Saved<Freeze>.Done) set.AnsweredAt ??= history.Clockwork.Now;
        });
        if (lifted is { } after) history.Script.At(at + ahead + after, $"lifts {name}", (api, ct) => LiftAsync(api, set, ct));
        return set;
    }

    private async Task LiftAsync(SimProcess api, Set set, CancellationToken ct)
    {
        set.LiftAskedAt ??= history.Clockwork.Now;
        List<Guid> ids;
        // Who has asked twice has set two.
        using (var connection = history.Database.Aside.OpenConnection()) ids = connection.Query<Guid>("SELECT id FROM freezes WHERE reason = @Name AND ended_at IS NULL", new { set.Name }).AsList();
        foreach (var id in ids) await api.Get<Freezes>().EndAsync(id, "client", ct);
    }

    // What pauses or ends waits for none.
    private void PlanLook() => history.Clockwork.Plan(TimeSpan.FromSeconds(20), null, null, "whether a pause is frozen", () =>
    {
        PlanLook();
        using var connection = history.Database.Aside.OpenConnection();
        foreach (var what in connection.Query<string>("SELECT concat(kind, ' of ', meta_id, ' waits: ', wait_reason) FROM campaign_edits WHERE kind IN ('pause', 'archive', 'delete') AND wait_reason LIKE 'frozen by %'"))
            history.Judge.Condemn(what);
    });

    private static MetaObject TopOf(MetaObject one) => one.Parent is { } parent ? TopOf(parent) : one;

    /// <summary>A freeze as its caller knows it.</summary>
    private sealed class Set(string name, Guid? accountId)
    {
        public string Name { get; } = name;
        public Guid? AccountId { get; } = accountId;
        public string Body { get; private set; } = "";
        public DateTimeOffset From { get; private set; }
        public DateTimeOffset Until { get; private set; }
        public DateTimeOffset? AnsweredAt { get; set; }
        public DateTimeOffset? LiftAskedAt { get; set; }

        public void Begin(DateTimeOffset now, int ahead, int length, bool isWeekly)
        {
            if (Body.Length > 0) return;
            From = DateTimeOffset.FromUnixTimeSeconds(now.AddSeconds(ahead).ToUnixTimeSeconds());
            Until = From.AddSeconds(length);
            var account = AccountId is { } id ? $"\"social_account_id\":\"{id}\"," : "";
            var zone = TimeZoneInfo.FindSystemTimeZoneById(SyncScript.Zone);
            var local = TimeZoneInfo.ConvertTime(From, zone);
            local = local.AddTicks(-(local.Ticks % TimeSpan.TicksPerMinute));
            var end = local.AddMinutes(1 + (length / 60));
            if (isWeekly && end.Date == local.Date)
            {
                (From, Until) = (local.ToUniversalTime(), end.ToUniversalTime());
                Body = $$"""{{{account}}"reason":"{{Name}}","weekly":{"days":["{{local.DayOfWeek.ToString().ToLowerInvariant()}}"],"from":"{{local:HH:mm}}","until":"{{end:HH:mm}}"} }""";
            }
            else
            {
                Body = $$"""{{{account}}"reason":"{{Name}}","from":"{{From.UtcDateTime:yyyy-MM-ddTHH:mm:ss}}Z","until":"{{Until.UtcDateTime:yyyy-MM-ddTHH:mm:ss}}Z"}""";
            }
        }

        /// <summary>From its beginning when it was set so long before that all that had been permitted is over; else from then on.</summary>
        public bool Holds(DateTimeOffset now) => AnsweredAt is { } answeredAt && now >= From + Blur && now < Until - Blur && !(LiftAskedAt <= now) && (answeredAt + LongestPermit <= From || now >= answeredAt + LongestPermit + Blur);
    }
}
