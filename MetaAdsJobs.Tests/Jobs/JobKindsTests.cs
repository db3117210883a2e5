using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Jobs.Recurring;

namespace MetaAdsJobs.Tests.Jobs;

[TestFixture]
public sealed class JobKindsTests
{
    /// <summary>Jobs already in a database are stored under these names: a new name would orphan them.</summary>
    [TestCase(typeof(OrchestrationJob), "orchestration")]
    [TestCase(typeof(InsightSyncJob), "insights")]
    [TestCase(typeof(NightlySyncJob), "nightly")]
    [TestCase(typeof(TokenCheckJob), "tokens")]
    [TestCase(typeof(BatchJob), "batch")]
    [TestCase(typeof(SweepJob), "sweep")]
    [TestCase(typeof(DeliveryJob), "events")]
    public void A_jobs_stored_name_never_changes_and_leads_back_to_it(Type type, string stored)
    {
        Assert.That(JobKinds.Serialize(type), Is.EqualTo(stored));
        Assert.That(JobKinds.Resolve(stored), Is.EqualTo(type));
    }

    [TestCase(typeof(Guid))]
    [TestCase(typeof(string))]
    [TestCase(typeof(CancellationToken))]
    public void Other_types_go_by_their_own_names(Type type) => Assert.That(JobKinds.Resolve(JobKinds.Serialize(type)), Is.EqualTo(type));

    [Test]
    public void Every_job_has_a_kind()
    {
        var jobs = typeof(JobKinds).Assembly.GetTypes().Where(type => type.Namespace == typeof(JobKinds).Namespace && type.GetField("Kind") is not null).ToList();

        Assert.That(jobs, Has.Count.GreaterThanOrEqualTo(4));
        Assert.That(jobs.Select(JobKinds.Serialize), Is.EquivalentTo(jobs.Select(type => (string)type.GetField("Kind")!.GetRawConstantValue()!)).And.Unique);
    }
}
