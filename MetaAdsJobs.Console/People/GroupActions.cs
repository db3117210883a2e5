using System.Text.Json;
using System.Text.Json.Nodes;
using MetaAdsJobs.Console.Forms;
using MetaAdsJobs.Core.People;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Console.People;

/// <summary>What admins do to groups of accounts from a page.</summary>
internal static class GroupActions
{
    public static readonly IReadOnlyCollection<string> Fields = ["name", "account_ids"];

    public static void MapGroupActions(this IEndpointRouteBuilder console)
    {
        var groups = console.MapGroup("/people/groups").AddEndpointFilter<FormGuard>().RequireAuthorization(ConsolePolicies.Administer);
        groups.MapPost("/new", (AccountGroups store, HttpContext http) => SaveAsync(null, store, http)).WithOrder(-1);
        groups.MapPost("/{id:guid}", (Guid id, AccountGroups store, HttpContext http) => SaveAsync(id, store, http)).WithOrder(-1);
        groups.MapPost("/{id:guid}/remove", async (Guid id, AccountGroups store, HttpContext http) =>
            await store.DeleteAsync(id, http.RequestAborted) ? FormResults.Back(http, "The group was removed; its accounts stay.") : Results.NotFound());
    }

    private static async Task<IResult> SaveAsync(Guid? id, AccountGroups store, HttpContext http)
    {
        var form = http.Request.Form;
        var body = JsonSerializer.SerializeToElement(new JsonObject { ["name"] = form["name"].ToString().Trim(), ["account_ids"] = new JsonArray([.. form["account_ids"].OfType<string>().Select(account => (JsonNode?)account)]) });
        return await store.SaveAsync(id, body, group => group.Version() == form[FormSeen.Field], http.RequestAborted) switch
        {
            PeopleSaved<AccountGroup>.Done => FormResults.On(http, "/console/people/groups", "The group was saved."),
            PeopleSaved<AccountGroup>.Invalid invalid => Again(invalid.Errors),
            PeopleSaved<AccountGroup>.Outdated => Again(FormSeen.Outdated("Somebody has changed this group since you opened it. Open it again to see what it is now.")),
            PeopleSaved<AccountGroup>.Refused refused => Again(FormSeen.Outdated(refused.Reason)),
            _ => Results.NotFound(),
        };

        IResult Again(FieldErrors errors) => FormResults.Again<GroupFormPage>(FormValues.Posted(form, errors), ("Id", id));
    }
}
