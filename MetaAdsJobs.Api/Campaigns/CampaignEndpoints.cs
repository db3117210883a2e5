using System.Globalization;
using System.Security.Claims;
using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Api.Answers;
using MetaAdsJobs.Api.Auth;
using MetaAdsJobs.Api.Description;
using MetaAdsJobs.Api.Http;
using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Campaigns.Adopting;
using MetaAdsJobs.Core.Campaigns.Reading;
using MetaAdsJobs.Core.Orchestrations.Requests;
using MetaAdsJobs.Core.Targeting;
using Microsoft.AspNetCore.Mvc;

namespace MetaAdsJobs.Api.Campaigns;

/// <summary>What a caller gets back at once: the edit is queued, look there for how far it is.</summary>
internal sealed record EditAccepted(Guid EditId, string Status, string StatusUrl);

/// <summary>
/// What is to change; what is absent stays. Amounts are hundredths of the account's currency. An ad set's targeting and an ad's creative are given whole, in the words of a
/// request: Meta makes a new creative of it, and the ad is pointed to that.
/// </summary>
internal sealed record EditBody(string? Name, long? DailyBudgetCents, long? LifetimeBudgetCents, DateTimeOffset? EndTime, long? BidAmountCents, long? IfBudgetIs, JsonObject? Targeting, AdRequest? Creative);

internal static class CampaignEndpoints
{
    /// <summary>The path of ad sets.</summary>
    public const string AdSets = "adsets";

    private static readonly (EditLevel Level, string Path, string Name)[] Levels = [(EditLevel.Campaign, "campaigns", "campaign"), (EditLevel.Adset, AdSets, "ad set"), (EditLevel.Ad, "ads", "ad")];

    // Done later than somebody has paused it since, the second would switch it on again.
    private static readonly InDoubtAdvice SecondEdit = new("Look in GET /meta/edits first: sent again, it is a second edit.");

    public static void MapCampaigns(this IEndpointRouteBuilder meta)
    {
        var group = meta.MapGroup("").WithTags("Campaigns");
        group.MapGet("/campaigns", ListAsync).RequireAuthorization(Policies.Read).WithSummary("Campaigns that were made or adopted here, newest first").WithDescription("since and until: days in UTC on which they were recorded here. changed_since: those of which anything has changed since, here or as found at Meta, and those that are being edited or added to; that numbers came in, or that a comparison found nothing, is no change. With very many changes a page may be short: go on by its next_cursor.")
            .Produces<Page<CampaignSummary>>().ProducesValidationProblem(422);
        group.MapGet("/campaigns/{id}", GetAsync).RequireAuthorization(Policies.Read).WithVersion().WithSummary("A campaign with its ad sets and ads, by Meta's id")
            .Produces<CampaignDetail>().ProducesProblem(404);
        group.MapPost("/accounts/{accountId:guid}/campaigns/{id}/adopt", AdoptAsync).RequireAuthorization(Policies.Operate).RequireRateLimiting(RateLimits.Questions)
            .WithMetadata(InDoubtAdvice.NoHarm).WithSummary("Take over a campaign that was made in Ads Manager: it is read and recorded, and from then on edited, compared and counted as if it had been made here")
            .Produces<AdoptedCampaign>().Produces<AdoptedCampaign>(201).ProducesProblem(404).ProducesProblem(409).ProducesProblem(503);
        foreach (var (level, path, name) in Levels)
        {
            foreach (var kind in Enum.GetValues<EditKind>().Where(kind => kind != EditKind.Update))
            {
                group.MapPost($"/{path}/{{id}}/{kind.ToString().ToLowerInvariant()}", (string id, RequestEdit request, ClaimsPrincipal user, CancellationToken ct) => EditAsync(level, name, id, kind, null, request, user, ct))
                    .RequireAuthorization(Policies.Operate).WithMetadata(kind == EditKind.Pause ? InDoubtAdvice.NoHarm : SecondEdit).WithSummary($"{kind} this {name}{Meaning(kind)}")
                    .Produces<EditAccepted>(202).ProducesProblem(404).ProducesProblem(409);
            }

            group.MapPatch($"/{path}/{{id}}", async (string id, HttpContext http, RequestEdit request, CancellationToken ct) =>
                {
                    var (body, problem) = await JsonBody.ReadAsync(http.Request, ct);
                    return problem ?? await EditAsync(level, name, id, EditKind.Update, body, request, http.User, ct);
                })
                .RequireAuthorization(Policies.Operate).WithMetadata(SecondEdit).WithSummary($"Change this {name}'s {level switch { EditLevel.Ad => "name, or what it shows", EditLevel.Adset => "name, budget, end, bid or targeting", _ => "name or budget" }}")
                .Accepts<EditBody>("application/json").Produces<EditAccepted>(202).ProducesProblem(400).ProducesProblem(404).ProducesProblem(409).ProducesValidationProblem(422);
        }

        group.MapGet("/edits", ListEditsAsync).RequireAuthorization(Policies.Read).WithSummary("Edits of campaigns, newest first").WithDescription("since and until: days in UTC on which they were asked for. changed_since: those that have not ended, and those that have ended since. clip_id: of campaigns that show the clip, or were to.").Produces<Page<CampaignEdit>>().ProducesValidationProblem(422);
        group.MapGet("/edits/{editId:guid}", GetEditAsync).RequireAuthorization(Policies.Read).WithVersion().WithSummary("How far an edit is").Produces<CampaignEdit>().ProducesProblem(404);
        group.MapPost("/edits/{editId:guid}/cancel", CancelAsync).RequireAuthorization(Policies.Operate).WithMetadata(InDoubtAdvice.NoHarm).WithSummary("Take back an edit that has not begun, or waits")
            .Produces<CampaignEdit>().ProducesProblem(404).ProducesProblem(409);
    }

    private static async Task<IResult> AdoptAsync(Guid accountId, string id, AdoptCampaign adopt, HttpContext http, CancellationToken ct) => await adopt.ExecuteAsync(accountId, id, http.User.CallerName(), ct) switch
    {
        Adoption.Done { Campaign.IsNew: true } done => Results.Created($"/meta/campaigns/{id}", done.Campaign),
        Adoption.Done done => Results.Ok(done.Campaign),
        Adoption.UnknownAccount unknown => Problems.NotFound("social account", unknown.Id),
        Adoption.UnknownCampaign => Problems.NotFound("campaign at Meta", id),
        Adoption.Refused refused => Problems.Conflict(refused.Reason),
        Adoption.Busy busy => Problems.Conflict(busy.Reason),
        Adoption.NotNow { Why: var why } => Problems.NotNow(http, why.Why, why.RetryAfter, isThrottled: why.Reason == NotNowReason.Throttled),
        _ => throw new InvalidOperationException("unreachable: there is no other answer"),
    };

    private static string Meaning(EditKind kind) => kind switch
    {
        EditKind.Publish => ", and switch on what hangs on it",
        EditKind.Resume => ": switch it on, and nothing else",
        EditKind.Archive => "; Meta takes that back for nobody",
        EditKind.Delete => " and what hangs on it; Meta takes that back for nobody",
        _ => "",
    };

    private static async Task<IResult> EditAsync(EditLevel level, string name, string id, EditKind kind, JsonElement? body, RequestEdit request, ClaimsPrincipal user, CancellationToken ct) =>
        await request.ExecuteAsync(level, id, kind, body, user.CallerName(), ct) switch
        {
            EditRequested.Queued queued => Results.Accepted(UrlOf(queued.EditId), new EditAccepted(queued.EditId, "queued", UrlOf(queued.EditId))),
            EditRequested.Invalid invalid => Problems.Invalid(invalid.Errors),
            EditRequested.Refused refused => Problems.Conflict(refused.Reason),
            _ => Problems.NotFound(name, id),
        };

    private static async Task<IResult> ListAsync(
        CampaignReader reader, [FromQuery(Name = "social_account_id")] string? accountId, [OneOf(typeof(CampaignStatus))] string? status, string? search, [FromQuery(Name = "clip_id")] string? clipId, [FromQuery(Name = "requested_by")] string? requestedBy, string? since, string? until,
        [FromQuery(Name = "changed_since")] string? changedSince, string? limit, string? cursor, CancellationToken ct)
    {
        var query = new QueryFields();
        var (from, to) = query.Days(since, until);
        var filter = new CampaignFilter(query.Id("social_account_id", accountId), query.OneOf<CampaignStatus>("status", status)?.ToString().ToUpperInvariant(), query.Text("search", search), from, to, query.Id("clip_id", clipId), query.Text("requested_by", requestedBy), query.Moment("changed_since", changedSince));
        var (before, count) = (query.Number("cursor", cursor), query.Limit(limit));
        if (query.Errors.Any) return Problems.Invalid(query.Errors);
        var page = await reader.ListAsync(filter, before, count, ct);
        return Results.Ok(new Page<CampaignSummary>(page.Campaigns, page.Next?.ToString(CultureInfo.InvariantCulture)));
    }

    private static async Task<IResult> GetAsync(string id, CampaignReader reader, CancellationToken ct) =>
        await reader.FindAsync(id, ct) is { } campaign ? Results.Ok(campaign) : Problems.NotFound("campaign", id);

    private static async Task<IResult> ListEditsAsync(
        EditReader reader, [FromQuery(Name = "campaign_id")] string? campaignId, [FromQuery(Name = "social_account_id")] string? accountId, [FromQuery(Name = "clip_id")] string? clipId, [OneOf(typeof(EditStatus))] string? status,
        [FromQuery(Name = "asked_by")] string? askedBy, [FromQuery(Name = "asked_key")] string? askedKey, string? since, string? until, [FromQuery(Name = "changed_since")] string? changedSince, string? limit, string? cursor, CancellationToken ct)
    {
        var query = new QueryFields();
        var ((from, to), changed) = (query.Days(since, until), query.Moment("changed_since", changedSince));
        var (account, state, before, count) = (query.Id("social_account_id", accountId), query.OneOf<EditStatus>("status", status), query.Number("cursor", cursor), query.Limit(limit));
        var filter = new EditFilter(query.Text("campaign_id", campaignId), account, state?.ToString().ToLowerInvariant(), from, to, changed, query.Text("asked_by", askedBy), query.KeyOf(askedBy, "asked_by", "asked_key", askedKey), query.Id("clip_id", clipId));
        if (query.Errors.Any) return Problems.Invalid(query.Errors);
        var (items, next) = await reader.ListAsync(filter, before, count, ct);
        return Results.Ok(new Page<CampaignEdit>(items, next?.ToString(CultureInfo.InvariantCulture)));
    }

    private static async Task<IResult> GetEditAsync(Guid editId, EditReader reader, CancellationToken ct) =>
        await reader.FindAsync(editId, ct) is { } edit ? Results.Ok(edit) : Problems.NotFound("edit", editId);

    private static async Task<IResult> CancelAsync(Guid editId, CancelEdit cancel, EditReader reader, ClaimsPrincipal user, CancellationToken ct) => await cancel.ExecuteAsync(editId, user.CallerName(), ct) switch
    {
        true => Results.Ok(await reader.FindAsync(editId, ct)),
        false => Problems.Conflict("Only an edit that has not begun, or waits, can be taken back"),
        _ => Problems.NotFound("edit", editId),
    };

    private static string UrlOf(Guid editId) => $"/meta/edits/{editId}";

    private enum EditStatus
    {
        Queued,
        Running,
        Waiting,
        Succeeded,
        Failed,
        Cancelled,
        Missed,
        Expired,
    }

    private enum CampaignStatus
    {
        Active,
        Paused,
        Archived,
        Deleted,
    }
}
