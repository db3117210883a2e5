using System.Text.Json;
using MetaAdsJobs.Core.Access;
using MetaAdsJobs.Core.Accounts;
using MetaAdsJobs.Core.Database;
using MetaAdsJobs.Core.Validation;

namespace MetaAdsJobs.Core.Clips;

/// <summary>Creates clips.</summary>
public sealed class SaveClip(ClipStore store, Once once, TimeProvider time)
{
    private static readonly string[] Sources = ["video_url", "video_id", "image_url"];

    public Task<Saved<Clip>> CreateAsync(JsonElement body, CancellationToken ct) => CreateAsync(body, asked: null, ct);

    /// <param name="asked">The caller's own name for it, if it has one.</param>
    public async Task<Saved<Clip>> CreateAsync(JsonElement body, AskedOnce? asked, CancellationToken ct)
    {
        if (await NothingWrittenException.IfFailsAsync(ReplayAsync(asked, ct)) is { } replayed) return replayed;
        var errors = new FieldErrors();
        var fields = new JsonFields(body, errors);
        var id = fields.Id("id");
        var clip = Read(fields) with { Id = id ?? Guid.CreateVersion7(time.GetUtcNow()) };
        fields.RefuseUnknown();
        if (errors.Any) return new Saved<Clip>.Invalid(errors);
        return await once.MakeAsync(asked, Once.Clip, clip.Id, () => store.InsertAsync(clip, ct), ct)
            ? new Saved<Clip>.Done((await store.FindAsync(clip.Id, ct))!)
            : await ReplayAsync(asked, ct) ?? new Saved<Clip>.Exists(clip.Id);
    }

    private async Task<Saved<Clip>?> ReplayAsync(AskedOnce? asked, CancellationToken ct) => await once.FindAsync(asked, Once.Clip, ct) switch
    {
        null => null,
        // What is of accounts that are seen no more is not told again.
        { IsSame: true } earlier when await store.FindAsync(earlier.MadeId, ct) is { } made => new Saved<Clip>.Done(made, Replayed: true),
        _ => new Saved<Clip>.KeyReused(),
    };

    /// <summary>What a clip shows, of any body that tells it. What is wrong is in the errors.</summary>
    internal static Clip Read(JsonFields fields)
    {
        var title = fields.Text("title", required: true, max: 200);
        var videoUrl = fields.HttpUrl("video_url");
        var videoId = fields.Text("video_id", max: 100);
        if (videoId is not null && !videoId.All(c => char.IsAsciiLetterOrDigit(c) || c == '_')) fields.Refuse("video_id", "must be the id that Meta gave the video");
        var imageUrl = fields.HttpUrl("image_url");
        var thumbnailUrl = fields.HttpUrl("thumbnail_url");
        if (fields.IsObject && Sources.Count(fields.Has) != 1)
            fields.Refuse("video_url", "exactly one of video_url, video_id and image_url must be given");
        return new() { Id = default, Title = title ?? "", VideoUrl = videoUrl, VideoId = videoId, ImageUrl = imageUrl, ThumbnailUrl = thumbnailUrl };
    }
}
