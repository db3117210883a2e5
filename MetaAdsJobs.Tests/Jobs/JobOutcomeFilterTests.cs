using Hangfire;
using Hangfire.Common;
using Hangfire.States;
using Hangfire.Storage;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Jobs.Filters;
using MetaAdsJobs.Core.Jobs.Recurring;
using NSubstitute;

namespace MetaAdsJobs.Tests.Jobs;

[TestFixture]
public sealed class JobOutcomeFilterTests
{
    private static readonly DateTimeOffset Until = new(2026, 11, 22, 12, 0, 0, TimeSpan.FromHours(5));

    [Test]
    public void A_snoozed_job_is_scheduled_for_its_moment_and_says_why()
    {
        var state = Elect(Succeeded(new JobOutcome.Snoozed(Until, "Throttled by Meta")));

        Assert.That(state, Is.TypeOf<ScheduledState>());
        Assert.That(((ScheduledState)state).EnqueueAt, Is.EqualTo(new DateTime(2026, 11, 22, 7, 0, 0, DateTimeKind.Utc)));
        Assert.That(state.Reason, Is.EqualTo("Throttled by Meta"));
    }

    [Test]
    public void A_stopped_job_is_failed_and_says_why()
    {
        var state = Elect(Succeeded(new JobOutcome.Stopped("Meta said no")));

        Assert.That(state, Is.TypeOf<FailedState>());
        Assert.That((state.Reason, ((FailedState)state).Exception.Message), Is.EqualTo(("Meta said no", "Meta said no")));
    }

    [Test]
    public void A_completed_job_stays_succeeded()
    {
        foreach (var result in (object?[])[null, new JobOutcome.Completed(), "something else"])
        {
            var state = Succeeded(result);
            Assert.That(Elect(state), Is.SameAs(state));
        }
    }

    [Test]
    public void Other_states_are_left_alone()
    {
        foreach (var state in (IState[])[new FailedState(new InvalidOperationException()), new EnqueuedState(), new DeletedState()])
            Assert.That(Elect(state), Is.SameAs(state));
    }

    [Test]
    public void A_plain_success_writes_no_result()
    {
        Assert.That(new JobOutcome.Completed().Noteworthy(), Is.Null);
        Assert.That(new JobOutcome.Stopped("x").Noteworthy(), Is.EqualTo(new JobOutcome.Stopped("x")));
        Assert.That(new JobOutcome.Snoozed(Until, "x").Noteworthy(), Is.EqualTo(new JobOutcome.Snoozed(Until, "x")));
    }

    private static SucceededState Succeeded(object? result) => new(result, latency: 1, performanceDuration: 1);

    private static IState Elect(IState candidate)
    {
        var job = new BackgroundJob("1", Job.FromExpression<SweepJob>(sweep => sweep.RunAsync(CancellationToken.None)), new DateTime(2026, 11, 22, 0, 0, 0, DateTimeKind.Utc));
        var storage = Substitute.For<JobStorage>();
        var context = new ElectStateContext(
            new ApplyStateContext(storage, Substitute.For<IStorageConnection>(), Substitute.For<IWriteOnlyTransaction>(), job, candidate, ProcessingState.StateName),
            new StateMachine(Substitute.For<IJobFilterProvider>()));
        new JobOutcomeFilter().OnStateElection(context);
        return context.CandidateState;
    }
}
