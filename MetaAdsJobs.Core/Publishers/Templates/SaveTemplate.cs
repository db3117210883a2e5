using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Clips;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Publishers.Templates;

/// <summary>What became of a template that a caller wanted to write.</summary>
public abstract record TemplateSaved
{
    private TemplateSaved() { }

    public sealed record Done(ClipTemplate Value) : TemplateSaved;

    public sealed record Invalid(FieldErrors Errors) : TemplateSaved;

    public sealed record UnknownPublisher : TemplateSaved;

    public sealed record UnknownAccount : TemplateSaved;

    /// <summary>It is no longer what the change was made for.</summary>
    public sealed record Outdated : TemplateSaved;
}

/// <summary>Writes templates. One is judged whole before it is kept: rendered with a sample clip, by all rules that a request is judged by.</summary>
public sealed class SaveTemplate
{
    private const int LongestDefault = 5000;
    private readonly TemplateStore _store;
    private readonly PublisherStore _publishers;
    private readonly AccountStore _accounts;
    private readonly PlanClip _plan;
    private readonly TimeProvider _time;

    internal SaveTemplate(TemplateStore store, PublisherStore publishers, AccountStore accounts, PlanClip plan, TimeProvider time) =>
        (_store, _publishers, _accounts, _plan, _time) = (store, publishers, accounts, plan, time);

    public Task<TemplateSaved> ExecuteAsync(Guid publisherId, Guid accountId, JsonElement body, string changedBy, CancellationToken ct) => ExecuteAsync(publisherId, accountId, body, changedBy, isSeen: _ => true, ct);

    /// <param name="body">request, and if wanted defaults, approval, daily_cap_cents and sample, a clip's data to judge it with.</param>
    /// <param name="isSeen">Whether the template, as it is now, is the one that the change was made for; null: there is none.</param>
    public async Task<TemplateSaved> ExecuteAsync(Guid publisherId, Guid accountId, JsonElement body, string changedBy, Func<ClipTemplate?, bool> isSeen, CancellationToken ct)
    {
        var now = _time.GetUtcNow();
        if (await _publishers.FindAsync(publisherId, now, ct) is not { } publisher) return new TemplateSaved.UnknownPublisher();
        if (await _accounts.FindAsync(accountId, ct) is null) return new TemplateSaved.UnknownAccount();
        var errors = new FieldErrors();
        var fields = new JsonFields(body, errors);
        var sample = fields.Object("sample");
        var clip = sample is null ? null : PublishedClip.Read(sample);
        var template = Read(fields, publisherId, accountId, changedBy, now);
        fields.RefuseUnknown();
        if (template is null || errors.Any) return new TemplateSaved.Invalid(errors);
        if (await WrongAsync(publisher, template, clip, ct) is { } wrong)
        {
            foreach (var (path, messages) in wrong.ToDictionary())
                foreach (var message in messages) errors.Add($"request.{path}", message);
            return new TemplateSaved.Invalid(errors);
        }

        return await _store.UpsertAsync(template, isSeen, ct);
    }

    /// <summary>A template as a body says it, not judged yet.</summary>
    internal static ClipTemplate? Read(JsonFields fields, Guid publisherId, Guid accountId, string changedBy, DateTimeOffset now)
    {
        var request = fields.Object("request");
        if (fields.IsObject && !fields.Has("request")) fields.Refuse("request", "is required");
        if (request?.Has(ClipRendering.Account) == true) request.Refuse(ClipRendering.Account, "is put in: a template is of one account");
        var defaults = new Dictionary<string, string>();
        if (fields.Object("defaults") is { } given)
            foreach (var one in given.Element.EnumerateObject())
            {
                if (!ClipRendering.IsOfClip(one.Name)) fields.Refuse("defaults", $"has a name that is none of a clip's; known: {string.Join(", ", PublishedClip.Names)}, {PublishedClip.FieldsPrefix}…");
                else if (given.TextOf(one.Value, given.PathOf(one.Name), LongestDefault, multiline: true) is { } value) defaults[one.Name] = value;
            }

        var (approval, cap) = (fields.Flag("approval"), fields.Whole("daily_cap_cents", 1, 1_000_000_000_000));
        return fields.Errors.Any || request is null ? null : new()
        {
            PublisherId = publisherId, SocialAccountId = accountId, Request = JsonNode.Parse(request.Element.GetRawText())!.AsObject(), Defaults = defaults, Approval = approval == true, DailyCapCents = cap,
            ChangedBy = changedBy, ChangedAt = now,
        };
    }

    // A template for pictures may be wrong for videos, and the other way round: right for either is right.
    private async Task<FieldErrors?> WrongAsync(Publisher publisher, ClipTemplate template, PublishedClip? sample, CancellationToken ct)
    {
        if (sample is not null)
        {
            var (_, judged, wrong) = await _plan.JudgeAsync(publisher, template, name => sample.Tells(name) ?? template.Defaults.GetValueOrDefault(name), sample.Shown with { Id = Guid.NewGuid() }, ct);
            return judged is null ? wrong : null;
        }

        var (_, asVideo, wrongAsVideo) = await _plan.JudgeAsync(publisher, template, SampleOf, Sample with { VideoUrl = SampleOf("video_url") }, ct);
        if (asVideo is not null) return null;
        var (_, asImage, _) = await _plan.JudgeAsync(publisher, template, SampleOf, Sample with { ImageUrl = SampleOf("image_url") }, ct);
        return asImage is null ? wrongAsVideo : null;
    }

    /// <summary>For a preview without a clip.</summary>
    internal static PublishedClip SampleClip => new(SampleOf("clip_id"), Sample with { VideoUrl = SampleOf("video_url") }, SampleOf, AccountIds: null, ChangedAt: null);

    private static Clip Sample => new() { Id = Guid.NewGuid(), Title = SampleOf("title"), ThumbnailUrl = SampleOf("thumbnail_url") };

    /// <summary>A clip that tells everything, in few words.</summary>
    private static string SampleOf(string name) => name switch
    {
        "clip_id" => "sample-1",
        "title" => "A sample clip",
        "caption" => "What a sample clip is about",
        "url" => "https://example.com/clips/sample-1",
        "video_url" => "https://example.com/clips/sample-1.mp4",
        "video_id" => "1234567890",
        "image_url" or "thumbnail_url" => "https://example.com/clips/sample-1.jpg",
        "language" => "en",
        "country" => "US",
        "published_at" => "2026-01-01T00:00:00Z",
        _ => "sample",
    };
}
