using Dapper;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>Somebody gives ad sets more, and later ends, in Ads Manager while a stop has them paused; then the stop is lifted, and what its start activates has to be counted as it stands there.</summary>
internal static class StopRaises
{
    /// <summary>Of a campaign nobody knows what a hand has given to one of its ad sets until it is compared: what is edited before that, and counts the others as they are known, counts too little. What was published and is more than its cap since stays paused, which nobody judges.</summary>
    public static bool Fits(History history) => history.EditSeed is null && history.IntoSeed is null && history.AdoptSeed is null && history.HoldSeed is null && !history.Freezes.IsOn && !history.Proposals.IsOn && (history.TreeSeed is null || !history.Terms.IsOn);

    /// <summary>As soon as the stop has paused something, and no call that activates it can be under way.</summary>
    public static void Plan(History history, Random random, (Guid Id, string AdAccountId, string Name) account, int tries) => history.Clockwork.Plan(TimeSpan.FromSeconds(random.Next(10, 40)), null, null, "somebody in Ads Manager", () =>
    {
        using var connection = history.Database.Aside.OpenConnection();
        var paused = connection.Query<string>("""
            SELECT c.meta_id FROM meta_campaigns c JOIN activations v USING (request_id) WHERE v.social_account_id = @Id AND v.state = 'paused' AND cardinality(v.paused_ids) > 0 AND NOT COALESCE(v.busy_until > clock_timestamp(), false)
              AND EXISTS (SELECT 1 FROM stops s WHERE s.lifted_at IS NULL AND (s.social_account_id IS NULL OR s.social_account_id = @Id))
            """, new { account.Id }).ToHashSet();
        if (paused.Count == 0 && tries > 0)
        {
            Plan(history, random, account, tries - 1);
            return;
        }

        foreach (var set in history.World.Objects.Where(one => one is { Kind: "adsets", Lives: true, Parent.Status: "PAUSED" } && paused.Contains(one.Parent.Id)))
        {
            if (set.Lifetime == 0) set.Budget *= random.Next(2, 5);
            if (set.EndTime is not null) history.Terms.MovesByHand(set, TimeSpan.FromDays(random.Next(1, 3)));
            history.Clockwork.Tell($"by hand: ad set {set.Id} may spend {set.Budget} a day, until {set.EndTime}");
        }

        history.Script.At(random.Next(5, 40), $"starts {account.Name}", (api, ct) => history.Starts.StartAsync(api, account.Id, ct));
    });
}
