using System.Text.Json;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Jobs.Storage;
using MetaAdsJobs.Core.Publishers.Templates;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Publishers.Receiving;

/// <summary>What became of many events that a person wanted to take.</summary>
public abstract record TakenMany
{
    private TakenMany() { }

    /// <param name="Events">So many were looked at again.</param>
    /// <param name="Accepted">In so many accounts of them something was made.</param>
    /// <param name="More">There are more.</param>
    public sealed record Done(int Events, int Accepted, bool More) : TakenMany;

    public sealed record Invalid(FieldErrors Errors) : TakenMany;
}

/// <summary>
/// A person takes an event from the log: after its template was mended, since the template wants to be asked, or beyond a limit, which are for what comes by itself. What has become a run stays that run.
/// </summary>
public sealed class RetakeClipEvent
{
    private const int AtOnce = 50;
    private static readonly HashSet<string> Open = ["refused", "held", "over_limit"];

    private readonly ClipEventStore _store;
    private readonly ClipEventReader _reader;
    private readonly PublisherStore _publishers;
    private readonly TakeClip _take;
    private readonly TimeProvider _time;

    internal RetakeClipEvent(ClipEventStore store, ClipEventReader reader, PublisherStore publishers, TakeClip take, TimeProvider time) => (_store, _reader, _publishers, _take, _time) = (store, reader, publishers, take, time);

    /// <summary>The oldest events with that outcome, each in a commit of its own; who is gone in between has taken those before.</summary>
    /// <param name="body">state: refused, held or over_limit.</param>
    public async Task<TakenMany> OfStateAsync(Guid publisherId, JsonElement body, string takenBy, CancellationToken ct)
    {
        var errors = new FieldErrors();
        var fields = new JsonFields(body, errors);
        var state = fields.Word("state", Open);
        if (state is null && !errors.Any) fields.Refuse("state", "is required");
        fields.RefuseUnknown();
        if (errors.Any) return new TakenMany.Invalid(errors);
        var oldest = await _store.ListOldestAsync(publisherId, state!, AtOnce + 1, ct);
        var accepted = 0;
        foreach (var id in oldest.Take(AtOnce))
            if (await ExecuteAsync(publisherId, id, takenBy, ct) is { } taken) accepted += taken.Outcomes.Count(outcome => outcome.State == "accepted" && outcome.DecidedBy == takenBy);
        return new TakenMany.Done(Math.Min(AtOnce, oldest.Count), accepted, oldest.Count > AtOnce);
    }

    /// <returns>As it is now; null when there is no such event.</returns>
    public async Task<ClipEvent?> ExecuteAsync(Guid publisherId, Guid eventId, string takenBy, CancellationToken ct)
    {
        using (var transaction = JobTransaction.Begin())
        {
            if (await NothingWrittenException.IfFailsAsync(WriteAsync())) transaction.Complete();
        }

        return (await _reader.FindAsync(publisherId, eventId, ct))?.Event;

        async Task<bool> WriteAsync()
        {
            if (!await _store.LockAsync(publisherId, ct) || await _publishers.FindAsync(publisherId, _time.GetUtcNow(), ct) is not { } publisher) return false;
            // Read with the publisher locked: of two who take it at once, the second finds what the first has made.
            if (await _reader.FindAsync(publisherId, eventId, ct) is not { } found) return false;
            using var data = JsonDocument.Parse(found.Data);
            var errors = new FieldErrors();
            if (PublishedClip.Read(new(data.RootElement, errors, "data")) is { } clip) await _take.ExecuteAsync(publisher, eventId, clip, takenBy, found.Event.Outcomes, ct);
            else await _take.RefuseAsync(publisher, found.Event, errors.ToDictionary(), takenBy, ct);
            return true;
        }
    }
}
