using MetaAdsJobs.Console.Forms;
using MetaAdsJobs.Console.Http;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Clips;
using MetaAdsJobs.Core.Clips.Files;
using MetaAdsJobs.Core.Validation;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Mvc;

namespace MetaAdsJobs.Console.Clips;

/// <summary>Adds clips from a page. They do not change.</summary>
internal static class ClipActions
{
    public static readonly IReadOnlyCollection<string> Fields = ["title", "id", "video_url", "video_id", "image_url", "thumbnail_url"];

    public static readonly IReadOnlyCollection<string> FieldsOfFile = ["title", "file", "thumbnail_url"];

    public static void MapClipActions(this IEndpointRouteBuilder console)
    {
        console.MapPost("/clips/new", AddAsync).RequireAuthorization(ConsolePolicies.Operate).AddEndpointFilter<FormGuard>().WithOrder(-1);
        // The guard reads a form to its end: here that end is a file.
        console.MapPost("/clips/file", ReceiveAsync).RequireAuthorization(ConsolePolicies.Operate).WithMetadata(new DisableRequestSizeLimitAttribute()).WithOrder(-1);
        console.MapGet("/clips/{id:guid}/picture", PictureAsync).RequireAuthorization(ConsolePolicies.Read);
    }

    private static async Task<IResult> ReceiveAsync(ReceiveClipFile receive, LongCalls calls, IAntiforgery antiforgery, HttpContext http)
    {
        if (calls.Files.TryTake(http) is not { } place) return calls.Files.Refused();
        using var taken = place;
        var file = await FileForm.ReadAsync(http);
        if (file is null || !await antiforgery.IsRequestValidAsync(http)) return FormResults.BackWithProblem(http, FormGuard.Expired);
        var body = new FormBody(http.Request.Form, emptyIsNull: false).Texts("title", "thumbnail_url");
        if (!Guid.TryParse(http.Request.Form["id"], out var id)) return FormResults.BackWithProblem(http, FormGuard.Expired);
        return await receive.ExecuteAsync(id, body.ToJson(), type: null, length: null, file, http.RequestAborted) switch
        {
            ReceivedFile.Done => FormResults.On(http, "/console/clips", "The clip was added."),
            ReceivedFile.Invalid invalid => FormResults.Again<ClipFilePage>(body.Refused(invalid.Errors)),
            ReceivedFile.TooLong tooLong => Wrong(tooLong.Reason),
            ReceivedFile.NoRoom noRoom => Wrong(noRoom.Reason),
            ReceivedFile.Refused refused => Wrong(refused.Reason),
            _ => throw new InvalidOperationException("unreachable: the set is closed"),
        };

        IResult Wrong(string reason)
        {
            var errors = new FieldErrors();
            errors.Add("file", reason);
            return FormResults.Again<ClipFilePage>(body.Refused(errors));
        }
    }

    private static async Task<IResult> PictureAsync(Guid id, ClipStore clips, IClipFiles files, CancellationToken ct)
    {
        if (await clips.FindAsync(id, ct) is not { File: { IsImage: true } file }) return Results.NotFound();
        try
        {
            return Results.Stream(files.OpenRead(file.Key, 0), file.Type);
        }
        catch (ClipFileException)
        {
            return Results.NotFound();
        }
    }

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
