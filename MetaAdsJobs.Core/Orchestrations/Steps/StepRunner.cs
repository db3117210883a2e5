using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Orchestrations.Steps;

/// <summary>
/// The heart of "one request, one tree". A step is looked for when an earlier attempt started it, started (committed),
/// created by one POST, and confirmed together with the start of the next.
/// </summary>
internal sealed class StepRunner(
    IEnumerable<ICreateStep> createSteps,
    IEnumerable<IRepeatableStep> repeatableSteps,
    StepJournal journal,
    OrchestrationOptions options,
    TimeProvider time,
    ILogger<StepRunner> logger)
{
    private readonly Dictionary<string, ICreateStep> _creates = createSteps.ToDictionary(step => step.Name);
    private readonly Dictionary<string, IRepeatableStep> _repeatables = repeatableSteps.ToDictionary(step => step.Name);

    public async Task<Progress> RunAsync(Attempt attempt, CancellationToken ct)
    {
        var open = attempt.Plan.Where(step => attempt.StateOf(step) != StepState.Confirmed).ToList();
        foreach (var (index, step) in open.Index())
        {
            ct.ThrowIfCancellationRequested();
            if (attempt.StateOf(step) != StepState.Started && await journal.StartAsync(attempt, step, ct) is { } held) return Leave(held);

            var result = await TryAsync(attempt, step, ct);
            if (result is not Progress.Built built) return result;

            var next = open.ElementAtOrDefault(index + 1);
            if (next is null) return built;
            // Never cancelled: a stopping worker must not lose an id it has.
            var refused = await journal.ConfirmAsync(attempt, step, built.LastMetaId, next, CancellationToken.None);
            OrchestrationLog.StepConfirmed(logger, step, built.LastMetaId);
            if (refused is not null) return Leave(refused);
        }

        return new Progress.Built(null, null);
    }

    private async Task<Progress> TryAsync(Attempt attempt, string step, CancellationToken ct)
    {
        using var span = new StepSpan(step);
        var progress = _creates.TryGetValue(step, out var create)
            ? await CreateOnceAsync(attempt, create, span, ct)
            : await RepeatAsync(attempt, _repeatables[step], ct);
        span.Result = progress switch
        {
            Progress.Built when span.Result == StepSpan.Adopted => StepSpan.Adopted,
            Progress.Built => "done",
            Progress.NotYet => "not_yet",
            Progress.SeveralFound => "several_found",
            _ => "cancelled",
        };
        return progress;
    }

    private async Task<Progress> CreateOnceAsync(Attempt attempt, ICreateStep step, StepSpan span, CancellationToken ct)
    {
        if (attempt.StartedByThisAttempt != step.Name)
        {
            // Before the look: what it does not show at a later moment, it may not have been able to show when Meta made the answer.
            var now = time.GetUtcNow();
            var found = await step.LookAsync(attempt, ct);
            if (found.Count > 1) return new Progress.SeveralFound(step.Name, found);
            if (found.Count == 1)
            {
                OrchestrationLog.StepAdopted(logger, step.Name, found[0]);
                span.Result = StepSpan.Adopted;
                attempt.Credential.Changes.AddAdopted(step.Name, found[0], time.GetUtcNow());
                return new Progress.Built(step.Name, found[0]);
            }

            if (now < attempt.SettledAt) return NextLook(now, attempt.SettledAt, step.Name);
            OrchestrationLog.StepAbsent(logger, step.Name);
            if (await journal.StartAsync(attempt, step.Name, ct) is { } held) return Leave(held);
        }

        // Killed from here on: perhaps created. Asleep past the lease: must not be sent any more. A stopping worker waits
        // for the answer instead of losing it.
        attempt.Lease.ThrowIfOver();
        attempt.IsSent = true;
        return new Progress.Built(step.Name, await step.CreateAsync(attempt, CancellationToken.None));
    }

    private Progress Leave(Held held) => held.Stopped is null ? new Progress.CancelRequested() : new Progress.NotYet(time.GetUtcNow().AddMinutes(5), held.Stopped);

    private static async Task<Progress> RepeatAsync(Attempt attempt, IRepeatableStep step, CancellationToken ct) =>
        await step.RunAsync(attempt, ct) switch
        {
            RepeatableResult.Done done => new Progress.Built(step.Name, done.MetaId),
            RepeatableResult.NotYet notYet => new Progress.NotYet(notYet.Until, notYet.Reason),
            _ => throw new InvalidOperationException("unreachable: the set is closed"),
        };

    private Progress.NotYet NextLook(DateTimeOffset now, DateTimeOffset settledAt, string step)
    {
        var pause = TimeSpan.FromSeconds(Math.Clamp(options.SettleDelaySeconds / 8.0, 0.5, 15));
        return new(now + pause < settledAt ? now + pause : settledAt, $"the answer to creating the {step} was lost; looking for it until it must be visible");
    }
}
