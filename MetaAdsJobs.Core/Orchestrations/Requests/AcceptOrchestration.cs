using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Orchestrations.Requests.Into;
using MetaAdsJobs.Core.Spending;
using MetaAdsJobs.Core.Validation;
using Microsoft.Extensions.Logging;

namespace MetaAdsJobs.Core.Orchestrations.Requests;

/// <summary>What became of a request.</summary>
public abstract record Acceptance
{
    private Acceptance() { }

    /// <param name="Replayed">True when the idempotency key had been used for this very request before.</param>
    public sealed record Accepted(Guid RequestId, bool Replayed) : Acceptance;

    public sealed record Invalid(FieldErrors Errors) : Acceptance;

    public sealed record UnknownAccount(Guid Id) : Acceptance;

    public sealed record UnknownClip(Guid Id) : Acceptance;

    /// <summary>The idempotency key belongs to a request with another body.</summary>
    public sealed record KeyReused : Acceptance;
}

/// <summary>Takes a request for a whole ad: the row and its job commit together, or neither exists.</summary>
public sealed class AcceptOrchestration
{
    private readonly AcceptanceStore _store;
    private readonly GivenStore _given;
    private readonly IJobQueue _queue;
    private readonly SpendingCaps _caps;
    private readonly TimeProvider _time;
    private readonly ILogger<AcceptOrchestration> _logger;

    internal AcceptOrchestration(AcceptanceStore store, GivenStore given, IJobQueue queue, SpendingCaps caps, TimeProvider time, ILogger<AcceptOrchestration> logger) =>
        (_store, _given, _queue, _caps, _time, _logger) = (store, given, queue, caps, time, logger);

    /// <param name="requestedBy">Who asks; idempotency keys are each caller's own.</param>
    public Task<Acceptance> ExecuteAsync(JsonElement body, string requestedBy, string? idempotencyKey, CancellationToken ct) =>
        ExecuteAsync(body, requestedBy, idempotencyKey, _queue.EnqueueOrchestration, ct);

    /// <param name="enqueue">Puts its job on a queue; within a transaction that is open, all of it joins that.</param>
    internal async Task<Acceptance> ExecuteAsync(JsonElement body, string requestedBy, string? idempotencyKey, Func<Guid, string> enqueue, CancellationToken ct)
    {
        var errors = new FieldErrors();
        Given? given = null;
        var sent = body;
        if (GivenStore.IsNamed(body))
        {
            given = await NothingWrittenException.IfFailsAsync(_given.FindAsync(body, errors, ct));
            if (given is null) return new Acceptance.Invalid(errors);
            body = given.Complete(body, errors);
        }

        var request = RequestValidation.Read(body, errors, out var accountId, given);
        var known = await NothingWrittenException.IfFailsAsync(_store.FindKnownAsync(accountId, RequestParts.ClipsOf(body), requestedBy, idempotencyKey, ct));
        var json = request?.ToJson();
        var hash = given is not null ? GivenStore.HashOf(sent) : json is null ? null : SHA256.HashData(Encoding.UTF8.GetBytes(json));
        // First of all: whether a request is a replay does not depend on the clock or on what has become of its account since.
        if (hash is not null && known.Earlier is { } earlier) return Replay(earlier, hash);
        var now = _time.GetUtcNow();
        // Nothing more of a body that is wrong all over would be told: it is not read again.
        if (!errors.IsFull)
        {
            RequestValidation.CheckNow(body, now, errors, given);
            if (known.Account is not null) RequestValidation.CheckAgainst(known.Account, _caps, known.Images, body, request, now, errors, given);
        }

        if (errors.Any) return new Acceptance.Invalid(errors);
        if (known.Account is null) return new Acceptance.UnknownAccount(request!.SocialAccountId);
        if (known.UnknownClips is [var unknown, ..]) return new Acceptance.UnknownClip(unknown);

        var requestId = Guid.CreateVersion7(now);
        var activateAt = request!.ActivateAt is { } text ? LocalMoments.Read(text, TimeZoneInfo.FindSystemTimeZoneById(known.Account.TimezoneName)).At : null;
        // When this fails the caller is left in doubt, unless it says otherwise: the commit may have been done, or not.
        if (await _store.InsertAsync(requestId, request, json!, hash!, requestedBy, idempotencyKey, enqueue, activateAt, ct))
        {
            OrchestrationLog.Accepted(_logger, requestId, request.CampaignName);
            return new Acceptance.Accepted(requestId, Replayed: false);
        }

        // The unique index decided: another request with this key came first, and nothing was written.
        var winner = await _store.FindKnownAsync(accountId, RequestParts.ClipsOf(body), requestedBy, idempotencyKey, ct);
        return Replay(winner.Earlier ?? throw new InvalidOperationException("An idempotency key was refused, but no request holds it"), hash!);
    }

    private static Acceptance Replay(EarlierRequest earlier, byte[] hash) => earlier.Hash.AsSpan().SequenceEqual(hash)
        ? new Acceptance.Accepted(earlier.RequestId, Replayed: true)
        : new Acceptance.KeyReused();
}
