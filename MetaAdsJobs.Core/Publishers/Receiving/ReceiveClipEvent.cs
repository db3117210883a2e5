using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Jobs.Storage;
using MetaAdsJobs.Core.Publishers.Templates;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Publishers.Receiving;

/// <summary>What became of a message that was signed.</summary>
public abstract record Reception
{
    private Reception() { }

    /// <param name="IsDuplicate">It has come before: this is what it became then.</param>
    public sealed record Taken(ClipEvent Event, bool IsDuplicate) : Reception;

    /// <summary>Nothing was written.</summary>
    public sealed record Invalid(FieldErrors Errors) : Reception;

    /// <summary>Its webhook-id is that of an earlier message with another body.</summary>
    public sealed record Reused : Reception;

    /// <summary>Its publisher was removed meanwhile, or the secret that signed it ended; nothing was written.</summary>
    public sealed record Gone : Reception;

    /// <summary>Its publisher was switched off meanwhile; nothing was written.</summary>
    public sealed record Off : Reception;
}

/// <summary>
/// Takes a message that a clip was published. That it has come, the clip, its runs, their jobs and what it became commit together, or none of it: whatever dies, it is sent again and taken then; and once it
/// is taken, it is known by its webhook-id for as long as the log is kept, and the clip by what it became, for ever.
/// </summary>
public sealed class ReceiveClipEvent
{
    private static readonly HashSet<string> Types = ["clip.published", "clip.updated"];

    private readonly ConcurrentDictionary<Guid, SemaphoreSlim> _turns = new();
    private readonly ClipEventStore _store;
    private readonly ClipEventReader _reader;
    private readonly PublisherStore _publishers;
    private readonly CheckSignature _check;
    private readonly TakeClip _take;
    private readonly TimeProvider _time;

    internal ReceiveClipEvent(ClipEventStore store, ClipEventReader reader, PublisherStore publishers, CheckSignature check, TakeClip take, TimeProvider time) =>
        (_store, _reader, _publishers, _check, _take, _time) = (store, reader, publishers, check, take, time);

    /// <param name="signed">Who has signed it.</param>
    /// <param name="body">The message's, as JSON: type and data. What else an envelope has, such as CloudEvents' attributes, is not looked at.</param>
    public async Task<Reception> ExecuteAsync(SignatureCheck.Signed signed, SignedMessage message, JsonElement body, CancellationToken ct)
    {
        var errors = new FieldErrors();
        var fields = new JsonFields(body, errors);
        var type = fields.Text("type", required: true, max: 100);
        if (type is not null && !Types.Contains(type)) fields.Refuse("type", $"must be one of {string.Join(", ", Types)}");
        var data = fields.Object("data");
        if (data is null && fields.IsObject && !fields.Has("data")) fields.Refuse("data", "is required");
        var clip = data is null ? null : PublishedClip.Read(data);
        if (errors.Any || clip is null) return new Reception.Invalid(errors);

        // Those behind wait here, and not with a connection each: a publisher that sends much at once would keep all others from the database.
        var turn = _turns.GetOrAdd(signed.PublisherId, _ => new(1, 1));
        await turn.WaitAsync(ct);
        try
        {
            return await TakeAsync(signed, message, type!, clip, data!.Element.GetRawText(), ct);
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task<Reception> TakeAsync(SignatureCheck.Signed signed, SignedMessage message, string type, PublishedClip clip, string data, CancellationToken ct)
    {
        var (publisherId, now, hash) = (signed.PublisherId, _time.GetUtcNow(), SHA256.HashData(message.Body.Span));
        var eventId = Guid.CreateVersion7(now);
        using (var transaction = JobTransaction.Begin())
        {
            var (refused, isNew) = await NothingWrittenException.IfFailsAsync(WriteAsync());
            if (refused is not null) return refused;
            if (isNew)
            {
                // What fails from here on leaves the sender in doubt: it sends the same again, under the same webhook-id.
                transaction.Complete();
                transaction.Dispose();
                return new Reception.Taken((await _reader.FindAsync(publisherId, eventId, ct))!.Event, IsDuplicate: false);
            }
        }

        var earlier = await _store.GetEarlierAsync(publisherId, message.Id!, ct);
        return earlier.BodyHash.AsSpan().SequenceEqual(hash) ? new Reception.Taken((await _reader.FindAsync(publisherId, earlier.Id, ct))!.Event, IsDuplicate: true) : new Reception.Reused();

        async Task<(Reception? Refused, bool IsNew)> WriteAsync()
        {
            if (!await _store.LockAsync(publisherId, ct) || await _publishers.FindAsync(publisherId, now, ct) is not { } publisher) return (new Reception.Gone(), false);
            // It has waited for its turn: who switches a publisher off, or ends a secret, means what waits, too.
            if (publisher.UpdatedAt != signed.AsOf && !await _check.IsStillSignedAsync(publisher.Name, message, ct)) return (new Reception.Gone(), false);
            if (!publisher.IsOn) return (new Reception.Off(), false);
            if (!await _store.InsertAsync(new(eventId, publisherId, message.Id!, hash, type, clip, data, clip.ChangedAt ?? now, now), ct)) return (null, false);
            await _take.ExecuteAsync(publisher, eventId, clip, takenBy: null, [], ct);
            return (null, true);
        }
    }
}
