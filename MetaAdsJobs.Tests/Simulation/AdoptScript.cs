using System.Text.Json;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Accounts.Tokens;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Campaigns.Adopting;
using MetaAdsJobs.Core.Meta.Ads;
using MetaAdsJobs.Core.Meta.Pacing;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Core.Targeting;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>Campaigns that somebody makes in Ads Manager, and goes on changing there; and people who adopt them, edit them, and add to them.</summary>
internal sealed class AdoptScript(History history)
{
    private const int MostTries = 8;
    private const int MostAtOnce = 3;
    private readonly List<HandMade> _made = [];
    private readonly Dictionary<string, int> _atOnce = [];
    private Random _worst = new(0);

    public void Plan(IReadOnlyList<Asked> requests)
    {
        if (history.AdoptSeed is not { } seed) return;
        var random = new Random(unchecked((seed * 19) + 3));
        _worst = new(seed);
        for (var number = random.Next(1, 4); number > 0; number--)
        {
            var (name, madeAt, account) = ($"H{number}", random.Next(0, 60), history.Script.Accounts[random.Next(history.Script.Accounts.Count)]);
            var made = new HandMade(history, account.AdAccountId, name, random.Next());
            _made.Add(made);
            Outside(madeAt, $"somebody makes {name} in Ads Manager", made.Make);
            for (var again = random.Next(1, 4); again > 0; again--)
            {
                double at = madeAt + random.Next(1, 400);
                Adopt(at, account.Id, name, () => made.Campaign?.Id, MostTries);
                // Two people, or one who is impatient.
                if (random.Next(3) == 0) Adopt(at + (random.Next(3) * 0.1), account.Id, name, () => made.Campaign?.Id, MostTries);
                if (random.Next(3) == 0) Outside(at + (random.NextDouble() * 2), $"somebody changes {name} in Ads Manager", made.Change);
            }

            for (var change = random.Next(0, 3); change > 0; change--) Outside(madeAt + random.Next(1, 700), $"somebody changes {name} in Ads Manager", made.Change);
            PlanEdits(random, made, name);
            if (random.Next(2) == 0) PlanInto(random, requests, made, account.Id, name);
        }

        // One of ours, whatever becomes of it just then.
        for (var ours = random.Next(0, 3); ours > 0; ours--)
        {
            var (account, which) = (history.Script.Accounts[random.Next(history.Script.Accounts.Count)], random.Next(100));
            Adopt(random.Next(1, 500), account.Id, "one of ours", () => history.World.Ours(account.AdAccountId).Where(one => one.Kind == "campaigns").ToList() is { Count: > 0 } all ? all[which % all.Count].Id : null, MostTries);
        }

        PlanSpending(random);
        for (var at = 60 + random.Next(60); at < 900; at += 120) history.Edits.Compare(at);
    }

    private void PlanEdits(Random random, HandMade made, string name)
    {
        EditKind[] kinds = [EditKind.Publish, EditKind.Publish, EditKind.Pause, EditKind.Pause, EditKind.Resume, EditKind.Update, EditKind.Update, EditKind.Update, EditKind.Archive, EditKind.Delete];
        for (var number = random.Next(0, 6); number > 0; number--)
        {
            var (kind, which, budget) = (kinds[random.Next(kinds.Length)], random.Next(100), random.Next(1, 4) * 3000);
            history.Script.At(random.Next(20, 800), $"asks to {kind} of {name}", async (api, ct) =>
            {
                if (history.AdoptJudge.KnownOf(made.Campaign).Where(one => kind == EditKind.Update ? one.Kind == "adsets" : one.Kind != "adcreatives").ToList() is not { Count: > 0 } objects) return;
                var one = objects[which % objects.Count];
                if (kind is EditKind.Archive or EditKind.Delete) history.Edits.Ended.Add(one.Id);
                var level = one.Kind == "campaigns" ? EditLevel.Campaign : one.Kind == "adsets" ? EditLevel.Adset : EditLevel.Ad;
                await api.Get<RequestEdit>().ExecuteAsync(level, one.Id, kind, kind == EditKind.Update ? JsonElement.Parse($$"""{"daily_budget_cents":{{budget}}}""") : null, "client", ct);
            });
        }
    }

    private void PlanInto(Random random, IReadOnlyList<Asked> requests, HandMade made, Guid accountId, string name)
    {
        var (isOfAds, publishes, which) = (random.Next(2) == 0, random.Next(3) > 0, random.Next(100));
        history.Into.Ask(random.Next(60, 500), $"I{name}", name, $"{Guid.NewGuid()}", isOfAds, publishes, MostTries, (_, _) => Task.FromResult(
            history.AdoptJudge.KnownOf(made.Campaign).Where(one => one.Kind == "adsets").ToList() is { Count: > 0 } sets
                ? new IntoTarget(accountId, requests[0].ClipId, made.Campaign!.Id, sets[which % sets.Count].Id) : null));
    }

    private void PlanSpending(Random random)
    {
        foreach (var (id, adAccountId, name) in history.Script.Accounts)
        {
            var at = random.Next(10, 500);
            if (random.Next(2) == 0)
            {
                history.Script.At(at, $"stops {name}", (api, ct) => api.Get<StopSwitch>().StopAsync(id, "client", null, ct));
                foreach (var look in (int[])[15, 60, 200]) history.Script.At(at + look, $"looks at the spending of {name}", async (api, ct) => history.Judge.Told(adAccountId, (await api.Get<StopSwitch>().ReadAsync(id, ct))!));
                history.Script.At(at + random.Next(20, 400), $"starts {name}", (api, ct) => history.Starts.StartAsync(api, id, ct));
            }

            if (random.Next(3) != 0) continue;
            var cap = random.Next(2, 6) * 5000L;
            history.Caps.At(random.Next(10, 500), (id, adAccountId, name), cap);
        }
    }

    /// <summary>When nothing goes wrong any more, and nobody is at it in Ads Manager: what is there is adopted once more, whatever was heard of it.</summary>
    public void PlanCalm()
    {
        foreach (var made in _made)
            foreach (var at in (int[])[400, 1500])
                Adopt(at, history.Script.Accounts.First(account => account.AdAccountId == made.AdAccountId).Id, made.Name, () => made.Campaign?.Id, MostTries);
        if (history.AdoptSeed is null) return;
        foreach (var at in (int[])[100, 500, 1450, 1600]) history.Edits.Compare(at);
    }

    private void Adopt(double at, Guid accountId, string name, Func<string?> find, int tries) => history.Script.At(at, $"adopts {name}", async (api, ct) =>
    {
        if (find() is not { } id) return;
        history.AdoptJudge.Begins(id);
        var since = history.Clockwork.Now;
        // As if each were asked of an API process of its own: within one they wait for each other on a lock that the clockwork does not see.
        using var questions = new AccountQuestions(api.Get<TokenStore>(), api.Get<AccountStore>(), api.Get<AccountTokens>(), api.Get<PacingExchange>());
        var adoption = await new AdoptCampaign(questions, api.Get<MetaTrees>(), api.Get<AdoptionStore>(), api.Get<AccountCurrency>(), api.Get<SpendingCaps>(), api.Get<StopsInForce>()).ExecuteAsync(accountId, id, "client", ct);
        history.Clockwork.Tell($"adopts {name}: {adoption}");
        if ((adoption is (Adoption.NotNow or Adoption.Busy) || (history.MissingFor is not null && adoption is Adoption.UnknownCampaign)) && tries > 0) Adopt(60, accountId, name, find, tries - 1);
        else history.AdoptJudge.Answered(id, since, adoption);
        if (adoption is Adoption.Done && _made.Find(one => one.Campaign?.Id == id) is { } made) GrowAtOnce(made, accountId);
    });

    // Somebody goes on with it in Ads Manager, and it is adopted once more before anybody has compared it.
    private void GrowAtOnce(HandMade made, Guid accountId)
    {
        if (!IsWorstOf($"grows {made.Name}")) return;
        Outside(0.2, $"somebody adds to {made.Name} in Ads Manager at once", made.Grow);
        Adopt(history.World.ListLag.TotalSeconds * _worst.Next(2), accountId, made.Name, () => made.Campaign?.Id, MostTries);
    }

    /// <summary>A call is about to be sent: while a run adds something to a campaign that is known, somebody adopts it once more.</summary>
    public void Sends(GraphCall call)
    {
        if (history.AdoptSeed is null || !call.IsCreate || call.ByKind != "orchestration" || call.Edge is not ("adsets" or "ads")) return;
        var parent = call["campaign_id"] ?? call["adset_id"];
        if (history.World.Objects.FirstOrDefault(one => one.Id == parent) is not { } thing || (thing.Parent ?? thing) is not { } campaign || !history.AdoptJudge.IsBegun(campaign) || !IsWorstOf($"adds to {campaign.Id}")) return;
        foreach (var at in (double[])[0.1, 1, 5]) Adopt(at, history.Script.Accounts.First(account => account.AdAccountId == campaign.AccountId).Id, $"{campaign.Id} at once", () => campaign.Id, tries: 0);
    }

    private bool IsWorstOf(string what) => history.Clockwork.Now < history.Script.CalmFrom && (_atOnce[what] = _atOnce.GetValueOrDefault(what) + 1) <= MostAtOnce && _worst.Next(3) > 0;

    private void Outside(double at, string what, Action act) => history.Clockwork.Plan(TimeSpan.FromSeconds(at), null, null, what, act);
}

/// <summary>A campaign that somebody makes in Ads Manager.</summary>
internal sealed class HandMade(History history, string adAccountId, string name, int seed)
{
    private readonly Random _random = new(seed);
    private int _nextNo;

    public string Name { get; } = name;
    public string AdAccountId { get; } = adAccountId;

    /// <summary>Null before it is made.</summary>
    public MetaObject? Campaign { get; private set; }

    public void Make()
    {
        Campaign = Add("campaigns", null, 0);
        for (var sets = _random.Next(1, 4); sets > 0; sets--) AddAdSet();
    }

    /// <summary>More of it.</summary>
    public void Grow()
    {
        if (Campaign is { Lives: true }) AddAdSet();
    }

    private void AddAdSet()
    {
        var set = Add("adsets", Campaign, _random.Next(1, 4) * 2000);
        for (var ads = _random.Next(0, 4); ads > 0; ads--) Add("ads", set, 0, Add("adcreatives", null, 0));
    }

    private MetaObject Add(string kind, MetaObject? parent, long budget, MetaObject? creative = null)
    {
        var (now, isLate) = (history.Clockwork.Now, _random.NextDouble() < history.Odds.Lag);
        return history.World.AddByHand(new()
        {
            Id = history.World.NextId(), Kind = kind, AccountId = AdAccountId, Name = parent is null && kind == "campaigns" ? Name : $"{Name} {kind} {++_nextNo}", Parent = parent, Creative = creative, Budget = budget, CreatedAt = now,
            ListedFrom = isLate ? now + (history.World.ListLag * _random.NextDouble()) : now, Status = _random.Next(3) > 0 ? "ACTIVE" : "PAUSED", IsOfOthers = true,
        });
    }

    /// <summary>Something of it, whatever the service is at just then.</summary>
    public void Change()
    {
        if (Campaign is not { Lives: true }) return;
        var all = history.World.Objects.Where(one => one.Lives && one.IsOfOthers && one.Kind != "adcreatives" && (one == Campaign || one.Parent == Campaign || one.Parent?.Parent == Campaign)).ToList();
        var one = all[_random.Next(all.Count)];
        switch (_random.Next(8))
        {
            case 0 or 1:
                AddAdSet();
                return;
            case 2:
                if (all.Find(set => set.Kind == "adsets") is { } set) Add("ads", set, 0, Add("adcreatives", null, 0));
                return;
            case 3:
                one.Name = $"{Name} another {++_nextNo}";
                break;
            case 4 when one.Kind == "adsets":
                one.Budget = _random.Next(1, 5) * 1000;
                break;
            case 5 when one.Kind == "ads":
                one.Creative = Add("adcreatives", null, 0);
                break;
            case 6:
                one.Status = _random.Next(3) == 0 ? "ARCHIVED" : "DELETED";
                break;
            default:
                one.Status = one.Status == "ACTIVE" ? "PAUSED" : "ACTIVE";
                break;
        }

        history.Clockwork.Tell($"by hand: {one.Kind} {one.Id} is \"{one.Name}\", {one.Status}, {one.Budget}, shows {one.Creative?.Id}");
        if (history.AdoptJudge.IsBegun(Campaign)) one.IsByHand = true;
    }
}
