using System.Text.Json.Nodes;
using MetaAdsJobs.Tests.Support;

namespace MetaAdsJobs.Tests.Launch;

[TestFixture]
public sealed class DemoTests
{
    [Test]
    public async Task The_demo_makes_a_whole_ad_and_leaves_nothing_running()
    {
        await using var launcher = Launcher.Start(["--demo"]);

        var exitCode = await launcher.EndAsync();
        var output = launcher.Output;

        Assert.That(exitCode, Is.Zero, output + launcher.Errors);
        var result = JsonNode.Parse(output[output.IndexOf("\n{", StringComparison.Ordinal)..(output.IndexOf("\n}", StringComparison.Ordinal) + 2)])!;
        Assert.Multiple(() =>
        {
            Assert.That((bool?)result["overall_success"], Is.True);
            Assert.That((int?)result["insights_sync"]?["insights_synced"], Is.EqualTo(7));
            foreach (var made in new[] { "campaign", "adset", "ad", "creative" })
            {
                Assert.That((string?)result["campaign_creation"]?[$"{made}_meta_id"], Is.Not.Empty, made);
                Assert.That((long?)result["campaign_creation"]?[$"{made}_db_id"] ?? 0, Is.Positive, made);
            }
        });
        await RunningProcesses.UntilNoneMentionsAsync(launcher.DataFolder);
    }

    [Test, Long]
    public async Task The_demo_world_fills_every_page_and_is_built_once()
    {
        await using var launcher = Launcher.Start(["--world", "--demo"]);

        Assert.That(await launcher.EndAsync(), Is.Zero, launcher.Output + launcher.Errors);

        Assert.That(launcher.Output, Does.Contain("The demo world is there: 38 campaigns were built, 2 failed and were undone."));
    }
}
