using MetaAdsJobs.Core.Campaigns;

namespace MetaAdsJobs.Tests.Simulation;

/// <summary>What is asked of one request's campaign, one after the other.</summary>
/// <param name="Level">0 is the campaign, 1 its first ad set, 2 the first ad of that.</param>
/// <param name="KindOf">Of whether the campaign is on.</param>
internal sealed record PublishStep(int At, string What, int Level, Func<Asked, bool, EditKind> KindOf);

/// <summary>Publishes that are more than a campaign's first: around what is on already, and of what somebody has given more in Ads Manager since it was built.</summary>
internal static class Publishing
{
    /// <summary>Where nobody but these give other budgets, and there may be an ad set that nobody edits.</summary>
    public static bool Fits(History history) => StopRaises.Fits(history) && history.TreeSeed is not null;

    public static IEnumerable<PublishStep> StepsOf(bool isAround, History history, Random random) => isAround ? Around : Seen(history, random);

    public static MetaObject TopOf(MetaObject one) => one.Parent is { } parent ? TopOf(parent) : one;

    // Something is paused below a campaign that is on, and the campaign is published: who takes that back means what it has switched on.
    private static IEnumerable<PublishStep> Around => [Step(0, 0), Step(75, 1), Step(85, 0), Step(230, 2), Step(240, 0)];

    private static PublishStep Step(int at, int level) => new(at, level == 0 ? "publish" : "pause a part of, or publish,", level, (_, isOn) => level > 0 && isOn ? EditKind.Pause : EditKind.Publish);

    // A publish sees what nobody has compared, and counts it; what is edited after that knows nothing of it.
    private static IEnumerable<PublishStep> Seen(History history, Random random) =>
    [
        new(0, "publish, once somebody has given it more,", 0, (asked, isOn) =>
        {
            if (!isOn) RaiseByHand(history, random, asked);
            return EditKind.Publish;
        }),
        .. ((int[])[70, 140, 210, 280]).Select(at => new PublishStep(at, "edit an ad set of", 1, (_, _) => random.Next(3) switch { 0 => EditKind.Pause, 1 => EditKind.Resume, _ => EditKind.Update })),
    ];

    // All but the first, which is edited, so that it stands as it was asked for.
    private static void RaiseByHand(History history, Random random, Asked asked)
    {
        var sets = history.World.Objects.Where(one => one is { Kind: "adsets", Lives: true } && one.Parent!.Name.StartsWith($"{asked.Name} ", StringComparison.Ordinal)).Skip(1);
        foreach (var set in sets.Where(set => set.Lifetime == 0))
        {
            set.Budget *= random.Next(2, 5);
            history.Clockwork.Tell($"by hand: ad set {set.Id} may spend {set.Budget} a day");
        }
    }
}
