using MetaAdsJobs.Console.Forms;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Campaigns;
using MetaAdsJobs.Core.Campaigns.Adopting;
using MetaAdsJobs.Core.Campaigns.Reading;

namespace MetaAdsJobs.Console.Campaigns;

/// <summary>What managers do to campaigns from a page. But for a pause nothing is done that was not shown before, as it was shown.</summary>
internal static class CampaignActions
{
    /// <summary>As many as a page shows.</summary>
    public const int MostAtOnce = 50;

    private const string Seen = "seen";

    public static void MapCampaignActions(this IEndpointRouteBuilder console)
    {
        // Before the pages of the same addresses are asked.
        var campaigns = console.MapGroup("/campaigns").RequireAuthorization(ConsolePolicies.Operate).AddEndpointFilter<FormGuard>().WithOrder(-1);
        campaigns.MapPost("/bulk/pause", PauseAllAsync);
        campaigns.MapPost("/bulk/publish", PublishAllAsync);
        campaigns.MapPost("/adopt", AdoptAsync);
        campaigns.MapPost("/{campaignId}/{order}/{metaId}", EditAsync);
        campaigns.MapPost("/edits/{editId:guid}/cancel", async (Guid editId, CancelEdit cancel, HttpContext http) =>
            await cancel.ExecuteAsync(editId, http.User.CallerName(), http.RequestAborted) is true ? FormResults.Back(http, "The edit was taken back.") : FormResults.BackWithProblem(http, "The edit can no longer be taken back."));
    }

    /// <summary>What an edit does: a text of the console, by its English words.</summary>
    public static string VerbOf(EditKind kind) => kind switch
    {
        EditKind.Publish => "Publish",
        EditKind.Pause => "Pause",
        EditKind.Resume => "Resume",
        EditKind.Archive => "Archive",
        EditKind.Delete => "Delete",
        _ => "Change",
    };

    public static string VerbOf(string kind) => VerbOf(Enum.Parse<EditKind>(kind, ignoreCase: true));

    /// <summary>What an object is: a mark of the console, by its English words.</summary>
    public static string WordOf(EditLevel level) => level switch
    {
        EditLevel.Campaign => "campaign",
        EditLevel.Adset => "ad set",
        _ => "ad",
    };

    public static string WordOf(string level) => WordOf(Enum.Parse<EditLevel>(level, ignoreCase: true));

    private static async Task<IResult> EditAsync(string campaignId, string order, string metaId, CampaignReader campaigns, AccountStore accounts, PreviewEdit previews, RequestEdit request, HttpContext http)
    {
        var (form, ct) = (http.Request.Form, http.RequestAborted);
        if (CampaignLinks.KindOf(order) is not { } kind || await campaigns.FindAsync(campaignId, ct) is not { } campaign || campaign.Find(metaId) is null) return Results.NotFound();
        FormBody? body = null;
        if (kind == EditKind.Update)
        {
            body = EditForm.Body(form, TimeZoneInfo.FindSystemTimeZoneById((await accounts.FindAsync(campaign.Campaign.SocialAccountId, ct))!.TimezoneName));
            if (body.IsEmpty) return Again(FormResults.Again<EditPage>, "Nothing was changed in the form.");
        }

        var (preview, refusal) = await previews.ExecuteAsync(metaId, kind, body?.ToJson(), ct);
        if (preview is not null && kind != EditKind.Pause && form[Seen] != preview.Mark)
            return Again(FormResults.Shown<EditPage>, kind != EditKind.Update ? "It has changed since it was shown: nothing was done. Please look again." : null, preview);
        var asked = refusal ?? await request.ExecuteAsync(preview!.Level, metaId, kind, body?.ToJson(), http.User.CallerName(), ct);
        return asked switch
        {
            EditRequested.Queued => FormResults.On(http, CampaignLinks.Campaign(campaignId), Told(kind)),
            EditRequested.Invalid invalid => FormResults.Again<EditPage>(body!.Refused(invalid.Errors), [.. Route()]),
            EditRequested.Refused refused => Again(FormResults.Again<EditPage>, refused.Reason),
            _ => Results.NotFound(),
        };

        IEnumerable<(string, object?)> Route() => [(nameof(EditPage.CampaignId), campaignId), (nameof(EditPage.Order), order), (nameof(EditPage.MetaId), metaId)];

        IResult Again(Func<FormValues, (string, object?)[], IResult> answer, string? problem, EditPreview? shown = null) =>
            answer(FormValues.Posted(form, new Dictionary<string, string[]>()), [.. Route(), (nameof(EditPage.Problem), problem), (nameof(EditPage.Preview), shown)]);
    }

    private static async Task<IResult> AdoptAsync(AdoptCampaign adopt, HttpContext http)
    {
        var id = http.Request.Form["campaign"].ToString().Trim();
        if (!Guid.TryParse(http.Request.Form["account"], out var account)) return FormResults.BackWithProblem(http, "Choose the account that the campaign is of.");
        return await adopt.ExecuteAsync(account, id, http.User.CallerName(), http.RequestAborted) switch
        {
            // What caps and stops make of it stands in Core's words.
            Adoption.Done { Campaign.Notes: { Count: > 0 } notes } => FormResults.On(http, CampaignLinks.Campaign(id), string.Join(". ", notes)),
            Adoption.Done { Campaign.IsNew: true } => FormResults.On(http, CampaignLinks.Campaign(id), "The campaign was adopted."),
            Adoption.Done => FormResults.On(http, CampaignLinks.Campaign(id), "It was known already; what was new of it was taken over."),
            Adoption.Refused refused => FormResults.BackWithProblem(http, refused.Reason),
            Adoption.Busy busy => FormResults.BackWithProblem(http, busy.Reason),
            Adoption.NotNow notNow => FormResults.BackWithProblem(http, notNow.Why.Why),
            _ => FormResults.BackWithProblem(http, "Meta has no such campaign in this account."),
        };
    }

    private static string Told(EditKind kind) => kind switch
    {
        EditKind.Publish => "It is being published.",
        EditKind.Pause => "It is being paused.",
        EditKind.Resume => "It is being switched on.",
        EditKind.Archive => "It is being archived.",
        EditKind.Delete => "It is being deleted.",
        _ => "It is being changed.",
    };

    private static async Task<IResult> PauseAllAsync(RequestEdit request, HttpContext http) =>
        Chosen(http) is { Count: > 0 } ids ? FormResults.Back(http, "Campaigns that are being paused: {0}.", await RequestAllAsync(request, ids, EditKind.Pause, http)) : FormResults.BackWithProblem(http, "No campaign was chosen.");

    // From the list it leads to the page that says what it means; from there it is done.
    private static async Task<IResult> PublishAllAsync(PreviewEdit previews, RequestEdit request, HttpContext http)
    {
        if (http.Request.Form[Seen] is not [{ } seen]) return Chosen(http) is { Count: > 0 } ids ? Results.Redirect(CampaignLinks.Publish(ids)) : FormResults.BackWithProblem(http, "No campaign was chosen.");
        var chosen = await ChosenCampaigns.LoadAsync(ChosenCampaigns.Asked(http.Request.Query["ids"]), previews, http.RequestAborted);
        if (chosen.Previews.Count == 0 || chosen.Mark != seen)
            return FormResults.Again<PublishPage>(FormValues.Empty, (nameof(PublishPage.Problem), "It has changed since it was shown: nothing was done. Please look again."));
        return FormResults.Back(http, "Campaigns that are being published: {0}.", await RequestAllAsync(request, [.. chosen.Previews.Select(one => one.CampaignId)], EditKind.Publish, http));
    }

    private static IReadOnlyList<string> Chosen(HttpContext http) => ChosenCampaigns.Asked(string.Join(',', http.Request.Form["id"].OfType<string>()));

    // One after the other: each is a transaction of its own.
    private static async Task<int> RequestAllAsync(RequestEdit request, IReadOnlyList<string> ids, EditKind kind, HttpContext http)
    {
        var asked = 0;
        foreach (var id in ids)
            if (await request.ExecuteAsync(EditLevel.Campaign, id, kind, null, http.User.CallerName(), CancellationToken.None) is EditRequested.Queued) asked++;
        return asked;
    }
}
