using MetaAdsJobs.Core.Insights;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>One sync that somebody asked for.</summary>
internal sealed class AskedSync(string name, Guid accountId)
{
    public string Name { get; } = name;
    public Guid AccountId { get; } = accountId;
    public Guid? SyncId { get; set; }

    /// <summary>Asked for when nothing went wrong any more: after it the table is as Meta is.</summary>
    public bool IsLast { get; init; }
}

/// <summary>What happens in a history that is about numbers: syncs, nights, restatements.</summary>
internal sealed class SyncScript(History history)
{
    public const string Zone = "America/New_York";
    private static readonly DateOnly Oldest = new(2026, 2, 26);
    private readonly List<AskedSync> _syncs = [];

    public IReadOnlyList<AskedSync> Asked => _syncs;

    /// <summary>Whether this history is about numbers.</summary>
    public bool IsOn => history.IsOfNumbers;

    public void Plan()
    {
        var choices = history.Choices;
        if (!IsOn) return;
        for (var number = 1 + choices.OneOf(0, 1, 2); number > 0; number--) Ask(choices.OneOf(0, 1, 20));
        for (var more = choices.Below(6); more > 0; more--)
        {
            var account = history.Script.Accounts[choices.Below(history.Script.Accounts.Count)];
            var at = choices.OneOf(1, 3, 10, 40, 120) + (choices.Below(40) / 10.0);
            switch (choices.Below(5))
            {
                case 0 or 1:
                    history.Clockwork.Plan(TimeSpan.FromSeconds(at), null, null, $"Meta restates {account.Name}", () =>
                    {
                        if (history.Clockwork.Now < history.Script.CalmFrom) history.Numbers.Restate(account.AdAccountId);
                    });
                    break;
                case 2:
                    history.Queue.Add(new("nightly", Guid.Empty), TimeSpan.FromSeconds(at));
                    break;
                case 3:
                    history.Script.ChangeToken(account, at);
                    break;
                default:
                    Ask(at);
                    break;
            }
        }
    }

    public void PlanCalm()
    {
        if (!IsOn) return;
        history.Queue.Add(new("nightly", Guid.Empty), TimeSpan.FromSeconds(5));
        foreach (var account in history.Script.Accounts)
        {
            var asked = new AskedSync($"S{_syncs.Count + 1}", account.Id) { IsLast = true };
            _syncs.Add(asked);
            history.Script.At(10, $"asks for the last sync of {account.Name}", (api, ct) => AskAsync(api, asked, Oldest, AccountDays.Today(Zone, history.Clockwork.Now), ct));
        }
    }

    private void Ask(double at)
    {
        var choices = history.Choices;
        var asked = new AskedSync($"S{_syncs.Count + 1}", history.Script.Accounts[choices.Below(history.Script.Accounts.Count)].Id);
        _syncs.Add(asked);
        var (since, days) = (Oldest.AddDays(choices.OneOf(1, 0, 2)), choices.OneOf(1, 2, 0));
        history.Script.At(at, $"asks for {asked.Name} of {history.NameOf(asked.AccountId)}, {since:MM-dd} and {days} more", (api, ct) => AskAsync(api, asked, since, since.AddDays(days), ct));
    }

    private async Task AskAsync(SimProcess api, AskedSync asked, DateOnly since, DateOnly? until, CancellationToken ct)
    {
        if (await api.Get<RequestSync>().ExecuteAsync(asked.AccountId, since, until, "client", ct) is SyncRequested.Queued queued)
        {
            asked.SyncId = queued.SyncId;
            history.Name(queued.SyncId, asked.Name);
            return;
        }

        history.Judge.Condemn($"{asked.Name} was not taken");
    }
}
