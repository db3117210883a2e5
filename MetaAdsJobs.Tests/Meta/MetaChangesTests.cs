using MetaAdsJobs.Core.Meta;

namespace MetaAdsJobs.Tests.Meta;

[TestFixture]
public sealed class MetaChangesTests
{
    [Test]
    public void Of_two_that_write_at_the_same_time_neither_takes_away_what_came_meanwhile()
    {
        var changes = new MetaChanges();
        changes.AddAdopted("media", "1", default);
        var (one, other) = (changes.Open(), changes.Open());
        changes.AddAdopted("adset", "2", default);

        changes.Written(one);
        changes.Written(other);

        Assert.That(changes.Open().Answers, Is.EqualTo(["2"]));
    }
}
