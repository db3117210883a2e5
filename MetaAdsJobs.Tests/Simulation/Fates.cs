namespace MetaAdsJobs.Tests.Simulation;

/// <summary>How calls and statements go, by the odds of a history.</summary>
internal sealed class Fates(History history, bool isStoppedMidway)
{
    private readonly HashSet<string> _saidMissing = [];

    // What Meta calls missing for a while, to whoever asks, though it shows its account.
    private readonly Dictionary<string, DateTimeOffset> _missingUntil = [];

    // A stop comes while something is activated by a call whose answer is lost, and which Meta carries out when it likes.
    private bool _isStoppedMidway = isStoppedMidway;

    private Choices Choices => history.Choices;

    private Odds Odds => history.Odds;

    /// <summary>How much later Meta does what it is told.</summary>
    public TimeSpan DelayOf(GraphCall call, WireFate fate)
    {
        var seconds = Choices.Chance(Odds.Fault) ? Choices.OneOf(1, 6, 20, 40) : 0;
        if (ActivatedCampaign(call) is { } campaign)
        {
            _isStoppedMidway = false;
            seconds = Choices.OneOf(40, 20, 6);
            history.Script.StopsSoon(campaign.AccountId);
        }

        return TimeSpan.FromSeconds(seconds);
    }

    public WireFate Of(GraphCall call)
    {
        if (ActivatedCampaign(call) is not null) return WireFate.BrokenDoneLater;
        if (Choices.Chance(Odds.Fault))
        {
            return call.Changes
                ? Choices.OneOf(WireFate.BrokenAfter, WireFate.BrokenBefore, WireFate.BrokenDoneLater, WireFate.SilentDone, WireFate.SilentNotDone, WireFate.NotSent,
                    WireFate.ServerErrorDone, WireFate.ServerErrorNotDone, WireFate.GarbledDone)
                : Choices.OneOf(WireFate.BrokenBefore, WireFate.SilentNotDone, WireFate.NotSent, WireFate.ServerErrorNotDone, WireFate.GarbledDone);
        }

        var thing = call.Path.Split('/')[0];
        if (!Odds.IsQuiet && _missingUntil.TryGetValue(thing, out var until) && history.Clockwork.Now < until) return WireFate.SaidMissing;
        if (!Choices.Chance(Odds.Refusal)) return WireFate.Fine;
        var fate = call.IsCreate ? Choices.OneOf(WireFate.Throttled, WireFate.Transient, WireFate.Rejected, WireFate.SaidMissing) : Choices.OneOf(WireFate.Throttled, WireFate.Transient, WireFate.SaidMissing);
        if (fate == WireFate.SaidMissing && history.MissingFor is { } longer && !call.IsCreate && history.World.Objects.Any(one => one.Id == thing))
        {
            _missingUntil[thing] = history.Clockwork.Now + longer;
            return fate;
        }

        // Of an account said twice in a row it is believed that rights are lost: that is no history to judge.
        return fate == WireFate.SaidMissing && !_saidMissing.Add(thing) && _saidMissing.Remove(thing) ? WireFate.Fine : fate;
    }

    // The first one in a history in which that is to be stopped.
    private MetaObject? ActivatedCampaign(GraphCall call) => _isStoppedMidway && call.Activates && !Odds.IsQuiet ? history.World.Objects.FirstOrDefault(one => one.Id == call.Path && one.Kind == "campaigns") : null;

    public StatementFate Of(Activity activity, bool isWhole)
    {
        if (activity.IsBackground || !Choices.Chance(Odds.Cut)) return StatementFate.Done;
        return isWhole ? Choices.OneOf(StatementFate.CutAfter, StatementFate.CutBefore) : StatementFate.CutBefore;
    }
}
