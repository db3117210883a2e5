using Dapper;
using MetaAdsJobs.Core.Orchestrations.Steps;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>What a campaign of ours may spend a day once a call of ours has made it more: caps have to count all of it from before.</summary>
internal static class CountJudge
{
    /// <summary>Somebody of ours has switched an object on, or given it another budget.</summary>
    public static void Switched(History history, MetaObject thing)
    {
        var (campaign, all) = (TopOf(thing), history.World.Objects);
        if (campaign.Kind != "campaigns" || campaign.IsOfOthers || campaign.IsByHand || !MetaWorld.IsSpending(campaign, all)) return;
        var spent = all.Where(set => set is { Lives: true, Status: "ACTIVE", IsByHand: false } && set.Parent == campaign).Sum(set => set.ADay(history.Clockwork.Now));
        using var connection = history.Database.Aside.OpenConnection();
        var counted = connection.Query<(Guid Id, int Round, long Cents)>("SELECT request_id, round, daily_cents FROM orchestrations JOIN activations USING (request_id) WHERE state IN ('activating', 'active') AND (ends_at IS NULL OR ends_at > @Now)", new { history.Clockwork.Now })
            .Where(run => Enumerable.Range(1, run.Round).Any(round => Marker.For(run.Id, round, StepName.Campaign) == campaign.Marker)).Sum(run => run.Cents);
        if (counted < spent) history.Judge.Condemn($"campaign {campaign.Id} may spend {spent} a day, and {counted} of it are counted");
    }

    private static MetaObject TopOf(MetaObject one) => one.Parent is { } parent ? TopOf(parent) : one;
}
