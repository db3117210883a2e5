using MetaAdsJobs.Console.Forms;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Clips;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Console.Clips;

/// <summary>Adds clips from a page. They do not change.</summary>
internal static class ClipActions
{
    public static readonly IReadOnlyCollection<string> Fields = ["title", "id", "video_url", "video_id", "image_url", "thumbnail_url"];

    public static void MapClipActions(this IEndpointRouteBuilder console) =>
        console.MapPost("/clips/new", AddAsync).RequireAuthorization(ConsolePolicies.Operate).AddEndpointFilter<FormGuard>().WithOrder(-1);

    private static async Task<IResult> AddAsync(SaveClip save, ClipStore clips, HttpContext http)
    {
        var body = new FormBody(http.Request.Form, emptyIsNull: false).Texts(Fields);
        switch (await save.CreateAsync(body.ToJson(), http.RequestAborted))
        {
            case Saved<Clip>.Done:
                return FormResults.On(http, "/console/clips", "The clip was added.");
            case Saved<Clip>.Invalid invalid:
                return FormResults.Again<ClipFormPage>(body.Refused(invalid.Errors));
            // The form was sent twice: its id was made with it.
            case Saved<Clip>.Exists exists when (await clips.FindAsync(exists.Id, http.RequestAborted))?.Title == http.Request.Form["title"].ToString().Trim():
                return FormResults.On(http, "/console/clips", "The clip was added.");
            default:
                var taken = new FieldErrors();
                taken.Add("id", "is the id of another clip");
                return FormResults.Again<ClipFormPage>(body.Refused(taken));
        }
    }
}
