using CsCheck;
using MetaAdsJobs.Core.Orchestrations.Steps;

namespace MetaAdsJobs.Tests.Orchestrations.Steps;

[TestFixture]
public sealed class MarkerTests
{
    private static readonly string[] Steps = [StepName.Campaign, StepName.AdSet, StepName.Creative, StepName.Ad];
    private static readonly Guid Known = Guid.Parse("0192f3a4-5b6c-7d8e-9fa0-b1c2d3e4f506");

    /// <summary>Objects at Meta carry these: another value would no longer find them after an update.</summary>
    [TestCase(StepName.Campaign, "majn57jjo232nqrsoewc")]
    [TestCase(StepName.AdSet, "majn57jjo232nqrsoews")]
    [TestCase(StepName.Creative, "majn57jjo232nqrsoewr")]
    [TestCase(StepName.Ad, "majn57jjo232nqrsoewa")]
    public void A_marker_never_changes(string step, string expected) => Assert.That(Marker.For(Known, 1, step), Is.EqualTo(expected));

    [Test]
    public void A_videos_marker_never_changes() => Assert.That(Marker.ForVideo(Known, "act_1234567890"), Is.EqualTo("majoec3xh5nwk4g4qlqv"));

    [Test]
    public void A_marker_is_one_lower_case_word_that_no_search_tears_apart() =>
        Gen.Select(Gen.Guid, Gen.Int[1, 100], Gen.OneOf(Steps)).Sample((id, round, step) =>
            Assert.That(Marker.For(id, round, step), Does.Match("^maj[a-z2-7]{16}[csra]$")));

    [Test]
    public void No_two_requests_rounds_or_steps_share_a_marker()
    {
        var markers = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        for (var request = 0; request < 20_000; request++)
        {
            var id = Guid.CreateVersion7();
            foreach (var round in (int[])[1, 2])
                foreach (var step in Steps)
                    Assert.That(markers.Add(Marker.For(id, round, step)), Is.True, $"{id} {round} {step}");
        }
    }

    [Test]
    public void Every_bit_of_the_hash_is_used()
    {
        var words = Enumerable.Range(0, 2_000).Select(_ => Marker.For(Guid.NewGuid(), 1, StepName.Campaign)).ToList();

        for (var place = 3; place < 19; place++)
            Assert.That(words.Select(word => word[place]).Distinct().Count(), Is.EqualTo(32), $"letters seen at place {place}");
    }

    [Test]
    public void A_clip_has_a_marker_of_its_own_in_each_ad_account()
    {
        Assert.That(Marker.ForVideo(Known, "act_1"), Is.Not.EqualTo(Marker.ForVideo(Known, "act_2")));
        Assert.That(Marker.ForVideo(Known, "act_1"), Does.Match("^maj[a-z2-7]{16}v$"));
    }

    [Test]
    public void The_readable_name_stands_first() => Assert.That(Marker.Name("Summer Sale 2025", "majx"), Is.EqualTo("Summer Sale 2025 [majx]"));

    [TestCase(StepName.Media)]
    [TestCase(StepName.Activate)]
    public void Steps_that_make_nothing_with_a_name_have_no_marker(string step) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Marker.For(Known, 1, step));
}
