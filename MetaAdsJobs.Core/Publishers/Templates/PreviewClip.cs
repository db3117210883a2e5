using System.Text.Json;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Publishers.Templates;

/// <summary>What a preview shows.</summary>
public abstract record ClipPreview
{
    private ClipPreview() { }

    public sealed record Shown(ClipPlan Plan) : ClipPreview;

    public sealed record Invalid(FieldErrors Errors) : ClipPreview;

    public sealed record Unknown : ClipPreview;
}

/// <summary>Shows what a clip would become in an account now, by its template or by one that is not saved yet. Writes nothing.</summary>
public sealed class PreviewClip
{
    private readonly TemplateStore _templates;
    private readonly PublisherStore _publishers;
    private readonly PlanClip _plan;
    private readonly TimeProvider _time;

    internal PreviewClip(TemplateStore templates, PublisherStore publishers, PlanClip plan, TimeProvider time) => (_templates, _publishers, _plan, _time) = (templates, publishers, plan, time);

    /// <param name="body">social_account_id, and if wanted data, as an event has it, and template; without data a clip that tells everything.</param>
    public async Task<ClipPreview> ExecuteAsync(Guid publisherId, JsonElement body, CancellationToken ct)
    {
        var now = _time.GetUtcNow();
        if (await _publishers.FindAsync(publisherId, now, ct) is not { } publisher) return new ClipPreview.Unknown();
        var errors = new FieldErrors();
        var fields = new JsonFields(body, errors);
        var accountId = fields.Id("social_account_id", required: true);
        var data = fields.Object("data");
        var clip = data is null ? SaveTemplate.SampleClip : PublishedClip.Read(data);
        var unsaved = fields.Object("template");
        ClipTemplate? template = null;
        if (unsaved is not null)
        {
            template = SaveTemplate.Read(unsaved, publisherId, accountId ?? default, "", now);
            unsaved.RefuseUnknown();
        }

        fields.RefuseUnknown();
        if (errors.Any) return new ClipPreview.Invalid(errors);
        if (clip!.AccountIds?.Contains(accountId!.Value) == false) return new ClipPreview.Shown(ClipPlan.Refused(null, ClipRendering.Account, "the event names other accounts"));
        template ??= await _templates.FindAsync(publisherId, accountId!.Value, ct);
        return new ClipPreview.Shown(await _plan.ExecuteAsync(publisher, template, clip, accountId!.Value, byPerson: false, ct));
    }
}
