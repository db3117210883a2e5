using System.Text.Json;
using Dapper;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Orchestrations;
using MetaAdsJobs.Core.Spending;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>How a call goes that is met by the worst that can come just then; null for what is drawn as usual.</summary>
internal sealed record Worst(WireFate Fate, TimeSpan Latency, TimeSpan Later);

/// <summary>
/// What comes at the worst moment: somebody changes his mind while a call of ours is under way, or before anybody has heard what became of it; a process dies with an answer, or stands still with
/// a permit in its hand. Of histories that meet it by chance there is one in thousands.
/// </summary>
internal sealed class Midway(History history, int weight)
{
    private enum Moment { None, EditMadeVoid, EditDuringPause, StartDuringPause, PauseDuringActivation, ContentLost, StartTwice, DeathOfUndo, PauseDuringStop, RaiseDuringStart, LeaveDuringStart, BudgetLate, RaiseDuringStop, TakenBack }

    private const int MostTries = 30;
    private readonly Moment _moment = history.IsOfNumbers ? Moment.None : (weight % 17) switch
    {
        8 => Moment.StartTwice, 11 => Moment.PauseDuringStop, 12 => Moment.RaiseDuringStart, 14 => Moment.LeaveDuringStart, 15 when weight % 2 == 0 && StopRaises.Fits(history) => Moment.RaiseDuringStop, 15 => Moment.TakenBack, 16 => Moment.BudgetLate, > 8 => Moment.None, var moment => (Moment)moment,
    };
    private readonly Random _random = new(unchecked((weight * 23) + 11));
    private readonly HashSet<GraphCall> _deadly = [];
    private readonly HashSet<string> _lost = [];
    private GraphCall? _sleepy;
    private int _left = 4;

    public bool IsOn => _moment != Moment.None;

    public bool Is(string moment) => _moment == Enum.Parse<Moment>(moment);

    public bool HasEdits => _moment is Moment.EditMadeVoid or Moment.EditDuringPause or Moment.PauseDuringActivation or Moment.ContentLost or Moment.PauseDuringStop or Moment.RaiseDuringStart or Moment.BudgetLate or Moment.TakenBack;

    public bool HasContents => _moment == Moment.ContentLost;

    private Choices Choices => history.Choices;

    /// <summary>What people do anyway, and what the worst moments are of.</summary>
    public void Plan()
    {
        foreach (var asked in history.Script.Requests)
        {
            var at = _random.Next(5, 60);
            switch (_moment)
            {
                case Moment.EditMadeVoid:
                    Try(at, $"asks for less of {asked.Name}, or to publish it", (api, ct) => EditAsync(api, asked, isOn => isOn ? EditKind.Update : EditKind.Publish, 1, ct));
                    Try(at + 60, $"asks to resume an ad of {asked.Name}", (api, ct) => EditAsync(api, asked, _ => EditKind.Resume, 2, ct));
                    break;
                case Moment.BudgetLate:
                    Try(at, $"asks for another budget of {asked.Name}", (api, ct) => EditAsync(api, asked, _ => EditKind.Update, 1, ct));
                    break;
                case Moment.TakenBack:
                    foreach (var (later, level) in ((int, int)[])[(0, 0), (70, 0), (140, 1), (200, 0)]) Try(at + later, $"asks to pause {asked.Name}, or to switch it on", (api, ct) => EditAsync(api, asked, isOn => level == 1 ? EditKind.Resume : isOn ? EditKind.Pause : EditKind.Publish, level, ct));
                    break;
                case Moment.ContentLost:
                    foreach (var more in (int[])[0, 90]) Try(at + more, $"asks for another content of {asked.Name}", (api, ct) => ChangeContentAsync(api, asked, ct));
                    break;
            }
        }

        if (_moment is Moment.EditDuringPause or Moment.StartDuringPause or Moment.StartTwice or Moment.PauseDuringStop or Moment.RaiseDuringStart or Moment.LeaveDuringStart or Moment.RaiseDuringStop)
            foreach (var account in history.Script.Accounts) Try(_random.Next(5, 40), $"stops {account.Name} when something is active", (api, ct) => StopAsync(api, account, ct));
    }

    /// <summary>A call is about to be sent.</summary>
    public Worst? Of(GraphCall call)
    {
        if (_moment == Moment.None || _left == 0 || !call.Changes && call.ByKind != "pause" || history.Clockwork.Now >= history.Script.CalmFrom) return null;
        var thing = history.World.Objects.FirstOrDefault(one => one.Id == call.Path);
        var worst = _moment switch
        {
            Moment.EditMadeVoid when thing is not null && call.ByKind == "edit" && (call["status"] == "ACTIVE" || call["daily_budget"] is not null) => MakeVoid(call),
            Moment.EditDuringPause when thing is { Kind: "campaigns" } && call is { Method: "GET" } => EditDuringPause(thing),
            Moment.StartDuringPause when thing is { Kind: "campaigns" } && call.ByKind == "pause" && call["status"] == "PAUSED" => StartDuringPause(thing),
            Moment.PauseDuringActivation when thing is { Kind: "campaigns" } && call.Activates => PauseDuringActivation(thing),
            Moment.ContentLost when call.ByKind == "edit" && (call.Edge == "adcreatives" || call["creative"] is not null) => LoseContent(call),
            Moment.StartTwice when thing is { Kind: not "campaigns" } && call.Activates && call.ByKind == "resume" => SleepAfter(call, thing),
            Moment.BudgetLate when thing is { Kind: "adsets" } && call.ByKind == "edit" && call["daily_budget"] is not null => BudgetLate(call, thing),
            Moment.TakenBack when thing is { Kind: "campaigns" or "adsets" } && call.ByKind == "edit" && call["status"] == "ACTIVE" => TakeBack(call),
            Moment.RaiseDuringStart when thing is { Kind: "ads" } && call.Activates && call.ByKind == "resume" => RaiseDuringStart(thing),
            Moment.LeaveDuringStart when thing is { Kind: "campaigns" } && call.Activates && call.ByKind == "resume" => LeaveDuringStart(thing),
            Moment.DeathOfUndo when call.ByKind == "orchestration" && (call.IsCreate && call.Edge != "adimages" || call.Method == "DELETE") => DieInUndo(call),
            _ => null,
        };
        if (worst is not null) _left--;
        return worst;
    }

    /// <summary>Whether a process dies with the answer that it is about to hear.</summary>
    public bool Kills(Due due) => due.Answered is { } call && _deadly.Remove(call);

    /// <summary>For how long a process stands still before it hears an answer.</summary>
    public TimeSpan? SleepAt(Due due)
    {
        if (due.Answered is null || due.Answered != _sleepy) return null;
        _sleepy = null;
        return LongSleep;
    }

    // Meta is slow with it, and whoever has asked for it wants something else meanwhile; and then its process may die with the answer.
    private Worst? MakeVoid(GraphCall call)
    {
        if (Choices.Chance(0.3)) return null;
        using var connection = history.Database.Aside.OpenConnection();
        var edits = connection.Query<(string Level, string MetaId, string Kind)>("""
            SELECT e.level, e.meta_id, e.kind FROM campaign_edits e WHERE e.state = 'running' AND e.kind IN ('publish', 'resume', 'update')
              AND e.request_id IN (SELECT request_id FROM meta_campaigns WHERE meta_id = @Path UNION ALL SELECT request_id FROM meta_adsets WHERE meta_id = @Path UNION ALL SELECT request_id FROM meta_ads WHERE meta_id = @Path)
            """, new { call.Path }).ToList();
        if (edits is not [var edit, ..]) return null;
        var kind = edit.Kind == "update" ? Choices.OneOf(EditKind.Archive, EditKind.Delete) : Choices.OneOf(EditKind.Pause, EditKind.Pause, EditKind.Delete);
        if (kind != EditKind.Pause) history.Edits.Ended.Add(edit.MetaId);
        history.Script.At(Choices.OneOf(0.01, 0.5), $"asks to {kind} {edit.MetaId} at once", (api, ct) => api.Get<RequestEdit>().ExecuteAsync(Enum.Parse<EditLevel>(edit.Level, ignoreCase: true), edit.MetaId, kind, null, "client", ct));
        if (Choices.Chance(0.5)) _deadly.Add(call);
        return new(WireFate.Fine, TimeSpan.FromSeconds(Choices.OneOf(4, 2)), TimeSpan.Zero);
    }

    // Nobody hears of what switches something on, or not yet, and whoever has asked for it takes it back as soon as he can; and then its process may die with the answer.
    private Worst? TakeBack(GraphCall call)
    {
        using var connection = history.Database.Aside.OpenConnection();
        if (connection.Query<Guid?>("SELECT edit_id FROM campaign_edits WHERE meta_id = @Path AND state = 'running' AND kind IN ('publish', 'resume')", new { call.Path }).FirstOrDefault() is not { } edit || !Choices.Chance(0.7)) return null;
        Try(Choices.OneOf(0.1, 3, 15), $"takes back what switches {call.Path} on", async (api, ct) => await api.Get<CancelEdit>().ExecuteAsync(edit, "client", ct) is not false, again: 1);
        if (Choices.Chance(0.3)) _deadly.Add(call);
        return Choices.Below(3) == 0 ? new(WireFate.BrokenAfter, TimeSpan.FromSeconds(0.06), TimeSpan.Zero) : new(WireFate.BrokenDoneLater, TimeSpan.FromSeconds(0.06), TimeSpan.FromSeconds(Choices.OneOf(40, 20, 5, 55)));
    }

    // A stop looks how the campaign stands, and while it waits for the answer something of the campaign is changed.
    private Worst? EditDuringPause(MetaObject campaign)
    {
        var asked = RequestOf(campaign);
        if (asked is null) return null;
        var kind = Choices.OneOf(EditKind.Update, EditKind.Pause);
        Try(0.01, $"asks to {kind} something of {asked.Name} at once", (api, ct) => EditAsync(api, asked, _ => kind, kind == EditKind.Update ? 1 : 2, ct));
        return new(WireFate.Fine, TimeSpan.FromSeconds(Choices.OneOf(4, 2)), TimeSpan.Zero);
    }

    private Worst StartDuringPause(MetaObject campaign)
    {
        var account = history.Script.Accounts.First(one => one.AdAccountId == campaign.AccountId);
        history.Script.At(Choices.OneOf(3, 1, 8), $"starts {account.Name} at once", (api, ct) => history.Starts.StartAsync(api, account.Id, ct));
        return new(WireFate.BrokenDoneLater, TimeSpan.FromSeconds(0.06), TimeSpan.FromSeconds(Choices.OneOf(40, 20)));
    }

    private Worst? PauseDuringActivation(MetaObject campaign)
    {
        if (RequestOf(campaign) is not { } asked || !_lost.Add(campaign.Id)) return null;
        Try(2, $"asks to pause {asked.Name} at once", (api, ct) => EditAsync(api, asked, _ => EditKind.Pause, 0, ct), again: 2);
        return new(WireFate.BrokenDoneLater, TimeSpan.FromSeconds(0.06), TimeSpan.FromSeconds(Choices.OneOf(40, 20)));
    }

    // Its process dies with a call that Meta carries out when others have done the same, and perhaps more.
    private Worst? BudgetLate(GraphCall call, MetaObject adSet)
    {
        if (!_lost.Add(adSet.Id) || history.Script.Requests.FirstOrDefault(one => adSet.Parent!.Name.StartsWith($"{one.Name} ", StringComparison.Ordinal)) is not { } asked) return null;
        _deadly.Add(call);
        Try(Choices.OneOf(2, 5), $"asks for yet another budget of {asked.Name}", (api, ct) => EditAsync(api, asked, _ => EditKind.Update, 1, ct), again: 2);
        return new(WireFate.BrokenDoneLater, TimeSpan.FromSeconds(0.06), TimeSpan.FromSeconds(Choices.OneOf(50, 40, 58)));
    }

    // Once a creative, of which nobody hears whether it was made; and all calls that point an ad to it, of which one is carried out late.
    private Worst? LoseContent(GraphCall call)
    {
        if (call.IsCreate) return _lost.Add(call["name"]!) && Choices.Chance(0.5) ? new(Choices.OneOf(WireFate.BrokenAfter, WireFate.ServerErrorDone, WireFate.BrokenBefore), TimeSpan.FromSeconds(0.06), TimeSpan.Zero) : null;
        var isFirst = _lost.Add(call["creative"]!);
        if (!isFirst) _left++;
        return isFirst ? new(WireFate.BrokenDoneLater, TimeSpan.FromSeconds(0.06), TimeSpan.FromSeconds(Choices.OneOf(40, 20))) : new(WireFate.BrokenBefore, TimeSpan.FromSeconds(0.06), TimeSpan.Zero);
    }

    // Others take over what its process was at; and before it wakes with what it has a permit for, somebody stops again.
    private Worst? SleepAfter(GraphCall call, MetaObject thing)
    {
        if (_sleepy is not null || !_lost.Add(thing.AccountId)) return null;
        _sleepy = call;
        var account = history.Script.Accounts.First(one => one.AdAccountId == thing.AccountId);
        var at = LongSleep - TimeSpan.FromSeconds(25);
        history.Script.At(at.TotalSeconds, $"stops {account.Name} again", (api, ct) => api.Get<StopSwitch>().StopAsync(account.Id, "client", null, ct));
        history.Script.At(at.TotalSeconds + 900, $"starts {account.Name}", (api, ct) => history.Starts.StartAsync(api, account.Id, ct));
        return new(WireFate.Fine, TimeSpan.FromSeconds(0.06), TimeSpan.Zero);
    }

    // A start is at one campaign, and somebody gives more to what it has listed, and will come to next.
    private Worst? RaiseDuringStart(MetaObject ad)
    {
        var others = history.Script.Requests.Where(asked => ad.AccountId == history.Script.Accounts.First(one => one.Id == asked.AccountId).AdAccountId && asked != RequestOf(ad.Parent!.Parent!)).ToList();
        if (others.Count == 0) return null;
        foreach (var asked in others) Try(0.01, $"asks for more of {asked.Name} at once", (api, ct) => EditAsync(api, asked, _ => EditKind.Update, 1, ct, cents: 11_000), tries: 1);
        return new(WireFate.Fine, TimeSpan.FromSeconds(24), TimeSpan.Zero);
    }

    // A start is at a campaign, and somebody stops again, and starts to leave paused what is.
    private Worst? LeaveDuringStart(MetaObject campaign)
    {
        if (!_lost.Add(campaign.AccountId)) return null;
        var account = history.Script.Accounts.First(one => one.AdAccountId == campaign.AccountId);
        history.Script.At(Choices.OneOf(0.5, 0.01), $"stops {account.Name} again", (api, ct) => api.Get<StopSwitch>().StopAsync(account.Id, "client", null, ct));
        history.Script.At(Choices.OneOf(6, 3, 1), $"starts {account.Name} anew", (api, ct) => history.Starts.LeaveAsync(api, account.Id, ct));
        return Choices.Below(2) == 0 ? new(WireFate.Fine, TimeSpan.FromSeconds(24), TimeSpan.Zero) : new(WireFate.SilentNotDone, TimeSpan.FromSeconds(0.06), TimeSpan.Zero);
    }

    private TimeSpan LongSleep => history.Lease + history.SettleDelay + TimeSpan.FromSeconds(35);

    // A create whose answer is lost, a cancel, and a death between the deletion and the word of it.
    private Worst? DieInUndo(GraphCall call)
    {
        if (call.Method == "DELETE")
        {
            if (!_lost.Add(call.Path) || !Choices.Chance(0.7)) return null;
            _deadly.Add(call);
            return new(WireFate.Fine, TimeSpan.FromSeconds(0.06), TimeSpan.Zero);
        }

        if (history.Script.Requests.FirstOrDefault(one => call["name"]?.StartsWith($"{one.Name} ", StringComparison.Ordinal) == true) is not { } asked || !Choices.Chance(0.4) || !_lost.Add(asked.Name)) return null;
        history.Script.At(Choices.OneOf(0.01, 1, 5), $"cancels {asked.Name} at once", async (api, ct) =>
        {
            if (asked.RequestId is { } id) await api.Get<CancelOrchestration>().ExecuteAsync(id, "client", ct);
        });
        return new(Choices.OneOf(WireFate.BrokenAfter, WireFate.ServerErrorDone), TimeSpan.FromSeconds(0.06), TimeSpan.Zero);
    }

    private Asked? RequestOf(MetaObject campaign) => history.Script.Requests.FirstOrDefault(one => campaign.Name.StartsWith($"{one.Name} ", StringComparison.Ordinal));

    private async Task<bool> StopAsync(SimProcess api, (Guid Id, string AdAccountId, string Name) account, CancellationToken ct)
    {
        using var connection = history.Database.Aside.OpenConnection();
        if (!connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM activations v JOIN orchestrations o USING (request_id) WHERE v.social_account_id = @Id AND v.state = 'active' AND o.status = 'succeeded')", new { account.Id })) return false;
        await api.Get<StopSwitch>().StopAsync(account.Id, "client", null, ct);
        if (_moment == Moment.PauseDuringStop)
        {
            PauseDuringStop(account);
            return true;
        }

        if (_moment == Moment.RaiseDuringStop)
        {
            StopRaises.Plan(history, _random, account, MostTries);
            return true;
        }

        // Where no start comes at the worst moment, one comes some time.
        history.Script.At(_random.Next(5, 40), $"starts {account.Name}", (later, token) => history.Starts.StartAsync(later, account.Id, token));
        return true;
    }

    // Somebody pauses what the stop has paused, which then is his, and perhaps resumes it when the stop is lifted.
    private void PauseDuringStop((Guid Id, string AdAccountId, string Name) account)
    {
        var startsAt = _random.Next(150, 300);
        foreach (var asked in history.Script.Requests.Where(asked => asked.AccountId == account.Id))
        {
            var level = _random.Next(4) == 0 ? 1 : 0;
            Try(_random.Next(20, 100), $"asks to pause {asked.Name} during the stop", (api, ct) => EditAsync(api, asked, _ => EditKind.Pause, level, ct), tries: 1);
            if (_random.Next(3) == 0) Try(startsAt + _random.Next(10), $"asks to resume {asked.Name}", (api, ct) => EditAsync(api, asked, _ => EditKind.Resume, level, ct), tries: 1);
        }

        history.Script.At(startsAt, $"starts {account.Name}", (later, token) => history.Starts.StartAsync(later, account.Id, token));
    }

    /// <returns>False as long as it cannot be asked for.</returns>
    private async Task<bool> EditAsync(SimProcess api, Asked asked, Func<bool, EditKind> kindOf, int level, CancellationToken ct, int cents = 0)
    {
        if (await FindAsync(api, asked, ct) is not { CampaignCreation: { CampaignMetaId: { } campaign, AdsetMetaId: { } adSet, AdMetaId: { } ad } }) return false;
        var kind = kindOf(history.World.Objects.First(one => one.Id == campaign).Status == "ACTIVE");
        if (kind == EditKind.Publish) level = 0;
        var body = kind == EditKind.Update ? JsonElement.Parse($$"""{"daily_budget_cents":{{cents + _random.Next(200, 900)}}}""") : (JsonElement?)null;
        await api.Get<RequestEdit>().ExecuteAsync((EditLevel)level, level == 0 ? campaign : level == 1 ? adSet : ad, kind, body, "client", ct);
        return true;
    }

    private async Task<bool> ChangeContentAsync(SimProcess api, Asked asked, CancellationToken ct)
    {
        if (await FindAsync(api, asked, ct) is not { CampaignCreation.AdMetaId: { } ad }) return false;
        var body = JsonElement.Parse($$"""{"creative":{"clip_id":"{{history.Script.Clips[0]}}","creative_title":"At once {{_random.Next(100)}}","landing_url":"https://example.com/"} }""");
        if (await api.Get<RequestEdit>().ExecuteAsync(EditLevel.Ad, ad, EditKind.Update, body, "client", ct) is not EditRequested.Queued { EditId: var edit }) return true;
        foreach (var at in (int[])[8, 25])
            if (_random.Next(2) == 0) history.Script.At(at, $"takes back the content of {asked.Name}", (later, token) => later.Get<CancelEdit>().ExecuteAsync(edit, "client", token));
        return true;
    }

    private static async Task<OrchestrationResult?> FindAsync(SimProcess api, Asked asked, CancellationToken ct) =>
        asked.RequestId is { } id && await api.Get<OrchestrationReader>().FindAsync(id, ct) is { Status: "succeeded" } found ? found : null;

    // Until it can be done, or nothing goes wrong any more.
    private void Try(double at, string what, Func<SimProcess, CancellationToken, Task<bool>> act, double again = 15, int tries = MostTries) => history.Script.At(at, what, async (api, ct) =>
    {
        if (!await act(api, ct) && tries > 0 && history.Clockwork.Now < history.Script.CalmFrom) Try(again, what, act, again, tries - 1);
    });
}
