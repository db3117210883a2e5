using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Accounts.Choosing;
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

    /// <param name="Clips">Those that are not known either.</param>
    public sealed record UnknownAccount(Guid Id, IReadOnlyList<Guid> Clips) : Acceptance;

    /// <param name="Id">The first of <paramref name="All"/>.</param>
    public sealed record UnknownClip(Guid Id, IReadOnlyList<Guid> All) : Acceptance;

    /// <summary>The idempotency key belongs to a request with another body.</summary>
    public sealed record KeyReused : Acceptance;
}

/// <summary>A request as the rules of this service see it.</summary>
/// <param name="Request">Null when something is wrong with it.</param>
/// <param name="Known">Null when what it adds to is not known.</param>
/// <param name="Hash">Of what is asked for.</param>
internal sealed record Judged(FieldErrors Errors, OrchestrationRequest? Request, string? Json, KnownThings? Known, byte[]? Hash)
{
    /// <summary>Null: it is accepted.</summary>
    public Acceptance? Refusal => Errors.Any ? new Acceptance.Invalid(Errors)
        : Known!.Account is null ? new Acceptance.UnknownAccount(Request!.SocialAccountId, Known.UnknownClips)
        : Known.UnknownClips is [var unknown, ..] ? new Acceptance.UnknownClip(unknown, Known.UnknownClips) : null;
}

/// <summary>Takes a request for a whole ad: the row and its job commit together, or neither exists.</summary>
public sealed class AcceptOrchestration
{
    private readonly AcceptanceStore _store;
    private readonly GivenStore _given;
    private readonly AccountStore _accounts;
    private readonly IJobQueue _queue;
    private readonly SpendingCaps _caps;
    private readonly TimeProvider _time;
    private readonly ILogger<AcceptOrchestration> _logger;

    internal AcceptOrchestration(AcceptanceStore store, GivenStore given, AccountStore accounts, IJobQueue queue, SpendingCaps caps, TimeProvider time, ILogger<AcceptOrchestration> logger) =>
        (_store, _given, _accounts, _queue, _caps, _time, _logger) = (store, given, accounts, queue, caps, time, logger);

    /// <param name="requestedBy">Who asks; idempotency keys are each caller's own.</param>
    public Task<Acceptance> ExecuteAsync(JsonElement body, string requestedBy, string? idempotencyKey, CancellationToken ct) =>
        ExecuteAsync(body, requestedBy, idempotencyKey, _queue.EnqueueOrchestration, ct);

    /// <param name="enqueue">Puts its job on a queue; within a transaction that is open, all of it joins that.</param>
    internal async Task<Acceptance> ExecuteAsync(JsonElement body, string requestedBy, string? idempotencyKey, Func<Guid, string> enqueue, CancellationToken ct)
    {
        var now = _time.GetUtcNow();
        var judged = await NothingWrittenException.IfFailsAsync(JudgeAsync(body, requestedBy, idempotencyKey, coming: null, now, ct));
        if (judged is { Hash: { } replayed, Known.Earlier: { } earlier }) return Replay(earlier, replayed);
        if (judged.Refusal is { } refusal) return refusal;
        var (request, known, hash) = (judged.Request!, judged.Known!, judged.Hash!);

        var requestId = Guid.CreateVersion7(now);
        var activateAt = request.ActivateAt is { } text ? LocalMoments.Read(text, TimeZoneInfo.FindSystemTimeZoneById(known.Account!.TimezoneName)).At : null;
        // When this fails the caller is left in doubt, unless it says otherwise: the commit may have been done, or not.
        if (await _store.InsertAsync(requestId, request, judged.Json!, hash, requestedBy, idempotencyKey, enqueue, activateAt, ct))
        {
            OrchestrationLog.Accepted(_logger, requestId, request.CampaignName);
            return new Acceptance.Accepted(requestId, Replayed: false);
        }

        // The unique index decided: another request with this key came first, and nothing was written.
        var winner = await _store.FindKnownAsync(request.SocialAccountId, [], requestedBy, idempotencyKey, ct);
        // One that is not found is of an account that the caller may not look into any more.
        return winner.Earlier is { } first ? Replay(first, hash) : new Acceptance.KeyReused();
    }

    /// <summary>What would become of a request that was sent now. Nothing is written.</summary>
    /// <param name="coming">A clip that is not there yet, and will be by then; null: none.</param>
    internal Task<Judged> JudgeAsync(JsonElement body, (Guid Id, bool IsImage)? coming, CancellationToken ct) => JudgeAsync(body, "", idempotencyKey: null, coming, _time.GetUtcNow(), ct);

    private async Task<Judged> JudgeAsync(JsonElement sent, string requestedBy, string? idempotencyKey, (Guid Id, bool IsImage)? coming, DateTimeOffset now, CancellationToken ct)
    {
        var (errors, body) = (new FieldErrors(), sent);
        Given? given = null;
        if (GivenStore.IsNamed(body))
        {
            given = await _given.FindAsync(body, errors, ct);
            if (given is null) return new(errors, null, null, null, null);
            body = given.Complete(body, errors);
        }

        var request = RequestValidation.Read(body, errors, out var accountId, given);
        var known = await _store.FindKnownAsync(accountId, RequestParts.ClipsOf(body), requestedBy, idempotencyKey, ct);
        if (coming is { } clip) known = known.With(clip.Id, clip.IsImage);
        var json = request?.ToJson();
        var hash = given is not null ? GivenStore.HashOf(sent) : json is null ? null : SHA256.HashData(Encoding.UTF8.GetBytes(json));
        var judged = new Judged(errors, request, json, known, hash);
        // First of all: whether a request is a replay does not depend on the clock or on what has become of its account since.
        if (hash is not null && known.Earlier is not null) return judged;
        // Nothing more of a body that is wrong all over would be told: it is not read again.
        if (errors.IsFull) return judged;
        RequestValidation.CheckNow(body, now, errors, given);
        if (known.Account is not null) RequestValidation.CheckAgainst(known.Account, _caps, known.Images, body, request, now, errors, given);
        await ForeignAssets.CheckAsync(_accounts, body, there: null, errors, ct);
        return judged;
    }

    private static Acceptance Replay(EarlierRequest earlier, byte[] hash) => earlier.Hash.AsSpan().SequenceEqual(hash)
        ? new Acceptance.Accepted(earlier.RequestId, Replayed: true)
        : new Acceptance.KeyReused();
}
