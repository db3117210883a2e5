using System.Text.Json;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Events.Mailing;
using MetaAdsJobs.Core.Events.Signing;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Events;

/// <summary>What became of a webhook that a caller wanted to write.</summary>
public abstract record WebhookSaved
{
    private WebhookSaved() { }

    /// <param name="Value">As it is now.</param>
    /// <param name="Secret">Of one that is new: told this once.</param>
    public sealed record Done(Webhook Value, string? Secret = null) : WebhookSaved;

    public sealed record Invalid(FieldErrors Errors) : WebhookSaved;

    public sealed record Unknown : WebhookSaved;

    /// <summary>It is no longer what the change was made for.</summary>
    public sealed record Outdated : WebhookSaved;
}

/// <summary>Makes and changes webhooks, and their secrets.</summary>
public sealed class SaveWebhook
{
    private readonly WebhookStore _store;
    private readonly WebhookSecrets _secrets;
    private readonly EventOptions _options;
    private readonly SmtpOptions _smtp;
    private readonly TimeProvider _time;

    internal SaveWebhook(WebhookStore store, WebhookSecrets secrets, EventOptions options, SmtpOptions smtp, TimeProvider time) => (_store, _secrets, _options, _smtp, _time) = (store, secrets, options, smtp, time);

    public async Task<WebhookSaved> CreateAsync(JsonElement body, string createdBy, CancellationToken ct)
    {
        var errors = new FieldErrors();
        var read = WebhookValidation.Read(new(body, errors), current: null, _options, _smtp);
        if (read is not null) await CheckAccountsAsync(read, errors, ct);
        if (read is null || errors.Any) return new WebhookSaved.Invalid(errors);
        var (now, secret) = (_time.GetUtcNow(), StandardWebhooks.NewSecret());
        var webhook = new Webhook
        {
            Id = Guid.CreateVersion7(now), ShownUrl = Webhook.Show(read.Url!, read.Format), Description = read.Description, Format = read.Format, EventTypes = read.EventTypes, AccountIds = read.AccountIds,
            IsOn = true, CreatedBy = createdBy, CreatedAt = now, UpdatedAt = now,
        };
        if (!await _store.InsertAsync(webhook, _secrets.Close(read.Url!), _secrets.Close(secret), ct))
        {
            errors.Add("$", $"there are {WebhookStore.MostOfOne} webhooks of yours, or {WebhookStore.Most} in all, and there can be no more: take one away first");
            return new WebhookSaved.Invalid(errors);
        }

        return new WebhookSaved.Done((await _store.FindAsync(webhook.Id, now, ct))!, webhook.IsSigned ? secret : null);
    }

    public Task<WebhookSaved> ChangeAsync(Guid id, JsonElement body, string changedBy, CancellationToken ct) => ChangeAsync(id, body, changedBy, isSeen: _ => true, ct);

    /// <param name="isSeen">Whether the webhook, as it is now, is the one that the change was made for.</param>
    public async Task<WebhookSaved> ChangeAsync(Guid id, JsonElement body, string changedBy, Func<Webhook, bool> isSeen, CancellationToken ct)
    {
        while (true)
        {
            var now = _time.GetUtcNow();
            if (await _store.FindAsync(id, now, ct) is not { } current) return new WebhookSaved.Unknown();
            if (!isSeen(current)) return new WebhookSaved.Outdated();
            var errors = new FieldErrors();
            var read = WebhookValidation.Read(new(body, errors), current, _options, _smtp);
            if (read is not null) await CheckAccountsAsync(read, errors, ct);
            if (read is null || errors.Any) return new WebhookSaved.Invalid(errors);
            var isOn = read.Enabled ?? current.IsOn;
            var changed = current with
            {
                ShownUrl = read.Url is null ? current.ShownUrl : Webhook.Show(read.Url, current.Format), Description = read.Description, EventTypes = read.EventTypes, AccountIds = read.AccountIds, IsOn = isOn,
                OffReason = isOn ? null : current.IsOn ? $"switched off by {changedBy}" : current.OffReason, OffAt = isOn ? null : current.OffAt ?? now,
            };
            // Somebody else was quicker: read what it is now, and change that.
            if (!await _store.UpdateAsync(changed, read.Url is null ? null : _secrets.Close(read.Url), current, now, ct)) continue;
            return await _store.FindAsync(id, now, ct) is { } saved ? new WebhookSaved.Done(saved) : new WebhookSaved.Unknown();
        }
    }

    /// <summary>Gives it another secret. Until the receiver has taken that over, those before sign, too.</summary>
    /// <param name="body">keep_old_hours: how long, at most 168; 0 when the old one has come into the wrong hands. 24 by default.</param>
    public async Task<WebhookSaved> RotateAsync(Guid id, JsonElement body, CancellationToken ct)
    {
        var errors = new FieldErrors();
        var overlap = SecretOverlap.Read(body, errors);
        if (errors.Any) return new WebhookSaved.Invalid(errors);
        var (now, secret) = (_time.GetUtcNow(), StandardWebhooks.NewSecret());
        if (await _store.FindAsync(id, now, ct) is not { } webhook) return new WebhookSaved.Unknown();
        if (!webhook.IsSigned) errors.Add("$", "a mail is not signed: there is no secret to exchange");
        SecretOverlap.Check(overlap, webhook.FormerSecrets, errors);
        if (errors.Any) return new WebhookSaved.Invalid(errors);
        if (!await _store.RotateAsync(webhook, _secrets.Close(secret), now + overlap, now, ct)) return new WebhookSaved.Unknown();
        return await _store.FindAsync(id, now, ct) is { } saved ? new WebhookSaved.Done(saved, secret) : new WebhookSaved.Unknown();
    }

    private async Task CheckAccountsAsync(WebhookFields read, FieldErrors errors, CancellationToken ct)
    {
        if (read.AccountIds is null)
        {
            if (!AccountScope.IsAll) errors.Add("account_ids", "is required: only who may see all accounts is told of all");
            return;
        }

        var known = await _store.KnownAccountsAsync(read.AccountIds, ct);
        foreach (var (id, index) in read.AccountIds.Select((id, index) => (id, index)).Where(one => !known.Contains(one.id))) errors.Add($"account_ids[{index}]", $"there is no social account {id}");
    }
}
