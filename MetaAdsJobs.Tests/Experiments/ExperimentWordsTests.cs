using MetaAdsJobs.Console.Experiments;
using MetaAdsJobs.Core.Experiments;
using MetaAdsJobs.Core.Experiments.Reading;

namespace MetaAdsJobs.Tests.Experiments;

/// <summary>What an experiment says in plain words.</summary>
[TestFixture, Parallelizable]
public sealed class ExperimentWordsTests
{
    /// <param name="low">Of the winner beside the nearer one of two others.</param>
    [TestCase(0.124, "Loud wins: at least 12.4 % better than the next one, after 14 days.")]
    [TestCase(-0.0016, "Loud wins: it is better than every other, and nobody can tell yet by how much, after 14 days.")]
    public void A_winner_is_said_to_be_better_by_as_much_as_is_sure(double low, string says)
    {
        var one = new ExperimentSummary
        {
            Id = Guid.Empty, Name = "Which title", SocialAccountId = Guid.Empty, Account = "Shop", Currency = "EUR", Thing = "text", Level = "adset", Metric = ExperimentMetric.CostPerResult, State = "decided", Ending = ExperimentEnding.Winner,
            Winner = "Loud", Days = 14, Variants = 3, RequestId = Guid.Empty, RunStatus = "succeeded", Reopened = 0, CreatedBy = "ann", CreatedAt = default,
        };

        Assert.That($"{ExperimentWords.Of(one, [Pair("Plain", "Loud", 0.5, 0.2, 1), Pair("Quiet", "Loud", 0.4, low, 1.1), Pair("Plain", "Quiet", 0.1, -0.5, 0.5)], [], 20)}", Is.EqualTo(says));
    }

    [Test]
    public void A_pair_is_told_of_whichever_did_better()
    {
        var turned = ExperimentTexts.BetterFirst(Pair("Loud", "Plain", -0.5, -0.75, 0.25));

        Assert.That((turned.From, turned.To), Is.EqualTo(("Plain", "Loud")));
        Assert.That(new[] { turned.Effect, turned.Low, turned.High }, Is.EqualTo(new double?[] { 1, -0.2, 3 }).Within(1e-9));
        Assert.That(ExperimentTexts.BetterFirst(turned), Is.EqualTo(turned));
    }

    private static ExperimentComparison Pair(string from, string to, double effect, double low, double high) => new(from, to, effect, low, high, 0.03, null, null, 1);
}
