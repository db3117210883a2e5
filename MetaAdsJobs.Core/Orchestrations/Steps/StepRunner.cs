using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Runtime.ExceptionServices;
using MetaAdsJobs.Core.Claims;
using MetaAdsJobs.Core.Meta.Graph;
using MetaAdsJobs.Core.Telemetry;
using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Orchestrations.Steps;

/// <summary>
/// The heart of "one request, one tree". All steps whose needs are there are under way together: each is looked for when an earlier attempt
/// started it, started (committed), created by one POST, and confirmed together with the start of the next.
/// </summary>
internal sealed class StepRunner(
    Creates creates, IEnumerable<IRepeatableStep> repeatableSteps, StepJournal journal, OrchestrationOptions options, TimeProvider time, ILogger<StepRunner> logger)
{
    private readonly Dictionary<string, IRepeatableStep> _repeatables = repeatableSteps.ToDictionary(step => step.Kind);

    public async Task<Progress> RunAsync(Attempt attempt, CancellationToken ct)
    {
        while (attempt.Ready([]) is { Count: > 0 } ready)
        {
            ct.ThrowIfCancellationRequested();
            var (leaves, isAdopted, absent, notYet) = await LookForLostAsync(attempt, ready, ct);
            if (leaves is not null) return leaves;
            if (isAdopted) continue;

            var unstarted = ready.Where(step => attempt.StateOf(step) != StepState.Started).ToList();
            if (absent.Count + unstarted.Count > 0 && await journal.AdvanceAsync(attempt, [], [.. unstarted, .. absent], absent, ct) is { } held) return Leave(held);

            var open = ready.Where(step => !IsLost(attempt, step)).ToList();
            if (open.Count == 0) return notYet!;
            var results = await RunTogetherAsync(attempt, open, ct);

            var done = results.Where(one => one.Result is StepOutcome.Done).Select(one => new DoneStep(one.Step, ((StepOutcome.Done)one.Result).MetaId)).ToList();
            var failed = results.Select(one => one.Result).OfType<StepOutcome.Failed>().Select(one => one.Exception).OrderBy(exception => Rank(attempt, exception)).ToList();
            foreach (var later in results.Select(one => one.Result).OfType<StepOutcome.NotYet>()) notYet = Earlier(notYet, new(later.Until, later.Reason));
            var following = failed.Count == 0 && notYet is null ? attempt.Ready([.. done.Select(one => one.Step)]) : [];
            if (failed.Count == 0 && notYet is null && following.Count == 0) return new Progress.Built(done);
            // What an earlier attempt has started is looked for, or gone on with, in the next round.
            var next = following.Where(step => attempt.StateOf(step) != StepState.Started).ToList();

            // Never cancelled: a stopping worker must not lose an id it has.
            var refused = done.Count == 0 ? null : await journal.AdvanceAsync(attempt, done, next, [], CancellationToken.None);
            foreach (var one in done) OrchestrationLog.StepConfirmed(logger, one.Step, one.MetaId);
            if (failed.Count > 0) Throw(failed);
            if (notYet is not null) return notYet;
            if (refused is not null) return Leave(refused);
        }

        return new Progress.Built([]);
    }

    /// <returns>Why nothing more is begun, if so; whether anything was found; what certainly is not there; when to look again for the rest.</returns>
    private async Task<(Progress? Leaves, bool IsAdopted, List<string> Absent, Progress.NotYet? NotYet)> LookForLostAsync(Attempt attempt, IReadOnlyList<string> ready, CancellationToken ct)
    {
        var (isAdopted, absent, notYet, credential) = (false, new List<string>(), (Progress.NotYet?)null, attempt.Credential);
        foreach (var step in ready.Where(step => IsLost(attempt, step)).ToList())
        {
            switch (await LookForAsync(attempt, step, credential, ct))
            {
                case Look.Adopted adopted:
                    // At once: whatever becomes of the next look, what is at Meta is known by then.
                    if (await journal.AdvanceAsync(attempt, [adopted.Step], [], [], ct) is { } cancelled) return (Leave(cancelled), true, absent, notYet);
                    isAdopted = true;
                    break;
                case Look.TooEarly early:
                    notYet = Earlier(notYet, early.Next);
                    break;
                case Look.Absent:
                    absent.Add(step);
                    break;
                case Look.Several several:
                    return (several.Found, isAdopted, absent, notYet);
            }

            // What was seen to be absent is kept only once all have been looked for.
            credential = attempt.Credential.Patient();
        }

        return (null, isAdopted, absent, notYet);
    }

    // Started by an earlier attempt, and perhaps created.
    private static bool IsLost(Attempt attempt, string step) =>
        StepName.IsCreate(step) && attempt.StateOf(step) == StepState.Started && !attempt.Begun.ContainsKey(step);

    /// <exception cref="MetaException">Nothing is known of the create. A refused look, perhaps in passing, proves nothing of it: it is a failure to retry.</exception>
    private async Task<Look> LookForAsync(Attempt attempt, string step, GraphCredential credential, CancellationToken ct)
    {
        try
        {
            return await LookAsync(attempt, step, credential, ct);
        }
        catch (MetaException refusal) when (refusal.Proof == Proof.Rejected)
        {
            throw new MetaException(Proof.OutcomeUnknown, $"whether the {step} was made is not known, since Meta refused to show it: {refusal.ForUser}", refusal);
        }
    }

    private async Task<Look> LookAsync(Attempt attempt, string step, GraphCredential credential, CancellationToken ct)
    {
        using var span = new StepSpan(step);
        // Before the look: what it does not show at a later moment, it may not have been able to show when Meta made the answer.
        var now = time.GetUtcNow();
        var found = await creates.LookAsync(attempt, step, credential, ct);
        if (found.Count > 1)
        {
            span.Result = StepSpan.SeveralFound;
            return new Look.Several(new(step, found));
        }

        if (found.Count == 1)
        {
            OrchestrationLog.StepAdopted(logger, step, found[0]);
            span.Result = StepSpan.Adopted;
            attempt.Credential.Changes.AddAdopted(step, found[0], time.GetUtcNow());
            return new Look.Adopted(new(step, found[0]));
        }

        if (now < attempt.SettledAt)
        {
            span.Result = StepSpan.NotYet;
            return new Look.TooEarly(NextLook(now, attempt.SettledAt, step));
        }

        OrchestrationLog.StepAbsent(logger, step);
        span.Result = StepSpan.Absent;
        return new Look.Absent();
    }

    private async Task<(string Step, StepOutcome Result)[]> RunTogetherAsync(Attempt attempt, List<string> steps, CancellationToken ct)
    {
        foreach (var step in steps) attempt.Begun.TryAdd(step, new(step));
        var running = steps.Select(async step => (step, await RunAsync(attempt, step, ct))).ToList();
        return await Task.WhenAll(running);
    }

    private async Task<StepOutcome> RunAsync(Attempt attempt, string step, CancellationToken ct)
    {
        using var span = new StepSpan(step);
        var begun = attempt.Begun[step];
        try
        {
            // Killed from here on: perhaps created. Asleep past the lease: must not be sent any more.
            attempt.Lease.ThrowIfOver();
            begun.Sends();
            var result = StepName.IsCreate(step) ? new StepOutcome.Done(await creates.SendAsync(attempt, step)) : await _repeatables[StepName.KindOf(step)].RunAsync(attempt, step, ct);
            span.Result = result is StepOutcome.Done ? StepSpan.Done : StepSpan.NotYet;
            return result;
        }
        catch (Exception exception)
        {
            if (exception is MetaException answer) begun.Answered(answer);
            return new StepOutcome.Failed(exception);
        }
    }

    // One decides what becomes of the attempt: first what ends it, then what a person has to see to, so that it is told, then what is refused
    // for good, then what may have been done, at last what only has to wait.
    private static int Rank(Attempt attempt, Exception exception) => exception switch
    {
        FencedException => 0,
        OperationCanceledException => 1,
        MetaException { Proof: Proof.AccountBlocked } => 2,
        MetaException { Proof: Proof.TokenRejected } => 3,
        MetaException { Proof: Proof.Rejected } refusal when PassingRefusals.WaitAfter(attempt, refusal) is null => 4,
        not MetaException or MetaException { Proof: Proof.OutcomeUnknown } => 5,
        MetaException { Proof: Proof.Rejected } => 6,
        MetaException { Proof: Proof.Throttled } => 7,
        _ => 8,
    };

    private void Throw(List<Exception> failed)
    {
        foreach (var other in failed.Skip(1)) OrchestrationLog.StepFailedToo(logger, other);
        ExceptionDispatchInfo.Throw(failed[0]);
    }

    private Progress Leave(Held held) => held.Stopped is null ? new Progress.CancelRequested() : new Progress.NotYet(time.GetUtcNow().AddMinutes(5), held.Stopped);

    private static Progress.NotYet Earlier(Progress.NotYet? one, Progress.NotYet other) => one is null || other.Until < one.Until ? other : one;

    private Progress.NotYet NextLook(DateTimeOffset now, DateTimeOffset settledAt, string step)
    {
        var pause = TimeSpan.FromSeconds(Math.Clamp(options.SettleDelaySeconds / 8.0, 0.5, 15));
        return new(now + pause < settledAt ? now + pause : settledAt, $"the answer to creating the {step} was lost; looking for it until it must be visible");
    }
}

/// <summary>What looking for a create whose answer was lost has shown. The set is closed.</summary>
internal abstract record Look
{
    private Look() { }

    public sealed record Adopted(DoneStep Step) : Look;

    /// <summary>Not found, but it may only not be visible yet.</summary>
    public sealed record TooEarly(Progress.NotYet Next) : Look;

    /// <summary>Not found past the settle delay: it does not exist.</summary>
    public sealed record Absent : Look;

    public sealed record Several(Progress.SeveralFound Found) : Look;
}

/// <summary>One attempt at one step as operators see it: a span and a count.</summary>
internal sealed class StepSpan(string step) : IDisposable
{
    public const string Done = "done";
    public const string Adopted = "adopted";
    public const string Absent = "absent";
    public const string NotYet = "not_yet";
    public const string SeveralFound = "several_found";
    private const string Failed = "failed";
    private static readonly Counter<long> Steps = Signals.Meter.CreateCounter<long>("metaadsjobs.steps", null, "Attempts at steps, by how they ended");
    private readonly Activity? _span = Signals.Spans.StartActivity($"step {StepName.KindOf(step)}");

    public string Result { get; set; } = Failed;

    public void Dispose()
    {
        Steps.Add(1, new("step", StepName.KindOf(step)), new KeyValuePair<string, object?>("result", Result));
        if (Result == Failed) _span?.SetStatus(ActivityStatusCode.Error);
        _span?.SetTag("metaadsjobs.step", step).SetTag("metaadsjobs.result", Result);
        _span?.Dispose();
    }
}
