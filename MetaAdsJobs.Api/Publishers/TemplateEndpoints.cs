using System.Text.Json.Nodes;
using MetaAdsJobs.Api.Answers;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Publishers;
using MetaAdsJobs.Core.Publishers.Templates;

namespace MetaAdsJobs.Api.Publishers;

/// <summary>The body of PUT: a request with placeholders. sample: a clip's data to judge it with.</summary>
internal sealed record TemplateBody(JsonObject Request, IReadOnlyDictionary<string, string>? Defaults = null, bool? Approval = null, long? DailyCapCents = null, ClipTold? Sample = null);

/// <summary>The body of a preview; without data of a clip of ours; template: one that is not saved yet.</summary>
internal sealed record ClipPreviewBody(Guid SocialAccountId, ClipTold? Data = null, TemplateBody? Template = null);

internal sealed record TemplateResponse(
    Guid SocialAccountId, string? AccountName, JsonObject Request, IReadOnlyDictionary<string, string> Defaults, bool Approval, long? DailyCapCents, string ChangedBy, DateTimeOffset ChangedAt)
{
    public static TemplateResponse From(ClipTemplate template) => new(
        template.SocialAccountId, template.AccountName, template.Request, template.Defaults, template.Approval, template.DailyCapCents, template.ChangedBy, template.ChangedAt);
}

/// <param name="State">accepted, existing, refused, held or over_limit.</param>
/// <param name="Request">As it would be asked for.</param>
internal sealed record ClipPreviewResponse(string State, JsonObject? Request, IDictionary<string, string[]> Errors, Guid? RequestId, long DailyCents);

/// <summary>What a publisher's clips become in which account.</summary>
internal static class TemplateEndpoints
{
    public static void MapTemplates(this IEndpointRouteBuilder publishers)
    {
        publishers.MapGet("/{id:guid}/templates", ListAsync).WithSummary("Its templates, one for each account that it may make something in").Produces<Page<TemplateResponse>>().ProducesProblem(404);
        publishers.MapGet("/{id:guid}/templates/{account:guid}", GetAsync).WithTag().WithSummary("One template").Produces<TemplateResponse>().ProducesProblem(404);
        publishers.MapPut("/{id:guid}/templates/{account:guid}", PutAsync).WithIfMatch().WithTag().WithSummary("Say what its clips become in an account")
            .WithDescription("""
                request is one as POST /meta/orchestrate/run takes it, without social_account_id; its clip_id is the clip's where it says none. Its texts may hold {clip}, {clip.title}, {clip.caption:90} (cut), other fields
                of the event, {clip.fields.…}, {date} and {publisher}; others are refused, and {{…}} stays. defaults: what is put in where a clip tells nothing. approval: nothing is made before a person takes it from the
                log. daily_cap_cents: daily budgets that it may begin by itself within 24 hours. It is judged whole: rendered with sample, or a clip of ours, by the rules of requests. Without auto_publish all is made paused.
                """)
            .Accepts<TemplateBody>("application/json").Produces<TemplateResponse>().ProducesProblem(404).ProducesProblem(409).ProducesProblem(412).ProducesValidationProblem(422);
        publishers.MapDelete("/{id:guid}/templates/{account:guid}", DeleteAsync).WithMetadata(InDoubtAdvice.Undoes).WithSummary("Let it make nothing in that account any more").Produces(204).ProducesProblem(404);
        publishers.MapPost("/{id:guid}/preview", PreviewAsync).WithMetadata(InDoubtAdvice.NoHarm).WithSummary("What a clip would become in an account now; nothing is written")
            .Accepts<ClipPreviewBody>("application/json").Produces<ClipPreviewResponse>().ProducesProblem(404).ProducesValidationProblem(422);
    }

    private static async Task<IResult> ListAsync(Guid id, TemplateStore templates, PublisherStore publishers, TimeProvider time, CancellationToken ct) =>
        await publishers.FindAsync(id, time.GetUtcNow(), ct) is null ? PublisherEndpoints.NotFound(id)
            : Results.Ok(new Page<TemplateResponse>([.. (await templates.ListAsync(id, ct)).Select(TemplateResponse.From)], null));

    private static async Task<IResult> GetAsync(Guid id, Guid account, HttpResponse response, TemplateStore templates, CancellationToken ct) =>
        await templates.FindAsync(id, account, ct) is { } template ? ChangeVersion.Tagged(response, template.ChangedAt, Results.Ok(TemplateResponse.From(template))) : NotFound(id, account);

    private static async Task<IResult> PutAsync(Guid id, Guid account, HttpRequest request, SaveTemplate save, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(request, JsonBody.LargeBytes, ct);
        if (problem is not null) return problem;
        return await save.ExecuteAsync(id, account, body, request.HttpContext.User.CallerName(), template => ChangeVersion.Matches(request, template?.ChangedAt), ct) switch
        {
            TemplateSaved.Done done => ChangeVersion.Tagged(request.HttpContext.Response, done.Value.ChangedAt, Results.Ok(TemplateResponse.From(done.Value))),
            TemplateSaved.Outdated => ChangeVersion.Outdated($"template of publisher {id} for account", account),
            TemplateSaved.Invalid invalid => Problems.Invalid(invalid.Errors),
            TemplateSaved.UnknownAccount => Problems.NotFound("social account", account),
            _ => PublisherEndpoints.NotFound(id),
        };
    }

    private static async Task<IResult> DeleteAsync(Guid id, Guid account, TemplateStore templates, TimeProvider time, CancellationToken ct) =>
        await templates.DeleteAsync(id, account, time.GetUtcNow(), ct) ? Results.NoContent() : NotFound(id, account);

    private static async Task<IResult> PreviewAsync(Guid id, HttpRequest request, PreviewClip preview, CancellationToken ct)
    {
        var (body, problem) = await JsonBody.ReadAsync(request, JsonBody.LargeBytes, ct);
        if (problem is not null) return problem;
        return await preview.ExecuteAsync(id, body, ct) switch
        {
            ClipPreview.Shown { Plan: var plan } => Results.Ok(new ClipPreviewResponse(plan.State, plan.Request, plan.Errors, plan.RequestId, plan.DailyCents)),
            ClipPreview.Invalid invalid => Problems.Invalid(invalid.Errors),
            _ => PublisherEndpoints.NotFound(id),
        };
    }

    private static IResult NotFound(Guid id, Guid account) => Problems.NotFound($"template of publisher {id} for account", account);
}
