using System.Text.Json;
using System.Text.RegularExpressions;
using MetaAdsJobs.Core.Events.Signing;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Publishers;

/// <summary>What became of a publisher that a caller wanted to write.</summary>
public abstract record PublisherSaved
{
    private PublisherSaved() { }

    /// <param name="Value">As it is now.</param>
    /// <param name="Secret">Of one that is new: told this once.</param>
    public sealed record Done(Publisher Value, string? Secret = null) : PublisherSaved;

    public sealed record Invalid(FieldErrors Errors) : PublisherSaved;

    public sealed record Unknown : PublisherSaved;

    /// <summary>It is no longer what the change was made for.</summary>
    public sealed record Outdated : PublisherSaved;
}

/// <summary>Makes and changes publishers, and their secrets.</summary>
public sealed partial class SavePublisher
{
    private const int UsualRunsPerDay = 100;
    private const int MostRunsPerDay = 10_000;
    private readonly PublisherStore _store;
    private readonly PublisherSecrets _secrets;
    private readonly TimeProvider _time;

    internal SavePublisher(PublisherStore store, PublisherSecrets secrets, TimeProvider time) => (_store, _secrets, _time) = (store, secrets, time);

    public async Task<PublisherSaved> CreateAsync(JsonElement body, string createdBy, CancellationToken ct)
    {
        var errors = new FieldErrors();
        var fields = new JsonFields(body, errors);
        var name = fields.Text("name", required: true, max: 50);
        if (name is not null && !Name().IsMatch(name)) fields.Refuse("name", "must be of small letters, digits and hyphens, such as studio-madrid");
        var (description, runsPerDay) = (fields.Text("description", max: 200), (int?)fields.Whole("runs_per_day", 0, MostRunsPerDay));
        fields.RefuseUnknown();
        if (errors.Any) return new PublisherSaved.Invalid(errors);
        var (now, secret) = (_time.GetUtcNow(), StandardWebhooks.NewSecret());
        var publisher = new Publisher
        {
            Id = Guid.CreateVersion7(now), Name = name!, Description = description, IsOn = true, RunsPerDay = runsPerDay ?? UsualRunsPerDay, AccountIds = [], CreatedBy = createdBy, CreatedAt = now, UpdatedAt = now,
        };
        if (await _store.InsertAsync(publisher, _secrets.Close(secret), ct)) return new PublisherSaved.Done((await _store.FindAsync(publisher.Id, now, ct))!, secret);
        if ((await _store.ListAsync(now, ct)).Any(one => one.Name == name)) errors.Add("name", "is that of another publisher");
        else errors.Add("$", $"there are {PublisherStore.Most} publishers, and there can be no more");
        return new PublisherSaved.Invalid(errors);
    }

    public Task<PublisherSaved> ChangeAsync(Guid id, JsonElement body, CancellationToken ct) => ChangeAsync(id, body, isSeen: _ => true, ct);

    /// <param name="isSeen">Whether the publisher, as it is now, is the one that the change was made for.</param>
    public async Task<PublisherSaved> ChangeAsync(Guid id, JsonElement body, Func<Publisher, bool> isSeen, CancellationToken ct)
    {
        while (true)
        {
            var now = _time.GetUtcNow();
            if (await _store.FindAsync(id, now, ct) is not { } current) return new PublisherSaved.Unknown();
            if (!isSeen(current)) return new PublisherSaved.Outdated();
            var errors = new FieldErrors();
            var fields = new JsonFields(body, errors);
            if (fields.Text("name") is { } name && name != current.Name) fields.Refuse("name", "cannot change: runs are known by it; make another publisher instead");
            var (description, runsPerDay, enabled) = (fields.Text("description", max: 200), (int?)fields.Whole("runs_per_day", 0, MostRunsPerDay), fields.Flag("enabled"));
            fields.RefuseUnknown();
            if (errors.Any) return new PublisherSaved.Invalid(errors);
            var changed = current with
            {
                Description = fields.IsNull("description") ? null : description ?? current.Description, RunsPerDay = runsPerDay ?? current.RunsPerDay, IsOn = enabled ?? current.IsOn,
            };
            // Somebody else was quicker: read what it is now, and change that.
            if (!await _store.UpdateAsync(changed, current, now, ct)) continue;
            return await _store.FindAsync(id, now, ct) is { } saved ? new PublisherSaved.Done(saved) : new PublisherSaved.Unknown();
        }
    }

    /// <summary>Gives it another secret. Until the publisher has taken that over, one before is enough.</summary>
    /// <param name="body">keep_old_hours: how long, at most 168; 0 when the old one has come into the wrong hands. 24 by default.</param>
    public async Task<PublisherSaved> RotateAsync(Guid id, JsonElement body, CancellationToken ct)
    {
        var errors = new FieldErrors();
        var overlap = SecretOverlap.Read(body, errors);
        if (errors.Any) return new PublisherSaved.Invalid(errors);
        var (now, secret) = (_time.GetUtcNow(), StandardWebhooks.NewSecret());
        if (await _store.FindAsync(id, now, ct) is not { } publisher) return new PublisherSaved.Unknown();
        SecretOverlap.Check(overlap, publisher.FormerSecrets, errors);
        if (errors.Any) return new PublisherSaved.Invalid(errors);
        if (!await _store.RotateAsync(publisher, _secrets.Close(secret), now + overlap, now, ct)) return new PublisherSaved.Unknown();
        return await _store.FindAsync(id, now, ct) is { } saved ? new PublisherSaved.Done(saved, secret) : new PublisherSaved.Unknown();
    }

    [GeneratedRegex("^[a-z0-9][a-z0-9-]*$")]
    private static partial Regex Name();
}
