using System.Text.Json;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Accounts.Choosing;
using MetaAdsJobs.Core.Accounts.Tokens;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Jobs;
using MetaAdsJobs.Core.Jobs.Recurring;
using MetaAdsJobs.Core.Meta;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Accounts;

/// <summary>What became of an account or clip that a caller wanted to write.</summary>
public abstract record Saved<T>
{
    private Saved() { }

    /// <param name="Replayed">It was made before, under the same key.</param>
    public sealed record Done(T Value, bool Replayed = false) : Saved<T>;

    public sealed record Invalid(FieldErrors Errors) : Saved<T>;

    public sealed record Exists(Guid Id) : Saved<T>;

    public sealed record Unknown(Guid Id) : Saved<T>;

    /// <summary>Somebody else has changed it since the caller saw it; nothing was written.</summary>
    public sealed record Outdated : Saved<T>;

    /// <summary>The idempotency key belongs to another body; nothing was written.</summary>
    public sealed record KeyReused : Saved<T>;

    /// <summary>Of an account: its ad account is another's already; nothing was written.</summary>
    public sealed record Taken(string AdAccountId, AccountTwin? Holder) : Saved<T>;

    /// <summary>Of an account: it is retired, and stays as it is.</summary>
    public sealed record Retired(Guid Id) : Saved<T>;
}

/// <summary>Creates and changes social accounts. A new token, or unblocking, resumes the account's waiting jobs at once.</summary>
public sealed class SaveAccount(AccountStore store, AccountTokens tokens, INightlySchedules schedules, IJobQueue queue, ResumeAccount resume, MetaOptions meta, Once once, AccountPairs pairs, TimeProvider time)
{
    public Task<Saved<SocialAccount>> CreateAsync(JsonElement body, CancellationToken ct) => CreateAsync(body, asked: null, ct);

    /// <param name="asked">The caller's own name for it, if it has one.</param>
    public async Task<Saved<SocialAccount>> CreateAsync(JsonElement body, AskedOnce? asked, CancellationToken ct)
    {
        if (await NothingWrittenException.IfFailsAsync(ReplayAsync(asked, ct)) is { } replayed) return replayed;
        var errors = new FieldErrors();
        var fields = new JsonFields(body, errors);
        var id = fields.Id("id");
        var account = AccountValidation.Read(fields, id ?? Guid.CreateVersion7(time.GetUtcNow()), current: null, out var token, out _);
        if (account is null || token is null) return new Saved<SocialAccount>.Invalid(errors);
        // First the schedule: one for a zone without accounts does nothing, an account without one would have no nights.
        schedules.Ensure(account.TimezoneName);
        try
        {
            if (!await once.MakeAsync(asked, Once.Account, account.Id, () => store.InsertAsync(account, tokens.Close(token), ct), ct)) return await ReplayAsync(asked, ct) ?? new Saved<SocialAccount>.Exists(account.Id);
        }
        catch (TakenException)
        {
            // The same may have been sent twice at once: then the other one has it under this key, or this id.
            if (await ReplayAsync(asked, ct) is { } same) return same;
            if (await store.FindAsync(account.Id, ct) is not null) return new Saved<SocialAccount>.Exists(account.Id);
            return new Saved<SocialAccount>.Taken(account.AdAccountId, (await pairs.ListAsync(null, account.AdAccountId, ct)).FirstOrDefault());
        }

        if (meta.CanCheckTokens) queue.EnqueueTokenCheck(account.Id);
        return new Saved<SocialAccount>.Done((await store.FindAsync(account.Id, ct))!);
    }

    private async Task<Saved<SocialAccount>?> ReplayAsync(AskedOnce? asked, CancellationToken ct) => await once.FindAsync(asked, Once.Account, ct) switch
    {
        null => null,
        { IsSame: true } earlier => new Saved<SocialAccount>.Done((await store.FindAsync(earlier.MadeId, ct))!, Replayed: true),
        _ => new Saved<SocialAccount>.KeyReused(),
    };

    /// <summary>Changes the fields that are given and leaves the others, also those that somebody else is changing at the same time.</summary>
    public Task<Saved<SocialAccount>> ChangeAsync(Guid id, JsonElement body, CancellationToken ct) => ChangeAsync(id, body, isSeen: _ => true, ct);

    /// <param name="isSeen">Whether the account is still as the caller saw it.</param>
    public async Task<Saved<SocialAccount>> ChangeAsync(Guid id, JsonElement body, Func<SocialAccount, bool> isSeen, CancellationToken ct)
    {
        while (true)
        {
            var current = await NothingWrittenException.IfFailsAsync(store.FindAsync(id, ct));
            if (current is null) return new Saved<SocialAccount>.Unknown(id);
            if (current.RetiredAt is not null) return new Saved<SocialAccount>.Retired(id);
            var errors = new FieldErrors();
            var account = AccountValidation.Read(new(body, errors), id, current, out var token, out var unblock);
            if (account is null) return new Saved<SocialAccount>.Invalid(errors);
            if (!isSeen(current)) return new Saved<SocialAccount>.Outdated();
            await ForeignAssets.CheckAsync(store, JsonSerializer.SerializeToElement(new Dictionary<string, string?> { ["page_id"] = account.PageId, ["instagram_user_id"] = account.InstagramUserId, ["pixel_id"] = account.PixelId }), there: null, errors, ct);
            if (errors.Any) return new Saved<SocialAccount>.Invalid(errors);
            schedules.Ensure(account.TimezoneName);
            // Somebody else was quicker: read what it is now, and change that.
            if (!await store.UpdateAsync(account, token is null ? null : tokens.Close(token), unblock, current, ct)) continue;
            if (token is not null && meta.CanCheckTokens) queue.EnqueueTokenCheck(id);
            var capsChanged = (account.CampaignCapCents, account.DailyCapCents, account.CapsOff) != (current.CampaignCapCents, current.DailyCapCents, current.CapsOff);
            var approvalChanged = (account.ApprovalRequired, account.ApprovalAboveCents) != (current.ApprovalRequired, current.ApprovalAboveCents);
            if (capsChanged || approvalChanged || (token is not null && current.TokenRejectedAt is not null) || (unblock && current.BlockedAt is not null)) await resume.ExecuteAsync(id, ct);
            return new Saved<SocialAccount>.Done((await store.FindAsync(id, ct))!);
        }
    }
}
